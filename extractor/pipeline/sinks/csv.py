"""CSV: records.csv, and records.lines.csv for each list of objects, as RFC 4180 has it.

Text is always quoted, so that an empty text and no value can be told apart. A cell that a spreadsheet would take for a
formula gets an apostrophe before it, as one would type it there; numbers and dates stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from extractor.pipeline.sinks.cells import as_json
from extractor.pipeline.sinks.files import table_files, table_names
from extractor.pipeline.sinks.layout import Column, Layout
from extractor.pipeline.sinks.rows import batches

__all__ = ["CsvFiles", "defused"]

_FORMULA = re.compile(r"'*[\s\u200b\ufeff\x00-\x1f]*[=+\-@\t\r\n＝＋－＠]")
"""What a spreadsheet runs, also after what it may trim; a text that looks defused already is defused once more."""


class CsvFiles:
    """One file a table, written anew each time."""

    def __init__(self, out: Path, layout: Layout) -> None:
        self._out, self._layout = out, layout
        self.written = tuple(table_names(layout, "csv").values())

    def check(self) -> None:
        """The folder was proved writable already."""

    def write(self, records: Iterable[Mapping[str, Any]], pruned: Sequence[str] = ()) -> None:
        """Write all tables anew."""
        with table_files(self._out, self._layout, "csv") as files:
            for table, file in files.items():
                file.write(_line(column.name for column in table.columns))
            for batch in batches(self._layout, records, _store):
                for table, rows in batch.items():
                    files[table].writelines(map(_line, rows))


def defused(text: str) -> str:
    """The text so that a spreadsheet shows it and does not run it; without its first apostrophe it is as it was."""
    return f"'{text}" if _FORMULA.match(text) else text


def _store(column: Column, cell: Any) -> Any:
    return as_json(cell) if column.many or column.type == "json" else cell


def _line(cells: Iterable[Any]) -> bytes:
    return (",".join(map(_cell, cells)) + "\n").encode()


def _cell(cell: Any) -> str:
    match cell:
        case None:
            return ""
        case str():
            return '"' + defused(cell).replace('"', '""') + '"'
        case bool():
            return str(cell).lower()
        case date():
            return cell.isoformat()
    return str(cell)
