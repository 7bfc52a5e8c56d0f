"""One HTML page beside a run's records: every value next to the place in its source that it came from.

The page stands alone: no network, no other file. Documents are embedded as JSON that the browser reads one at a
time, as they are opened; pictures of pages are embedded where that is wanted. Nothing of a document is ever markup:
text reaches the page through JSON and text nodes only, and its Content-Security-Policy lets no script run but our own,
named by its hash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from extractor.errors import UsageError
from extractor.pipeline.corrections import read_corrections
from extractor.review.files import opened_journal, read_records, read_run, schema_of_run
from extractor.review.pictures import has_pages, thumbnails
from extractor.review.steps import fields_of
from extractor.review.view import all_evidence, document_of, encoded, index_of, page, placed
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
    most_text = max(_LEAST_TEXT, min(_MOST_TEXT, _ALL_TEXT // count))
    most_pictures = max(_LEAST_PICTURES, _ALL_PICTURES // count)
    head, _, foot = page("; img-src data:" if pictures else "")[0].partition("<!-- documents -->")
    path, lines, schema = out / "report.html", [], None
    with suppress(UsageError):  # nothing says what it was
        schema = schema_of_run(out)
    corrections = read_corrections(out, schema.problems if schema else None)
    with opened_journal(out) as journal, whole_file(path) as file:
        file.write(head.encode())
        for number, record in enumerate(read_records(out)):
            name, steps = record["document"], corrections.of(record)
            text = journal.text(name) if journal else None
            document = document_of(record, steps, text, cap=most_text, check=corrections.check)
            lines.append(document.pop("line"))
            if pictures:
                place = journal.source_of(name) if journal else None
                document |= _pictures(record, all_evidence(record, steps), text, place, most_pictures)
            file.write(_embedded(f"document-{number}", document))
        file.write(_embedded("index", index_of(lines, read_run(out), fields=fields_of(schema) if schema else {})))
        file.write(foot.encode())
    return path


def _pictures(
    record: Mapping[str, Any], evidence: Sequence[Mapping[str, Any]], text: str | None, place: str | None, most: int
) -> dict[str, Any]:
    """The pictures of the pages that values of a document were read from, if any."""
    looks = has_pages(place)
    pages = [line["page"] for line in evidence if line["tier"] == "page" or "box" in line or (looks and line["page"])]
    if not pages:
        return {}
    found, unseen = thumbnails(place, record.get("sha256", ""), pages, most=most, text=text, marks=placed(evidence))
    return {"pictures": found, "unseen": unseen}


def _embedded(identifier: str, value: Any) -> bytes:
    """A value as a data block that no HTML parser can leave early."""
    data = encoded(value)
    for sign, escaped in ((b"<", b"\\u003c"), (b">", b"\\u003e"), (b"&", b"\\u0026")):
        data = data.replace(sign, escaped)
    return b'<script type="application/json" id="%b">%b</script>\n' % (identifier.encode(), data)
