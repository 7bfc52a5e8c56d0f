"""Finding the documents of a run: files and folders in, paths with unique names out, in one fixed order."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from extractor.errors import UsageError

__all__ = ["discover"]


def discover(
    sources: Iterable[str | os.PathLike[str]], *, without: os.PathLike[str] | None = None
) -> Iterator[tuple[Path, str]]:
    """The files of `sources` as (path, name): folders are walked to the bottom, each sorted by name.

    A name is the path below its source, with `/`, and unique within the run. Hidden files and `gold*.jsonl` are left
    out of folders; a file named outright is always taken, and no file is taken twice. Folders are listed one at a
    time, so memory does not grow with their number; the folder `without` is not entered. Raises UsageError for a source
    that is missing or unreadable.
    """
    paths = [Path(source) for source in sources]
    for path in paths:
        if not path.exists():
            raise UsageError(f"no such file or folder: {path}; check the path")
    return _named(paths, set() if without is None else {os.path.realpath(without)})


def _named(sources: Sequence[Path], closed: set[str]) -> Iterator[tuple[Path, str]]:
    walk = _Walk(tuple(os.path.realpath(source) for source in sources), closed)
    if len(sources) == 1:
        for path in walk.files(sources[0]):
            yield path, _name(path, sources[0])
        return
    taken: set[str] = set()
    seen: set[str] = set()
    for source in sources:
        for path in walk.files(source):
            real = os.path.join(os.path.realpath(path.parent), path.name)  # noqa: PTH118 - a string is a third of a Path
            if real not in seen:
                seen.add(real)
                yield path, _unique(_name(path, source), source, taken)


def _name(path: Path, source: Path) -> str:
    """The path below its source, in characters that JSON can carry."""
    name = path.name if path == source else path.relative_to(source).as_posix()
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _unique(name: str, source: Path, taken: set[str]) -> str:
    """`name`, or the first of `folder/name`, `folder/name (2)`, ... that no other document of the run has."""
    folder = source.resolve() if source.is_dir() else source.resolve().parent
    longer = f"{folder.name}/{name}"
    copies = 1
    while name in taken:
        name = longer if copies == 1 else f"{longer} ({copies})"
        copies += 1
    taken.add(name)
    return name


@dataclass(slots=True)
class _Walk:
    """A walk that enters every folder once, and none of those `entered` before: `roots` are the sources' real paths."""

    roots: tuple[str, ...]
    entered: set[str]

    def files(self, source: Path) -> Iterator[Path]:
        if source.is_dir():
            yield from self._below(source)
        else:
            yield source

    def _below(self, folder: Path) -> Iterator[Path]:
        real = os.path.realpath(folder)
        if real in self.entered:
            return
        self.entered.add(real)
        for entry in _listing(folder):
            if not entry.is_dir():
                if _wanted(entry):
                    yield folder / entry.name
            elif not (entry.is_symlink() and self._met_anyway(entry)):
                yield from self._below(folder / entry.name)

    def _met_anyway(self, link: os.DirEntry[str]) -> bool:
        """Whether what a link leads to lies inside a source, and so is met under its own name."""
        real = os.path.realpath(link.path)
        return any(real == root or real.startswith(root.rstrip(os.sep) + os.sep) for root in self.roots)


def _listing(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda entry: entry.name)
    except OSError as error:
        raise UsageError(f"cannot read the folder {folder}: {error.strerror}") from error


def _wanted(entry: os.DirEntry[str]) -> bool:
    """Files that are documents; a dangling link counts, so that the run reports it."""
    return (entry.is_file() or entry.is_symlink()) and not fnmatchcase(entry.name, "gold*.jsonl")
