"""PDF, by PDFium: text as it is laid out, values of forms, and pictures of pages that hold no text."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

from extractor.documents.document import Image
from extractor.documents.formats.pictures import is_blank, to_png
from extractor.documents.layout import Glyph, Run, lay_out, to_runs
from extractor.documents.limits import too_large
from extractor.documents.parsed import Parsed, paginate
from extractor.documents.pdf_forms import entries, read_string
from extractor.documents.source import Source
from extractor.errors import DocumentError

__all__ = ["parse"]

_LEGIBLE = 20  # characters: a page with fewer is a drawing or a scan
_STAMP = 400  # characters: a page with fewer, and a picture over half of it, is a scan with a stamp or a fax line
_DRAWN = (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_PATH, pdfium.FPDF_PAGEOBJ_SHADING)
_PIXELS = 2_000  # on the longer side of a page shown as a picture
_SCALE = 4.0  # pixels a point, at most
_PROPERTIES = {b"Title": "title", b"Author": "author", b"Subject": "subject", b"CreationDate": "created"}
_NO_CHARACTER = {0, 0xFFFE, 0xFFFF}
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
_DASHES = {0x02: "-", 0xAD: "-"}  # where a word is broken at the end of a line


def parse(data: bytes, source: Source) -> Parsed:
    """Every page. Raises DocumentError: "encrypted" without the right password, "damaged", "too_large"."""
    pdf = _open(data, source.password)
    try:
        if len(pdf) > source.limits.pages:
            raise too_large(f"a PDF of {len(pdf):,} pages", source.limits.pages, "pages")
        pdf.init_forms()
        return _read(pdf, source.limits.pictures)
    finally:
        pdf.close()


def _open(data: bytes, password: str | None) -> Any:
    try:
        return pypdfium2.PdfDocument(data, password=password)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pdfium.FPDF_ERR_PASSWORD:
            wrong = "the password does not open the PDF; give the right one"
            absent = "the PDF is encrypted; give its password (password=, --password)"
            raise DocumentError(wrong if password else absent, kind="encrypted") from None
        if error.err_code == pdfium.FPDF_ERR_SECURITY:
            raise DocumentError("the PDF is encrypted in an unknown way; print it anew", kind="encrypted") from None
        raise DocumentError("the PDF is damaged or cut off; fetch it again", kind="damaged") from None


def _read(pdf: Any, pictures: int) -> Parsed:
    texts: list[str] = []
    images: list[Image] = []
    unread: list[str] = []
    for number in range(1, len(pdf) + 1):
        try:
            page = pdf[number - 1]
        except pypdfium2.PdfiumError:
            texts.append("")
            unread.append(f"page {number}: the page is damaged")
            continue
        texts.append(_text(page))
        wanted = _wants_picture(page, texts[-1])
        if wanted and len(images) < pictures:
            images += _picture(page, number)
        elif wanted:
            unread.append(f"page {number}: a scan beyond the first {pictures}")
        page.close()
    if len(unread) == len(texts) and not images:
        raise DocumentError("the PDF is damaged: not a page of it can be read; fetch it again", kind="damaged")
    text, pages = paginate(texts)
    about = {**_about(pdf), "unread": unread} if unread else _about(pdf)
    return Parsed(text if text.strip() else "", pages, tuple(images), metadata=about)


def _text(page: Any) -> str:
    """The text of a page as it looks, form fields filled in; vertical writing in the order of the file."""
    textpage = page.get_textpage()
    try:
        turned: dict[int, list[Glyph]] = {}
        for turn, glyph in _glyphs(textpage):
            turned.setdefault(turn, []).append(glyph)
        if _is_vertical(turned.get(0, [])):
            return str(textpage.get_text_range()).replace("\r\n", "\n")
    finally:
        textpage.close()
    sides = {turn: to_runs(glyphs) for turn, glyphs in turned.items()}
    upright = -page.get_rotation() // 90 % 4
    for text, *box in entries(page.formenv, page):
        glyph = _placed(text, upright, *box)
        sides.setdefault(upright, []).append(Run(*glyph, last=glyph.left))
    texts = [lay_out(runs) for runs in sorted(sides.values(), key=len, reverse=True)]
    return "\n\n".join(text for text in texts if text)


def _glyphs(textpage: Any) -> Iterator[tuple[int, Glyph]]:
    """Each character once, with the quarter turns of its line, in the coordinates of a reader who turns the page."""
    box = pdfium.FS_RECTF()
    seen: dict[tuple[str, int, int, int], int] = {}
    turn = 0
    for index in range(pdfium.FPDFText_CountChars(textpage)):
        code = pdfium.FPDFText_GetUnicode(textpage, index)
        if code in _NO_CHARACTER:
            continue
        text = _LIGATURES.get(code) or _DASHES.get(code) or chr(code)
        pdfium.FPDFText_GetLooseCharBox(textpage, index, box)
        if not text.isspace():
            turn = round(pdfium.FPDFText_GetCharAngle(textpage, index) / (math.pi / 2)) % 4
        glyph = _placed(text, turn, box.left, box.bottom, box.right, box.top)
        place = (text, turn, round(glyph.left), round(glyph.top))
        before, seen[place] = seen.get(place, index), index
        if index - before > 1 and not text.isspace():
            continue  # bold that was made by printing twice; the letters of a ligature follow each other
        yield turn, glyph


def _placed(text: str, turn: int, left: float, bottom: float, right: float, top: float) -> Glyph:
    """A box of the page as it stands for a reader who turns the page until its text is upright."""
    match turn:
        case 0:
            return Glyph(text, left, -top, right, -bottom)
        case 1:
            return Glyph(text, -top, -right, -bottom, -left)
        case 2:
            return Glyph(text, -right, bottom, -left, top)
    return Glyph(text, bottom, left, top, right)


def _is_vertical(glyphs: list[Glyph]) -> bool:
    """Whether characters follow each other downwards, as in Chinese and Japanese columns."""
    shown = [glyph for glyph in glyphs if not glyph.text.isspace()]
    steps = [(after.left - before.left, after.top - before.top, before) for before, after in pairwise(shown)]
    down = sum(abs(dx) < 1 and 0 < dy < 2 * (glyph.bottom - glyph.top) for dx, dy, glyph in steps)
    return 2 * down > len(steps)


def _wants_picture(page: Any, text: str) -> bool:
    """Whether the text is not what there is to read: none, gibberish, or a stamp on a scan."""
    seen = "".join(text.split())
    if 2 * sum(map(str.isprintable, seen)) < len(seen):
        return True
    if len(seen) < _LEGIBLE:
        return next(page.get_objects(filter=_DRAWN), None) is not None
    return len(seen) < _STAMP and _is_scan(page)


def _is_scan(page: Any) -> bool:
    width, height = page.get_size()
    for picture in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE]):
        left, bottom, right, top = picture.get_bounds()
        if 2 * (right - left) * (top - bottom) > width * height:
            return True
    return False


def _picture(page: Any, number: int) -> list[Image]:
    """The page as a grey picture, unless it is blank."""
    scale = min(_PIXELS / max(*page.get_size(), 1.0), _SCALE)
    bitmap = page.render(scale=scale, grayscale=True)
    picture = bitmap.to_pil()
    return [] if is_blank(picture) else [Image(to_png(picture), "image/png", number)]


def _about(pdf: Any) -> dict[str, Any]:
    told = {name: _told(pdf, key) for key, name in _PROPERTIES.items()}
    return {"pages": len(pdf), **{name: value for name, value in told.items() if value}}


def _told(pdf: Any, key: bytes) -> str:
    return read_string(lambda *room: pdfium.FPDF_GetMetaText(pdf, key, *room))
