"""How long the answer about a stretch of text will be, estimated from the text's own structure before asking.

An answer copies what the text says, and writes keys around it. So a text is taken as units, each of which is a row or
says so many values, and what a unit costs follows from the schema:

    a row of a table, a record of a run, a line of a list      the keys of a row, and its own words
    a long line, or one alone without a label: prose           half of its names, numbers and dates, with their keys
    a section of a kind that recurs, where all are short       the keys of a row, and values of an ordinary length

Words that most records of a run share, such as labels, are no values. Where rows hold lists, each line is a row of one.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from statistics import mean, median

from extractor.text.records import words
from extractor.text.structure import Structure
from extractor.text.tokens import TokenSums, count_tokens

__all__ = ["AnswerEstimate", "RowShape"]

_VALUE = {"text": 14, "number": 4, "date": 6, "enum": 3, "bool": 1}  # tokens of a value
_LONG = 160  # characters from which on a line is prose
_SECTIONS, _SHORT = 8, 4  # of one kind, and none usually longer than so many answers about it: each is a record
_LABEL, _BULLET = re.compile(r"[^\W_][^.,;:!?\n]{0,40}: \S"), re.compile(r"^\W+")
_FACT = re.compile(r"\b[^\W\d_]{3,12} \d{1,2}, \d{4}|\b[^\W\d_]{0,20}\d\S{0,40}(?: [^\W\d_]{3,12} \d{4})?")
_NAME = re.compile(r"(?<=[^\W_] |[,(;:] )[A-ZÀ-ÖØ-ÞΑ-ΩА-Я][^\W\d_]+(?: [A-ZÀ-ÖØ-ÞΑ-ΩА-Я][^\W\d_]*)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class RowShape:
    """What is known of a row before it is read, from the schema.

    `overhead` is what its keys and punctuation cost in tokens. `kinds` count its leaf fields, `required` those of them
    that a row must have. A list counts as one item; `inner` are the rows of the lists that a row holds.
    """

    overhead: int
    kinds: Mapping[str, int]
    required: int = 1
    inner: tuple[RowShape, ...] = ()

    @property
    def fields(self) -> int:
        """The leaf fields of a row, one at the least."""
        return max(1, sum(self.kinds.values()))

    @property
    def holds_objects(self) -> bool:
        """Whether the lists of a row have rows of several fields."""
        return any(inner.fields > 1 for inner in self.inner)

    @property
    def ordinary(self) -> float:
        """Tokens of the values of one row of an ordinary length; half of those need not be there."""
        filled = (1 + min(1.0, self.required / self.fields)) / 2
        return filled * sum(_VALUE[kind] * count for kind, count in self.kinds.items())

    @property
    def innermost(self) -> tuple[RowShape, ...]:
        """The rows without lists that it is made of."""
        return tuple(one for inner in self.inner for one in inner.innermost) or (self,)


class AnswerEstimate:
    """The tokens of the answer about any stretch of a text, for rows of some shapes.

    Of several shapes, a table is of that whose rows have about as many fields; other text is of any of them. Where a
    row is a document of its own, `pages` are where pages begin, and a page is a record.

    >>> text = "".join(f"2026-01-05;Card {n:05};3.50;EUR\\n" for n in range(100))
    >>> shape = RowShape(overhead=12, kinds={"text": 2, "number": 1, "date": 1}, required=4)
    >>> round(AnswerEstimate(Structure(text), TokenSums(text), shape).tokens(0, len(text)), -2)
    2600.0
    """

    def __init__(self, structure: Structure, sums: TokenSums, *shapes: RowShape, pages: Sequence[int] = ()) -> None:
        self._structure, self._sums, self._text = structure, sums, structure.text
        self._shapes, self._rows = shapes, [one for shape in shapes for one in shape.innermost]
        self._nested = any(shape.inner for shape in shapes)
        units = list(self._units(pages)) if shapes else []
        self._starts = [start for start, _ in units]
        self._tokens = list(accumulate((tokens for _, tokens in units), initial=0.0))

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

    def _units(self, pages: Sequence[int]) -> Iterator[tuple[int, float]]:
        """Where each unit begins, and what the answer about it takes."""
        ordinary = mean(shape.overhead + shape.ordinary for shape in self._shapes)
        sections = list(_spans(pages, len(self._text))) or self._sections(_SHORT * ordinary)
        if sections:
            yield from ((start, min(ordinary, self._between(start, end))) for start, end in sections)
        else:
            yield from self._by_line()

    def _by_line(self) -> Iterator[tuple[int, float]]:
        lines = self._structure.lines
        tables = {row: (table, end) for table in self._structure.tables for row, end in _spans(table.rows, table.end)}
        runs = {row: (run, end) for run in self._structure.runs for row, end in _spans(run.starts, run.end)}
        in_tables = self._structure.lines_of(self._structure.tables)
        headings = set() if self._nested else {lines.at(heading.start) for heading in self._structure.headings}
        index = 0
        while index < len(lines):
            start, end = lines.starts[index], lines.end(index)
            above, below = (lines[at] if 0 <= at < len(lines) else "" for at in (index - 1, index + 1))
            if start in tables:
                table, end = tables[start]
                yield start, self._row(self._between(start, end) - table.columns, table.columns)
            elif start in runs and not self._nested:
                run, end = runs[start]
                own = [word for word in self._text[start:end].split() if not run.constant.issuperset(words(word))]
                yield start, self._row(count_tokens(" ".join(own))) if own else 0.0
            elif not lines[index]:
                pass
            elif index not in headings and index not in in_tables:
                listed = end - start <= _LONG and (self._nested or above or below or _LABEL.match(lines[index]))
                without_bullet = _BULLET.sub("", lines[index])
                yield start, self._row(count_tokens(without_bullet)) if listed else self._prose(start, end)
            index = max(index, lines.at(end - 1)) + 1

    def _row(self, tokens: float, columns: int = 0) -> float:
        """What a row takes that so many tokens say; of a table with more columns than fields it takes a share."""
        best = min(self._rows, key=lambda shape: abs(shape.fields - columns))
        share = min(1.0, best.fields / columns) if columns else 1.0
        return (best.overhead if columns else mean(shape.overhead for shape in self._rows)) + share * max(1.0, tokens)

    def _prose(self, start: int, end: int) -> float:
        facts = sum(len(pattern.findall(self._text, start, end)) for pattern in (_FACT, _NAME))
        return facts / 2 * mean((shape.overhead + shape.ordinary / 2) / shape.fields for shape in self._rows)

    def _sections(self, longest: float) -> list[tuple[int, int]]:
        """The sections of the most frequent kind, where they are short, hold no objects, and no more rows than they
        are."""
        kinds: dict[tuple[str, int], list[int]] = {}
        for heading in self._structure.headings:
            kinds.setdefault((heading.kind, heading.depth), []).append(heading.start)
        spans = list(_spans(max(kinds.values(), key=len, default=[]), len(self._text)))
        if len(spans) < max(_SECTIONS, len(self._structure.rows)) or any(one.holds_objects for one in self._shapes):
            return []
        return spans if median(self._between(*span) for span in spans) <= longest else []

    def _between(self, start: int, end: int) -> float:
        return self._sums.until(end) - self._sums.until(start)


def _spans(starts: Sequence[int], end: int) -> Iterator[tuple[int, int]]:
    return zip(starts, [*starts[1:], end], strict=True) if starts else iter(())
