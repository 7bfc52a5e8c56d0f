"""Finding the documents of a run: files and folders in, paths with unique names out, in one fixed order."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from extractor.documents.names import name_of
from extractor.errors import UsageError

__all__ = ["Skip", "discover", "is_output"]

Skip = Callable[[str, str], None]
"""Takes the name of an entry that is no document, and why."""

_OF_OUTPUTS = {"journal.sqlite", "ledger.json", "manifest.jsonl", "records.jsonl", "run.json"}


def is_output(names: Iterable[str]) -> bool:
    """Whether a folder with files of these names is the output of a job."""
    return len(_OF_OUTPUTS.intersection(names)) > 1


def discover(
    sources: Iterable[str | os.PathLike[str]],
    *,
    without: os.PathLike[str] | None = None,
    follow_links: bool = False,
    skip: Skip = lambda name, why: None,
) -> Iterator[tuple[Path, str]]:
    """The files of `sources` as (path, name): folders are walked to the bottom, each sorted by name.

    A name is the path below the source, with `/`; of several sources, below the deepest folder that holds all of them.
    So a name is unique, and depends on no other file. Hidden files and `gold*.jsonl` are left out of folders; a file
    named outright is always taken, and no file is taken twice.
    Folders are listed one at a time, so memory does not grow with their number; the folder `without` is not entered.

    No entry stops the walk. A link that leads out of the sources is not followed unless `follow_links`, and the output
    of another job is not entered; `skip` is called for it, and for what is neither file nor folder. A link to nothing,
    or a folder that cannot be listed, is yielded as if it were a document: reading it tells what is wrong. UsageError
    for a source that is missing, cannot be listed, or is the output of a job.
    """
    paths = [Path(source) for source in sources]
    for path in paths:
        _prove(path)
    return _named(paths, set() if without is None else {os.path.realpath(without)}, follow_links, skip)


def _prove(source: Path) -> None:
    if not source.exists():
        raise UsageError(f"no such file or folder: {source}; check the path")
    if source.is_dir():
        try:
            entries = _listing(source)
        except OSError as error:
            raise UsageError(f"cannot read the folder {source}: {error.strerror}") from error
        if is_output(entry.name for entry in entries):
            raise UsageError(f"{source} is the output of a job: name the folder of documents, or single files")


def _named(sources: Sequence[Path], closed: set[str], follow: bool, skip: Skip) -> Iterator[tuple[Path, str]]:
    reals = {_real(source): source for source in sources}
    root = _root([real if source.is_dir() else os.path.dirname(real) for real, source in reals.items()])  # noqa: PTH120
    walk = _Walk(tuple(os.path.realpath(source) for source in sources), closed, follow, skip)
    seen: set[str] = set()
    for real, source in reals.items():
        label = os.path.relpath(real, root).replace(os.sep, "/")
        for path, name in walk.files(source, "" if label == "." else label):
            if len(reals) == 1:
                yield path, name
            elif (met := _real(path)) not in seen:
                seen.add(met)
                yield path, name


def _root(folders: Sequence[str]) -> str:
    """The deepest folder that holds all sources."""
    try:
        return os.path.commonpath(folders) if folders else ""
    except ValueError as error:
        raise UsageError("sources on several drives cannot be read in one run; run one at a time") from error


def _real(source: Path) -> str:
    """Where a source is: a link to a file is a document of its own."""
    if source.is_dir():
        return os.path.realpath(source)
    return os.path.join(os.path.realpath(source.parent), source.name)  # noqa: PTH118 - a string is a third of a Path


def _lies_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


@dataclass(slots=True)
class _Walk:
    """A walk that enters every folder once, and none of those `entered` before: `roots` are the sources' real paths."""

    roots: tuple[str, ...]
    entered: set[str]
    follow: bool
    skip: Skip

    def files(self, source: Path, label: str) -> Iterator[tuple[Path, str]]:
        if source.is_dir():
            yield from self._below(source, label)
        else:
            yield source, name_of(label or source.name)

    def _below(self, folder: Path, label: str) -> Iterator[tuple[Path, str]]:
        real = os.path.realpath(folder)
        if real in self.entered:
            return
        self.entered.add(real)
        try:
            entries = _listing(folder)
        except OSError:
            yield folder, name_of(label or folder.name)
            return
        if is_output(entry.name for entry in entries):
            self.skip(name_of(label), "the output of a job")
            return
        for entry in entries:
            path, below = folder / entry.name, f"{label}/{entry.name}" if label else entry.name
            match self._kind(entry):
                case "folder":
                    yield from self._below(path, below)
                case "document":
                    yield path, name_of(below)
                case "met":
                    pass
                case why:
                    self.skip(name_of(below), why)

    def _kind(self, entry: os.DirEntry[str]) -> str:
        """What to do with an entry: a folder, a document, one that is met anyway, or why it is none of these."""
        try:
            is_folder, is_file, is_link = entry.is_dir(), entry.is_file(), entry.is_symlink()
        except OSError:  # a link to itself
            return "document"
        if not is_folder and fnmatchcase(entry.name, "gold*.jsonl"):
            return "met"
        if is_link and (is_folder or is_file):
            inside = any(_lies_in(os.path.realpath(entry.path), root) for root in self.roots)
            if not (inside or self.follow):
                return "a link that leads out of the source"
            if is_folder and inside:
                return "met"
        if is_folder:
            return "folder"
        return "document" if is_file or is_link else "neither a file nor a folder"


def _listing(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda entry: entry.name)
