"""What holds for every grounding: spans say their value, wherever they are and whatever surrounds them."""

from __future__ import annotations

import sys
from datetime import date
from types import FrameType
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import BaseModel

from extractor.extraction.near import align
from extractor.extraction.folding import fold
from extractor.extraction.ground import Span, ground
from extractor.schema.compiler import compile_schema

ALPHABET = "ab1 25.,-'\n\u00a0éÉßﬁ２京都“—\u0301\u00ad"
texts = st.text(ALPHABET, max_size=60)
TERMS = "Tea green Cof- fee coffee 12 1.2 1,200 1200 12. Mai 2025 2025-05-12 12/05/25 5% (5) -5 ＡＢ"
words = st.sampled_from(TERMS.split())
prose = st.lists(st.one_of(words, texts), max_size=12).map(" ".join)
values = st.one_of(
    words, st.text(ALPHABET, min_size=1, max_size=8), st.integers(-2000, 2000), st.sampled_from([1.2, -5.5, 0.05, 12.0])
)


def squeezed(text: str) -> str:
    """What normalisation leaves of a text: no case, no space, no hyphens."""
    return "".join(letter for letter in fold(text).text if letter not in " -")


def digits(text: str) -> str:
    return "".join(letter for letter in fold(text).text if letter.isdigit()).strip("0")


def says(span: Span, value: Any, text: str) -> bool:
    """Whether a span's text is the value, in its tier, by other means than grounding uses."""
    written = text[span.start : span.end]
    if span.tier == "exact":
        return written in (str(value).strip(), str(value))
    if isinstance(value, str) and span.tier == "normalised" and squeezed(written) == squeezed(value):
        return True
    if span.tier == "fuzzy":
        return align(fold(value).text, fold(written).text, most=len(value) // 8 + 1) is not None
    if isinstance(value, str) and value == "2025-05-12":
        return digits(written) in ("12052025", "1252025", "20250512", "2025512", "122025", "120525", "12525", "1225")
    return digits(written) == digits(repr(value) if isinstance(value, float) else str(value))


@given(values, prose)
def test_a_span_says_its_value(value: Any, text: str) -> None:
    """No span is ever given whose text does not come to the value."""
    for spans in ground({"field": value}, text).values():
        for span in spans:
            assert 0 <= span.start < span.end <= len(text)
            assert says(span, value, text), (text[span.start : span.end], span)


@given(st.lists(st.sampled_from(["Tea", "cup", "12", "für", "(x)", "5,00", "京都", "a-b"]), min_size=5), st.data())
def test_words_of_the_text_are_found(found: list[str], data: st.DataObject) -> None:
    """Whole words that were copied out of a text are found in it exactly."""
    first = data.draw(st.integers(0, len(found) - 3))
    value, text = " ".join(found[first : first + 3]), "field: " + " ".join(found)
    (spans,) = ground({"field": value}, text).values()
    assert [(text[span.start : span.end], span.tier) for span in spans] == [(value, "exact")]


@given(
    st.dates(date(1950, 1, 1), date(2049, 12, 31)), st.sampled_from(["%d.%m.%Y", "%Y-%m-%d", "%d %B %Y", "%B %d, %Y"])
)
def test_every_date_is_found(day: date, form: str) -> None:
    """Any day written in a common form is found whole."""
    text = f"before {day.strftime(form)} after"
    ((span,),) = ground({"field": day.isoformat()}, text).values()
    assert text[span.start : span.end] == day.strftime(form)


@given(st.integers(-(10**9), 10**9), st.sampled_from([",", ".", "'", " ", ""]))
def test_every_number_is_found(number: int, mark: str) -> None:
    """Any whole number is found with any thousands mark."""
    written = f"{number:,}".replace(",", mark)
    text = f"field {written} paid"
    ((span,),) = ground({"field": number}, text).values()
    assert text[span.start : span.end] == written


@given(texts, texts, texts)
def test_folding_keeps_places(before: str, middle: str, after: str) -> None:
    """A part of a text that folds by itself is found again at its own place in the source."""
    text = f"{before} | {middle} | {after}"
    whole, start = fold(text), len(fold(f"{before} | ").text)
    part = fold(middle.strip()).text
    assume(part and whole.text.startswith(part, start) and not part[0].isspace())
    begin, end = whole.source(start, start + len(part))
    assert fold(text[begin:end]).text == part


@given(st.text("abc", min_size=1, max_size=12), st.text("abc ", max_size=30), st.integers(0, 12))
def test_alignment_is_the_edit_distance(pattern: str, text: str, most: int) -> None:
    """The stretch that alignment finds needs as many edits as it says, and no stretch needs fewer; none is found where
    all need more than may be."""
    stretches = [text[low:high] for low in range(len(text) + 1) for high in range(low, len(text) + 1)]
    least = min(distance(pattern, one) for one in {*stretches})
    found = align(pattern, text, most=most)
    assert (found is None) == (least > most)
    if found:
        cost, start, end = found
        assert distance(pattern, text[start:end]) == cost == least


def distance(left: str, right: str) -> int:
    """Levenshtein's distance by the book."""
    row = list(range(len(right) + 1))
    for number, letter in enumerate(left, 1):
        previous, row[0] = row[0], number
        for column, other in enumerate(right, 1):
            previous, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, previous + (letter != other))
    return row[-1]


class Row(BaseModel):
    name: str
    party: str
    born: date


class Rows(BaseModel):
    rows: list[Row]
    names: list[str]


def work(rows: int, schema: Any) -> int:
    """Function calls that grounding of so many records of a text of as many lines takes."""
    years = [1910 + n % 90 for n in range(rows)]
    items = [{"name": f"Member {n}", "party": "Democrat", "born": f"{year}-05-12"} for n, year in enumerate(years)]
    text = "".join(f"{item['name']}, a Democrat, was born on 12 May {item['born'][:4]}.\n" for item in items)
    calls = 0

    def profile(_: FrameType, event: str, __: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        evidence = ground({"rows": items, "names": [item["party"] for item in items]}, text, schema=schema)
    finally:
        sys.setprofile(None)
    assert all(evidence.values())
    return calls


@pytest.mark.parametrize("schema", [None, compile_schema(Rows)])
def test_work_is_linear(schema: Any) -> None:
    """Four times the records in four times the text are about four times the work, shared values included."""
    assert work(800, schema) / work(200, schema) < 6
