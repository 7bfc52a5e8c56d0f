"""Excel 97 to 2003 (XLS), and 5.0 and 95: what cells show, comments, boxes and pictures ([MS-XLS])."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import pairwise

from extractor.documents.embedded import Embedded
from extractor.documents.formats.xlsb import ERRORS, unpacked
from extractor.documents.number_formats import BUILT_IN
from extractor.documents.officeart import blips
from extractor.documents.ole import open_storage
from extractor.documents.parsed import Parsed
from extractor.documents.scripts import Look
from extractor.documents.sheet import CellStyles, Sheet, Words, cell_name, margin, workbook
from extractor.documents.source import Source
from extractor.documents.tables import Span
from extractor.documents.text import label
from extractor.errors import DocumentError

__all__ = ["parse"]

_BOF, _EOF, _SHEET, _CONTINUE, _CODEPAGE = 0x0809, 0x000A, 0x0085, 0x003C, 0x0042
_FORMAT, _XF, _DATE_MODE, _FONT, _TEXTS = 0x041E, 0x00E0, 0x0022, 0x0031, 0x00FC
_NUMBER, _RK, _MANY_RK, _FORMULA, _FLAG = 0x0203, 0x027E, 0x00BD, 0x0006, 0x0205
_TEXT_CELL, _LABEL, _RICH_LABEL, _STRING, _SHARED, _ARRAY = 0x00FD, 0x0204, 0x00D6, 0x0207, 0x04BC, 0x0221
_ROW, _COLUMNS, _MERGED, _OBJECT, _TEXT, _NOTE, _DRAWINGS = 0x0208, 0x007D, 0x00E5, 0x005D, 0x01B6, 0x001C, 0x00EB
_LINK, _HEADER, _FOOTER = 0x01B8, 0x0014, 0x0015
_SHORTEST = {
    **{_SHEET: 9, _FORMAT: 5, _XF: 4, _NUMBER: 14, _RK: 10, _MANY_RK: 12, _FORMULA: 14, _FLAG: 8, _ROW: 14},
    **{_COLUMNS: 10, _OBJECT: 8, _TEXT: 12, _NOTE: 8, _LINK: 8, _FONT: 16, _TEXT_CELL: 10, _LABEL: 8, _RICH_LABEL: 8},
}
"""The least bytes of each kind of record; a shorter one is damaged."""
_URL = bytes.fromhex("e0c9ea79f9bace118c8200aa004ba90b")
_CHART = 0x0020  # the kind of a substream
_COMMENT_BOX = 0x19
_NOT_CELLS = (1, 6)  # kinds of sheets: of macros, and modules of them
_HEAD = struct.Struct("<HH")


def parse(data: bytes, source: Source) -> Parsed:
    """Every sheet a page, with its boxes and the comments on its cells; charts are named: their data is in cells."""
    embedded = Embedded(source)
    storage = open_storage(data, source)
    book = _Book(embedded)
    book.read(storage.read("Workbook") or storage.read("Book"))
    for index, (picture, kind) in enumerate(blips(bytes(book.drawings)), 1):
        embedded.picture(picture, f"{index}{kind}")
    for name in storage.folders:
        if name.startswith("MBD"):
            embedded.file(data, f"object {name}", storage.inner(name).path)
    return workbook(book.sheets.values(), embedded, storage.about())


class _Book:
    """A stream of records: what all sheets share, then each sheet; what of it can be had where it is damaged."""

    def __init__(self, embedded: Embedded) -> None:
        self._embedded = embedded
        self.sheets: dict[int, Sheet] = {}  # by the place where each begins
        self.drawings = bytearray()
        self._wide, self._charset = True, "cp1252"  # whether texts tell the width of their characters, or their charset
        self._codes: dict[int, str] = {}
        self._fonts: list[Look] = []
        self._kinds: list[tuple[int, int]] = []  # the font and the format of each style
        self._from_1904 = False
        self._shared: list[bytes] = []
        self._texts: list[Words] | None = None

    def read(self, stream: bytes) -> None:
        """The sheets, with what their cells show. Raises DocumentError where there is none."""
        cells: _Cells | None = None
        depth = last = 0
        for place, kind, data in _records(stream):
            if kind in _SHORTEST and len(data) < _SHORTEST[kind]:
                self._embedded.missing("records of the workbook that are damaged")
            elif kind == _BOF:
                depth += 1
                self._wide = data[:2] == b"\x00\x06"
                if place in self.sheets:
                    cells = self._cells(self.sheets[place])
                if cells is not None and int.from_bytes(data[2:4], "little") == _CHART:
                    cells.charts += 1
            elif kind == _EOF:
                depth -= 1
                if cells is not None and not depth:
                    if cells.charts:
                        what = f"{cells.charts} chart{'s' if cells.charts > 1 else ''}"
                        self._embedded.missing(f"sheet {cells.sheet.name}: {what}")
                    cells = None
            elif kind == _DRAWINGS or (kind == _CONTINUE and last == _DRAWINGS):
                self.drawings += data
                kind = _DRAWINGS
            elif kind == _TEXTS or (kind == _CONTINUE and last == _TEXTS):
                self._shared.append(data)
            elif depth == 1 and cells is not None:
                cells.take(kind, data)
            elif cells is None:
                self._take(kind, data)
            last = kind if kind != _CONTINUE else last
        if not self.sheets:
            raise DocumentError("the workbook is damaged: there is no sheet in it; fetch it again", kind="damaged")

    def _take(self, kind: int, data: bytes) -> None:
        """One record of what all sheets share."""
        if kind == _SHEET:
            place, state, what = struct.unpack_from("<IBB", data)
            name = self._short_text(data[6:])
            if what in _NOT_CELLS:
                self._embedded.missing(f"sheet {name}: macros")
            self.sheets[place] = Sheet(name, hidden=bool(state & 3))
        elif kind == _FORMAT:
            text = _text(data[2:]) if self._wide else data[3 : 3 + data[2]].decode(self._charset, "replace")
            self._codes[struct.unpack_from("<H", data)[0]] = text
        elif kind == _XF:
            self._kinds.append(struct.unpack_from("<HH", data))
        elif kind == _FONT:
            flags, raised = struct.unpack_from("<2xH4xH", data)
            name = self._short_text(data[14:])
            self._fonts.append(Look(raised={1: 1, 2: -1}.get(raised, 0), struck=bool(flags & 8), font=name))
        elif kind == _DATE_MODE:
            self._from_1904 = data[:1] == b"\x01"
        elif kind == _CODEPAGE:
            self._charset = label(f"cp{int.from_bytes(data[:2], 'little')}") or "cp1252"

    def _short_text(self, data: bytes) -> str:
        return _characters(data[1:], data[0]) if self._wide else data[1 : 1 + data[0]].decode(self._charset, "replace")

    def _cells(self, sheet: Sheet) -> _Cells:
        if self._texts is None:
            self._texts = list(_shared_texts(self._shared, self._fonts))
        codes = [self._codes.get(code, BUILT_IN.get(code, "")) for _, code in self._kinds]
        styles = CellStyles(codes, [_font(self._fonts, font) for font, _ in self._kinds], from_1904=self._from_1904)
        return _Cells(sheet, styles, self._texts, "" if self._wide else self._charset)


class _Cells:
    """The records of one sheet. A box comes with its text after it, a comment with its place at the end."""

    def __init__(self, sheet: Sheet, styles: CellStyles, texts: list[Words], charset: str) -> None:
        self.sheet, self._styles, self._texts, self._charset = sheet, styles, texts, charset
        self.charts = 0
        self._waiting: tuple[int, int, int] | None = None  # a formula whose text is to follow
        self._kind = self._identity = 0  # of the box that was met last
        self._left = 0  # characters of its text still to come
        self._comments: dict[int, str] = {}

    def take(self, kind: int, data: bytes) -> None:
        """One record."""
        sheet, styles = self.sheet, self._styles
        if self._waiting and kind not in (_SHARED, _ARRAY):
            row, column, style = self._waiting
            self._waiting = None
            if kind == _STRING:
                sheet.put(row, column, styles.text(self._string(data), style))
            else:
                sheet.uncomputed.append((row, column))
        if kind == _TEXT_CELL:
            row, column, style, index = struct.unpack_from("<HHHI", data)
            if index < len(self._texts):
                sheet.put(row, column, styles.text(self._texts[index], style))
        elif kind == _NUMBER:
            row, column, style, amount = struct.unpack_from("<HHHd", data)
            sheet.put(row, column, styles.number(amount, style))
        elif kind == _RK:
            row, column, style, packed = struct.unpack_from("<HHHI", data)
            sheet.put(row, column, styles.number(unpacked(packed), style))
        elif kind == _MANY_RK:
            row, column = struct.unpack_from("<HH", data)
            for index, place in enumerate(range(4, len(data) - 7, 6)):
                style, packed = struct.unpack_from("<HI", data, place)
                sheet.put(row, column + index, styles.number(unpacked(packed), style))
        elif kind == _FORMULA:
            self._formula(data)
        elif kind == _FLAG:
            row, column = struct.unpack_from("<HH", data)
            sheet.put(row, column, _flag(data[6], is_error=bool(data[7])))
        elif kind in (_LABEL, _RICH_LABEL):
            row, column, style = struct.unpack_from("<HHH", data)
            sheet.put(row, column, styles.text(self._string(data[6:]), style))
        elif kind == _MERGED:
            for place in range(2, len(data) - 7, 8):
                top, bottom, left, right = struct.unpack_from("<4H", data, place)
                sheet.spans.append(Span(top, left, bottom - top + 1, right - left + 1))
        elif kind == _LINK:
            row, _, column = struct.unpack_from("<HHH", data)
            if (place := data.find(_URL)) > 0:
                sheet.link(row, column, _address(data[place + len(_URL) :]))
        elif kind in (_HEADER, _FOOTER) and len(data) > 3:
            words = _text(data) if not self._charset else data[1 : 1 + data[0]].decode(self._charset, "replace")
            sheet.after += margin("Header" if kind == _HEADER else "Footer", words)
        elif kind == _ROW:
            sheet.hidden_rows += bool(data[12] & 0x20) and data[2:4] != data[4:6]
        elif kind == _COLUMNS and data[8] & 1:
            first, last = struct.unpack_from("<HH", data)
            sheet.hidden_columns += last - first + 1 if last < 255 else 0
        else:
            self._take_box(kind, data)

    def _formula(self, data: bytes) -> None:
        row, column, style = struct.unpack_from("<HHH", data)
        if data[12:14] != b"\xff\xff":
            self.sheet.put(row, column, self._styles.number(struct.unpack_from("<d", data, 6)[0], style))
        elif data[6] == 0:
            self._waiting = (row, column, style)
        elif data[6] != 3:  # which is a text without a character
            self.sheet.put(row, column, _flag(data[8], is_error=data[6] == 2))

    def _take_box(self, kind: int, data: bytes) -> None:
        if kind == _OBJECT:
            self._kind, self._identity = struct.unpack_from("<HH", data, 4)
        elif kind == _TEXT:
            self._left = struct.unpack_from("<H", data, 10)[0]
        elif kind == _CONTINUE and self._left:
            text = _characters(data, self._left)
            self._left = 0
            if self._kind == _COMMENT_BOX:
                self._comments[self._identity] = " ".join(text.split())
            elif text.strip():
                self.sheet.after.append(text.replace("\r", "\n").strip())
        elif kind == _NOTE:
            row, column, _, identity = struct.unpack_from("<HHHH", data)
            if identity in self._comments:
                self.sheet.after.append(f"Comment on {cell_name(row, column)}: {self._comments[identity]}")

    def _string(self, data: bytes) -> str:
        if not self._charset:
            return _text(data)
        return data[2 : 2 + int.from_bytes(data[:2], "little")].decode(self._charset, "replace")


def _records(stream: bytes) -> Iterator[tuple[int, int, bytes]]:
    place = 0
    while place + 4 <= len(stream):
        kind, size = _HEAD.unpack_from(stream, place)
        yield place, kind, stream[place + 4 : place + 4 + size]
        place += 4 + size


def _shared_texts(chunks: list[bytes], fonts: list[Look]) -> Iterator[Words]:
    """The texts that cells share ([MS-XLS] 2.5.293): with their runs, where fonts may change what they say.

    One may go on in the next record, where its characters begin with their width.
    """
    records = iter(chunks)
    data, place = next(records, b""), 8
    has_looks = any(look.matters for look in fonts)
    for _ in range(int.from_bytes(data[4:8], "little")):
        if place >= len(data):
            data, place = next(records, b""), 0
        if len(data) < place + 3:
            return
        left, flags = struct.unpack_from("<HB", data, place)
        place += 3
        runs = further = 0
        if flags & 8:
            runs, place = int.from_bytes(data[place : place + 2], "little"), place + 2
        if flags & 4:
            further, place = int.from_bytes(data[place : place + 4], "little"), place + 4
        wide, text = flags & 1, ""
        while True:
            piece = data[place : place + (left << wide)]
            text += piece.decode("utf-16-le" if wide else "latin-1", "replace")
            place, left = place + len(piece), left - (len(piece) >> wide)
            if left <= 0 or not (data := next(records, b"")):
                break
            wide, place = data[0] & 1, 1
        tail, size = b"", 4 * runs + further
        while data and len(tail) < size:
            piece = data[place : place + size - len(tail)]
            tail, place = tail + piece, place + len(piece)
            if len(tail) < size:
                data, place = next(records, b""), 0
        starts = [struct.unpack_from("<HH", tail, 4 * run) for run in range(runs)] if len(tail) >= 4 * runs else []
        if starts and has_looks:
            edges = [(0, -1), *starts, (len(text), -1)]
            yield [
                (_font(fonts, font) if font >= 0 else None, text[start:end])
                for (start, font), (end, _) in pairwise(edges)
            ]
        else:
            yield text


def _font(fonts: list[Look], number: int) -> Look:
    """The font of this number: there is none of number 4."""
    place = number - (number > 4)
    return fonts[place] if place < len(fonts) else Look()


def _flag(value: int, *, is_error: bool) -> str:
    return ERRORS.get(value, "#ERROR!") if is_error else str(bool(value)).upper()


def _address(data: bytes) -> str:
    size = int.from_bytes(data[:4], "little")
    return data[4 : 4 + size].decode("utf-16-le", "replace").partition("\0")[0]


def _text(data: bytes) -> str:
    """A string: the count of its characters in two bytes, then whether they are wide."""
    return _characters(data[2:], int.from_bytes(data[:2], "little"))


def _characters(data: bytes, count: int) -> str:
    if data[:1] and data[0] & 1:
        return data[1 : 1 + 2 * count].decode("utf-16-le", "replace")
    return data[1 : 1 + count].decode("latin-1")
