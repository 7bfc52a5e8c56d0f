"""The text of old Word files and of RTF: characters in a row, and marks that end paragraphs, cells and rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

from extractor.documents.links import with_fields
from extractor.documents.scripts import written
from extractor.documents.tables import TableWriter

__all__ = ["CELL", "PARAGRAPH", "Mark", "story"]

PARAGRAPH, CELL = "\r", "\x07"
_LINE_ENDS = re.compile("[\x0b\x0c]")
_UNSEEN = re.compile("[\x00\x01\x03\x04\x06\x08\x0e-\x1d\x1f]")
_BLANK_LINES = re.compile(r"\n{3,}")


class Mark(NamedTuple):
    """What the end of a paragraph, of a cell or of a row says of it.

    `inner`: in a table within a cell, "text", or the "cell" or the "row" that ends here. `is_dropped`: the paragraph is
    the first letters of the next one, set large. The cells of a row have right `edges`; `merges` tells of each whether
    it continues the one before it ("across") or the one above it ("down"). `uses` names a list, 0 where there is none.
    """

    in_table: bool = False
    inner: str = ""
    is_dropped: bool = False
    ends_row: bool = False
    is_heading_row: bool = False
    edges: tuple[int, ...] = ()
    merges: tuple[str, ...] = ()
    heading: int = 0
    uses: int = 0
    depth: int = 0


class _Row(NamedTuple):
    cells: list[str]
    mark: Mark = Mark()


def story(units: Iterable[tuple[str, Mark | None]], label: Callable[[Mark], str]) -> Iterator[str]:
    """The paragraphs of a story, blank ones too, and its tables between line breaks.

    A unit is characters, or PARAGRAPH or CELL with its mark. `label` is the number of a paragraph in its list.
    """
    table, inner = _Table(), _Table()  # that of the story, and the one within a cell of it
    text: list[str] = []
    for unit, mark in units:
        if mark is None:
            text.append(unit)
        elif unit == PARAGRAPH and mark.is_dropped:
            continue
        elif unit == PARAGRAPH and mark.inner:
            inner.cell += [*_numbered(text, mark, label), "\n"]
            if mark.inner != "text":
                inner.end(mark, is_row=mark.inner == "row")
            text = []
        elif unit == CELL or table.row or mark.in_table:
            table.cell += [*inner.take(), *_numbered(text, mark, label)]
            if unit == CELL:
                table.end(mark, is_row=mark.ends_row or (not (mark.in_table or table.cell) and bool(table.row)))
            else:
                table.cell.append("\n")
            text = []
        else:
            yield from table.take()
            paragraph, text = _readable(text).rstrip().lstrip("\n "), []
            before = ("#" * mark.heading + " ").lstrip() + (label(mark) if mark.uses else "") if paragraph else ""
            yield before + paragraph.lstrip() if before else paragraph
    yield from (*inner.take(), *table.take(), _readable(text).strip())


def _numbered(text: list[str], mark: Mark, label: Callable[[Mark], str]) -> list[str]:
    return [label(mark), *text] if mark.uses and any(map(str.strip, text)) else text


class _Table:
    """A table being read: the characters of a cell, the cells of a row, the rows."""

    def __init__(self) -> None:
        self.cell: list[str] = []
        self.row: list[str] = []
        self._rows: list[_Row] = []

    def end(self, mark: Mark, *, is_row: bool) -> None:
        """A cell has ended, or the row."""
        if is_row:
            self._rows.append(_Row(self.row, mark))
            self.row = []
        else:
            self.row.append(_readable(self.cell).strip())
        self.cell = []

    def take(self) -> list[str]:
        """The table as text, if there is one, which ends it; and what stands behind it."""
        rows = [*self._rows, *([_Row(self.row)] if self.row else [])]
        left, self.cell, self.row, self._rows = self.cell, [], [], []
        return ([f"\n{_rendered(rows)}\n"] if rows else []) + left


def _rendered(rows: Sequence[_Row]) -> str:
    """Rows on one grid: a cell whose right edge lies beyond the edges of other rows spans their columns."""
    edges = max((row.mark.edges for row in rows), key=len)
    is_grid = list(edges) == sorted(set(edges))
    table = TableWriter()
    heading = True
    for cells, mark in rows:
        table.row()
        heading = heading and mark.is_heading_row
        fits = is_grid and len(mark.edges) == len(cells) and set(mark.edges) <= set(edges)
        column = 0
        for cell, edge, merge in zip_longest(cells, mark.edges, mark.merges):
            if cell is not None:
                end = edges.index(edge) + 1 if fits else column + 1
                table.cell(cell, columns=end - column, heading=heading, goes_on=merge or "")
                column = end
    return table.text()


def _readable(text: list[str]) -> str:
    """A paragraph with the results of its fields, and where its links lead."""
    whole = "".join(text)
    if not whole.isprintable():
        whole = _LINE_ENDS.sub("\n", _UNSEEN.sub("", with_fields(whole))).replace("\x1e", "-").replace("\xa0", " ")
        whole = _BLANK_LINES.sub("\n\n", whole)
    return written(whole)
