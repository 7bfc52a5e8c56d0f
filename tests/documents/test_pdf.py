"""PDF: the look of a page kept as text."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from extractor.documents.load import load
from extractor.documents.source import Limits
from extractor.errors import DocumentError
from tests.documents.making import Word, loaded, pdf

FILES = Path(__file__).parent / "files"
TABLE: list[Word] = [
    *[(72, 700, "Item"), (272, 700, "Quantity"), (400, 700, "Price")],
    *[(72, 684, "Blue chair"), (272, 684, "2"), (400, 684, "10.00")],
    *[(72, 668, "Desk"), (272, 668, "14"), (400, 668, "150.00")],
]
POINT = "q 1 0 0 1 {} {} cm 0 0 m 4 0 4 4 0 4 c f Q "
COLUMNS: list[Word] = [
    (x, 700 - 12 * line, f"{side} column line {line} runs on as prose does")
    for side, x in (("left", 60), ("right", 330))
    for line in range(10)
]


def test_a_table_comes_out_row_by_row(tmp_path: Path) -> None:
    """Cells of a row stand on one line, and those of a column below each other."""
    lines = loaded(tmp_path, "a.pdf", pdf(TABLE)).text.splitlines()
    assert [line.split() for line in lines[:3]] == [
        ["Item", "Quantity", "Price"],
        ["Blue", "chair", "2", "10.00"],
        ["Desk", "14", "150.00"],
    ]
    assert lines[0].index("Quantity") == lines[1].index("2 ") == lines[2].index("14")


def test_a_table_comes_out_row_by_row_in_whatever_order_it_was_drawn(tmp_path: Path) -> None:
    """The order of the file says nothing about the order of reading."""
    shuffled = sorted(TABLE, key=lambda word: word[2])
    assert loaded(tmp_path, "a.pdf", pdf(shuffled)).text == loaded(tmp_path, "b.pdf", pdf(TABLE)).text


def test_columns_of_prose_are_read_one_after_the_other(tmp_path: Path) -> None:
    """Running text in two columns is not read across, and a heading over both stays above them."""
    heading: Word = (
        60,
        730,
        "A heading that runs over the whole width of the page, from the left edge to the right one",
    )
    lines = loaded(tmp_path, "a.pdf", pdf([heading, *COLUMNS])).text.split("\n")
    words = [line.split()[0] for line in lines if line.strip()]
    assert words == ["A"] + ["left"] * 10 + ["right"] * 10


@pytest.mark.parametrize("matrix", ["0 1 -1 0", "-1 0 0 -1", "0 -1 1 0", "0.8 0.6 -0.6 0.8"])
def test_turned_text_is_read_upright(tmp_path: Path, matrix: str) -> None:
    """Text that runs up, down, upside down or askew is read as by a reader who turns the page."""
    turned = pdf([(0, 0, ") Tj ET q " + matrix + " 300 400 cm BT /F1 10 Tf (Total) Tj 90 0 Td (42) Tj 0 -12 Td (43")])
    lines = loaded(tmp_path, "a.pdf", turned).text.split("\n")
    assert [line.split() for line in lines if line.strip()] == [["Total", "42"], ["43"]]


def test_a_turned_page_is_read_as_it_is_shown(tmp_path: Path) -> None:
    """The rotation of a page changes nothing in its text."""
    assert loaded(tmp_path, "a.pdf", pdf(TABLE, rotate=90)).text == loaded(tmp_path, "b.pdf", pdf(TABLE)).text


def test_bold_by_printing_twice_is_read_once(tmp_path: Path) -> None:
    """A shadow of a word is no second word."""
    assert loaded(tmp_path, "a.pdf", pdf([(72, 700, "Total"), (72.2, 700, "Total")])).text.split() == ["Total"]


def test_pages_are_ranges_of_the_text(tmp_path: Path) -> None:
    """Every offset belongs to the page it stands on, blank pages counted."""
    document = loaded(tmp_path, "a.pdf", pdf([(72, 700, "first")], [], [(72, 700, "third")]))
    assert [page.number for page in document.pages] == [1, 2, 3]
    assert document.page_at(document.text.index("third")) == 3
    assert [document.text[page.start : page.end].strip() for page in document.pages] == ["first", "", "third"]
    assert document.metadata["pages"] == 3


def test_forms_are_read_filled_in(tmp_path: Path) -> None:
    """Values stand where the fields are, as the page shows them; boxes show whether they are ticked."""
    choice = "<< /Type /Annot /Subtype /Widget /FT /Ch /Opt [[(r) (Red)] [(g) (Green)] [(b) (Blue)]]"
    fields = (
        "<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /V (Ada Lovelace) /Rect [120 695 300 712] >>",
        "<< /Type /Annot /Subtype /Widget /FT /Btn /T (a) /V /Yes /AS /Yes /Rect [120 670 132 682]"
        " /AP << /N << /Yes 3 0 R /Off 3 0 R >> >> >>",
        f"{choice} /T (several) /Ff 2097152 /V [(r) (b)] /I [0 2] /Rect [120 640 300 656] >>",
        f"{choice} /T (one) /Ff 131072 /V (g) /Rect [120 620 300 636] >>",
        "<< /Type /Annot /Subtype /Widget /FT /Tx /T (unseen) /F 2 /V (draft) /Rect [120 500 300 516] >>",
        "<< /Type /Annot /Subtype /FreeText /Contents (paid) /Rect [300 600 360 614] >>",
    )
    every = " ".join(f"{number} 0 R" for number in range(4, 10))
    data = pdf([(72, 700, "Name:"), (72, 672, "Agreed:")], extra=f"/Annots [{every}]", objects=fields)
    data = data.replace(b"/Type /Catalog", f"/AcroForm << /Fields [{every}] >> /Type /Catalog".encode(), 1)
    text = loaded(tmp_path, "a.pdf", data).text
    assert text.split() == ["Name:", "Ada", "Lovelace", "Agreed:", "[x]", "Red,", "Blue", "Green", "paid"]


def test_a_page_without_text_is_shown_as_a_picture(tmp_path: Path) -> None:
    """A scan becomes a PNG with the number of its page; a page with text stays text."""
    scan: Word = (0, 0, ") Tj ET 0 0 0 rg 100 100 300 400 re f BT (")
    document = loaded(tmp_path, "a.pdf", pdf([(72, 700, "A page that holds enough text to be read")], [scan]))
    (image,) = document.images
    assert (image.media_type, image.page) == ("image/png", 2)
    assert max(Image.open(BytesIO(image.data)).size) == 2_000


def test_a_scan_with_a_stamp_on_it_is_still_a_scan(tmp_path: Path) -> None:
    """A fax line over a picture of the page is not what there is to read; a logo beside a letter is no page."""
    pixel = "BI /W 1 /H 1 /CS /G /BPC 8 ID x EI Q BT ("
    stamp: Word = (72, 780, "From: 0123 456789   10:00   page 1 of 1")
    full = pdf([(0, 0, ") Tj ET q 612 0 0 792 0 0 cm " + pixel), stamp])
    logo = pdf([(0, 0, ") Tj ET q 60 0 0 60 0 700 cm " + pixel), stamp])
    assert [len(loaded(tmp_path, "a.pdf", data).images) for data in (full, logo)] == [1, 0]


def test_no_more_pages_are_taken_than_allowed(tmp_path: Path) -> None:
    """A PDF of too many pages is refused, and one of too many scans is shown in part."""
    with pytest.raises(DocumentError, match="3 pages is over the limit of 2 pages"):
        loaded(tmp_path, "a.pdf", pdf([], [], []), limits=Limits(pages=2))
    scan: Word = (0, 0, ") Tj ET 0 0 0 rg 100 100 300 400 re f BT (")
    assert len(loaded(tmp_path, "a.pdf", pdf([scan], [scan], [scan]), limits=Limits(pictures=2)).images) == 2


def test_a_password_opens_an_encrypted_file() -> None:
    """Without it, and with a wrong one, the error says what to give."""
    assert load(FILES / "locked.pdf", password="secret").text.strip() == "Total 42"
    assert load(FILES / "locked.pdf", password="owner").text.strip() == "Total 42"
    for password, message in ((None, "give its password"), ("wrong", "give the right one")):
        with pytest.raises(DocumentError, match=message) as caught:
            load(FILES / "locked.pdf", password=password)
        assert caught.value.kind == "encrypted"


def test_what_the_file_says_of_itself_is_metadata(tmp_path: Path) -> None:
    """Title and author are told where the file tells them."""
    data = pdf([(72, 700, "Total")], objects=("<< /Title (A title) /Author <FEFF00C5> >>",))
    data = data.replace(b"/Root 1 0 R", b"/Root 1 0 R /Info 4 0 R", 1)
    document = loaded(tmp_path, "a.pdf", data)
    assert (document.metadata["title"], document.metadata["author"]) == ("A title", "Å")


def test_three_columns_of_prose_are_read_one_after_the_other(tmp_path: Path) -> None:
    """Whatever their number, columns of running text are read down, and the last may end early."""
    words = [
        (x, 700 - 12 * line, f"{side}{line} is a line of prose, set close")
        for side, x, length in (("a", 40, 8), ("b", 230, 8), ("c", 420, 3))
        for line in range(length)
    ]
    lines = loaded(tmp_path, "a.pdf", pdf(words)).text.split()
    order = [f"{side}{n}" for side, length in (("a", 8), ("b", 8), ("c", 3)) for n in range(length)]
    assert [word for word in lines if word[1:].isdigit()] == order


def test_a_row_of_long_cells_leaves_the_columns_where_they_are(tmp_path: Path) -> None:
    """A number under "Debit" stands under it in the text, however long the words before it are."""
    words: list[Word] = [
        *[(72, 700, "Text"), (300, 700, "Debit"), (400, 700, "Credit")],
        *[
            (72, 684, "iiiiiiiiiillllllllll iiiiiiiiiillllllllll iiiiiiiiiillllllllll iiiiiiiiillllll"),
            (300, 684, "12.00"),
        ],
        *[(72, 668, "Fee"), (400, 668, "3.00")],
    ]
    heads, long, fee = loaded(tmp_path, "a.pdf", pdf(words)).text.splitlines()[:3]
    assert heads.index("Debit") == long.index("12.00")
    assert heads.index("Credit") == fee.index("3.00")


def test_raised_figures_never_join_a_number(tmp_path: Path) -> None:
    """Exponents and marks of notes are written as such, and the number of a note is separate from it."""

    def up(text: str) -> str:
        return f") Tj 4 Ts /F1 6 Tf ({text}) Tj 0 Ts /F1 10 Tf ("

    raised: Word = (72, 700, f"10{up('6')} units, 4 500{up('1')} and 1{up('st')}")
    note: Word = (72, 660, f"{up('1')}2 of them spare")
    lines = loaded(tmp_path, "a.pdf", pdf([raised, note])).text.split("\n")
    assert [line.strip() for line in lines if line.strip()] == ["10^6 units, 4 500[1] and 1st", "1 2 of them spare"]


def test_characters_beyond_the_first_plane_are_whole(tmp_path: Path) -> None:
    """PDFium states them in two halves."""
    unicode = "/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <41> <41> endcodespacerange"
    unicode += " 1 beginbfchar <41> <D83DDE00> endbfchar endcmap end"
    data = pdf([(72, 700, "A")], objects=(f"<< /Length {len(unicode)} >>\nstream\n{unicode}\nendstream",))
    data = data.replace(b"/BaseFont /Helvetica", b"/BaseFont /Helvetica /ToUnicode 4 0 R", 1)
    assert loaded(tmp_path, "a.pdf", data).text.strip() == "\U0001f600"


def test_characters_that_stand_for_others_are_level_with_them(tmp_path: Path) -> None:
    """The letters of a ligature, which the file states beside it, have smaller boxes; raised they are not."""
    deep = "<< /Type /FontDescriptor /FontName /F1 /Flags 32 /Ascent 900 /Descent -400 /FontBBox [0 -400 9 900] >>"
    ligature = ") Tj /Span << /ActualText (fi) >> BDC (A) Tj EMC ("
    widths = f"/FirstChar 32 /LastChar 126 /Widths [{'600 ' * 95}]"
    font = f"/BaseFont /Helvetica /FontDescriptor 4 0 R {widths}".encode()
    data = pdf([(72, 700, f"{ligature}ne: the {ligature}rst of many")], objects=(deep,))
    text = loaded(tmp_path, "a.pdf", data.replace(b"/BaseFont /Helvetica", font, 1)).text
    assert text.strip() == "fine: the first of many"


def test_embedded_files_are_read_after_the_pages(tmp_path: Path) -> None:
    """An invoice that travels as XML within its PDF is part of the text, also where a pin on the page holds it."""
    stream = "<< /Type /EmbeddedFile /Length {} >>\nstream\n{}\nendstream"
    bodies = ["<invoice><total>42.00</total></invoice>", "<note>pinned</note>"]
    objects = (
        *(stream.format(len(body), body) for body in bodies),
        "<< /Type /Filespec /F (invoice.xml) /EF << /F 4 0 R >> >>",
        "<< /Type /Filespec /F (pin.xml) /EF << /F 5 0 R >> >>",
        "<< /Type /Annot /Subtype /FileAttachment /Rect [10 10 20 20] /FS 7 0 R >>",
    )
    data = pdf([(72, 700, "See the file")], objects=objects, extra="/Annots [8 0 R]")
    names = b"/Names << /EmbeddedFiles << /Names [(invoice.xml) 6 0 R] >> >> /Type /Catalog"
    text = loaded(tmp_path, "a.pdf", data.replace(b"/Type /Catalog", names, 1)).text
    assert "--- attachment: invoice.xml ---" in text
    assert "<total>42.00</total>" in text
    assert "pinned" in text


def test_notes_and_links_are_read_and_films_are_named(tmp_path: Path) -> None:
    """What a reviewer wrote, and where a link leads, follow the text of the page; hidden notes do not."""
    annotations = (
        "<< /Type /Annot /Subtype /Text /Contents (Check the sum) /T (Ann) /Rect [10 10 20 20] >>",
        "<< /Type /Annot /Subtype /Text /Contents (old draft) /F 2 /Rect [10 10 20 20] >>",
        "<< /Type /Annot /Subtype /Link /Rect [70 698 110 712] /A << /S /URI /URI (https://example.org/apply) >> >>",
        "<< /Type /Annot /Subtype /Movie /Rect [10 10 20 20] >>",
        "<< /Type /Annot /Subtype /StrikeOut /Rect [70 698 98 712] /QuadPoints [70 712 97 712 70 698 97 698] >>",
    )
    data = pdf(
        [(72, 700, "Apply here, by the end of the month")],
        extra="/Annots [4 0 R 5 0 R 6 0 R 7 0 R 8 0 R]",
        objects=annotations,
    )
    document = loaded(tmp_path, "a.pdf", data)
    assert "[struck out: Apply]" in document.text
    assert "[note by Ann: Check the sum]" in document.text
    assert "(https://example.org/apply)]" in document.text
    assert "old draft" not in document.text
    assert document.metadata["unread"] == ["page 1: a film"]


def test_a_stamp_is_read_in_its_place_or_shown(tmp_path: Path) -> None:
    """The words of a stamp and of a signature are text; one without words goes as a picture of its page."""

    def stamp(appearance: str, kind: str = "/Subtype /Stamp") -> bytes:
        form = "<< /Type /XObject /Subtype /Form /BBox [0 0 100 20] /Resources << /Font << /F1 3 0 R >> >>"
        objects = (
            f"{form} /Length {len(appearance)} >>\nstream\n{appearance}\nendstream",
            f"<< /Type /Annot {kind} /F 4 /Rect [300 600 400 620] /AP << /N 4 0 R >> >>",
        )
        data = pdf([(72, 700, "A letter of more than twenty letters")], extra="/Annots [5 0 R]", objects=objects)
        return data.replace(b"/Type /Catalog", b"/AcroForm << /Fields [5 0 R] >> /Type /Catalog", 1)

    signature = "/Subtype /Widget /FT /Sig /T (s)"
    signed = f"{signature} /V << /Type /Sig >>"
    for kind in ("/Subtype /Stamp", signed):
        words = loaded(tmp_path, "a.pdf", stamp("BT /F1 12 Tf 5 5 Td (PAID 3 May) Tj ET", kind))
        assert "PAID 3 May" in words.text
        assert not words.images
        assert len(loaded(tmp_path, "b.pdf", stamp("0 0 100 20 re f", kind)).images) == 1
    assert not loaded(tmp_path, "c.pdf", stamp("", signature)).images


def test_a_form_that_only_one_program_draws_gives_its_data(tmp_path: Path) -> None:
    """An XFA form holds its values as XML; that its labels are missing is stated."""
    packet = "<xfa:datasets><xfa:data><total>42.00</total></xfa:data></xfa:datasets>"
    objects = (f"<< /Length {len(packet)} >>\nstream\n{packet}\nendstream",)
    data = pdf([(72, 700, "Please wait while this loads")], objects=objects)
    for rendering in (b"/NeedsRendering true ", b""):  # without it, the fields of the pages should hold the same
        form = rendering + b"/AcroForm << /Fields [] /XFA [(datasets) 4 0 R] >> /Type /Catalog"
        document = loaded(tmp_path, "a.pdf", data.replace(b"/Type /Catalog", form, 1))
        assert "<total>42.00</total>" in document.text
        assert any("XFA" in line for line in document.metadata["unread"])


def test_layers_that_are_switched_off_are_not_read(tmp_path: Path) -> None:
    """A layer is shown or hidden by the settings of the document, and its text with it."""
    layers = ") Tj ET /OC /On BDC BT /F1 10 Tf 72 650 Td (seen) Tj ET EMC /OC /Off BDC BT /F1 10 Tf 72 600 Td (gone"
    names = "/Resources << /Font << /F1 3 0 R >> /Properties << /On 4 0 R /Off 5 0 R >> >>"
    data = pdf([(72, 700, layers)], objects=("<< /Type /OCG /Name (a) >>", "<< /Type /OCG /Name (b) >>"))
    data = data.replace(b"/Resources << /Font << /F1 3 0 R >> >>", names.encode())
    data = data.replace(b"Td (gone) Tj ET", b"Td (gone) Tj ET EMC")
    settings = b"/OCProperties << /OCGs [4 0 R 5 0 R] /D << /OFF [5 0 R] >> >> /Type /Catalog"
    assert loaded(tmp_path, "a.pdf", data.replace(b"/Type /Catalog", settings, 1)).text.split() == ["seen"]


def test_words_with_a_line_through_them_are_struck(tmp_path: Path) -> None:
    """A line through the middle strikes out what it covers; one below the words, or one that goes farther, does not."""
    words = (
        "was 90 now 70) Tj ET 92 703.5 12 0.6 re f 72 698 80 0.6 re f 72 683 300 0.6 re f BT /F1 10 Tf 72 680 Td (row"
    )
    assert loaded(tmp_path, "a.pdf", pdf([(72, 700, words)])).text.split() == ["was", "~~90~~", "now", "70", "row"]


def test_fractions_with_a_line_in_them_are_read_on_their_line(tmp_path: Path) -> None:
    """A line that runs into words beside it divides what is above it from what is below, both centred on it. One above
    a sum does not, nor one between two cells beside a cell of two rows."""

    def at(x: float, y: float, text: str) -> Word:
        return x, y, text

    drawn = at(72, 700, "mix 2) Tj ET 98 703 8 0.5 re f 220 667 22 0.5 re f 220 683 60 0.5 re f BT /F1 10 Tf (")
    words = [drawn, at(99.5, 706, "3"), at(99.5, 693, "4"), at(110, 700, "cups")]
    sums = [at(72, 670, "Other"), at(220, 670, "200"), at(72, 656, "Total"), at(217, 656, "1200")]
    cells = [at(72, 630, "VAT) Tj ET 97 633 31 0.5 re f BT /F1 10 Tf ("), at(101.6, 636, "19.00"), at(107, 623, "7.00")]
    cells += [at(72, 600, "Tax) Tj ET 97 603 31 0.5 re f BT /F1 10 Tf ("), at(99, 606, "19.00"), at(99, 593, "21.00")]
    text = loaded(tmp_path, "a.pdf", pdf([*words, *sums, *cells])).text
    assert [" ".join(line.split()) for line in text.splitlines() if line] == [
        "mix 2 3/4 cups",
        "Other 200",
        "Total 1200",
        *("19.00", "VAT", "7.00"),
        *("19.00", "Tax", "21.00"),
    ]


def test_letters_that_are_spaced_out_are_one_word(tmp_path: Path) -> None:
    """The file says how far apart characters stand; a space between them is one."""
    spaced: Word = (72, 700, ") Tj 3 Tc (Invoice no 471")
    assert loaded(tmp_path, "a.pdf", pdf([spaced])).text.split() == ["Invoice", "no", "471"]


@pytest.mark.parametrize(
    ("drawn", "pictures"),
    [
        ("100 500 20 90 re f 140 500 20 40 re f 180 500 20 150 re f", 1),  # bars
        ("100 500 90 20 re f 100 540 150 20 re f 100 580 200 20 re f", 1),  # bars on their side
        ("100 500 20 90 re S 140 500 20 40 re S 180 500 20 150 re S", 1),  # bars without a filling
        ("100 500 20 90 re f 140 590 20 40 re f 180 560 20 70 re f", 1),  # bars from where the last one ends
        ("100 500 m 150 580 l 200 520 l 250 640 l S", 1),  # a curve
        ("100 500 m 120 560 130 590 150 590 c 200 590 210 500 250 520 c 300 540 310 640 350 640 c S", 1),  # smooth
        ("200 560 m 260 560 l 260 600 220 640 200 620 c f 200 560 m 200 620 l 160 620 140 560 150 540 c f "
         "200 560 m 150 540 l 160 500 220 490 260 560 c f", 1),  # slices
        ("".join(POINT.format(x, y) for x, y in [(100, 500), (190, 560), (240, 510), (330, 600)]), 1),  # points
        ("".join(POINT.format(x, y) for x in (100, 190, 280) for y in (500, 550, 600)), 0),  # choices of a form
        ("150 500 m 250 500 300 550 300 600 c 270 600 l 270 560 240 530 150 530 c f "
         "300 600 m 300 640 250 660 210 660 c 210 640 l 240 640 270 620 270 600 c f "
         "210 660 m 110 660 100 520 150 500 c 150 530 l 120 540 130 640 210 640 c f", 1),  # a ring
        ("100 500 40 20 re f 140 500 60 20 re f 200 500 90 20 re f", 0),  # the ground of a row of cells
        ("100 500 60 16 re S 100 530 90 16 re S 100 560 120 16 re S", 0),  # fields to write in
        ("70 697 60 12 re f 70 683 90 12 re f 70 669 120 12 re f", 0),  # the ground of words
        ("100 500 m 300 500 l S 100 520 m 300 520 l S 100 500 m 100 520 l S", 0),  # lines of a table
        ("110 500 m 290 500 l 300 500 300 510 300 510 c 300 590 l 110 590 l h S", 0),  # a frame with round corners
        ("110 500 m 290 500 l 296 500 300 504 300 510 c 300 580 l 300 586 296 590 290 590 c 110 590 l "
         "104 590 100 586 100 580 c 100 510 l 100 504 104 500 110 500 c S", 0),  # likewise, of all corners
        ("100 500 m 108 508 l 116 500 l 124 508 l S", 0),  # a mark
    ],
)  # fmt: skip
def test_a_chart_that_is_drawn_is_shown(tmp_path: Path, drawn: str, pictures: int) -> None:
    """Bars, curves and slices are no text, so their page is a picture too; lines and grounds of text are not."""
    words: Word = (72, 700, f"Report of the year) Tj 0 -14 Td (and of its parts) Tj ET {drawn} BT /F1 10 Tf (")
    tail: list[Word] = [(72, 672, "and a line"), (72, 686, "with words")]
    assert len(loaded(tmp_path, "a.pdf", pdf([words, *tail])).images) == pictures


def test_what_is_cut_from_a_page_is_not_read(tmp_path: Path) -> None:
    """A page may show a part of what it holds."""
    data = pdf([(72, 700, "Total 42"), (72, 100, "of another page")], extra="/CropBox [0 400 612 792]")
    assert loaded(tmp_path, "a.pdf", data).text.split() == ["Total", "42"]


def test_characters_that_have_only_a_number_are_named_and_shown(tmp_path: Path) -> None:
    """A font without a table of its characters leaves their numbers, which look like text."""
    font = "<< /Type /Font /Subtype /Type0 /BaseFont /None /Encoding /Identity-H /DescendantFonts [5 0 R] >>"
    inner = "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /None /CIDSystemInfo << /Registry (Adobe)"
    inner += " /Ordering (Identity) /Supplement 0 >> /FontDescriptor 6 0 R >>"
    described = (
        "<< /Type /FontDescriptor /FontName /None /Flags 4 /FontBBox [0 0 1 1] /Ascent 1 /Descent 0 /ItalicAngle 0"
    )
    described += " /CapHeight 1 /StemV 1 >>"
    words = "Total of the page and more) Tj ET 72 600 99 9 re f BT ("
    data = pdf([(72, 700, words)], objects=(font, inner, described))
    document = loaded(tmp_path, "a.pdf", data.replace(b"/F1 3 0 R", b"/F1 4 0 R"), ocr="off")
    assert document.metadata["unread"] == ["page 1: 13 characters of a font that does not say which they are"]
    assert len(document.images) == 1


def test_a_scan_under_a_letterhead_is_shown(tmp_path: Path) -> None:
    """A picture without words on it goes beside the text, however long that is; one with a text layer does not."""
    scan = ") Tj ET q 450 0 0 300 72 100 cm BI /W 1 /H 1 /CS /G /BPC 8 ID x EI Q BT ("
    head: list[Word] = [
        (72, 780 - 12 * line, "Example Ltd, 1 Long Street, Townsville, Company 1234567") for line in range(9)
    ]
    layer: list[Word] = [(80, 390 - 12 * line, "text that a scanner recognised on this line") for line in range(24)]
    pictures = [loaded(tmp_path, "a.pdf", pdf([(0, 0, scan), *head, *more])) for more in ([], layer)]
    assert [len(document.images) for document in pictures] == [1, 0]
