"""Parts of a text: joined they are the text, of about equal weight, each begun at the best place near."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.documents.document import Document, Page
from extractor.text.cuts import Places
from extractor.text.structure import Structure

PHRASES = [
    "The parties agree to the terms that follow. ",
    "合同有效期至今年年底。双方应当履行各自的义务。",
    "| 17 | Widget, large | 1,250.00 |\n",
    "2024-01-31,INV-00017,19.99,EUR\n",
    'A1;"two\nlines";9.50\n',
    "Order 17 was shipped in time.\n",
    "\n\n",
    "\r\n\r\n",
    "\n",
    "## A heading\n",
    "TERMS AND CONDITIONS\n",
    "------------\n",
    "👩‍👩‍👧🏽e\u0301 ",
    "\f",
    "x" * 90,
]
TEXTS = st.lists(st.one_of(st.sampled_from(PHRASES), st.text(max_size=12)), max_size=60).map("".join)


def parts(text: str, target: float) -> list[str]:
    return [text[start:end] for start, end in Places(Structure(text)).cut(float, target)]


@given(TEXTS, st.integers(1, 400))
def test_parts_joined_are_the_text(text: str, target: int) -> None:
    """Nothing is lost, nothing doubled, and no part is heavier than it may be."""
    found = parts(text, target)
    assert "".join(found) == text
    assert all(found)
    assert all(len(part) <= target for part in found)


@given(st.integers(5, 80), st.integers(60, 2000))
def test_parts_are_of_about_equal_weight(rows: int, target: int) -> None:
    """No crumb is left at the end: the heaviest part is at most twice the lightest, and a row."""
    text = "".join(f"2026-01-{row % 28 + 1:02};Card {row:03};{row}.50;EUR\n" for row in range(rows))
    sizes = [len(part) for part in parts(text, target)]
    assert max(sizes) <= 2 * min(sizes) + 32


TABLES = {
    "csv": "".join(f'M{n:03},"Works {n}, Sons & Co",York,{n}\n' for n in range(80)),
    "quoted": "".join(f'M{n:03},"Works {n}\nSons, and Co",York,{n}\n' for n in range(80)),
    "pipes": "| sku | sum |\n|---|---|\n" + "".join(f"| M{n:03} | {n}.50 |\n" for n in range(80)),
    "aligned": "Lot    Kind          Sum\n" + "".join(f"M{n:03}   Oak      {n:>8}\n" for n in range(80)),
    "wrapped": "Lot    Kind          Sum\n"
    + "".join(f"M{n:03}   Oak, cut {n:>8}\n       and dried\n" for n in range(80)),
    "records": "".join(f"M{n:03} was seen\n  by whom: guard {n}\n  and how: by day\n" for n in range(80)),
    "sentences": "".join(f"M{n:03} was found open by the guard.\n" for n in range(80)),
}


@pytest.mark.parametrize("kind", sorted(TABLES))
@pytest.mark.parametrize("target", [150, 333, 1000])
def test_parts_begin_at_rows(kind: str, target: int) -> None:
    """Within a table or a list of records, each part begins where a row does."""
    found = parts(TABLES[kind], target)
    assert len(found) > 1
    assert all(part.lstrip("| ").startswith("M") for part in found[1:])


def test_a_group_row_goes_with_its_rows() -> None:
    """No part ends just after a group row, nor after a header."""
    text = "Voucher  Text        Sum\n" + "".join(
        f"Centre {g}: Works\n" + "".join(f"V{g}{n:02}     Nails   {n:>8}\n" for n in range(7)) for g in range(10, 30)
    )
    for target in range(90, 600, 17):
        assert not any(part.endswith("Works\n") or part.endswith("Sum\n") for part in parts(text, target)[:-1])


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("A sentence of words. " * 400, ". "),
        ("一个完整的句子在这里。" * 400, "。"),
        ("no full stop " * 400, " "),
        ("One line of words, as long as any\nof which nothing more can be said\n" * 200, "\n"),
        ("A paragraph here.\r\n\r\nAnother one there.\r\n\r\n" * 150, "\r\n\r\n"),
        ("blank line with spaces,\n   \nfollowed by another\n   \n" * 150, "\n   \n"),
    ],
)
def test_the_strongest_boundary_at_hand_is_taken(text: str, ends: str) -> None:
    """Blank lines before lines, lines before sentences, sentences before words."""
    found = parts(text, 800)
    assert len(found) > 2
    assert all(part.endswith(ends) for part in found)


@pytest.mark.parametrize("unit", ["e\u0301", "👍🏽", "👩\u200d👧", "🇫🇷", "न\u093f", "a\ufe0f"])
def test_a_character_is_never_parted(unit: str) -> None:
    """Marks, joiners, skin tones and flags stay with what they belong to."""
    assert all(len(part) % len(unit) == 0 for part in parts(unit * 400, 50))


@pytest.mark.parametrize("heading", ["# Title", "TITLE HERE", "Title\n=====", "4. The title", "-----\nTitle"])
def test_a_heading_goes_with_what_follows(heading: str) -> None:
    """No part ends just after a heading or a rule, whatever form it has."""
    text = "".join(
        f"{heading}\n\nA paragraph " + "of plain words " * words + "ends here.\n\n" for words in (4, 9, 1) * 12
    )
    for target in range(150, 600, 31):
        assert not any(part.rstrip().endswith(heading) for part in parts(text, target)[:-1])


def test_parts_begin_with_pages_where_one_begins_near() -> None:
    """A page is a better place than a paragraph."""
    text = "".join(f"Paragraph {n} says what the one before did not.\n\n" for n in range(90))
    begins = [text.index(f"Paragraph {n} ") for n in range(0, 90, 6)]
    pages = tuple(Page(at, *span) for at, span in enumerate(pairwise([*begins, len(text)]), 1))
    document = Document(text=text, name="x", sha256="", pages=pages)
    assert {start for start, _ in Places(Structure(document)).cut(float, 700)} <= set(begins)


def test_weight_is_whatever_is_asked_for() -> None:
    """A stretch that weighs nothing is left with what does."""
    text = "Nothing counts in here.\n\n" * 50 + "This counts, and more.\n\n" * 50
    half = text.index("This counts")
    spans = Places(Structure(text)).cut(lambda offset: max(0.0, offset - half), 600)
    assert [end - max(start, half) for start, end in spans] == [600, 600]


@given(TEXTS, st.integers(20, 200), st.integers(0, 60), st.integers(0, 60))
def test_a_stretch_is_cut_by_itself(text: str, target: int, one: int, other: int) -> None:
    """From any offset to any other."""
    start, end = sorted((len(text) * one // 60, len(text) * other // 60))
    spans = Places(Structure(text)).cut(float, target, start=start, end=end)
    assert "".join(text[begin:stop] for begin, stop in spans) == text[start:end]
