"""Lines that open a group of rows, such as the name of a table above its guests: the rows of lists that hold lists."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterator, Sequence
from itertools import pairwise

from extractor.text.lines import Lines
from extractor.text.structure import Structure

__all__ = ["levels"]

_DIGITS = re.compile(r"\d+")


def levels(structure: Structure, items: Sequence[int], others: Sequence[int] = ()) -> list[list[int]]:
    """Where groups begin, the widest groups first: the offsets of the lines that open them, or of their headings.

    `items` are the lines that may be rows, or open a group of these, by offset; `others` are further rows. Lines
    open groups where they are of one form, come again and again, and others follow most of them: headings and group
    rows of a kind, lines that begin with the same word, those that are indented least, those below a blank line.

    >>> levels(Structure(text := "Table 1\\nAnn\\nBo\\nTable 2\\nCem\\n"), [*Structure(text).lines.starts][:5])
    [[0, 15]]
    """
    rows = sorted({*items, *others})
    found = [starts for starts, alike in _candidates(structure, items) if _holds(rows, starts, alike)]
    chosen: list[list[int]] = []
    for starts in sorted(found, key=lambda starts: (starts[0], -len(starts))):
        if not chosen or (len(starts) > len(chosen[-1]) and starts[0] > chosen[-1][0]):
            chosen.append(starts)
    return chosen


def _candidates(structure: Structure, items: Sequence[int]) -> Iterator[tuple[list[int], bool]]:
    """Lines of one form, in order, and whether that form says that they are alike."""
    forms: dict[tuple[str, Hashable], list[int]] = {}
    indents: dict[int, list[int]] = {}
    for heading in structure.headings:
        forms.setdefault((heading.kind, heading.depth), []).append(heading.start)
    for table in structure.tables:
        for start, _ in table.groups:
            forms.setdefault(("group row", ""), []).append(start)
    lines = structure.lines
    plain = sorted({*items, *(heading.start for heading in structure.headings)})
    for start in plain:
        line = lines[lines.at(start)]
        indents.setdefault(_indent(line), []).append(start)
        forms.setdefault(("lead", _lead(line)), []).append(start)
    least = [indents[min(indents)]] if len(indents) > 1 else []
    yield from ((starts, True) for starts in (*forms.values(), *least))
    yield [start for start in plain if _below_blank(lines, lines.at(start))], False


def _holds(rows: Sequence[int], starts: Sequence[int], alike: bool) -> bool:
    """Whether most groups that begin at `starts` hold rows, and those before the first are no more than a group."""
    spans = list(pairwise([*starts, rows[-1] + 1])) if len(starts) > 1 and starts[-1] <= rows[-1] else []
    sizes = [bisect_left(rows, end) - bisect_right(rows, start) for start, end in spans]
    if 2 * sum(map(bool, sizes)) <= len(starts) or bisect_left(rows, starts[0]) > max(sizes):
        return False
    return alike or 2 * max(sizes) <= len(rows)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _lead(line: str) -> tuple[bool, str]:
    """What a line begins with: whether it is indented, and its first word."""
    return line[:1].isspace(), _DIGITS.sub("9", line[:80].split(maxsplit=1)[0])


def _below_blank(lines: Lines, index: int) -> bool:
    return index == 0 or not lines[index - 1].strip()
