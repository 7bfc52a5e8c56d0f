"""The samples: every document has a gold answer, every answer fits its schema, every span holds what it says."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path
from typing import Any

import pytest

from extractor import load
from extractor.schema.pointer import get, leaves
from tests.kit import SAMPLES, schema_of

KINDS = {
    "bank_statements": "bank_statement",
    "bulletins": "bulletin",
    "contracts": "contract",
    "credit_notes": "credit_note",
    "delivery_notes": "delivery_note",
    "email_messages": "email_message",
    "expense_reports": "expense_report",
    "filings": "filing",
    "insurance_claims": "insurance_claim",
    "invoices": "invoice",
    "job_ads": "job_ad",
    "lab_reports": "lab_report",
    "meeting_minutes": "meeting_minutes",
    "ndas": "nda",
    "payslips": "payslip",
    "purchase_orders": "purchase_order",
    "receipts": "receipt",
    "register": "bulletin",
    "resumes": "resume",
    "support_tickets": "support_ticket",
    "utility_bills": "utility_bill",
}
FEWEST = {"receipts": 14, "invoices": 6, "contracts": 3, "email_messages": 2, "register": 1}
SPELLED = {"two": "2", "five": "5", "six": "6"}
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
            passage = " ".join(text[start:end] for start, end in places)
            assert isinstance(value, bool) or says(passage, str(value)), (
                f"{line['document']} {pointer}: {passage!r} is not {value!r}"
            )


@pytest.mark.parametrize("folder", KINDS)
def test_every_leaf_of_a_text_has_a_span(folder: str) -> None:
    """Where the document is plain text, each value of its gold tells where it stands."""
    for line in lines(folder):
        if line["document"].endswith((".txt", ".md")):
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
    text = load(SAMPLES / "email_messages" / "atlas_rebinding.eml").text
    assert "shelf_marks.csv" in text
    assert "Charts of the Lesser Straits" in text


def says(passage: str, value: str) -> bool:
    """Whether printed text states a value, by its letters and digits alone."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        year, _, day = value.split("-")
        return {str(int(day)), year[2:]} <= {number.lstrip("0")[-2:] for number in re.findall(r"\d+", passage)}
    if re.fullmatch(r"\d{4}-\d{2}", value):
        return value[:4] in passage
    bare = SIGNS.get(passage, SPELLED.get(passage, passage))
    if re.fullmatch(r"-?\d+(\.\d+)?", value):
        return "".join(re.findall(r"\d", value)) in "".join(re.findall(r"\d", bare))
    return letters(value) in letters(bare)


def letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def test_the_makers_are_named_in_samples() -> None:
    """What a script has made can be made again: the scripts stand beside the folders."""
    makers = ["make_documents.py", "make_invoices.py", "make_register.py", "make_texts.py"]
    assert sorted(path.name for path in Path(SAMPLES).glob("make_*.py")) == makers


def test_the_texts_are_as_their_script_writes_them() -> None:
    """`make_texts.py` makes exactly the files that are committed."""
    for name, content in runpy.run_path(str(SAMPLES / "make_texts.py"))["write"]():
        assert (SAMPLES / name).read_text(encoding="utf-8") == content, name


FORMATS = {
    "bank_statements/guest_house.pdf": "pdf",
    "delivery_notes/timber.jpg": "jpeg",
    "expense_reports/carillon.xlsx": "xlsx",
    "insurance_claims/burst_hose.docx": "docx",
    "support_tickets/plotter.msg": "msg",
    "utility_bills/water_and_power.pdf": "pdf",
}


@pytest.mark.parametrize("name", FORMATS)
def test_the_formats_that_people_have(name: str) -> None:
    """Among the samples are a long PDF, a photo, a workbook, a letter, an Outlook message and a scan."""
    document = load(SAMPLES / name)
    assert document.metadata["format"] == FORMATS[name]
    assert bool(document.images) == name.startswith(("delivery_notes", "utility_bills")) == (not document.text)
    assert len(document.pages) >= (10 if name.startswith("bank_statements") else 0)
