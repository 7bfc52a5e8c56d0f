"""Answers about the parts of a document become one answer.

Declared keys and policies decide; where none is declared, the safe default does:

    scalar              the first part that says something; a part that says otherwise is a problem that names both
    list of scalars     every value once, in order of appearance; all of them if one part gives a value twice
    list of objects     joined on the declared key, else on a field that names things (identity.py), else kept
                        apart; repeats from overlapping text are left out
    object              field by field

Null, blank text and empty lists say nothing. One part alone comes back as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from extractor.errors import Problem
from extractor.merge.identity import Identity, called, declared, guessed
from extractor.merge.likeness import likeness, silent
from extractor.merge.lists import Group, Joined, Listed, join_items
from extractor.merge.policies import Said, Sides, choose, sides
from extractor.merge.told import Told
from extractor.merge.usual import Usual
from extractor.schema.annotations import Merge
from extractor.schema.pointer import JSON, get, join, leaves

if TYPE_CHECKING:
    from extractor.schema.compiler import Schema
    from extractor.schema.paths import Field

__all__ = ["Merged", "Part", "merge"]

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Part:
    """What was said about `text[start:end]` of a document: JSON in the declared shape, and by pointer into it the words
    of the text that a leaf was read from, the log-probability of its tokens, and what was wrong at first."""

    value: JSON
    start: int
    end: int
    quotes: Mapping[str, str] = field(default_factory=dict)
    logprobs: Mapping[str, float] = field(default_factory=dict)
    repaired: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Merged:
    """One value from many, with its sources told by pointer for every leaf that is not null.

    `regions` are the ranges of text that those parts read which stand behind a leaf, `agreement` how many parts
    those are of how many that said anything, and `quotes` the words that a leaf was read from; `logprobs` are those
    that the first part tells which says it so, and `repaired` what no part said so at once. `problems` are conflicts
    and doubts; `notes` are choices that were made on good grounds: items joined over a cut between two parts, items
    named by a field that was not declared.
    """

    value: JSON
    regions: Mapping[str, tuple[Range, ...]]
    agreement: Mapping[str, tuple[int, int]]
    quotes: Mapping[str, str] = field(default_factory=dict)
    logprobs: Mapping[str, float] = field(default_factory=dict)
    repaired: Collection[str] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()


def merge(schema: Schema[Any], parts: Sequence[Part]) -> Merged:
    """One value from what was said about the parts of a document, which are given in reading order."""
    merging = _Merging(schema, parts)
    value = merging.node("", "", [(number, part.value) for number, part in enumerate(parts)])
    return Merged(
        value,
        merging.regions,
        merging.agreement,
        merging.quotes,
        merging.logprobs,
        merging.repaired,
        tuple(merging.problems),
        tuple(merging.notes),
    )


class _Merging:
    """One walk over the parts. `path` is where a node stands in the merged value; `face` is where the schema
    knows it, with 0 for every index."""

    def __init__(self, schema: Schema[Any], parts: Sequence[Part]) -> None:
        self.parts = parts
        self.regions: dict[str, tuple[Range, ...]] = {}
        self.agreement: dict[str, tuple[int, int]] = {}
        self.problems: list[Problem] = []
        self.notes: list[Problem] = []
        self.quotes: dict[str, str] = {}
        self.logprobs: dict[str, float] = {}
        self.repaired: set[str] = set()
        self._quoted = Told((part.value, part.quotes) for part in parts)
        self._likely = Told((part.value, part.logprobs) for part in parts)
        self._mended = Told((part.value, dict.fromkeys(_leaves_at(part.value, part.repaired))) for part in parts)
        self._usual = Usual([part.value for part in parts])
        self._schema = schema
        self._fields: dict[str, Field | None] = {}

    def node(self, path: str, face: str, said: Sequence[Said]) -> JSON:
        """One value from all that was said of one place."""
        saying = [one for one in said if not silent(one[1])]
        if len(saying) < 2:
            return self._keep(path, saying or said[:1])
        values = [value for _, value in saying]
        field = self._field(face)
        policy = field.policy if field else None
        if all(isinstance(value, dict) for value in values) and policy in (None, Merge.UNION):
            return self._object(path, face, said)
        if all(isinstance(value, list) for value in values) and self._joinable(face, policy):
            return self._list(path, face, saying, field)
        return self._choice(path, saying, field)

    def _field(self, face: str) -> Field | None:
        if face not in self._fields:
            self._fields[face] = self._schema.field(face)
        return self._fields[face]

    def _joinable(self, face: str, policy: Merge | None) -> bool:
        """A list that may grow: tuples, whose positions mean something, are chosen between like scalars."""
        fixed = self._field(join(face, 0)) is not None and self._field(join(face, 99_999)) is None
        return not fixed and policy in (None, Merge.UNION, Merge.CONCAT)

    def _keep(self, path: str, said: Sequence[Said]) -> JSON:
        """What only one part said, or none."""
        number, value = said[0] if said else (0, None)
        if self.parts:
            region = ((self.parts[number].start, self.parts[number].end),)
            for pointer, leaf in leaves(value, path):
                if leaf is not None:
                    self.regions[pointer], self.agreement[pointer] = region, (1, 1)
            self._keep_told(path, self.parts[number], value)
        return value

    def _keep_told(self, path: str, part: Part, value: JSON) -> None:
        if value is part.value:
            self.quotes |= part.quotes
            self.logprobs |= part.logprobs
            self.repaired |= {*part.repaired}
            return
        self.quotes |= self._quoted.below(path, value)
        self.logprobs |= self._likely.below(path, value)
        self.repaired.update(pointer for pointer, _ in self._mended.below(path, value))

    def _object(self, path: str, face: str, said: Sequence[Said]) -> JSON:
        fields: dict[str, list[Said]] = {}
        for number, value in said:
            for name, inner in (value or {}).items():
                fields.setdefault(name, []).append((number, inner))
        merged = {name: self.node(join(path, name), join(face, name), inner) for name, inner in fields.items()}
        values = [value for _, value in said]
        self.quotes |= ((join(path, name), quote) for name, quote in self._quoted.first(merged, values))
        self.logprobs |= ((join(path, name), likely) for name, likely in self._likely.first(merged, values))
        self.repaired.update(join(path, name) for name in self._mended.unanimous(merged, values))
        return merged

    def _list(self, path: str, face: str, said: Sequence[Said], field: Field | None) -> list[JSON]:
        lists = [
            Listed(number, self.parts[number].start, self.parts[number].end, [item for item in items if item != {}])
            for number, items in said
        ]
        if any(isinstance(item, dict) for listed in lists for item in listed.items):
            joined = self._join_objects(path, face, lists, field)
        else:
            joined = _join_scalars(lists, field.policy if field else None, nested="/0/" in face)
        return [self.node(join(path, index), join(face, 0), group.said) for index, group in enumerate(joined.groups)]

    def _join_objects(self, path: str, face: str, lists: Sequence[Listed], field: Field | None) -> Joined:
        if field and field.policy is Merge.CONCAT:
            return join_items(lists, Identity((), sure=False))
        objects = [[item for item in listed.items if isinstance(item, dict)] for listed in lists]
        fields = self._item_fields(face, objects)
        needed = {name for name, one in fields.items() if one.required}
        codes = {name for name in needed if fields[name].kind == "string"}
        identity = declared(field.keys, objects) if field and field.keys else guessed(objects, codes)
        measures = {name for name, one in fields.items() if one.kind in ("number", "decimal") and not identity.sure}
        joined = join_items(
            lists,
            identity,
            measures=frozenset(measures),
            needed=frozenset(needed),
            usual=self._usual.fields(face),
            names=frozenset(filter(called, fields)),
            nested="/0/" in face,
        )
        self._tell(path, identity, joined)
        return joined

    def _item_fields(self, face: str, objects: Sequence[Sequence[Mapping[str, JSON]]]) -> dict[str, Field]:
        """What is declared of the fields that the items of a list have."""
        names = dict.fromkeys(name for items in objects for item in items for name in item)
        fields = ((name, self._field(join(join(face, 0), name))) for name in names)
        return {name: field for name, field in fields if field}

    def _tell(self, path: str, identity: Identity, joined: Joined) -> None:
        for (_, values), count in joined.shared.items():
            message = f"{count} items of one part share the key {_shown(values)}: all are kept"
            self.problems.append(Problem(path, message))
        for index, (way, values) in joined.doubtful:
            message = f"{' and '.join(way)} {_shown(values)} names an earlier item too: both are kept"
            self.notes.append(Problem(join(path, index), message))
        for index in joined.cut:
            self.notes.append(Problem(join(path, index), "joined from two halves that a cut between parts had parted"))
        if identity.ways and not identity.sure and any(len(group.said) > 1 for group in joined.groups):
            ways = ", ".join(" and ".join(way) for way in identity.ways)
            self.notes.append(Problem(path, f"no key is declared: items were joined by {ways}"))

    def _choice(self, path: str, said: Sequence[Said], field: Field | None) -> JSON:
        found = sides(said, field.kind if field else "any")
        policy = field.policy if field else None
        value, behind = choose(policy, found)
        if policy is None and len(found) > 1:
            self.problems.append(Problem(path, self._conflict(found)))
        region = tuple(dict.fromkeys((self.parts[number].start, self.parts[number].end) for number, _ in behind))
        for pointer, leaf in leaves(value, path):
            if leaf is not None:
                self.regions[pointer], self.agreement[pointer] = region, (len(behind), len(said))
        return value

    def _conflict(self, found: Sides) -> str:
        """Every value that was said, with the text that each was read from."""
        told = []
        for side in found:
            ranges = ", ".join(f"{self.parts[number].start}-{self.parts[number].end}" for number, _ in side)
            told.append(f"{_shown(side[0][1])} (characters {ranges})")
        return f"parts disagree: {'; '.join(told)}: the first is kept"


def _join_scalars(lists: Sequence[Listed], policy: Merge | None, *, nested: bool) -> Joined:
    """Every value once; or all, less what overlapping text repeats, where one part gives a value twice."""
    repeated = any(len({likeness(item) for item in listed.items}) < len(listed.items) for listed in lists)
    if policy is Merge.CONCAT or (policy is None and repeated):
        return join_items(lists, Identity((), sure=False), nested=nested)
    groups: dict[Hashable, Group] = {}
    for listed in lists:
        for item in listed.items:
            said = groups.setdefault(likeness(item), Group()).said
            if not said or said[-1][0] != listed.part:
                said.append((listed.part, item))
    return Joined(list(groups.values()))


def _leaves_at(value: JSON, pointers: Collection[str]) -> Iterator[str]:
    """Pointers to the leaves at and below these."""
    for pointer in pointers:
        with suppress(KeyError, IndexError, ValueError, TypeError):
            yield from (leaf for leaf, _ in leaves(get(value, pointer), pointer))


def _shown(value: JSON) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, tuple) else value if isinstance(value, str) else repr(value)
    return f'"{text[:57]}..."' if len(text) > 60 else f'"{text}"'
