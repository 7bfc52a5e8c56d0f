"""The binary records of XLS ([MS-XLS]) and XLSB ([MS-XLSB]): which format each number has, comments, and drawings."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise

from extractor.documents.archive import Archive
from extractor.documents.number_formats import BUILT_IN
from extractor.documents.scripts import Look, written
from extractor.documents.sheet import margin
from extractor.documents.tables import Span

__all__ = ["BinarySheet", "Workbook", "read_xls", "read_xlsb"]

_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
_BOF, _EOF, _SHEET, _CONTINUE = 0x0809, 0x000A, 0x0085, 0x003C
_FORMAT, _XF, _DATE_MODE = 0x041E, 0x00E0, 0x0022
_NUMBER, _RK, _MANY_RK, _FORMULA, _ERROR = 0x0203, 0x027E, 0x00BD, 0x0006, 0x0205
_ROW, _COLUMNS, _OBJECT, _TEXT, _NOTE, _DRAWINGS = 0x0208, 0x007D, 0x005D, 0x01B6, 0x001C, 0x00EB
_FONT, _TEXTS, _TEXT_CELL = 0x0031, 0x00FC, 0x00FD
_LINK, _HEADER, _FOOTER, _STRING, _SHARED, _ARRAY = 0x01B8, 0x0014, 0x0015, 0x0207, 0x04BC, 0x0221
_SHORTEST = {
    **{_SHEET: 9, _FORMAT: 5, _XF: 4, _NUMBER: 14, _RK: 10, _MANY_RK: 12, _FORMULA: 14, _ERROR: 8, _ROW: 14},
    **{_COLUMNS: 10, _OBJECT: 8, _TEXT: 12, _NOTE: 8, _LINK: 8, _FONT: 16, _TEXT_CELL: 10},
}
"""The least bytes of each kind of record; a shorter one is damaged."""
_URL = bytes.fromhex("e0c9ea79f9bace118c8200aa004ba90b")
_CHART = 0x0020  # the kind of a substream
_COMMENT_BOX = 0x19


@dataclass(slots=True)
class BinarySheet:
    """What calamine does not tell of a sheet; of an XLSB, all. Rows and columns count from 0."""

    cells: list[tuple[int, int, str]] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    hidden: bool = False
    numbers: list[tuple[int, int, int, float]] = field(default_factory=list)  # row, column, style, value
    errors: list[tuple[int, int, str]] = field(default_factory=list)
    rich: list[tuple[int, int, str]] = field(default_factory=list)  # texts of several looks
    looks: list[tuple[int, int, Look]] = field(default_factory=list)  # of whole cells
    labels: list[tuple[int, int, int]] = field(default_factory=list)  # row, column, style of texts with words around
    hidden_rows: int = 0
    hidden_columns: int = 0
    comments: list[tuple[int, int, str]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    links: list[tuple[int, int, str]] = field(default_factory=list)
    uncomputed: list[tuple[int, int]] = field(default_factory=list)
    waiting: tuple[int, int] | None = None  # a formula whose text is to follow
    charts: int = 0


@dataclass(slots=True)
class Workbook:
    """The sheets by name, and the formats that their cells name."""

    sheets: dict[str, BinarySheet] = field(default_factory=dict)
    formats: dict[int, str] = field(default_factory=dict)
    styles: list[int] = field(default_factory=list)
    fonts: list[Look] = field(default_factory=list)
    looks: dict[int, Look] = field(default_factory=dict)  # by style, where they change what cells say
    rich: dict[int, list[tuple[Look | None, str]]] = field(default_factory=dict)  # shared texts; None: as the cell
    from_1904: bool = False
    drawings: bytes = b""
    is_damaged: bool = False

    def code(self, style: int) -> str:
        """The format code of a style, "" where it shows values as they are."""
        kind = self.styles[style] if style < len(self.styles) else 0
        code = self.formats.get(kind, BUILT_IN.get(kind, ""))
        return "" if code in ("General", "@") else code


def read_xls(stream: bytes) -> Workbook:
    """The formats and the rest of a stream of records; what of it can be had where it is damaged."""
    book = Workbook()
    names: dict[int, str] = {}
    sheet: BinarySheet | None = None
    drawings = bytearray()
    texts: list[bytes] = []
    depth, last = 0, 0
    wide = True
    box = _Box()
    for place, kind, data in _records(stream):
        if kind in _SHORTEST and len(data) < _SHORTEST[kind]:
            book.is_damaged = True
        elif kind == _BOF:
            depth += 1
            wide = data[:2] == b"\x00\x06"
            chart = int.from_bytes(data[2:4], "little") == _CHART
            if place in names:
                book.rich = book.rich or _rich_texts(texts, book.fonts)
                texts = []
                sheet = book.sheets.setdefault(names[place], BinarySheet())
                box = _Box()
            if chart and sheet is not None:
                sheet.charts += 1
        elif kind == _EOF:
            depth -= 1
            sheet = sheet if depth else None
        elif kind == _DRAWINGS or (kind == _CONTINUE and last == _DRAWINGS):
            drawings += data
            kind = _DRAWINGS
        elif kind == _TEXTS or (kind == _CONTINUE and last == _TEXTS):
            texts.append(data)
        elif depth == 1 and sheet is not None:
            _cell(book, sheet, kind, data)
            box.take(sheet, kind, data)
        elif sheet is None:
            _global(book, names, kind, data, wide)
        last = kind if kind != _CONTINUE else last
    book.drawings = bytes(drawings)
    return book


def _records(stream: bytes) -> Iterator[tuple[int, int, bytes]]:
    place = 0
    while place + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, place)
        yield place, kind, stream[place + 4 : place + 4 + size]
        place += 4 + size


def _global(book: Workbook, names: dict[int, str], kind: int, data: bytes, wide: bool) -> None:
    if kind == _SHEET:
        names[struct.unpack_from("<I", data)[0]] = _short_text(data[6:], wide)
    elif kind == _FORMAT:
        text = _text(data[2:]) if wide else data[3 : 3 + data[2]].decode("cp1252", "replace")
        book.formats[struct.unpack_from("<H", data)[0]] = text
    elif kind == _XF:
        font, code = struct.unpack_from("<HH", data)
        look = _numbered(book.fonts, font)
        if look.matters:
            book.looks[len(book.styles)] = look
        book.styles.append(code)
    elif kind == _FONT:
        flags, raised = struct.unpack_from("<2xH4xH", data)
        name = _short_text(data[14:], wide)
        book.fonts.append(Look(raised={1: 1, 2: -1}.get(raised, 0), struck=bool(flags & 8), font=name))
    elif kind == _DATE_MODE:
        book.from_1904 = data[:1] == b"\x01"


def _numbered(fonts: list[Look], number: int) -> Look:
    """The font of this number: there is none of number 4."""
    place = number - (number > 4)
    return fonts[place] if place < len(fonts) else Look()


def _rich_texts(chunks: list[bytes], fonts: list[Look]) -> dict[int, list[tuple[Look | None, str]]]:
    """The runs of the texts that cells share, where fonts may change what they say ([MS-XLS] 2.5.293)."""
    if not any(look.matters for look in fonts):
        return {}
    found = {}
    with suppress(struct.error, IndexError):
        texts = _Pieces(chunks)
        _, count = texts.numbers("<II")
        for index in range(count):
            length, flags = texts.numbers("<HB")
            runs = texts.numbers("<H")[0] if flags & 8 else 0
            further = texts.numbers("<I")[0] if flags & 4 else 0
            text = texts.characters(length, bool(flags & 1))
            starts = [texts.numbers("<HH") for _ in range(runs)]
            texts.skip(further)
            if starts:
                edges = [(0, -1), *starts, (length, -1)]
                found[index] = [
                    (_numbered(fonts, font) if font >= 0 else None, text[start:end])
                    for (start, font), (end, _) in pairwise(edges)
                ]
    return found


class _Pieces:
    """Data that goes on in further records; characters that do so begin there with their width."""

    def __init__(self, chunks: list[bytes]) -> None:
        self._chunks, self._chunk, self._place = chunks, 0, 0

    def numbers(self, form: str) -> tuple[int, ...]:
        """The next numbers."""
        size = struct.calcsize(form)
        self._next()
        data = self._chunks[self._chunk][self._place : self._place + size]
        self._place += size
        return struct.unpack(form, data)

    def skip(self, size: int) -> None:
        """Pass over so many bytes."""
        while size:
            self._next()
            step = min(size, len(self._chunks[self._chunk]) - self._place)
            self._place, size = self._place + step, size - step

    def characters(self, count: int, wide: bool) -> str:
        """So many characters."""
        text = ""
        while len(text) < count:
            if self._next() and text:
                wide = bool(self._chunks[self._chunk][0] & 1)
                self._place = 1
            size = (count - len(text)) * (1 + wide)
            data = self._chunks[self._chunk][self._place : self._place + size]
            text += "".join(map(chr, struct.unpack(f"<{len(data) // 2}H", data))) if wide else data.decode("latin-1")
            self._place += len(data)
        return text

    def _next(self) -> bool:
        """Go to the next record where this one is read; whether that was so."""
        over = self._place >= len(self._chunks[self._chunk])
        if over:
            self._chunk, self._place = self._chunk + 1, 0
        return over


def _cell(book: Workbook, sheet: BinarySheet, kind: int, data: bytes) -> None:
    if sheet.waiting and kind not in (_SHARED, _ARRAY):
        sheet.uncomputed += [sheet.waiting] * (kind != _STRING)
        sheet.waiting = None
    if book.looks and kind in (_NUMBER, _RK, _FORMULA):
        row, column, style = struct.unpack_from("<HHH", data)
        if look := book.looks.get(style):
            sheet.looks.append((row, column, look))
    if kind == _NUMBER:
        sheet.numbers.append(struct.unpack_from("<HHHd", data))
    elif kind == _RK:
        row, column, style, packed = struct.unpack_from("<HHHI", data)
        sheet.numbers.append((row, column, style, _unpacked(packed)))
    elif kind == _MANY_RK:
        row, column = struct.unpack_from("<HH", data)
        for index, place in enumerate(range(4, len(data) - 7, 6)):
            style, packed = struct.unpack_from("<HI", data, place)
            sheet.numbers.append((row, column + index, style, _unpacked(packed)))
    elif kind == _FORMULA:
        row, column, style = struct.unpack_from("<HHH", data)
        if data[12:14] != b"\xff\xff":
            sheet.numbers.append((row, column, style, struct.unpack_from("<d", data, 6)[0]))
        elif data[6] in (0, 3):
            sheet.waiting = (row, column)
        elif data[6] == 2:
            sheet.errors.append((row, column, _ERRORS.get(data[8], "#ERROR!")))
    elif kind == _TEXT_CELL:
        row, column, style, index = struct.unpack_from("<HHHI", data)
        if "@" in book.code(style):
            sheet.labels.append((row, column, style))
        look = book.looks.get(style)
        if index in book.rich:
            words = "".join((own or look or Look()).apply(piece) for own, piece in book.rich[index])
            sheet.rich.append((row, column, written(words).strip()))
        elif look:
            sheet.looks.append((row, column, look))
    elif kind == _ERROR and data[7]:
        row, column = struct.unpack_from("<HH", data)
        sheet.errors.append((row, column, _ERRORS.get(data[6], "#ERROR!")))
    elif kind == _LINK:
        row, _, column = struct.unpack_from("<HHH", data)
        if (place := data.find(_URL)) > 0:
            sheet.links.append((row, column, _address(data[place + len(_URL) :])))
    elif kind in (_HEADER, _FOOTER) and len(data) > 3:
        sheet.texts += margin("Header" if kind == _HEADER else "Footer", _text(data))
    elif kind == _ROW:
        sheet.hidden_rows += bool(data[12] & 0x20) and data[2:4] != data[4:6]
    elif kind == _COLUMNS and data[8] & 1:
        first, last = struct.unpack_from("<HH", data)
        sheet.hidden_columns += last - first + 1 if last < 255 else 0


class _Box:
    """Objects come with their text after them, and comments with their places at the end."""

    def __init__(self) -> None:
        self._kind = self._identity = 0
        self._left = 0  # characters of a text still to come
        self._comments: dict[int, str] = {}

    def take(self, sheet: BinarySheet, kind: int, data: bytes) -> None:
        """One record of a sheet."""
        if kind == _OBJECT:
            self._kind, self._identity = struct.unpack_from("<HH", data, 4)
        elif kind == _TEXT:
            self._left = struct.unpack_from("<H", data, 10)[0]
        elif kind == _CONTINUE and self._left:
            text = data[1:].decode("utf-16-le" if data[:1] == b"\x01" else "latin-1", "replace")[: self._left]
            self._left = 0
            if self._kind == _COMMENT_BOX:
                self._comments[self._identity] = " ".join(text.split())
            elif text.strip():
                sheet.texts.append(text.replace("\r", "\n").strip())
        elif kind == _NOTE:
            row, column, _, identity = struct.unpack_from("<HHHH", data)
            if identity in self._comments:
                sheet.comments.append((row, column, self._comments[identity]))


def _unpacked(packed: int) -> float:
    """A number in 30 bits, of which one tells whether it is whole and one whether it stands for hundredths."""
    if packed & 2:
        whole = packed >> 2
        number = float(whole - (1 << 30) if whole & 1 << 29 else whole)
    else:
        number = float(struct.unpack("<d", struct.pack("<Q", (packed & ~3) << 32))[0])
    return number / 100 if packed & 1 else number


def _address(data: bytes) -> str:
    size = int.from_bytes(data[:4], "little")
    return data[4 : 4 + size].decode("utf-16-le", "replace").partition("\0")[0]


def _text(data: bytes) -> str:
    """A string: the count of its characters in two bytes, then whether they are wide."""
    count = struct.unpack_from("<H", data)[0]
    return _characters(data[2:], count)


def _short_text(data: bytes, wide: bool) -> str:
    return _characters(data[1:], data[0]) if wide else data[1 : 1 + data[0]].decode("cp1252", "replace")


def _characters(data: bytes, count: int) -> str:
    if data[:1] and data[0] & 1:
        return data[1 : 1 + 2 * count].decode("utf-16-le", "replace")
    return data[1 : 1 + count].decode("latin-1")


def read_xlsb(archive: Archive, main: str) -> Workbook:
    """An XLSB workbook."""
    book = Workbook()
    parts = archive.relations(main)
    styles = next((target for kind, target in parts.values() if kind == "styles"), "")
    in_styles = False
    for kind, data in _varied_records(archive.read(styles)):
        if kind == 44:
            book.formats[struct.unpack_from("<H", data)[0]] = _long_text(data, 2)[0]
        elif kind in (617, 618):
            in_styles = kind == 617
        elif kind == 47 and in_styles:
            book.styles.append(struct.unpack_from("<H", data, 2)[0])
    shared = next((target for kind, target in parts.values() if kind == "sharedStrings"), "")
    texts = [_long_text(data, 1)[0] for kind, data in _varied_records(archive.read(shared)) if kind == 19]
    for kind, data in _varied_records(archive.read(main)):
        if kind == 153:
            book.from_1904 = bool(data[0] & 1)
        elif kind == 156:
            identity, place = _long_text(data, 8)
            name, _ = _long_text(data, place)
            book.sheets[name] = _xlsb_sheet(archive.read(parts.get(identity, ("", ""))[1]), texts)
            book.sheets[name].hidden = data[:4] != bytes(4)
            book.is_damaged = book.is_damaged or identity not in parts
    return book


def _xlsb_sheet(data: bytes, texts: list[str]) -> BinarySheet:
    sheet = BinarySheet()
    row = 0
    for kind, record in _varied_records(data):
        if kind == 0:
            row = struct.unpack_from("<I", record)[0]
            sheet.hidden_rows += bool(record[11:12] and record[11] & 0x10)
        elif kind == 60:
            first, last = struct.unpack_from("<II", record)
            sheet.hidden_columns += (last - first + 1) * (record[16] & 1) if last < 1 << 10 else 0
        elif kind == 176:
            top, bottom, left, right = struct.unpack_from("<IIII", record)
            sheet.spans.append(Span(top, left, bottom - top + 1, right - left + 1))
        elif kind in _XLSB_CELLS and len(record) > 8:
            column, look = struct.unpack_from("<II", record)
            _xlsb_cell(sheet, kind, record, (row, column, look & 0xFFFFFF), texts)
    return sheet


_XLSB_CELLS = frozenset({2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 62})


def _xlsb_cell(sheet: BinarySheet, kind: int, record: bytes, place: tuple[int, int, int], texts: list[str]) -> None:
    """One cell by the kind of its value: a number, an error, a flag, a text, or the number of a shared text."""
    row, column, _ = place
    match kind:
        case 3 | 11:
            sheet.errors.append((row, column, _ERRORS.get(record[8], "#ERROR!")))
        case 2:
            sheet.numbers.append((*place, _unpacked(struct.unpack_from("<I", record, 8)[0])))
        case 5 | 9:
            sheet.numbers.append((*place, struct.unpack_from("<d", record, 8)[0]))
        case 4 | 10:
            sheet.cells.append((row, column, str(bool(record[8])).upper()))
        case 7:
            index = struct.unpack_from("<I", record, 8)[0]
            sheet.cells += [(row, column, text) for text in texts[index : index + 1]]
        case _:
            sheet.cells.append((row, column, _long_text(record, 9 if kind == 62 else 8)[0]))


def _varied_records(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Records whose kind and size are written in as few bytes as they need."""
    place = 0
    while place < len(data):
        kind = data[place]
        place += 1
        if kind & 0x80 and place < len(data):
            kind = kind & 0x7F | (data[place] & 0x7F) << 7
            place += 1
        size = shift = 0
        while place < len(data):
            byte = data[place]
            size |= (byte & 0x7F) << shift
            place, shift = place + 1, shift + 7
            if not byte & 0x80 or shift > 21:
                break
        yield kind, data[place : place + size]
        place += size


def _long_text(data: bytes, place: int) -> tuple[str, int]:
    """A string whose length is in four bytes, and where it ends; none has the greatest length there is."""
    size = struct.unpack_from("<I", data, place)[0]
    end = place + 4 + 2 * (size if size != 0xFFFFFFFF else 0)
    return data[place + 4 : end].decode("utf-16-le", "replace"), end
