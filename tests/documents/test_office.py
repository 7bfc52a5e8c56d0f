"""Slides, OpenDocument, books, and the formats of old."""

from __future__ import annotations

import struct
from itertools import pairwise
from pathlib import Path

import pytest

from extractor.documents.document import Document
from extractor.errors import DocumentError
from tests.documents.making import Tree, archive, loaded, ole, paragraph, picture, relations, word

_TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"


def slide(*shapes: str) -> str:
    return f'<p:sld xmlns:p="p" xmlns:a="a">{"".join(shapes)}</p:sld>'


def shape(text: str, x: int, y: int, kind: str = "") -> str:
    place = f'<a:off x="{x}" y="{y}"/>'
    title = f'<p:ph type="{kind}"/>' if kind else ""
    return f"<p:sp>{title}{place}<p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"


def test_slides_are_read_as_the_eye_meets_them(tmp_path: Path) -> None:
    """In the order of the show, each from top to bottom and left to right, with its tables and notes."""
    cells = "<a:tr><a:tc><a:p><a:t>k</a:t></a:p></a:tc><a:tc><a:p><a:t>v</a:t></a:p></a:tc></a:tr>"
    frame = f'<p:graphicFrame><a:off x="0" y="5000000"/><a:tbl>{cells}</a:tbl></p:graphicFrame>'
    second = slide(frame, shape("right", 900, 2_000_010), shape("left", 5, 2_000_000), shape("Top", 0, 0, "title"))
    slides = '<p:sldIdLst><p:sldId r:id="b"/><p:sldId r:id="a"/></p:sldIdLst>'
    parts: dict[str, str | bytes] = {
        "_rels/.rels": relations(("r", "officeDocument", "ppt/presentation.xml")),
        "ppt/presentation.xml": f'<p:presentation xmlns:p="p" xmlns:r="r">{slides}</p:presentation>',
        "ppt/_rels/presentation.xml.rels": relations(("a", "slide", "slides/1.xml"), ("b", "slide", "slides/2.xml")),
        "ppt/slides/1.xml": slide(shape("last", 0, 0)),
        "ppt/slides/2.xml": second,
        "ppt/slides/_rels/2.xml.rels": relations(("n", "notesSlide", "../notes.xml")),
        "ppt/notes.xml": slide(shape("say this", 0, 0), shape("4500", 0, 9), shape("2", 0, 99, "sldNum")),
    }
    document = loaded(tmp_path, "a.pptx", archive(parts))
    assert document.text.split("\n\n")[:-1] == [
        *("# Top", "left", "right", "| k | v |", "Notes: say this", "Notes: 4500", "last"),
    ]
    assert document.page_at(document.text.index("last")) == 2


def opened(tmp_path: Path, kind: str, body: str, **parts: str) -> Document:
    namespaces = f'xmlns:text="{_TEXT}" xmlns:table="{_TABLE}" xmlns:office="o"'
    content = f"<office:document-content {namespaces}>{body}</office:document-content>"
    mimetype = f"application/vnd.oasis.opendocument.{kind}"
    return loaded(tmp_path, "a.odt", archive({"mimetype": mimetype, "content.xml": content, **parts}))


def test_open_document_text_is_read(tmp_path: Path) -> None:
    """Headings, lists, spaces, notes and tables come out as they look."""
    body = '<text:h text:outline-level="2">T</text:h><text:p>a<text:s text:c="2"/>b<text:tab/>c</text:p>'
    body += "<text:list><text:list-item><text:p>one</text:p></text:list-item>"
    body += "<text:list-item><text:p>two</text:p></text:list-item></text:list>"
    note = "<text:note-body><text:p>note</text:p></text:note-body>"
    body += f"<text:p>x<text:note><text:note-citation>1</text:note-citation>{note}</text:note></text:p>"
    cells = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    body += f"<table:table><table:table-row>{cells.format('k')}{cells.format('v')}</table:table-row></table:table>"
    document = opened(tmp_path, "text", body)
    assert document.text == "## T\n\na  b\tc\n\n- one\n- two\n\nx[^1]\n\n| k | v |\n\n[^1]: note"
    assert document.metadata["format"] == "odt"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ('<text:p><text:hidden-paragraph text:is-hidden="true"/>never</text:p><text:p>end</text:p>', "end"),
        ('<text:p><text:hidden-paragraph text:is-hidden="false"/>seen</text:p>', "seen"),
        ('<text:p><text:hidden-paragraph text:condition="ooow:0"/>seen</text:p>', "seen"),
        ('<text:p>a<text:hidden-text text:is-hidden="true">x</text:hidden-text>b</text:p>', "ab"),
        ("<text:p>a<text:hidden-text>x</text:hidden-text>b</text:p>", "axb"),
        ('<text:section text:display="condition" text:is-hidden="true"><text:p>x</text:p></text:section>', ""),
        ('<text:p>a<text:variable-set text:display="none">5</text:variable-set>b</text:p>', "ab"),
        ("<text:p>a<text:script>run()</text:script>b</text:p>", "ab"),
        ("<text:p>a<text:ellipse><text:p>in it</text:p></text:ellipse>b</text:p>", "ab\n\nin it"),
    ],
)
def test_what_open_document_text_hides_is_left_out(tmp_path: Path, body: str, text: str) -> None:
    """Paragraphs and sections may be hidden for now; programs and values that are only set are no text; shapes are."""
    assert opened(tmp_path, "text", body + "<text:p>.</text:p>").text.rstrip(".").strip() == text


def test_open_document_text_that_is_encrypted_is_told(tmp_path: Path) -> None:
    """Its manifest says so."""
    with pytest.raises(DocumentError, match="encrypted") as caught:
        opened(tmp_path, "text", "<text:p>x</text:p>", **{"META-INF/manifest.xml": "<m><encryption-data/></m>"})
    assert caught.value.kind == "encrypted"


def test_a_book_is_its_chapters_in_order(tmp_path: Path) -> None:
    """The spine says what follows what, and the title stands first."""
    package = (
        '<package xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata><dc:title>A book</dc:title></metadata>'
        '<manifest><item id="a" href="a%20b.xhtml"/><item id="c" href="../c.xhtml"/></manifest>'
        '<spine><itemref idref="c"/><itemref idref="a"/></spine></package>'
    )
    parts = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container><rootfile full-path="OPS/book.opf"/></container>',
        "OPS/book.opf": package,
        "OPS/a b.xhtml": "<html><body><h1>Two</h1></body></html>",
        "c.xhtml": "<html><body><h1>One</h1></body></html>",
    }
    document = loaded(tmp_path, "a.epub", archive(parts))
    assert document.text.split() == ["A", "book", "#", "One", "#", "Two"]
    assert (document.metadata["format"], document.metadata["title"]) == ("epub", "A book")


def styled(name: str, look: str) -> str:
    return f'<style:style style:name="{name}" style:family="text"><style:text-properties {look}/></style:style>'


def test_looks_of_open_document_text_change_what_it_says(tmp_path: Path) -> None:
    """Raised figures join no number, hidden text is left out, struck text is marked, links tell where they lead."""
    styles = styled("Up", 's:text-position="super 58%"') + styled("Gone", 's:display="none"')
    styles += styled("Back", 's:display="true"').replace('="text"', '="text" style:parent-style-name="Gone"')
    span = '<text:span text:style-name="{}">{}</text:span>'
    body = f"<text:p>10{span.format('Up', 6)} for 4 500{span.format('Up', 1)}"
    body += f"{span.format('Gone', 'hidden')}{span.format('Back', '!')}</text:p>"
    body += '<text:p><text:a l:href="https://example.org" xmlns:l="l">here</text:a></text:p>'
    styles += styled("Old", 's:text-line-through-style="solid"') + styled("Sign", 's:font-name="Symbol1"')
    styles += '<style:font-face style:name="Symbol1" s:font-family="Symbol"/>'
    body += f"<text:p>{span.format('Old', '100')} 80 {span.format('Sign', 'm')}g</text:p>"
    content = (
        f'<d xmlns:text="{_TEXT}" xmlns:style="y" xmlns:s="s"><automatic-styles>{styles}</automatic-styles>{body}</d>'
    )
    data = archive({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content})
    assert loaded(tmp_path, "a.odt", data).text == ("10^6 for 4 500[1]!\n\nhere (https://example.org)\n\n~~100~~ 80 μg")


def test_open_document_lists_are_counted(tmp_path: Path) -> None:
    """Numbers stand nowhere in the file; inner lists begin anew, and a list that goes on keeps counting."""
    level = '<text:list-level-style-number text:level="{}" s:num-format="{}" s:num-suffix="{}"/>'
    levels = level.format(1, 1, ".") + level.format(2, "a", ")")
    style = f'<text:list-style s:name="L" xmlns:s="s">{levels}</text:list-style>'
    item = "<text:list-item><text:p>{}</text:p>{}</text:list-item>"
    inner = f"<text:list>{item.format('x', '')}{item.format('y', '')}</text:list>"
    lists = f'<text:list text:style-name="L">{item.format("one", inner)}{item.format("two", inner)}</text:list>'
    lists += f'<text:list text:style-name="L" text:continue-numbering="true">{item.format("three", "")}</text:list>'
    text = opened(tmp_path, "text", style + lists).text
    assert text.split("\n") == ["1. one", "  a) x", "  b) y", "2. two", "  a) x", "  b) y", "", "3. three"]


def test_headings_of_open_documents_are_numbered(tmp_path: Path) -> None:
    """The outline of the document numbers them, but for those that opt out; without one, what is stated counts."""
    level = '<s:outline-level-style s:level="{0}" s:num-format="1" s:display-levels="{0}" xmlns:s="s"/>'
    styles = f"<outline-style>{level.format(1)}{level.format(2)}</outline-style>"
    styles += '<s:style s:family="paragraph" s:name="Free" s:list-style-name="" xmlns:s="s"/>'
    heads = ((1, "A", ""), (2, "B", ""), (2, "C", 'text:is-list-header="true"'), (2, "D", 'text:style-name="Free"'))
    heads = (*heads, (2, "E", ""), (1, "F", 'text:restart-numbering="true" text:start-value="9"'))
    body = "".join(f'<text:h text:outline-level="{depth}" {more}>{name}</text:h>' for depth, name, more in heads)
    text = opened(tmp_path, "text", f"<styles>{styles}</styles><body>{body}</body>").text
    assert text.split("\n\n") == ["# 1 A", "## 1.1 B", "## C", "## D", "## 1.2 E", "# 9 F"]
    body = '<body><text:h text:outline-level="1"><text:number>3.</text:number>A</text:h></body>'
    assert opened(tmp_path, "text", body).text == "# 3. A"
    assert opened(tmp_path, "text", f"<styles>{styles}</styles>{body}").text == "# 1 A"


def test_what_stands_behind_open_slides_is_read(tmp_path: Path) -> None:
    """The texts of a master once, without its prompts and its decoration."""
    frame = "<d:frame {} xmlns:d='d'><d:text-box><text:p>{}</text:p></d:text-box></d:frame>"
    master = frame.format("", "In confidence") + frame.format('d:class="title"', "Click to add a title")
    styles = f'<styles xmlns:text="{_TEXT}"><master-page name="M">{master}</master-page></styles>'
    slides = "".join(f'<page master-page-name="M">{frame.format("", name)}</page>' for name in ("one", "two"))
    body = f"<body><presentation>{slides}</presentation></body>"
    text = opened(tmp_path, "presentation", body, **{"styles.xml": styles}).text
    assert text.split("\n\n")[:-1] == ["one", "In confidence", "two"]


def test_open_slides_are_read_as_the_eye_meets_them(tmp_path: Path) -> None:
    """The title first, then shapes from top to bottom and from left to right; a group stands where its shapes do."""

    def box(text: str, x: str, y: str, kind: str = "frame") -> str:
        inner = f"<text-box><text:p>{text}</text:p></text-box>"
        return f'<{kind} x="{x}" y="{y}">{inner}</{kind}>'

    group = f"<g>{box('third', '1cm', '8cm')}{box('fourth', '9cm', '8.1cm')}</g>"
    title = '<frame class="title" x="1cm" y="9in"><text-box><text:p>T</text:p></text-box></frame>'
    shapes = group + box("second", "90mm", "20mm", "custom-shape") + box("first", "1cm", "2.1cm") + title
    body = f"<page><notes><text:p>later</text:p></notes>{shapes}</page>"
    read = opened(tmp_path, "presentation", f"<body><presentation>{body}</presentation></body>").text
    assert read.split() == ["#", "T", "first", "second", "third", "fourth", "Notes:", "later"]


def test_forms_of_open_documents_show_their_values(tmp_path: Path) -> None:
    """A field stands where it is drawn: its value, its choice, or its label and whether it is ticked."""
    fields = '<checkbox id="a" label="Agreed" current-state="checked"/><text id="b" current-value="Ann"/>'
    fields += '<listbox id="c"><option label="red"/><option label="blue" current-selected="true"/></listbox>'
    drawn = " ".join(f'<control control="{name}"/>' for name in "abc")
    body = f"<office:forms><form>{fields}</form></office:forms><text:p>{drawn}</text:p>"
    assert opened(tmp_path, "text", body).text == "☒ Agreed Ann blue"


def test_headers_of_first_and_left_pages_are_read(tmp_path: Path) -> None:
    """A letterhead stands on the first page alone."""
    pages = "".join(f"<{kind}><text:p>{kind}</text:p></{kind}>" for kind in ("header", "header-first", "footer-left"))
    styles = f'<styles xmlns:text="{_TEXT}">{pages}</styles>'
    text = opened(tmp_path, "text", "<text:p>body</text:p>", **{"styles.xml": styles}).text
    assert text.split("\n\n") == ["header", "header-first", "body", "footer-left"]


def test_frames_of_open_documents_are_read(tmp_path: Path) -> None:
    """Equations and charts are text; pictures are shown, and an object that is not in the file is named."""
    frame = '<text:p><draw:frame xmlns:draw="w" xmlns:l="l">{}</draw:frame></text:p>'
    row = "<table:table-row>" + "<table:table-cell><text:p>{}</text:p></table:table-cell>" * 2 + "</table:table-row>"
    day = row.replace("-cell>", '-cell table:value="45292">', 1).format(45292, 9)
    rows = f"{row.format('', '2024')}{row.format('Lyon', 7)}{row.format('Nice', 'NaN')}{day}"
    chart = f'<c:document xmlns:c="c" xmlns:text="{_TEXT}" xmlns:table="{_TABLE}">'
    chart += "<number><text:text>/</text:text></number>"  # of a style of dates
    chart += '<number><c:date-style c:name="d"/></number><c:style c:name="x" c:data-style-name="d"/><c:body><c:chart>'
    chart += '<c:title><text:p>Sales</text:p></c:title><c:axis c:dimension="x" c:style-name="x"/>'
    chart += f"<table:table>{rows}</table:table></c:chart></c:body></c:document>"
    body = "".join(frame.format(f'<draw:object l:href="./{name}"/>') for name in ("math", "chart", "none"))
    body = body.replace("</draw:frame>", "</draw:frame> W", 1)
    body += frame.format('<draw:image l:href="p.png"/>')
    parts = {"math/content.xml": "<math><msup><mn>10</mn><mn>6</mn></msup></math>", "chart/content.xml": chart}
    content = f'<d xmlns:text="{_TEXT}">{body}</d>'
    mimetype = "application/vnd.oasis.opendocument.text"
    data = archive({"mimetype": mimetype, "content.xml": content, "p.png": picture("PNG"), **parts})
    document = loaded(tmp_path, "a.odt", data)
    rows = "|  | 2024 |\n| --- | --- |\n| Lyon | 7 |\n| Nice |  |\n| 2024-01-01 | 9 |"
    assert document.text == f"10^6 W\n\nChart: Sales\n\n{rows}"
    assert len(document.images) == 1
    assert document.metadata["unread"] == ["the embedded object none"]


def test_open_documents_of_one_file_are_read(tmp_path: Path) -> None:
    """Flat files hold the parts of a package in one element."""
    head = f'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="{_TEXT}"'
    kind = 'office:mimetype="application/vnd.oasis.opendocument.text"'
    body = "<office:body><office:text><text:p>Total 42</text:p></office:text></office:body>"
    document = loaded(tmp_path, "a.fodt", f"<office:document {head} {kind}>{body}</office:document>".encode())
    assert (document.text, document.metadata["format"]) == ("Total 42", "odt")


def test_what_a_slide_shows_is_told(tmp_path: Path) -> None:
    """Merged cells are repeated, raised figures stand apart, paragraphs are numbered, and hidden slides say so."""
    run = "<a:r><a:rPr {}/><a:t>{}</a:t></a:r>"
    lines = "<a:p>" + run.format("", "4 500") + run.format('baseline="30000"', 1) + "</a:p>"
    item = '<a:p><a:pPr><a:buAutoNum type="arabicPeriod"/></a:pPr>{}</a:p>'
    lines += "".join(item.format(run.format("", text)) for text in "xy")
    cell = "<a:tc {}><a:txBody><a:p><a:r><a:t>{}</a:t></a:r></a:p></a:txBody></a:tc>"
    rows = cell.format('gridSpan="2"', "wide") + cell.format('hMerge="1"', "") + cell.format("", "C")
    rows = f"<a:tr>{rows}</a:tr><a:tr>{''.join(cell.format('', n) for n in (1, 2, 3))}</a:tr>"
    body = f"<p:sp><p:txBody>{lines}</p:txBody></p:sp><p:graphicFrame><a:tbl>{rows}</a:tbl></p:graphicFrame>"
    body += '<p:pic><p:nvPicPr/><p:blipFill><a:blip r:embed="i" xmlns:r="r"/></p:blipFill></p:pic>'
    slides = '<p:sldIdLst><p:sldId r:id="a"/></p:sldIdLst>'
    parts: dict[str, str | bytes] = {
        "_rels/.rels": relations(("r", "officeDocument", "ppt/presentation.xml")),
        "ppt/presentation.xml": f'<p:presentation xmlns:p="p" xmlns:r="r">{slides}</p:presentation>',
        "ppt/_rels/presentation.xml.rels": relations(("a", "slide", "slides/1.xml")),
        "ppt/slides/1.xml": slide(body).replace("<p:sld ", '<p:sld show="0" '),
        "ppt/slides/_rels/1.xml.rels": relations(("i", "image", "../i.png")),
        "ppt/i.png": picture("PNG"),
    }
    document = loaded(tmp_path, "a.pptx", archive(parts))
    assert [block.strip() for block in document.text.split("\n\n")][:3] == [
        "(hidden slide)",
        "4 500[1]\n1. x\n2. y",
        "| wide | wide | C |\n| --- | --- | --- |\n| 1 | 2 | 3 |",
    ]
    assert [image.page for image in document.images] == [1]


def test_what_stands_behind_slides_is_read(tmp_path: Path) -> None:
    """Texts of layouts and masters once, without prompts of placeholders; pictures of backgrounds with their slides."""
    back = '<p:bg xmlns:r="r"><p:bgPr><a:blipFill><a:blip r:embed="i"/></a:blipFill></p:bgPr></p:bg>'
    links = relations(("l", "slideLayout", "../layout.xml"), ("i", "image", "../i.png"))
    ids = '<p:sldId r:id="a"/><p:sldId r:id="b"/>'
    parts: dict[str, str | bytes] = {
        "_rels/.rels": relations(("r", "officeDocument", "ppt/presentation.xml")),
        "ppt/presentation.xml": f'<p:presentation xmlns:p="p" xmlns:r="r">{ids}</p:presentation>',
        "ppt/_rels/presentation.xml.rels": relations(("a", "slide", "slides/1.xml"), ("b", "slide", "slides/2.xml")),
        "ppt/slides/1.xml": slide(back, shape("one", 0, 0)),
        "ppt/slides/2.xml": slide(shape("two", 0, 0)),
        "ppt/slides/_rels/1.xml.rels": links,
        "ppt/slides/_rels/2.xml.rels": links,
        "ppt/layout.xml": slide(shape("In confidence", 0, 0), shape("Click to add a title", 0, 0, "title")),
        "ppt/_rels/layout.xml.rels": relations(("m", "slideMaster", "master.xml")),
        "ppt/master.xml": slide(shape("Acme Ltd", 0, 0)),
        "ppt/i.png": picture("PNG"),
    }
    document = loaded(tmp_path, "a.pptx", archive(parts))
    assert document.text.split("\n\n")[:-1] == ["one", "In confidence", "Acme Ltd", "two"]
    assert [image.page for image in document.images] == [1]
    held = '<p:pic><p:nvPicPr><p:nvPr><p:ph type="pic"/></p:nvPr></p:nvPicPr></p:pic>'
    parts["ppt/layout.xml"] = slide(held, shape("In confidence", 0, 0)).replace("<p:sld ", '<p:sld showMasterSp="0" ')
    assert loaded(tmp_path, "b.pptx", archive(parts)).text.split("\n\n")[:-1] == ["one", "In confidence", "two"]


def test_parts_that_are_damaged_or_not_there_are_named(tmp_path: Path) -> None:
    """The rest of the file is read: other slides, and the text between a header and notes."""
    parts: dict[str, str | bytes] = {
        "_rels/.rels": relations(("r", "officeDocument", "ppt/presentation.xml")),
        "ppt/presentation.xml": '<p:presentation xmlns:p="p" xmlns:r="r"><p:sldId r:id="a"/><p:sldId r:id="b"/>'
        '<p:sldId r:id="c"/></p:presentation>',
        "ppt/_rels/presentation.xml.rels": relations(*((n, "slide", f"slides/{n}.xml") for n in "abc")),
        "ppt/slides/a.xml": slide(shape("one", 0, 0)),
        "ppt/slides/b.xml": slide(shape("two", 0, 0))[:-9],
    }
    document = loaded(tmp_path, "a.pptx", archive(parts))
    assert document.text.strip() == "one"
    unread = ["ppt/slides/c.xml: it is not in the file", "ppt/slides/b.xml: it cannot be read"]
    assert document.metadata["unread"] == unread
    letter = word(
        paragraph("body"),
        parts={"word/footnotes.xml": "<w:footnotes"},
        links=relations(("f", "footnotes", "footnotes.xml")),
    )
    assert loaded(tmp_path, "a.docx", letter).metadata["unread"] == ["word/footnotes.xml: it cannot be read"]
    letter = word(paragraph("body"), links=relations(("h", "header", "header1.xml")))
    assert loaded(tmp_path, "b.docx", letter).metadata["unread"] == ["word/header1.xml: it is not in the file"]


def test_what_a_slide_only_refers_to_is_named(tmp_path: Path) -> None:
    """Objects and pictures that the file does not hold; the style of a shape numbers its paragraphs."""
    item = "<a:p>{}<a:r><a:t>{}</a:t></a:r></a:p>"
    style = '<a:lstStyle><a:lvl1pPr><a:buAutoNum type="romanLcPeriod"/></a:lvl1pPr></a:lstStyle>'
    lines = item.format("", "one") + item.format("", "two") + item.format("<a:pPr><a:buNone/></a:pPr>", "free")
    body = f"<p:sp><p:txBody>{style}{lines}</p:txBody></p:sp>"
    body += '<p:graphicFrame xmlns:r="r"><p:oleObj r:id="x" progId="Excel.Sheet.12"/></p:graphicFrame>'
    body += '<p:pic xmlns:r="r"><p:blipFill><a:blip r:embed="y"/></p:blipFill></p:pic>'
    parts: dict[str, str | bytes] = {
        "_rels/.rels": relations(("r", "officeDocument", "ppt/presentation.xml")),
        "ppt/presentation.xml": '<p:presentation xmlns:p="p" xmlns:r="r"><p:sldId r:id="a"/></p:presentation>',
        "ppt/_rels/presentation.xml.rels": relations(("a", "slide", "slides/1.xml")),
        "ppt/slides/1.xml": slide(body),
    }
    document = loaded(tmp_path, "a.pptx", archive(parts))
    assert document.text.strip() == "i. one\nii. two\nfree"
    assert document.metadata["unread"] == [
        "slide 1: an object of Excel.Sheet.12 that is not in the file",
        "slide 1: a picture that is not in the file",
    ]


def old_word(text: str, *, flags: int = 0) -> bytes:
    return ole(old_streams(text, flags=flags))


def old_streams(text: str, *, flags: int = 0) -> Tree:
    """The streams of a Word 97 document of one eight-bit piece."""
    head = bytearray(2048)
    struct.pack_into("<HH", head, 0, 0xA5EC, 0x00C1)
    struct.pack_into("<H", head, 10, flags)
    plan = struct.pack("<II", 0, len(text)) + struct.pack("<HIH", 0, 0x40000000 | 2 * 2048, 0)
    clx = b"\x01\x02\x00ab" + b"\x02" + struct.pack("<I", len(plan)) + plan
    struct.pack_into("<II", head, 0x01A2, 0, len(clx))
    return {"WordDocument": bytes(head) + text.encode("cp1252"), "0Table": clx}


def test_old_word_files_are_read(tmp_path: Path) -> None:
    """Paragraphs, cells and the results of fields come out; instructions of fields do not."""
    data = old_word("Bill\rTotal \x13 PAGE \x1442\x15 EUR\rk\x07v\x07\x07after\r")
    document = loaded(tmp_path, "a.doc", data)
    assert document.text.split() == ["Bill", "Total", "42", "EUR", "|", "k", "|", "v", "|", "after"]
    assert document.metadata["format"] == "doc"
    data = old_word('\x13 TOC \\o "1-3" \x14\x13 PAGEREF _Toc1 \x14One\t1\x15\rTwo\t2\r\x15\rend\r')
    assert loaded(tmp_path, "toc.doc", data).text == "One\t1\n\nTwo\t2\n\nend"
    with pytest.raises(DocumentError, match="encrypted"):
        loaded(tmp_path, "b.doc", old_word("x", flags=0x0100))


def test_pictures_of_old_files_are_shown_or_named(tmp_path: Path) -> None:
    """PNG and bitmaps, which are stored without the header of their file; metafiles are named."""
    blips = ((0xF01E, 0x6E0, picture("PNG")), (0xF01F, 0x7A9, bytes(16) + picture("BMP")[14:]), (0xF01A, 0x3D4, b"emf"))
    stream = b"".join(record(kind, bytes(17) + data, instance=instance) for kind, instance, data in blips)
    document = loaded(tmp_path, "a.doc", ole({"Data": stream, **old_streams("Total 42")}))
    assert len(document.images) == 2
    assert document.metadata["unread"] == ["picture 3.emf: a drawing in a format that is not shown"]


def test_old_files_with_a_broken_chain_of_sectors_are_read_whole_or_not_at_all(tmp_path: Path) -> None:
    """Wherever a stream or the directory of an OLE container ends early, the file is damaged or has all its text."""
    words = " ".join(map(str, range(900))).encode("utf-16-le")
    message: Tree = {"__properties_version1.0": bytes(32), "__substg1.0_0037001F": words}
    message |= {"__substg1.0_0C1A001F": words, "__substg1.0_1000001F": words}
    damaged = 0
    for name, tree in (("a.doc", old_streams("Total 42" * 100)), ("a.msg", message)):
        data = ole(tree)
        whole = loaded(tmp_path, name, data).text
        for entry in range(len(data) - 512, len(data), 4):
            if data[entry : entry + 4] == b"\xff" * 4:
                continue  # no sector
            try:
                assert loaded(tmp_path, name, data[:entry] + b"\xfe\xff\xff\xff" + data[entry + 4 :]).text == whole
            except DocumentError:
                damaged += 1
    assert damaged


def test_old_files_tell_their_title_in_any_width(tmp_path: Path) -> None:
    """Titles are written in bytes or in UTF-16."""
    title = struct.pack("<II", 31, 5) + "Größe".encode("utf-16-le") + bytes(2)
    section = struct.pack("<IIII", 16 + len(title), 1, 2, 16) + title
    head = struct.pack("<HHI16xI", 0xFFFE, 0, 4, 1) + bytes.fromhex("e0859ff2f94f6810ab9108002b27b3d9")
    stream = head + struct.pack("<I", 48) + section
    document = loaded(tmp_path, "a.doc", ole({"\x05SummaryInformation": stream, **old_streams("Total 42")}))
    assert (document.text, document.metadata["title"]) == ("Total 42", "Größe")


def test_objects_of_old_files_are_read_or_named(tmp_path: Path) -> None:
    """An object is a file with its path before it, or data as it is; a damaged one harms only itself."""
    image, broken = picture("PNG"), b"\x02\0" + b"no end of a path" * 500
    pool: Tree = {f"_{n}": {"\x01Ole10Native": struct.pack("<I", 9) + data} for n, data in enumerate((image, broken))}
    document = loaded(tmp_path, "a.doc", ole({"ObjectPool": pool, **old_streams("Total 42")}))
    assert document.text.startswith("Total 42")
    assert len(document.images) == 1
    assert document.metadata["unread"] == ["object 1: the embedded object is damaged; fetch it again"]
    data = ole({"ObjectPool": {"_0": pool["_0"]}, **old_streams("Total 42")})
    document = loaded(tmp_path, "b.doc", data[:-512] + b"\xfe\xff\xff\xff" + data[-508:])  # cut behind a sector
    assert document.text == "Total 42"
    assert document.metadata["unread"] == [
        "object 0: the file is damaged or cut off (512 of 4,096 bytes of a stream are there); fetch it again"
    ]


def test_old_slides_are_read(tmp_path: Path) -> None:
    """Texts come in order, also from containers within containers; those of the master slides are left out."""

    def atom(kind: int, data: bytes, version: int = 0) -> bytes:
        return struct.pack("<HHI", version, kind, len(data)) + data

    texts = atom(0x0FA0, "Größe\rTotal 42".encode("utf-16-le")) + atom(0x0FA8, b"narrow")
    stream = atom(0x03E8, atom(0x0FF0, texts, 0x0F) + atom(0x0FF0, atom(0x0FA8, b"click to edit"), 0x1F), 0x0F)
    document = loaded(tmp_path, "a.ppt", ole({"PowerPoint Document": stream}))
    assert document.text == "Größe\nTotal 42\n\nnarrow"


Looks = dict[tuple[int, int], bytes]


def old_runs(text: str, looks: Looks, paragraphs: Looks | None = None) -> Tree:
    """The streams of a Word 97 document whose runs and paragraphs have these changes."""
    first = 2048  # where the text begins in the file
    streams = old_streams(text)
    head, clx = bytearray(streams["WordDocument"][:first]), streams["0Table"]
    word = (bytes(head) + text.encode("cp1252")).ljust(2560, b"\0")
    for at, width, changes in ((0x00FA, 1, looks), (0x0102, 13, paragraphs or {})):
        edges = sorted({0, len(text), *(edge for span in changes for edge in span)})
        page = bytearray(512)
        page[-1] = len(edges) - 1
        struct.pack_into(f"<{len(edges)}I", page, 0, *(first + edge for edge in edges))
        place = 300
        for index, span in enumerate(pairwise(edges)):
            if span in changes:
                change = changes[span] if width == 1 else b"\0\0" + changes[span] + bytes(len(changes[span]) % 2)
                size = bytes([len(change)] if width == 1 else [0, len(change) // 2])
                page[4 * len(edges) + width * index] = place // 2
                page[place : place + len(size + change)] = size + change
                place += len(size + change)
                place += place % 2
        struct.pack_into("<II", head, at, len(clx), 12)
        clx += struct.pack("<III", first, first + len(text), len(word) // 512)
        word += bytes(page)
    return {"WordDocument": bytes(head) + word[first:], "0Table": clx}


def test_old_word_files_know_how_their_characters_look(tmp_path: Path) -> None:
    """Runs in pages of their own say what is raised and what is hidden."""
    looks = {(5, 6): b"\x48\x2a\x01", (10, 16): b"\x3c\x08\x01"}
    assert loaded(tmp_path, "a.doc", ole(old_runs("4 5001 EURsecret\r", looks))).text == "4 500[1] EUR"


def test_links_of_old_word_files_lead_where_their_instruction_says_however_it_looks(tmp_path: Path) -> None:
    """The instruction of a field has the look of its result, which may be raised, struck or hidden."""
    field = 'look\x13 HYPERLINK "https://x.org" \x141\x15\r'
    for span, change, text in (
        ((4, len(field) - 1), b"\x48\x2a\x01", "look[1] (https://x.org)"),
        ((4, len(field) - 1), b"\x37\x08\x01", "look~~1~~ (https://x.org)"),
        ((5, field.index("\x14")), b"\x3c\x08\x01", "look1 (https://x.org)"),
    ):
        assert loaded(tmp_path, "a.doc", ole(old_runs(field, {span: change}))).text == text


def test_notes_of_old_files_stand_behind_their_marks(tmp_path: Path) -> None:
    """A note may have a sign of its own for its mark; comments name who wrote them."""
    stories = ["Star* and two\x02, see\x05\r", "* own sign\r\x02 second\r\r", "\x05 check\r\r"]
    streams = old_streams("".join(stories))
    head, table = bytearray(streams["WordDocument"]), streams["0Table"]
    struct.pack_into("<8i", head, 0x004C, len(stories[0]), len(stories[1]), 0, 0, len(stories[2]), 0, 0, 0)
    tables = {
        0x00AA: struct.pack("<IIIHH", 4, 13, len(stories[0]), 1, 1),
        0x00B2: struct.pack("<IIII", 0, 11, 20, 21),
        0x00BA: struct.pack("<II", 19, len(stories[0])) + bytes(20) + struct.pack("<H8x", 1),
        0x00C2: struct.pack("<III", 0, 8, 9),
        0x01BA: b"".join(struct.pack("<H", len(name)) + name.encode("utf-16-le") for name in ("Ann", "Bob")),
    }
    for at, data in tables.items():
        struct.pack_into("<II", head, at, len(table), len(data))
        table += data
    document = loaded(tmp_path, "a.doc", ole({"WordDocument": bytes(head), "0Table": table}))
    assert document.text.split("\n\n") == [
        "Star*[^1] and two[^2], see[^c1]",
        "[^1]: * own sign",
        "[^2]: second",
        "[^c1]: comment by Bob: check",
    ]


def test_tables_within_cells_of_old_files_are_tables(tmp_path: Path) -> None:
    """A first letter that is set large, a paragraph of its own in the file, begins the next one."""
    inside, deep = b"\x16\x24\x01", b"\x16\x24\x01\x49\x66\x02\0\0\0"
    inner, end = deep + b"\x4b\x24\x01", deep + b"\x4c\x24\x01"
    units = [("T\r", b"\x2c\x44\x19\0"), ("he end\r", b""), ("a\r", inside)]
    for name, value in (("b", "1"), ("c", "2")):
        units += [(f"{name}\r", inner), (f"{value}\r", inner), ("\r", end)]
    units += [("d\x07", inside), ("e\x07", inside), ("\x07", inside + b"\x17\x24\x01"), ("after\r", b"")]
    paragraphs, place = {}, 0
    for unit, changes in units:
        paragraphs[place, place := place + len(unit)] = changes
    data = ole(old_runs("".join(unit for unit, _ in units), {}, {span: to for span, to in paragraphs.items() if to}))
    document = loaded(tmp_path, "a.doc", data)
    lines = filter(None, document.text.splitlines())
    assert list(lines) == ["The end", "a", "| b | 1 |", "| c | 2 |", "d", "e", "after"]
    assert [document.text[table.start : table.end] for table in document.tables] == ["| b | 1 |\n| c | 2 |"]


def test_fields_of_old_forms_say_what_is_chosen(tmp_path: Path) -> None:
    """A tick and the word of a list stand in a stream of their own, to which the character of the field points."""
    fields = ["\x13 FORMCHECKBOX \x01\x14\x15 insured\r", "\x13 FORMCHECKBOX \x01\x14\x15 smoker\r"]
    fields.append("\x13 FORMDROPDOWN \x01\x14\x15\r")
    words = b"".join(struct.pack("<H", len(word)) + word.encode("utf-16-le") for word in ("red", "green"))
    name, nothing = struct.pack("<HHH", 1, ord("C"), 0), bytes(4)
    choices = nothing * 5 + struct.pack("<HHH", 0xFFFF, 2, 0) + words
    bodies = (  # ticked; by default not; the second of two words
        struct.pack("<HHH", 1 | 1 << 2, 0, 0) + name + bytes(2),
        struct.pack("<HHH", 1 | 25 << 2, 0, 0) + name + bytes(2),
        struct.pack("<HHH", 2 | 1 << 2, 0, 0) + name + bytes(2) + choices,
    )
    stream, looks, start = b"", {}, 0
    for field, body in zip(fields, bodies, strict=True):
        place = start + field.index("\x01")
        looks[place, place + 1] = struct.pack("<HI", 0x6A03, len(stream))
        data = struct.pack("<H", 0x44) + bytes(62) + b"\xff\xff\xff\xff" + body
        stream += struct.pack("<I", 4 + len(data)) + data
        start += len(field)
    document = loaded(tmp_path, "a.doc", ole({**old_runs("".join(fields), looks), "Data": stream}))
    assert document.text == "☒ insured\n\n☐ smoker\n\ngreen"


def test_web_archives_under_a_word_name_are_read(tmp_path: Path) -> None:
    """Word saves pages as mail does, and calls them .doc."""
    head = 'MIME-Version: 1.0\nContent-Type: multipart/related; boundary="b"\n\n'
    body = "--b\nContent-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n<p>Total =\n42</p>\n--b--\n"
    assert loaded(tmp_path, "a.doc", (head + body).encode()).text.strip() == "Total 42"


def record(kind: int, data: bytes, *, version: int = 0, instance: int = 0) -> bytes:
    """A record of an old presentation; version 15 holds others."""
    return struct.pack("<HHI", instance << 4 | version, kind, len(data)) + data


def old_slide(*texts: tuple[int, int, str], hidden: bool = False) -> bytes:
    """A slide with a group of boxes: top, left and text of each."""
    boxes = b""
    for top, left, text in texts:
        anchor = record(0xF00F, struct.pack("<4i", left, top, left + 9, top + 9))
        words = record(0xF00D, record(0x0FA8, text.encode()), version=15)
        boxes += record(0xF004, anchor + words, version=15)
    first = record(0xF004, record(0xF00A, bytes(8)), version=15)
    group = record(0xF003, first + record(0xF003, first + boxes, version=15), version=15)
    info = record(0x03F9, struct.pack("<IIBBHI", 0, 0, 0, 0, 4 * hidden, 0))
    return record(0x03EE, info + record(0x040C, record(0xF002, group, version=15), version=15), version=15)


def test_old_slides_are_those_of_the_last_save(tmp_path: Path) -> None:
    """A save appends what changed: the directory says which version counts, and equal texts are each told."""
    stream, places = b"", []
    table = [(0, 0, "North"), (0, 10, "100"), (10, 0, "South"), (10, 10, "100")]
    lists = b"".join(record(0x03F3, struct.pack("<IIIII", place, 0, 0, 256, 0)) for place in (2, 3))
    document = record(0x03E8, record(0x0FF0, lists, version=15), version=15)
    for part in (document, old_slide((0, 0, "old")), old_slide(*table, hidden=True), old_slide(*table)):
        places.append(len(stream))
        stream += part
    first, last = (1 | 3 << 20, [places[0], places[1], places[3]]), (2 | 1 << 20, [places[2]])
    edit = 0
    for head, offsets in (first, last):
        directory = len(stream)
        stream += record(0x1772, struct.pack(f"<I{len(offsets)}I", head, *offsets))
        before, edit = edit, len(stream)
        stream += record(0x0FF5, struct.pack("<IIIIIII", 0, 0, before, directory, 1, 0, 0))
    data = ole({"PowerPoint Document": stream, "Current User": bytes(16) + struct.pack("<I", edit)})
    read = loaded(tmp_path, "a.ppt", data)
    later: Tree = {"PowerPoint Document": stream, "Current User": bytes(16) + struct.pack("<I", edit)}
    dual = ole({"PowerPoint Document": b"for version 95", "PP97_DUALSTORAGE": later})
    assert loaded(tmp_path, "b.ppt", dual).text == read.text
    table_text = "| North | 100 |\n| South | 100 |\n\n"
    assert read.text == f"(hidden slide)\n\n{table_text}{table_text}"
    assert len(read.pages) == 2


@pytest.mark.parametrize(
    ("text", "runs", "read"),
    [
        (b"our page 4 5001", ((14, 0), (1, 0x80000, 30), (1, 0)), "our page (https://x.org) 4 500[1]"),
        (b"50 mmmmm is 1g", ((3, 0), (6, 0x10000, 1), (6, 0)), "50 μμμμμ (https://x.org) is 1g"),
    ],
)
def test_links_of_old_slides_say_where_they_lead(
    tmp_path: Path, text: bytes, runs: tuple[tuple[int, ...], ...], read: str
) -> None:
    """A link has a number in the text, and its address, in no font, in a list; looks count the bare characters."""
    address = record(0x0FD3, struct.pack("<I", 7)) + record(0x0FBA, "https://x.org".encode("utf-16-le"), instance=1)
    objects = record(0x0409, record(0x0FD7, address, version=15), version=15)
    styles = struct.pack("<IHI", len(text) + 1, 0, 0)
    styles += b"".join(struct.pack("<II" + "h" * (len(run) - 2), *run) for run in runs)
    fonts = record(0x07D5, record(0x0FB7, "Symbol\0".encode("utf-16-le"), instance=1), version=15)
    action = record(0x0FF2, record(0x0FF3, struct.pack("<IIQ", 0, 7, 0)), version=15)
    words = record(0x0FA8, text) + record(0x0FA1, styles)
    box = record(0xF00D, words + action + record(0x0FDF, struct.pack("<II", 4, 8)), version=15)
    group = record(0xF003, record(0xF004, box, version=15), version=15)
    slide = record(0x03EE, record(0x040C, record(0xF002, group, version=15), version=15), version=15)
    lists = record(0x0FF0, record(0x03F3, struct.pack("<IIIII", 2, 0, 0, 256, 0)), version=15)
    document = record(0x03E8, record(0x03F2, fonts, version=15) + objects + lists, version=15)
    directory = record(0x1772, struct.pack("<III", 1 | 2 << 20, 0, len(document)))
    stream = document + slide + directory
    stream += record(0x0FF5, struct.pack("<IIIIIII", 0, 0, 0, len(document + slide), 1, 0, 0))
    edit = struct.pack("<I", len(document + slide + directory))
    data = ole({"PowerPoint Document": stream, "Current User": bytes(16) + edit})
    assert loaded(tmp_path, "a.ppt", data).text.strip() == read


def test_slides_of_old_that_are_encrypted_are_not_read_as_empty(tmp_path: Path) -> None:
    """The stream that tells of the last edit says so, whether or not there is an encrypted summary."""
    user = struct.pack("<HHIII", 0, 0x0FF6, 20, 20, 0xF3D1C4DF) + bytes(12)
    with pytest.raises(DocumentError, match=r"^a\.ppt: the encrypted file is damaged"):
        loaded(tmp_path, "a.ppt", ole({"PowerPoint Document": bytes(4096), "Current User": user}))


def test_an_ole_container_of_something_else_is_told(tmp_path: Path) -> None:
    """Installers and thumbnails are no documents."""
    with pytest.raises(DocumentError, match="no document in it") as caught:
        loaded(tmp_path, "a.msi", ole({"Something": b"else"}))
    assert caught.value.kind == "unsupported"
