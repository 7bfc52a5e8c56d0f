"""How long the answer about a stretch of text will be, estimated from the text's own structure before asking."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from extractor.text.records import Run, words
from extractor.text.structure import Structure
from extractor.text.tables import Table
from extractor.text.tokens import TokenSums, count_tokens

__all__ = ["AnswerEstimate", "RowShape"]

_NUMBER, _DATE, _CHOICE, _FLAG, _TEXT = 4, 6, 3, 1, 14  # tokens of a value that stands in running text, at most
_SAMPLE = 60  # records of a run that are measured
_SEEN = 20_000  # characters after which a name that comes again is new
_DIGIT = re.compile(r"\d")
_FACT = re.compile(r"[^\W_]*\d[^\s]*")
_NAME = re.compile(r"(?<=[^\W_] |[,(;:] )[A-ZÀ-ÖØ-ÞΑ-ΩА-Я][^\W\d_]+(?: [A-ZÀ-ÖØ-ÞΑ-ΩА-Я][^\W\d_]*)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class RowShape:
    """What is known of a row before it is read, from the schema.

    `overhead` is what its keys and punctuation cost in tokens. The others count its leaf fields by kind; `required`
    those of them that a row must have, and `required_numbers` the numbers and dates among these.
    """

    overhead: int
    numbers: int = 0
    dates: int = 0
    texts: int = 0
    choices: int = 0
    flags: int = 0
    required: int = 1
    required_numbers: int = 0

    @property
    def fields(self) -> int:
        """The leaf fields of a row."""
        return self.numbers + self.dates + self.texts + self.choices + self.flags

    @property
    def most(self) -> int:
        """Tokens of the values of one row where they stand in running text."""
        by_kind = ((self.numbers, _NUMBER), (self.dates, _DATE), (self.texts, _TEXT))
        return sum(count * each for count, each in (*by_kind, (self.choices, _CHOICE), (self.flags, _FLAG)))


@dataclass(frozen=True, slots=True)
class _Unit:
    """What begins at an offset: so many rows, and the tokens of their answer."""

    start: int
    rows: float
    tokens: float


class AnswerEstimate:
    """The rows that begin in any stretch of a text, and the tokens of the answer about it.

    A row of a table is a row, and its values are copies of its cells. A record of a run is a row where it says anything
    that the others do not. Running text has at most a row for as many new names and numbers as a row needs.

    >>> text = "".join(f"2026-01-05;Card {n:05};3.50;EUR\\n" for n in range(100))
    >>> shape = RowShape(overhead=12, texts=2, numbers=1, dates=1, required=4, required_numbers=2)
    >>> round(AnswerEstimate(Structure(text), TokenSums(text), shape).rows(0, len(text)))
    100
    """

    def __init__(self, structure: Structure, sums: TokenSums, shape: RowShape) -> None:
        self._shape, self._sums, self._text = shape, sums, structure.text
        units = sorted(self._units(structure), key=lambda unit: unit.start)
        self._starts = [unit.start for unit in units]
        self._rows = list(accumulate((unit.rows for unit in units), initial=0.0))
        self._tokens = list(accumulate((unit.tokens for unit in units), initial=0.0))

    def rows(self, start: int, end: int) -> float:
        """The rows that begin in `text[start:end]`."""
        first, last = bisect_left(self._starts, start), bisect_left(self._starts, end)
        return self._rows[last] - self._rows[first]

    def tokens(self, start: int, end: int) -> float:
        """The tokens of the answer about `text[start:end]`, without what frames its rows."""
        return self.until(end) - self.until(start)

    def until(self, offset: int) -> float:
        """The tokens of the answer about `text[:offset]`: the weight by which to cut."""
        index = bisect_right(self._starts, offset) - 1
        if index < 0:
            return 0.0
        begun = self._starts[index]
        end = self._starts[index + 1] if index + 1 < len(self._starts) else len(self._text)
        share = (offset - begun) / max(1, end - begun)
        return self._tokens[index] + (self._tokens[index + 1] - self._tokens[index]) * min(1.0, share)

    # -- units, by what holds them

    def _units(self, structure: Structure) -> Iterator[_Unit]:
        at = 0
        dense: list[Table | Run] = [*structure.tables, *structure.runs]
        for found in sorted(dense, key=lambda it: it.start):
            yield from self._prose(at, found.start)
            yield from self._table(found) if isinstance(found, Table) else self._run(found)
            at = max(at, found.end)
        yield from self._prose(at, len(self._text))

    def _table(self, table: Table) -> Iterator[_Unit]:
        shape = self._shape
        share = min(1.0, shape.fields / table.columns)
        filled = min(1.0, 2 * table.columns / max(1, shape.required))
        for start, end in _spans(table.rows, table.end):
            if shape.required_numbers and not _DIGIT.search(self._text, start, end):
                continue
            values = share * max(1.0, self._sums.until(end) - self._sums.until(start) - table.columns)
            yield _Unit(start, filled, filled * (shape.overhead + values))

    def _run(self, run: Run) -> Iterator[_Unit]:
        spans = list(_spans(run.starts, run.end))
        share = self._variable_share(run, spans)
        for start, end in spans:
            facts = sum(word not in run.constant for word in words(self._text[start:end]))
            rows = min(1.0, facts / max(1, self._shape.required - 1))
            values = min(self._shape.most, share * (self._sums.until(end) - self._sums.until(start)))
            if facts:
                yield _Unit(start, rows, rows * (self._shape.overhead + values))

    def _variable_share(self, run: Run, spans: Sequence[tuple[int, int]]) -> float:
        """The share of tokens of a run that its constant words do not take."""
        whole = variable = 0
        for start, end in spans[:: max(1, len(spans) // _SAMPLE)]:
            text = self._text[start:end]
            own = " ".join(word for word in text.split() if not run.constant.issuperset(words(word)))
            whole, variable = whole + count_tokens(text), variable + count_tokens(own)
        return variable / max(1, whole)

    def _prose(self, start: int, end: int) -> Iterator[_Unit]:
        """A unit for each line of running text that says something new."""
        shape, seen = self._shape, dict[str, int]()
        texts = max(1, min(2, shape.required - shape.required_numbers))
        at = start
        while at < end:
            stop = self._text.find("\n", at, end) + 1 or end
            facts, names = (_new(pattern, self._text, at, stop, seen) for pattern in (_FACT, _NAME))
            rows = facts / shape.required_numbers if shape.required_numbers else names + facts
            rows = min(rows, (names + facts) / texts) / 2
            if rows:
                yield _Unit(at, rows, rows * (shape.overhead + shape.most / 2))
            at = stop


def _spans(starts: Sequence[int], end: int) -> Iterator[tuple[int, int]]:
    return zip(starts, [*starts[1:], end], strict=True) if starts else iter(())


def _new(pattern: re.Pattern[str], text: str, start: int, end: int, seen: dict[str, int]) -> int:
    """How many matches were not seen shortly before."""
    found = 0
    for match in pattern.finditer(text, start, end):
        found += match.start() - seen.get(match[0], -_SEEN) >= _SEEN
        seen[match[0]] = match.start()
    return found
