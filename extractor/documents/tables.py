"""Tables as text: a row a line, cells between bars, the way models read them best; and where each table stands.

A table is marked in the text by characters that Unicode keeps for a program's own use, so that it is found again
wherever the text around it is stripped, joined or put into another. `settled` takes them out, once a file is read.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import compress, product, zip_longest
from string import ascii_uppercase
from typing import NamedTuple

from extractor.documents.document import Page, Table
from extractor.documents.parsed import Parsed

__all__ = [
    "Span",
    "TableWriter",
    "are_alike",
    "header_rows",
    "render_table",
    "settled",
    "unmarked",
]

Grid = list[list[str]]

_START, _BODY, _END = _MARKS = "\ufdd0\ufdd1\ufdd2"
_ENDS = frozenset({")", "%", "))", ")%", "%)", "%%"})
_SIGNS = frozenset("".join(signs) for size in (1, 2) for signs in product("$€£¥₹(", repeat=size)) | frozenset(
    "".join(letters) + "$" for size in (1, 2) for letters in product(ascii_uppercase, repeat=size)
)
_APART = _ENDS | _SIGNS  # what may stand in a cell of its own beside its number
_NUMBER = re.compile(r"[-+−–(]?\s?(?:[A-Z]{3}\s|[A-Z]{0,2}[$€£¥₹])?\s?[-−(]?\d[\d.,'’\s]*\s?(?:[%)€£$]|[A-Z]{3}|)\)?-?")
_NOTE = re.compile(r"\[\^?\w{1,4}\]$")
_INNER = re.compile(r"\| .* \|")
_BARS = re.compile(r" +\|(?: +\|)* +")
_LAST = re.compile(r"(?: +\|)+$")
_DASH = re.compile(r"[-–—]+")
_DATE = re.compile(r"(?:19|20)\d\d|\d{1,4}[-./]\d{1,2}[-./]\d{1,4}(?:[ T]\d\d:\d\d(?::\d\d)?)?")
_VALUE = re.compile(f"(?P<d>{_DATE.pattern})|(?P<n>{_NUMBER.pattern})")
_LONG = 600  # characters of a cell that may be a page of its own
_LINES = 8
_REPEATED = 200  # the longest text of a merged cell that is repeated in each row and column
_SAMPLE = 60  # rows that tell what kind of values a column holds
_HEADER = 8  # rows that a header may have


class Span(NamedTuple):
    """A merged cell: its first row and column, from 0 on, and how many of each it covers."""

    row: int
    column: int
    rows: int
    columns: int


class TableWriter:
    """A table being written, cell by cell. Its first rows are its header as far as they hold nothing but headings."""

    def __init__(self) -> None:
        self._rows: Grid = []
        self._spans: dict[tuple[int, int], Span] = {}  # merged cells by their places
        self._above: dict[int, tuple[int, int]] = {}  # column -> the cell that stands in it last
        self._below: dict[int, int] = {}  # column -> rows that a cell above still reaches into
        self._plain: set[int] = set()  # rows that hold more than headings
        self._has_headings = False

    def row(self) -> None:
        """What follows stands in the next row."""
        if self._rows:
            self._reach_down()
        self._rows.append([])

    def cell(self, text: str, *, columns: int = 1, rows: int = 1, heading: bool = False, goes_on: str = "") -> None:
        """The next cell, reaching over that many columns and rows.

        An empty cell that goes on "across" or "down" is a part of the one before it or above it, if there is one.
        """
        if not self._rows:
            self.row()
        row = self._reach_down()
        place = (len(self._rows) - 1, len(row))
        first = self._above.get(place[1] - (goes_on == "across")) if goes_on and not text.strip() else None
        if first is not None:
            span = self._spans.get(first, Span(*first, 1, 1))
            wide = place[1] + columns - span.column if goes_on == "across" else span.columns
            deep = place[0] + rows - span.row if goes_on == "down" else span.rows
            self._spans[first] = span._replace(rows=deep, columns=wide)
        elif rows > 1 or columns > 1:
            self._spans[place] = Span(*place, rows, columns)
        self._has_headings = self._has_headings or heading
        if text.strip() and not heading:
            self._plain.add(place[0])
        for column in range(place[1], place[1] + columns):
            self._above[column] = first or place
            if rows > 1 or self._below:
                self._below[column] = rows - 1
        row.extend([text, *[""] * (columns - 1)])

    def _reach_down(self) -> list[str]:
        """The row, with the places filled that a cell above takes up after the last of its own."""
        row = self._rows[-1]
        while self._below and self._below.get(len(row), 0) > 0:
            self._below[len(row)] -= 1
            row.append("")
        return row

    def text(self) -> str:
        """The table as lines."""
        header = min(self._plain, default=len(self._rows)) if self._has_headings else 0
        return render_table(self._rows, header=header or None, spans=self._spans.values())


def render_table(rows: Sequence[Sequence[str]], *, header: int | None = None, spans: Iterable[Span] = ()) -> str:
    """The rows as lines `| a | b |`, without empty rows and columns, with a rule below the `header` rows.

    Where `header` is None, the cells show how many rows it has. A merged cell is repeated in each row and column it
    spans. One column is no table, and a row whose cells hold pages of their own is layout: both become paragraphs.
    """
    grid, dropped = _laid_out(rows, list(spans))
    if not grid or len(grid[0]) == 1:
        return "\n".join(row[0] for row in grid)
    count = header_rows(grid) if header is None else header - sum(row < header for row in dropped)
    lines, long = zip(*map(_row, grid), strict=True)
    if not any(long):
        return _block(lines, min(count, len(grid)), len(grid[0]))
    return "\n".join(_pieces(grid, lines, _layout(grid, long), count))


def unmarked(text: str) -> str:
    """The text without the marks of its tables."""
    return text.replace(_START, "").replace(_BODY, "").replace(_END, "")


def settled(parsed: Parsed) -> Parsed:
    """What was parsed, with the marks in its text turned into `tables`."""
    if parsed.text.isascii():
        return parsed
    marks = sorted((match.start(), mark) for mark in _MARKS for match in re.finditer(mark, parsed.text))
    if not marks:
        return parsed
    places = [place for place, _ in marks]
    pages = (
        Page(p.number, p.start - bisect_left(places, p.start), p.end - bisect_left(places, p.end)) for p in parsed.pages
    )
    boxes = (
        box._replace(start=box.start - bisect_left(places, box.start), end=box.end - bisect_left(places, box.end))
        for box in parsed.boxes
    )
    text, tables = unmarked(parsed.text), tuple(_tables((p - index, mark) for index, (p, mark) in enumerate(marks)))
    return replace(parsed, text=text, pages=tuple(pages), tables=tables, boxes=tuple(boxes))


def _tables(marks: Iterable[tuple[int, str]]) -> Iterator[Table]:
    start = header = -1
    for offset, mark in marks:
        if mark == _START:
            start = offset
        elif mark == _BODY:
            header = offset
        elif start >= 0:
            yield Table(start, offset, header)
            start = -1


def header_rows(grid: Sequence[Sequence[str]]) -> int:
    """How many rows the header of a table has, titles above it among them: the last of them is one line of names.

    Above a column of numbers, dates or such stand cells of another kind; where no column tells, the first row is the
    header if every cell of it is a short name of its own.
    """
    kinds = {column: kind for column, kind in enumerate(_column_kinds(grid[:_SAMPLE])) if kind}
    if not kinds:
        return int(len(grid) > 2 and _are_names(grid[0]))
    top = [list(map(_kind, row)) for row in grid[: _HEADER + 3]]
    lead = 0
    while lead < min(len(top), _HEADER) and not _is_body(top[lead], kinds):
        lead += 1
    if lead == len(top):
        return 0
    filled = max(sum(map(bool, row)) for row in top[lead : lead + 3])
    wide = [row for row in range(lead) if sum(map(bool, top[row])) >= max(2, (filled + 1) // 2)]
    named = [row for row in wide if any(column < len(top[row]) and top[row][column] for column in kinds)]
    return (named or wide or [-1])[-1] + 1  # a row that says nothing over numbers may lack them


def are_alike(grid: Sequence[Sequence[str]], rows: Iterable[Sequence[str]]) -> bool:
    """Whether rows hold, in each column of numbers or dates, what the rows of the table do, or nothing."""
    kinds = _column_kinds(grid[:_SAMPLE])
    return all(_fits(kind, cell) for row in rows for kind, cell in zip(kinds, row, strict=False))


def _fits(kind: str, cell: str) -> bool:
    return not kind or not cell or cell[0] == "#" or _kind(cell) == kind or (kind == "n" and cell.isdigit())


def _kind(cell: str) -> str:
    """What a cell holds, in one letter: a date or a year, a number, other text; "" where that is nothing, or a dash."""
    if not _holds_value(cell):
        return ""
    cell = (_NOTE.sub("", cell) if cell[-1] == "]" else cell).strip("~")  # struck or not
    match = None if cell.isalpha() or len(cell) > 30 else _VALUE.fullmatch(cell)
    return "t" if match is None else str(match.lastgroup)


def _holds_value(cell: str) -> bool:
    return cell.strip("-–—") != ""


def _column_kinds(sample: Sequence[Sequence[str]]) -> list[str]:
    """The kind of most values in the lower half of each column, "" where that is text or none."""
    found = []
    for column in zip_longest(*sample, fillvalue=""):
        values = list(filter(_holds_value, column))
        lower = list(map(_kind, values[(len(values) + 1) // 2 :]))
        found.append(next((kind for kind in "nd" if 2 * lower.count(kind) > len(lower)), ""))
    return found


def _is_body(row: Sequence[str], kinds: dict[int, str]) -> bool:
    return any(column < len(row) and row[column] == kind for column, kind in kinds.items())


def _are_names(row: Sequence[str]) -> bool:
    named = row[1:] if len(row) > 2 and not row[0] else row  # the corner above the names of rows may be empty
    return len(set(named)) == len(named) and all(0 < len(cell) <= 40 and _kind(cell) == "t" for cell in named)


def _laid_out(rows: Sequence[Sequence[str]], spans: list[Span]) -> tuple[Grid, list[int]]:
    """The grid without what is empty throughout, merged cells filled; and the numbers of the rows left out."""
    width = max(max(map(len, rows), default=0), max((span.column + span.columns for span in spans), default=0))
    spans = [span for span in spans if span.row < len(rows) and (span.rows > 1 or span.columns > 1)]
    covered: defaultdict[int, set[int]] = defaultdict(set)
    for span in spans:
        covered[span.row].update(range(span.column + 1, span.column + span.columns))
    grid = []
    for index, row in enumerate(rows):
        grid.append(cells := [*map(str.strip, row), *[""] * (width - len(row))])
        if not _APART.isdisjoint(cells):
            _attach(cells, covered[index])
    columns = _columns(grid, spans)
    filled = [any(row) for row in grid]
    for span in spans:
        _fill(grid, span, columns)
    if len(columns) < width:
        grid = [[row[column] for column in columns] for row in grid]
    return [*compress(grid, filled)], [index for index, has in enumerate(filled) if not has]


def _columns(grid: Grid, spans: Iterable[Span]) -> list[int]:
    """The columns to keep: those with text of their own, and one for each merged cell that stands in none of them."""
    wide = {(span.row, span.column): span for span in spans if span.columns > 1}
    used = {
        column
        for column in range(len(grid[0]) if grid else 0)
        if any(row[column] and (line, column) not in wide for line, row in enumerate(grid))
    }
    for (line, column), span in sorted(wide.items(), key=lambda item: item[1].columns):
        if grid[line][column] and not used.intersection(range(column, column + span.columns)):
            used.add(column)
    return sorted(used)


def _fill(grid: Grid, span: Span, columns: Sequence[int]) -> None:
    text = grid[span.row][span.column]
    own = [column for column in columns if span.column <= column < span.column + span.columns]
    if not text or not own:
        return
    if len(text) > _REPEATED or _START in text:
        span = span._replace(rows=1)
    across = own[:1] if len(own) == len(columns) or len(text) > _REPEATED else own  # a title is written once
    for row in grid[span.row : span.row + span.rows]:
        for column in across:
            row[column] = row[column] or text


def _attach(cells: list[str], covered: Collection[int]) -> None:
    """A currency sign or a closing bracket in a cell of its own belongs to the number beside it."""
    signs = [index for index, cell in enumerate(cells) if cell in _APART]
    for index in signs:
        before = index - 1
        while before in covered:
            before -= 1
        if index and cells[index] in _ENDS and _is_amount(cells[before].lstrip("(")):
            cells[before], cells[index] = cells[before] + cells[index], ""
    for index in reversed(signs):
        if index + 1 < len(cells) and cells[index] in _SIGNS and _is_amount(cells[index + 1]):
            cells[index], cells[index + 1] = "", cells[index] + cells[index + 1]


def _is_amount(cell: str) -> bool:
    return bool(_NUMBER.fullmatch(cell) or _DASH.fullmatch(cell))


def _layout(grid: Grid, long: Sequence[bool]) -> list[bool]:
    """Which rows have cells that are pages of their own, and not long cells in the row of a grid of ordinary rows."""
    ordinary = {_filled(row) for row, is_long in zip(grid, long, strict=True) if not is_long}
    return [is_long and _is_apart(row, ordinary) for row, is_long in zip(grid, long, strict=True)]


def _is_apart(row: Sequence[str], ordinary: Iterable[frozenset[int]]) -> bool:
    if any(len(cell) > _LONG and _START in cell for cell in row):
        return True
    own = _filled(row)
    return len(own) < 3 or not any(own <= other for other in ordinary)


def _filled(row: Sequence[str]) -> frozenset[int]:
    return frozenset(column for column, cell in enumerate(row) if cell)


def _is_page(cell: str) -> bool:
    return len(cell) > _LONG or cell.count("\n") > _LINES or _START in cell


def _pieces(grid: Grid, lines: Sequence[str], pages: Sequence[bool], header: int) -> Iterator[str]:
    """Rows of pages as paragraphs, and what stands between them as tables."""
    start = 0
    for index in (*(i for i, page in enumerate(pages) if page), len(grid)):
        if start < index:
            yield _block(lines[start:index], min(max(header - start, 0), index - start), len(grid[0]))
        if index < len(grid):
            yield "\n" + "\n\n".join(cell for cell in grid[index] if cell) + "\n"
        start = index + 1


def _block(lines: Sequence[str], header: int, width: int) -> str:
    if len(lines) == 1:
        return lines[0]
    head = [*lines[:header], "|" + " --- |" * width] if header else []
    return "".join([_START, *(f"{line}\n" for line in head), _BODY, "\n".join(lines[header:]), _END])


def _row(row: list[str]) -> tuple[str, bool]:
    """A row as a line, and whether any of its cells may be a page of its own."""
    bare = "|".join(row)
    if len(bare) <= _LONG and bare.count("|") == len(row) - 1 and bare.isprintable() and "  " not in bare:
        return f"| {' | '.join(row)} |", False
    return f"| {' | '.join(map(_line, row))} |", any(map(_is_page, row))


def _line(cell: str) -> str:
    """A cell on one line, its bars escaped; the rows of a small table within it stand between semicolons."""
    lines = [line.strip() for line in unmarked(cell).splitlines()] if "|" in cell else []
    if not any(map(_INNER.fullmatch, lines)):
        return " ".join(cell.split()).replace("|", r"\|")
    rows = (_inner(line) for line in lines if line.strip("|- "))
    return " ".join("; ".join(filter(None, rows)).split())


def _inner(line: str) -> str:
    return _BARS.sub(", ", _LAST.sub("", line.lstrip("| "))) if _INNER.fullmatch(line) else line.replace("|", r"\|")
