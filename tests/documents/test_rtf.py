"""RTF: the text among the control words."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from extractor.documents.formats.rtf import rtf_parts
from extractor.documents.tables import unmarked
from tests.documents.making import loaded, picture


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (rb"one\par two\tab three", "one\ntwo\tthree"),
        (rb"12\lbr0 34\softline 56", "12\n34\n56"),
        (rb"caf\'e9 \u8364?5 \u-10180?\u-8393?", "café €5 🌷"),
        (rb"\uc2\u8364\'45\'55 x", "€ x"),
        (rb"{\fonttbl{\f1\fcharset128 Gothic;}}\f1\'90\'bf\'8b\'81", "請求"),
        (rb"{\fonttbl{\f0 Arial;}}{\colortbl;\red0;}{\*\generator Word}{\info{\title x}}seen", "seen"),
        (rb"a{\v hidden}b{\deleted gone}c", "abc"),
        (rb'{\field{\*\fldinst HYPERLINK "http://x.y/"}{\fldrslt link}}', "link (http://x.y/)"),
        (rb'{\field{\*\fldinst HYPERLINK "http://x.y/" \\l "a"}{\fldrslt link}}', "link (http://x.y/#a)"),
        (rb'{\field{\*\fldinst HYPERLINK \\l "_Toc1"}{\fldrslt Terms}}', "Terms"),
        (rb"word{\footnote a note}", "word[^1]\n\n[^1]: a note"),
        (rb"a\{b\}\\c\~d\_e", "a{b}\\c d-e"),
        (rb"pic{\pict\bin4 }}{{}ture", "picture"),
        (rb"\trowd a\cell b\cell\row\trowd c\cell d\cell\row\pard after", "| a | b |\n| c | d |\n\nafter"),
        (
            rb"\trowd\cellx4\cellx8\pard\intbl a\par\pard\intbl\itap2 b\par c\nestcell 1\nestcell"
            rb"{\*\nesttableprops\nestrow}"
            rb"{\nonesttables\par}d\nestcell 2\nestcell{\*\nesttableprops\nestrow}\pard\intbl e\cell f\cell\row",
            "a\n\n| b c | 1 |\n| d | 2 |\ne\n\nf",
        ),
        (rb"\pard\dropcapli3\dropcapt1 T\par\pard he end\par left\column right", "The end\nleft\nright"),
        (rb"{\*\do\dobxcolumn{\dptxbx{\dptxbxtext in a box\par}}}", "in a box"),
        (rb"{\fonttbl{\f1\fcharset2 Webdings;}}{\f1 a} paid", "✔ paid"),
        (rb"}}}unbalanced{{{", "unbalanced"),
        (rb"{\upr{B?}{\*\ud{B\u322 l}}}", "Bł"),
        (rb"10{\super 6} and 4 500{\super 1} and H{\sub 2}O", "10^6 and 4 500[1] and H2O"),
        (rb"{\fonttbl{\f0 Arial;}{\f1\fcharset2 Symbol;}}5 {\f1 m}g", "5 μg"),
        (rb'{\field{\*\fldinst SYMBOL 163 \\f "Symbol"}{\fldrslt}} 8', "≤ 8"),
        (rb"{\strike 100} {\v 90}80, 10{\up6 3}", "~~100~~ 80, 10^3"),
        (rb"{\mmath{\*\moMath{\mf{\mfPr}{\mnum{\mr 1}}{\mden{\mr 12}}}}} of it", "1/12 of it"),
        (rb"{\field{\*\fldinst EQ \\s\\up8(6)}{\fldrslt}} x", "^6 x"),
        (rb"{\field{\*\fldinst EQ \\f(7,12)}{\fldrslt 7/12}} of it", "7/12 of it"),
        (rb"{\field{\*\fldinst MACROBUTTON  None [your name]}}, Lyon", "[your name], Lyon"),
        (rb"{\field{\*\fldinst EQ \\f(7,12)}} of it", "7/12 of it"),
        (
            rb"{\field{\*\fldinst HYPERLINK http://x.y/}{\fldrslt p. {\field{\*\fldinst PAGE}{\fldrslt 3}}}}",
            "p. 3 (http://x.y/)",
        ),
        (rb"\pc M\'81ller", "Müller"),
        (
            rb"{\field{\*\fldinst FORMCHECKBOX{\*\formfield{\fftype1\ffres1}}}{\fldrslt}} a "
            rb"{\field{\*\fldinst FORMCHECKBOX{\*\formfield{\fftype1\ffres25\ffdefres0}}}{\fldrslt}} b "
            rb"{\field{\*\fldinst FORMDROPDOWN{\*\formfield{\fftype2\ffres1{\*\ffl c}{\*\ffl d}}}}{\fldrslt}}",
            "☒ a ☐ b d",
        ),
        (rb"{\b\*\cs7 star within} {\*\cs7 star first}", "star within"),
        (rb"{\header head}{\headerf first}{\footer foot}body\par", "head\n\nfirst\n\nbody\n\nfoot"),
        (rb"x{\*\atnauthor Ada}{\*\annotation check}y", "x[^c1]y\n\n[^c1]: comment by Ada: check"),
        (
            rb"\trowd\trhdr\cellx200\cellx300 wide\cell C\cell\row"
            rb"\trowd\cellx100\cellx200\cellx300 1\cell 2\cell 3\cell\row",
            "| wide | wide | C |\n| --- | --- | --- |\n| 1 | 2 | 3 |",
        ),
        (
            rb"\trowd\clvmgf\cellx1\cellx2 tall\cell 1\cell\row\trowd\clvmrg\cellx1\cellx2 \cell 2\cell\row",
            "| tall | 1 |\n| tall | 2 |",
        ),
        (
            rb"\trowd\cellx200\cellx300 wide\cell C\cell\row\trowd\cellx100\cellx200\cellx300"
            rb"\itap2 n\nestcell{\*\nesttableprops\trowd\cellx50\nestrow}\itap1 1\cell 2\cell 3\cell\row",
            "| wide | wide | C |\n| --- | --- | --- |\n| n 1 | 2 | 3 |",
        ),
    ],
)
def test_control_words_read_as_they_look(body: bytes, text: str) -> None:
    """Characters, fonts, tables, notes and fields come out; what a reader would not see does not."""
    assert unmarked(rtf_parts(rb"{\rtf1\ansi\ansicpg1252 " + body + b"}").text) == text


def test_a_file_that_is_cut_off_says_so(tmp_path: Path) -> None:
    """It ends within a group; what there is of it is read."""
    document = loaded(tmp_path, "a.rtf", rb"{\rtf1\ansi Total {\b 42")
    assert (document.text, document.metadata["unread"]) == ("Total 42", ["the end of the text: the file is cut off"])
    assert "unread" not in loaded(tmp_path, "b.rtf", rb"{\rtf1\ansi Total {\b 42}}").metadata


def test_the_name_does_not_matter(tmp_path: Path) -> None:
    """Many programs call RTF a .doc."""
    document = loaded(tmp_path, "a.doc", rb"{\rtf1 Total 42}")
    assert (document.text, document.metadata["format"]) == ("Total 42", "rtf")


def test_pictures_and_objects_are_carried(tmp_path: Path) -> None:
    """A picture is shown, an embedded file is read, and a drawing that nobody shows is named."""
    data_of_picture = picture("PNG").hex().encode()
    native = b"".join(struct.pack("<I", len(word)) + word for word in (b"Odd\0", b"", b""))
    data = struct.pack("<II", 0x0501, 2) + native + struct.pack("<I", 8) + b"Total 42"
    body = (
        rb"text{\pict\pngblip "
        + data_of_picture
        + rb"}{\pict\emfblip 0102}{\object\objemb{\*\objdata "
        + data.hex().encode()
    )
    document = loaded(tmp_path, "a.rtf", rb"{\rtf1 " + body + rb"}{\result{\pict\wmetafile8 0304}}}}")
    assert [image.media_type for image in document.images] == ["image/png"]
    assert document.text.endswith("--- attachment: object ---\n\nTotal 42\n")
    assert document.metadata["unread"] == ["picture in the text.emf: a drawing in a format that is not shown"]


def test_numbers_of_lists_that_no_program_wrote_out_are_counted(tmp_path: Path) -> None:
    """The table of lists says how; where the number stands in the text already, it is not written twice."""
    level = r"{\listlevel\levelnfc%d\levelstartat%d{\leveltext\'0%d%s;}{\levelnumbers\'01;}}"
    levels = level % (0, 3, 2, r"\'00.") + level % (4, 1, 4, r"\'00.\'01)")
    table = rf"{{\*\listtable{{\list{levels}{{\listname ;}}\listid7}}}}"
    table += r"{\*\listoverridetable{\listoverride\listid7\listoverridecount0\ls1}}"
    items = (
        r"\pard\ls1\ilvl0 Desk\par\pard\ls1\ilvl1 Oak\par\pard\ls1\ilvl1 {\b Pine}\par\pard\ls1 Lamp\par\pard End\par"
    )
    document = loaded(tmp_path, "a.rtf", rf"{{\rtf1\ansi{table}{items}}}".encode())
    assert document.text.splitlines() == ["3. Desk", "3.a) Oak", "3.b) Pine", "4. Lamp", "End"]
    legal = table.replace(r"{\leveltext\'04", r"\levelnorestart1\levellegal1{\leveltext\'04")
    document = loaded(tmp_path, "c.rtf", rf"{{\rtf1\ansi{legal}{items}\pard\ls1\ilvl1 Ash\par}}".encode())
    assert document.text.splitlines() == ["3. Desk", "3.1) Oak", "3.2) Pine", "4. Lamp", "End", "4.3) Ash"]
    written = r"{\listtext\pard\plain 8.\tab}\ls1\ilvl0 Desk\par"
    assert loaded(tmp_path, "b.rtf", rf"{{\rtf1\ansi{table}{written}}}".encode()).text == "8.\tDesk"


def test_what_stands_before_the_document_is_no_text() -> None:
    """Some programs put the mark of UTF-8 there."""
    assert rtf_parts(b"\xef\xbb\xbf\r\n{\\rtf1 Total 42}").text == "Total 42"
