"""One HTML page beside a run's records: every value next to the place in its source that it came from.

The page stands alone: no network, no other file. Documents are embedded as JSON that the browser reads one at a
time, as they are opened; pictures of scans are embedded where that is wanted. Nothing of a document is ever markup:
text reaches the page through JSON and text nodes only, and its Content-Security-Policy lets no script run but our own,
named by its hash.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack, closing
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import IO, Any, NamedTuple

import orjson

from extractor.pipeline.journal import Journal
from extractor.pipeline.outputs import whole_file
from extractor.review.files import read_records, read_run
from extractor.review.leaves import Evidence, evidence_of, rows
from extractor.review.passages import passages
from extractor.review.pictures import is_read_from_picture, thumbnails
from extractor.wire.values import nano, usd

__all__ = ["write_report"]

_ALL_TEXT = 24_000_000
_MOST_TEXT, _LEAST_TEXT = 60_000, 3_000
_ALL_PICTURES = 60_000_000
_LEAST_PICTURES = 200_000


def write_report(out: Path, *, pictures: bool = False) -> Path:
    """Write OUT/report.html from OUT/records.jsonl and the texts in OUT/journal.sqlite; returns its path.

    With `pictures` the sources of scans are read again, and thumbnails of the pages that values were read from are
    part of the page.
    """
    count = max(1, sum(1 for _ in read_records(out)))
    texts = max(_LEAST_TEXT, min(_MOST_TEXT, _ALL_TEXT // count))
    room = _Room(texts, max(_LEAST_PICTURES, _ALL_PICTURES // count) if pictures else 0)
    head, _, foot = _page(pictures=pictures).partition("<!-- documents -->")
    path = out / "report.html"
    with ExitStack() as stack:
        journal = _journal(out, stack)
        file = stack.enter_context(whole_file(path))
        file.write(head.encode())
        index = [_write(file, number, record, journal, room) for number, record in enumerate(read_records(out))]
        file.write(_embedded("index", {"documents": index, "run": _run(read_run(out)), "totals": _totals(index)}))
        file.write(foot.encode())
    return path


def _journal(out: Path, stack: ExitStack) -> Journal | None:
    path = out / "journal.sqlite"
    return stack.enter_context(closing(Journal(path, read_only=True))) if path.exists() else None


class _Room(NamedTuple):
    """The most characters of text, and of pictures in base64, that one document may have on the page."""

    text: int
    pictures: int


def _write(
    file: IO[bytes], number: int, record: Mapping[str, Any], journal: Journal | None, room: _Room
) -> dict[str, Any]:
    """Embed one document; returns its line of the index."""
    evidence, marks = evidence_of(record)
    fields = rows(record, evidence)
    text = journal.text(record["document"]) if journal else None
    problems = record.get("problems") or []
    document = {
        "fields": fields,
        "problems": problems,
        "pieces": None if text is None else passages(text, marks, cap=room.text),
        "length": None if text is None else len(text),
        **(_pictures(record, evidence, journal, room.pictures) if room.pictures else {}),
    }
    file.write(_embedded(f"document-{number}", document))
    values = [row for row in fields if row.get("value") is not None]
    return {
        "name": record["document"],
        "status": record["status"],
        "values": len(values),
        "flags": sum("flagged" in row for row in values),
        "problems": len(problems),
        "chunks": record.get("chunks", 0),
        "attempts": record.get("attempts", 0),
        "repairs": len(record.get("repairs", ())),
        "usage": record.get("usage") or {},
    }


def _pictures(record: Mapping[str, Any], evidence: Evidence, journal: Journal | None, most: int) -> dict[str, Any]:
    """The pictures that values of a document were read from, if any."""
    pages = [line["page"] for lines in evidence.values() for line in lines if is_read_from_picture(line)]
    if not pages:
        return {}
    path = journal.source_of(record["document"]) if journal else None
    found, unseen = thumbnails(path, record.get("sha256", ""), pages, most=most)
    return {"pictures": found, "unseen": unseen}


def _totals(index: list[dict[str, Any]]) -> dict[str, Any]:
    costs = [line["usage"].get("cost_usd") for line in index]
    tokens = ("prompt_tokens", "cached_tokens", "completion_tokens")
    return {
        "statuses": Counter(line["status"] for line in index),
        "flagged": sum(line["flags"] > 0 for line in index),
        **{name: sum(line[name] for line in index) for name in ("values", "flags", "chunks", "attempts", "repairs")},
        **{name: sum(line["usage"].get(name, 0) for line in index) for name in tokens},
        "cost_usd": None if None in costs else usd(sum(map(nano, costs))),
    }


def _run(run: Mapping[str, Any]) -> dict[str, Any]:
    """What of run.json a reader wants at the top."""
    return {name: run[name] for name in ("model", "schema", "finished", "stopped") if isinstance(run.get(name), str)}


def _page(*, pictures: bool) -> str:
    """The page around the documents, with its style and script inside and their hashes in its policy."""
    parts = files(__package__) / "page"
    page, style, script = ((parts / name).read_text("utf-8") for name in ("page.html", "page.css", "page.js"))
    policy = f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'"
    policy += "; img-src data:" if pictures else ""
    return page.replace("{policy}", policy).replace("{style}", style).replace("{script}", script)


def _hash(source: str) -> str:
    return f"sha256-{b64encode(sha256(source.encode()).digest()).decode()}"


def _embedded(identifier: str, value: Any) -> bytes:
    """A value as a data block that no HTML parser can leave early."""
    try:
        data = orjson.dumps(value)
    except orjson.JSONEncodeError:  # half of a surrogate pair, which JSON can escape and UTF-8 cannot write
        data = json.dumps(value).encode()
    for sign, escaped in ((b"<", b"\\u003c"), (b">", b"\\u003e"), (b"&", b"\\u0026")):
        data = data.replace(sign, escaped)
    return b'<script type="application/json" id="%b">%b</script>\n' % (identifier.encode(), data)
