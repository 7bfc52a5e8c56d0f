"""Word: what a reader sees, numbers of lists and notes included."""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path
from random import Random

import pytest
from msoffcrypto.format.ooxml import OOXMLFile

from extractor.documents.numerals import letters, numeral, roman
from extractor.errors import DocumentError
from tests.documents.making import (
    STRICT_WORD,
    WORD,
    archive,
    loaded,
    ole,
    paragraph,
    part,
    picture,
    relations,
    table,
    word,
)

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
        ("<w:t>a</w:t></w:r><w:moveFrom><w:r><w:t>b</w:t></w:r></w:moveFrom><w:r>", "a~~b~~"),
        (
            "<w:t>2</w:t></w:r><w:oMath><w:f><w:num><w:r><w:t>1</w:t></w:r></w:num><w:den><w:r><w:t>12</w:t></w:r></w:den>"
            "</w:f></w:oMath><w:r><w:t> in</w:t>",
            "2 1/12 in",
        ),
        (
            "<w:fldChar w:fldCharType='begin'/><w:instrText>IF </w:instrText></w:r>"
            "<w:r><w:fldChar w:fldCharType='begin'/><w:instrText>MERGEFIELD x</w:instrText></w:r>"
            "<w:r><w:fldChar w:fldCharType='separate'/></w:r><w:r><w:t>900</w:t></w:r>"
            "<w:r><w:fldChar w:fldCharType='end'/></w:r><w:r><w:instrText> &gt; 1 a b</w:instrText></w:r>"
            "<w:r><w:fldChar w:fldCharType='separate'/></w:r><w:r><w:t>a</w:t></w:r>"
            "<w:r><w:fldChar w:fldCharType='end'/>",
            "a",
        ),
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


def test_levels_of_lists_follow_their_rules(tmp_path: Path) -> None:
    """Legal numbers are figures, a level restarts where it says so, and styles and single lists name levels."""
    level = '<w:lvl w:ilvl="{}"><w:start w:val="1"/><w:numFmt w:val="{}"/>{}<w:lvlText w:val="{}"/></w:lvl>'
    levels = level.format(0, "upperRoman", '<w:pStyle w:val="Part"/>', "%1.")
    levels += level.format(1, "decimal", '<w:pStyle w:val="Clause"/><w:isLgl/>', "%1.%2")
    levels += level.format(2, "decimal", '<w:lvlRestart w:val="0"/>', "(%3)")
    other = level.format(0, "lowerLetter", "", "%1)").replace('w:start w:val="1"', 'w:start w:val="4"')
    numbering = f'<w:abstractNum w:abstractNumId="0">{levels}</w:abstractNum>'
    numbering += (
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="0"/>'
    )
    numbering += f'<w:lvlOverride w:ilvl="0">{other}</w:lvlOverride></w:num>'
    style = '<w:style w:styleId="{}"><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
    parts: dict[str, str | bytes] = {
        "word/numbering.xml": part("numbering", numbering),
        "word/styles.xml": part("styles", style.format("Part") + style.format("Clause")),
    }
    named = [paragraph(name, f'<w:pStyle w:val="{name}"/>') for name in ("Part", "Clause", "Part", "Clause")]
    body = named[0] + named[1] + item("deep", 2) + named[2] + named[3] + item("deep", 2) + item("else", 0, 2)
    text = text_of(tmp_path, word(body, parts=parts, links=relations(("n", "numbering", "numbering.xml"))))
    assert text.split("\n\n") == ["I. Part", "1.1 Clause", "(1) deep", "II. Part", "2.1 Clause", "(2) deep", "c) else"]


def test_a_style_of_characters_switches_off_what_that_of_the_paragraph_switches_on(tmp_path: Path) -> None:
    """Both hide text, so text that has both is seen; a paragraph without a style has the standard one."""
    hide = "<w:rPr><w:vanish/></w:rPr>"
    styles = f'<w:style w:type="paragraph" w:default="1" w:styleId="N">{hide}</w:style>'
    styles += f'<w:style w:type="character" w:styleId="C">{hide}</w:style>'
    body = paragraph("hidden") + '<w:p><w:r><w:rPr><w:rStyle w:val="C"/></w:rPr><w:t>seen</w:t></w:r></w:p>'
    assert text_of(tmp_path, word(body, parts={"word/styles.xml": part("styles", styles)})) == "seen"


def test_a_paragraph_whose_end_is_deleted_runs_into_the_next(tmp_path: Path) -> None:
    """What is split in the file by a tracked change is one paragraph once that is accepted."""
    deleted = '<w:rPr><w:del w:id="1"/></w:rPr>'
    body = paragraph("No. 45", deleted) + paragraph("67 of May") + paragraph("last", deleted)
    assert text_of(tmp_path, word(body)) == "No. 4567 of May\n\nlast"
    assert text_of(tmp_path, word(body + '<w:bookmarkEnd w:id="3"/><w:sectPr><w:cols/></w:sectPr>')).endswith("last")
    body = paragraph("before", deleted) + table(["a", "b"], ["c", "d"]) + paragraph("after")
    assert text_of(tmp_path, word(body)).startswith("before\n\n| a |")


def test_words_that_are_drawn_across_a_page_stand_apart(tmp_path: Path) -> None:
    """They belong to no paragraph, although one holds them."""
    drawn = '<w:pict><v:shape xmlns:v="v"><v:textpath string="DRAFT"/></v:shape></w:pict>'
    body = f"<w:p><w:r><w:t>Offer 42</w:t></w:r><w:r>{drawn}</w:r></w:p>"
    assert text_of(tmp_path, word(body)) == "Offer 42\n\nDRAFT"


def test_a_first_letter_that_is_set_large_is_part_of_its_word(tmp_path: Path) -> None:
    """It is a paragraph of its own in the file."""
    dropped = '<w:framePr w:dropCap="{}" w:lines="3"/>'
    body = paragraph("T", dropped.format("drop")) + paragraph("his") + paragraph("A", dropped.format("none"))
    assert text_of(tmp_path, word(body + paragraph("box"))) == "This\n\nA\n\nbox"


@pytest.mark.parametrize(
    ("number", "form", "text"),
    [
        *((1, "а", "а"), (10, "А", "К"), (30, "а", "аа"), (3, "①", "③"), (21, "①", "21"), (7, "01", "07")),
        *((1, "一", "一"), (10, "一", "十"), (19, "一", "十九"), (20, "一", "二十"), (100, "一", "100")),
        *((4, "i", "iv"), (2, "A, B, C, ...", "B")),
    ],
)
def test_numbers_of_lists_have_the_form_of_their_specimen(number: int, form: str, text: str) -> None:
    """Letters, numerals and figures of several scripts; what a form cannot count is in figures."""
    assert numeral(number, form) == text


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
    across = body.replace('<w:gridSpan w:val="2"/>', '<w:hMerge w:val="restart"/>')
    across = across.replace(
        "wide</w:t></w:r></w:p></w:tc>", "wide</w:t></w:r></w:p></w:tc><w:tc><w:tcPr><w:hMerge/></w:tcPr></w:tc>"
    )
    assert text_of(tmp_path, word(across)) == text_of(tmp_path, word(body))


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
    del parts["word/a.html"]
    document = loaded(tmp_path, "b.docx", word(body.replace('"b"', '"x"'), parts=parts, links=links))
    assert document.metadata["unread"] == ["a.html: it is not in the file", "a part of the text: it is not in the file"]


def test_words_that_were_moved_and_lost(tmp_path: Path) -> None:
    """Moved words stand where they went to; if nothing arrived there, they are struck where they came from."""
    came = "<w:moveFrom><w:ins><w:r><w:t>No. 7</w:t></w:r></w:ins></w:moveFrom>"
    for went, expected in (("<w:t>No. 7</w:t>", "No. 7"), ("<w:delText>.</w:delText>", "~~No. 7~~")):
        body = f"<w:p>{came}</w:p><w:p><w:moveTo><w:r>{went}</w:r></w:moveTo></w:p>"
        assert text_of(tmp_path, word(body)) == expected


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


def test_a_file_that_opens_without_asking_is_read(tmp_path: Path) -> None:
    """Office protects some files with a password that everyone has, whatever password other files of a folder have."""
    locked = BytesIO()
    types = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
    ballast = Random(1).randbytes(10_000)
    plain = word(paragraph("Total 42"), parts={"[Content_Types].xml": types, "word/media/x.bin": ballast})
    OOXMLFile(BytesIO(plain)).encrypt("VelvetSweatshop", locked)
    for password in (None, "of another file"):
        assert loaded(tmp_path, "a.docx", locked.getvalue(), password=password).text == "Total 42"


def test_a_package_that_does_not_say_what_it_is_is_read_by_custom(tmp_path: Path) -> None:
    """Relations may be missing, and slashes may lean the other way."""
    main = f'<w:document xmlns:w="{WORD}"><w:body>{paragraph("Total 42")}</w:body></w:document>'
    assert text_of(tmp_path, archive({"word\\document.xml": main})) == "Total 42"
    with pytest.raises(DocumentError, match="no readable main part"):
        text_of(tmp_path, archive({"word/document.xml": main[:80]}))


@pytest.mark.parametrize(
    ("run", "text"),
    [
        ("<w:rPr><w:vanish w:val='0'/></w:rPr><w:t>seen</w:t>", "seen"),
        ("<w:rPr><w:vanish w:val='true'/></w:rPr><w:t>hidden</w:t></w:r><w:r><w:t>seen</w:t>", "seen"),
        ("<w:t>10</w:t></w:r><w:r><w:rPr><w:vertAlign w:val='superscript'/></w:rPr><w:t>6</w:t>", "10^6"),
        ("<w:t>4 500</w:t></w:r><w:r><w:rPr><w:vertAlign w:val='superscript'/></w:rPr><w:t>1</w:t>", "4 500[1]"),
        ("<w:t>k</w:t><w:sym w:font='Symbol' w:char='F057'/>", "kΩ"),
        ("<w:sym w:font='MS Gothic' w:char='2610'/><w:t> no</w:t>", "☐ no"),
        ("<w:rPr><w:rFonts w:ascii='Symbol'/></w:rPr><w:t>m</w:t>", "μ"),
        ("<w:rPr><w:strike/><w:dstrike w:val='0'/></w:rPr><w:t>100</w:t></w:r><w:r><w:t> 80</w:t>", "~~100~~ 80"),
        ("<w:t>10</w:t></w:r><w:r><w:rPr><w:position w:val='6'/></w:rPr><w:t>3</w:t>", "10^3"),
        (
            "<w:fldChar w:fldCharType='begin'/></w:r><w:r><w:instrText>EQ \\f(1,12)</w:instrText></w:r>"
            "<w:r><w:fldChar w:fldCharType='end'/></w:r><w:r><w:t> of it</w:t>",
            "1/12 of it",
        ),
        (
            "<w:fldChar w:fldCharType='begin'/></w:r><w:r><w:instrText>EQ \\f(7,12)</w:instrText></w:r>"
            "<w:r><w:fldChar w:fldCharType='separate'/></w:r><w:r><w:t xml:space='preserve'> </w:t></w:r>"
            "<w:r><w:fldChar w:fldCharType='end'/></w:r><w:r><w:t> of it</w:t>",
            "7/12 of it",
        ),
        ("<w:fldSimple w:instr=' SYMBOL 163 \\f \"Symbol\" '/></w:r><w:r><w:t> 8</w:t>", "≤ 8"),
        (
            "<w:ruby><w:rt><w:r><w:t>above</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>base</w:t></w:r></w:rubyBase></w:ruby>",
            "base",
        ),
        (
            "<w:fldChar w:fldCharType='begin'/></w:r><w:r><w:instrText>HYPERLINK \"https://example.org\"</w:instrText></w:r>"
            "<w:r><w:fldChar w:fldCharType='separate'/></w:r><w:r><w:t>here</w:t></w:r>"
            "<w:r><w:fldChar w:fldCharType='end'/></w:r><w:r><w:t> now</w:t>",
            "here (https://example.org) now",
        ),
    ],
)
def test_looks_of_runs_change_what_they_say(tmp_path: Path, run: str, text: str) -> None:
    """Hiding can be switched off, raised figures join no number, and fonts of symbols are read as they look."""
    assert text_of(tmp_path, word(f"<w:p><w:r>{run}</w:r></w:p>")) == text


def test_looks_come_from_styles_too(tmp_path: Path) -> None:
    """A style of characters or of paragraphs hides or raises what has it."""
    styles = part(
        "styles",
        '<w:style w:styleId="Up"><w:rPr><w:vertAlign w:val="superscript"/></w:rPr></w:style>'
        '<w:style w:styleId="Gone"><w:rPr><w:vanish/></w:rPr></w:style>'
        '<w:style w:styleId="Back"><w:basedOn w:val="Gone"/><w:rPr><w:vanish w:val="0"/></w:rPr></w:style>',
    )
    runs = "".join(
        f'<w:r><w:rPr><w:rStyle w:val="{style}"/></w:rPr><w:t>{text}</w:t></w:r>'
        for style, text in (("", "5 m"), ("Up", "2"), ("Gone", "hidden"), ("Back", " seen"))
    )
    body = f"<w:p>{runs}</w:p>" + paragraph("hidden", '<w:pStyle w:val="Gone"/>')
    assert text_of(tmp_path, word(body, parts={"word/styles.xml": styles})) == "5 m^2 seen"


def test_footnotes_and_endnotes_of_one_number_have_two_marks(tmp_path: Path) -> None:
    """Footnotes are counted by numbers, endnotes by Roman ones, each in the order of the text."""
    references = [
        f'<w:r><w:t>{text}</w:t><w:{kind}Reference w:id="2"/></w:r>'
        for text, kind in (("a", "footnote"), ("b", "endnote"))
    ]
    parts: dict[str, str | bytes] = {
        f"word/{kind}s.xml": part(f"{kind}s", f'<w:{kind} w:id="2">{paragraph(f"the {kind}")}</w:{kind}>')
        for kind in ("footnote", "endnote")
    }
    links = relations(("f", "footnotes", "footnotes.xml"), ("e", "endnotes", "endnotes.xml"))
    text = text_of(tmp_path, word(f"<w:p>{''.join(references)}</w:p>", parts=parts, links=links))
    assert text.split("\n\n") == ["a[^1]b[^i]", "[^1]: the footnote", "[^i]: the endnote"]


def test_links_tell_where_they_lead(tmp_path: Path) -> None:
    """An address stands in a part of its own, behind words that say something else."""
    body = '<w:p><w:hyperlink r:id="l"><w:r><w:t>our desk</w:t></w:r></w:hyperlink></w:p>'
    links = relations(("l", "hyperlink", "mailto:desk@example.org")).replace("Target=", 'TargetMode="External" Target=')
    assert text_of(tmp_path, word(body, links=links)) == "our desk (desk@example.org)"


def test_header_rows_are_known(tmp_path: Path) -> None:
    """Rows that Word repeats on each page are the header, however many they are."""
    head = (
        "<w:tr><w:trPr><w:tblHeader/></w:trPr>" + f"<w:tc>{paragraph('x')}</w:tc><w:tc>{paragraph('y')}</w:tc></w:tr>"
    )
    row = f"<w:tr><w:tc>{paragraph('1')}</w:tc><w:tc>{paragraph('2')}</w:tc></w:tr>"
    gone = row.replace("<w:tr>", "<w:tr><w:trPr><w:del/></w:trPr>")
    document = loaded(tmp_path, "a.docx", word(f"<w:tbl>{head}{head}{gone}{row}</w:tbl>"))
    assert document.text == "| x | y |\n| x | y |\n| --- | --- |\n| 1 | 2 |"
    assert document.text[document.tables[0].header :] == "| 1 | 2 |"


_DRAWING = (
    '<w:p><w:r><w:t>text</w:t></w:r><w:r><w:drawing xmlns:a="a" xmlns:c="c" xmlns:d="d">{}</w:drawing></w:r></w:p>'
)


def test_charts_and_diagrams_are_read(tmp_path: Path) -> None:
    """A chart is a table of its data; a diagram is a list of its texts, each under the one that it hangs on."""
    point = '<c:pt idx="0"><c:v>{}</c:v></c:pt>'
    series = f"<c:cat><c:strLit>{point.format('Lyon')}</c:strLit></c:cat>"
    series = f"<c:ser>{series}<c:val><c:numLit>{point.format(7)}</c:numLit></c:val></c:ser>"
    points = "".join(
        f'<d:pt modelId="{n}"><d:t><a:p><a:r><a:t>{text}</a:t></a:r></a:p></d:t></d:pt>'
        for n, text in enumerate(("Board", "Plant 2", "Plant 1"))
    )
    links = "".join(f'<d:cxn srcId="0" destId="{to}" srcOrd="{order}"/>' for to, order in ((1, 1), (2, 0)))
    parts: dict[str, str | bytes] = {
        "word/chart.xml": f'<c:chart xmlns:c="c">{series}</c:chart>',
        "word/data.xml": f'<d:data xmlns:d="d" xmlns:a="a"><d:l>{points}</d:l><d:l>{links}</d:l></d:data>',
    }
    body = _DRAWING.format('<c:chart r:id="c"/>') + _DRAWING.format('<d:relIds r:dm="d"/>')
    relation = relations(("c", "chart", "chart.xml"), ("d", "diagramData", "data.xml"))
    text = text_of(tmp_path, word(body, parts=parts, links=relation))
    table = "|  | Series 1 |\n| --- | --- |\n| Lyon | 7 |"
    assert text.split("\n\n") == ["text", "Chart", table, "text", "- Board\n  - Plant 1\n  - Plant 2"]


def test_pictures_beside_text_are_shown(tmp_path: Path) -> None:
    """Each once; one that cannot be shown, or is not in the file, is named."""
    parts: dict[str, str | bytes] = {"word/p.png": picture("PNG"), "word/q.emf": b"drawing"}
    links = relations(("p", "image", "p.png"), ("q", "image", "q.emf"), ("r", "image", "r.png"))
    body = "".join(_DRAWING.format(f'<a:blip r:embed="{name}"/>') for name in "ppqr")
    document = loaded(tmp_path, "a.docx", word(body, parts=parts, links=links))
    assert [image.media_type for image in document.images] == ["image/png"]
    assert document.metadata["unread"] == [
        "picture q.emf: a drawing in a format that is not shown",
        "r.png: it is not in the file",
    ]


def test_what_an_object_wraps_is_read(tmp_path: Path) -> None:
    """A file put into the text as an object is in a container, behind its name and its path."""
    head = struct.pack("<IH", 0, 2) + b"a.csv\0C:\\a.csv\0" + struct.pack("<HHI", 0, 3, 4) + b"C:\\\0"
    native = head + struct.pack("<I", 8) + b"Total 42"
    parts: dict[str, str | bytes] = {"word/o.bin": ole({"\x01Ole10Native": native}), "word/n.bin": ole({"Odd": b"x"})}
    links = relations(("o", "oleObject", "o.bin"), ("n", "oleObject", "n.bin"))
    body = '<w:p><w:r><w:t>text</w:t><w:object><o:OLEObject xmlns:o="o" r:id="o"/></w:object></w:r></w:p>'
    document = loaded(tmp_path, "a.docx", word(body, parts=parts, links=links))
    assert "--- attachment: o.bin ---\n\nTotal 42" in document.text
    (unread,) = document.metadata["unread"]
    assert unread.startswith("n.bin: this is an OLE container with no document in it")


def test_a_document_in_one_file_of_xml_is_read(tmp_path: Path) -> None:
    """Word writes a package as flat XML, and wrote a kind of XML of its own in 2003."""
    main = f'<w:document xmlns:w="{WORD}"><w:body>{paragraph("Total 42")}</w:body></w:document>'
    package = "http://schemas.microsoft.com/office/2006/xmlPackage"
    flat = f'<p:part p:name="/word/document.xml"><p:xmlData>{main}</p:xmlData></p:part>'
    document = loaded(tmp_path, "a.xml", f'<p:package xmlns:p="{package}">{flat}</p:package>'.encode())
    assert (document.text, document.metadata["format"]) == ("Total 42", "docx")
    old = main.replace(WORD, "http://schemas.microsoft.com/office/word/2003/wordml").replace(
        "w:document", "w:wordDocument"
    )
    assert loaded(tmp_path, "b.doc", old.encode()).text == "Total 42"


def test_lists_of_a_style_have_its_levels(tmp_path: Path) -> None:
    """A list can leave its levels to a style, which names another list for them."""
    level = '<w:lvl w:ilvl="0"><w:start w:val="3"/><w:numFmt w:val="upperRoman"/><w:lvlText w:val="%1)"/></w:lvl>'
    numbering = part(
        "numbering",
        f'<w:abstractNum w:abstractNumId="0"><w:styleLink w:val="S"/>{level}</w:abstractNum>'
        '<w:abstractNum w:abstractNumId="1"><w:numStyleLink w:val="S"/></w:abstractNum>'
        '<w:abstractNum w:abstractNumId="2"><w:lvl w:ilvl="0"><w:lvlText w:val="%1:"/></w:lvl></w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="1"/></w:num>'
        '<w:num w:numId="2"><w:abstractNumId w:val="2"/></w:num>',
    )
    data = word(item("A", 0) + item("x", 0, 2) + item("B", 0), parts={"word/numbering.xml": numbering})
    assert text_of(tmp_path, data).split("\n\n") == ["III) A", "1: x", "IV) B"]


def test_what_is_neither_text_nor_picture_is_named(tmp_path: Path) -> None:
    """Ink, form controls and documents kept elsewhere are seen, and cannot be read."""
    run = '<w:r><w:t>text</w:t><w:object><w:control r:id="x"/></w:object></w:r>'
    document = loaded(tmp_path, "a.docx", word(f"<w:p>{run}<w:contentPart/></w:p><w:subDoc/>"))
    assert document.metadata["unread"] == [
        *("a form control", "a drawing in ink", "a document that is kept outside the file"),
    ]
