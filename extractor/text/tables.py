"""Tables in a text: those that a loader wrote, and others found by their shape.

By shape: cells between pipes, cells between delimiters, columns aligned by spaces. Of a table that a loader wrote its
extent and its header rows are known; its rows and group rows are read like those of the others.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median_low
from typing import NamedTuple

from extractor.documents.document import Table as Written
from extractor.text.lines import Lines

__all__ = ["Table", "cells_of", "find_tables", "with_tabs"]

_MOST_HEADER = 4  # rows
_MOST_BETWEEN = 2  # lines between two rows: group rows, the rest of a cell
_LONGEST_GROUP = 100  # characters
_LONGEST_CELL = 40  # characters, of a row of two between commas
_LONGEST_QUOTE = 50  # lines of one quoted cell
_SAMPLE = 64  # rows from which it is read how many cells of a row are numbers

_DIVIDER = re.compile(r"(?=.*[-=_─━═]{3})[-=_─━═+|:┼├┤ ]+")
_GAP = re.compile(r" {2,}|\t+")
_BAR = re.compile(r"(?<!\\)\|")  # between cells; one within a cell is escaped
_NUMBER = re.compile(r"(?=.*\d)[^\w\s]{0,2}(?:[A-Z]{3} ?)?[\d\s.,:/'’%()+\-–−٫٬]+[^\w\s]?(?: ?[A-Z]{1,3})?")
_COMMA = re.compile(r'(?:^|(?<=,))"(?:[^"]|"")*"(?=[,\n]|$)|(,)', re.MULTILINE)
_APART = re.compile(r"(?<![\d\s]),(?=\d)|,(?![\d\s–—-])")  # a comma that is neither in a number nor before a space
_YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True, slots=True)
class Table:
    """`text[start:end]` is a table of so many `columns`.

    `header` is the span of its header rows, several lines perhaps; that of the table above where this one goes on from
    it, on another page say; None where there is none. `rows` are the offsets at which its rows begin, and `groups` the
    spans of lines that say what the rows below them belong to. `delimiter` stands between cells, "" where spaces do.
    """

    start: int
    end: int
    columns: int
    header: tuple[int, int] | None
    rows: tuple[int, ...]
    groups: tuple[tuple[int, int], ...] = ()
    delimiter: str = ""


class _Cell(NamedTuple):
    text: str
    start: int
    end: int


class _Row(NamedTuple):
    first: int
    last: int  # the line after it
    cells: tuple[_Cell, ...]


_Reader = Callable[[Lines, int], _Row | None]


def find_tables(lines: Lines, written: Sequence[Written] = ()) -> list[Table]:
    """The tables of a text, in order; `written` are those of its loader.

    >>> text = "Lot  Kind\\n 17  Oak\\n 18  Ash\\n"
    >>> [table.rows for table in find_tables(Lines(text))]
    [(10, 19)]
    """
    tables: list[Table] = []
    index, known = 0, {lines.at(one.start): one for one in written if one.start < one.end}
    starts = [*sorted(known), len(lines)]
    while index < len(lines):
        last = starts[bisect_right(starts, index)]
        if index in known:
            found = _written(lines, known[index])
        else:
            found = next(filter(None, (_table(lines, index, last, kind) for kind in _KINDS)), None)
        if found is None:
            index += 1
            continue
        table, index = found
        if table.header is None and tables and tables[-1].columns == table.columns:
            table = replace(table, header=tables[-1].header)
        tables.append(table)
    return tables


def cells_of(rows: Sequence[str], delimiter: str) -> list[list[str]]:
    """The cells of some rows of one table, column by column; empty where a row has none.

    >>> cells_of(["17   Oak    300", "18          450"], "")
    [['17', 'Oak', '300'], ['18', '', '450']]
    """
    if delimiter:
        return [[cell.strip() for cell in _quoted_cells(row.strip(), delimiter) or [row]] for row in rows]
    lines = Lines("\n".join(row.partition("\n")[0] for row in rows))
    found = [row.cells if (row := _aligned(lines, index)) else () for index in range(len(lines))]
    columns = max(found, key=len, default=())
    return [[next((its.text for its in row if _touch(its, cell)), "") for cell in columns] for row in found]


def with_tabs(text: str, tables: Sequence[Table]) -> str:
    """A text with a tab in place of each comma between the cells of its tables, so that two cells are not one number.

    Lines whose commas may all be those of numbers and of prose stay: `Tea, green  2  1,20  2,40`.

    >>> text = "lot,day,sum\\n17,3,250\\n18,4,'1,5'\\n".replace("'", '"')
    >>> with_tabs(text, [Table(0, len(text), 3, None, (), (), ",")])
    'lot\\tday\\tsum\\n17\\t3\\t250\\n18\\t4\\t"1,5"\\n'
    """
    pieces, done = list[str](), 0
    for table in tables:
        if table.delimiter == "," and _APART.search(text, table.start, table.end):
            cells = _COMMA.sub(lambda found: "\t" if found[1] else found[0], text[table.start : table.end])
            pieces += [text[done : table.start], cells]
            done = table.end
    return "".join((*pieces, text[done:]))


# -- rows, by kind


def _piped(lines: Lines, index: int) -> _Row | None:
    line = lines[index].strip()
    if line.count("|") < 2 or (line[0] != "|" and " | " not in line):
        return None
    return _row(index, index + 1, _BAR.split(line.strip("|")))


def _delimited(delimiter: str, lines: Lines, index: int) -> _Row | None:
    """A row by the rules of CSV: a quoted cell may hold delimiters, and the ends of lines."""
    line = lines[index]
    if delimiter not in line and not line.startswith('"'):
        return None
    last = index + 1
    if '"' not in line:
        return _row(index, last, line.split(delimiter))
    while (cells := _quoted_cells(line, delimiter)) is None and last < min(len(lines), index + _LONGEST_QUOTE):
        line, last = f"{line}\n{lines[last]}", last + 1
    return _row(index, last, cells) if cells else _row(index, index + 1, lines[index].split(delimiter))


def _quoted_cells(line: str, delimiter: str) -> list[str] | None:
    """The cells of a row; None where a quoted cell is still open at its end."""
    cells, start = [], 0
    while True:
        at = start
        if line.startswith('"', start):
            at += 1
            while (at := line.find('"', at)) >= 0 and line.startswith('""', at):
                at += 2
            if at < 0:
                return None
        end = line.find(delimiter, at)
        while end > 0 and delimiter == "|" and line[end - 1] == "\\":
            end = line.find(delimiter, end + 1)
        cells.append(line[start:] if end < 0 else line[start:end])
        if end < 0:
            return cells
        start = end + len(delimiter)


def _listed(delimiter: str, lines: Lines, index: int) -> _Row | None:
    """A row of cells between commas or semicolons: those of prose stand before a space, those of numbers in digits."""
    row = _delimited(delimiter, lines, index)
    if row is None:
        return None
    texts = [cell.text for cell in row.cells]
    loose = sum(text.startswith(" ") or not text for text in texts[1:])
    if len(texts) == 2 and (max(map(len, texts)) > _LONGEST_CELL or (texts[0][-1:] + texts[1][:1]).isdigit()):
        return None
    return row if 2 * loose < len(texts) else None


def _aligned(lines: Lines, index: int) -> _Row | None:
    """A line of which at least two cells stand apart by two spaces."""
    line = lines[index].expandtabs()
    cells, start = [], len(line) - len(line.lstrip())
    for gap in _GAP.finditer(line, start):
        cells.append(_Cell(line[start : gap.start()], start, gap.start()))
        start = gap.end()
    cells.append(_Cell(line[start:], start, len(line)))
    return _Row(index, index + 1, tuple(cells)) if len(cells) > 1 else None


def _row(first: int, last: int, cells: Sequence[str]) -> _Row | None:
    return _Row(first, last, tuple(_Cell(cell, 0, 0) for cell in cells)) if len(cells) > 1 else None


def _same_width(row: _Row, above: Sequence[_Row]) -> bool:
    return len(row.cells) == len(above[-1].cells)


def _same_columns(row: _Row, above: Sequence[_Row]) -> bool:
    """Whether half of the cells begin or end where those of a row above do, or all are of the same kinds."""
    return any(_lie_alike(row, other) or _kinds(row) == _kinds(other) for other in above[-3:])


def _lie_alike(row: _Row, other: _Row) -> bool:
    alike = sum(
        any(abs(cell.start - its.start) <= 1 or abs(cell.end - its.end) <= 1 for its in other.cells[1:])
        for cell in row.cells[1:]
    )
    return 2 * alike >= max(len(row.cells), len(other.cells)) - 1


def _kinds(row: _Row) -> object:
    kinds = [bool(_NUMBER.fullmatch(cell.text.strip())) for cell in row.cells]
    return tuple(kinds) if len(kinds) > 2 and any(kinds) else row  # without a number, nothing is like it


class _Kind(NamedTuple):
    delimiter: str
    read: _Reader
    alike: Callable[[_Row, Sequence[_Row]], bool]
    least: int  # rows that make a table


_KINDS = (
    _Kind("|", _piped, lambda row, above: True, 2),
    _Kind("\t", lambda lines, index: _delimited("\t", lines, index), _same_width, 2),
    _Kind(";", lambda lines, index: _listed(";", lines, index), _same_width, 3),
    _Kind(",", lambda lines, index: _listed(",", lines, index), _same_width, 3),
    _Kind("", _aligned, _same_columns, 3),
)


# -- a table from its rows


def _written(lines: Lines, table: Written) -> tuple[Table, int] | None:
    """A table that a loader wrote, and the line after it; None where no line of it has cells."""
    first, last = lines.at(table.start), lines.at(table.end - 1) + 1
    read = [(*_rows(lines, first, last, kind, written=True), kind) for kind in _KINDS]
    rows, between, _, kind = max(read, key=lambda one: _alike(one[0]))
    heads = sum(lines.starts[row.first] < table.header for row in rows)
    if not rows:
        return None
    return _made(lines, rows, between, min(heads, len(rows) - 1), kind)[0], last


def _alike(rows: Sequence[_Row]) -> int:
    """How many rows have as many cells as most, less those that have not."""
    widths = Counter(len(row.cells) for row in rows)
    return 2 * max(widths.values(), default=0) - len(rows)


def _table(lines: Lines, index: int, last: int, kind: _Kind) -> tuple[Table, int] | None:
    """The table whose first row is line `index` and that ends before line `last`, and the line after it."""
    rows, between, divided = _rows(lines, index, last, kind)
    if not rows:
        return None
    pairs = len(rows[0].cells) == 2 and kind.least > 2 and (between or not any(map(_numbers, rows[: kind.least])))
    if len(rows) < (2 if pairs else 1) * kind.least:
        return None
    heads = _header_rows(rows, divided if divided <= _MOST_HEADER else 0)
    rows = rows[: _next_header(rows, heads, kind.least - 1)]
    between = [row for row in between if row.first < rows[-1].first]
    return _made(lines, rows, between, heads, kind, above=True)


def _rows(
    lines: Lines, index: int, last: int, kind: _Kind, *, written: bool = False
) -> tuple[list[_Row], list[_Row], int]:
    """The rows on some lines, the lines of text between them, and how many rows stand above the first divider.

    Of a `written` table every row and line counts. Others begin with a row, and go on while rows are like those above,
    with little between them.
    """
    rows, between, skipped, blank, divided = list[_Row](), list[_Row](), list[_Row](), 0, 0
    while index < last:
        line = lines[index]
        row = None
        if not line.strip():
            blank += 1
        elif (rows or written) and _DIVIDER.fullmatch(line.strip()):
            divided = divided or len(rows)
        elif (row := kind.read(lines, index)) and (written or not rows or kind.alike(row, rows)):
            rows.append(row)
            between += skipped
            skipped, blank = [], 0
        else:
            row = None
            skipped.append(_text_row(lines, index))
        far = blank > 1 or len(skipped) > _MOST_BETWEEN or len(line) > 4 * _LONGEST_GROUP or (blank and skipped)
        if not (row or written) and (far or not rows):
            break
        index = row.last if row else index + 1
    return rows, [*between, *skipped] if written else between, divided if divided < len(rows) else 0


def _text_row(lines: Lines, index: int) -> _Row:
    line = lines[index]
    return _Row(index, index + 1, (_Cell(line.strip(), len(line) - len(line.lstrip()), len(line)),))


def _made(
    lines: Lines, rows: list[_Row], between: list[_Row], heads: int, kind: _Kind, *, above: bool = False
) -> tuple[Table, int]:
    """A table of which the first rows are the header; `above`: lines above it may belong to the header too."""
    indent, columns = rows[-1].cells[0].start, median_low([len(row.cells) for row in rows[-_SAMPLE:]])
    top = _climbed(lines, rows[0]) if above else rows[0].first
    groups = [row for row in between if row.cells[0].start <= indent + 1 and row.cells[0].end <= _LONGEST_GROUP]
    bottom = rows[heads].first
    bottom = min((row.first for row in groups if heads and rows[heads - 1].first < row.first), default=bottom)
    header = (lines.starts[top], lines.end(min(bottom, rows[heads].first) - 1)) if top < bottom else None
    texts = {_texts(row) for row in rows[:heads]}
    body = [row for row in rows[heads:] if _texts(row) not in texts and not _goes_on(row, indent, columns)]
    merged = [row for row in body if columns > 2 and _says_one_thing(row)]
    groups += merged if 2 * len(merged) < len(body) else []
    grouped = {row.first for row in groups}
    starts = tuple(lines.starts[row.first] for row in body if row.first not in grouped)
    spans = tuple(sorted((lines.starts[row.first], lines.end(row.last - 1)) for row in groups))
    end = rows[-1].last
    return Table(lines.starts[top], lines.end(end - 1), columns, header, starts, spans, kind.delimiter), end


def _texts(row: _Row) -> tuple[str, ...]:
    return tuple(cell.text.strip() for cell in row.cells)


def _says_one_thing(row: _Row) -> bool:
    """Whether one cell alone is filled, or all hold the text of one merged cell."""
    return len(row.cells) > 1 and len(set(filter(None, _texts(row)))) == 1 and not _numbers(row)


def _goes_on(row: _Row, indent: int, columns: int) -> bool:
    """Whether a line is the rest of the row above: its first cells are empty, and so are most of the others."""
    return row.cells[0].start > indent + 1 and 2 * len(row.cells) < columns + 1


def _header_rows(rows: list[_Row], divided: int) -> int:
    """How many of the first rows are the header: those above a divider, or those without the numbers of the others.

    A divider below a title, which leaves most cells of its row empty, leaves the header still to be found.
    """
    if divided and any(2 * sum(map(bool, _texts(row))) > len(row.cells) for row in rows[:divided]):
        return divided
    indent, heads = rows[-1].cells[0].start, divided
    if median_low([_numbers(row) for row in rows[1 : 1 + _SAMPLE]]) == 0:
        return min(divided + 1, len(rows) - 1) if rows[0].cells[0].start <= indent + 1 else divided
    while heads < min(_MOST_HEADER, len(rows) - 1) and _is_header(rows[heads], indent):
        heads += 1
    return heads


def _is_header(row: _Row, indent: int) -> bool:
    return _names_columns(row) or not row.cells[0].text.strip() or row.cells[0].start > indent + 1


def _names_columns(row: _Row) -> bool:
    """Whether a row has no numbers but years."""
    numbers = [text for cell in row.cells if _NUMBER.fullmatch(text := cell.text.strip())]
    return all(map(_YEAR.fullmatch, numbers))


def _next_header(rows: list[_Row], heads: int, least: int) -> int:
    """The first row that is the header of a further table, or how many rows there are.

    It names some columns as the header of this one does, and others differently, where rows have numbers.
    """
    if not heads or median_low([_numbers(row) for row in rows[heads : heads + _SAMPLE]]) == 0:
        return len(rows)
    known = _texts(rows[heads - 1])

    def is_header(row: _Row) -> bool:
        both = [one == other for one, other in zip(_texts(row), known, strict=False) if other]
        return any(both) and not all(both) and _names_columns(row)

    return next((at for at in range(heads + least, len(rows)) if is_header(rows[at])), len(rows))


def _numbers(row: _Row) -> int:
    return sum(bool(_NUMBER.fullmatch(cell.text.strip())) for cell in row.cells)


def _climbed(lines: Lines, first: _Row) -> int:
    """The first line of the header: lines above the first row whose cells lie over its own."""
    top = first.first
    for index in range(first.first - 1, max(-1, first.first - 1 - _MOST_HEADER), -1):
        row = _aligned(lines, index)
        if row is None or _numbers(row) or not _overlap(row, first):
            break
        top = index
    return top


def _overlap(row: _Row, other: _Row) -> bool:
    return all(any(_touch(cell, its) for its in other.cells) for cell in row.cells[1:])


def _touch(cell: _Cell, other: _Cell) -> bool:
    return cell.start < other.end and other.start < cell.end
