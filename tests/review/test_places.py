"""Where values stand that a person typed: their places in the source, and the rows of a list in its order."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from extractor import ground, load
from extractor.pipeline.journal import Journal
from extractor.pipeline.result import evidence_lines, flags
from extractor.review.server import Run
from extractor.schema.compiler import Schema, compile_schema
from tests.kit import SAMPLES, gold, schema_of
from tests.review.kit import output, record


class Line(BaseModel):
    """A line."""

    item: str
    amount: Decimal


class Bill(BaseModel):
    """A bill."""

    number: str
    lines: list[Line]
    total: Decimal


SCHEMA: Schema[Any] = compile_schema(Bill, counts=True)
TEXT = "Bill number 114\nOak board  80.00\nBolt  1.50\nHinge  6.00\nBolt  1.50\nGlue  4.20\nTotal  93.20\n"


def lines(*names: str) -> list[dict[str, str]]:
    amounts = {"Oak board": "80.00", "Bolt": "1.50", "Hinge": "6.00", "Glue": "4.20", "Nail": "0.10"}
    return [{"item": name, "amount": amounts[name]} for name in names]


def run(folder: Path, *names: str, number: str = "114") -> Run:
    """A run that found some of the lines of the bill."""
    value = {"number": number, "lines": lines(*names), "total": "93.20"}
    found = ground(value, TEXT, schema=SCHEMA)
    evidence = [line for path, spans in found.items() for line in evidence_lines(path, spans)]
    return Run(output(folder, [{**record("a.txt", value), "evidence": evidence}], {"a.txt": TEXT}), SCHEMA)


def add(review: Run, name: str, place: int) -> dict[str, Any]:
    fields = {f"/{field}": text for field, text in lines(name)[0].items()}
    return review.take({"document": "a.txt", "action": "missing", "path": f"/lines/{place}", "fields": fields})


def corrected(review: Run) -> dict[str, Any]:
    return next(review.corrected())


def evidence_at(review: Run, path: str) -> list[tuple[str, str | None, int | None]]:
    """The tier, the text and the place of a value."""
    found = [line for line in corrected(review)["evidence"] if line["path"] == path]
    return [(line["tier"], line["start"] and TEXT[line["start"] : line["end"]], line["start"]) for line in found]


ADDED = [
    (["Bolt", "Hinge", "Bolt", "Glue"], "Oak board", 0),
    (["Oak board", "Hinge", "Bolt", "Glue"], "Bolt", 1),
    (["Oak board", "Bolt", "Bolt", "Glue"], "Hinge", 2),
    (["Oak board", "Bolt", "Hinge", "Bolt"], "Glue", 4),
    ([], "Hinge", 0),
    (["Oak board", "Glue"], "Nail", 2),
]


@pytest.mark.parametrize(("names", "name", "place"), ADDED)
def test_a_row_that_was_added_is_placed_where_the_document_has_it(
    tmp_path: Path, names: list[str], name: str, place: int
) -> None:
    """Before, between or after the rows that were found; one that the document does not have stands last."""
    review = run(tmp_path, *names)
    add(review, name, len(names))
    assert corrected(review)["value"]["lines"] == lines(*names[:place], name, *names[place:])
    assert [line["value"]["lines"] for line in review.gold()] == [corrected(review)["value"]["lines"]]
    ((tier, text, _),) = evidence_at(review, f"/lines/{place}/item")
    assert (tier, text) == (("none", None) if name == "Nail" else ("exact", name))


def test_rows_that_were_added_are_in_order_among_themselves(tmp_path: Path) -> None:
    """Whatever the order in which they were added; each can be corrected, removed and added again by its own place."""
    review = run(tmp_path, "Oak board")
    for place, name in enumerate(("Glue", "Bolt", "Hinge"), 1):
        add(review, name, place)
    assert corrected(review)["value"]["lines"] == lines("Oak board", "Bolt", "Hinge", "Glue")
    fields = review.document("a.txt")["fields"]
    assert [row["path"] for row in fields if row["depth"] == 1] == ["/lines/0", "/lines/2", "/lines/3", "/lines/1"]
    assert [row["name"] for row in fields if row["depth"] == 1] == ["1", "2", "3", "4"]
    review.take({"document": "a.txt", "action": "invented", "path": "/lines/2"})
    review.take({"document": "a.txt", "action": "correct", "path": "/lines/1/amount", "text": "4.25"})
    assert corrected(review)["value"]["lines"] == [*lines("Oak board", "Hinge"), {"item": "Glue", "amount": "4.25"}]
    assert evidence_at(review, "/lines/1/item") == [("exact", "Hinge", TEXT.index("Hinge"))]
    assert evidence_at(review, "/lines/2/amount") == [("none", None, None)]


def test_a_corrected_value_has_its_place(tmp_path: Path) -> None:
    """As an extracted one has; what is not in the document has tier none, and is not flagged: a person reviewed it."""
    review = run(tmp_path, "Oak board", number="117")
    assert evidence_at(review, "/number") == [("none", None, None)]
    found = review.take({"document": "a.txt", "action": "correct", "path": "/number", "text": "114"})
    assert evidence_at(review, "/number") == [("exact", "114", TEXT.index("114"))]
    (row,) = (row for row in found["fields"] if row["path"] == "/number")
    assert (row["value"], row["tier"], "confidence" in row) == ("114", "exact", False)
    mark = row["places"][0]["mark"]
    assert ["114", [mark]] in found["pieces"]
    review.take({"document": "a.txt", "action": "correct", "path": "/total", "text": "95"})
    assert evidence_at(review, "/total") == [("none", None, None)]
    assert flags(corrected(review)) == []


def test_a_row_that_was_replaced_has_the_places_of_its_new_values(tmp_path: Path) -> None:
    """Those of the row, and of a value of it that is corrected later; none of what stood there before."""
    review = run(tmp_path, "Oak board", "Glue")
    request = {"document": "a.txt", "action": "correct", "path": "/lines/1"}
    review.take({**request, "fields": {"/item": "Hinge", "/amount": "6"}})
    assert evidence_at(review, "/lines/1/item") == [("exact", "Hinge", TEXT.index("Hinge"))]
    assert evidence_at(review, "/lines/1/amount") == [("normalised", "6.00", TEXT.index("6.00"))]
    review.take({**request, "path": "/lines/1/amount", "text": "1.50"})
    assert evidence_at(review, "/lines/1/item") == [("exact", "Hinge", TEXT.index("Hinge"))]
    assert [text for _, text, _ in evidence_at(review, "/lines/1/amount")] in ([None], ["1.50"])


def test_a_correction_that_is_accepted_stays_one(tmp_path: Path) -> None:
    """The place of what stood there before does not come back, and the record is still a corrected one."""
    review = run(tmp_path, "Oak board", number="80.00")
    for action in ("correct", "accept"):
        review.take({"document": "a.txt", "action": action, "path": "/number", "text": "114"})
    assert evidence_at(review, "/number") == [("exact", "114", TEXT.index("114"))]
    assert corrected(review)["corrected"]


def test_the_page_is_known_where_the_file_is_there(tmp_path: Path) -> None:
    """A booking that a statement of several pages lacks gets its page and its place among the others."""
    folder, name = SAMPLES / "bank_statements", "guest_house.pdf"
    value = gold(folder)[name]
    document, schema = load(folder / name), schema_of("bank_statement")
    row, fewer = value["bookings"][60], {**value, "bookings": value["bookings"][:60] + value["bookings"][61:]}
    found = ground(fewer, document.text, schema=schema, pages=document.pages, tables=document.tables)
    evidence = [line for path, spans in found.items() for line in evidence_lines(path, spans)]
    out = output(tmp_path, [{**record(name, fewer), "sha256": document.sha256, "evidence": evidence}])
    journal = Journal(out / "journal.sqlite")
    journal.keep_text(name, document.text)
    journal.keep_row(record(name, fewer), place=str(folder / name), settings="", run=1)
    journal.close()
    review = Run(out, schema)
    fields = {f"/{field}": text for field, text in row.items() if text is not None}
    path = f"/bookings/{len(fewer['bookings'])}"
    review.take({"document": name, "action": "missing", "path": path, "fields": fields})
    after = corrected(review)
    assert after["value"] == value
    whole = ground(value, document.text, schema=schema, pages=document.pages, tables=document.tables)
    for line in after["evidence"]:
        if line["path"].startswith("/bookings/60/"):
            assert [line] == evidence_lines(line["path"], whole[line["path"]])
            assert line["page"] is not None
