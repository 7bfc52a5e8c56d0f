"""Text from pictures: where it stands in the document, and on the picture."""

from __future__ import annotations

import re
import shutil
from email.message import EmailMessage
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from extractor.documents.document import Document
from extractor.documents.ocr import engine
from extractor.errors import UsageError
from tests.documents.making import Word, loaded, pdf

ENGINES = [
    pytest.param("rapidocr", marks=pytest.mark.skipif(find_spec("rapidocr") is None, reason="needs rapidocr")),
    pytest.param("tesseract", marks=pytest.mark.skipif(shutil.which("tesseract") is None, reason="needs tesseract")),
]
ROWS = [("Invoice", "R-1742"), ("Chair", "49.90"), ("Total", "149.70")]


def scan() -> Image.Image:
    """A page of three rows: words on the left, figures on the right."""
    page = Image.new("L", (1240, 877), 255)
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(40)
    for line, (left, right) in enumerate(ROWS):
        draw.text((100, 150 + 120 * line), left, 0, font)
        draw.text((800, 150 + 120 * line), right, 0, font)
    return page


def written(picture: Image.Image, form: str, **options: object) -> bytes:
    out = BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def place(document: Document, words: str) -> tuple[float, float]:
    """The middle of the box of these words on their picture."""
    start = document.text.index(words)
    (box,) = document.boxes_of(start, start + len(words))
    return (box.left + box.right) / 2, (box.top + box.bottom) / 2


@pytest.mark.parametrize("name", ENGINES)
def test_a_scan_is_read_row_by_row_and_each_piece_has_its_place(tmp_path: Path, name: str) -> None:
    """The text of the picture is that of the document, the picture is still shown, and boxes lie on the words."""
    document = loaded(tmp_path, "a.png", written(scan(), "PNG"), ocr=name)
    lines = [line.split() for line in document.text.splitlines() if line.strip()]
    assert lines == [list(row) for row in ROWS]
    assert (len(document.images), document.metadata["ocr"]) == (1, name)
    for line, (_, figure) in enumerate(ROWS):
        across, down = place(document, figure)
        assert 0.63 < across < 0.80
        assert abs(down - (172 + 120 * line) / 877) < 0.03


def pictured(*pages: list[Word]) -> bytes:
    """A PDF that shows the scan on the lower half of each page, over or under words of its own."""
    body = scan().tobytes().decode("latin-1")
    image = "<< /Type /XObject /Subtype /Image /Width 1240 /Height 877 /ColorSpace /DeviceGray /BitsPerComponent 8"
    image += f" /Length {len(body)} >>\nstream\n{body}\nendstream"
    drawn: Word = (0, 0, ") Tj ET q 500 0 0 354 56 200 cm /Im1 Do Q BT (")
    data = pdf(*([*page, drawn] for page in pages), objects=(image,))
    return data.replace(b"/Resources << ", b"/Resources << /XObject << /Im1 4 0 R >> ")


@pytest.mark.parametrize("name", ENGINES)
def test_pages_of_a_scan_are_pages_of_the_text(tmp_path: Path, name: str) -> None:
    """Of a PDF and of a TIFF alike, each with its own picture."""
    fax = written(scan(), "TIFF", save_all=True, append_images=[scan()])
    for file, data in (("a.pdf", pictured([], [])), ("a.tif", fax)):
        document = loaded(tmp_path, file, data, ocr=name)
        starts = [match.start() for match in re.finditer("149.70", document.text)]
        boxes = [document.boxes_of(start, start + 6)[0] for start in starts]
        assert [document.page_at(start) for start in starts] == [1, 2]
        assert [document.images[box.image].page for box in boxes] == [1, 2]


@pytest.mark.parametrize("name", ENGINES)
def test_text_of_the_file_goes_before_what_is_read(tmp_path: Path, name: str) -> None:
    """A letterhead over a scan is told once, as the file has it; what is on the scan stands below it."""
    document = loaded(tmp_path, "a.pdf", pictured([(72, 760, "Example Ltd, 1 Long Street")]), ocr=name)
    words = document.text.split()
    assert words == ["Example", "Ltd,", "1", "Long", "Street", *[word for row in ROWS for word in row]]
    assert document.boxes_of(0, document.text.index("Street")) == []


@pytest.mark.skipif(find_spec("rapidocr") is None, reason="needs rapidocr")
def test_a_page_that_lies_on_its_side_is_read(tmp_path: Path) -> None:
    """Lines that run up or down the scan are read as by one who turns it."""
    for turn in (90, 270):
        document = loaded(tmp_path, "a.png", written(scan().rotate(turn, expand=True), "PNG"), ocr="rapidocr")
        assert [line.split() for line in document.text.splitlines() if line.strip()] == [list(row) for row in ROWS]


@pytest.mark.parametrize("name", ENGINES)
def test_an_attached_scan_is_read_in_its_place(tmp_path: Path, name: str) -> None:
    """Its boxes count in the text of the whole message."""
    message = EmailMessage()
    message["From"], message["Message-ID"], message["Subject"] = "a@example.org", "<1@example.org>", "Scan"
    message.set_content("See the scan.\n")
    message.add_attachment(written(scan(), "PNG"), maintype="image", subtype="png", filename="a.png")
    document = loaded(tmp_path, "a.eml", message.as_bytes(), ocr=name)
    across, down = place(document, "49.90")
    assert 0.63 < across < 0.80
    assert abs(down - 292 / 877) < 0.03


def test_an_engine_is_one_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """The option goes before the environment; `off` is none; an unknown one and an absent one are refused."""
    monkeypatch.setenv("EXTRACTOR_OCR", "off")
    assert engine() == ""
    with pytest.raises(UsageError, match="no OCR engine 'magic'"):
        engine("magic")
    monkeypatch.setattr("extractor.documents.ocr._has_rapidocr", lambda: False)
    monkeypatch.setenv("PATH", "")
    for name, remedy in (
        ("rapidocr", r"pip install 'extractor-pipelines\[ocr\]'"),
        ("tesseract", "install that program"),
    ):
        with pytest.raises(UsageError, match=remedy):
            engine(name)


def test_only_the_extra_is_taken_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that happens to be on the machine reads nothing until it is named."""
    monkeypatch.delenv("EXTRACTOR_OCR")
    monkeypatch.setattr("shutil.which", lambda command: f"/usr/bin/{command}")
    for here, name in ((True, "rapidocr"), (False, "")):
        monkeypatch.setattr("extractor.documents.ocr._has_rapidocr", lambda here=here: here)
        assert engine() == name
