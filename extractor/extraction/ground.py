"""Where every value stands in its document, and how it was recognised. Deterministic; wrong is worse than none.

    >>> text = "Harbour Bank\\nDay    Text     Debit  Credit  Balance\\n02.01. Kiosk     4.50            4.50\\n"
    >>> value = {"bank": "Harbour Bank", "rows": [{"day": "2026-01-02", "debit": 4.5, "credit": None, "balance": 4.5}]}
    >>> for pointer, spans in ground(value, text).items():
    ...     print(pointer, [(span.tier, text[span.start : span.end], span.start) for span in spans])
    /bank [('exact', 'Harbour Bank', 0)]
    /rows/0/day [('normalised', '02.01.', 52)]
    /rows/0/debit [('normalised', '4.50', 69)]
    /rows/0/balance [('normalised', '4.50', 85)]

Rows come before leaves. Every list is aligned with the text (`rows`), and a leaf of an item is sought in the passage of
its item; where several places there say it, its column tells between them. What an item does not say itself it may take
from the context above it (a group row, a heading, the line of the period), never from another item. A value outside
lists stands near its label, or near the other values of its object; a lone figure without a label is no evidence.

Tiers:

    exact        the very characters
    normalised   the same in another notation: a date, a number, words for figures, case, spacing, a day whose year
                 stands in a heading
    fuzzy        a long text with a few wrong letters, on whole words, digits untouched
    choice       one of the values that the schema itself lists, or a flag, which no text need print: no place
    page         read from a picture: a page, but no place in the text
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from extractor.documents.document import Page, Table
from extractor.extraction.finding import Finder, Place, Wanted
from extractor.extraction.rows import Core, Fact, Lines, Passage, cores, passages, slight
from extractor.repair.kinds import absent
from extractor.schema.pointer import JSON, join

if TYPE_CHECKING:
    from extractor.schema.compiler import Schema

__all__ = ["Range", "Span", "Tier", "ground", "place_rows"]

Tier = Literal["exact", "normalised", "fuzzy", "choice", "page"]

Range = tuple[int, int]
"""`text[start:end]`."""

_RowsOf = Mapping[str, Sequence[Range | Sequence[Range] | None]]

_MANY = re.compile(r"/\d{2,}(?=/|$)")
_UNIT = re.compile(r"[ -]?([^\W\d_]+)")
_PARTS = re.compile(r"[A-Z]?[^\W\d_A-Z]{2,}|[A-Z]{2,}|[^\W\d_]{3,}")

_LABEL = 150
"""Characters of a line or sentence before a value in which a word is its label."""
_STEM = 5
"""Letters that two forms of a word share: governing, governs."""
_ECHOES = 16
"""Places of the name of an item at which it is heard of again."""
_SECTIONS = 4
"""Lines with the label of a list below which its items are looked for."""
_APART = 300
"""Characters between two values of an object past which farther is no worse."""


@dataclass(frozen=True, slots=True)
class Span:
    """A place in the text of a document, `text[start:end]`, and the tier by which the value was recognised there.

    `page` is None if the document has no pages. `start` and `end` are None for the tiers `choice` and `page`, which
    have no place in the text. `box` is the place on the picture that the text was read from: left, top, right and
    bottom, as fractions of its width and height.

    >>> from extractor import Span
    >>> span = Span(17, 21, page=None, tier="normalised")
    >>> "Kebab Haus, EUR  9,50"[span.start : span.end]
    '9,50'
    """

    start: int | None
    end: int | None
    page: int | None
    tier: Tier
    box: tuple[float, float, float, float] | None = None


def ground(
    value: JSON,
    text: str,
    *,
    schema: Schema[Any] | None = None,
    quotes: Mapping[str, str] | None = None,
    pages: Sequence[Page] = (),
    rows: _RowsOf | None = None,
    pictures: Mapping[str, Sequence[int | None]] | None = None,
    tables: Sequence[Table] = (),
) -> dict[str, tuple[Span, ...]]:
    """The spans of every leaf of a JSON value, by pointer. A leaf that is not found has `()`, a null leaf no entry.

    A value on several lines of one column has a span for each line. `schema` tells dates, decimals and choices
    from text. `quotes` are the words of the text that a leaf was read from.

    `rows` are the stretches of the text that the items of a list were read from, by the pointer of the list: one for
    each item, several for an item that parts of a document speak of, None where that is not known. An item begins in
    its stretch, and is aligned with that alone: `{"/lines": [(0, 900), (0, 900), (900, 1800)]}`.

    `pictures` are the pages of the pictures that all at or below a pointer was read from, as far as the text does not
    have it: `{"": (1, 2), "/lines/7": (2,)}`. A leaf that was read from one of several pages has a span for each.

    `tables` are those that the loader of a document wrote, `Document.tables`; others are found by their shape.

    >>> from extractor import ground
    >>> ground({"total": "9.50"}, "Kebab Haus, total 9,50 EUR")["/total"]
    (Span(start=18, end=22, page=None, tier='normalised', box=None),)
    """
    grounding = _Grounding(value, text, schema, quotes or {}, tables=tables)
    grounding.place(rows or {})
    return {leaf.pointer: grounding.spans(leaf, pages, pictures or {}) for leaf in grounding.leaves}


def place_rows(
    items: Sequence[JSON],
    text: str,
    *,
    start: int = 0,
    end: int | None = None,
    schema: Schema[Any] | None = None,
    pointer: str = "",
) -> list[Range | None]:
    """The passage of `text[start:end]` that each item of a list was read from; None for one that is not there.

    `pointer` is where the list stands in the values of `schema`. Items of an inner list are placed by a call for the
    passage of their outer item; several lists of one stretch are placed each by itself.

        >>> text = "A  1.50\\nB  2.50\\nA  1.50\\n"
        >>> place_rows([{"name": "A", "sum": 1.5}, {"name": "A", "sum": 1.5}], text, start=8)
        [(16, 23), None]
    """
    stretch = text[start : len(text) if end is None else end]
    grounding = _Grounding(items, stretch, schema, {}, pointer)
    (found,) = grounding.lists
    placed = grounding.aligned(found, [[(0, len(stretch))]] * len(items))
    return [(one[0].start + start, one[0].end + start) if one else None for one in placed]


# ---------------------------------------------------------------------- the value


@dataclass(slots=True, eq=False)
class _Leaf:
    """A value that is not null: its pointer, what its field is called in the object or item that it is a part of, and
    the place that it is given."""

    pointer: str
    name: str
    wanted: Wanted
    place: Place | None = None
    lent: bool = False


@dataclass(slots=True, eq=False)
class _Group:
    """An object or an item with all that it has in it apart from lists, by object; and its lists."""

    pointer: str
    objects: dict[str, list[_Leaf]] = field(default_factory=dict)
    lists: list[_List] = field(default_factory=list)
    item: bool = False

    @property
    def leaves(self) -> Iterator[_Leaf]:
        """Its leaves, in order."""
        return (leaf for leaves in self.objects.values() for leaf in leaves)


@dataclass(slots=True, eq=False)
class _List:
    pointer: str
    items: list[_Group]


def _group(value: JSON, pointer: str, kinds: _Kinds, *, item: bool = False) -> _Group:
    group = _Group(pointer, item=item and isinstance(value, dict))
    _gather(value, pointer, "", group, kinds)
    return group


def _gather(value: JSON, pointer: str, name: str, group: _Group, kinds: _Kinds) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            _gather(inner, join(pointer, key), join(name, key), group, kinds)
    elif isinstance(value, list) and group.item and not any(isinstance(item, dict | list) for item in value):
        for index, item in enumerate(value):  # tags of an item are values of its own
            _gather(item, join(pointer, index), name, group, kinds)
    elif isinstance(value, list):
        items = [_group(item, join(pointer, index), kinds, item=True) for index, item in enumerate(value)]
        group.lists.append(_List(pointer, items))
    elif value is not None:
        owner = name.rpartition("/")[0]
        group.objects.setdefault(owner, []).append(_Leaf(pointer, name, Wanted(value, kinds[pointer][0])))


class _Kinds:
    """The kind and the description of the field at a pointer, asked once for all items of a list. Single digits stay as
    they are: they may be the positions of a tuple, which differ in kind."""

    def __init__(self, schema: Schema[Any] | None) -> None:
        self._schema = schema
        self._known: dict[str, tuple[str, str]] = {}

    def __getitem__(self, pointer: str) -> tuple[str, str]:
        face = _MANY.sub("/10", pointer)
        if face not in self._known:
            found = self._schema.field(face) if self._schema else None
            self._known[face] = (found.kind, found.description) if found else ("any", "")
        return self._known[face]


# ---------------------------------------------------------------------- the work


class _Grounding:
    """One value and one text."""

    def __init__(
        self,
        value: JSON,
        text: str,
        schema: Schema[Any] | None,
        quotes: Mapping[str, str],
        pointer: str = "",
        tables: Sequence[Table] = (),
    ) -> None:
        self._kinds = _Kinds(schema)
        self._group = _group(value, pointer, self._kinds)
        self.lists = self._group.lists
        self.leaves = list(_all_leaves(self._group))
        self._quotes = {one: Wanted(words, "quote") for one, words in quotes.items() if words}
        self._finder = Finder(text, [*(leaf.wanted for leaf in self.leaves), *self._quotes.values()])
        self._lines = Lines(text, tables)
        self._labels = _Labels(self._finder, self._lines)
        self.headers = self._lines.headers
        self._size = len(text)
        self._joined: dict[tuple[int, int], list[Place]] = {}
        self._held: defaultdict[str, dict[int, tuple[int, str]]] = defaultdict(dict)

    def place(self, rows: _RowsOf) -> None:
        """Give every leaf its place: items of lists first, then what stands outside of lists."""
        taken: list[Passage] = []
        for found in self._group.lists:
            ranges = _ranges(rows.get(found.pointer), len(found.items), self._size)
            taken += self._place_lists([_Task(found, ranges)])
        _Singles(self, taken).place(self._group)

    def spans(
        self, leaf: _Leaf, pages: Sequence[Page], pictures: Mapping[str, Sequence[int | None]]
    ) -> tuple[Span, ...]:
        """The spans of a leaf that has its place, or what stands for it without one."""
        if leaf.place is not None:
            ranges = ((leaf.place.start, leaf.place.end), *leaf.place.more)
            return tuple(Span(start, end, _page(start, pages), leaf.place.tier) for start, end in ranges)
        if numbers := _nearest(leaf.pointer, pictures):
            return tuple(Span(None, None, page, "page") for page in numbers)
        return (Span(None, None, None, "choice"),) if _listed(leaf.wanted) else ()

    # ------------------------------------------------------------------ places

    def places(self, leaf: _Leaf) -> Sequence[Place]:
        """Every place of a leaf; those of its quote if it has no other."""
        found = self._finder.find(leaf.wanted)
        if leaf.pointer in self._quotes:
            quotes = self._finder.find(self._quotes[leaf.pointer])
            inside = [
                place for place in found if any(one.start <= place.start and place.end <= one.end for one in quotes)
            ]
            return inside or found or quotes
        return found

    def unsure(self, leaf: _Leaf) -> Sequence[Place]:
        """Places that say a leaf with good will."""
        return self._finder.unsure(leaf.wanted)

    def slight(self, leaf: _Leaf, place: Place) -> bool:
        """Whether a leaf and what stands for it at a place say little by themselves."""
        value = leaf.wanted.value
        text = isinstance(value, str) and leaf.wanted.number is None
        return slight(self._finder.text[place.start : place.end]) and not (text and not slight(value))

    def label(self, leaf: _Leaf, place: Place) -> int:
        """How well what is written near a place fits the field of a leaf."""
        return self._labels.fit(leaf.pointer, self._kinds[leaf.pointer][1], place)

    def line(self, offset: int) -> Range:
        """The line or sentence around an offset."""
        return self._lines.around(offset)

    def heading(self, place: Place) -> bool:
        """Whether a line has little else than what stands at a place."""
        return self._lines.filled(place.start, place.end)

    # ------------------------------------------------------------------ lists

    def aligned(self, found: _List, ranges: Sequence[Sequence[Range]], *, inner: bool = False) -> list[list[Passage]]:
        """The passages of each item, at most one in each of its ranges. Items begin in their range; those of an inner
        list end in it as well, and those that have lists may be of any length."""
        facts = [list(self._facts(item)) for item in found.items]
        nests = any(item.lists for item in found.items)
        places: defaultdict[Range, list[int]] = defaultdict(list)
        for index, own in enumerate(ranges):
            for one in own:
                places[one].append(index)
        rows: list[tuple[int, Core | None]] = []
        bounds: list[Range] = []
        for (start, end), indices in sorted(places.items()):
            rows += zip(indices, self._cores(found, [facts[index] for index in indices], start, end), strict=True)
            far = end if inner else self._size if nests else 2 * end - start
            bounds += [(start, far)] * len(indices)
        placed: list[list[Passage]] = [[] for _ in found.items]
        cut = passages([(facts[index], core) for index, core in rows], self._lines, bounds)
        for (index, _), passage in zip(rows, cut, strict=True):
            if passage:
                placed[index].append(passage)
        return placed

    def _cores(self, found: _List, facts: Sequence[Sequence[Fact]], start: int, end: int) -> list[Core | None]:
        """The cores of items that begin in a range. Where they all stand below the label of their list as well, or
        behind another list of the same object that has their places, they are there."""
        best = cores(facts, self._lines, start, end)
        held = self._held[found.pointer.rpartition("/")[0]]
        others = {start: after for start, (after, pointer) in held.items() if pointer != found.pointer and after < end}
        first = min((core.start for core in best if core), default=end)
        lows = self._labels.below(found.pointer, first, end)
        if any(core and core.start in others for core in best):
            lows.append(max(others.values()))
        for low in lows:
            other = cores(facts, self._lines, low, end)
            if _worth(other) >= _worth(best):
                best = other
                break
        held.update((core.start, (core.end, found.pointer)) for core in best if core)
        return best

    def _facts(self, item: _Group, *, inner: bool = False, prefix: str = "") -> Iterator[Fact]:
        for leaf in item.leaves:
            if places := self._all(leaf):
                yield Fact(prefix + leaf.name, places, inner, self.slight(leaf, places[0]))
        for found in item.lists:
            for one in found.items:
                yield from self._facts(one, inner=True, prefix=f"{found.pointer.rpartition('/')[2]}/")

    def _all(self, leaf: _Leaf) -> Sequence[Place]:
        places, unsure = self.places(leaf), self.unsure(leaf)
        if not unsure or places is unsure:
            return places
        key = (id(places), id(unsure))
        if key not in self._joined:
            self._joined[key] = sorted({*places, *unsure})
        return self._joined[key]

    def _place_lists(self, tasks: Sequence[_Task]) -> list[Passage]:
        """Place all leaves of lists of one kind, such as those of one field in all items of an outer list; the passages
        of their items."""
        tables = [self._rows(task) for task in tasks]
        columns = _Columns(self._lines)
        for rows in tables:
            crowded = {id(row) for row in self._crowded(rows)}
            for row in rows:
                row.options = {leaf: self._inside(leaf, row.passages) for leaf in row.item.leaves}
                self._narrow(row, crowded=id(row) in crowded)
                columns.learn(row.options)
        taken: list[Passage] = []
        for rows in tables:
            for row in rows:
                columns.settle(row)
            own = sorted((passage for row in rows for passage in row.passages), key=lambda one: one.start)
            _Context(self, rows, own).lend()
            taken += own
        below: defaultdict[str, list[_Task]] = defaultdict(list)
        owners = Counter(
            (leaf.name, str(leaf.wanted.value)) for rows in tables for row in rows for leaf in row.item.leaves
        )
        for row in (row for rows in tables for row in rows):
            inside = [(one.low, one.high) for one in row.passages]
            inside += self.echoes(row, owners) if row.item.lists else []
            for found in row.item.lists:
                name = found.pointer.removeprefix(row.item.pointer)
                below[name].append(_Task(found, [inside] * len(found.items), inner=True))
        for inner in below.values():
            self._place_lists(inner)
        return taken

    def _crowded(self, rows: Sequence[_Row]) -> list[_Row]:
        """The rows that share the line of another row."""
        lines: defaultdict[Range, list[_Row]] = defaultdict(list)
        for row in rows:
            for own in row.passages:
                lines[self.line(own.core.start)].append(row)
        return [row for shared in lines.values() if len(shared) > 1 for row in shared]

    def _narrow(self, row: _Row, *, crowded: bool) -> None:
        """Leave a leaf those places that stand under a header cell that says something of its item; in a row on the
        line of another one, those in its core."""
        lines = [self.line(one.core.start) for one in row.passages]
        heads = [
            self.places(leaf)
            for leaf, own in row.options.items()
            if not any(low <= place.start < high for place in own for low, high in lines)
        ]
        for leaf, own in row.options.items() if heads or crowded else ():
            if len(own) > 1:
                under = [place for place in own if any(self.headers.heads(one, place[:2]) for one in heads)]
                core = [one for one in own if any(its.core.start <= one.start < its.core.end for its in row.passages)]
                row.options[leaf] = under or (core if crowded else ()) or own

    def echoes(self, row: _Row, owners: Mapping[tuple[str, str], int]) -> list[Range]:
        """The lines outside its passages that speak of an item by a value that no other item has."""
        found: set[Range] = set()
        for leaf in row.item.leaves:
            places = self.places(leaf) if leaf.place and owners[leaf.name, str(leaf.wanted.value)] == 1 else ()
            for place in places if len(places) <= _ECHOES else ():
                if not self.slight(leaf, place) and not any(one.low <= place.start < one.high for one in row.passages):
                    found.add(self._lines.around(place.start))
        return sorted(found)

    def _rows(self, task: _Task) -> list[_Row]:
        """The items of a list with their passages."""
        placed = self.aligned(task.found, task.ranges, inner=task.inner)
        return [_Row(item, own) for item, own in zip(task.found.items, placed, strict=True)]

    def _inside(self, leaf: _Leaf, own: Sequence[Passage]) -> list[Place]:
        """Places of a leaf in the passages of its item."""
        for places in (self.places(leaf), self.unsure(leaf)):
            inside = [place for one in own for place in one.within(places)]
            if inside:
                return inside
        return []


@dataclass(frozen=True, slots=True)
class _Task:
    """A list to be placed, the ranges of each of its items, and whether it is a list of an item."""

    found: _List
    ranges: Sequence[Sequence[Range]]
    inner: bool = False


@dataclass(slots=True, eq=False)
class _Row:
    """An item, its passages, and the places of each of its leaves in them."""

    item: _Group
    passages: Sequence[Passage]
    options: dict[_Leaf, list[Place]] = field(default_factory=dict)


class _Columns:
    """Values of one column stand under one another: by where the values of a field stand in the rows that leave no
    choice, a place is chosen in the rows that do."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._votes: defaultdict[str, Counter[tuple[str, int | str]]] = defaultdict(Counter)
        self._telling: dict[str, str] = {}

    def learn(self, options: Mapping[_Leaf, Sequence[Place]]) -> None:
        """Count the values of a row that can stand in one place alone."""
        places = [place for one in options.values() for place in one]
        for leaf, own in options.items():
            if len(own) == 1 and sum(own[0].start < one.end and one.start < own[0].end for one in places) == 1:
                self._votes[leaf.name].update(self._signs(own[0]))

    def _signs(self, place: Place) -> list[tuple[str, int | str]]:
        """What puts a place in a column: where it begins, where it ends, how many cells stand before it, and the word
        before it."""
        before = self._lines.before(place.start)
        signs: list[tuple[str, int | str]] = [("start", len(before)), ("end", len(before) + place.end - place.start)]
        signs += [(mark, count) for mark in "|\t;," if (count := before.count(mark))]
        words = before.rsplit(None, 1)
        return [*signs, ("word", words[-1])] if words and words[-1][-1].isalnum() else signs

    def settle(self, row: _Row) -> None:
        """Give each leaf of a row one of its places, and no place to two if that can be; rather one in the core."""
        options, taken = row.options, list[tuple[Place, _Leaf]]()

        def cost(leaf: _Leaf, place: Place) -> tuple[bool, bool, int, int]:
            first, last = self._lines.around(place.start)
            outside = not any(first < one.core.end and one.core.start < last for one in row.passages)
            return _clashes(place, taken), outside, -self._vote(leaf, place), place.start

        for leaf in sorted(options, key=lambda one: (len(options[one]), -self._most(one, options[one]))):
            if options[leaf]:
                place = min(options[leaf], key=partial(cost, leaf))
                rivals = [other for one, other in taken if one[:2] == place[:2]]
                if rivals and self._votes[leaf.name] and not self._vote(leaf, place):
                    continue  # its own column is another one
                leaf.place = place
                taken.append((place, leaf))

    def _vote(self, leaf: _Leaf, place: Place) -> int:
        """In how many rows the field stands where a place does, by the sign that its rows agree on most."""
        votes = self._votes[leaf.name]
        if leaf.name not in self._telling:
            self._telling[leaf.name] = max(votes, key=lambda sign: votes[sign])[0] if votes else ""
        return sum(votes[sign] for sign in self._signs(place) if sign[0] == self._telling[leaf.name])

    def _most(self, leaf: _Leaf, places: Sequence[Place]) -> int:
        return max((self._vote(leaf, place) for place in places), default=0)


def _worth(found: Sequence[Core | None]) -> tuple[int, int]:
    """How many items are there, and how much of them."""
    return sum(core is not None for core in found), sum(core.score for core in found if core)


def _on(leaf: _Leaf, line: Range) -> bool:
    """Whether a leaf has its place on a line."""
    return leaf.place is not None and line[0] <= leaf.place.start < line[1]


def _clashes(place: Place, taken: Iterable[tuple[Place, _Leaf]]) -> bool:
    return any(place.start < one.end and one.start < place.end for one, _ in taken)


def _may_repeat(cell: str, wanted: Wanted) -> bool:
    """Whether a cell may stand for the value above it: no figure does, no word for absence, no dash for a number."""
    says_absent = bool(cell) and absent(cell) and (wanted.number is not None or any(map(str.isalnum, cell)))
    return not says_absent and not any(map(str.isdigit, cell))


class _Context:
    """What rows take from around themselves: from the line that they share with others, from header cells, group rows
    and headings, which are no row's own."""

    def __init__(self, grounding: _Grounding, rows: Sequence[_Row], own: Sequence[Passage]) -> None:
        self._grounding = grounding
        self._rows = sorted((row for row in rows if row.passages), key=lambda row: row.passages[0].start)
        self._own = own
        self._starts = [one.start for one in own]
        self._owners = Counter((leaf.name, str(leaf.wanted.value)) for row in rows for leaf in row.item.leaves)
        self._marks: set[tuple[str, str]] = set()

    def lend(self) -> None:
        """Place the leaves that their own passages do not say, or not on the line that several rows share."""
        before: dict[str, tuple[_Leaf, Passage]] = {}
        lines = [self._grounding.line(row.passages[0].core.start) for row in self._rows]
        crowded = Counter(lines)
        self._marks = self._find_marks()
        for row, line in zip(self._rows, lines, strict=True):
            passage = row.passages[0]
            leaves = list(row.item.leaves)
            missing = [leaf for leaf in leaves if not (leaf.place and (crowded[line] == 1 or _on(leaf, line)))]
            for leaf in missing:
                self._share(leaf, line, before.get(leaf.name))
            cells = [leaf.place[:2] for leaf in leaves if leaf.place and _on(leaf, line)]
            for leaf in missing:
                if not _on(leaf, line):
                    self._head(leaf, cells)
                carried = leaf.place is None and self._carry(leaf, passage, before.get(leaf.name))
                if leaf.place is None and not carried and not self._echo(leaf, row):
                    self._borrow(leaf, passage, before.get(leaf.name))
            before |= {leaf.name: (leaf, passage) for leaf in leaves}

    def _share(self, leaf: _Leaf, line: Range, before: tuple[_Leaf, Passage] | None) -> None:
        """Place a leaf where the row before it on its line says the same."""
        if before and before[0].wanted == leaf.wanted and _on(before[0], line):
            leaf.place = before[0].place

    def _head(self, leaf: _Leaf, cells: Sequence[Range]) -> None:
        """Place a leaf in the header of the table: over a cell of its row, in the corner or in the caption."""
        headers, places = self._grounding.headers, self._grounding.places(leaf)
        if not cells:
            return
        found = headers.over(cells, places) or headers.filled(cells, str(leaf.wanted.value))
        if not found and leaf.wanted.number is None:
            found = [one for one in headers.beside(cells[0], places) if not self._grounding.slight(leaf, one)]
        if found:
            leaf.place, leaf.lent = found[-1], True

    def _find_marks(self) -> set[tuple[str, str]]:
        """The fields, and the texts that stand in their column for several values, such as "ditto"."""
        values: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        above: dict[str, _Leaf] = {}
        for row in self._rows:
            for leaf in row.item.leaves:
                if leaf.place:
                    above[leaf.name] = leaf
                elif (source := above.get(leaf.name)) and source.place and source.wanted == leaf.wanted:
                    cell = self._grounding.headers.below(source.place[:2], row.passages[0].core.start)
                    if cell is not None and _may_repeat(cell, leaf.wanted):
                        values[leaf.name, cell].add(str(leaf.wanted.value))
        return {mark for mark, own in values.items() if len(own) > 1 or not any(map(str.isalnum, mark[1]))}

    def _carry(self, leaf: _Leaf, passage: Passage, before: tuple[_Leaf, Passage] | None) -> bool:
        """Place a leaf where the row before says it, if its own cell in that column is empty or holds a ditto mark."""
        source = before[0].place if before and before[0].wanted == leaf.wanted else None
        if source is None or not self._in_row(source):
            return False
        cell = self._grounding.headers.below(source[:2], passage.core.start)
        if cell is None or (leaf.name, cell) not in self._marks:
            return False
        leaf.place = Place(source.start, source.end, "normalised", source.more)
        return True

    def _echo(self, leaf: _Leaf, row: _Row) -> bool:
        """Place a leaf on another line that speaks of its item, by a value that no other item has. A number or a short
        word there may be anything, unless it is labelled."""
        for start, end in self._grounding.echoes(row, self._owners):
            found = [one for one in self._grounding.places(leaf) if start <= one.start < end]
            if len(found) == 1 and self._tells(leaf, found[0]):
                leaf.place = found[0]
                return True
        return False

    def _tells(self, leaf: _Leaf, place: Place) -> bool:
        lone = leaf.wanted.number is not None or self._grounding.slight(leaf, place)
        return not lone or self._grounding.label(leaf, place) > 0

    def _borrow(self, leaf: _Leaf, passage: Passage, before: tuple[_Leaf, Passage] | None) -> None:
        """Place a leaf where it stands last above its row, outside of all rows: in a group row, a heading, a line with
        its label; or where the row before took it from."""
        places = self._grounding.places(leaf)
        shared = before[0].place if before and before[0].wanted == leaf.wanted else None
        for place in reversed(places[: bisect_left(places, (passage.start,))]):
            row = self._in_row(place)
            if place == shared and not row:
                leaf.place, leaf.lent = place, True
                return
            if not row:
                if self._says(leaf, place):
                    leaf.place, leaf.lent = place, True
                return

    def _in_row(self, place: Place) -> bool:
        """Whether a place is in a row, rather than above the first line of its core."""
        at = bisect_left(self._starts, place.end)
        return any(
            one.holds(place) and place.end > self._grounding.line(one.core.start)[0]
            for one in self._own[max(0, at - 2) : at]
        )

    def _says(self, leaf: _Leaf, place: Place) -> bool:
        """Whether a place above a row says something of it: a heading, or a value with its label."""
        if leaf.wanted.number is None and not self._grounding.slight(leaf, place) and self._grounding.heading(place):
            return True
        return self._grounding.label(leaf, place) > 0


class _Singles:
    """Values outside lists: near their label, and near the other values of their object."""

    def __init__(self, grounding: _Grounding, rows: Sequence[Passage]) -> None:
        self._grounding = grounding
        self._rows = sorted(rows, key=lambda one: one.start)
        self._starts = [one.start for one in self._rows]
        self._taken: set[Range] = set()

    def place(self, group: _Group) -> None:
        """Place all leaves of the one value that are in no list."""
        for owner, leaves in group.objects.items():
            options = {leaf: self._options(leaf) for leaf in leaves}
            settled: list[Place] = []
            for leaf in sorted(leaves, key=lambda one: len(options[one])):
                self._settle(leaf, options[leaf], settled, together=bool(owner))

    def _options(self, leaf: _Leaf) -> list[tuple[Place, int]]:
        """Places of a leaf with what their labels are worth; a number in a row is the row's unless it is labelled."""
        found = [(place, self._grounding.label(leaf, place)) for place in self._grounding.places(leaf)]
        number = leaf.wanted.number is not None
        return [(place, fit) for place, fit in found if fit or not (number and self._in_row(place))]

    def _in_row(self, place: Place) -> bool:
        at = bisect_left(self._starts, place.end)
        return any(one.holds(place) for one in self._rows[max(0, at - 8) : at])

    def _settle(
        self, leaf: _Leaf, options: Sequence[tuple[Place, int]], settled: list[Place], *, together: bool
    ) -> None:
        ranked = []
        for place, fit in options:
            gap = min((_gap(place, one) for one in settled), default=_APART)
            beside = together and gap < _APART
            if fit or beside or not self._grounding.slight(leaf, place):
                ranked.append(
                    (
                        place.tier == "fuzzy",
                        -fit,
                        place[:2] in self._taken,
                        min(gap, _APART) if together else 0,
                        place.tier != "exact",
                        place,
                    )
                )
        if ranked:
            leaf.place = min(ranked)[-1]
            settled.append(leaf.place)
            self._taken.add(leaf.place[:2])


class _Labels:
    """Words near a place that say which field it is."""

    def __init__(self, finder: Finder, lines: Lines) -> None:
        self._folded = finder.folded
        self._lines = lines
        self._text = finder.text.casefold() if len(finder.text.casefold()) == len(finder.text) else finder.text.lower()
        self._known: dict[tuple[str, str], tuple[list[str], list[str]]] = {}

    def words(self, pointer: str, description: str = "") -> tuple[list[str], list[str]]:
        """The stems of the words of a field's name; and of its description and the name of its object."""
        names = [part for part in pointer.split("/") if part and not part.isdigit()]
        key = ("/".join(names[-2:]), description)
        if key not in self._known:
            own = _stems(names[-1] if names else "")
            more = _stems(f"{names[-2] if len(names) > 1 else ''} {description}")
            self._known[key] = own, [stem for stem in more if stem not in own]
        return self._known[key]

    def below(self, pointer: str, start: int, end: int) -> list[int]:
        """Where the first lines after `start` end that have a word of the name of a list in them."""
        found: list[int] = []
        for stem in self.words(pointer)[0]:
            for one in islice(re.finditer(rf"(?<![^\W_]){re.escape(stem)}", self._text[start:end]), _SECTIONS):
                found.append(start + one.start())
        return sorted(set(found))[:_SECTIONS]

    def fit(self, pointer: str, description: str, place: Place) -> int:
        """What the words before a place in its line or sentence, or above it, and the unit behind it are worth
        together."""
        start = max(self._lines.around(place.start)[0], place.start - _LABEL)
        low, high = self._lines.above(place.start)
        column = self._lines.column(place.start)
        above = self._text[low:high][max(0, column - _STEM) : column + place.end - place.start + _STEM]
        near = self._text[start : place.start] + " " + above
        own, more = self.words(pointer, description)
        unit = _UNIT.match(self._text, place.end)
        behind = unit is not None and any(unit[1].startswith(stem) for stem in own)
        before = 3 * sum(_has(near, stem) for stem in own) + max(0, sum(_has(near, stem) for stem in more) - 1)
        return before or int(behind)


def _stems(words: str) -> list[str]:
    return list(dict.fromkeys(word.casefold()[:_STEM] for word in _PARTS.findall(words)))


def _has(text: str, stem: str) -> bool:
    """Whether a word of a text begins with a stem."""
    at = text.find(stem)
    while at > 0 and text[at - 1].isalnum():
        at = text.find(stem, at + 1)
    return at >= 0


# ---------------------------------------------------------------------- small things


def _all_leaves(group: _Group) -> Iterator[_Leaf]:
    yield from group.leaves
    for found in group.lists:
        for item in found.items:
            yield from _all_leaves(item)


def _ranges(stretches: Sequence[Range | Sequence[Range] | None] | None, count: int, size: int) -> list[list[Range]]:
    """For each item the ranges in which it is looked for; the whole text where nothing is known."""
    found = []
    for one in stretches if stretches is not None else [None] * count:
        if one is None:
            found.append([(0, size)])
        else:
            found.append([one] if one and isinstance(one[0], int) else list(one))  # type: ignore[list-item, arg-type]
    return found


def _gap(one: Place, other: Place) -> int:
    return max(0, one.start - other.end, other.start - one.end)


def _page(offset: int, pages: Sequence[Page]) -> int | None:
    return next((page.number for page in pages if page.start <= offset < page.end), None)


def _nearest(pointer: str, known: Mapping[str, Sequence[int | None]]) -> Sequence[int | None]:
    """What is known of a pointer, or of the nearest above it."""
    while known:
        if pointer in known:
            return known[pointer]
        if not pointer:
            break
        pointer = pointer.rpartition("/")[0]
    return ()


def _listed(wanted: Wanted) -> bool:
    return wanted.kind == "enum" or isinstance(wanted.value, bool)
