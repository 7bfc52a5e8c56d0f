"""An answer taken apart: the rows of its long lists, and the rest; and what is known of each leaf besides its value.

{"shop": "Abel", "lines": [{"sku": "A"}, {"sku": "B"}]}      with lists ("/lines",)
    rest   {"shop": "Abel", "lines": []}
    rows   {"/lines": [Row({"sku": "A"}), Row({"sku": "B"})]}

A list within a row, or within what is read once, may be too long for one answer as well. It is gone on with there, and
its pieces are put together:

    {"accounts": [{"holder": "Ida", "items": [1, 2, 3]}]}    cut in the third item: /accounts/0/items from item 3
    {"accounts": [{"items": [3, 4], "note": "closed"}]}      the row: {"holder": "Ida", "items": [1, 2, 3, 4], ..}
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from extractor.call.asking import Answer
from extractor.errors import Problem
from extractor.extraction.confidence import value_logprobs
from extractor.extraction.parts import Part
from extractor.schema.compiler import Schema
from extractor.schema.pointer import JSON, found_at, join, leaves, put

__all__ = [
    "Fact",
    "Reading",
    "Row",
    "cut_within",
    "facts_of",
    "filled",
    "held",
    "items_at",
    "last_items",
    "repeats",
    "shifted",
    "silent",
    "take_apart",
    "under",
]


class Fact(NamedTuple):
    """Something known of the place at `path` besides its value.

    A `quote` is the text that a leaf was read from, a `logprob` that of its tokens, `repaired` is set by a repair,
    a `problem` says what is wrong, `votes` are (answers that agree, answers) where several were asked for.
    """

    kind: Literal["quote", "logprob", "repaired", "problem", "votes"]
    path: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class Row:
    """An item of a list: its value, the part it was read in, and facts by pointer from the item."""

    value: JSON
    part: Part
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read in one part, and all answers that were paid for it.

    `rest` is the value without the rows of the long lists, which are in `rows` by pointer; None and {} where nothing
    was read. `facts` are about the rest. `counts` maps lists to the number of items that the model counted; `losses`
    say what is missing; `retry` are the keys of the requests that a retry sends again.
    """

    part: Part
    rest: JSON = field(default=None, repr=False)
    facts: tuple[Fact, ...] = field(default=(), repr=False)
    rows: Mapping[str, Sequence[Row]] = field(default_factory=dict, repr=False)
    counts: Mapping[str, int] = field(default_factory=dict)
    losses: tuple[Problem, ...] = ()
    answers: tuple[Answer, ...] = field(default=(), repr=False)
    retry: tuple[str, ...] = ()

    @property
    def value(self) -> JSON:
        """The rest and the rows as one value; None where nothing was read."""
        value = self.rest
        for path, rows in self.rows.items():
            if rows:
                value = put(value, path, [row.value for row in rows])
        return value

    @property
    def short(self) -> dict[str, tuple[int, int]]:
        """Lists with fewer rows than the model counted: {pointer: (rows, counted)}."""
        sizes = {path: sum(not silent(row.value) for row in rows) for path, rows in self.rows.items()}
        return {
            path: (size, self.counts[path])
            for path, size in sizes.items()
            if path in self.counts and size < self.counts[path]
        }

    @property
    def is_empty(self) -> bool:
        """Whether an answer came, and states nothing."""
        return self.rest is not None and not self.losses and silent(self.value)


def take_apart(
    schema: Schema[Any], answer: Answer, part: Part, lists: Sequence[str]
) -> tuple[JSON, list[Fact], dict[str, list[Row]]]:
    """The rest of an answer's value, facts about it, and the rows of each list; see the module."""
    rest, facts, rows = answer.value, facts_of(schema, answer), {}
    for path in lists:
        items = items_at(rest, path)
        own, facts = _by_item(facts, path)
        facts += (fact for index in own if index >= len(items) for fact in under(join(path, index), own[index]))
        rows[path] = [Row(item, part, tuple(own.get(index, ()))) for index, item in enumerate(items) if item != {}]
        if items:
            rest = put(rest, path, [])
    return rest, facts, rows


def facts_of(schema: Schema[Any], answer: Answer) -> list[Fact]:
    """Everything that an answer tells of its leaves."""
    facts = [Fact("problem", problem.path, problem.message) for problem in answer.problems]
    facts += (Fact("quote", path, quote) for path, quote in answer.quotes.items())
    if answer.logprobs:
        likely = value_logprobs(answer.logprobs).items()
        facts += (Fact("logprob", schema.declared_path(path), value) for path, value in likely)
    facts += (Fact("repaired", path) for repair in answer.repairs for path in repair.paths)
    if answer.others:
        facts += _votes(answer.value, answer.others)
    return facts


def under(place: str, facts: Iterable[Fact]) -> list[Fact]:
    """The facts of an inner value, by pointer from further out."""
    return [fact._replace(path=place + fact.path) for fact in facts]


def items_at(value: JSON, pointer: str) -> list[JSON]:
    """The list at a pointer; empty where there is none."""
    found = found_at(value, pointer)
    return found if isinstance(found, list) else []


def held(value: JSON, lists: Collection[str], at: str = "") -> Iterator[str]:
    """Those of some lists that a value holds, in its own order.

    >>> list(held({"towns": [], "shop": {"names": ["Ida"]}}, ["/shop/names", "/towns", "/days"]))
    ['/towns', '/shop/names']
    """
    if isinstance(value, list) and at in lists:
        yield at
    for name, inner in value.items() if isinstance(value, dict) else ():
        yield from held(inner, lists, join(at, name))


def last_items(value: JSON, at: str) -> tuple[str, list[JSON]]:
    """The last list in a row that is not empty, in the last item of a list perhaps, and where it is; "" without one."""
    empty = ""
    for name in reversed(value) if isinstance(value, dict) else ():
        here, inner = join(at, name), value[name]
        found = last_items(inner, here) if not isinstance(inner, list) else (here, inner)
        if isinstance(inner, list) and inner and (deeper := last_items(inner[-1], join(here, 0)))[1]:
            found = deeper
        if found[1]:
            return found
        empty = empty or found[0]
    return empty, []


def _by_item(facts: Iterable[Fact], place: str) -> tuple[dict[int, list[Fact]], list[Fact]]:
    """The facts of each item of a list, by pointer from the item, and all others."""
    items: dict[int, list[Fact]] = {}
    others = []
    for fact in facts:
        inside = fact.path.startswith(f"{place}/")
        index, slash, below = fact.path[len(place) + 1 :].partition("/")
        if inside and index.isdecimal():
            items.setdefault(int(index), []).append(fact._replace(path=slash + below))
        else:
            others.append(fact)
    return items, others


def _votes(value: JSON, others: Sequence[JSON]) -> Iterator[Fact]:
    """For each leaf, how many of all the answers agree."""
    ballots = [dict(leaves(other)) for other in (value, *others)]
    for path, leaf in leaves(value):
        yield Fact("votes", path, (sum(path in ballot and ballot[path] == leaf for ballot in ballots), len(ballots)))


def silent(value: JSON) -> bool:
    """Whether a value states nothing: null, blank text, or a container of such values alone."""
    if isinstance(value, dict | list):
        return all(map(silent, value.values() if isinstance(value, dict) else value))
    return value is None or (isinstance(value, str) and not value.strip())


def filled(value: JSON, other: JSON) -> JSON:
    """A value with what it does not state taken from another."""
    if isinstance(value, dict) and isinstance(other, dict):
        return {name: filled(value.get(name), other.get(name)) for name in {**value, **other}}
    return other if silent(value) and other is not None else value


# -- lists that are gone on with


def cut_within(value: JSON) -> str | None:
    """The pointer of the outermost list in which a cut value ends and of which an item is whole; None without one.

    >>> cut_within({"holder": "Ida", "items": [1, 2, 3], "note": None})
    '/items'
    """
    if isinstance(value, dict):
        stated = [name for name, inner in value.items() if not silent(inner)]
        inner = cut_within(value[stated[-1]]) if stated else None
        return None if inner is None else join("", stated[-1]) + inner
    if not isinstance(value, list) or not value:
        return None
    if len(value) > 1:
        return ""
    inner = cut_within(value[0])
    return None if inner is None else f"/0{inner}"


def shifted(facts: Iterable[Fact], place: str, count: int) -> list[Fact]:
    """Facts of a list's later items by their pointers in the whole list, of which `count` items come before."""
    items, others = _by_item(facts, place)
    return [*(fact for index, own in items.items() for fact in under(join(place, index + count), own)), *others]


def repeats(more: Sequence[JSON], known: Sequence[JSON], *, cut: bool) -> bool:
    """Whether an answer began a list from its start, where it was to go on with it. Of items that come in turns, such
    as those that are all alike, that cannot be told. An answer that is not cut has then all that is known.

    >>> repeats([1, 2], [1, 2, 3], cut=True), repeats([1, 2], [1, 2, 1, 2], cut=True)
    (True, False)
    >>> repeats([1, 2], [1, 2, 3], cut=False), repeats([1, 2, 3, 4], [1, 2, 3], cut=False)
    (False, True)
    """
    both = min(len(more), len(known)) if cut else len(known)
    if not both or not more or list(more[:both]) != list(known[:both]):
        return False
    return not any(known[turn:] == known[:-turn] for turn in range(1, len(known) // 2 + 1))
