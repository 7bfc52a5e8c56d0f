"""Grounding: how each kind of value may be written, what must never be taken for it, and which of several places."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from extractor.documents.document import Page
from extractor.extraction.ground import Span, ground
from extractor.schema.compiler import compile_schema


def found(value: Any, text: str, **options: Any) -> dict[str, tuple[str, str]]:
    """The text and tier of each grounded leaf by pointer."""
    evidence = ground(value, text, **options)
    return {path: (text[spans[0].start : spans[0].end], spans[0].tier) for path, spans in evidence.items() if spans}


def one(value: Any, text: str, kind: Any = None) -> tuple[str, str] | None:
    """The text and tier of a single value, with the kind of its field where that is told."""
    schema = compile_schema(type("Model", (BaseModel,), {"__annotations__": {"field": kind}})) if kind else None
    return found({"field": value}, text, schema=schema).get("/field")


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        ("Tea, green", "1 Tea, green 5.00", ("Tea, green", "exact")),
        ("ACME GmbH", "by Acme\n  GmbH,", ("Acme\n  GmbH", "normalised")),
        ("office file", "the oﬃce ﬁle.", ("oﬃce ﬁle", "normalised")),
        ("ABC 123", "No: ＡＢＣ　１２３", ("ＡＢＣ　１２３", "normalised")),
        ("Straße", "STRASSE 5", ("STRASSE", "normalised")),
        ("Zoë", "by Zoe\u0308!", ("Zoe\u0308", "normalised")),
        ('the "best" one-day\'s', "the “best” one‑day’s", ("the “best” one‑day’s", "normalised")),
        ("coffee beans roasted", "Cof-\nfee beans roasted", ("Cof-\nfee beans roasted", "normalised")),
        ("well-known thing", "a well-\n   known thing", ("well-\n   known thing", "normalised")),
        ("Taman Sri Putra Satu", "TAMAN SRIPUTRA SATU", ("TAMAN SRIPUTRA SATU", "normalised")),
        ("soft hyphen", "soft hy\u00adphen", ("soft hy\u00adphen", "normalised")),
        ("Acme", "Acme® pays", ("Acme", "exact")),
        ("渋谷区", "東京都渋谷区の会社", ("渋谷区", "exact")),
        ("서울", "서울에서 만나요", ("서울", "exact")),
        ("กรุงเทพ", "ที่กรุงเทพมหานคร", ("กรุงเทพ", "exact")),
        ("Москва", "г. МОСКВА, ул.", ("МОСКВА", "normalised")),
        ("FR20 1242 1242 12", "IBAN: FR20124212 4212.", ("FR20124212 4212", "normalised")),
        ("202-225-1510", "Tel. (202) 225 1510", ("202) 225 1510", "normalised")),
        ("EUR", "Total 5 €", ("€", "normalised")),
        ("MYR", "TOTAL RM31.00", ("RM", "normalised")),
        ("2 years", "for two (2)\nyears from", ("two (2)\nyears", "normalised")),
        ("C++", "in C++, C#", ("C++", "exact")),
        (">= 0.7.3", "Patched: >= 0.7.3.", (">= 0.7.3", "exact")),
        ("Government of the Republic", "the Goverment of the Republic", ("Goverment of the Republic", "fuzzy")),
        (
            "Inspire Pharmaceuticals Inc.",
            "by Inspire Pharmaceuticals, Inc.",
            ("Inspire Pharmaceuticals, Inc.", "fuzzy"),
        ),
    ],
)
def test_text(value: str, text: str, expected: tuple[str, str]) -> None:
    """Text is found through case, spacing, forms of letters, hyphens and grouping; long text through a few mistakes."""
    assert one(value, text) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Ann", "Annual report"),
        ("Ann", "JoAnn"),
        ("5", "2025 15 5.5 1,5 A5"),
        ("A1", "A12 BA1 A1_2"),
        ("FR", "www.shop.fr it is for"),
        ("C#", "in C and C++"),
        (">= 0.7.3", "<= 0.7.3 and >= 0.7.31 and >= 0.7.3.1"),
        ("Invoice 1234 of Acme Limited", "Invoice 1235 of Acme Limited"),
        ("Goverment", "Government"),
        ("Nothing of this is there", "nothing was there of that, is this?"),
        ("123-456", "123-4567 9123-456"),
        ("1.2", "1.2.3 11.2 1.25"),
        ("", "anything"),
        ("%", "5 %"),
    ],
)
def test_text_that_is_not_there(value: str, text: str) -> None:
    """Wrong is worse than none: parts of words and numbers, other signs, other digits, short text with mistakes."""
    assert one(value, text) is None


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        (5, "5 x", "5"),
        (1234.5, "EUR 1.234,50", "1.234,50"),
        (1234.5, "$1,234.50", "1,234.50"),
        (1234567, "1 234 567 Einwohner", "1 234 567"),
        (1234567, "1'234'567", "1'234'567"),
        (1234567.25, "12,34,567.25", "12,34,567.25"),
        (1234, "1.234 Stück", "1.234"),
        (1.234, "1.234 kg", "1.234"),
        (31.0, "TOTAL RM31.00", "31.00"),
        (0.5, "0,5 l", "0,5"),
        (250, "Nougat 250g", "250"),
        (12, "the 12th district", "12th"),
        (-6192.5, "Total: (6.192,50) EUR", "(6.192,50)"),
        (-5, "refund -5", "-5"),
        (-5, "refund −$5.00", "−$5.00"),
        (-5, "refund 5.00-", "5.00-"),
        (0.07, "tax of 7 %", "7 %"),
        (7, "tax of 7 %", "7"),
        (1_200_000, "about 1.2 million people", "1.2 million"),
        (2_500_000_000, "2,5 Mrd. Euro", "2,5 Mrd"),
        (100, "１００円", "１００"),
        (2019, "on 09/01/2019", "2019"),
    ],
)
def test_numbers(value: float, text: str, expected: str) -> None:
    """Numbers are read in every convention; signs, percents and words of scale belong to them."""
    got = one(value, text)
    assert got is not None
    assert got[0] == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5, "2025 1.5 5.1 A5 5,25 5-7-9 5:30 1/5"),
        (225, "Tel. 202-225-1510"),
        (3, "3D, B3, v3.1, 1.2.3"),
        (-5, "A-5 2020-5 5"),
        (1.5, "15"),
        (1234.5, "1,23,45 1234.05"),
        (3, "13 30 33"),
        (True, "true yes 1"),
    ],
)
def test_numbers_that_are_not_there(value: float, text: str) -> None:
    """Digits of codes, dates, telephone numbers and other numbers are not a number's own."""
    assert one(value, text) is None


@pytest.mark.parametrize(
    "text",
    [
        "2025-03-01", "2025/03/01", "1.3.2025", "01.03.25", "1/3/2025", "3/1/2025", "01-03-2025", "20250301",
        "1 March 2025", "March 1, 2025", "March 1st, 2025", "1st day of March, 2025", "1st of March 2025",
        "Mar. 1, 2025",
        "1-Mar-2025", "1 MAR 25", "1. März 2025", "1er mars 2025", "1 de marzo de 2025", "1º de março de 2025",
        "1 marzo 2025", "1 maart 2025", "2025年3月1日", "2025 년 3 월 1 일", "1 marca 2025", "1\nMarch\n2025",
    ],
)  # fmt: skip
def test_dates(text: str) -> None:
    """A date is read in every common form, order and language."""
    assert one("2025-03-01", f"Issued: {text}.", date) == (text, "exact" if text == "2025-03-01" else "normalised")


def test_range_of_dates() -> None:
    """Both ends of a range are dates, with or without space between them."""
    for text in ("03/31/20-04/06/20", "03/31/20 - 04/06/20"):
        got = found({"from": "2020-03-31", "to": "2020-04-06"}, text)
        assert {path: written for path, (written, _) in got.items()} == {"/from": "03/31/20", "/to": "04/06/20"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2025-03-01", "2 March 2025, March 2025, 1 March 2024, 31/03/2025, 1.3.20251, 10.1.3.2025"),
        ("2025-03-01", "13/12/2024 and 3/1/2025"),
        ("2025-01-03", "12/31/2024 and 3/1/2025"),
        ("2025-02-30", "30 February 2025"),
    ],
)
def test_dates_that_are_not_there(value: str, text: str) -> None:
    """Other dates, version numbers, and orders that the rest of the text speaks against."""
    assert one(value, text) is None


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        ("2025-03-01T14:05:00", "on 01/03/2025 at 14:05 h", "01/03/2025 at 14:05"),
        ("2025-03-01T14:05:00Z", "2:05 PM, March 1, 2025", "2:05 PM, March 1, 2025"),
        ("2025-03-01T00:00:00", "March 1, 2025", "March 1, 2025"),
        ("2025-03-01T14:05:00", "2025-03-01T14:05:00", "2025-03-01T14:05:00"),
        ("2025-03-01T14:05:00", "01/03/2025 at 14:06", None),
    ],
)
def test_datetimes(value: str, text: str, expected: str | None) -> None:
    """A moment needs its date and its time beside each other; midnight needs only the date."""
    got = one(value, text, datetime)
    assert (got and got[0]) == expected


@pytest.mark.parametrize("text", ["14:05", "2.05 pm", "14h05", "14:05:00"])
def test_times(text: str) -> None:
    """A time of day is read on both clocks."""
    assert one("14:05:00", f"open from {text} on", time) == (text, "exact" if text == "14:05:00" else "normalised")


@pytest.mark.parametrize("text", ["4:05", "2:05 am", "114:05", "14:05:30"])
def test_times_that_are_not_there(text: str) -> None:
    """Another half of the day, another second, or a part of something longer is another time."""
    assert one("14:05:00", f"open from {text} on", time) is None


def test_kinds_come_from_the_schema() -> None:
    """A decimal in text is a number, a code of digits is not; a choice or a flag is not looked for."""

    class Item(BaseModel):
        price: Decimal
        code: str
        colour: Literal["red", "blue"]
        sold: bool

    value = {"price": "12.50", "code": "12.50", "colour": "red", "sold": True}
    got = found(value, "red true 12,5", schema=compile_schema(Item))
    assert got == {"/price": ("12,5", "normalised")}


def test_every_leaf_is_told() -> None:
    """A leaf without a place has no span, a null leaf no entry."""
    assert ground({"a": "x", "b": None, "c": [], "d": ["y"]}, "y") == {"/a": (), "/d/0": (Span(0, 1, None, "exact"),)}


def test_quotes() -> None:
    """A quote is where a choice or flag stands, and tells between the places of other values."""
    text = "Delivery: free. Price 5. Later on: Price 5, paid in full."
    value = {"paid": True, "price": 5, "terms": "gratis"}
    quotes = {"/paid": "paid in full", "/price": "Later on: price 5", "/terms": "Delivery: free"}
    got = ground(value, text, quotes=quotes)
    assert got["/paid"] == (Span(44, 56, None, "exact"),)
    assert got["/price"] == (Span(41, 42, None, "exact"),)
    assert text[got["/terms"][0].start : got["/terms"][0].end] == "Delivery: free"


def test_a_quote_that_is_not_there() -> None:
    """A quote that the text does not say is no evidence."""
    assert ground({"paid": True}, "unpaid", quotes={"/paid": "paid in full"}) == {"/paid": ()}


def test_regions() -> None:
    """A value is not looked for outside the text its part was read from."""
    text = "Tea 5 | Tea 5 | Tea 5"
    assert ground({"x": "Tea"}, text, regions={"/x": ((8, 13),)}) == {"/x": (Span(8, 11, None, "exact"),)}
    assert ground({"x": "Tea"}, text, regions={"/x": ((9, 13),)}) == {"/x": ()}


def test_pages() -> None:
    """A span tells its page; between pages there is none."""
    pages = (Page(1, 0, 4), Page(2, 5, 9))
    assert ground({"a": "one", "b": "two"}, "one \ftwo ", pages=pages) == {
        "/a": (Span(0, 3, 1, "exact"),),
        "/b": (Span(5, 8, 2, "exact"),),
    }


@pytest.mark.parametrize(
    ("text", "year"),
    [("02.03.26", 2026), ("02.03.49", 2049), ("02.03.50", 1950), ("2 March '99", 1999), ("26-03-02", 2026)],
)
def test_two_digits_of_a_year(text: str, year: int) -> None:
    """Two digits are one year, between 1950 and 2049: the same date a hundred years off is not said."""
    spans = {
        other: ground({"day": f"{other}-03-02"}, f"on {text}.")["/day"] for other in (year, year - 100, year + 100)
    }
    assert [other for other, found in spans.items() if found] == [year]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2023-05-04", "令和5年5月4日"),
        ("2019-05-01", "令和元年5月1日"),
        ("2000-03-04", "平成12年3月4日"),
        ("1926-12-25", "昭和元年12月25日"),
        ("2024-01-02", "民國113年1月2日"),
    ],
)
def test_years_of_an_era(value: str, text: str) -> None:
    """A year counted from the beginning of an era is the year that it was."""
    (span,) = ground({"day": value}, f"設立日は{text}である。")["/day"]
    assert (span.start, span.end, span.tier) == (4, 4 + len(text), "normalised")
