"""Word: what a reader sees, numbers of lists and notes included."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from random import Random

import pytest
from msoffcrypto.format.ooxml import OOXMLFile

from extractor.documents.numerals import letters, roman
from extractor.errors import DocumentError
from tests.documents.making import STRICT_WORD, WORD, archive, loaded, paragraph, part, relations, table, word

NUMBERING = part(
    "numbering",
    '<w:abstractNum w:abstractNumId="0">'
    '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>'
    '<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1(%2)"/></w:lvl>'
    '<w:lvl w:ilvl="2"><w:numFmt w:val="bullet"/><w:lvlText w:val="o"/></w:lvl></w:abstractNum>'
    '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    '<w:num w:numId="2"><w:abstractNumId w:val="0"/>'
    '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="7"/></w:lvlOverride></w:num>',
)


def text_of(tmp_path: Path, data: bytes) -> str:
    return loaded(tmp_path, "a.docx", data).text


def item(text: str, level: int, number: int = 1) -> str:
    return paragraph(text, f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>')


@pytest.mark.parametrize("namespace", [WORD, STRICT_WORD])
def test_paragraphs_and_tables_come_in_order(tmp_path: Path, namespace: str) -> None:
    """Transitional and strict files read alike."""
    body = paragraph("before") + table(["Item", "Price"], ["Chair", "10.00"]) + paragraph("after")
    assert (
        text_of(tmp_path, word(body, namespace=namespace))
        == "before\n\n| Item | Price |\n| --- | --- |\n| Chair | 10.00 |\n\nafter"
    )


@pytest.mark.parametrize(
    ("run", "text"),
    [
        ("<w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t>", "a\tb\nc"),
        ("<w:t>a</w:t><w:noBreakHyphen/><w:t>b</w:t><w:softHyphen/><w:t>c</w:t>", "a-bc"),
        ("<w:t>a</w:t><w:instrText>PAGE</w:instrText><w:t>b</w:t>", "ab"),
        ('<w:sym w:font="Wingdings" w:char="F0FE"/><w:t> yes</w:t>', "☑ yes"),
        ("<w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r><w:r><w:t>seen</w:t>", "seen"),
        (
            "<w:fldChar><w:ffData><w:checkBox><w:default w:val='1'/></w:checkBox></w:ffData></w:fldChar><w:t>x</w:t>",
            "☒x",
        ),
        (
            "<w:t>a</w:t></w:r><w:del><w:r><w:delText>b</w:delText></w:r></w:del><w:ins><w:r><w:t>c</w:t></w:r></w:ins><w:r>",
            "ac",
        ),
        ("<w:t>a</w:t></w:r><w:moveFrom><w:r><w:t>b</w:t></w:r></w:moveFrom><w:r>", "a"),
    ],
)
def test_runs_read_as_they_look(tmp_path: Path, run: str, text: str) -> None:
    """Tabs, breaks, symbols and boxes are seen; codes, hidden and deleted text are not."""
    assert text_of(tmp_path, word(f"<w:p><w:r>{run}</w:r></w:p>")) == text


def test_numbers_of_lists_are_counted(tmp_path: Path) -> None:
    """Clause numbers stand nowhere in the file, and in front of every clause."""
    body = item("A", 0) + item("B", 1) + item("C", 1) + item("D", 0) + item("E", 1) + item("F", 2) + item("G", 2)
    links = relations(("n", "numbering", "numbering.xml"))
    text = text_of(tmp_path, word(body + item("H", 0, 2), parts={"word/numbering.xml": NUMBERING}, links=links))
    assert text.split("\n\n") == ["1. A", "1(a) B", "1(b) C", "2. D", "2(a) E", "    - F\n    - G", "7. H"]


@pytest.mark.parametrize(("number", "label"), [(1, "a"), (26, "z"), (27, "aa"), (53, "aaa"), (0, "")])
def test_letters_count_as_word_does(number: int, label: str) -> None:
    """After z comes aa, and after zz comes aaa."""
    assert letters(number) == label


@pytest.mark.parametrize(("number", "label"), [(1, "I"), (4, "IV"), (1994, "MCMXCIV"), (0, "")])
def test_roman_numerals_count(number: int, label: str) -> None:
    """The numerals are those of the Romans."""
    assert roman(number) == label


def test_headings_are_known_by_their_style(tmp_path: Path) -> None:
    """Also by a style that is based on that of a heading, and by an outline level of their own."""
    styles = part(
        "styles",
        '<w:style w:styleId="H2"><w:name w:val="heading 2"/></w:style>'
        '<w:style w:styleId="Clause"><w:name w:val="Clause"/><w:basedOn w:val="H2"/></w:style>',
    )
    body = paragraph("A", '<w:pStyle w:val="H2"/>') + paragraph("B", '<w:pStyle w:val="Clause"/>')
    body += paragraph("C", '<w:outlineLvl w:val="0"/>') + paragraph("D", '<w:outlineLvl w:val="9"/>')
    assert text_of(tmp_path, word(body, parts={"word/styles.xml": styles})) == "## A\n\n## B\n\n# C\n\nD"


def test_merged_cells_are_repeated_where_they_reach(tmp_path: Path) -> None:
    """Each row is whole, and columns stay in line below cells that span several of them."""
    wide = f'<w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr>{paragraph("wide")}</w:tc>'
    high = '<w:tc><w:tcPr><w:vMerge w:val="{}"/></w:tcPr>' + paragraph("high") + "</w:tc>"
    cell = "<w:tc>" + paragraph("{}") + "</w:tc>"
    rows = [wide + cell.format(1), high.format("restart") + cell.format(2) + cell.format(3)]
    rows.append(high.format("continue") + cell.format(4) + cell.format(5))
    body = "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in rows) + "</w:tbl>"
    assert text_of(tmp_path, word(body)) == "| wide | wide | 1 |\n| high | 2 | 3 |\n| high | 4 | 5 |"


def test_headers_notes_and_comments_stand_around_the_text(tmp_path: Path) -> None:
    """Headers come first and once, footers last, notes under the number that calls them."""
    body = '<w:p><w:r><w:t>text</w:t><w:footnoteReference w:id="2"/></w:r></w:p>'
    note = f'<w:footnote w:id="0" w:type="separator">{paragraph("x")}</w:footnote>'
    note += f'<w:footnote w:id="2">{paragraph("a note")}</w:footnote>'
    parts: dict[str, str | bytes] = {f"word/header{n}.xml": part("hdr", paragraph("head")) for n in (1, 2)}
    parts["word/footer1.xml"] = part("ftr", paragraph("foot"))
    parts["word/footnotes.xml"] = part("footnotes", note)
    comment = f'<w:comment w:id="0" w:author="Ada">{paragraph("check this")}</w:comment>'
    parts["word/comments.xml"] = part("comments", comment)
    links = relations(
        *[("h1", "header", "header1.xml"), ("h2", "header", "header2.xml"), ("f", "footer", "footer1.xml")],
        *[("n", "footnotes", "footnotes.xml"), ("c", "comments", "comments.xml")],
    )
    blocks = text_of(tmp_path, word(body, parts=parts, links=links)).split("\n\n")
    assert blocks == ["head", "text[^1]", "foot", "[^1]: a note", "[^c1]: comment by Ada: check this"]


def test_text_boxes_are_read_once(tmp_path: Path) -> None:
    """A box that is stored for new readers and for old ones is one box."""
    box = f"<w:txbxContent>{paragraph('in the box')}</w:txbxContent>"
    choices = f"<mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback>"
    alternative = f'<mc:AlternateContent xmlns:mc="mc">{choices}</mc:AlternateContent>'
    body = f"<w:p><w:r><w:t>text</w:t>{alternative}</w:r></w:p>"
    assert text_of(tmp_path, word(body)) == "text\n\nin the box"


def test_documents_within_the_document_are_read(tmp_path: Path) -> None:
    """HTML chunks stand in place; other chunks and embedded files follow as attachments."""
    body = paragraph("before") + '<w:altChunk r:id="a"/>' + paragraph("after") + '<w:altChunk r:id="b"/>'
    links = relations(("a", "aFChunk", "a.html"), ("b", "aFChunk", "b.rtf"), ("c", "package", "c.docx"))
    parts: dict[str, str | bytes] = {"word/a.html": "<p>Total <b>42</b></p>", "word/b.rtf": r"{\rtf1 Total 43}"}
    parts["word/c.docx"] = word(paragraph("Total 44"))
    text = text_of(tmp_path, word(body, parts=parts, links=links))
    marks = ["before", "Total 42", "after", "attachment: b.rtf", "Total 43", "attachment: c.docx", "Total 44"]
    assert sorted(marks, key=text.index) == marks


def test_all_moved_text_is_shown_where_it_came_from(tmp_path: Path) -> None:
    """A document whose only words were moved away and lost still has them."""
    assert text_of(tmp_path, word("<w:p><w:moveFrom><w:r><w:t>moved</w:t></w:r></w:moveFrom></w:p>")) == "moved"


def test_what_the_file_says_of_itself_is_metadata(tmp_path: Path) -> None:
    """Title and author are told where the file tells them."""
    core = '<c xmlns:d="http://purl.org/dc/elements/1.1/"><d:title>A title</d:title><d:creator>Ada</d:creator></c>'
    document = loaded(tmp_path, "a.docx", word(paragraph("x"), parts={"docProps/core.xml": core}))
    assert document.metadata == {"format": "docx", "title": "A title", "author": "Ada"}


def test_a_password_opens_an_encrypted_file(tmp_path: Path) -> None:
    """Without it, and with a wrong one, the error says what to give."""
    locked = BytesIO()
    types = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
    ballast = Random(1).randbytes(10_000)  # the writer of the test is wrong about files under 4,096 bytes
    plain = word(paragraph("Total 42"), parts={"[Content_Types].xml": types, "word/media/x.bin": ballast})
    OOXMLFile(BytesIO(plain)).encrypt("secret", locked)
    assert loaded(tmp_path, "a.docx", locked.getvalue(), password="secret").text == "Total 42"
    for password, message in ((None, "give its password"), ("wrong", "give the right one")):
        with pytest.raises(DocumentError, match=message) as caught:
            loaded(tmp_path, "a.docx", locked.getvalue(), password=password)
        assert caught.value.kind == "encrypted"


def test_a_package_that_does_not_say_what_it_is_is_read_by_custom(tmp_path: Path) -> None:
    """Relations may be missing, and slashes may lean the other way."""
    main = f'<w:document xmlns:w="{WORD}"><w:body>{paragraph("Total 42")}</w:body></w:document>'
    assert text_of(tmp_path, archive({"word\\document.xml": main})) == "Total 42"
    with pytest.raises(DocumentError, match="no readable main part"):
        text_of(tmp_path, archive({"word/document.xml": main[:80]}))
