"""Documents on object storage and web servers: the same job as over a folder, and nothing is fetched that is known."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from typer.testing import CliRunner

from extractor import Config, Pipeline
from extractor.cli.app import app
from extractor.documents.source import Limits
from extractor.emulator.server import Emulator
from extractor.errors import BudgetExceeded, DocumentError, StorageError, UsageError
from extractor.pipeline.runs import pipeline_of_run
from extractor.pipeline.specs import resolve_schema
from extractor.sources import storage
from extractor.sources.files import Files
from extractor.sources.urls import public_url
from tests.kit import SAMPLES, gold, receipts_reply

pytest.importorskip("fsspec")
RECEIPTS = SAMPLES / "receipts"
GOLD = gold(RECEIPTS)
ALL = sorted(GOLD)
NAMES = ALL[:5]


class Store:
    """A place with documents, which knows what was fetched from it since it was last asked."""

    def __init__(self, url: str, folder: Path, fetched: list[str]) -> None:
        self.url, self.folder, self._fetched = url, folder, fetched

    def put(self, name: str, text: str | None = None) -> None:
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text or (RECEIPTS / name).read_text("utf-8"), encoding="utf-8")

    def remove(self, name: str) -> None:
        (self.folder / name).unlink()

    def fetched(self) -> list[str]:
        names, self._fetched[:] = sorted(set(self._fetched)), []
        return names


class _Handler(SimpleHTTPRequestHandler):
    fetched: list[str]

    def do_GET(self) -> None:
        if not self.path.endswith("/"):
            self.fetched.append(self.path.rpartition("/")[2])
        super().do_GET()

    def log_message(self, *words: object) -> None:
        pass


class _Objects(Store):
    """The same on a file system of fsspec."""

    def __init__(self, url: str, folder: Path, fetched: list[str], system: Any) -> None:
        super().__init__(url, folder, fetched)
        self._system, self._at = system, url.partition("://")[2]

    def put(self, name: str, text: str | None = None) -> None:
        self._system.pipe_file(f"{self._at}/{name}", (text or (RECEIPTS / name).read_text("utf-8")).encode())

    def remove(self, name: str) -> None:
        self._system.rm_file(f"{self._at}/{name}")

    def mark(self, name: str) -> None:
        """Make an empty folder as consoles of object storage do: an object without content."""
        self._system.pipe_file(f"{self._at}/{name}/", b"")


@contextmanager
def _web(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    pytest.importorskip("aiohttp")
    fetched: list[str] = []
    handler = type("Handler", (_Handler,), {"fetched": fetched})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield Store(f"http://127.0.0.1:{server.server_port}/", folder, fetched)
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def _memory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    from fsspec.implementations.memory import MemoryFileSystem

    fetched, cat_file = [], MemoryFileSystem.cat_file

    def noted(self: Any, path: str, *words: Any, **options: Any) -> bytes:
        fetched.append(path.rpartition("/")[2])
        return cat_file(self, path, *words, **options)

    monkeypatch.setattr(MemoryFileSystem, "cat_file", noted)
    monkeypatch.setattr(MemoryFileSystem, "store", {})
    yield _Objects("memory://in", folder, fetched, MemoryFileSystem())


@contextmanager
def _local(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    from fsspec.implementations.local import LocalFileSystem

    fetched, cat_file = [], LocalFileSystem.cat_file

    def noted(self: Any, path: str, *words: Any, **options: Any) -> bytes:
        fetched.append(path.rpartition("/")[2])
        return cat_file(self, path, *words, **options)  # type: ignore[no-any-return]

    monkeypatch.setattr(LocalFileSystem, "cat_file", noted)
    yield Store(f"local://{folder}", folder, fetched)


@contextmanager
def _bucket(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    s3fs, moto = pytest.importorskip("s3fs"), pytest.importorskip("moto.server")
    server = moto.ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.get_host_and_port()[1]}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    s3fs.S3FileSystem.clear_instance_cache()
    fetched, cat_file = [], s3fs.S3FileSystem._cat_file

    async def noted(self: Any, path: str, *words: Any, **options: Any) -> bytes:
        fetched.append(path.rpartition("/")[2])
        return await cat_file(self, path, *words, **options)  # type: ignore[no-any-return]

    monkeypatch.setattr(s3fs.S3FileSystem, "_cat_file", noted)
    system = s3fs.S3FileSystem()
    system.mkdir("bucket")
    yield _Objects("s3://bucket/in", folder, fetched, system)
    system.rm("bucket", recursive=True)
    server.stop()


STORES = {"memory": _memory, "local": _local, "http": _web, "s3": _bucket}


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A place that a URL leads to: fsspec's own file systems, a web server, and S3 as moto has it."""
    (tmp_path / "served").mkdir()
    with STORES[request.param](tmp_path / "served", monkeypatch) as store:
        yield store


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(receipts_reply()) as emulator:
        yield emulator


def job(emulator: Emulator, *places: str, **options: Any) -> Pipeline:
    config = Config(base_url=emulator.base_url, account_id=emulator.account_id, token=emulator.token, **options)
    return Pipeline(resolve_schema("receipt"), places, config=config)


def records(out: Path, file: str = "records.jsonl") -> dict[str, dict[str, Any]]:
    return {row["document"]: row for row in map(json.loads, (out / file).read_text().splitlines())}


def url_of(store: Store, name: str) -> str:
    return f"{store.url.rstrip('/')}/{name}"


def test_only_what_is_new_is_fetched(store: Store, emulator: Emulator, tmp_path: Path) -> None:
    """Documents are named by their URL; a later run fetches a new object and a changed one, and asks about these."""
    out = tmp_path / "out"
    for name in NAMES[:3]:
        store.put(name)
    totals = job(emulator, store.url).run(out)
    assert (totals.ok, store.fetched()) == (3, NAMES[:3])
    assert {name: row["value"] for name, row in records(out).items()} == {
        url_of(store, name): gold(RECEIPTS)[name] for name in NAMES[:3]
    }
    totals = job(emulator, store.url).run(out)
    assert (totals.ok, totals.reused, store.fetched()) == (3, 3, [])
    store.put(NAMES[3])
    store.put(NAMES[0], (RECEIPTS / NAMES[0]).read_text("utf-8") + "\n")
    plan = job(emulator, store.url).plan(out)
    assert (plan.documents, plan.finished, store.fetched()) == (4, 2, [NAMES[0], NAMES[3]])
    totals = job(emulator, store.url).run(out)
    assert (totals.ok, totals.reused, store.fetched()) == (4, 2, [NAMES[0], NAMES[3]])
    assert emulator.served == 5


def test_what_is_no_document(store: Store, emulator: Emulator, tmp_path: Path) -> None:
    """The output of another job is left out, and run.json says so; markers of folders are no documents either."""
    out = tmp_path / "out"
    store.put(NAMES[0])
    job_files = ("journal.sqlite", "records.jsonl")
    for name in ("text.txt", *job_files, *(f"shards/one/{name}" for name in job_files)):
        store.put(f"old/{name}", "{}")
    if isinstance(store, _Objects) and store.url.startswith("s3:"):
        store.mark("folder")
    job(emulator, store.url).run(out)
    assert list(records(out)) == [url_of(store, NAMES[0])]
    assert json.loads((out / "run.json").read_text())["skipped"] == [
        {"name": url_of(store, "old"), "why": "the output of a job"}
    ]


def test_an_object_that_is_gone(store: Store, emulator: Emulator, tmp_path: Path) -> None:
    """It fails itself alone; `retry` fetches it and nothing else."""
    out = tmp_path / "out"
    for name in NAMES[:2]:
        store.put(name)
    opened = job(emulator, store.url)
    opened = Pipeline(opened.schema, config=opened.config, origin=opened.opened_source())
    assert opened.count(out) == 2  # which lists the objects
    store.remove(NAMES[0])
    totals = opened.run(out)
    assert (totals.ok, totals.failed) == (1, 1)
    failure = records(out, "failures.jsonl")[url_of(store, NAMES[0])]
    assert failure["path"] == url_of(store, NAMES[0])
    assert "it is gone" in failure["reasons"][0]
    store.put(NAMES[0])
    store.fetched()
    totals = job(emulator, store.url).retry(out)
    assert (totals.ok, totals.reused, store.fetched()) == (2, 1, [NAMES[0]])


def test_a_stop_and_what_follows(store: Store, emulator: Emulator, tmp_path: Path) -> None:
    """A run that the budget stops goes on with the rest, and fetches nothing twice that has ended."""
    out = tmp_path / "out"
    for name in ALL:
        store.put(name)
    with pytest.raises(BudgetExceeded):
        job(emulator, store.url, max_cost=0.038).run(out)
    ended = {name for name, row in records(out).items() if row["status"] == "ok"}
    assert 0 < len(ended) < len(ALL)
    store.fetched()
    assert job(emulator, store.url).run(out).ok == len(ALL)
    assert [url_of(store, name) for name in store.fetched()] == sorted({url_of(store, name) for name in ALL} - ended)
    assert emulator.served == len(ALL)


KILLED = """
import os, sys
from extractor import Pipeline, resolve_schema
Pipeline(resolve_schema("receipt"), sys.argv[1]).run(sys.argv[2], progress=lambda *_: os._exit(9))
"""


def test_a_kill_right_after_a_changed_object(emulator: Emulator, tmp_path: Path) -> None:
    """What a killed run stored of a changed object is its new record, or nothing: the old one never passes for it."""
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    (folder / "a.txt").write_text((RECEIPTS / NAMES[0]).read_text("utf-8"), encoding="utf-8")
    place = f"local://{folder}"
    job(emulator, place).run(out)
    (folder / "a.txt").write_text((RECEIPTS / NAMES[1]).read_text("utf-8"), encoding="utf-8")
    where = {"CLOUDFLARE_ACCOUNT_ID": emulator.account_id, "CLOUDFLARE_AUTH_TOKEN": emulator.token}
    environment = {**os.environ, **where, "EXTRACTOR_BASE_URL": emulator.base_url}
    assert subprocess.run([sys.executable, "-c", KILLED, place, out], env=environment, check=False).returncode == 9
    assert job(emulator, place).run(out).ok == 1
    assert records(out)[f"{place}/a.txt"]["value"] == GOLD[NAMES[1]]
    assert emulator.served == 2


def test_the_commands_about_a_run(store: Store, emulator: Emulator, tmp_path: Path) -> None:
    """The report, the pipeline of a run and the requests about a document are had as of a folder's run."""
    from extractor.pipeline.runs import exchanges
    from extractor.review.report import write_report
    from extractor.review.server import Run

    out = tmp_path / "out"
    store.put(NAMES[0])
    Pipeline(**{**_fields(job(emulator, store.url)), "spec": ("schema", "receipt")}).run(out)
    assert pipeline_of_run(out).source == (store.url,)
    name = url_of(store, NAMES[0])
    assert name in write_report(out).read_text()
    assert len(exchanges(out, name)) == 1
    assert Run(out).document(name)["paged"] is False


def test_one_document_by_its_url(store: Store, emulator: Emulator) -> None:
    """`extract` and `text` take a URL as they take a path; one that is gone is one line."""
    store.put(NAMES[0])
    url = url_of(store, NAMES[0])
    environment = {"CLOUDFLARE_ACCOUNT_ID": emulator.account_id, "CLOUDFLARE_AUTH_TOKEN": emulator.token}
    words = ["extract", url, "-s", "receipt", "--base-url", emulator.base_url]
    done = CliRunner().invoke(app, words, env=environment)
    assert (json.loads(done.stdout)["document"], json.loads(done.stdout)["value"]) == (url, GOLD[NAMES[0]])
    assert CliRunner().invoke(app, ["text", url]).stdout == (RECEIPTS / NAMES[0]).read_text("utf-8")
    done = CliRunner().invoke(app, ["text", url_of(store, "gone.txt")])
    assert (done.exit_code, done.stderr) == (1, f"extractor: {url_of(store, 'gone.txt')} cannot be read: it is gone\n")


class _Endless(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        if self.path == "/lines":
            self.wfile.write(b"one\ntwo\n")
            return
        with suppress(ConnectionError):
            while True:
                self.wfile.write(b"x" * 1000)

    def log_message(self, *words: object) -> None:
        pass


def test_a_web_server_that_tells_no_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its answer is read no further than to the limit of a file; a table is read from it by lines."""
    pytest.importorskip("aiohttp")
    monkeypatch.setattr(storage, "LIMITS", Limits(bytes=100_000))
    with ThreadingHTTPServer(("127.0.0.1", 0), _Endless) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        with pytest.raises(DocumentError, match="100,000 bytes") as refused:
            storage.document(f"http://127.0.0.1:{server.server_port}/a.txt")
        assert list(storage.lines(f"http://127.0.0.1:{server.server_port}/lines")) == [b"one\n", b"two\n"]
        server.shutdown()
    assert refused.value.kind == "too_large"


def test_the_folders_of_a_web_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder has no documents, its page is none; a server or an inner folder without an answer is an error."""
    (tmp_path / "inner/empty").mkdir(parents=True)
    with _web(tmp_path, monkeypatch) as store:
        from fsspec.implementations.http import HTTPFileSystem

        store.put("inner/a.txt", "a")
        assert [file.name for file in storage.listing(store.url)] == ["inner/a.txt"]
        assert storage.listing(f"{store.url}inner/empty/") == []
        ls = HTTPFileSystem._ls_real

        async def late(self: Any, url: str, **options: Any) -> Any:
            if url.endswith("/inner"):
                raise ConnectionResetError("no answer")
            return await ls(self, url, **options)

        monkeypatch.setattr(HTTPFileSystem, "_ls_real", late)
        with pytest.raises(StorageError, match="cannot be read: ConnectionResetError"):
            storage.listing(store.url)
        monkeypatch.setattr(HTTPFileSystem, "_ls_real", ls)
    with pytest.raises(StorageError, match="cannot be read: ClientConnectorError"):
        storage.listing(store.url)


def test_pages_of_a_document_elsewhere(tmp_path: Path) -> None:
    """The review page shows the pages of a PDF on object storage, as long as it is what was read."""
    from fsspec.implementations.memory import MemoryFileSystem

    from extractor.review.report import write_report
    from extractor.review.server import Run

    pdf, out, store = next(SAMPLES.rglob("*.pdf")), tmp_path / "out", MemoryFileSystem()
    store.pipe_file("/pages/a.pdf", pdf.read_bytes())
    with Emulator(lambda body: {"title": "a"}) as emulator:
        job(emulator, "memory://pages").run(out)
    run = Run(out)
    assert run.document("memory://pages/a.pdf")["paged"] is True
    assert run.page("memory://pages/a.pdf", 1)["data"].startswith("data:image/")
    assert write_report(out, pictures=True).exists()
    store.pipe_file("/pages/a.pdf", pdf.read_bytes() + b"\n")
    with pytest.raises(UsageError, match="has changed since the run"):
        run.page("memory://pages/a.pdf", 1)
    store.rm_file("/pages/a.pdf")
    assert run.document("memory://pages/a.pdf")["paged"] is False


def _fields(job: Pipeline) -> dict[str, Any]:
    return {"schema": job.schema, "source": job.source, "config": job.config}


def test_several_places(store: Store, emulator: Emulator, tmp_path: Path) -> None:
    """Folders of this machine and URLs are one source; a list of places is read with @."""
    out, folder = tmp_path / "out", tmp_path / "folder"
    folder.mkdir()
    (folder / NAMES[1]).write_bytes((RECEIPTS / NAMES[1]).read_bytes())
    store.put(NAMES[0])
    listed = tmp_path / "places.txt"
    listed.write_text(f"{url_of(store, NAMES[0])}\n")
    assert job(emulator, str(folder), f"@{listed}").run(out).ok == 2
    assert set(records(out)) == {NAMES[1], url_of(store, NAMES[0])}


def test_where_nothing_is(store: Store, emulator: Emulator, tmp_path: Path) -> None:
    """A place without documents is one line, before anything is asked or written."""
    with pytest.raises((UsageError, StorageError), match="no document"):
        job(emulator, f"{store.url.rstrip('/')}/nowhere/").run(tmp_path / "out")
    assert (emulator.served, (tmp_path / "out").exists()) == (0, False)


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://me:secret@host/a.pdf?sig=secret", "https://host/a.pdf"),
        ("HTTPS://host/a.pdf?sig=secret", "HTTPS://host/a.pdf"),
        ("zip://a.pdf::https://me:secret@host/b.zip?sig=secret", "zip://a.pdf::https://host/b.zip"),
        ("http://[::1]:80/a.pdf?sig=secret", "http://[::1]:80/a.pdf"),
        ("s3://bucket/a.pdf", "s3://bucket/a.pdf"),
        ("s3://bucket/no. #1?.csv", "s3://bucket/no. #1?.csv"),
        ("s3://connection@bucket/a.pdf", "s3://connection@bucket/a.pdf"),
    ],
)
def test_names_tell_no_secret(url: str, public: str) -> None:
    """A login and a signature are in no name, no message and no file but the journal."""
    assert public_url(url) == public


def test_documents_that_a_query_tells_apart() -> None:
    """Two URLs that differ by their query alone are two documents, each with a name of its own that stays."""
    pytest.importorskip("aiohttp")
    urls = [f"https://host/download?id={number}" for number in range(2)]
    names = [entry.name for entry in Files(urls).found()]
    assert len(set(names)) == 2
    assert names == [entry.name for url in urls for entry in Files([url]).found()]
    assert all(name.startswith("https://host/download?") and "id=" not in name for name in names)


def test_a_signature_is_no_name() -> None:
    """A document has one name on every day, whoever signed its URL; two signatures of one day are two documents."""
    pytest.importorskip("aiohttp")
    signed = ["X-Amz-Date=1&X-Amz-Signature=a7", "X-Goog-Signature=a7", "sv=2&se=3&sig=a7", "Expires=1&Signature=a7"]
    for query in signed:
        (entry,) = Files([f"https://host/a.pdf?{query}"]).found()
        assert entry.name == "https://host/a.pdf"
        names = {entry.name for entry in Files([f"https://host/a.pdf?{query}{more}" for more in "12"]).found()}
        assert len(names) == 2
        (entry,) = Files([f"https://host/a.pdf?id=1&{query}"]).found()
        assert entry.name.startswith("https://host/a.pdf?")


@pytest.mark.parametrize("url", ["absent://bucket/in", "nothing://bucket/in"])
def test_a_file_system_that_is_missing(url: str) -> None:
    """A URL that nothing here can open is one line; where a library would open it, it says what installs it."""
    from fsspec.registry import register_implementation

    register_implementation("absent", "absent_fs.Absent", clobber=True, errtxt="Install absent_fs")
    with pytest.raises(UsageError, match="cannot be opened") as refused:
        list(Files([url]).found())
    assert ("extractor-pipelines[cloud]" in str(refused.value)) == url.startswith("absent")
    assert "\n" not in str(refused.value)


def test_without_fsspec(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the extra is not installed, the line says what installs it."""
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(UsageError, match=r"pip install 'extractor-pipelines\[cloud\]'"):
        list(Files(["gs://bucket/in"]).found())
    with pytest.raises(UsageError, match="cloud"):  # an object must not look as if it were gone
        storage.facts([storage.File("gs://bucket/in/a.txt", "a.txt", 8)])


def test_a_local_file_by_url(emulator: Emulator, tmp_path: Path) -> None:
    """A `file://` URL is a path of this machine."""
    assert job(emulator, (RECEIPTS / NAMES[0]).as_uri()).run(tmp_path / "out").ok == 1
    assert set(records(tmp_path / "out")) == {NAMES[0]}


def test_an_object_whose_storage_cannot_be_asked_never_looks_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the file system raises, the object has no stamp, so that it is read again."""
    from fsspec.implementations.memory import MemoryFileSystem

    def refuse(*_: Any, **__: Any) -> None:
        raise RuntimeError("no credentials")

    monkeypatch.setattr(MemoryFileSystem, "store", {})
    MemoryFileSystem().pipe_file("/in/a.txt", b"Total 42")
    file = storage.File("memory://in/a.txt", "a.txt", -1)
    assert [one.stamp is not None for one in (storage.inspected(file), *storage.facts([file]))] == [True, True]
    monkeypatch.setattr(MemoryFileSystem, "ls", refuse)
    monkeypatch.setattr(MemoryFileSystem, "info", refuse)
    assert [one.stamp for one in (storage.inspected(file), *storage.facts([file]))] == [None, None]
