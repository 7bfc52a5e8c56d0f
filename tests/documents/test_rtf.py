"""RTF: the text among the control words."""

from __future__ import annotations

from pathlib import Path

import pytest

from extractor.documents.rtf import rtf_text
from tests.documents.making import loaded


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (rb"one\par two\tab three", "one\ntwo\tthree"),
        (rb"caf\'e9 \u8364?5 \u-10180?\u-8393?", "café €5 🌷"),
        (rb"\uc2\u8364\'45\'55 x", "€ x"),
        (rb"{\fonttbl{\f1\fcharset128 Gothic;}}\f1\'90\'bf\'8b\'81", "請求"),
        (rb"{\fonttbl{\f0 Arial;}}{\colortbl;\red0;}{\*\generator Word}{\info{\title x}}seen", "seen"),
        (rb"a{\v hidden}b{\deleted gone}c", "abc"),
        (rb"{\field{\*\fldinst HYPERLINK x}{\fldrslt link}}", "link"),
        (rb"word{\footnote a note}", "word [a note]"),
        (rb"a\{b\}\\c\~d\_e", "a{b}\\c d-e"),
        (rb"pic{\pict\bin4 }}{{}ture", "picture"),
        (rb"\trowd a\cell b\cell\row\trowd c\cell d\cell\row\pard after", "| a | b |\n| c | d |\n\nafter"),
        (rb"}}}unbalanced{{{", "unbalanced"),
    ],
)
def test_control_words_read_as_they_look(body: bytes, text: str) -> None:
    """Characters, fonts, tables, notes and fields come out; what a reader would not see does not."""
    assert rtf_text(rb"{\rtf1\ansi\ansicpg1252 " + body + b"}") == text


def test_the_name_does_not_matter(tmp_path: Path) -> None:
    """Many programs call RTF a .doc."""
    document = loaded(tmp_path, "a.doc", rb"{\rtf1 Total 42}")
    assert (document.text, document.metadata["format"]) == ("Total 42", "rtf")
