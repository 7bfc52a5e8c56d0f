"""Items of many lists become one list: who is who, in order of appearance, linear in the number of items.

A false merge is worse than a duplicate. Items of one part are never made one; items without a name are made
one only where the texts they come from overlap, or where a cut between two parts runs through an item.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, islice, pairwise
from math import ceil

from extractor.merge.identity import Identity, Name, names_goods
from extractor.merge.likeness import likeness, scalars, silent
from extractor.merge.policies import Said
from extractor.schema.pointer import JSON

__all__ = ["Group", "Joined", "Listed", "join_items"]

Fields = Mapping[str, Hashable]

_LOOKS = 16
"""Groups of one name that are looked at before an item counts as new: a poor key must not cost a square."""

_CUSTOM = 3
"""Usual fields, of which fewer could be lacking by chance."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The list that one part gave: the part's number, the range of text it read, and its items."""

    part: int
    start: int
    end: int
    items: Sequence[JSON]

    def overlap(self, other: Listed) -> int:
        """How many characters both parts read."""
        return min(self.end, other.end) - max(self.start, other.start)


@dataclass(slots=True)
class Group:
    """What is taken for one item: what each part said of it, and the scalars known so far."""

    said: list[Said] = field(default_factory=list)
    known: dict[str, Hashable] = field(default_factory=dict)
    named: bool = False

    def contradicts(self, fields: Fields) -> bool:
        """Whether a scalar that is known is said otherwise."""
        return any(self.known.get(name, value) != value for name, value in fields.items())


@dataclass(frozen=True, slots=True)
class Joined:
    """Groups in order of appearance, and what a reader should know of how they came about.

    `shared` counts the items of one part that share a declared key; `cut` are the groups joined over a cut;
    `doubtful` are the groups that share a guessed name with an earlier one but could not be made one with it.
    """

    groups: list[Group] = field(default_factory=list)
    shared: dict[Name, int] = field(default_factory=dict)
    cut: list[int] = field(default_factory=list)
    doubtful: list[tuple[int, Name]] = field(default_factory=list)


def join_items(
    lists: Sequence[Listed],
    identity: Identity,
    *,
    measures: frozenset[str] = frozenset(),
    needed: frozenset[str] = frozenset(),
    usual: frozenset[str] = frozenset(),
    names: frozenset[str] = frozenset(),
    nested: bool = False,
) -> Joined:
    """Groups of the items that are one.

    `measures` are the fields that hold amounts: they tell two purchases of one thing from one item told twice.
    `needed` are the fields that every whole item says, and `usual` those that nearly every one does: they tell the two
    halves of one that was cut apart, and so do `names`, the fields that are called like a name, where several items
    may share one.
    `nested`: the lists are about one record, so that what overlapping texts say alike is one, wherever it stands.
    """
    joiner = _Joiner(lists, identity, measures, needed, usual, names, nested=nested)
    for number in range(len(lists)):
        joiner.take(number)
    return joiner.joined


class _Joiner:
    """Items are taken part by part; `_now` is the part at hand and what of it is already placed."""

    def __init__(
        self,
        lists: Sequence[Listed],
        identity: Identity,
        measures: frozenset[str],
        needed: frozenset[str],
        usual: frozenset[str],
        names: frozenset[str],
        *,
        nested: bool,
    ) -> None:
        self.identity, self.measures, self.names = identity, measures, names
        self.needed, self.usual = needed, usual
        self._lists, self._nested = lists, nested
        self._reach = list(accumulate((listed.end for listed in lists), max))
        self.joined = Joined()
        self._named: defaultdict[Name, dict[int, None]] = defaultdict(dict)
        self._placed: list[list[int]] = []

    def take(self, number: int) -> None:
        """Place every item of one part: with a group of earlier parts, or as a new one."""
        lists, listed = self._lists, self._lists[number]
        overlapping = _overlapping(lists, number, self._reach)
        self._near = {lists[other].part for other in overlapping}
        self._taken: set[int] = set()
        placed: list[int] = []
        self._placed.append(placed)
        described = [_describe(item, self.identity) for item in listed.items]
        nameless = not all(names for _, names in described)
        repeats = _Repeats(lists, number, overlapping if nameless else (), self._placed, everywhere=self._nested)
        self._counts = Counter(name for _, names in described for name in names)
        for position, (item, (fields, names)) in enumerate(zip(listed.items, described, strict=True)):
            found = self._known(names, fields) if names else repeats.find(position, self._taken)
            if found is None and not names and overlapping:
                found = self._fragment(position, fields, repeats, self._placed[overlapping[-1]])
            if found is None and position == 0 and number and _adjacent(lists[number - 1], listed):
                found = self._over_cut(number, item, fields, named=bool(names))
            placed.append(self._put(found, (listed.part, item), fields, names))
        self._tell_shared()

    def _put(self, found: int | None, said: Said, fields: Fields, names: list[Name]) -> int:
        groups = self.joined.groups
        if found is None:
            groups.append(Group())
            found = len(groups) - 1
            self._tell_doubtful(found, names)
        group = groups[found]
        group.said.append(said)
        group.known = {**fields, **group.known}
        group.named = group.named or bool(names)
        for name in names:
            self._named[name][found] = None
        self._taken.add(found)
        return found

    def _known(self, names: list[Name], fields: Fields) -> int | None:
        """The group of earlier parts that an item with these names belongs to."""
        for name in names:
            known = self._named.get(name, {})
            free = [group for group in islice(known, _LOOKS) if group not in self._taken]
            agreeing = [group for group in free if not self.joined.groups[group].contradicts(fields)]
            if self.identity.sure:
                alone = len(known) == 1 and self._counts[name] == 1
                return agreeing[0] if agreeing else free[0] if free and alone else None
            for group in agreeing:
                if not self._bought_twice(name, group, fields):
                    return group
        return None

    def _bought_twice(self, name: Name, number: int, fields: Fields) -> bool:
        """Whether a thing with amounts in two texts that share nothing is rather two purchases than one item."""
        group = self.joined.groups[number]
        if not names_goods(name) or not self.measures & group.known.keys() & fields.keys():
            return False
        return self._near.isdisjoint(part for part, _ in group.said)

    def _over_cut(self, number: int, item: JSON, fields: Fields, *, named: bool) -> int | None:
        """The last item of the part before, if the cut runs through it: they contradict each other nowhere, and the
        second adds something where one half has the name, or both have one that tells no others apart, or what they
        lack shows that they are halves."""
        before = self._placed[number - 1]
        if not before or not isinstance(item, Mapping):
            return None
        group = self.joined.groups[before[-1]]
        if not isinstance(group.said[-1][1], Mapping) or group.contradicts(fields):
            return None
        halves = bool(self.identity.ways) and group.named is not named and _adds(group, item, fields)
        if not (halves or self._goes_on(group, item, fields) or self._need_each_other(group, item)):
            return None
        self.joined.cut.append(before[-1])
        return before[-1]

    def _goes_on(self, group: Group, item: Mapping[str, JSON], fields: Fields) -> bool:
        """Whether an item says more of one with the same name, though that name may be others' too: not if both say an
        amount, nor where neighbours of one part are as much alike."""
        if self.identity.ways or (self.measures & group.known.keys() and self.measures & fields.keys()):
            return False
        return _namesakes(group.known, fields, self.names) and _adds(group, item, fields) and not self._alike

    @cached_property
    def _alike(self) -> bool:
        """Whether any two neighbours of one part share a name and contradict each other nowhere."""
        fields = ([scalars(item) for item in listed.items if isinstance(item, Mapping)] for listed in self._lists)
        pairs = (pair for one in fields for pair in pairwise(one))
        return any(
            _namesakes(one, other, self.names) and not Group(known=one).contradicts(other) for one, other in pairs
        )

    def _need_each_other(self, group: Group, item: Mapping[str, JSON]) -> bool:
        """Whether nothing that is needed is lacking in both, and either each lacks some or one of them all of it; or
        whether each says something of what is usual that the other lacks."""
        said = [one for _, one in group.said if isinstance(one, Mapping)]
        before, after = _lacking(self.needed, said), _lacking(self.needed, [item])
        if before.isdisjoint(after) and ((before and after) or (self.needed and self.needed in (before, after))):
            return True
        before, after = _lacking(self.usual, said), _lacking(self.usual, [item])
        return len(self.usual) >= _CUSTOM and bool(before - after and after - before)

    def _fragment(self, position: int, fields: Fields, repeats: _Repeats, before: Sequence[int]) -> int | None:
        """The item that one of two overlapping parts read whole and the other, at its edge, only a part of."""
        groups = self.joined.groups
        if position == 0 and fields:
            whole = [group for group in repeats.near if fields.items() <= groups[group].known.items()]
            if len(whole) == 1 and whole[0] not in self._taken:
                return whole[0]
        last = before[-1] if before else None
        if last is None or last in self._taken or position >= repeats.head or not groups[last].known:
            return None
        return last if groups[last].known.items() < fields.items() else None

    def _tell_shared(self) -> None:
        for name, count in self._counts.items():
            if count > 1:
                self.joined.shared[name] = max(count, self.joined.shared.get(name, 0))

    def _tell_doubtful(self, found: int, names: list[Name]) -> None:
        if not self.identity.sure:
            self.joined.doubtful.extend((found, name) for name in names if name in self._named)


class _Repeats:
    """Items of earlier parts that a part may repeat because its text overlaps theirs: equal items near the shared
    end, each taken once, and in their order. Nameless items have no other way of being one."""

    def __init__(
        self,
        lists: Sequence[Listed],
        number: int,
        overlapping: Sequence[int],
        placed: Sequence[Sequence[int]],
        *,
        everywhere: bool,
    ) -> None:
        listed, self.head = lists[number], 0
        self.near: set[int] = set()
        self._pool: defaultdict[Hashable, deque[tuple[int, int, int]]] = defaultdict(deque)
        self._reached: dict[int, int] = {}
        if overlapping:
            self._alike = [likeness(item) for item in listed.items]
        for other in overlapping:
            alike = [likeness(item) for item in lists[other].items]
            edge = not everywhere and lists[other].start < listed.start and lists[other].end < listed.end
            first, last = _even_shares(listed, lists[other])
            seam = _seam(alike, self._alike, first) if edge else 0
            head, tail = (seam, seam) if seam else (ceil(2 * first) + 1, ceil(2 * last) + 1)
            if everywhere:
                head = tail = max(len(alike), len(self._alike))
            if edge:
                self._reached[other] = -1
            self.head = max(self.head, head)
            for position in range(max(0, len(alike) - tail), len(alike)):
                self._pool[alike[position]].append((other, position, placed[other][position]))
                self.near.add(placed[other][position])

    def find(self, position: int, taken: set[int]) -> int | None:
        """The group that the item at this position repeats."""
        waiting = self._pool.get(self._alike[position]) if position < self.head else None
        while waiting:
            other, place, group = waiting.popleft()
            if group not in taken and place > self._reached.get(other, -1):
                if other in self._reached:
                    self._reached[other] = place
                return group
        return None


def _even_shares(listed: Listed, other: Listed) -> tuple[float, float]:
    """How many items of a list stand before the end of an earlier one's text, and how many of that one's stand after
    the beginning of this one's, if they are all of one length."""
    first = (min(listed.end, other.end) - listed.start) / max(1, listed.end - listed.start)
    last = (other.end - max(listed.start, other.start)) / max(1, other.end - other.start)
    return len(listed.items) * first, len(other.items) * last


def _seam(before: Sequence[Hashable], after: Sequence[Hashable], even: float) -> int:
    """How many items at the end of one list are, one by one, those at the beginning of the next: of several numbers,
    as where rows are alike by chance, the one nearest to the even share. 0 if it is far from that."""
    borders = [0]
    for item in [*after[1:], None, *before]:
        size = borders[-1]
        while size and (size == len(after) or after[size] != item):
            size = borders[size - 1]
        borders.append(size + (size < len(after) and after[size] == item))
    size = seam = borders[-1] if after else 0
    while size:
        seam = min(seam, size, key=lambda one: abs(one - even))
        size = borders[size - 1]
    return seam if even / 2 <= seam <= 2 * even + 1 else 0


def _overlapping(lists: Sequence[Listed], number: int, reach: Sequence[int]) -> list[int]:
    """The earlier lists whose texts overlap with this one's; `reach` is how far the text of any list up to one goes."""
    found = []
    for other in range(number - 1, -1, -1):
        if reach[other] <= lists[number].start:
            break
        if lists[number].overlap(lists[other]) > 0:
            found.append(other)
    return found[::-1]


def _adjacent(before: Listed, listed: Listed) -> bool:
    return before.start < listed.start <= before.end < listed.end and listed.part == before.part + 1


def _lacking(fields: frozenset[str], said: Sequence[Mapping[str, JSON]]) -> set[str]:
    return {name for name in fields if all(silent(one.get(name)) for one in said)}


def _namesakes(known: Fields, fields: Fields, names: frozenset[str]) -> bool:
    return any(name in known and known[name] == fields[name] for name in names & fields.keys())


def _adds(group: Group, item: Mapping[str, JSON], fields: Fields) -> bool:
    """Whether the item says something that is not known of the group, in a field or in a list."""
    return bool(fields.keys() - group.known.keys()) or any(
        isinstance(value, dict | list) and value for value in item.values()
    )


def _describe(item: JSON, identity: Identity) -> tuple[Fields, list[Name]]:
    if not isinstance(item, Mapping):
        return {}, []
    names = identity.names(item)
    return scalars(item) | {
        field: said for way, values in names for field, said in zip(way, values, strict=True)
    }, names
