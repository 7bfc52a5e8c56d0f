"""Excel 97 to 2003 (XLS), and 5.0 and 95: what cells show, comments, boxes and pictures ([MS-XLS])."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from extractor.documents.drawings import chart_text
from extractor.documents.embedded import Embedded
from extractor.documents.formats.xlsb import ERRORS, unpacked
from extractor.documents.number_formats import general
from extractor.documents.ole import blips, open_storage
from extractor.documents.parsed import Parsed
from extractor.documents.scripts import Look
from extractor.documents.sheet import CellStyles, Sheet, Words, cell_name, margin, runs, workbook
from extractor.documents.source import Source
from extractor.documents.tables import Span
from extractor.documents.text import label
from extractor.errors import DocumentError

__all__ = ["parse"]

_BOF, _EOF, _SHEET, _CODEPAGE, _CONTINUE = 0x0809, 0x000A, 0x0085, 0x0042, b"\x3c\0"
_FORMAT, _XF, _DATE_MODE, _FONT, _TEXTS = 0x041E, 0x00E0, 0x0022, 0x0031, 0x00FC
_NUMBER, _RK, _MANY_RK, _FORMULA, _FLAG = 0x0203, 0x027E, 0x00BD, 0x0006, 0x0205
_TEXT_CELL, _LABEL, _RICH_LABEL, _STRING, _SHARED, _ARRAY = 0x00FD, 0x0204, 0x00D6, 0x0207, 0x04BC, 0x0221
_ROW, _COLUMNS, _MERGED, _OBJECT, _TEXT, _NOTE, _DRAWINGS = 0x0208, 0x007D, 0x00E5, 0x005D, 0x01B6, 0x001C, 0x00EB
_LINK, _HEADER, _FOOTER = 0x01B8, 0x0014, 0x0015
_DATA_TABLE = 0x0236
_BESIDE = (_OBJECT, _TEXT, _HEADER, _FOOTER)  # records of the boxes over a chart, and of its margins
_GRAPH_NUMBER, _GRAPH_TEXT = 0x0003, 0x0004  # cells of the sheet behind a chart of Microsoft Graph ([MS-OGRAPH])
_SERIES, _CHART_TEXT, _WORDS, _OWNER, _POINTS = 0x1003, 0x1025, 0x100D, 0x1027, 0x1065
_FORMULA_OF, _BOOK, _REFERENCES = 0x1051, 0x01AE, 0x0017
_URL = bytes.fromhex("e0c9ea79f9bace118c8200aa004ba90b")
_CHART, _GRAPH = 0x0020, 0x8000  # kinds of substreams: a chart, and one with its data
_NAME, _VALUES, _CATEGORIES = 0, 1, 2
_CELL, _AREA = b"\x3a", b"\x3b"  # formulas that are one reference
_MOST = 10_000  # points of a series
_COMMENT_BOX = 0x19
_TICKED, _STATE = (0x0B, 0x0C), (0x0A, 0x12)  # boxes and buttons for choices; which parts of theirs tell the choice
_NOT_CELLS = (1, 6)  # kinds of sheets: of macros, and modules of them
_HEAD, _TEXT_HEAD = struct.Struct("<HH").unpack_from, struct.Struct("<HB").unpack_from
_SHARED_CELL, _NUMBER_CELL = struct.Struct("<HHHI").unpack_from, struct.Struct("<HHHd").unpack_from
_PACKED_CELL, _PACKED = struct.Struct("<HHHi").unpack_from, struct.Struct("<Hi").iter_unpack


def parse(data: bytes, source: Source) -> Parsed:
    """Every sheet a page, with its boxes, its charts as tables, and the comments on its cells."""
    embedded = Embedded()
    storage = open_storage(data, source)
    book = _Book(embedded)
    book.read(storage.read("Workbook") or storage.read("Book"))
    for index, (picture, kind) in enumerate(blips(bytes(book.drawings)), 1):
        embedded.picture(picture, f"{index}{kind}")
    for name in storage.folders:
        if name.startswith("MBD"):
            embedded.file(data, f"object {name}", storage.inner(name))
    return workbook(book.sheets.values(), embedded, storage.about())


class _Book:
    """A stream of records: what all sheets share, then each sheet; what of it can be had where it is damaged."""

    def __init__(self, embedded: Embedded) -> None:
        self._embedded = embedded
        self.sheets: dict[int, Sheet] = {}  # by the place where each begins
        self.drawings = bytearray()
        self._charset = ""  # that of texts before version 8: since then each tells the width of its characters
        self._codes: dict[int, str] = {}
        self._fonts: list[Look] = []
        self._kinds: list[tuple[int, int]] = []  # the font and the format of each style
        self._from_1904 = False
        self._shared: list[bytes] = []
        self._own: list[bool] = []  # of each book that formulas refer to, whether it is this one
        self._references: list[tuple[int, int]] = []  # the book and the sheet of each reference

    def read(self, stream: bytes) -> None:
        """The sheets, with what their cells show. Raises DocumentError where there is none."""
        cells: _Cells | None = None
        chart: _Chart | None = None
        charts: list[tuple[Sheet, int, _Chart]] = []  # with their places: they may show cells of later sheets
        depth = what = 0
        readers: Mapping[int, Callable[[bytes], None]] = {}  # of the cells of the sheet, while it is read
        for place, kind, data, more in _records(stream):
            try:
                if read := readers.get(kind):
                    read(data)
                    continue
                if kind == _BOF:
                    depth += 1
                    if not place:  # version 8, or Microsoft Graph's; what sheets state of themselves may be another
                        self._charset = "" if data[1:2] >= b"\x06" else "cp1252"
                    if place in self.sheets:
                        cells = _Cells(self.sheets[place], self._styles, self._charset)
                    what = int.from_bytes(data[2:4], "little")
                    if cells is not None and what in (_CHART, _GRAPH):
                        chart = _Chart(cells)
                elif kind == _EOF:
                    depth -= 1
                    if cells is not None and chart is not None:
                        charts.append((cells.sheet, len(cells.sheet.after), chart))
                        cells.sheet.after.append("")
                        chart = None
                    cells = cells if depth else None
                elif kind == _DRAWINGS:
                    self.drawings += b"".join((data, *more))
                elif kind == _TEXTS:
                    self._shared = [data, *more]
                elif chart is not None:
                    chart.take(kind, data)
                    graph = what == _GRAPH and kind in (_GRAPH_NUMBER, _GRAPH_TEXT)
                    if cells is not None and (kind in _BESIDE or graph):
                        cells.take(kind, data, more)
                elif depth == 1 and cells is not None:
                    cells.take(kind, data, more)
                elif cells is None:
                    self._take(kind, data)
            except (struct.error, IndexError):
                self._embedded.missing("records of the workbook that are damaged")
            if kind in (_BOF, _EOF):
                readers = cells.readers if cells is not None and depth == 1 and chart is None else {}
        for sheet, place, drawn in charts:
            sheet.after[place] = drawn.text(self._area)
        if not self.sheets:
            raise DocumentError("the workbook is damaged: there is no sheet in it; fetch it again", kind="damaged")

    def _take(self, kind: int, data: bytes) -> None:
        """One record of what all sheets share."""
        if kind == _SHEET:
            place, state, what = struct.unpack_from("<IBB", data)
            name = _string(data[6:], self._charset, wide=1)
            if what in _NOT_CELLS:
                self._embedded.missing(f"sheet {name}: macros")
            self.sheets[place] = Sheet(name or "Datasheet", hidden=bool(state & 3))
        elif kind == _FORMAT:
            self._codes[struct.unpack_from("<H", data)[0]] = _string(data[2:], self._charset, narrow=1)
        elif kind == _XF:
            self._kinds.append(struct.unpack_from("<HH", data))
        elif kind == _FONT:
            flags, raised = struct.unpack_from("<2xH4xH", data)
            name = _string(data[14:], self._charset, wide=1)
            self._fonts.append(Look(raised={1: 1, 2: -1}.get(raised, 0), struck=bool(flags & 8), font=name))
        elif kind == _DATE_MODE:
            self._from_1904 = data[:1] == b"\x01"
        elif kind == _BOOK:
            self._own.append(data[2:4] == b"\x01\x04")
        elif kind == _REFERENCES:
            self._references += [struct.unpack_from("<HH", data, place) for place in range(2, len(data) - 5, 6)]
        elif kind == _CODEPAGE:
            self._charset = self._charset and (label(f"cp{int.from_bytes(data[:2], 'little')}") or "cp1252")

    def _area(self, formula: bytes) -> list[str] | None:
        """The cells of this workbook that a formula names; None for any other formula."""
        kind = formula[:1]
        if self._charset or (kind, len(formula)) not in ((_AREA, 11), (_CELL, 7)):
            return None
        reference, top, *rest = struct.unpack_from("<5H" if kind == _AREA else "<3H", formula, 1)
        bottom, *columns = rest if kind == _AREA else (top, *rest)
        left, right = columns[0] & 0xFF, columns[-1] & 0xFF  # the other bits tell whether they are relative
        book, sheet = self._references[reference] if reference < len(self._references) else (len(self._own), 0)
        if book >= len(self._own) or not self._own[book] or sheet >= len(self.sheets):
            return None
        rows = list(self.sheets.values())[sheet].rows
        wide = min(right, left + _MOST) + 1
        return [rows.get(r, {}).get(c, "") for r in range(top, min(bottom, top + _MOST) + 1) for c in range(left, wide)]

    @cached_property
    def _styles(self) -> CellStyles:
        fonts = [*self._fonts[:4], Look(), *self._fonts[4:]]  # there is none of number 4
        kinds = enumerate((code, font) for font, code in self._kinds)
        return CellStyles(kinds, self._codes, fonts, _shared_texts(self._shared, fonts), from_1904=self._from_1904)


class _Cells:
    """The records of one sheet. A box comes with its text after it, a comment with its place at the end."""

    def __init__(self, sheet: Sheet, styles: CellStyles, charset: str) -> None:
        self.sheet, self._styles, self.charset = sheet, styles, charset
        self._rows, self._numbers = sheet.rows, styles.numbers
        self.readers = {_TEXT_CELL: self._text, _NUMBER: self._number, _RK: self._packed, _MANY_RK: self._many_packed}
        self._waiting: tuple[int, int, int] | None = None  # a formula whose text is to follow
        self._kind = self._identity = 0  # of the box that was met last
        self._tick = ""  # where that can be ticked
        self._comments: dict[int, str] = {}

    def _text(self, data: bytes) -> None:
        row, column, style, index = _SHARED_CELL(data)
        if text := self._styles.shared(self.sheet, index, style):
            self._rows[row][column] = text

    def _number(self, data: bytes) -> None:
        row, column, style, amount = _NUMBER_CELL(data)
        self._rows[row][column] = self._numbers[style](amount)

    def _packed(self, data: bytes) -> None:
        row, column, style, packed = _PACKED_CELL(data)
        self._rows[row][column] = self._numbers[style](unpacked(packed))

    def _many_packed(self, data: bytes) -> None:
        row, column = _HEAD(data)
        cells = self._rows[row]
        for place, (style, packed) in enumerate(_PACKED(data[4:-2]), column):
            cells[place] = self._numbers[style](unpacked(packed))

    def take(self, kind: int, data: bytes, more: list[bytes]) -> None:
        """One record, and those that continue it."""
        sheet, styles = self.sheet, self._styles
        if self._waiting and kind not in (_SHARED, _ARRAY, _DATA_TABLE):
            row, column, style = self._waiting
            self._waiting = None
            if kind == _STRING:
                sheet.put(row, column, styles.text(_string(data, self.charset), style))
            else:
                sheet.uncomputed.append((row, column))
        if kind == _FORMULA:
            self._formula(data)
        elif kind == _GRAPH_NUMBER:
            row, column, amount = struct.unpack_from("<HH3xd", data)
            sheet.put(row, column, general(amount))
        elif kind == _GRAPH_TEXT:
            row, column = struct.unpack_from("<HH", data)
            sheet.put(row, column, _string(data[7:], self.charset, wide=1).strip())
        elif kind == _FLAG:
            row, column = struct.unpack_from("<HH", data)
            sheet.put(row, column, _flag(data[6], is_error=bool(data[7])))
        elif kind in (_LABEL, _RICH_LABEL):
            row, column, style = struct.unpack_from("<HHH", data)
            sheet.put(row, column, styles.text(_string(data[6:], self.charset), style))
        elif kind == _MERGED:
            for place in range(2, len(data) - 7, 8):
                top, bottom, left, right = struct.unpack_from("<4H", data, place)
                sheet.spans.append(Span(top, left, bottom - top + 1, right - left + 1))
        elif kind == _LINK:
            top, bottom, left, right = struct.unpack_from("<4H", data)
            if (place := data.find(_URL)) > 0:
                area = Span(top, left, bottom - top + 1, right - left + 1)
                sheet.link(area, _address(data[place + len(_URL) :]))
        elif kind in (_HEADER, _FOOTER) and len(data) > 3:
            sheet.after += margin("Header" if kind == _HEADER else "Footer", _string(data, self.charset, narrow=1))
        elif kind == _ROW:
            sheet.hidden_rows += bool(data[12] & 0x20) and data[2:4] != data[4:6]
        elif kind == _COLUMNS and data[8] & 1:
            first, last = struct.unpack_from("<HH", data)
            sheet.hidden_columns.append(range(first, last + 1))
        else:
            self._take_box(kind, data, more)

    def _formula(self, data: bytes) -> None:
        row, column, style = struct.unpack_from("<HHH", data)
        is_empty_text = data[12:14] == b"\xff\xff" and data[6] == 3
        self.sheet.is_computed = self.sheet.is_computed or not is_empty_text
        if is_empty_text:
            self.sheet.doubtful[row, column] = ""
        elif data[12:14] != b"\xff\xff":
            self.sheet.put(row, column, self._numbers[style](struct.unpack_from("<d", data, 6)[0]))
        elif data[6] == 0:
            self._waiting = (row, column, style)
        else:
            self.sheet.put(row, column, _flag(data[8], is_error=data[6] == 2))

    def _take_box(self, kind: int, data: bytes, more: list[bytes]) -> None:
        if kind == _OBJECT:
            self._kind, self._identity = struct.unpack_from("<HH", data, 4)
            self._tick = ("☒ " if _is_ticked(data) else "☐ ") if self._kind in _TICKED else ""
        elif kind == _TEXT:
            left, words = struct.unpack_from("<H", data, 10)[0], ""
            for part in more:
                piece = _characters(part, left)
                left, words = left - len(piece), words + piece
            if self._kind == _COMMENT_BOX:
                self._comments[self._identity] = " ".join(words.split())
            elif words.strip():
                self.sheet.after.append(self._tick + words.replace("\r", "\n").strip())
        elif kind == _NOTE:
            row, column, _, identity = struct.unpack_from("<HHHH", data)
            if identity in self._comments:
                self.sheet.after.append(f"Comment on {cell_name(row, column)}: {self._comments[identity]}")


class _Chart:
    """The records of a chart: what its title and axes say, and the cells that it shows, or values stored with it."""

    def __init__(self, cells: _Cells) -> None:
        self._cells = cells
        self._names: list[str] = []
        self._words = self._title = ""
        self._is_series = False
        self._axes: list[str] = []
        self._part = 0  # what the next points are: values or categories
        self._links: dict[tuple[int, int], bytes] = {}  # formulas, by what they are of and the series
        self._points: defaultdict[tuple[int, int], dict[int, str]] = defaultdict(dict)

    def take(self, kind: int, data: bytes) -> None:
        """One record."""
        if kind == _SERIES:
            self._names.append("")
            self._is_series = True
        elif kind == _CHART_TEXT:
            self._words, self._is_series = "", False
        elif kind == _WORDS:
            words = _string(data[2:], self._cells.charset, wide=1)
            if self._is_series:
                self._names[-1] = self._names[-1] or words
            else:
                self._words = words
        elif kind == _OWNER and data[0] == 1:
            self._title = self._words
        elif kind == _OWNER and data[0] in (2, 3):
            self._axes.append(self._words)
        elif kind == _FORMULA_OF and self._is_series and data[1] == 2:
            self._links[data[0], len(self._names) - 1] = data[8 : 8 + int.from_bytes(data[6:8], "little")]
        elif kind == _POINTS:
            self._part = data[0]
        elif kind == _NUMBER:
            point, series, _, amount = struct.unpack_from("<HHHd", data)
            self._points[self._part, series][point] = general(amount)
        elif kind == _LABEL:
            point, series = struct.unpack_from("<HH", data)
            self._points[self._part, series][point] = _string(data[6:], self._cells.charset)

    def text(self, area: Callable[[bytes], list[str] | None]) -> str:
        """The chart as a table; `area` tells what the cells that a formula names show."""

        def points(part: int, index: int) -> list[str]:
            linked = area(self._links.get((part, index), b""))
            stored = self._points.get((part, index), {})
            return [stored.get(point, "") for point in range(max(stored, default=-1) + 1)] if linked is None else linked

        series = []
        for index, name in enumerate(self._names):
            if any(values := points(_VALUES, index)):
                name = name or " ".join(area(self._links.get((_NAME, index), b"")) or ()) or f"Series {index + 1}"
                labels = points(_CATEGORIES, index)
                series.append((name, tuple(labels) if any(labels) else (), values))
        return chart_text(self._title, self._axes, series)


def _records(stream: bytes) -> Iterator[tuple[int, int, bytes, list[bytes]]]:
    """Where each record begins, its kind, its data, and that of the records that continue it."""
    end, last = 0, len(stream) - 4
    while end <= last:
        start, (kind, size) = end, _HEAD(stream, end)
        end += 4 + size
        data = stream[start + 4 : end]
        more: list[bytes] = []
        while stream[end : end + 2] == _CONTINUE and end <= last:
            place, end = end + 4, end + 4 + _HEAD(stream, end)[1]
            more.append(stream[place:end])
        yield start, kind, data, more


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
        left, flags = _TEXT_HEAD(data, place)
        place += 3
        count = further = 0
        if flags & 8:
            count, place = int.from_bytes(data[place : place + 2], "little"), place + 2
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
        if not count and not further:
            yield text
            continue
        tail, size = b"", 4 * count + further
        while data and len(tail) < size:
            piece = data[place : place + size - len(tail)]
            tail, place = tail + piece, place + len(piece)
            if len(tail) < size:
                data, place = next(records, b""), 0
        starts = [struct.unpack_from("<HH", tail, 4 * run) for run in range(count)] if len(tail) >= 4 * count else []
        yield runs(text, starts, fonts) if starts and has_looks else text


def _flag(value: int, *, is_error: bool) -> str:
    return ERRORS.get(value, "#ERROR!") if is_error else str(bool(value)).upper()


def _is_ticked(data: bytes) -> bool:
    """Whether a box or a button is chosen, as the last part of its record that tells says."""
    place, state = 0, False
    while place + 6 <= len(data):
        kind, size, value = struct.unpack_from("<HHH", data, place)
        state = value == 1 if kind in _STATE else state
        place += 4 + size
    return state


def _address(data: bytes) -> str:
    size = int.from_bytes(data[:4], "little")
    return data[4 : 4 + size].decode("utf-16-le", "replace").partition("\0")[0]


def _string(data: bytes, charset: str, *, wide: int = 2, narrow: int | None = None) -> str:
    """A string after the count of its characters, which takes `wide` bytes, or `narrow` ones before version 8."""
    size = (narrow or wide) if charset else wide
    count = int.from_bytes(data[:size], "little")
    return data[size : size + count].decode(charset, "replace") if charset else _characters(data[size:], count)


def _characters(data: bytes, count: int) -> str:
    if data[:1] and data[0] & 1:
        return data[1 : 1 + 2 * count].decode("utf-16-le", "replace")
    return data[1 : 1 + count].decode("latin-1")
