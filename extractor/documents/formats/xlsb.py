"""The records of XLSB ([MS-XLSB]), the form of Excel's workbooks that is not XML."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

from extractor.documents.scripts import Look
from extractor.documents.sheet import CellStyles, Sheet, Words, margin, runs
from extractor.documents.tables import Span

__all__ = ["ERRORS", "listed", "read_sheet", "styles", "unpacked"]

ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
"""What a cell shows whose formula failed, by the numbers of binary workbooks."""
_DATE_MODE, _SHEET = 153, 156
_FONT, _FORMAT, _STYLE, _STYLES_BEGIN, _STYLES_END = 43, 44, 47, 617, 618
_SHARED_TEXT = 19
_ROW, _COLUMNS, _MERGED, _MARGINS, _LINK = 0, 60, 176, 479, 494
_WHOLE, _DOUBLE = struct.Struct("<q"), struct.Struct("<d")
_CELLS = frozenset({2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 62})


def listed(book: bytes) -> tuple[list[tuple[str, str, bool]], bool]:
    """The sheets: their names, the identities of their parts, whether they are hidden; whether days count from 1904."""
    found = []
    from_1904 = False
    for kind, data in _records(book):
        if kind == _DATE_MODE:
            from_1904 = bool(data[0] & 1)
        elif kind == _SHEET:
            identity, place = _text(data, 8)
            found.append((_text(data, place)[0], identity, data[:4] != bytes(4)))
    return found, from_1904


def styles(data: bytes, shared: bytes, *, from_1904: bool) -> CellStyles:
    """How cells show their values: by the formats and fonts of their styles, and the texts that they share."""
    codes: dict[int, str] = {}
    fonts: list[Look] = []
    kinds: list[tuple[int, int]] = []
    counts = False
    for kind, record in _records(data):
        if kind == _FORMAT:
            codes[struct.unpack_from("<H", record)[0]] = _text(record, 2)[0]
        elif kind == _FONT:
            flags, raised = struct.unpack_from("<2xH2xH", record)
            fonts.append(Look(raised={1: 1, 2: -1}.get(raised, 0), struck=bool(flags & 8), font=_text(record, 21)[0]))
        elif kind in (_STYLES_BEGIN, _STYLES_END):
            counts = kind == _STYLES_BEGIN
        elif kind == _STYLE and counts:
            kinds.append(struct.unpack_from("<HH", record, 2))
    texts = (_words(record, fonts) for kind, record in _records(shared) if kind == _SHARED_TEXT)
    return CellStyles(enumerate(kinds), codes, fonts, texts, from_1904=from_1904)


def _words(record: bytes, fonts: list[Look]) -> Words:
    """A text that cells share, with its runs where it has several fonts."""
    text, place = _text(record, 1)
    if not record[0] & 1 or len(record) < place + 4:
        return text
    count = struct.unpack_from("<I", record, place)[0]
    return runs(text, struct.iter_unpack("<HH", record[place + 4 : place + 4 + 4 * count]), fonts)


def read_sheet(sheet: Sheet, data: bytes, styles: CellStyles, relations: Mapping[str, tuple[str, str]]) -> None:
    """The cells of a sheet, which of them are merged or hidden, links, headers and footers."""
    row = 0
    for kind, record in _records(data):
        if kind == _ROW:
            row = struct.unpack_from("<I", record)[0]
            sheet.hidden_rows += bool(record[11:12] and record[11] & 0x10)
        elif kind == _COLUMNS:
            first, last = struct.unpack_from("<II", record)
            sheet.hidden_columns += [range(first, last + 1)] * (record[16] & 1)
        elif kind in (_MERGED, _LINK):
            top, bottom, left, right = struct.unpack_from("<IIII", record)
            area = Span(top, left, bottom - top + 1, right - left + 1)
            if kind == _MERGED:
                sheet.spans.append(area)
            else:
                sheet.link(area, relations.get(_text(record, 16)[0], ("", ""))[1])
        elif kind == _MARGINS:
            place = 2
            for name in ("Header", "Footer") * 3:
                words, place = _text(record, place)
                sheet.after += margin(name, words)
        elif kind in _CELLS and len(record) > 8:
            column, style = struct.unpack_from("<II", record)
            sheet.put(row, column, _displayed(sheet, kind, record, style & 0xFFFFFF, styles))


def _displayed(sheet: Sheet, kind: int, record: bytes, style: int, styles: CellStyles) -> str:
    """What a cell shows: a number, an error, a flag, a text, or the shared text of a number."""
    match kind:
        case 3 | 11:
            return ERRORS.get(record[8], "#ERROR!")
        case 2:
            return styles.numbers[style](unpacked(struct.unpack_from("<i", record, 8)[0]))
        case 5 | 9:
            return styles.numbers[style](struct.unpack_from("<d", record, 8)[0])
        case 4 | 10:
            return str(bool(record[8])).upper()
        case 7:
            return styles.shared(sheet, struct.unpack_from("<I", record, 8)[0], style)
    return styles.text(_text(record, 9 if kind == 62 else 8)[0], style)


def unpacked(packed: int) -> float:
    """A number in 30 bits, of which one tells whether it is whole and one whether it stands for hundredths."""
    number = float(packed >> 2) if packed & 2 else _DOUBLE.unpack(_WHOLE.pack((packed & ~3) << 32))[0]
    return number / 100 if packed & 1 else number


def _records(data: bytes) -> Iterator[tuple[int, bytes]]:
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


def _text(data: bytes, place: int) -> tuple[str, int]:
    """A string whose length is in four bytes, and where it ends; none has the greatest length there is."""
    size = struct.unpack_from("<I", data, place)[0]
    end = place + 4 + 2 * (size if size != 0xFFFFFFFF else 0)
    return data[place + 4 : end].decode("utf-16-le", "replace"), end
