"""Records in running text: lines, blocks, or groups of lines that say the same thing about one item after another."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from extractor.text.lines import Lines

__all__ = ["Run", "find_runs", "words"]

_LEAST = 4  # records that make a run
_ALIKE = 0.3  # of the words of two records are the same, where they are of one kind
_CONSTANT = 0.6  # of the records of a run have a word that is no value
_SAMPLE = 400  # records from which constant words are read
_MOST_LINES = 24  # of a record without a blank line
_SHORT = 4  # leads with fewer occurrences begin no record

_WORD = re.compile(r"[^\W_]+(?:[-/.:,'’@_][^\W_]+)*:?")
_DIGITS, _LETTERS = re.compile(r"\d+"), re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Run:
    """`text[start:end]` is a run of records of one kind, which begin at `starts`.

    `constant` are the words that most of them share, such as labels: they are no values.
    """

    start: int
    end: int
    starts: tuple[int, ...]
    constant: frozenset[str]


def words(text: str) -> list[str]:
    """The words of a text; of one with digits only the shape, and a label keeps its colon.

    >>> words("Order: 55-01 was sent.")
    ['order:', '9-9', 'was', 'sent']
    """
    return [_shape(word) if _DIGITS.search(word) else word for word in _WORD.findall(text.lower())]


def _shape(word: str) -> str:
    return _DIGITS.sub("9", _LETTERS.sub("a", word))


def find_runs(lines: Lines, taken: Container[int] = ()) -> list[Run]:
    """The runs of records of a text, but for the lines that are `taken`, those of tables.

    >>> text = "".join(f"Order {n} was sent.\\n" for n in range(4))
    >>> [run.starts for run in find_runs(Lines(text))]
    [(0, 18, 36, 54)]
    """
    return [_run(lines, units) for stretch in _stretches(lines, taken) for units in _units(lines, stretch)]


class _Unit(NamedTuple):
    """A candidate for a record: its first line, the line after it, and the words that it holds."""

    first: int
    last: int
    bag: frozenset[str]


def _stretches(lines: Lines, taken: Container[int]) -> Iterator[list[int]]:
    """The lines between tables that are not blank."""
    stretch: list[int] = []
    for index in range(len(lines)):
        if index in taken:
            yield stretch
            stretch = []
        elif lines[index].strip():
            stretch.append(index)
    yield stretch


def _units(lines: Lines, stretch: Sequence[int]) -> Iterator[list[_Unit]]:
    """Runs of like units: of single lines first, of blocks between blank lines, of lines with the indented ones below
    them, then of lines within a block."""
    singles = [_Unit(index, index + 1, frozenset(words(lines[index]))) for index in stretch]

    def follows_blank(unit: _Unit, above: _Unit) -> bool:
        return unit.first > above.last

    def is_flush(unit: _Unit, above: _Unit) -> bool:
        return follows_blank(unit, above) or not lines[unit.first][:1].isspace()

    def alike(units: Sequence[_Unit], *begins: Callable[[_Unit, _Unit], bool]) -> Iterator[list[_Unit]]:
        for are_alike, some in _parted(units):
            if are_alike:
                yield some
                continue
            own = [one for unit in some for one in within(unit)]
            if begins:
                yield from alike(list(_grouped(own, begins[0])), *begins[1:])
            else:
                for block in _grouped(own, follows_blank):
                    yield from _led(lines, within(block))

    def within(unit: _Unit) -> list[_Unit]:
        return singles[bisect_left(firsts, unit.first) : bisect_left(firsts, unit.last)]

    firsts = [unit.first for unit in singles]
    return alike(singles, follows_blank, is_flush)


def _parted(units: Sequence[_Unit]) -> Iterator[tuple[bool, list[_Unit]]]:
    """The units in order, runs of like ones apart from the others between them."""
    links = [_alike(one.bag, other.bag) for one, other in pairwise(units)]
    start = done = 0
    while start < len(links):
        end = start
        while end < len(links) and (links[end] or (end + 1 < len(links) and end > start and links[end + 1])):
            end += 1
        if end - start + 1 >= _LEAST:
            if start > done:
                yield False, list(units[done:start])
            yield True, list(units[start : end + 1])
            done = end + 1
        start = end + 1
    if done < len(units):
        yield False, list(units[done:])


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= max(2, _ALIKE * len(one | other))


def _grouped(units: Sequence[_Unit], begins: Callable[[_Unit, _Unit], bool]) -> Iterator[_Unit]:
    """The units joined, but for those that begin a group after the one above them."""
    joined: list[_Unit] = []
    for unit in units:
        if joined and begins(unit, joined[-1]):
            yield _joined(joined)
            joined = []
        joined.append(unit)
    if joined:
        yield _joined(joined)


def _joined(units: Sequence[_Unit]) -> _Unit:
    return _Unit(units[0].first, units[-1].last, frozenset().union(*(unit.bag for unit in units)))


def _led(lines: Lines, units: Sequence[_Unit]) -> Iterator[list[_Unit]]:
    """The records of a block without blank lines: groups of lines, each of which begins with the same word."""
    leads = [_lead(lines[unit.first]) for unit in units]
    counts = Counter(leads)
    for lead in dict.fromkeys(leads):
        if counts[lead] < _SHORT:
            continue
        begins = [index for index, its in enumerate(leads) if its == lead]
        ends = [*begins[1:], min(len(units), begins[-1] + max(b - a for a, b in pairwise(begins)))]
        records = [_joined(units[begin:end]) for begin, end in zip(begins, ends, strict=True)]
        if max(record.last - record.first for record in records) > _MOST_LINES:
            continue
        links = [_alike(one.bag, other.bag) for one, other in pairwise(records)]
        if 2 * sum(links) > len(links):
            yield records
            return


def _lead(line: str) -> str:
    """What a line begins with: how far it is indented, and its first word."""
    first = line[:80].split(maxsplit=1)[:1]
    return f"{'  ' if line[:1].isspace() else ''}{_DIGITS.sub('9', first[0]) if first else ''}"


def _run(lines: Lines, units: Sequence[_Unit]) -> Run:
    starts = tuple(lines.starts[unit.first] for unit in units)
    return Run(starts[0], lines.end(units[-1].last - 1), starts, _constant([unit.bag for unit in units]))


def _constant(bags: Sequence[frozenset[str]]) -> frozenset[str]:
    """The words that most records have, of a sample."""
    sample = bags[:: max(1, len(bags) // _SAMPLE)]
    counts = Counter(word for bag in sample for word in bag)
    return frozenset(word for word, count in counts.items() if count >= _CONSTANT * len(sample) and "9" not in word)
