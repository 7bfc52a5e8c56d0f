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
from typing import Any, NamedTuple

import orjson

from extractor.errors import Problem
from extractor.extraction.answers import Reading, Row, filled, last_items
from extractor.extraction.finding import Finder, Wanted
from extractor.extraction.gaps import left_out
from extractor.extraction.ground import Range, Standing, align_rows
from extractor.extraction.likeness import agree
from extractor.extraction.parts import Layout, Part
from extractor.schema.compiler import Schema
from extractor.schema.pointer import JSON, join, leaves

__all__ = ["has_key", "is_further", "owned", "places"]


class _Placed(NamedTuple):
    """A row, where it stands, and the names of its values that do not stand there."""

    row: Row
    place: Range | None
    absent: tuple[str, ...]


def places(layout: Layout, path: str, items: Sequence[JSON], start: int, end: int) -> list[Range | None]:
    """Where the items of a list stand in a stretch of the text."""
    return [one.place for one in _standing(layout, path, items, start, end)]


def _standing(layout: Layout, path: str, items: Sequence[JSON], start: int, end: int, **more: Any) -> list[Standing]:
    text, schema = layout.structure.tabbed, layout.schema
    return align_rows(items, text, start=start, end=end, schema=schema, pointer=path, **more) if items else []


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
    result = [_answered(layout, reading, before) for reading, before in zip(result, readings, strict=True)]
    return result, doubled, _missing(layout, result, placed)


def has_key(schema: Schema[Any], path: str) -> bool:
    """Whether the items of a list are joined by a declared key."""
    field = schema.field(path)
    return field is not None and bool(field.keys)


# -- rows of other parts


def _each_once(layout: Layout, path: str, readings: Sequence[Reading]) -> list[list[_Placed]]:
    """The rows of each part with their places, each place once: for the part that it is in, or the first of several."""
    parts = [reading.part for reading in readings]
    listed = [_placed(layout, path, one.rows.get(path, ()), parts, at) for at, one in enumerate(readings)]

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
        for place, owner, index in reversed(owners[: bisect_left(owners, ((end, 0),))]):
            if place[1] <= start:
                break
            its = listed[owner][index]
            other = owner < at if is_own(at, one) else owner != at
            if other and agree(one.row.value, its.row.value):
                row = replace(its.row, value=filled(its.row.value, one.row.value))
                listed[owner][index] = its._replace(row=row)
                return True
        return False

    gone = [{index for index, one in enumerate(own) if joins_another(at, one)} for at, own in enumerate(listed)]
    return [[one for index, one in enumerate(own) if index not in its] for own, its in zip(listed, gone, strict=True)]


def _placed(layout: Layout, path: str, rows: Sequence[Row], parts: Sequence[Part], at: int) -> list[_Placed]:
    """Where the rows of a part stand: in it, or in the parts around it too, as many as let more of them be found. What
    most rows do not say in their lines, such as a currency, tells nothing. The last one in a stretch may go on in the
    part behind it."""
    part, items = parts[at], [row.value for row in rows]
    behind = parts[min(at + 1, len(parts) - 1)].end
    best = _standing(layout, path, items, part.start, part.end, behind=behind)
    reach = 1
    while any(one.absent for one in best) and reach < 2 * len(parts) > 2:
        around = parts[max(0, at - reach) : at + reach + 1]
        found = _standing(layout, path, items, around[0].start, around[-1].end, own=(part.start, part.end))
        placed = [one for one in found if one.place]
        seldom = {name for name, count in _absent(placed).items() if 2 * count > len(placed)}
        wider, own = _absent(found), _absent(best)
        if sum(wider[name] - count for name, count in own.items() if name not in seldom) >= 0:
            break
        best, reach = found, 2 * reach
    return [_Placed(row, *one) for row, one in zip(rows, best, strict=True)]


def _absent(found: Sequence[Standing]) -> Counter[str]:
    """In how many rows each value is absent."""
    return Counter(name for one in found for name in set(one.absent))


def _answered(layout: Layout, reading: Reading, before: Reading) -> Reading:
    """A reading that lost rows to other parts, with that as a loss where its own may not have been listed: where none
    are left, or no more were listed than the part has. One row alone is a neighbour's, listed for a part without."""
    listed, left = (sum(map(len, one.rows.values())) for one in (before, reading))
    own = bisect_left(layout.structure.rows, reading.part.end) - bisect_left(layout.structure.rows, reading.part.start)
    if left == listed or listed < 2 or (left and listed > own):
        return reading
    those = f"{listed - left} of the" if left else "all"
    loss = Problem("", f"{those} {listed} items that were listed are those of other parts")
    keys = tuple(key for answer in reading.answers for key in answer.requests)
    return replace(reading, losses=(*reading.losses, loss), retry=tuple(dict.fromkeys((*reading.retry, *keys))))


# -- rows that are listed too often


def _doubled(layout: Layout, part: Part, path: str, placed: Sequence[_Placed]) -> bool:
    """Whether rows of a part are listed more often than they stand in the text. A line may leave out half of what
    others say, as the name of a group above it, or say how many there are: `2 x Adult`."""
    text, equal = layout.structure.tabbed, defaultdict[bytes, list[_Placed]](list)
    for one in placed:
        equal[orjson.dumps(one.row.value)].append(one)
    standing = {
        key: [one.place for one in own if one.place and len(one.absent) == min(len(its.absent) for its in own)]
        for key, own in equal.items()
    }
    taken = sorted(chain.from_iterable(standing.values()))

    def is_free(offset: int) -> bool:
        at = bisect_right(taken, offset, key=lambda one: one[0])
        return at == 0 or taken[at - 1][1] <= offset

    for key, copies in standing.items():
        if not 0 < len(copies) < len(equal[key]):
            continue
        wanted, many = _wanted(layout, path, orjson.loads(key)), Wanted(len(equal[key]), "integer")
        lines = "".join(
            text[text.rfind("\n", 0, start) + 1 : end] + text[end:].partition("\n")[0] for start, end in copies
        )
        if many.number not in {one.number for one in wanted} and Finder(lines, [many]).find(many):
            continue
        finder = Finder(text[part.start : part.end], wanted)
        free = [one for one in wanted if any(is_free(place.start + part.start) for place in finder.find(one))]
        if 2 * len(free) < len(wanted):
            return True
    return False


def is_further(layout: Layout, part: Part, path: str, item: JSON, equal: int, end: int) -> bool:
    """Whether an item has a place of its own beside `equal` ones like it; also where no place of it can be seen."""
    found = [len(one.absent) for one in _standing(layout, path, [item] * (equal + 1), part.start, end) if one.place]
    return found.count(min(found, default=0)) not in range(1, equal + 1)


def _wanted(layout: Layout, path: str, item: JSON) -> list[Wanted]:
    """The values of a row, to be found in a text."""
    stated = ((layout.schema.field(at), leaf) for at, leaf in leaves(item, join(path, 0)) if leaf is not None)
    return [Wanted(leaf, field.kind if field else "any") for field, leaf in stated]


# -- rows that no part lists


def _missing(
    layout: Layout, readings: Sequence[Reading], placed: Mapping[str, Sequence[Sequence[_Placed]]]
) -> dict[int, Problem]:
    """Rows of the text that are in no item, by the number of the reading of their part. A part of which something is
    missing already, as it was counted or cut off, has none."""
    if not placed:
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
        parts=sorted({one.part.start for one in readings}),
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
