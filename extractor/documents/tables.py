"""Tables as text: a row a line, cells between bars, the way models read them best."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["render_table"]

_PREFIX = re.compile(r"[$€£¥₹(]{1,2}|[A-Z]{0,2}\$")
_SUFFIX = re.compile(r"[)%]{1,2}")
_LONG = 600


def render_table(rows: Sequence[Sequence[str]], *, header: bool = False) -> str:
    """The rows as lines `| a | b |`, without empty rows and columns; `header` draws a rule below the first row.

    One column is no table, and a row whose cells hold pages of their own is layout: both become paragraphs.
    """
    grid = _squeeze([_attach(row) for row in rows])
    if not grid or len(grid[0]) == 1:
        return "\n".join(row[0] for row in grid)
    lines = [_line(row) for row in grid]
    if header and len(lines) > 1 and lines[0].startswith("| "):
        lines.insert(1, "|" + " --- |" * len(grid[0]))
    return "\n".join(lines)


def _line(row: list[str]) -> str:
    if any(_is_page(cell) for cell in row):
        return "\n" + "\n\n".join(cell for cell in row if cell) + "\n"
    return "| " + " | ".join(" ".join(cell.split()) for cell in row) + " |"


def _attach(row: Sequence[str]) -> list[str]:
    """A currency sign or a closing bracket in a cell of its own belongs to its number."""
    cells = [cell.strip() for cell in row]
    for index, cell in enumerate(cells):
        if _SUFFIX.fullmatch(cell) and index and cells[index - 1]:
            cells[index - 1], cells[index] = cells[index - 1] + cell, ""
    for index in range(len(cells) - 1, 0, -1):
        if cells[index] and _PREFIX.fullmatch(cells[index - 1]):
            cells[index - 1], cells[index] = "", cells[index - 1] + cells[index]
    return cells


def _squeeze(rows: list[list[str]]) -> list[list[str]]:
    """The rows of one width, without those and the columns that are empty throughout."""
    rows = [row for row in rows if any(row)]
    width = max(map(len, rows), default=0)
    kept = [column for column in range(width) if any(column < len(row) and row[column] for row in rows)]
    return [[row[column] if column < len(row) else "" for column in kept] for row in rows]


def _is_page(cell: str) -> bool:
    return len(cell) > _LONG or cell.count("\n") > 8 or "\n| " in cell
