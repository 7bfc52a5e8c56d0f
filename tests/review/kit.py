"""Output folders as a run leaves them, and the report page read back as a browser would."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from threading import Thread
from typing import Any

from extractor.pipeline.journal import Journal
from extractor.review.server import ReviewServer, Run
from extractor.schema.compiler import Schema

USAGE = {"prompt_tokens": 800, "cached_tokens": 100, "completion_tokens": 90, "cost_usd": 0.001}


def record(name: str, value: Any, spans: Mapping[str, Sequence[Any]] | None = None, **changes: Any) -> dict[str, Any]:
    """A line of records.jsonl; `spans` are (start, end, tier), or () for a value without a place, by pointer."""
    evidence = [
        {"path": path, "start": span[0], "end": span[1], "page": None, "tier": span[2]}
        if span
        else {"path": path, "start": None, "end": None, "page": None, "tier": "none"}
        for path, span in (spans or {}).items()
    ]
    line = {"document": name, "sha256": "", "status": "ok", "value": value, "evidence": evidence, "confidence": {}}
    return {**line, "problems": [], "chunks": 1, "attempts": 1, "repairs": [], "usage": USAGE, **changes}


def output(folder: Path, records: Sequence[Mapping[str, Any]], texts: Mapping[str, str] | None = None) -> Path:
    """An output folder with these records and, in its journal, these texts."""
    (folder / "records.jsonl").write_text("".join(json.dumps(line) + "\n" for line in records), encoding="utf-8")
    journal = Journal(folder / "journal.sqlite")
    for name, text in (texts or {}).items():
        journal.keep_text(name, text)
    journal.close()
    return folder


@contextmanager
def serving(out: Path, schema: Schema[Any] | None = None) -> Iterator[ReviewServer]:
    """The review server of an output folder, at work in a thread."""
    with ReviewServer(Run(out, schema)) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class Page(HTMLParser):
    """What an HTML parser makes of a page: its tags, its data blocks by id, its own script and style."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.blocks: dict[str, Any] = {}
        self.sources: dict[str, str] = {}
        self._inside = ""
        self.feed(path.read_text(encoding="utf-8"))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = str(dict(attrs).get("id", tag)) if tag in ("script", "style") else ""

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in ("script", "style"):
            self.sources[self._inside] = self.sources.get(self._inside, "") + data
        elif self._inside:
            self.blocks[self._inside] = json.loads(data)

    @property
    def document(self) -> dict[str, Any]:
        """The first document's block."""
        found: dict[str, Any] = self.blocks["document-0"]
        return found
