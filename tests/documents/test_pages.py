"""One page of a file, as a person looks at it: its picture, and where on it each piece of its text stands."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from extractor.documents.document import Document
from extractor.documents.load import load
from extractor.errors import DocumentError
from tests.documents.making import loaded, pdf

FIRST = [(72, 700, "Invoice 42"), (300, 600, "Total 9.50")]
SECOND = [(72, 500, "Second page")]


def ink(page: Document, text: str) -> float:
    """The share of a picture's dark pixels that the box of a text has."""
    start = page.text.index(text)
    (box,) = page.boxes_of(start, start + len(text))
    with Image.open(BytesIO(page.images[0].data)) as picture:
        grey = picture.convert("L")
        sides = (box.left * grey.width, box.top * grey.height, box.right * grey.width, box.bottom * grey.height)
        inside = grey.crop(tuple(round(side) for side in sides))
        dark = [sum(each.histogram()[:128]) for each in (inside, grey)]
    return dark[0] / dark[1]


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_a_page_of_a_pdf(tmp_path: Path, rotate: int) -> None:
    """Its text as the whole document has it, one picture, and boxes around the ink, however the page is turned."""
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf(FIRST, SECOND, rotate=rotate))
    whole, page = load(path), load(path, page=1)
    assert page.text.strip() in whole.text
    assert "Second" not in page.text
    assert (page.metadata["pages"], [image.page for image in page.images]) == (2, [1])
    assert page.sha256 == whole.sha256
    assert [round(ink(page, text), 1) for text in ("Invoice 42", "Total 9.50")] == [0.5, 0.5]
    assert ink(load(path, page=2), "Second page") == pytest.approx(1.0, abs=0.02)


def test_a_page_of_a_picture(tmp_path: Path) -> None:
    """The picture of that number, and how many there are."""
    path = tmp_path / "a.tif"
    sheets = [Image.new("L", (size, 40), 200) for size in (30, 50)]
    sheets[0].save(path, save_all=True, append_images=sheets[1:])
    page = load(path, page=2, ocr="off")
    assert (page.metadata["pages"], page.images[0].page) == (2, 2)
    with Image.open(BytesIO(page.images[0].data)) as picture:
        assert picture.size == (50, 40)


@pytest.mark.parametrize("name", ["a.pdf", "a.tif"])
def test_a_page_that_is_not_there(tmp_path: Path, name: str) -> None:
    """It is an error of the document that says how many pages there are."""
    path = tmp_path / name
    if name.endswith("pdf"):
        path.write_bytes(pdf(FIRST, SECOND))
    else:
        sheet = Image.new("L", (30, 40), 200)
        sheet.save(path, save_all=True, append_images=[sheet])
    for page in (0, -1):
        with pytest.raises(DocumentError, match=f"there is no page {page} in it; name one of 2"):
            load(path, page=page)
    with pytest.raises(DocumentError, match="there is no page 3 in it; name one of 2"):
        load(path, page=3, ocr="off")


def test_a_format_without_pages_is_read_as_ever(tmp_path: Path) -> None:
    """The number of a page changes nothing."""
    assert loaded(tmp_path, "a.html", b"<p>Text</p>", page=7).text.strip() == "Text"
