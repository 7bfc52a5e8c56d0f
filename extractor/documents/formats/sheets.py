"""Spreadsheets (XLSX, XLSB, XLS, ODS), by calamine: each sheet a page, each block of rows a table.

A formula of XLSX that was never computed stands as it was written.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

from extractor.documents.archive import Archive
from extractor.documents.elements import local
from extractor.documents.formulas import Formulas, filled, uncomputed
from extractor.documents.parsed import Parsed, paginate
from extractor.documents.tables import render_table
from extractor.errors import DocumentError

__all__ = ["parse"]


def parse(data: bytes, archive: Archive | None = None) -> Parsed:
    """Every sheet, hidden ones included, with its name as a heading; the notes on cells (of XLSX) after the last."""
    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(data))
        formulas = uncomputed(archive) if archive else {}
        texts = [_sheet(workbook.get_sheet_by_name(name), formulas.get(name, {})) for name in workbook.sheet_names]
    except PasswordError as error:
        raise DocumentError("the file is encrypted; save a copy without a password", kind="encrypted") from error
    except CalamineError as error:
        raise DocumentError(f"the workbook is damaged ({error}); fetch it again", kind="damaged") from error
    text, pages = paginate(texts)
    notes = list(_notes(archive)) if archive else []
    if notes:
        text += "## Comments\n\n" + "\n".join(notes) + "\n"
    return Parsed(text, pages, metadata={"pages": len(pages)})


def _sheet(sheet: CalamineSheet, formulas: Formulas) -> str:
    blocks: list[list[list[str]]] = [[]]
    left = sheet.start[1] if sheet.start else 0
    for row in filled(sheet.iter_rows(), left, formulas):
        cells = [_shown(value) for value in row]
        if any(cells):
            blocks[-1].append(cells)
        elif blocks[-1]:
            blocks.append([])
    tables = [render_table(block, header=True) for block in blocks if block]
    return "\n\n".join([f"## {sheet.name}", *tables])


def _shown(value: Any) -> str:
    """A cell as a person would write it: 15 digits as Excel keeps them, dates as ISO 8601."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value) if isinstance(value, timedelta) else str(value).strip()


def _notes(archive: Archive) -> Iterator[str]:
    for name in archive.names:
        if not name.startswith("xl/") or "omments" not in name.rpartition("/")[2]:
            continue
        for element in archive.xml(name).iter():
            if local(element) in ("comment", "threadedComment"):
                text = "".join(part.text or "" for part in element.iter() if local(part) in ("t", "text"))
                yield f"{element.get('ref', '')}: {' '.join(text.split())}"
