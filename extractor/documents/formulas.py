"""Formulas of XLSX workbooks that no program has computed yet: calamine sees nothing in their cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element

from extractor.documents.archive import Archive
from extractor.documents.elements import child, has, local, value

__all__ = ["Formulas", "filled", "uncomputed"]

Formulas = Mapping[tuple[int, int], str]
"""What stands in a cell, by its row and column from 0 on."""

_WITHOUT_VALUE = re.compile(rb"(?:</(?:\w+:)?f>|<(?:\w+:)?f\b[^<>]*/>)\s*(?:<(?:\w+:)?v\s*(?:/>|></(?:\w+:)?v>)\s*)?</")
_CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


def uncomputed(archive: Archive) -> dict[str, Formulas]:
    """The formulas without a value, by the name of their sheet; sheets that have none are left out."""
    book = "xl/workbook.xml"
    parts = archive.relations(book)
    sheets = {value(sheet, "name"): parts.get(value(sheet, "id"), ("", ""))[1] for sheet in archive.xml(book).iter()}
    return {
        name: dict(_formulas(archive.xml(part)))
        for name, part in sheets.items()
        if part and _WITHOUT_VALUE.search(archive.read(part))
    }


def filled(rows: Iterable[list[Any]], left: int, formulas: Formulas) -> Iterable[list[Any]]:
    """Rows, which begin at column `left`, with the formulas in their places."""
    if not formulas:
        return rows
    grid = [[""] * left + row for row in rows]
    grid += [[] for _ in range(len(grid), max(row for row, _ in formulas) + 1)]
    for (row, column), formula in formulas.items():
        grid[row] += [""] * (column + 1 - len(grid[row]))
        grid[row][column] = grid[row][column] or formula
    return grid


def _formulas(sheet: Element) -> Iterator[tuple[tuple[int, int], str]]:
    for cell in sheet.iter():
        place = _CELL.fullmatch(value(cell, "r"))
        if place and local(cell) == "c" and has(cell, "f") and not (child(cell, "v").text or "").strip():
            yield (int(place[2]) - 1, _column(place[1])), f"={(child(cell, 'f').text or '').strip()}"


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
