"""What a text is made of, found once for all who ask: lines, tables, runs of records, headings, places to begin."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property

from extractor.documents.document import Document
from extractor.documents.document import Table as Written
from extractor.text.lines import Lines
from extractor.text.outline import Heading, find_headings
from extractor.text.records import Run, find_runs
from extractor.text.tables import Table, find_tables, with_tabs
from extractor.text.terms import Term, find_terms

__all__ = ["Structure"]

_BETWEEN_FIGURES = re.compile(r"\d,[\d+-]")


class Structure:
    """The structure of a document's text, each part of it found when it is first asked for.

    `tables` are those that a loader wrote into a text.

    >>> structure = Structure("# Sales\\n\\nYear;Sum;Tax\\n2024;10;1\\n2025;12;2\\n")
    >>> [len(table.rows) for table in structure.tables], [heading.kind for heading in structure.headings]
    ([2], ['hashes'])
    """

    def __init__(self, document: Document | str, tables: Sequence[Written] = ()) -> None:
        self.text = document if isinstance(document, str) else document.text
        self._written = tables if isinstance(document, str) else document.tables
        self.pages: Sequence[int] = () if isinstance(document, str) else [page.start for page in document.pages]

    @cached_property
    def lines(self) -> Lines:
        """The lines of the text."""
        return Lines(self.text)

    @cached_property
    def tables(self) -> list[Table]:
        """Its tables, in order."""
        return find_tables(self.lines, self._written)

    @cached_property
    def tabbed(self) -> str:
        """The text with a tab in place of each comma between cells."""
        return with_tabs(self.text, self.tables) if _BETWEEN_FIGURES.search(self.text) else self.text

    @cached_property
    def runs(self) -> list[Run]:
        """Its runs of records outside of tables, in order."""
        return sorted(find_runs(self.lines, self.lines_of(self.tables)), key=lambda run: run.start)

    @cached_property
    def headings(self) -> list[Heading]:
        """Its headings outside of tables and runs, in order."""
        return find_headings(self.lines, self.lines_of([*self.tables, *self.runs]))

    @cached_property
    def rows(self) -> list[int]:
        """Where the rows of tables and the records of runs begin, in order."""
        of_tables = (start for table in self.tables for start in table.rows)
        return sorted({*of_tables, *(start for run in self.runs for start in run.starts)})

    @cached_property
    def terms(self) -> list[Term]:
        """The terms that it defines, in order."""
        return find_terms(self.text)

    def table_at(self, offset: int) -> Table | None:
        """The table that `offset` lies in."""
        index = bisect_right(self.tables, offset, key=lambda table: table.start) - 1
        return self.tables[index] if index >= 0 and offset < self.tables[index].end else None

    def run_at(self, offset: int) -> Run | None:
        """The run of records that `offset` lies in."""
        index = bisect_right(self.runs, offset, key=lambda run: run.start) - 1
        return self.runs[index] if index >= 0 and offset < self.runs[index].end else None

    def lines_of(self, found: Iterable[Table | Run]) -> set[int]:
        """The lines of some tables and runs."""
        return {index for one in found for index in self.lines.between(one.start, one.end)}
