"""The review page on loopback: documents one at a time, pages drawn as they are looked at, each step stored at once.

The address holds a random token, and only a client that knows it gets an answer. `Host` must be this server, and
`Origin`, if there is one, this page: no other page in the browser can reach it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from hmac import compare_digest
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl

import orjson

from extractor.documents.document import Document
from extractor.errors import DocumentError, ExtractorError, UsageError
from extractor.pipeline.corrections import Step, append_step, read_corrections
from extractor.review.files import opened_journal, read_records, read_run
from extractor.review.pictures import has_pages, page_of
from extractor.review.steps import fields_of, located, step_of
from extractor.review.view import (
    all_evidence,
    document_of,
    encoded,
    index_of,
    is_gold,
    line_of,
    page,
    placed,
    values_of,
    version_of,
)
from extractor.schema.compiler import Schema
from extractor.sources.files import Entry

__all__ = ["ReviewServer", "Run"]

_MOST_TEXT = 20_000_000
_BODY = 1 << 20
_LONGEST = 200  # characters of a value in the list of documents


class Run:
    """An output folder under review. Safe to share between threads.

    Records are read one at a time, whenever they are needed: a run may replace them meanwhile.
    """

    def __init__(self, out: Path, schema: Schema[Any] | None = None) -> None:
        self.out, self.schema = out, schema
        self._check = schema.problems if schema else None
        self._loaded: Document | None = None
        self._writing = Lock()
        next(read_records(out), None)  # it says what to do where there are none

    def record(self, name: str) -> dict[str, Any]:
        """One record; UsageError where there is none of that name."""
        for record in read_records(self.out):
            if record["document"] == name:
                return record
        raise UsageError(f"there is no document {name!r} in this run")

    def index(self) -> dict[str, Any]:
        """The light list of all documents."""
        fields = fields_of(self.schema) if self.schema else {}
        lines = list(map(line_of, self.corrected()))
        return index_of(lines, read_run(self.out), fields=fields, typed=self.schema is not None)

    def document(self, name: str) -> dict[str, Any]:
        """One document in full."""
        record = self.record(name)
        text, place = self._source(name)
        return {**self._in_full(record, read_corrections(self.out).of(record), text), "paged": has_pages(place)}

    def _in_full(self, record: Mapping[str, Any], steps: Sequence[Step], text: str | None) -> dict[str, Any]:
        return document_of(record, steps, text, cap=_MOST_TEXT, check=self._check)

    def _source(self, name: str) -> tuple[str | None, str | None]:
        """The text of a document, and its path or URL."""
        with opened_journal(self.out) as journal:
            return (journal.text(name), journal.source_of(name)) if journal else (None, None)

    def page(self, name: str, number: int) -> dict[str, Any]:
        """A page of a document as a picture, 0 for the only one of a file without pages."""
        record = self.record(name)
        text, place = self._source(name)
        evidence = all_evidence(record, read_corrections(self.out).of(record))
        return page_of(place, record.get("sha256", ""), number or None, text=text, marks=placed(evidence))

    def find(self, field: str, text: str) -> dict[str, str]:
        """The documents with a value of the field, or of any, that has the text in it: name -> the values found."""
        wanted, found = text.casefold(), {}
        for record in self.corrected():
            values = values_of(record["value"])
            hits = [leaf for column, leaf in values if field in ("", column) and wanted in leaf.casefold()]
            if hits:
                found[record["document"]] = ", ".join(dict.fromkeys(hits))[:_LONGEST]
        return found

    def take(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Store the step that a request asks for; UsageError says what is wrong with it.

        Returns what is new of its document: the source only if the value of the step has a place in it.
        """
        name = request.get("document")
        if not isinstance(name, str):
            raise UsageError("a correction needs the name of its document")
        with self._writing:
            record = self.record(name)
            steps = read_corrections(self.out).of(record)
            if request.get("version", now := version_of(record)) != now:
                raise UsageError(f"{name} has been extracted again since: open it again")
            if request.get("action") == "undo":
                step: Step | dict[str, Any] = _undo(steps, request.get("step"), name)
            else:
                step = self._step(record, steps, request)
            append_step(self.out, step)
            steps = read_corrections(self.out).of(record)
        text = self._source(name)[0] if isinstance(step, Step) and step.evidence else None
        document = self._in_full(record, steps, text)
        return document if text else {key: one for key, one in document.items() if key not in ("pieces", "length")}

    def _step(self, record: Mapping[str, Any], steps: list[Step], request: Mapping[str, Any]) -> Step:
        """The step that a request asks for, with the places of its value where the document is here."""
        schema = self.schema and self.schema.of_kind(record.get("kind"))
        step = step_of(record, steps, request, schema)
        document = self._document(record) if step.action in ("correct", "missing") else None
        return located(step, record, steps, schema, document) if document else step

    def _document(self, record: Mapping[str, Any]) -> Document | None:
        """A document with its pages and tables, if its file still has the text that was read; else the text alone.

        None where no text was stored, and for one of several documents in a file: its values may stand in another.
        """
        name = record["document"]
        text, place = self._source(name)
        with opened_journal(self.out) as journal:
            if text is None or (place and journal and not journal.knows(name)):
                return None
        if self._loaded is None or (self._loaded.name, self._loaded.text) != (name, text):
            self._loaded = Document.from_text(text, name=name)
            with suppress(DocumentError, UsageError):
                loaded = Entry(name, place).load(ocr="off") if place else self._loaded
                self._loaded = loaded if loaded.text == text else self._loaded
        return self._loaded

    def gold(self) -> Iterator[dict[str, Any]]:
        """The lines of gold that the review has made so far, with the texts, so that they can be examples as well."""
        with opened_journal(self.out) as journal:
            for record in filter(is_gold, self.corrected()):
                text = journal.text(record["document"]) if journal else None
                gold = {"document": record["document"], "value": record["value"]}
                yield {**gold, "text": text} if text else gold

    def corrected(self) -> Iterator[dict[str, Any]]:
        """All records with corrections applied."""
        return map(read_corrections(self.out, self._check).applied, read_records(self.out))


def _undo(steps: list[Step], identifier: object, name: str) -> dict[str, Any]:
    if not any(step.id == identifier for step in steps):
        raise UsageError(f"this step of {name} is undone already")
    return {"action": "undo", "document": name, "step": identifier}


class ReviewServer(ThreadingHTTPServer):
    """An HTTP server for one output folder, on 127.0.0.1 alone. Use it in a `with`, or close it.

    with ReviewServer(Run(Path("out"))) as server:
        print(server.url)
        server.serve_forever()
    """

    daemon_threads = True

    def __init__(self, run: Run, *, port: int = 0) -> None:
        self.run, self.token = run, secrets.token_urlsafe(24)
        try:
            super().__init__(("127.0.0.1", port), _Handler)
        except OSError as error:
            raise UsageError(f"port {port} cannot be used: {error.strerror}; name another --port") from error
        self.hosts = (f"127.0.0.1:{self.server_port}", f"localhost:{self.server_port}")  # as browsers call it

    @property
    def url(self) -> str:
        """The address of the page, token included."""
        return f"http://127.0.0.1:{self.server_port}/{self.token}/"


class _Refused(Exception):
    """A request that is not answered."""

    def __init__(self, status: HTTPStatus) -> None:
        self.status = status


class _Handler(BaseHTTPRequestHandler):
    """One connection. It tells nothing to a client that does not know the token."""

    server: ReviewServer
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "extractor", ""
    timeout = 60

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: requests hold the token."""

    def do_GET(self) -> None:
        self._answered(self._get)

    def do_POST(self) -> None:
        self._answered(self._post)

    def _answered(self, answer: Any) -> None:
        with suppress(BrokenPipeError, ConnectionResetError, TimeoutError):
            try:
                body, kind, headers = answer(self._place())
                self._send(HTTPStatus.OK, body, kind, headers)
            except _Refused as refused:
                self.close_connection = True
                self._send(refused.status, refused.status.phrase.encode(), "text/plain; charset=utf-8")
            except ExtractorError as error:
                self._send(HTTPStatus.BAD_REQUEST, encoded({"error": str(error)}), "application/json")
            except (BrokenPipeError, ConnectionResetError, TimeoutError):
                raise
            except Exception as error:
                wrong = {"error": f"this cannot be answered: {type(error).__name__}: {error}"}
                self._send(HTTPStatus.INTERNAL_SERVER_ERROR, encoded(wrong), "application/json")

    def _place(self) -> str:
        """The path below the token; _Refused where this request may not ask for anything."""
        host, origin = self.headers.get("Host"), self.headers.get("Origin")
        if host not in self.server.hosts or origin not in (None, *(f"http://{name}" for name in self.server.hosts)):
            raise _Refused(HTTPStatus.FORBIDDEN)
        path = self.path.partition("?")[0]
        token, slash, rest = path.removeprefix("/").partition("/")
        if not slash or not compare_digest(token.encode(), self.server.token.encode()):
            raise _Refused(HTTPStatus.NOT_FOUND)
        return rest

    def _get(self, place: str) -> tuple[bytes, str, dict[str, str]]:
        run, request = self.server.run, dict(parse_qsl(self.path.partition("?")[2], keep_blank_values=True))
        name = request.get("name", "")
        match place:
            case "":
                return self._page()
            case "index":
                return encoded(run.index()), "application/json", {}
            case "document":
                return encoded(run.document(name)), "application/json", {}
            case "page" if request.get("page", "").isdecimal():
                return encoded(run.page(name, int(request["page"]))), "application/json", {}
            case "find":
                return encoded(run.find(request.get("field", ""), request.get("text", ""))), "application/json", {}
            case "gold.jsonl":
                return _download(run.gold(), place)
            case "records.jsonl":
                return _download(run.corrected(), place)
        raise _Refused(HTTPStatus.NOT_FOUND)

    def _post(self, place: str) -> tuple[bytes, str, dict[str, str]]:
        length = self.headers.get("Content-Length", "")
        if place != "step" or self.headers.get_content_type() != "application/json":
            raise _Refused(HTTPStatus.NOT_FOUND)
        if not length.isdecimal() or int(length) > _BODY:
            raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        try:
            request = orjson.loads(self.rfile.read(int(length)))
        except orjson.JSONDecodeError:
            request = None
        if not isinstance(request, dict):
            raise UsageError("a correction is a JSON object")
        return encoded(self.server.run.take(request)), "application/json", {}

    def _page(self) -> tuple[bytes, str, dict[str, str]]:
        html, policy = page("; img-src data:; connect-src 'self'; form-action 'none'")
        headers = {"Content-Security-Policy": f"{policy}; frame-ancestors 'none'"}
        return html.encode(), "text/html; charset=utf-8", headers

    def _send(self, status: HTTPStatus, body: bytes, kind: str, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _download(lines: Iterator[dict[str, Any]], name: str) -> tuple[bytes, str, dict[str, str]]:
    body = b"".join(encoded(line) + b"\n" for line in lines)
    return body, "application/x-ndjson", {"Content-Disposition": f'attachment; filename="{name}"'}
