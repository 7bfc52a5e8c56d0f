"""PDF: the look of a page kept as text."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from extractor.documents.limits import Limits
from extractor.documents.load import load
from extractor.errors import DocumentError
from tests.documents.making import Word, loaded, pdf

FILES = Path(__file__).parent / "files"
TABLE: list[Word] = [
    *[(72, 700, "Item"), (272, 700, "Quantity"), (400, 700, "Price")],
    *[(72, 684, "Blue chair"), (272, 684, "2"), (400, 684, "10.00")],
    *[(72, 668, "Desk"), (272, 668, "14"), (400, 668, "150.00")],
]
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


@pytest.mark.parametrize("matrix", ["0 1 -1 0", "-1 0 0 -1", "0 -1 1 0"])
def test_turned_text_is_read_upright(tmp_path: Path, matrix: str) -> None:
    """Text that runs up, down or upside down is read as by a reader who turns the page."""
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
    """Values stand where the fields are, and boxes show whether they are ticked."""
    fields = (
        "<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /V (Ada Lovelace) /Rect [120 695 300 712] >>",
        "<< /Type /Annot /Subtype /Widget /FT /Btn /T (a) /V /Yes /AS /Yes /Rect [120 670 132 682]"
        " /AP << /N << /Yes 3 0 R /Off 3 0 R >> >> >>",
        "<< /Type /Annot /Subtype /FreeText /Contents (paid) /Rect [300 600 360 614] >>",
    )
    data = pdf([(72, 700, "Name:"), (72, 672, "Agreed:")], extra="/Annots [4 0 R 5 0 R 6 0 R]", objects=fields)
    data = data.replace(b"/Type /Catalog", b"/AcroForm << /Fields [4 0 R 5 0 R] >> /Type /Catalog", 1)
    assert loaded(tmp_path, "a.pdf", data).text.split() == ["Name:", "Ada", "Lovelace", "Agreed:", "[x]", "paid"]


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
