"""How long the answer about a stretch of text will be, estimated from the text's own structure before asking."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from itertools import accumulate, chain, groupby
from statistics import median, median_low

from extractor.text.groups import levels
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
_TITLE = 100  # characters of a line that may open a group
_LIST, _SHORT = 4, 48  # lines without a blank one that are a list where they are as short, in characters
_DIGIT = re.compile(r"\d")
_FACT = re.compile(r"\b[^\W\d_]{3,12} \d{1,2}, \d{4}|\b[^\W\d_]{0,20}\d\S{0,40}(?: [^\W\d_]{3,12} \d{4})?")
_NAME = re.compile(r"(?<=[^\W_] |[,(;:] )[A-ZÀ-ÖØ-ÞΑ-ΩА-Я][^\W\d_]+(?: [A-ZÀ-ÖØ-ÞΑ-ΩА-Я][^\W\d_]*)*")
_LABEL = re.compile(r"[^\W_][^.,;:!?\n]{0,40}: \S")
_ITEM_END = re.compile(r"[.;:!?。；)\d]['’”\"]?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class RowShape:
    """What is known of a row before it is read, from the schema.

    `overhead` is what its keys and punctuation cost in tokens. The others count its leaf fields by kind; `required`
    those of them that a row must have, and `required_numbers` the numbers and dates among these. A list counts as one
    item; `inner` are the rows of the lists that a row holds, and `head` is the row without them.
    """

    overhead: int
    numbers: int = 0
    dates: int = 0
    texts: int = 0
    choices: int = 0
    flags: int = 0
    required: int = 1
    required_numbers: int = 0
    head: RowShape | None = None
    inner: tuple[RowShape, ...] = ()

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

    def values(self, tokens: float, pieces: int) -> float:
        """Tokens of the values of one row, of a record of so many tokens in so many pieces.

        A row copies as many pieces as it has fields; of running text, which has none, and of a long record it takes
        `most`.
        """
        if not pieces:
            return min(self.most, tokens)
        copy = tokens * min(1.0, self.fields / pieces)
        return copy if copy <= _LONGER * self.most else self.most


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
    lists, a table is that whose rows have about as many fields; other text is any of them. Where rows hold lists, what
    opens a group in the text is a row, and what stands in the group are rows of its lists. Where a row is a document of
    its own, `pages` are where pages begin, and a page has one row at most.

    >>> text = "".join(f"2026-01-05;Card {n:05};3.50;EUR\\n" for n in range(100))
    >>> shape = RowShape(overhead=12, texts=2, numbers=1, dates=1, required=4, required_numbers=2)
    >>> round(AnswerEstimate(Structure(text), TokenSums(text), shape).rows(0, len(text)))
    100
    """

    def __init__(self, structure: Structure, sums: TokenSums, *shapes: RowShape, pages: Sequence[int] = ()) -> None:
        self._shapes = self._outermost = shapes
        self._sums, self._text = sums, structure.text
        self._headings = {heading.start for heading in structure.headings} if shapes else set()
        self._groups: dict[int, _Unit] = {}
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
        if any(shape.inner for shape in self._shapes):
            self._open_groups(structure)
        units = list[_Unit]()
        for found in _stretches(structure):
            match found:
                case Table():
                    units += self._table(found)
                case Run():
                    units += self._run(structure.lines, found)
                case start, end:
                    units += self._prose(structure, start, end)
        if not self._groups:
            return self._by_section(units, self._record_sections(structure))
        inside = (replace(unit, rows=0.0) for unit in units if unit.start not in self._groups)
        return sorted([*self._groups.values(), *inside], key=lambda unit: unit.start)

    def _open_groups(self, structure: Structure) -> None:
        """Find what opens groups, as deep as rows hold lists; what stands in them has the shapes of the lists there."""
        items, others = list[int](), list[int]()
        for found in _stretches(structure):
            match found:
                case Table(rows=rows):
                    others += rows
                case Run(start, end):
                    items += (start for start, _ in _lines(structure.lines, start, end))
                case start, end:
                    pieces = _pieces(structure.lines, start, end, self._headings)
                    items += (begin for begin, stop, item in pieces if item or stop - begin <= _TITLE)
        for depth, starts in enumerate(levels(structure, items, others)):
            heads = [shape.head for shape in self._shapes if shape.head]
            if not heads:
                break
            for start in starts:
                line = self._in_line(start, structure.lines.end(structure.lines.at(start)))
                tokens = sum(head.overhead + head.values(line, 1) for head in heads) / len(heads)
                self._groups.setdefault(start, _Unit(start, float(not depth), tokens))
            self._shapes = tuple(chain.from_iterable(shape.inner or (shape,) for shape in self._shapes))

    def _pages(self, starts: Sequence[int]) -> Iterator[_Unit]:
        for start, end in _spans(starts, len(self._text)):
            facts = len(_FACT.findall(self._text, start, end)) + len(_NAME.findall(self._text, start, end))
            yield from self._mixed(start, facts, self._between(start, end), 0)

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

    def _run(self, lines: Lines, run: Run) -> Iterator[_Unit]:
        """The records of a run, or the lines of those that open a group."""
        records = list(_spans(run.starts, run.end))
        share, pieces, in_line = self._variable(run, records)
        for record in records:
            opens = record[0] in self._groups
            for start, end in _lines(lines, *record) if opens else (record,):
                facts = sum(word not in run.constant for word in words(self._text[start:end]))
                values = share * self._between(start, end)
                yield from self._mixed(start, facts, values, in_line if opens else pieces)

    def _variable(self, run: Run, records: Sequence[tuple[int, int]]) -> tuple[float, int, int]:
        """The share of tokens of a run that its constant words do not take, and how many pieces of text stand between
        these, in a record and in a line of it."""
        whole = variable = 0
        pieces, in_lines = list[int](), list[int]()
        for start, end in records[:: max(1, len(records) // _SAMPLE)]:
            lines = [_own_words(line, run.constant) for line in self._text[start:end].splitlines()]
            own = " ".join(word for line in lines for word in line if word)
            whole, variable = whole + count_tokens(self._text[start:end]), variable + count_tokens(own)
            in_line = [sum(is_own for is_own, _ in groupby(map(bool, line))) for line in lines]
            pieces.append(sum(in_line))
            in_lines += filter(None, in_line)
        return variable / max(1, whole), max(1, median_low(pieces)), median_low(in_lines or [1])

    def _mixed(self, start: int, facts: float, values: float, pieces: int) -> Iterator[_Unit]:
        """A unit that may be a row of any list, which says so many things, in so many tokens and pieces."""
        if facts:
            rows = tokens = 0.0
            for shape in self._shapes:
                part = min(1.0, facts / max(1, min(2, shape.required - 1))) / len(self._shapes)
                rows += part
                tokens += part * (shape.overhead + shape.values(values, pieces))
            yield _Unit(start, rows, tokens)

    # -- running text

    def _prose(self, structure: Structure, start: int, end: int) -> Iterator[_Unit]:
        """Units of running text: the items of a list on lines of their own, or entries with labels, else blocks between
        blank lines."""
        seen, pieces = dict[str, int](), list(_pieces(structure.lines, start, end, self._headings))
        labelled = sum(bool(_LABEL.match(self._text, begin)) for begin, _, _ in pieces)
        entries = labelled >= _LIST and 2 * labelled > len(pieces)
        for begin, stop, item in pieces:
            facts, names = (_new(pattern, self._text, begin, stop, seen) for pattern in (_FACT, _NAME))
            if item or (entries and _LABEL.match(self._text, begin)):
                yield from self._mixed(begin, max(1, facts + names), self._in_line(begin, stop), 1)
            elif facts + names > _SECTIONS and (run := run_of_sentences(self._text, begin, stop)):
                yield from self._run(structure.lines, run)
            else:
                yield from self._prose_unit(begin, facts, names)

    def _prose_unit(self, start: int, facts: int, names: int) -> Iterator[_Unit]:
        """A unit of prose: half of what could be said with its new names and numbers, lists in rows included."""
        rows = tokens = 0.0
        for shape in self._outermost:
            texts = max(1, min(2, shape.required - shape.required_numbers))
            most = facts / shape.required_numbers if shape.required_numbers else facts + names
            part = min(most, (facts + names) / texts) / 2 / len(self._outermost)
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
            joined += [*units[at:first], *self._mixed(start, facts, self._between(start, end), 0)]
            at = last
        single = sum(unit.rows for unit in units if unit.single)
        return [*joined, *units[at:]] if single <= len(sections) else units

    def _in_line(self, start: int, end: int) -> float:
        """The tokens of a line without its end."""
        return max(1.0, self._between(start, end) - 1)

    def _between(self, start: int, end: int) -> float:
        return self._sums.until(end) - self._sums.until(start)


def _spans(starts: Sequence[int], end: int) -> Iterator[tuple[int, int]]:
    return zip(starts, [*starts[1:], end], strict=True) if starts else iter(())


def _own_words(line: str, constant: frozenset[str]) -> list[str]:
    """The words of a line, "" for each that says nothing but constant ones."""
    return ["" if constant.issuperset(words(word)) else word for word in line.split()]


def _stretches(structure: Structure) -> Iterator[Table | Run | tuple[int, int]]:
    """The tables and runs of a text, and what stands between them."""
    dense: list[Table | Run] = [*structure.tables, *structure.runs]
    at = 0
    for found in sorted(dense, key=lambda it: it.start):
        if found.start >= at:
            yield at, found.start
            yield found
            at = found.end
    yield at, len(structure.text)


def _lines(lines: Lines, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The lines that begin in a stretch and are not blank."""
    for index in range(lines.at(start), lines.at(max(start, end - 1)) + 1):
        if lines[index].strip():
            yield lines.starts[index], lines.end(index)


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
