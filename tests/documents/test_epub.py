"""Books: what stands in their chapters besides words."""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO
from pathlib import Path

from PIL import Image

from tests.documents.making import archive, loaded, picture


def test_pictures_of_a_book_are_shown_and_what_it_lacks_is_named(tmp_path: Path) -> None:
    """Each picture once, with its chapter's page, but no ornament; a chapter that is not there is unread."""
    chart, dot = BytesIO(), BytesIO()
    Image.new("L", (300, 200), 9).save(chart, "PNG")
    Image.new("L", (8, 8), 9).save(dot, "PNG")
    parts: dict[str, str | bytes] = {
        "META-INF/container.xml": '<container><rootfile full-path="o/book.opf"/></container>',
        "o/book.opf": '<package><manifest><item id="a" href="a.html"/><item id="b" href="b.html"/></manifest>'
        '<spine><itemref idref="a"/><itemref idref="b"/></spine></package>',
        "o/a.html": '<p>Sales <img src="../i/chart.png"> <img src="../i/dot.png"> <img src="../i/chart.png"></p>'
        + f'<img src="data:image/bmp;base64,{b64encode(picture("BMP", size=(80, 80))).decode()}">',
        "i/chart.png": chart.getvalue(),
        "i/dot.png": dot.getvalue(),
    }
    document = loaded(tmp_path, "a.epub", archive(parts))
    assert [image.page for image in document.images] == [2, 2]
    assert chart.getvalue() in [image.data for image in document.images]
    assert document.metadata["unread"] == ["o/b.html: it is not in the book"]
