"""PDF, by PDFium: text as it is laid out, values of forms, and pictures of pages that hold no text."""

from __future__ import annotations

import ctypes
import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise, repeat
from typing import Any
from unicodedata import normalize

import pypdfium2  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

from extractor.documents.document import Box, Image
from extractor.documents.equations import quotient
from extractor.documents.formats.pdf_annotations import (
    Annotations,
    Entry,
    annotations_of,
    embedded_files,
    read_string,
    xfa,
)
from extractor.documents.formats.pdf_drawings import shows_more
from extractor.documents.formats.pictures import is_blank, to_image
from extractor.documents.layout import Glyph, Run, placed, to_runs
from extractor.documents.ocr import OCR_SIDE, Segment, boxes_of, recognise
from extractor.documents.parsed import Parsed, bound, paginate
from extractor.documents.scripts import apart_from_numbers, from_symbol_font, struck
from extractor.documents.source import Source, too_large
from extractor.errors import DocumentError

__all__ = ["look", "parse"]

_LEGIBLE = 20  # characters: a page with fewer is a drawing or a scan
_DRAWN = (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_PATH, pdfium.FPDF_PAGEOBJ_SHADING)
_PIXELS = 2_000  # on the longer side of a page shown as a picture
_SCALE = 4.0  # pixels a point, at most
_STEPS = 10_000  # into which a side of a page is divided, to tell places on it
_LOOK = 1_600  # pixels of the longer side of a page that a person looks at
_PROPERTIES = {b"Title": "title", b"Author": "author", b"Subject": "subject", b"CreationDate": "created"}
_NO_CHARACTER = {0, 10, 13, 0xFFFE, 0xFFFF}  # line ends are where PDFium takes them to be
_FORMS = range(0xFB00, 0xFEFD)  # ligatures and the shapes of letters, each a character of its own
_SKEW = 0.05  # of a quarter turn, that a line differs from it at most
_THIN = 3.0  # points: a line that is thinner than that, and longer
_NEAR, _FAR = 9.0, 27.0  # points from a line to the middles of what it strikes out, and of what it divides
_WORD = 0.15  # of the height of a character of a fraction: wider is a space
_WIDEST_FRACTION, _BESIDE = 72.0, 12.0  # points: the line of a fraction, and from it to what stands beside it
_MARGIN = 0.4  # of the height of the text beside a fraction: how much longer its line is than the longer part
_SYMBOLS = 0xF000  # where fonts of symbols have their characters, up to 0xF0FF
_DASHES = {0x02: "-", 0xAD: "-"}  # where a word is broken at the end of a line

_Box = tuple[float, float, float, float]  # left, bottom, right, top
_Sides = dict[int, list[Run]]  # by quarter turns, or 4 and the degrees; what runs downwards is as it is in the file


def parse(data: bytes, source: Source) -> Parsed:
    """Every page, and the files that the document carries.

    Raises DocumentError: "encrypted" without the right password, "damaged", "too_large".
    """
    pdf = _open(data, source.password)
    try:
        if len(pdf) > source.limits.pages:
            raise too_large(f"a PDF of {len(pdf):,} pages", source.limits.pages, "pages")
        pdf.init_forms()
        return _Reader(pdf, data, source).read()
    finally:
        pdf.close()


def look(data: bytes, source: Source) -> Parsed:
    """One page as it is printed, with its text and a box for each run of it."""
    pdf = _open(data, source.password)
    try:
        pdf.init_forms()
        number = source.page or 0
        if not 0 < number <= len(pdf):
            raise DocumentError(f"there is no page {number} in it; name one of {len(pdf)}", kind="no_text")
        page = pdf[number - 1]
        textpage = page.get_textpage()
        sides = _sides(page, textpage, annotations_of(pdf, page, textpage).entries)
        text, starts = _laid_out(sides)
        picture = page.render(scale=min(_LOOK / max(*page.get_size(), 1.0), _SCALE)).to_pil()
        start_of = {id(run): start for start, run in starts}
        boxes = tuple(
            Box(start_of[id(run)], start_of[id(run)] + len(run.text), 0, *_on_page(page, run, turn))
            for turn, runs in sides.items()
            for run in runs
            if turn < 4
        )
        about = {"pages": len(pdf)}
        return Parsed(text, paginate([text])[1], (to_image(picture, number),), metadata=about, boxes=boxes)
    finally:
        pdf.close()


def _on_page(page: Any, run: Run, turn: int) -> tuple[float, float, float, float]:
    """Where a run is on the picture of its page, in fractions of that."""
    left, bottom, right, top = _turned(turn, run.left, run.top, run.right, run.bottom)
    xs, ys = zip(_fractions(page, left, bottom), _fractions(page, right, top), strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _fractions(page: Any, x: float, y: float) -> tuple[float, float]:
    """A point of the page as a share of the width and the height of its picture, from the upper left corner."""
    across, down = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDF_PageToDevice(page, 0, 0, _STEPS, _STEPS, 0, x, y, across, down)
    return tuple(min(max(at.value / _STEPS, 0.0), 1.0) for at in (across, down))  # type: ignore[return-value]


def _open(data: bytes, password: str | None) -> Any:
    try:
        return pypdfium2.PdfDocument(data, password=password)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pdfium.FPDF_ERR_PASSWORD:
            wrong = "the password does not open the PDF; give the right one"
            absent = "the PDF is encrypted; give its password (password=, --password)"
            raise DocumentError(wrong if password else absent, kind="encrypted") from None
        if error.err_code == pdfium.FPDF_ERR_SECURITY:
            raise DocumentError("the PDF has an unknown encryption; print it to a new PDF", kind="encrypted") from None
        raise DocumentError("the PDF is damaged or cut off; fetch it again", kind="damaged") from None


class _Reader:
    """Reads the pages of one document in turn."""

    def __init__(self, pdf: Any, data: bytes, source: Source) -> None:
        self._pdf, self._data, self._source = pdf, data, source
        self._pictures = 0  # so far
        self._past: list[int] = []  # pages without the picture that they want
        self._filled = False  # whether fields of the pages hold something

    def read(self) -> Parsed:
        pages, damaged = [], 0
        for number in range(1, len(self._pdf) + 1):
            try:
                page = self._pdf[number - 1]
            except pypdfium2.PdfiumError:
                damaged += 1
                pages.append(Parsed("", unread=(f"page {number}: the page is damaged",)))
                continue
            pages.append(self._page(page, number))
            page.close()
            self._source.step()
        if damaged == len(pages):
            raise DocumentError("the PDF is damaged: not a page of it can be read; fetch it again", kind="damaged")
        whole = bound(pages)
        unread, forms = list(whole.unread), xfa(self._pdf, filled=self._filled)
        if self._past:
            scans = f"pages {self._past[0]} to {self._past[-1]}: {len(self._past)} scans"
            unread.append(f"{scans} past the limit of {self._source.limits.pictures}")
        if forms:
            unread.append("an XFA form: its data are read, its layout and labels are not")
        files = dict.fromkeys([*whole.attachments, *embedded_files(self._pdf), *forms])
        about = {**_about(self._pdf), **({"ocr": self._source.ocr} if whole.boxes else {})}
        return replace(whole, attachments=tuple(files), metadata=about, unread=tuple(unread))

    def _page(self, page: Any, number: int) -> Parsed:
        textpage = page.get_textpage()
        found = annotations_of(self._pdf, page, textpage)
        self._filled = self._filled or bool(found.entries)
        unread = [f"page {number}: {what}" for what in found.unread]
        sides = _sides(page, textpage, found.entries)
        text, starts = _laid_out(sides)
        stamped = self._stamped(number, found) if found.stamped else sides
        is_silent = bool(found.stamped) and _laid_out(stamped)[0] == text
        if unknown := _unknown(textpage):
            unread.append(f"page {number}: {unknown} characters of a font that does not say which they are")
        images: tuple[Image, ...] = ()
        if unknown or is_silent or _wants_picture(page, textpage, text):
            images, read = self._picture(page, number)
            stamped = _with_read(stamped, text, read, page)
        textpage.close()
        if stamped is not sides:
            text, starts = _laid_out(stamped)
        whole = "\n\n".join(part for part in (text, "\n".join(found.notes)) if part)
        files = tuple(found.files)
        return Parsed(whole, images=images, attachments=files, boxes=boxes_of(starts), unread=tuple(unread))

    def _picture(self, page: Any, number: int) -> tuple[tuple[Image, ...], list[Segment]]:
        """The page as a grey picture, unless it is blank, and what is read from it."""
        if self._pictures >= self._source.limits.pictures:
            self._past.append(number)
            return (), []
        scale = min(_PIXELS / max(*page.get_size(), 1.0), _SCALE)
        picture = page.render(scale=scale, grayscale=True).to_pil()
        if is_blank(picture):
            return (), []
        self._pictures += 1
        return (to_image(picture, number),), recognise(picture, self._source.ocr) if self._source.ocr else []

    def _stamped(self, number: int, found: Annotations) -> _Sides:
        """The runs of the page with those of its stamps and signatures, in a copy that has them as part of the page."""
        copy = _open(self._data, self._source.password)
        try:
            page = copy[number - 1]
            for index in reversed(range(pdfium.FPDFPage_GetAnnotCount(page))):
                if index not in found.stamped:
                    pdfium.FPDFPage_RemoveAnnot(page, index)
            pdfium.FPDFPage_Flatten(page, pdfium.FLAT_NORMALDISPLAY)
            page.close()
            page = copy[number - 1]
            textpage = page.get_textpage()
            sides = _sides(page, textpage, found.entries)
            textpage.close()
            return sides
        finally:
            copy.close()


def _sides(page: Any, textpage: Any, filled: list[Entry]) -> _Sides:
    """The text of a page by the way that it runs, form fields filled in."""
    turned: dict[int, list[Glyph]] = {}
    for turn, glyph in _glyphs(textpage, _unseen(page), _cropped(page)):
        turned.setdefault(turn, []).append(glyph)
    upright = _upright(page)
    if _is_vertical(turned.get(0, [])):
        columns = str(textpage.get_text_range()).replace("\r\n", "\n")
        return {upright: [Run(columns, *_turned(upright, *page.get_bbox()))]}
    if 0 in turned and (rules := list(_rules(page))):
        turned[0] = _drawn(turned[0], rules)
    sides = {turn: to_runs(glyphs) for turn, glyphs in turned.items()}
    for text, *box in filled:
        sides.setdefault(upright, []).append(Run(text, *_turned(upright, *box)))
    return sides


def _rules(page: Any) -> Iterator[_Box]:
    """The thin level lines that are drawn on the page."""
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    for index in range(pdfium.FPDFPage_CountObjects(page)):
        thing = pdfium.FPDFPage_GetObject(page.raw, index)
        if pdfium.FPDFPageObj_GetType(thing) == pdfium.FPDF_PAGEOBJ_PATH:
            pdfium.FPDFPageObj_GetBounds(thing, left, bottom, right, top)
            if top.value - bottom.value < _THIN < right.value - left.value:
                yield left.value, bottom.value, right.value, top.value


def _drawn(glyphs: list[Glyph], rules: Iterable[_Box]) -> list[Glyph]:
    """The characters, those marked that a line strikes out, and each fraction with a line in it as one of them."""
    found = list(glyphs)
    levels = sorted(((glyph.top + glyph.bottom) / 2, at) for at, glyph in enumerate(glyphs) if not glyph.text.isspace())

    def near(height: float, reach: float, left: float, right: float) -> list[tuple[int, Glyph]]:
        low, high = (bisect_left(levels, (edge,)) for edge in (height - reach, height + reach))
        around = ((at, glyphs[at]) for _, at in levels[low:high])
        return [(at, glyph) for at, glyph in around if left < (glyph.left + glyph.right) / 2 < right]

    for left, bottom, right, top in rules:
        height, edges = -(bottom + top) / 2, (left - _BESIDE, right + _BESIDE)
        level = [(at, glyph) for at, glyph in near(height, _NEAR, *edges) if _crosses(height, glyph)]
        crossed = [(at, glyph) for at, glyph in level if left < (glyph.left + glyph.right) / 2 < right]
        if sum(glyph.right - glyph.left for _, glyph in crossed) > 0.7 * (right - left):
            for at, glyph in crossed:
                found[at] = glyph._replace(text=struck(glyph.text))
        elif right - left < _WIDEST_FRACTION and (
            beside := [glyph for at, glyph in level if (at, glyph) not in crossed]
        ):
            for at, glyph in _fraction(near(height, _FAR, *edges), beside[0], height, left, right):
                found[at] = glyph
    return found


def _fraction(
    around: list[tuple[int, Glyph]], beside: Glyph, height: float, left: float, right: float
) -> list[tuple[int, Glyph]]:
    """What replaces the characters of a fraction: all in the first of them, in line with what is beside it.

    One line of text is centred above the line and one below it, which is hardly wider than the wider of them, and
    the line runs into text beside it: a sum under a line of a table has none.
    """
    parts: list[list[tuple[int, Glyph]]] = []
    for side in (-1, 1):
        off = [(at, g, side * ((g.top + g.bottom) / 2 - height) / (g.bottom - g.top)) for at, g in around]
        line = [(at, g) for at, g, away in off if 0.2 < away < 1.1 and not _crosses(height, g)]
        parts.append(sorted(line, key=lambda item: item[1].left))
    edges = [(part[0][1].left - left, right - part[-1][1].right) for part in parts if part]  # to those of the line
    margin = _MARGIN * (beside.bottom - beside.top)
    is_centred = all(min(pair) > -1 and abs(pair[0] - pair[1]) < margin for pair in edges)
    if not is_centred or len(edges) < 2 or min(map(sum, edges)) > margin:
        return []
    upper, lower = (_words([g for _, g in part]) for part in parts)
    whole = Glyph(apart_from_numbers(quotient(upper, lower)), left, beside.top, right, beside.bottom)
    first, *others = (at for part in parts for at, _ in part)
    return [(first, whole), *((at, Glyph(" ", left, whole.top, left, whole.bottom)) for at in others)]


def _words(line: list[Glyph]) -> str:
    gaps = (after.left - before.right > _WORD * (after.bottom - after.top) for before, after in pairwise(line))
    return line[0].text + "".join(" " * gap + glyph.text for gap, glyph in zip(gaps, line[1:], strict=True))


def _crosses(height: float, glyph: Glyph) -> bool:
    return 0.3 < (glyph.bottom - height) / max(glyph.bottom - glyph.top, 1.0) < 0.65


def _upright(page: Any) -> int:
    return int(-page.get_rotation() // 90 % 4)


def _laid_out(sides: _Sides) -> tuple[str, list[tuple[int, Run]]]:
    """The page as text, and where in it each run begins: what runs the way that most of it does comes first."""
    text = ""
    starts: list[tuple[int, Run]] = []
    for runs in sorted(sides.values(), key=len, reverse=True):
        part, places = placed(runs)
        text += "\n\n" if text and part else ""
        starts += [(len(text) + start, run) for start, run in places]
        text += part
    return text, starts


def _with_read(sides: _Sides, text: str, read: list[Segment], page: Any) -> _Sides:
    """The page with what was read from its picture, where the file has no text of its own; gibberish is none."""
    if not read:
        return sides
    upright = _upright(page)
    left, top, right, bottom = _turned(upright, *page.get_bbox())
    scale = max(right - left, bottom - top) / OCR_SIDE
    for segment in read:
        segment.move(left, top, scale)
    if _is_gibberish(text):
        return {upright: list(read)}
    own = sides.get(upright, [])
    new = [segment for segment in read if not any(_covers(run, segment) for run in own)]
    return {**sides, upright: [*own, *new]}


def _covers(run: Run, segment: Segment) -> bool:
    """Whether the file says itself what was read there."""
    high = min(run.bottom, segment.bottom) - max(run.top, segment.top)
    wide = min(run.right, segment.right) - max(run.left, segment.left)
    return 2 * high > min(run.height, segment.height) and 2 * wide > min(
        run.right - run.left, segment.right - segment.left
    )


def _cropped(page: Any) -> _Box:
    """What is left of a page once it is cropped; without bounds where it is not."""
    bounds = page.get_cropbox()
    return bounds if bounds != page.get_mediabox() else (-math.inf, -math.inf, math.inf, math.inf)


def _glyphs(textpage: Any, unseen: set[int], bounds: _Box) -> Iterator[tuple[int, Glyph]]:
    """Each character once, with the turn of its line, in the coordinates of a reader who turns the page."""
    left, bottom, right, top = bounds
    box = pdfium.FS_RECTF()
    seen: dict[tuple[str, int, int, int], int] = {}
    turn = half = 0
    last = -2
    angle = 0.0
    low = high = 0.0  # bottom and top of the last character
    raw, unicode_of, box_of = textpage.raw, pdfium.FPDFText_GetUnicode, pdfium.FPDFText_GetLooseCharBox
    for index in range(pdfium.FPDFText_CountChars(raw)):
        code = unicode_of(raw, index)
        if code in _NO_CHARACTER:
            continue
        if 0xD800 <= code < 0xE000:  # half of a character beyond the first plane
            if code < 0xDC00:
                half = code
                continue
            code = 0x10000 + (half - 0xD800 << 10) + (code - 0xDC00) if half else 0xFFFD
            half = 0
        if unseen and _address(pdfium.FPDFText_GetTextObject(textpage, index)) in unseen:
            continue
        text = _DASHES.get(code) or chr(code)
        if code in _FORMS:
            text = normalize("NFKC", text).strip()
        if _SYMBOLS <= code < _SYMBOLS + 0x100:
            text = from_symbol_font(text, _font(textpage, index)) or text
        box_of(raw, index, box)
        x0, y0, x1, y1 = box.left, box.bottom, box.right, box.top
        if not (left <= (x0 + x1) / 2 <= right and bottom <= (y0 + y1) / 2 <= top):
            continue
        is_space = text.isspace()
        if not is_space and angle != (angle := pdfium.FPDFText_GetCharAngle(raw, index)):
            turn = _turn(angle)
        if turn == 0 and low < y0 < (low + high) / 2 and _baseline(raw, index) == _baseline(raw, last) <= y0 + 0.1:
            y0, y1 = low, max(y1, high)  # a part of a ligature, whose box PDFium draws without the room around it
        low, high = y0, y1
        joined = last == index - 1
        sides = _turned(turn, x0, y0, x1, y1) if turn < 4 else _skewed(textpage, index, angle, box)
        glyph = Glyph(text, *sides, joined)
        place = (text, turn, round(glyph.left), round(glyph.top))
        before, seen[place] = seen.get(place, index), index
        if index - before > 1 and not is_space:
            continue  # bold that was made by printing twice; the letters of a ligature follow each other
        yield turn, glyph
        last = index


def _baseline(raw: Any, index: int) -> float:
    """The height of the line that a character stands on."""
    x, y = ctypes.c_double(), ctypes.c_double()
    pdfium.FPDFText_GetCharOrigin(raw, index, x, y)
    return round(y.value, 1)


def _turn(angle: float) -> int:
    """The quarter turns of a line, or 4 and the degrees of one that runs askew."""
    quarters = angle / (math.pi / 2)
    return 4 + round(math.degrees(angle)) if abs(quarters - round(quarters)) > _SKEW else round(quarters) % 4


def _skewed(textpage: Any, index: int, angle: float, box: Any) -> _Box:
    """Where a character of a line that runs askew is for a reader who turns the page by that angle: a square."""
    x, y = ctypes.c_double(), ctypes.c_double()
    pdfium.FPDFText_GetCharOrigin(textpage, index, x, y)
    cos, sin = math.cos(angle), math.sin(angle)
    size = (box.right - box.left + box.top - box.bottom) / (abs(cos) + abs(sin)) / 1.5  # the sides of a usual letter
    left, bottom = x.value * cos - y.value * sin, -x.value * sin - y.value * cos
    return left, bottom - size, left + size, bottom


def _font(textpage: Any, index: int) -> str:
    """The font of symbols that a character is of, "" for any other."""
    flags = ctypes.c_int()
    name = ctypes.create_string_buffer(128)
    pdfium.FPDFText_GetFontInfo(textpage, index, name, len(name), flags)
    return "Wingdings" if b"wingdings" in name.value.lower() else ""


def _unseen(page: Any) -> set[int]:
    """The texts of layers that are switched off, by address: where they stand, the page is blank."""
    things = [pdfium.FPDFPage_GetObject(page, at) for at in range(pdfium.FPDFPage_CountObjects(page))]
    layered = [thing for thing in things if _is_layered(thing)]
    if not layered:
        return set()
    picture = page.render(scale=1, grayscale=True).to_pil()
    wide, high = picture.size
    sides = [ctypes.c_float() for _ in range(4)]
    found = set()
    for thing in layered:
        pdfium.FPDFPageObj_GetBounds(thing, *sides)
        left, bottom, right, top = (side.value for side in sides)
        xs, ys = zip(_fractions(page, left, bottom), _fractions(page, right, top), strict=True)
        if is_blank(picture.crop((wide * min(xs), high * min(ys), wide * max(xs) + 1, high * max(ys) + 1))):
            found.add(_address(thing))
    return found


def _is_layered(thing: Any) -> bool:
    if pdfium.FPDFPageObj_GetType(thing) != pdfium.FPDF_PAGEOBJ_TEXT:
        return False
    for index in range(pdfium.FPDFPageObj_CountMarks(thing)):
        size, name = ctypes.c_ulong(), ctypes.create_string_buffer(8)
        mark = pdfium.FPDFPageObj_GetMark(thing, index)
        room = ctypes.cast(name, ctypes.POINTER(pdfium.FPDF_WCHAR))
        if pdfium.FPDFPageObjMark_GetName(mark, room, len(name), size) and name.raw[:4] == "OC".encode("utf-16-le"):
            return True
    return False


def _address(thing: Any) -> int:
    return ctypes.cast(thing, ctypes.c_void_p).value or 0


def _turned(turn: int, left: float, low: float, right: float, high: float) -> _Box:
    """A box of the page for a reader who turns the page until its text is upright, and one of that reader's back.

    Of the page, `low` is the bottom and `high` the top; for the reader it is the other way round.
    """
    match turn:
        case 0:
            return left, -high, right, -low
        case 1:
            return -high, -right, -low, -left
        case 2:
            return -right, low, -left, high
    return low, left, high, right


def _is_vertical(glyphs: list[Glyph]) -> bool:
    """Whether characters follow each other downwards, as in Chinese and Japanese columns."""
    visible = [glyph for glyph in glyphs if not glyph.text.isspace()]
    steps = [(after.left - before.left, after.top - before.top, before) for before, after in pairwise(visible)]
    down = sum(abs(dx) < 1 and 0 < dy < 2 * (glyph.bottom - glyph.top) for dx, dy, glyph in steps)
    return 2 * down > len(steps)


def _wants_picture(page: Any, textpage: Any, text: str) -> bool:
    """Whether the text is not all that there is to read: none, gibberish, or beside a picture or a chart."""
    if _is_gibberish(text):
        return True
    if len("".join(text.split())) < _LEGIBLE:
        return next(page.get_objects(filter=_DRAWN), None) is not None
    return shows_more(page, textpage)


def _unknown(textpage: Any) -> int:
    """How many characters have but a number in their font, which the text has in their place."""
    count = pdfium.FPDFText_CountChars(textpage)
    return list(map(pdfium.FPDFText_HasUnicodeMapError, repeat(textpage.raw), range(count))).count(1)


def _is_gibberish(text: str) -> bool:
    seen = "".join(text.split())
    return 2 * sum(map(str.isprintable, seen)) < len(seen)


def _about(pdf: Any) -> dict[str, Any]:
    found = {
        name: read_string(lambda *room, key=key: pdfium.FPDF_GetMetaText(pdf, key, *room))
        for key, name in _PROPERTIES.items()
    }
    return {"pages": len(pdf), **{name: value for name, value in found.items() if value}}
