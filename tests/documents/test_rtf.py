"""RTF: the text among the control words."""

from __future__ import annotations

from pathlib import Path

import pytest

from extractor.documents.formats.rtf import rtf_text
from extractor.documents.tables import unmarked
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
        (rb'{\field{\*\fldinst HYPERLINK "http://x.y/"}{\fldrslt link}}', "link (http://x.y/)"),
        (rb"word{\footnote a note}", "word[^1]\n\n[^1]: a note"),
        (rb"a\{b\}\\c\~d\_e", "a{b}\\c d-e"),
        (rb"pic{\pict\bin4 }}{{}ture", "picture"),
        (rb"\trowd a\cell b\cell\row\trowd c\cell d\cell\row\pard after", "| a | b |\n| c | d |\n\nafter"),
        (rb"}}}unbalanced{{{", "unbalanced"),
    ],
)
def test_control_words_read_as_they_look(body: bytes, text: str) -> None:
    """Characters, fonts, tables, notes and fields come out; what a reader would not see does not."""
    assert unmarked(rtf_text(rb"{\rtf1\ansi\ansicpg1252 " + body + b"}")) == text


def test_the_name_does_not_matter(tmp_path: Path) -> None:
    """Many programs call RTF a .doc."""
    document = loaded(tmp_path, "a.doc", rb"{\rtf1 Total 42}")
    assert (document.text, document.metadata["format"]) == ("Total 42", "rtf")
