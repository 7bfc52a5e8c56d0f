"""One HTML page beside a run's records: every value next to the place in its source that it came from.

The page stands alone: no network, no other file. Documents are embedded as JSON that the browser reads one at a
time, as they are opened; pictures of pages are embedded where that is wanted. Nothing of a document is ever markup:
text reaches the page through JSON and text nodes only, and its Content-Security-Policy lets no script run but our own,
named by its hash.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, NamedTuple

from extractor.errors import UsageError
from extractor.pipeline.corrections import Corrections, read_corrections
from extractor.pipeline.journal import Journal
from extractor.review.files import opened_journal, read_records, read_run, schema_of_run
from extractor.review.pictures import has_pages, thumbnails
from extractor.review.steps import fields_of
from extractor.review.view import all_evidence, document_of, encoded, index_of, placed, template
from extractor.schema.compiler import Schema
from extractor.sources.storage import whole_file

__all__ = ["write_report"]

_ALL_TEXT = 24_000_000
_MOST_TEXT, _LEAST_TEXT = 60_000, 3_000
_ALL_PICTURES = 60_000_000
_LEAST_PICTURES = 200_000


def write_report(out: Path, *, pictures: bool = False) -> Path:
    """Write OUT/report.html from OUT/records.jsonl and the texts in OUT/journal.sqlite; returns its path.

    With `pictures` the sources are read again, and thumbnails of the pages that values were read from are part of the
    page.
    """
    count = max(1, sum(1 for _ in read_records(out)))
    texts = max(_LEAST_TEXT, min(_MOST_TEXT, _ALL_TEXT // count))
    room = _Room(texts, max(_LEAST_PICTURES, _ALL_PICTURES // count) if pictures else 0)
    head, _, foot = _page(pictures=pictures).partition("<!-- documents -->")
    path = out / "report.html"
    schema = _schema(out)
    corrections, lines = read_corrections(out, schema.problems if schema else None), []
    with opened_journal(out) as journal, whole_file(path) as file:
        file.write(head.encode())
        for number, record in enumerate(read_records(out)):
            lines.append(_write(file, number, record, corrections, journal, room))
        file.write(_embedded("index", index_of(lines, read_run(out), fields=fields_of(schema) if schema else {})))
        file.write(foot.encode())
    return path


class _Room(NamedTuple):
    """The most characters of text, and of pictures in base64, that one document may have on the page."""

    text: int
    pictures: int


def _schema(out: Path) -> Schema[Any] | None:
    """The schema of a run, where it is known."""
    try:
        return schema_of_run(out)
    except UsageError:
        return None


def _write(
    file: IO[bytes],
    number: int,
    record: Mapping[str, Any],
    corrections: Corrections,
    journal: Journal | None,
    room: _Room,
) -> dict[str, Any]:
    """Embed one document; returns its line of the index."""
    steps = corrections.of(record)
    text = journal.text(record["document"]) if journal else None
    document = document_of(record, steps, text, cap=room.text, check=corrections.check)
    line: dict[str, Any] = document.pop("line")
    if room.pictures:
        document |= _pictures(record, all_evidence(record, steps), text, journal, room.pictures)
    file.write(_embedded(f"document-{number}", document))
    return line


def _pictures(
    record: Mapping[str, Any],
    evidence: Sequence[Mapping[str, Any]],
    text: str | None,
    journal: Journal | None,
    most: int,
) -> dict[str, Any]:
    """The pictures of the pages that values of a document were read from, if any."""
    place = journal.source_of(record["document"]) if journal else None
    looks = has_pages(place)
    pages = [line["page"] for line in evidence if line["tier"] == "page" or "box" in line or (looks and line["page"])]
    if not pages:
        return {}
    found, unseen = thumbnails(place, record.get("sha256", ""), pages, most=most, text=text, marks=placed(evidence))
    return {"pictures": found, "unseen": unseen}


def _page(*, pictures: bool) -> str:
    """The page around the documents, with its style and script inside and their hashes in its policy."""
    page, style, script = template()
    policy = f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'"
    policy += "; img-src data:" if pictures else ""
    return page.replace("{policy}", policy).replace("{nonce}", "").replace("{style}", style).replace("{script}", script)


def _hash(source: str) -> str:
    return f"sha256-{b64encode(sha256(source.encode()).digest()).decode()}"


def _embedded(identifier: str, value: Any) -> bytes:
    """A value as a data block that no HTML parser can leave early."""
    data = encoded(value)
    for sign, escaped in ((b"<", b"\\u003c"), (b">", b"\\u003e"), (b"&", b"\\u0026")):
        data = data.replace(sign, escaped)
    return b'<script type="application/json" id="%b">%b</script>\n' % (identifier.encode(), data)
