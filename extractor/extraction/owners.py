"""Whose each row is: the rows that the parts of a document list, by where they stand in its text, and what is missing.

A view shows more than it asks about, and a model may list a row that begins in the part before or after. Such a row
goes where its own part has a row at that place, which takes what it lacks from it, and stays where it has none.

    part 1  lines 1-2   listed: 1, 2, 3        part 2  lines 3-4   listed: 3, 4        ->   1, 2, 3, 4

A row that is listed more often than it stands in the text is a problem. So are rows of the text that are in none, but
are like those that are (`gaps`), and parts all of whose rows are those of others.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from statistics import median_high
from typing import Any, NamedTuple

import orjson

from extractor.errors import Problem
from extractor.extraction.answers import Reading, Row, filled, last_items
from extractor.extraction.finding import Finder, Wanted, within
from extractor.extraction.gaps import ALIKE, left_out
from extractor.extraction.ground import Range, place_rows
from extractor.extraction.likeness import agree
from extractor.extraction.parts import Layout, Part
from extractor.schema.compiler import Schema
from extractor.schema.pointer import JSON, join, leaves

__all__ = ["has_key", "is_further", "owned", "places"]

_OVERLAPPING = 8
"""Rows before a place that may reach into it."""

_REACH = 12
"""Parts to each side in which the place of a stray row is sought: more than any view shows."""


class _Placed(NamedTuple):
    """A row, where it stands, how many values it has, how many of them do not stand there, and the breaks between
    lines there."""

    row: Row
    place: Range | None
    values: int
    absent: int
    breaks: int

    @property
    def missing(self) -> int:
        """How much of it does not stand together."""
        return self.absent + self.breaks


def places(
    layout: Layout, path: str, items: Sequence[JSON], start: int, end: int, *, apart: bool = False
) -> list[Range | None]:
    """Where the items of a list stand in a stretch of the text; with `apart`, each by itself."""
    if not items:
        return []
    text, schema = layout.structure.tabbed, layout.schema
    return place_rows(items, text, start=start, end=end, schema=schema, pointer=path, apart=apart)


def owned(
    layout: Layout, lists: Sequence[str], readings: Sequence[Reading]
) -> tuple[list[Reading], dict[int, list[Problem]], dict[int, Problem]]:
    """The readings, each row once; then by their number what is listed too often, and which rows of the text are in no
    item. Lists with a key are left as they are: their items are joined by what they are called."""
    result = list(readings)
    placed: dict[str, list[list[_Placed]]] = {}
    doubled = defaultdict[int, list[Problem]](list)
    for path in lists if layout.is_text else ():
        if has_key(layout.schema, path):
            continue
        placed[path] = _each_once(layout, path, readings)
        for at, own in enumerate(placed[path]):
            if path in result[at].rows:
                result[at] = replace(result[at], rows={**result[at].rows, path: [one.row for one in own]})
            if not result[at].losses and _doubled(layout, result[at].part, path, own):
                doubled[at].append(Problem(path, "some items are listed more often than the document has them"))
    result = [_answered(reading, before) for reading, before in zip(result, readings, strict=True)]
    return result, doubled, _missing(layout, result, placed)


def has_key(schema: Schema[Any], path: str) -> bool:
    """Whether the items of a list are joined by a declared key."""
    field = schema.field(path)
    return field is not None and bool(field.keys)


# -- rows of other parts


def _each_once(layout: Layout, path: str, readings: Sequence[Reading]) -> list[list[_Placed]]:
    """The rows of each part with their places, each place once: for the part that it is in, or the first of several."""
    parts = [reading.part for reading in readings]
    listed = [
        _placed(layout, path, one.rows.get(path, ()), part.start, part.end, behind=following.end)
        for one, part, following in zip(readings, parts, [*parts[1:], parts[-1]], strict=True)
    ]
    if len(parts) > 1:
        near = [parts[max(0, at - _REACH) : at + _REACH + 1] for at in range(len(parts))]
        usual = _usual_breaks(listed)
        listed = [_abroad(layout, path, *one, usual) for one in zip(listed, parts, near, strict=True)]

    def is_own(at: int, one: _Placed) -> bool:
        return one.place is not None and parts[at].start <= one.place[0] < parts[at].end

    owners = sorted(
        (one.place, at, index)
        for at, own in enumerate(listed)
        for index, one in enumerate(own)
        if one.place and is_own(at, one)
    )

    def joins_another(at: int, one: _Placed) -> bool:
        start, end = one.place or (0, 0)
        for place, owner, index in reversed(owners[: bisect_left(owners, ((end, 0),))][-_OVERLAPPING:]):
            its = listed[owner][index]
            other = owner < at if is_own(at, one) else owner != at
            if other and start < place[1] and agree(one.row.value, its.row.value):
                row = replace(its.row, value=filled(its.row.value, one.row.value))
                listed[owner][index] = its._replace(row=row)
                return True
        return False

    gone = [{index for index, one in enumerate(own) if joins_another(at, one)} for at, own in enumerate(listed)]
    return [[one for index, one in enumerate(own) if index not in its] for own, its in zip(listed, gone, strict=True)]


def _placed(
    layout: Layout, path: str, rows: Sequence[Row], start: int, end: int, *, apart: bool = False, behind: int = 0
) -> list[_Placed]:
    """Where rows stand in a stretch of the text. The last one there may go on as far as `behind`."""
    if not rows:
        return []
    found = places(layout, path, [row.value for row in rows], start, end, apart=apart)
    last = max(range(len(found)), key=lambda at: found[at] or (0, 0))
    if (place := found[last]) and end < behind:
        (longer,) = places(layout, path, [rows[last].value], place[0], behind)
        if longer and longer[0] == place[0]:
            found[last] = longer
    wanted = [_wanted(layout, path, row.value) for row in rows]
    finder = Finder(layout.structure.tabbed[start : max(end, behind)], chain.from_iterable(wanted))

    def at(row: Row, place: Range | None, own: Sequence[Wanted]) -> _Placed:
        low, high = place or (start, start)
        absent = sum(not within(finder.find(one), low - start, high - start) for one in own)
        return _Placed(row, place, len(own), absent, layout.document.text.count("\n", low, high))

    return [at(*one) for one in zip(rows, found, wanted, strict=True)]


def _usual_breaks(listed: Sequence[Sequence[_Placed]]) -> dict[int, float]:
    """Over how many breaks between lines most rows stand that are all there, by the number of their values."""
    breaks = defaultdict[int, list[int]](list)
    for one in chain.from_iterable(listed):
        if one.place and not one.absent:
            breaks[one.values].append(one.breaks)
    return {values: median_high(found) for values, found in breaks.items()}


def _abroad(
    layout: Layout, path: str, own: Sequence[_Placed], part: Part, near: Sequence[Part], usual: Mapping[int, float]
) -> list[_Placed]:
    """The rows of a part. Those of which something is missing, or that are further apart than is usual, stand in a
    part near it that has more of them."""
    doubtful = [one for one in own if not one.place or one.absent or one.breaks > usual[one.values]]
    better = {id(one.row): one for one in own}
    before, behind = (min(one.start for one in near), part.start), (part.end, max(one.end for one in near))
    for start, end in (before, behind):
        rows = [one.row for one in doubtful] if start < end else []
        for other in _placed(layout, path, rows, start, end, apart=True):
            if other.place and other.missing < better[id(other.row)].missing:
                better[id(other.row)] = other
    return [better[id(one.row)] for one in own]


def _answered(reading: Reading, before: Reading) -> Reading:
    """A reading whose rows are all those of other parts, with that as a loss: its own may not have been listed. One row
    alone is a neighbour's, listed for a part without any."""
    listed = sum(map(len, before.rows.values()))
    if listed < 2 or any(reading.rows.values()):
        return reading
    loss = Problem("", f"all {listed} items that were listed are those of other parts")
    keys = tuple(key for answer in reading.answers for key in answer.requests)
    return replace(reading, losses=(*reading.losses, loss), retry=tuple(dict.fromkeys((*reading.retry, *keys))))


# -- rows that are listed too often


def _doubled(layout: Layout, part: Part, path: str, placed: Sequence[_Placed]) -> bool:
    """Whether rows of a part are listed more often than they stand in the text. A line may leave out half of what
    others say, as the name of a group above it, or say how many there are: `2 x Adult`."""
    text, keys = layout.structure.tabbed, [orjson.dumps(one.row.value) for one in placed]
    least: dict[bytes, int] = {}
    for key, one in zip(keys, placed, strict=True):
        least[key] = min(one.missing, least.get(key, one.missing))
    standing = defaultdict[bytes, list[Range]](list)
    for key, one in zip(keys, placed, strict=True):
        if one.place and one.missing == least[key]:
            standing[key].append(one.place)
    taken = sorted(chain.from_iterable(standing.values()))
    for key, count in Counter(keys).items():
        copies = standing[key]
        if not 0 < len(copies) < count:
            continue
        wanted, many = _wanted(layout, path, orjson.loads(key)), Wanted(count, "integer")
        lines = "".join(
            text[text.rfind("\n", 0, start) + 1 : end] + text[end:].partition("\n")[0] for start, end in copies
        )
        if many.number not in {one.number for one in wanted} and Finder(lines, [many]).find(many):
            continue
        finder = Finder(text[part.start : part.end], wanted)
        free = [one for one in wanted if any(_is_free(place.start + part.start, taken) for place in finder.find(one))]
        if 2 * len(free) < len(wanted):
            return True
    return False


def _is_free(offset: int, taken: Sequence[Range]) -> bool:
    at = bisect_right(taken, offset, key=lambda one: one[0])
    return at == 0 or taken[at - 1][1] <= offset


def is_further(layout: Layout, part: Part, path: str, item: JSON, equal: int, end: int) -> bool:
    """Whether an item has a line of its own beside `equal` ones like it; also where no line of it can be seen."""
    text, wanted = layout.structure.tabbed, _wanted(layout, path, item)
    found = Counter[int]()
    for place in filter(None, places(layout, path, [item] * (equal + 1), part.start, end)):
        line = text.rfind("\n", 0, place[0])
        found[line] = max(found[line], _found(text[slice(*place)], wanted))
    return list(found.values()).count(max(found.values(), default=0)) not in range(1, equal + 1)


def _wanted(layout: Layout, path: str, item: JSON) -> list[Wanted]:
    """The values of a row, to be found in a text."""
    stated = ((layout.schema.field(at), leaf) for at, leaf in leaves(item, join(path, 0)) if leaf is not None)
    return [Wanted(leaf, field.kind if field else "any") for field, leaf in stated]


def _found(text: str, wanted: Sequence[Wanted]) -> int:
    """How many values stand in a text, equal ones in places of their own."""
    finder = Finder(text, wanted)
    return sum(min(count, len(finder.find(one))) for one, count in Counter(wanted).items())


# -- rows that no part lists


def _missing(
    layout: Layout, readings: Sequence[Reading], placed: Mapping[str, Sequence[Sequence[_Placed]]]
) -> dict[int, Problem]:
    """Rows of the text that are in no item, by the number of the reading of their part. A part of which something is
    missing already, as it was counted or cut off, has none."""
    if not placed or len(layout.structure.rows) <= ALIKE:
        return {}
    whole = {at: reading for at, reading in enumerate(readings) if reading.rest is not None and not reading.losses}
    lists: dict[Range, str] = {}
    unplaced: list[JSON] = []
    for path, listed in placed.items():
        for own in listed:
            lists |= {one.place: path for one in own if one.place}
            unplaced += (one.row.value for one in own if not one.place or last_items(one.row.value, "")[1])
    gaps = left_out(
        layout.structure,
        list(lists),
        silent=[(one.part.start, one.part.end) for one in whole.values() if not any(one.rows.values())],
        unplaced=unplaced,
        single={Wanted(leaf, "any") for one in whole.values() for _, leaf in leaves(one.rest) if leaf is not None},
    )
    found: dict[int, Problem] = {}
    for at, reading in whole.items():
        among = [gap for gap in gaps if reading.part.start <= gap[0] < reading.part.end]
        if among:
            path = lists[min(lists, key=lambda place: abs(place[0] - among[0][0]))]
            row = " ".join(layout.document.text[slice(*among[0])].split())
            message = f"no item holds {len(among)} of the rows of the document, such as {row[:60]!r}"
            found[at] = Problem(path, message)
    return found
