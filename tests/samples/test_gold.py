"""The samples: every document has a gold answer, every answer fits its schema, every span holds what it says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from extractor import load
from extractor.schema.pointer import get, leaves
from tests.kit import SAMPLES, schema_of

KINDS = {
    "contracts": "contract",
    "emails": "email_message",
    "filings": "filing",
    "invoices": "invoice",
    "purchase_orders": "purchase_order",
    "receipts": "receipt",
    "register": "bulletin",
    "resumes": "resume",
}
FEWEST = {"receipts": 14, "invoices": 6, "contracts": 3, "emails": 2, "register": 1}
SPELLED = {"two": "2", "six": "6"}
SIGNS = {"€": "EUR", "$": "USD", "C$": "CAD", "¥": "JPY"}


def lines(folder: str) -> list[dict[str, Any]]:
    text = (SAMPLES / folder / "gold.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def documents(folder: str) -> set[str]:
    return {path.name for path in (SAMPLES / folder).iterdir() if path.name != "gold.jsonl"}


def test_no_folder_is_forgotten() -> None:
    """Every folder of samples is in the table of kinds."""
    assert {path.name for path in SAMPLES.iterdir() if path.is_dir() and path.name[0] not in "_."} == set(KINDS)


@pytest.mark.parametrize("folder", KINDS)
def test_every_document_has_gold(folder: str) -> None:
    """Gold and documents name each other, one to one, in the order of names."""
    named = [line["document"] for line in lines(folder)]
    assert named == sorted(documents(folder))
    assert len(named) >= FEWEST.get(folder, 1)


@pytest.mark.parametrize("folder", KINDS)
def test_gold_fits_its_schema(folder: str) -> None:
    """Every gold value validates, is what the schema would write, and survives the way to the wire and back."""
    schema = schema_of(KINDS[folder])
    for line in lines(folder):
        value = schema.validate(line["value"])
        assert schema.dump(value) == line["value"]
        assert schema.decode(schema.encode(value)) == value


@pytest.mark.parametrize("folder", KINDS)
def test_gold_spans_hold_their_values(folder: str) -> None:
    """The text at every gold span says the value, for all that its typography may differ."""
    for line in lines(folder):
        spans = line.get("spans", {})
        text = (SAMPLES / folder / line["document"]).read_text(encoding="utf-8") if spans else ""
        for pointer, places in spans.items():
            value = get(line["value"], pointer)
            said = " ".join(text[start:end] for start, end in places)
            assert says(said, str(value)), f"{line['document']} {pointer}: {said!r} is not {value!r}"


@pytest.mark.parametrize("folder", sorted(set(KINDS) - {"emails", "filings"}))
def test_every_leaf_of_a_text_has_a_span(folder: str) -> None:
    """Where the document is plain text, each value of its gold tells where it stands."""
    for line in lines(folder):
        if not line["document"].endswith(".pdf"):
            stated = {pointer for pointer, value in leaves(line["value"]) if value is not None}
            assert set(line["spans"]) == stated


@pytest.mark.parametrize("name", sorted(name for name in documents("invoices") if name.endswith(".pdf")))
def test_pdf_invoices_say_their_gold(name: str) -> None:
    """The text read from each PDF holds its number, its sums and all of its lines."""
    text = load(SAMPLES / "invoices" / name).text
    value = next(line["value"] for line in lines("invoices") if line["document"] == name)
    wanted = [value["number"], value["subtotal"], value["total"], *(line["description"] for line in value["lines"])]
    assert [one for one in wanted if one not in text] == []


def test_mail_is_read_with_its_attachment() -> None:
    """The message with an attachment is loaded with its name and what it holds."""
    text = load(SAMPLES / "emails" / "atlas_rebinding.eml").text
    assert "shelf_marks.csv" in text
    assert "Charts of the Lesser Straits" in text


def says(said: str, value: str) -> bool:
    """Whether printed text states a value, by its letters and digits alone."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        year, _, day = value.split("-")
        return {str(int(day)), year[2:]} <= {number.lstrip("0")[-2:] for number in re.findall(r"\d+", said)}
    if re.fullmatch(r"\d{4}-\d{2}", value):
        return value[:4] in said
    bare = SIGNS.get(said, SPELLED.get(said, said))
    if re.fullmatch(r"-?\d+(\.\d+)?", value):
        return "".join(re.findall(r"\d", value)) in "".join(re.findall(r"\d", bare))
    return letters(value) in letters(bare)


def letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def test_the_makers_are_named_in_samples() -> None:
    """What a script has made can be made again: the scripts stand beside the folders."""
    assert {path.name for path in Path(SAMPLES).glob("make_*.py")} == {"make_invoices.py", "make_register.py"}
