"""What a row of a table takes from its header: the cell that stands over its own, the corner, and the caption.

>>> text = "EUR m       2025    2024\\nRevenue      7.1     6.4\\nNet debt     2.2     2.9\\n"
>>> years = [Place(text.index(year), text.index(year) + 4, "exact") for year in ("2025", "2024")]
>>> Headers(text).over([(text.index("6.4"), text.index("6.4") + 3)], years) == years[1:]
True
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from extractor.documents.document import Table as Written
from extractor.extraction.finding import Place, within
from extractor.text.structure import Structure
from extractor.text.tables import Table

__all__ = ["Headers"]

Range = tuple[int, int]
"""`text[start:end]`."""

_CAPTION = 2
"""Lines above a table that say what all of it is about."""
_LONG = 200
"""Characters past which such a line is prose."""
_PADDING = " \t\r\n\"'*_:()[]"


class Headers:
    """The headers of all tables of a text. `tables` are those of its loader."""

    def __init__(self, text: str, tables: Sequence[Written] = ()) -> None:
        structure = Structure(text, tables)
        self._text, self._table, self._lines = text, structure.table_at, structure.lines
        self._known: dict[Range, list[Range]] = {}
        self._captions: dict[int, int] = {}

    def over(self, cells: Sequence[Range], places: Sequence[Place]) -> list[Place]:
        """The places that are in header cells over these cells of one row; short ones must fill the header cell."""
        return [
            place
            for start, end in dict.fromkeys(one for cell in cells for one in self._above(cell))
            for place in within(places, start, end)
            if place.end <= end and self._says(place, start, end)
        ]

    def above(self, cell: Range) -> str:
        """What the header cells over a cell say."""
        return " ".join(self._text[slice(*one)] for one in self._above(cell))

    def heads(self, places: Sequence[Place], cell: Range) -> bool:
        """Whether one of these places is in a header cell over a cell."""
        return bool(self.over([cell], places))

    def context(self, offset: int) -> Range | None:
        """From the caption to the end of the header of the table that has this offset below them; None without one."""
        table = self._table(offset)
        high = (table.header[1] if table.header else table.start) if table else 0
        return (self._captioned(table), high) if table and high <= offset else None

    def filled(self, cells: Sequence[Range], written: str) -> list[Place]:
        """The header cells over these cells of one row that say so and nothing else."""
        found = [self._stripped(*one) for cell in cells for one in self._above(cell)]
        return [Place(start, end, "exact") for start, end in found if self._text[start:end] == written]

    def beside(self, cell: Range, places: Sequence[Place]) -> list[Place]:
        """The places that are in the corner, or in the caption, of the table that has this cell."""
        table = self._table(cell[0])
        if table is None:
            return []
        low, high = self._captioned(table), table.header[0] if table.header else table.start
        found = within(places, low, high) if low < high else []
        for line in self._header(table):
            header = [one for one in line if self._text[one[0] : one[1]].strip(_PADDING)]
            if header and (len(header) == 1 or (header[0] == line[0] and not self._indented(line[0], table))):
                found = [*found, *within(places, *header[0])]
        return list(found)

    def is_row(self, offset: int) -> bool:
        """Whether an offset is in a row of a table."""
        table = self._table(offset)
        return table is not None and bool(table.rows) and offset >= table.rows[0]

    def below(self, cell: Range, offset: int) -> str | None:
        """What the row at an offset has in the column of a cell above it: "" where that is empty; None where they are
        not rows of one table."""
        table = self._table(cell[0])
        if table is None or table is not self._table(offset):
            return None
        row, above = (self._row(table, one) for one in (offset, cell[0]))
        if table.delimiter:
            index = next((n for n, (start, end) in enumerate(above) if start <= cell[0] <= end), len(above))
            found = row[index : index + 1]
        else:
            found = [one for one in row if self._shared(one, cell) > 0]
        return " ".join(self._text[start:end].strip() for start, end in found)

    def _row(self, table: Table, offset: int) -> list[Range]:
        """The cells of the row at an offset."""
        at = max(0, bisect_right(table.rows, offset) - 1)
        end = table.rows[at + 1] if at + 1 < len(table.rows) else table.end
        if not table.delimiter:
            end = min(end, self._lines.end(self._lines.at(table.rows[at])))
        return list(self._cells(table.rows[at], end, table.delimiter))

    def _above(self, cell: Range) -> list[Range]:
        """The header cells over a cell, one for each line of the header."""
        if cell not in self._known:
            table = self._table(cell[0])
            lines = self._header(table) if table else ()
            self._known[cell] = [one for line in lines if table and (one := self._over(cell, line, table))]
        return self._known[cell]

    def _header(self, table: Table) -> list[list[Range]]:
        """The cells of each line of the header of a table."""
        if table.header is None:
            return []
        first, last = self._lines.at(table.header[0]), self._lines.at(max(*table.header) - 1)
        spans = [(self._lines.starts[line], self._lines.end(line)) for line in range(first, last + 1)]
        return [cells for span in spans if (cells := list(self._cells(*span, table.delimiter)))]

    def _stripped(self, start: int, end: int) -> Range:
        text = self._text[start:end]
        return start + len(text) - len(text.lstrip()), end - (len(text) - len(text.rstrip()))

    def _captioned(self, table: Table) -> int:
        """Where the caption of a table begins: short lines right above it, after a blank one perhaps."""
        top = table.header[0] if table.header else table.start
        if top not in self._captions:
            low = self._lines.at(top)
            low -= low > 0 and not self._lines[low - 1]
            for _ in range(_CAPTION):
                low -= low > 0 and 0 < len(self._lines[low - 1]) <= _LONG
            self._captions[top] = self._lines.starts[low]
        return self._captions[top]

    def _indented(self, cell: Range, table: Table) -> bool:
        """Whether a header cell stands past the first cell of a row, in a table whose columns are aligned."""
        if table.delimiter or not table.rows:
            return False
        first = next(self._cells(table.rows[0], self._lines.end(self._lines.at(table.rows[0])), ""), cell)
        return self._shared(cell, first) <= 0

    def _over(self, cell: Range, header: Sequence[Range], table: Table) -> Range | None:
        """The header cell over the cell of a row; that of a merged cell stands over empty ones to its right."""
        if not table.rows or cell[0] < table.rows[0]:
            return None
        if not table.delimiter:
            spans = [(self._shared(cell, one), one) for one in header]
            width, best = max(spans, default=(0, (0, 0)))
            return best if width > 0 else None
        own = self._row(table, cell[0])
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
        begin = len(text) - len(text.lstrip().removeprefix("|")) if delimiter == "|" else 0
        text = text[:-1] if delimiter == "|" and text.endswith("|") else text
        other = rf"(?:\\\||[^{mark}])*" if delimiter == "|" else f"[^{mark}]*"  # a bar within a cell is escaped
        for one in re.finditer(rf'(?:^|{mark})("(?:[^"]|"")*"(?={mark}|$)|{other})', text[begin:]):
            yield start + begin + one.start(1), start + begin + one.end(1)

    def _says(self, place: Place, start: int, end: int) -> bool:
        """Whether a place says something of a column by itself: 12 in "Item 12" does not, Q1 and 2025 do."""
        written = self._text[place.start : place.end]
        telling = len(written) > 3 or (written.isalnum() and not written.isalpha() and not written.isdigit())
        return telling or (len(written) == 3 and written.isupper()) or self._text[start:end].strip(_PADDING) == written
