"""Raised and lowered characters, and fonts of symbols."""

from __future__ import annotations

import pytest

from extractor.documents.links import with_target
from extractor.documents.scripts import Look, from_symbol_font, struck, subscript, superscript, written


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("3 × 10" + superscript("8"), "3 × 10^8"),
        ("10" + superscript("-") + superscript("9") + " s", "10^-9 s"),
        ("40 km" + superscript("2"), "40 km^2"),
        ("(a + b)" + superscript("3"), "(a + b)^3"),
        ("1 250" + superscript("2") + " EUR", "1 250[2] EUR"),
        ("99.90" + superscript("1, 2"), "99.90[1, 2]"),
        ("Total" + superscript("3"), "Total[3]"),
        ("12" + superscript("th") + " floor", "12th floor"),
        ("9 900" + superscript("*"), "9 900*"),
        ("x" + superscript("n"), "x^n"),
        ("10" + superscript("2n") + " ways, x" + superscript("n+1"), "10^2n ways, x^(n+1)"),
        ("e" + superscript("-x") + ", y" + superscript("1/2"), "e^(-x), y^(1/2)"),
        ("12" + superscript("3/4") + " in, 4 500" + superscript("1a"), "12 3/4 in, 4 500[1a]"),
        ("log" + subscript("10") + "5", "log10 5"),
        ("CO" + subscript("2"), "CO2"),
        ("7" + subscript("10"), "7_10"),
        ("plain", "plain"),
        (struck("100 ") + struck("EUR ") + "80 EUR", "~~100 EUR~~ 80 EUR"),
        ("Ver\u00adtrag\u200b", "Vertrag"),
    ],
)
def test_raised_text_never_joins_a_number(text: str, line: str) -> None:
    """Powers keep their sign, marks of notes stand in brackets, ordinals stay words, and struck text is marked."""
    assert written(text) == line


@pytest.mark.parametrize(
    ("look", "text", "line"),
    [
        (Look(), "m", "m"),
        (Look(font="Symbol, serif"), "m", "μ"),
        (Look(hidden=True, raised=1), "m", ""),
        (Look(raised=-20), "2", "_2"),
        (Look(raised=33, font="Symbol"), "m", "^μ"),
        (Look(struck=True), "m", "~~m~~"),
    ],
)
def test_a_look_changes_what_characters_say(look: Look, text: str, line: str) -> None:
    """One look serves every format: hidden, in a font of symbols, struck, raised or lowered."""
    assert written("7" + look.apply(text))[1:] == line


@pytest.mark.parametrize(
    ("text", "font", "seen"),
    [
        ("\uf061\uf0b3", "Symbol", "α≥"),
        ("D", "Symbol", "Δ"),
        ("\uf0fe", "Wingdings", "☑"),
        ("R", "Wingdings 2", "☑"),
        ("\uf0b7", "", "•"),
        ("D", "Arial", "D"),
    ],
)
def test_fonts_of_symbols_are_read_as_they_look(text: str, font: str, seen: str) -> None:
    """The same codes are other characters in other fonts."""
    assert from_symbol_font(text, font) == seen


@pytest.mark.parametrize(
    ("text", "target", "line"),
    [
        ("the form", "https://example.org/form", "the form (https://example.org/form)"),
        ("write to us", "mailto:post@example.org?subject=x", "write to us (post@example.org)"),
        ("www.example.org", "https://www.example.org/", "www.example.org"),
        ("chapter 2", "#chapter-2", "chapter 2"),
        ("here ", "https://example.org", "here (https://example.org) "),
    ],
)
def test_a_link_tells_its_target_unless_its_text_does(text: str, target: str, line: str) -> None:
    """Addresses behind words can be extracted, and are not told twice."""
    assert with_target(text, target) == line
