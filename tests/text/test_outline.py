"""Headings in every common form, and the sections that are open at a place."""

from __future__ import annotations

import pytest

from extractor.text.lines import Lines
from extractor.text.outline import find_headings, opened

BODY = "The clerk keeps the minutes of what was said there, and reads them aloud.\n\n"


def headings(text: str) -> list[str]:
    return [text[it.start : it.end].strip() for it in find_headings(Lines(text))]


@pytest.mark.parametrize(
    "heading",
    [
        "# The board",
        "### The board ###",
        "**The board**",
        "THE BOARD",
        "THE BOARD\nOF THE TOWN",
        "The board\n=========",
        "The board\n---------",
        "------------\nThe board",
        "3. The board",
        "3.1 The board",
        "IV. The board",
        "Chapter 7",
        "Annex A",
        "The board of 2024",
        "Site: Alderney",
        "第三章 合同",
        "ПРАВЛЕНИЕ ГОРОДА",
        "Das Kuratorium",
        "المجلس",
    ],
)
def test_a_heading_has_many_forms(heading: str) -> None:
    """Marked, numbered, in capitals, underlined, or a short line that stands alone."""
    assert headings(f"{BODY}{heading}\n\n{BODY}") == [heading]


@pytest.mark.parametrize(
    "line",
    [
        "A sentence that ends.",
        "“Who goes there?”",
        "and what goes on in small letters",
        "He said this and that, which led on to:",
        "- a bullet, at best",
        "A line that is rather longer than any heading would be, and says so in very many words, up to the end of it",
    ],
)
def test_other_short_lines_are_none(line: str) -> None:
    """Sentences, speech, and what leads on."""
    assert headings(f"{BODY}{line}\n\n{BODY}") == []


@pytest.mark.parametrize(
    ("text", "sections"),
    [
        ("# Book\n\n## One\n\nx.\n\n## Two\n\n### Deep\n\ny.\n", ["# Book", "## Two", "### Deep"]),
        ("# Book\n\n## One\n\n### Deep\n\nx.\n\n## Two\n\ny.\n", ["# Book", "## Two"]),
        ("PART ONE\n\n1. First\n\nx.\n\n1.1 Inner\n\nx.\n\n2. Second\n\ny.\n", ["PART ONE", "2. Second"]),
        ("PART ONE\n\nSales\n\nx.\n\nPART TWO\n\nCosts\n\ny.\n", ["PART TWO", "Costs"]),
        ("I. Kent\n\nA. Alder\n\nx.\n\nB. Birk\n\nx.\n\nC. Cole\n\ny.\n", ["I. Kent", "C. Cole"]),
        ("I. Kent\n\nA. Alder\n\nx.\n\nII. Devon\n\nA. Ashe\n\ny.\n", ["II. Devon", "A. Ashe"]),
        ("H. Kent\n\nx.\n\nI. Devon\n\ny.\n", ["I. Devon"]),
        ("County Kent\n\nSite Alder:\n\nx.\n\nSite Birk:\n\ny.\n", ["County Kent", "Site Birk:"]),
    ],
)
def test_open_sections_are_nested(text: str, sections: list[str]) -> None:
    """A heading closes those of its kind that are as deep, and all that stand under them."""
    found = find_headings(Lines(text))
    assert [text[it.start : it.end].strip() for it in opened(found)] == sections
