"""Grounding: how each kind of value may be written, what must never be taken for it, and which of several places."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
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
    return {
        path: (text[spans[0].start : spans[0].end], spans[0].tier)
        for path, spans in evidence.items()
        if spans and spans[0].start is not None
    }


def one(value: Any, text: str, kind: Any = None) -> tuple[str, str] | None:
    """The text and tier of a single value beside its label, with the kind of its field where that is told."""
    schema = compile_schema(type("Model", (BaseModel,), {"__annotations__": {"field": kind}})) if kind else None
    return found({"field": value}, f"Field: {text}", schema=schema).get("/field")


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
        ('six "big" pots', '4,"six ""big"" pots",2', ('six ""big"" pots', "normalised")),
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
            ("Inspire Pharmaceuticals, Inc.", "normalised"),
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
        (38, "in 38ms", "38"),
        (14, "14days", "14"),
        (12, "the 12th district", "12th"),
        (-6192.5, "Total: (6.192,50) EUR", "(6.192,50)"),
        (-5, "refund -5", "-5"),
        (-5, "refund −$5.00", "−$5.00"),
        (-5, "refund 5.00-", "5.00-"),
        (-5, "refund 5.00 DR", "5.00 DR"),
        (0.07, "tax of 7 %", "7 %"),
        (7, "tax of 7 %", "7"),
        (1_200_000, "about 1.2 million people", "1.2 million"),
        (2_500_000_000, "2,5 Mrd. Euro", "2,5 Mrd"),
        (100, "１００円", "１００"),
        (2019, "on 09/01/2019", "2019"),
        (1204, "1,204² inhabitants", "1,204"),
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
        "1° marzo 2025", "2025. március 1", "2025-Mar-01", "二〇二五年三月一日", "1 tháng 3 năm 2025", "1 Μαρτίου 2025",
        "1. března 2025", "1 березня 2025", "1 במרץ 2025", "1 মার্চ 2025", "1. ožujka 2025",
    ],
)  # fmt: skip
def test_dates(text: str) -> None:
    """A date is read in every common form, order and language."""
    assert one("2025-03-01", f"Issued: {text}.", date) == (text, "exact" if text == "2025-03-01" else "normalised")


def test_figures_in_cells_between_commas() -> None:
    """The cells of a table are told apart by its commas, also where two of them could be one number."""
    rows = [("K17", "2024-08-11", "135.15"), ("K18", "2024-08-12", "1,200.50"), ("K19", "2024-09-01", "9.00")]
    text = "ref,when,sum\n" + "".join(
        f'{ref},{when},"{money}"\n' if "," in money else f"{ref},{when},{money}\n" for ref, when, money in rows
    )
    value = [{"ref": ref, "when": when, "sum": float(money.replace(",", ""))} for ref, when, money in rows]
    assert {path: written for path, (written, _) in found(value, text).items()} == {
        f"/{row}/{name}": cell
        for row, cells in enumerate(rows)
        for name, cell in zip(("ref", "when", "sum"), cells, strict=True)
    }


def test_items_in_an_order_of_their_own() -> None:
    """Items that share a value, listed in another order than the text has, stand where their own values do."""
    barn, boat = "The insurance of the barn covers 110 euros.", "The boat covers 120 euros."
    crew = "The crew covers 130 euros."
    value = [{"category": "Insurance", "text": text} for text in (crew, boat, barn)]
    texts = {path: written for path, (written, _) in found(value, f"{barn} {boat} {crew}").items() if "text" in path}
    assert texts == {"/0/text": crew, "/1/text": boat, "/2/text": barn}


@pytest.mark.parametrize("name", ["{}", "{}, green", "No. {}"])
def test_decimal_commas_in_lines_that_look_like_cells(name: str) -> None:
    """Lines with as many decimal commas as one another are no CSV."""
    rows = [("1", "2,40", "2,40"), ("2", "0,20", "0,40"), ("3", "1.250,00", "3.750,00"), ("4", "7,50", "30,-")]
    names = [name.format(index) for index in range(11, 15)]
    text = "".join(f"{item} {' € '.join(row)}\n" for item, row in zip(names, rows, strict=True))
    value = [
        {"count": int(count), "price": float(price.replace(".", "").replace(",", "."))} for count, price, _ in rows
    ]
    assert {path: written for path, (written, _) in found(value, text).items()} == {
        f"/{at}/{field}": row[column] for at, row in enumerate(rows) for column, field in enumerate(("count", "price"))
    }


@pytest.mark.parametrize("stretch", ["id,name,born,lat,lon", "2,Ann Hale,1978,60.4,5", "Ann Hale,1978", "60.4,5"])
def test_text_over_cells_between_commas(stretch: str) -> None:
    """A line of CSV, or several of its cells, is there as it is printed."""
    text = "id,name,born,lat,lon\n1,Tim Fox,1981,59.9,10\n2,Ann Hale,1978,60.4,5\n3,Eva Ruiz,1990,63.4,10\n"
    assert found({"line": stretch}, text) == {"/line": (stretch, "exact")}


@pytest.mark.parametrize("text", ["10 set 2025", "10 set. 2025", "10/set/2025", "10 de set de 2025", "10-set-25"])
def test_short_names_of_months_stand_behind_the_day(text: str) -> None:
    """A short name that is a word of another language names a month where its own language has it."""
    assert one("2025-09-10", f"as of {text} on", date) == (text, "normalised")


@pytest.mark.parametrize("text", ["03/2025", "3.2025", "March 2025", "Mar. 2025", "2025-03"])
def test_months(text: str) -> None:
    """A month of a year is found in figures and by name, and is no day."""
    assert one("2025-03", f"from {text} on") == (text, "exact" if text == "2025-03" else "normalised")
    assert one("2025-03-01", f"from {text} on") is None


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
        ("2024-10-05", "out 5 2024, in 2024 out 5, 5 out of 2024, the 5th out 2024"),
        ("2025-09-10", "set 10 2025 mm, set 10, and a set of 10"),
        ("2025-09", "a set of 2025 stamps"),
    ],
)
def test_dates_that_are_not_there(value: str, text: str) -> None:
    """Other dates, version numbers, orders that the rest of the text speaks against, and words that are short names of
    months in other languages, such as `out` and `set`."""
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
    """A decimal in text is a number, a code of digits is not; a choice or a flag need not be printed."""

    class Item(BaseModel):
        price: Decimal
        code: str
        colour: Literal["red", "blue"]
        sold: bool

    value = {"price": "12.50", "code": "12.50", "colour": "red", "sold": True}
    schema, choice = compile_schema(Item), (Span(None, None, None, "choice"),)
    assert ground(value, "for 12,5", schema=schema) == {
        "/price": (Span(4, 8, None, "normalised"),),
        "/code": (),
        "/colour": choice,
        "/sold": choice,
    }
    assert found(value, "Colour: Red", schema=schema) == {"/colour": ("Red", "normalised")}


def test_every_leaf_has_an_entry() -> None:
    """A leaf without a place has no span, a null leaf no entry."""
    value = {"a": "quince", "b": None, "c": [], "d": ["lemon"]}
    assert ground(value, "lemon") == {"/a": (), "/d/0": (Span(0, 5, None, "exact"),)}


def test_quotes() -> None:
    """A quote is where a choice or flag stands, and tells between the places of other values."""
    text = "Delivery: free. Price 5. Later on: Price 5, paid in full."
    value = {"paid": True, "price": 5, "terms": "gratis"}
    quotes = {"/paid": "paid in full", "/price": "Later on: price 5", "/terms": "Delivery: free"}
    got = ground(value, text, quotes=quotes)
    assert got["/paid"] == (Span(44, 56, None, "exact"),)
    assert got["/price"] == (Span(41, 42, None, "exact"),)
    assert found(value, text, quotes=quotes)["/terms"] == ("Delivery: free", "exact")


def test_a_quote_that_is_not_there() -> None:
    """A quote that the text does not say is no evidence."""
    assert found({"paid": True}, "unpaid", quotes={"/paid": "paid in full"}) == {}


def test_pages() -> None:
    """A span tells its page; between pages there is none."""
    pages = (Page(1, 0, 6), Page(2, 7, 13))
    assert ground({"a": "lemon", "b": "quince"}, "lemon \fquince", pages=pages) == {
        "/a": (Span(0, 5, 1, "exact"),),
        "/b": (Span(7, 13, 2, "exact"),),
    }


def test_pictures() -> None:
    """What a picture says has its page, unless the text says it as well; the nearest pointer above a leaf counts."""
    value = {"total": "12.50", "rows": [{"what": "lemon"}, {"what": "quince"}]}
    assert ground(value, "lemon", pictures={"": (1,), "/rows/1": (2,)}) == {
        "/total": (Span(None, None, 1, "page"),),
        "/rows/0/what": (Span(0, 5, None, "exact"),),
        "/rows/1/what": (Span(None, None, 2, "page"),),
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (7, "Lot 7, Harbour Road"),
        (12, "12 March 2026"),
        ("No", "No. 5, no smoking"),
        (40, "the 40 thieves"),
    ],
)
def test_a_lone_figure_or_short_word_is_no_evidence(value: Any, text: str) -> None:
    """What says little by itself needs its label near."""
    assert found({"quantity": value}, text) == {}
    assert found({"quantity": value}, f"Quantity: {value}") == {"/quantity": (str(value), "exact")}


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        (12.5, "المبلغ ١٢٫٥٠ ريال", "١٢٫٥٠"),
        (1234567, "مبلغ ١٬٢٣٤٬٥٦٧", "١٬٢٣٤٬٥٦٧"),
        (1250.75, "मूल्य १,२५०.७५", "१,२५०.७५"),
        (980.5, "ราคา ๙๘๐.๕๐ บาท", "๙๘๐.๕๐"),
        (4500, "مبلغ ۴۵۰۰", "۴۵۰۰"),
        (4500, "合計４，５００円", "４，５００"),
        (125000, "the sum of one hundred twenty-five thousand euros", "one hundred twenty-five thousand"),
        (35, "fünfunddreißig Stück", "fünfunddreißig"),
        (97, "quatre-vingt-dix-sept pièces", "quatre-vingt-dix-sept"),
        (3520, "三千五百二十円", "三千五百二十"),
        (5, "2026-01-01,tea,5,210,1050", "5"),
    ],
)
def test_numbers_in_other_notations(value: float, text: str, expected: str) -> None:
    """Digits of every script, numbers in words of any size, and figures in cells between commas."""
    got = one(value, text)
    assert got == (expected, "exact" if expected == str(value) else "normalised")


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        ("P30D", "within thirty (30) days of", "thirty (30) days"),
        ("P6M", "for six (6) months", "six (6) months"),
        ("P1Y", "eine Laufzeit von zwölf Monaten", "zwölf Monaten"),
        ("P1Y6M", "one year and six months after", "one year and six months"),
        ("30 days", "a 30-day notice", "30-day"),
        ("2 weeks", "vierzehn Tage", "vierzehn Tage"),
        ("PT36H", "dans les trente-six heures", "trente-six heures"),
        ("P45D", "45日間", "45日間"),
    ],
)
def test_lengths_of_time(value: str, text: str, expected: str) -> None:
    """A length of time is found in figures, in words and in both, in the unit that the text counts in."""
    assert one(value, text, timedelta if value.startswith("P") else None) == (expected, "normalised")


@pytest.mark.parametrize("text", ["31 days", "thirty months", "1 month", "30 June", "130 days"])
def test_lengths_of_time_that_are_not_there(text: str) -> None:
    """Another number or another unit is another length, and a month has no certain number of days."""
    assert one("P30D", text, timedelta) is None


@pytest.mark.parametrize("margin", ["", " ", "    "])
def test_a_text_in_a_column_of_its_own(margin: str) -> None:
    """An address that goes on under itself, beside another, has a span on each of its lines, indented or not."""
    lines = ("Seller                Buyer", "9 Quay Street         14 Mill Lane", "Bristol BS1 4QA       Leeds LS2 8AA")
    text = "".join(f"{margin}{line}\n" for line in lines)
    value = {"seller": "9 Quay Street, Bristol BS1 4QA", "buyer": "14 Mill Lane, Leeds LS2 8AA"}
    got = ground(value, text)
    assert [text[one.start : one.end] for one in got["/seller"]] == ["9 Quay Street", "Bristol BS1 4QA"]
    assert [text[one.start : one.end] for one in got["/buyer"]] == ["14 Mill Lane", "Leeds LS2 8AA"]
    assert {one.tier for spans in got.values() for one in spans} == {"normalised"}


def test_texts_that_go_on_in_the_rows_of_a_column() -> None:
    """A cell that goes on below it is found in its own row, however many cells begin alike, behind a figure too."""
    text = "".join(f"{n:>3} Oak board {n} planed on{n:>8}.50\n    all four sides\n" for n in range(1, 31))
    value = [{"item": f"Oak board {n} planed on all four sides"} for n in range(1, 31)]
    for n, spans in enumerate(ground(value, text).values(), 1):
        assert [text[one.start : one.end] for one in spans] == [f"Oak board {n} planed on", "all four sides"]


def test_a_text_over_two_lines() -> None:
    """The comma that joins two lines in a value is no mistake."""
    assert one("9 Quay Street, Bristol BS1 4QA", "at 9 Quay Street\nBristol BS1 4QA") == (
        "9 Quay Street\nBristol BS1 4QA",
        "normalised",
    )


def test_labels() -> None:
    """Of equal amounts, each field takes the one that its name stands before; a header stands above its column."""
    text = "Total  47.00    Paid 47.00\n\nTax      Net\n 9.00   38.00\n"
    got = ground({"paid": 47.0, "total": 47.0, "net": 38.0}, text)
    assert {path: spans[0].start for path, spans in got.items()} == {
        "/paid": text.rindex("47.00"),
        "/total": text.index("47.00"),
        "/net": text.index("38.00"),
    }


def test_a_whole_number_is_no_amount() -> None:
    """An integer does not take the place of the same amount with decimals, labelled or not, where it stands whole."""

    class Order(BaseModel):
        quantity: int
        price: Decimal

    value, schema = {"quantity": 12, "price": "12.00"}, compile_schema(Order)
    assert found(value, "Menge 12 Stück\nPreis 12,00", schema=schema) == {"/price": ("12,00", "normalised")}
    assert found(value, "Quantity 12\nPreis 12,00", schema=schema)["/quantity"] == ("12", "exact")


def test_a_unit_behind_a_number_is_its_label() -> None:
    """The word behind a figure may be the name of its field, if no other place has the label before it."""
    text = "Baked for 35 minutes, at 180 °C\n\nby a baker of 35 years"
    assert ground({"minutes": 35, "grams": 180}, text) == {"/minutes": (Span(10, 12, None, "exact"),), "/grams": ()}


def test_a_number_of_a_row_is_not_a_total() -> None:
    """A sum that is nowhere printed is no evidence, though a row says the same number."""
    text = "Tea  green   5.00\nCup  white   7.00\n"
    rows = [{"what": "Tea", "kind": "green", "price": 5.0}, {"what": "Cup", "kind": "white", "price": 7.0}]
    got = ground({"rows": rows, "average": 7.0, "sum": 12.0}, text)
    assert got["/average"] == got["/sum"] == ()
    assert all(spans for path, spans in got.items() if path.startswith("/rows"))


def test_a_total_is_not_the_row_of_the_same_amounts() -> None:
    """A total that stands below its row, and not right below the header, is found there."""
    text = "Item     Net    Gross\nLamp   10.00    12.00\nTotal  10.00    12.00\n"
    rows = [{"item": "Lamp", "net": 10.0, "gross": 12.0}]
    got = ground({"rows": rows, "net": 10.0, "gross": 12.0}, text)
    assert {path: text.count("\n", 0, spans[0].start) for path, spans in got.items()} == {
        **dict.fromkeys(("/rows/0/item", "/rows/0/net", "/rows/0/gross"), 1),
        **dict.fromkeys(("/net", "/gross"), 2),
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


def test_cells_between_commas() -> None:
    """A figure with its sign, and a text that ends in a digit, end at a comma where the run can be no number."""
    text = "halt,change,balance,share\nHalt 007,-4.50,115.50,3%\nHalt 008,3.50,1,7%\n"
    rows = [{"halt": "Halt 007", "change": -4.5, "share": 0.03}, {"halt": "Halt 008", "change": 3.5, "share": 0.07}]
    found = {path: text[span.start : span.end] for path, (span,) in ground({"rows": rows}, text).items()}
    assert list(found.values()) == ["Halt 007", "-4.50", "3%", "Halt 008", "3.50", "7%"]


DITTO = {
    "aligned": ("Lot   Wood    Kilos\n", "{:<6}{:<8}{:>5}\n"),
    "pipes": ("| Lot | Wood | Kilos |\n| --- | --- | --- |\n", "| {} | {} | {} |\n"),
    "commas": ("Lot,Wood,Kilos\n", "{},{},{}\n"),
}


@pytest.mark.parametrize("form", DITTO)
@pytest.mark.parametrize("mark", ["ditto", "do.", "〃", "-", "", "idem"])
def test_a_row_that_repeats_the_one_above(form: str, mark: str) -> None:
    """What a ditto mark or an empty cell stands for is found in the row above that says it."""
    header, line = DITTO[form]
    woods = ["Oak", "Oak", "Oak", "Larch", "Larch", "Oak"]
    texts = ["Oak", mark, mark, "Larch", mark, "Oak"]
    text = header + "".join(line.format(f"L{n}", wood, 300 + n) for n, wood in enumerate(texts))
    rows = [{"lot": f"L{n}", "wood": wood, "kilos": 300 + n} for n, wood in enumerate(woods)]
    found = ground({"rows": rows}, text)
    above = [
        text.rindex("L", 0, spans[0].start) if spans else None for spans in (found[f"/rows/{n}/wood"] for n in range(6))
    ]
    at = {n: text.index(f"L{n}") for n in range(6)}
    assert above == [at[0], at[0], at[0], at[3], at[3], at[5]]


@pytest.mark.parametrize("cell", ["12", "n/a", "-"])
def test_a_number_or_a_word_for_absence_is_no_ditto_mark(cell: str) -> None:
    """Numbers that the rows contradict are not found in the rows above, though several cells have the same text."""
    kilos = ["300", cell, "400", cell]
    text = "Lot,Kilos\n" + "".join(f"Lot {n} oak,{each}\n" for n, each in enumerate(kilos))
    rows = [{"lot": f"Lot {n} oak", "kilos": number} for n, number in enumerate([300, 300, 400, 400])]
    found = ground({"rows": rows}, text)
    assert [bool(found[f"/rows/{n}/kilos"]) for n in range(4)] == [True, False, True, False]


@pytest.mark.parametrize("form", DITTO)
def test_a_value_of_the_next_row_of_a_table_is_no_evidence(form: str) -> None:
    """A row of a table is of one item: a value that the model took from another row is not found there."""
    header, line = DITTO[form]
    lots = [("Lot 6", "Oak", 112), ("Lot 7", "Larch", 114), ("Lot 8", "Elm", 115), ("Lot 9", "Ash", 116)]
    text = header + "".join(line.format(*lot) for lot in lots)
    rows = [dict(zip(("lot", "wood", "kilos"), lot, strict=True)) for lot in lots]
    for name in ("lot", "wood", "kilos"):
        swapped = [{**rows[0], name: rows[1][name]}, {**rows[1], name: rows[0][name]}, *rows[2:]]
        found = ground({"rows": swapped}, text)
        wrong = [path for path, spans in found.items() if path in (f"/rows/0/{name}", f"/rows/1/{name}") and spans]
        assert not wrong
        assert all(found[f"/rows/{n}/{other}"] for n in (2, 3) for other in rows[0])


def test_a_line_of_one_record_is_no_group_row_of_the_next() -> None:
    """A value on a line of its own in a record is not found there for the record below, which has another."""
    guests = [("Anneliese", 40), ("Bobby Brown", 55), ("Cemile", 60)]
    text = "".join(f"Room {12 + n}\n{name}\n{paid}.00 EUR\n\n" for n, (name, paid) in enumerate(guests))
    rows = [{"room": 12 + n, "name": name, "paid": paid} for n, (name, paid) in enumerate(guests)]
    rows[1]["paid"] = 40
    found = ground({"rows": rows}, text)
    assert [bool(found[f"/rows/{n}/paid"]) for n in range(3)] == [True, False, True]


def test_another_word_in_the_cell_is_no_ditto_mark() -> None:
    """A value that a row contradicts is not found in the row above."""
    text = "Lot   Wood    Kilos\nL0    Oak       300\nL1    Elm       301\nL2    Ash       302\n"
    rows = [{"lot": f"L{n}", "wood": "Oak", "kilos": 300 + n} for n in range(3)]
    found = ground({"rows": rows}, text)
    assert [bool(found[f"/rows/{n}/wood"]) for n in range(3)] == [True, False, False]
