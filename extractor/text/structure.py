"""What a text is made of, found once for all who ask: lines, tables, runs of records, headings, rows, defined terms."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

from extractor.documents.document import Document
from extractor.documents.document import Table as Written
from extractor.text.lines import Lines
from extractor.text.outline import Heading, find_headings
from extractor.text.records import Run, find_runs
from extractor.text.tables import Table, find_tables, with_tabs

__all__ = ["Structure", "Term"]

_LONGEST = 600  # characters of a sentence before and behind its term

_ROWS = re.compile(r"(?:^[^,\n]*,[^,\n]*,.*\n){2}[^,\n]*,[^,\n]*,", re.MULTILINE)
"""Three lines with two commas each. Of a row of two cells the comma is never between figures."""
_IN_BRACKETS = re.compile(r"""\([^()"“„«]{0,40}["“„«] ?([^"”“»()]{2,60}?) ?["”“»][^()]{0,40}\)""")
_AT_START = re.compile(r"""^[^\w\n]{0,4}["“„«] ?([^"”“».,!?()]{2,60}?) ?["”“»] \w""", re.MULTILINE)
_QUOTED = re.compile(r"""["“„«] ?(\w[^"”“„«»().,!?\n]{1,59}?) ?["”“»]""")


class Term(NamedTuple):
    """`text[start:end]` is the sentence that defines `name`."""

    start: int
    end: int
    name: str


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
        return with_tabs(self.text, self.tables) if self._written or _ROWS.search(self.text) else self.text

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
        return _terms(self.text)

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


def _terms(text: str) -> list[Term]:
    """The terms of a text in order: in brackets, at the start of a line, or between quotation marks a single time.

    'Ann Hale is called "the Lessor" here. The Lessor pays. "No," said he.'  ->  the Lessor
    """
    quoted = list(_QUOTED.finditer(text))
    often = Counter(match[1] for match in quoted)
    once = (match for match in quoted if often[match[1]] == 1)
    found = {match.start(1): match for match in (*_IN_BRACKETS.finditer(text), *_AT_START.finditer(text), *once)}
    return [_term(text, found[start]) for start in sorted(found)]


def _term(text: str, match: re.Match[str]) -> Term:
    begin = max(text.rfind("\n", 0, match.start()), text.rfind(". ", 0, match.start()) + 1) + 1
    ends = (text.find("\n", match.end()), text.find(". ", match.end()) + 1, len(text))
    stop = min(end for end in ends if end > 0)
    return Term(max(begin, match.start() - _LONGEST), min(stop, match.end() + _LONGEST), match[1])
