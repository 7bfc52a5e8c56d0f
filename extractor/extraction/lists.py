"""The leaves of items of lists: each in the passage of its item, in its column, or where its row may take it from.

Every list is aligned with the text first (`rows`). A leaf is sought in the passages of its item; where several places
there say it, its column tells between them. What an item does not say itself it takes from the line that it shares with
others, from header cells, from a line that speaks of it, or from the context above it, and never from another item.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Container, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from extractor.extraction.cores import cores
from extractor.extraction.finding import Place, Wanted
from extractor.extraction.rows import Core, Fact, Lines, Passage, passages
from extractor.extraction.values import Item, Leaf, Listed, field_of
from extractor.repair.kinds import absent

if TYPE_CHECKING:
    from extractor.schema.compiler import Schema

__all__ = ["Lists", "Range"]

Range = tuple[int, int]
"""`text[start:end]`."""

_ECHOES = 16
"""Places of the name of an item at which it is heard of again."""
_SECTIONS = 4
"""Lines with the label of a list behind which its items are looked for."""

_Task = tuple[Listed, Sequence[Sequence[Range]]]
"""A list, and for each of its items the ranges in which it is looked for."""
_Owners = Mapping[tuple[str, str], int]
"""How many items have a value, by the name of its field and what it says."""


class Lists:
    """Places items of lists in one text, of equal places rather in the `own` range; `schema` has their fields."""

    def __init__(self, lines: Lines, schema: Schema[Any] | None, own: Range | None = None) -> None:
        self._lines, self._schema, self._own = lines, schema, own
        self._labels: dict[tuple[int, int], list[Place]] = {}
        self._taken: set[Range] = set()
        self._held: defaultdict[str, dict[int, tuple[int, str]]] = defaultdict(dict)

    def place(self, tasks: Sequence[_Task], *, inner: bool = False) -> list[Passage]:
        """Place all leaves of lists of one kind, such as those of one field in all items of an outer list; the passages
        of their items."""
        columns = _Columns(self._lines)
        items = [item for listed, _ in tasks for item in listed.items]
        for listed, ranges in tasks:
            for item, own in zip(listed.items, self.align(listed, ranges, inner=inner), strict=True):
                item.passages = own
            shared = Counter(self._lines.around(own.core.start) for item in listed.items for own in item.passages)
            for item in listed.items:
                item.options = {leaf: _inside(leaf, item.passages, self._lines) for leaf in item.leaves}
                self._narrow(item, crowded=any(shared[self._lines.around(own.core.start)] > 1 for own in item.passages))
                columns.learn(item.options)
        owners = Counter((leaf.name, str(leaf.wanted.value)) for item in items for leaf in item.leaves)
        for listed, _ in tasks:
            for item in listed.items:
                columns.settle(item, self._taken)
            _Context(self._lines, listed.items, owners).lend()
        below: defaultdict[str, list[_Task]] = defaultdict(list)
        for item in items:
            inside = [(one.low, one.high) for one in item.passages]
            inside += _echoes(item, owners, self._lines) if item.lists else []
            for listed in item.lists:
                below[listed.pointer.removeprefix(item.pointer)].append((listed, [inside] * len(listed.items)))
        for inner_tasks in below.values():
            self.place(inner_tasks, inner=True)
        self._taken |= {leaf.place[:2] for item in items for leaf in item.leaves if leaf.place}
        return [one for item in items for one in item.passages]

    def align(self, listed: Listed, ranges: Sequence[Sequence[Range]], *, inner: bool = False) -> list[list[Passage]]:
        """The passages of each item, at most one in each of its ranges. Items begin in their range; those of an inner
        list end in it as well, and those that have lists may be of any length."""
        placed = self._aligned(listed, ranges, [self._facts(item) for item in listed.items], inner=inner)
        if 2 * placed.count([]) >= max(1, len(placed)):  # figures that say too little, unless their labels tell them
            facts = [self._facts(item, labelled=True) for item in listed.items]
            placed = min(placed, self._aligned(listed, ranges, facts, inner=inner), key=lambda one: one.count([]))
        return placed

    def _aligned(
        self, listed: Listed, ranges: Sequence[Sequence[Range]], facts: Sequence[Sequence[Fact]], *, inner: bool
    ) -> list[list[Passage]]:
        nests = any(item.lists for item in listed.items)
        places: defaultdict[Range, list[int]] = defaultdict(list)
        for index, own in enumerate(ranges):
            for one in own:
                places[one].append(index)
        rows: list[tuple[int, Core | None]] = []
        bounds: list[Range] = []
        for (start, end), indices in sorted(places.items()):
            rows += zip(indices, self._cores(listed, [facts[index] for index in indices], start, end), strict=True)
            far = end if inner else len(self._lines.text) if nests else 2 * end - start
            bounds += [(start, far)] * len(indices)
        placed: list[list[Passage]] = [[] for _ in listed.items]
        cut = passages([(facts[index], core) for index, core in rows], self._lines, bounds)
        for (index, _), passage in zip(rows, cut, strict=True):
            if passage:
                placed[index].append(passage)
        return placed

    def _cores(self, listed: Listed, facts: Sequence[Sequence[Fact]], start: int, end: int) -> list[Core | None]:
        """The cores of items that begin in a range. Where they all stand as well behind a label that says more of the
        name of their list, or behind another list of the same object that has their places, they are there."""
        best = cores(facts, self._lines, start, end, self._own)
        held = self._held[listed.pointer.rpartition("/")[0]]
        others = {start: after for start, (after, pointer) in held.items() if pointer != listed.pointer and after < end}
        own = field_of(self._schema, listed.pointer).own
        first = min((core.start for core in best if core), default=end)
        lasts = [max(fact.places[-1].start for fact in its) for its, core in zip(facts, best, strict=True) if core]
        last = max(first, min([end, *lasts]))
        found = sorted(label.end() for one in own for label in one.finditer(self._lines.text, first, last))
        for low in list({self._lines.around(label)[0]: label for label in found}.values())[:_SECTIONS]:
            other = cores(facts, self._lines, low, end)
            if _worth(other) >= _worth(best) and self._named(own, start, other) > self._named(own, start, best):
                best = other
        if any(core and core.start in others for core in best):
            other = cores(facts, self._lines, max(others.values()), end)
            best = other if _worth(other) >= _worth(best) else best
        held.update((core.start, (core.end, listed.pointer)) for core in best if core)
        return best

    def _named(self, own: Sequence[re.Pattern[str]], start: int, found: Sequence[Core | None]) -> tuple[int, int]:
        """How many words of the name of a list stand on the last line above its items that has any, and how near."""
        first = min((core.start for core in found if core), default=start)
        last = max((one.start() for word in own for one in word.finditer(self._lines.text, start, first)), default=-1)
        line = self._lines.text[slice(*self._lines.around(last))] if last >= 0 else ""
        return sum(word.search(line) is not None for word in own), last - first

    def _facts(self, item: Item, *, labelled: bool = False, inner: bool = False, prefix: str = "") -> list[Fact]:
        found = []
        for leaf in item.leaves:
            if leaf.either:
                little = leaf.slight(leaf.either[0], self._lines)
                own = self._labelled(leaf) if labelled and little else []
                found.append(Fact(prefix + leaf.name, own or leaf.either, inner, little and not own))
        for listed in item.lists:
            for one in listed.items:
                name = f"{listed.pointer.rpartition('/')[2]}/"
                found += self._facts(one, labelled=labelled, inner=True, prefix=name)
        return found

    def _labelled(self, leaf: Leaf) -> list[Place]:
        """The places of a leaf with its label before them on their line."""
        key = (id(leaf.field), id(leaf.either))
        if key not in self._labels:
            before = [(place, self._lines.before(place.start)) for place in leaf.either]
            own = [place for place, text in before if any(one.search(text) for one in leaf.field.own)]
            self._labels[key] = own
        return self._labels[key]

    def _narrow(self, item: Item, *, crowded: bool) -> None:
        """Leave a leaf those places that stand under a header cell that says something of its item; in a row on the
        line of another one, those in its core."""
        lines = [self._lines.around(one.core.start) for one in item.passages]
        heads = [
            leaf.places
            for leaf, own in item.options.items()
            if not any(low <= place.start < high for place in own for low, high in lines)
        ]
        for leaf, own in item.options.items() if heads or crowded else ():
            if len(own) > 1:
                under = [place for place in own if any(self._lines.headers.heads(one, place[:2]) for one in heads)]
                core = [one for one in own if any(its.core.start <= one.start < its.core.end for its in item.passages)]
                item.options[leaf] = under or (core if crowded else ()) or own


class _Columns:
    """Values of one column stand under one another: by where the values of a field stand in the rows that leave no
    choice, a place is chosen in the rows that do."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._votes: defaultdict[str, Counter[tuple[str, int | str]]] = defaultdict(Counter)
        self._telling: dict[str, str] = {}

    def learn(self, options: Mapping[Leaf, Sequence[Place]]) -> None:
        """Count the values of a row that can stand in one place alone."""
        places = [place for one in options.values() for place in one]
        for leaf, own in options.items():
            if len(own) == 1 and sum(_overlap(own[0], one) for one in places) == 1:
                self._votes[leaf.name].update(self._signs(own[0]))

    def _signs(self, place: Place) -> list[tuple[str, int | str]]:
        """What puts a place in a column: where it begins, where it ends, how many cells stand before it, and the word
        before it."""
        before = self._lines.before(place.start)
        signs: list[tuple[str, int | str]] = [("start", len(before)), ("end", len(before) + place.end - place.start)]
        signs += [(mark, count) for mark in "|\t;," if (count := before.count(mark))]
        words = before.rsplit(None, 1)
        return [*signs, ("word", words[-1])] if words and words[-1][-1].isalnum() else signs

    def settle(self, item: Item, others: Container[Range]) -> None:
        """Give each leaf of a row one of its places, and no place to two if that can be; rather one in the core, that
        is none of the `others`, in its column, and with its label."""
        options, taken = item.options, list[Place]()

        def cost(leaf: Leaf, place: Place) -> tuple[bool, bool, bool, int]:
            first, last = self._lines.around(place.start)
            outside = not any(first < one.core.end and one.core.start < last for one in item.passages)
            return any(_overlap(place, one) for one in taken), outside, place[:2] in others, -self._vote(leaf, place)

        def far(leaf: Leaf, place: Place) -> tuple[bool, int, float, int]:
            label = leaf.label(place, self._lines, headers=True)
            return not label, self._lines.around(place.start)[0], -label, place.start

        def best(leaf: Leaf) -> Place:
            costs = [cost(leaf, place) for place in options[leaf]]
            equal = [place for place, its in zip(options[leaf], costs, strict=True) if its == min(costs)]
            return min(equal, key=partial(far, leaf)) if len(equal) > 1 else equal[0]

        def most(leaf: Leaf) -> int:
            return max((self._vote(leaf, place) for place in options[leaf]), default=0)

        for leaf in sorted(options, key=lambda one: (len(options[one]), -most(one))):
            if options[leaf]:
                place = best(leaf)
                rival = any(one[:2] == place[:2] for one in taken)
                if rival and self._votes[leaf.name] and not self._vote(leaf, place):
                    continue  # its own column is another one
                leaf.place = place
                taken.append(place)

    def _vote(self, leaf: Leaf, place: Place) -> int:
        """In how many rows the field stands where a place does, by the sign that its rows agree on most."""
        votes = self._votes[leaf.name]
        if leaf.name not in self._telling:
            self._telling[leaf.name] = max(votes, key=lambda sign: votes[sign])[0] if votes else ""
        return sum(votes[sign] for sign in self._signs(place) if sign[0] == self._telling[leaf.name])


class _Context:
    """What rows take from around themselves: from the line that they share with others, from header cells, group rows
    and headings, which are no row's own."""

    def __init__(self, lines: Lines, items: Sequence[Item], owners: _Owners) -> None:
        self._lines, self._owners = lines, owners
        self._items = sorted((item for item in items if item.passages), key=lambda one: one.passages[0].start)
        self._own = sorted((own for item in items for own in item.passages), key=lambda one: one.start)
        self._starts = [one.start for one in self._own]
        self._marks: set[tuple[str, str]] = set()

    def lend(self) -> None:
        """Place the leaves that their own passages do not say, or not on the line that several rows share."""
        before: dict[str, Leaf] = {}
        rows = [self._lines.around(item.passages[0].core.start) for item in self._items]
        crowded = Counter(rows)
        self._marks = self._find_marks()
        for item, row in zip(self._items, rows, strict=True):
            leaves = list(item.leaves)
            missing = {
                leaf: prior.place if (prior := before.get(leaf.name)) and prior.wanted == leaf.wanted else None
                for leaf in leaves
                if not (leaf.place and (crowded[row] == 1 or _on(leaf.place, row)))
            }
            for leaf, above in missing.items():
                if _on(above, row):
                    leaf.place = above  # the row before it on its line says the same
            cells = [leaf.place[:2] for leaf in leaves if leaf.place and _on(leaf.place, row)]
            for leaf, above in missing.items():
                if not _on(leaf.place, row):
                    self._head(leaf, cells)
                start = item.passages[0].core.start
                carried = leaf.place is None and self._carry(leaf, start, above)
                if leaf.place is None and not carried and not self._echo(leaf, item):
                    self._borrow(leaf, item.passages[0].start, above)
            before |= {leaf.name: leaf for leaf in leaves}

    def _head(self, leaf: Leaf, cells: Sequence[Range]) -> None:
        """Place a leaf in the header of the table: over a cell of its row, in the corner or in the caption."""
        headers = self._lines.headers
        if not cells:
            return
        found = headers.over(cells, leaf.places) or headers.filled(cells, str(leaf.wanted.value))
        if not found and leaf.wanted.number is None:
            found = [one for one in headers.beside(cells[0], leaf.places) if not leaf.slight(one, self._lines)]
        if found:
            leaf.place = found[-1]

    def _find_marks(self) -> set[tuple[str, str]]:
        """The fields, and the texts that stand in their column for several values, such as "ditto"."""
        values: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        above: dict[str, Leaf] = {}
        for item in self._items:
            for leaf in item.leaves:
                if leaf.place:
                    above[leaf.name] = leaf
                elif (source := above.get(leaf.name)) and source.place and source.wanted == leaf.wanted:
                    cell = self._lines.headers.below(source.place[:2], item.passages[0].core.start)
                    if cell is not None and _may_repeat(cell, leaf.wanted):
                        values[leaf.name, cell].add(str(leaf.wanted.value))
        return {mark for mark, own in values.items() if len(own) > 1 or not any(map(str.isalnum, mark[1]))}

    def _carry(self, leaf: Leaf, start: int, above: Place | None) -> bool:
        """Place a leaf where the row before says it, if its own cell in that column is empty or holds a ditto mark."""
        if above is None or not self._in_row(above):
            return False
        cell = self._lines.headers.below(above[:2], start)
        if cell is None or (leaf.name, cell) not in self._marks:
            return False
        leaf.place = above._replace(tier="normalised")
        return True

    def _echo(self, leaf: Leaf, item: Item) -> bool:
        """Place a leaf on another line that speaks of its item, by a value that no other item has. A number or a short
        word there may be anything, unless it is labelled."""
        for start, end in _echoes(item, self._owners, self._lines):
            found = [one for one in leaf.places if start <= one.start < end]
            if len(found) == 1:
                lone = leaf.wanted.number is not None or leaf.slight(found[0], self._lines)
                if not lone or leaf.label(found[0], self._lines):
                    leaf.place = found[0]
                    return True
        return False

    def _borrow(self, leaf: Leaf, start: int, above: Place | None) -> None:
        """Place a leaf where it stands last above its row, outside of all rows: in a group row, a heading, a line with
        its label; or where the row before took it from."""
        for place in reversed(leaf.places[: bisect_left(leaf.places, (start,))]):
            if not self._in_row(place):
                heading = leaf.wanted.number is None and not leaf.slight(place, self._lines)
                heading = heading and self._lines.filled(place.start, place.end)
                if place == above or heading or leaf.label(place, self._lines):
                    leaf.place = place
                return

    def _in_row(self, place: Place) -> bool:
        """Whether a place is in a row, rather than above the first line of its core."""
        at = bisect_left(self._starts, place.end)
        return any(
            one.holds(place) and place.end > self._lines.around(one.core.start)[0]
            for one in self._own[max(0, at - 2) : at]
        )


def _inside(leaf: Leaf, own: Sequence[Passage], lines: Lines) -> list[Place]:
    """Places of a leaf in the passages of its item; those that say it with good will where no other says it, or where
    they alone have its label."""
    plain, unsure = ([place for one in own for place in one.within(places)] for places in (leaf.places, leaf.unsure))
    if plain and unsure and any(leaf.label(one, lines, headers=True) for one in unsure):
        return plain if any(leaf.label(one, lines, headers=True) for one in plain) else unsure
    return plain or unsure


def _echoes(item: Item, owners: _Owners, lines: Lines) -> list[Range]:
    """The lines outside its passages that speak of an item by a value that no other item has."""
    found: set[Range] = set()
    for leaf in item.leaves:
        places = leaf.places if leaf.place and owners[leaf.name, str(leaf.wanted.value)] == 1 else ()
        for place in places if len(places) <= _ECHOES else ():
            if not leaf.slight(place, lines) and not any(one.low <= place.start < one.high for one in item.passages):
                found.add(lines.around(place.start))
    return sorted(found)


def _worth(found: Sequence[Core | None]) -> tuple[int, int]:
    """How many items are there, and how much of them."""
    return sum(core is not None for core in found), sum(core.score for core in found if core)


def _on(place: Place | None, line: Range) -> bool:
    """Whether a place is on a line."""
    return place is not None and line[0] <= place.start < line[1]


def _overlap(one: Place, other: Place) -> bool:
    return one.start < other.end and other.start < one.end


def _may_repeat(cell: str, wanted: Wanted) -> bool:
    """Whether a cell may stand for the value above it: no figure does, no word for absence, no dash for a number."""
    says_absent = bool(cell) and absent(cell) and (wanted.number is not None or any(map(str.isalnum, cell)))
    return not says_absent and not any(map(str.isdigit, cell))
