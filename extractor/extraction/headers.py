"""What a row of a table takes from its header: the cell that stands over its own, the corner, and the caption.

    >>> text = "EUR m       2025    2024\\nRevenue      7.1     6.4\\nNet debt     2.2     2.9\\n"
    >>> headers, cell = Headers(text), (text.index("6.4"), text.index("6.4") + 3)
    >>> [headers.stands_over(Place(at, at + 4, "exact"), [cell]) for at in (text.index("2025"), text.index("2024"))]
    [False, True]
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property

from extractor.extraction.finding import Place
from extractor.text.lines import Lines
from extractor.text.tables import Table, find_tables

__all__ = ["Headers"]

Range = tuple[int, int]
"""`text[start:end]`."""

_CAPTION = 2
"""Lines above a table that say what all of it is about."""
_LONG = 200
"""Characters past which such a line is prose."""
_PADDING = " \t\r\n\"'*_:()[]"


class Headers:
    """The headers of all tables of a text, which is read for them when the first is asked for."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self._text)

    @cached_property
    def _tables(self) -> list[Table]:
        return find_tables(self._lines)

    @cached_property
    def _starts(self) -> list[int]:
        return [table.start for table in self._tables]

    def context(self, offset: int) -> Range | None:
        """From the caption to the end of the header of the table that has a row at an offset; None without one."""
        table = self._table(offset)
        return (self._captioned(table), table.header[1] if table.header else table.start) if table else None

    def stands_over(self, place: Place, cells: Sequence[Range]) -> bool:
        """Whether a place is in a header cell over one of these cells of one row, of which it fills all where it is
        short."""
        table = self._table(cells[0][0]) if cells else None
        if table is None or table.header is None or not table.header[0] <= place.start < table.header[1]:
            return False
        line = self._lines.at(place.start)
        header = list(self._cells(self._lines.starts[line], self._lines.end(line), table.delimiter))
        over = [cell for one in cells if (cell := self._over(one, header, table))]
        return any(start <= place.start and place.end <= end and self._says(place, start, end) for start, end in over)

    def stands_beside(self, place: Place, offset: int) -> bool:
        """Whether a place is in the corner, or in the caption, of the table that has a row at an offset."""
        table = self._table(offset)
        if table is None:
            return False
        if not table.header or place.start < table.header[0]:
            return self._captioned(table) <= place.start < (table.header[0] if table.header else table.start)
        line = self._lines.at(place.start)
        cells = list(self._cells(self._lines.starts[line], self._lines.end(line), table.delimiter))
        filled = [(start, end) for start, end in cells if self._text[start:end].strip(_PADDING)]
        corner = filled[0] == cells[0] and not (table.delimiter == "" and self._indented(line, table))
        return (corner or len(filled) == 1) and filled[0][0] <= place.start < filled[0][1]

    def _table(self, offset: int) -> Table | None:
        at = bisect_right(self._starts, offset) - 1
        return self._tables[at] if at >= 0 and offset < self._tables[at].end else None

    def _captioned(self, table: Table) -> int:
        """Where the caption of a table begins: short lines right above it, after a blank one perhaps."""
        top = self._lines.at(table.header[0] if table.header else table.start)
        low = top - 1 if top and not self._lines[top - 1] else top
        for _ in range(_CAPTION):
            if low and 0 < len(self._lines[low - 1]) <= _LONG:
                low -= 1
        return self._lines.starts[low]

    def _indented(self, line: int, table: Table) -> bool:
        """Whether a line begins past the first cells of a table, whose columns are aligned."""
        first = self._lines[self._lines.at(table.rows[0])] if table.rows else ""
        text = self._lines[line]
        edge = re.match(r"\s*\S+(?: \S+)*", first)
        return bool(edge) and len(text) - len(text.lstrip()) >= (edge.end() if edge else 0)

    def _over(self, cell: Range, header: Sequence[Range], table: Table) -> Range | None:
        """The header cell over the cell of a row; that of a merged cell stands over empty ones to its right."""
        at = bisect_right(table.rows, cell[0]) - 1
        if at < 0:
            return None
        if not table.delimiter:
            spans = [(self._shared(cell, one), one) for one in header]
            width, best = max(spans, default=(0, (0, 0)))
            return best if width > 0 else None
        row_end = table.rows[at + 1] if at + 1 < len(table.rows) else table.end
        own = list(self._cells(table.rows[at], row_end, table.delimiter))
        index = next((n for n, (start, end) in enumerate(own) if start <= cell[0] <= end), len(own))
        filled = [n for n, (start, end) in enumerate(header[: index + 1]) if self._text[start:end].strip()]
        if not filled or (filled[-1] != index and filled[-1] == 0):
            return None
        return header[filled[-1]]

    def _shared(self, one: Range, other: Range) -> int:
        """In how many columns two ranges of different lines lie over one another."""
        (low, high), (first, last) = self._columns(one), self._columns(other)
        return min(high, last) - max(low, first)

    def _columns(self, one: Range) -> Range:
        line = self._lines.starts[self._lines.at(one[0])]
        return (
            len(self._text[line : one[0]].expandtabs()),
            len(self._text[line : one[1]].expandtabs()),
        )

    def _cells(self, start: int, end: int, delimiter: str) -> Iterator[Range]:
        """The cells of a row: between delimiters that are not quoted, or between gaps of two spaces."""
        text = self._text[start:end].rstrip()
        if not delimiter:
            yield from ((start + one.start(), start + one.end()) for one in re.finditer(r"\S+(?: \S+)*", text))
            return
        mark = re.escape(delimiter)
        begin = re.match(r"\s*\|", text).end() if delimiter == "|" and text.lstrip().startswith("|") else 0
        text = text[:-1] if delimiter == "|" and text.endswith("|") else text
        for one in re.finditer(rf'(?:^|{mark})("(?:[^"]|"")*"(?={mark}|$)|[^{mark}]*)', text[begin:]):
            yield start + begin + one.start(1), start + begin + one.end(1)

    def _says(self, place: Place, start: int, end: int) -> bool:
        """Whether a place says something of a column by itself: 12 in "Item 12" does not, Q1 and 2025 do."""
        written = self._text[place.start : place.end]
        telling = len(written) > 3 or (written.isalnum() and not written.isalpha() and not written.isdigit())
        return telling or (len(written) == 3 and written.isupper()) or self._text[start:end].strip(_PADDING) == written
