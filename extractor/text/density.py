"""How long the answer about a stretch of text will be, estimated from the text's own structure before asking."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import accumulate
from statistics import median

from extractor.text.lines import Lines
from extractor.text.records import Run, run_of_sentences, words
from extractor.text.structure import Structure
from extractor.text.tables import Table
from extractor.text.tokens import TokenSums, count_tokens

__all__ = ["AnswerEstimate", "RowShape"]

_NUMBER, _DATE, _CHOICE, _FLAG, _TEXT = 4, 6, 3, 1, 14  # tokens of a value that stands in running text, at most
_INHERITED = 3  # tokens of a value that stands above a table: in its caption, its header, a group row
_SAMPLE = 60  # records of a run that are measured
_SEEN = 20_000  # characters after which a name that comes again is new
_SECTIONS = 8  # of one kind, none much longer than the answer about it: each is a record
_LONGER = 4  # times the answer about it
_LIST, _SHORT = 4, 48  # lines without a blank one that are a list where they are as short, in characters
_DIGIT = re.compile(r"\d")
_FACT = re.compile(r"\b[^\W\d_]{3,12} \d{1,2}, \d{4}|\b[^\W\d_]{0,20}\d\S{0,40}(?: [^\W\d_]{3,12} \d{4})?")
_NAME = re.compile(r"(?<=[^\W_] |[,(;:] )[A-ZÀ-ÖØ-ÞΑ-ΩА-Я][^\W\d_]+(?: [A-ZÀ-ÖØ-ÞΑ-ΩА-Я][^\W\d_]*)*")
_ITEM_END = re.compile(r"[.;:!?。；)\d]['’”\"]?$")


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
    def most(self) -> float:
        """Tokens of the values of one row where they stand in running text, and half of those need not be there."""
        of_texts = self.texts * _TEXT + self.numbers * _NUMBER + self.dates * _DATE
        filled = (1 + min(1.0, self.required / max(1, self.fields))) / 2
        return filled * (of_texts + self.choices * _CHOICE + self.flags * _FLAG)


@dataclass(frozen=True, slots=True)
class _Unit:
    """What begins at an offset: so many rows, and the tokens of their answer."""

    start: int
    rows: float
    tokens: float
    single: bool = True  # whether it is a row by its shape, rather than so many by what it says


class AnswerEstimate:
    """The rows that begin in any stretch of a text, and the tokens of the answer about it.

    A row of a table is a row, and its values are copies of its cells. A record of a run is a row where it says anything
    that the others do not. Running text has at most a row for as many new names and numbers as a row needs. Of several
    lists, a table is that whose rows have about as many fields; other text is any of them. Where a row is a document of
    its own, `pages` are where pages begin, and a page has one row at most.

    >>> text = "".join(f"2026-01-05;Card {n:05};3.50;EUR\\n" for n in range(100))
    >>> shape = RowShape(overhead=12, texts=2, numbers=1, dates=1, required=4, required_numbers=2)
    >>> round(AnswerEstimate(Structure(text), TokenSums(text), shape).rows(0, len(text)))
    100
    """

    def __init__(self, structure: Structure, sums: TokenSums, *shapes: RowShape, pages: Sequence[int] = ()) -> None:
        self._shapes, self._sums, self._text = shapes, sums, structure.text
        units = list(self._pages(pages)) if pages else self._units(structure) if shapes else []
        self._starts = [unit.start for unit in units]
        self._rows = list(accumulate((unit.rows for unit in units), initial=0.0))
        self._tokens = list(accumulate((unit.tokens for unit in units), initial=0.0))

    def rows(self, start: int, end: int) -> float:
        """The rows that begin in `text[start:end]`, those of nested lists left aside."""
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

    def _units(self, structure: Structure) -> list[_Unit]:
        """The units of the whole text, in order."""
        units, at, heads = list[_Unit](), 0, {heading.start for heading in structure.headings}
        dense: list[Table | Run] = [*structure.tables, *structure.runs]
        for found in sorted(dense, key=lambda it: it.start):
            if found.start >= at:
                units += self._prose(structure.lines, at, found.start, heads)
                units += self._table(found) if isinstance(found, Table) else self._run(found)
                at = found.end
        units += self._prose(structure.lines, at, len(self._text), heads)
        return self._by_section(units, self._record_sections(structure))

    def _pages(self, starts: Sequence[int]) -> Iterator[_Unit]:
        for start, end in _spans(starts, len(self._text)):
            facts = len(_FACT.findall(self._text, start, end)) + len(_NAME.findall(self._text, start, end))
            yield from self._mixed(start, end, facts, self._between(start, end))

    def _table(self, table: Table) -> Iterator[_Unit]:
        shape = min(self._shapes, key=lambda shape: abs(shape.fields - table.columns))
        share = min(1.0, shape.fields / table.columns)
        filled = min(1.0, 2 * table.columns / max(1, shape.required))
        inherited = _INHERITED * max(0, shape.required - table.columns)
        for start, end in _spans(table.rows, table.end):
            if shape.required_numbers and not _DIGIT.search(self._text, start, end):
                continue
            values = inherited + share * max(1.0, self._between(start, end) - table.columns)
            yield _Unit(start, filled, filled * (shape.overhead + values))

    def _run(self, run: Run) -> Iterator[_Unit]:
        spans = list(_spans(run.starts, run.end))
        share = self._variable_share(run, spans)
        for start, end in spans:
            facts = sum(word not in run.constant for word in words(self._text[start:end]))
            yield from self._mixed(start, end, facts, share * self._between(start, end))

    def _variable_share(self, run: Run, spans: Sequence[tuple[int, int]]) -> float:
        """The share of tokens of a run that its constant words do not take."""
        whole = variable = 0
        for start, end in spans[:: max(1, len(spans) // _SAMPLE)]:
            text = self._text[start:end]
            own = " ".join(word for word in text.split() if not run.constant.issuperset(words(word)))
            whole, variable = whole + count_tokens(text), variable + count_tokens(own)
        return variable / max(1, whole)

    def _mixed(self, start: int, end: int, facts: float, values: float) -> Iterator[_Unit]:
        """A unit that may be a row of any list, which says so many things in so many tokens."""
        if facts:
            rows = tokens = 0.0
            for shape in self._shapes:
                part = min(1.0, facts / max(1, min(2, shape.required - 1))) / len(self._shapes)
                rows += part
                tokens += part * (shape.overhead + min(shape.most, values))
            yield _Unit(start, rows, tokens)

    # -- running text

    def _prose(self, lines: Lines, start: int, end: int, heads: Set[int]) -> Iterator[_Unit]:
        """Units of running text: the items of a list on lines of their own, else blocks between blank lines."""
        seen = dict[str, int]()
        for begin, stop, item in _pieces(lines, start, end, heads):
            facts, names = (_new(pattern, self._text, begin, stop, seen) for pattern in (_FACT, _NAME))
            if item:
                yield from self._mixed(begin, stop, max(1, facts + names), self._between(begin, stop))
            elif facts + names > _SECTIONS and (run := run_of_sentences(self._text, begin, stop)):
                yield from self._run(run)
            else:
                yield from self._prose_unit(begin, facts, names)

    def _prose_unit(self, start: int, facts: int, names: int) -> Iterator[_Unit]:
        """A unit of prose: half of what could be said with its new names and numbers."""
        rows = tokens = 0.0
        for shape in self._shapes:
            texts = max(1, min(2, shape.required - shape.required_numbers))
            most = facts / shape.required_numbers if shape.required_numbers else facts + names
            part = min(most, (facts + names) / texts) / 2 / len(self._shapes)
            rows, tokens = rows + part, tokens + part * (shape.overhead + shape.most / 2)
        if rows:
            yield _Unit(start, rows, tokens, single=False)

    def _record_sections(self, structure: Structure) -> list[tuple[int, int]]:
        """The sections of a kind that recurs, where none is much longer than the answer about one row."""
        kinds: dict[tuple[str, int], list[int]] = {}
        for heading in structure.headings:
            kinds.setdefault((heading.kind, heading.depth), []).append(heading.start)
        for starts in sorted(kinds.values(), key=len, reverse=True):
            spans = list(_spans(starts, len(self._text)))
            if len(spans) >= _SECTIONS and median(self._between(*span) for span in spans) <= self._longest():
                return spans
        return []

    def _longest(self) -> float:
        return _LONGER * max(shape.overhead + shape.most for shape in self._shapes)

    def _by_section(self, units: list[_Unit], sections: list[tuple[int, int]]) -> list[_Unit]:
        """The units, those of sections that are records made one; where more rows than sections are seen, none are."""
        starts = [unit.start for unit in units]
        longest = 4 * self._longest()
        joined, at = list[_Unit](), 0
        for start, end in sections:
            if self._between(start, end) > longest:
                continue
            first, last = bisect_left(starts, start), bisect_left(starts, end)
            facts = len(_FACT.findall(self._text, start, end))
            joined += [*units[at:first], *self._mixed(start, end, facts, self._between(start, end))]
            at = last
        single = sum(unit.rows for unit in units if unit.single)
        return [*joined, *units[at:]] if single <= len(sections) else units

    def _between(self, start: int, end: int) -> float:
        return self._sums.until(end) - self._sums.until(start)


def _spans(starts: Sequence[int], end: int) -> Iterator[tuple[int, int]]:
    return zip(starts, [*starts[1:], end], strict=True) if starts else iter(())


def _pieces(lines: Lines, start: int, end: int, heads: Set[int]) -> Iterator[tuple[int, int, bool]]:
    """The pieces of running text, and whether each is an item: lines that end as items do or are short, else blocks."""
    block, headed = list[int](), False
    for index in range(lines.at(start), len(lines)):
        offset = lines.starts[index]
        if offset >= end or not lines[index] or offset in heads:
            yield from _piece(lines, block, headed)
            block, headed = [], offset in heads
        if offset >= end:
            return
        if offset >= start and lines[index] and offset not in heads:
            block.append(index)
    yield from _piece(lines, block, headed)


def _piece(lines: Lines, block: Sequence[int], headed: bool) -> Iterator[tuple[int, int, bool]]:
    ends = sum(bool(_ITEM_END.search(lines[index])) for index in block)
    short = sum(len(lines[index]) <= _SHORT and not lines[index].lstrip()[:1].islower() for index in block)
    if len(block) > 1 - headed and max(ends, short if len(block) >= _LIST else 0) > 0.6 * len(block):
        yield from ((lines.starts[index], lines.end(index), True) for index in block)
    elif block:
        yield lines.starts[block[0]], lines.end(block[-1]), False


def _new(pattern: re.Pattern[str], text: str, start: int, end: int, seen: dict[str, int]) -> int:
    """How many matches were not seen shortly before."""
    found = 0
    for match in pattern.finditer(text, start, end):
        found += match.start() - seen.get(match[0], -_SEEN) >= _SEEN
        seen[match[0]] = match.start()
    return found
