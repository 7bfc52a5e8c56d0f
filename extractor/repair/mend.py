"""Near-JSON to JSON, with a receipt: the value, all that was changed or left out, and whether the text was whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from extractor.errors import Problem
from extractor.repair.evidence import Evidence, contains, is_empty, joined, substance
from extractor.repair.fitting import Fitted, Left, fit
from extractor.repair.kinds import folded, says_left_out
from extractor.repair.plain import plainly
from extractor.repair.readings import Texts, read_leniently, read_strictly, texts, valid_values
from extractor.repair.receipt import Change, Guess, Kind, Mended
from extractor.repair.shapes import Shapes, counts_more, inside, plain, property_names
from extractor.schema.pointer import JSON, join, leaves
from extractor.schema.tree import Choice, Leaf, Record

if TYPE_CHECKING:
    from extractor.schema.compiler import Schema

__all__ = ["Change", "Mended", "mend"]

_HALVES = re.compile("[\ud800-\udfff]")
_NO_RECORD = 1_000
_DEEP, _MOST = 5, 40
_FEW = 24
"""So deep, and in so many places, a record is looked for inside others."""


def mend(
    text: str | bytes, schema: Schema[Any] | None = None, *, partial: bool = False, source: str | None = None
) -> Mended:
    """The JSON value that an answer means, whatever stands around it or is wrong with it.

    Valid JSON costs its parsing. Of several ways to read the rest, the one that `schema` has least against wins
    (the value stays in the wire shape); then the one whose values stand in `source`, the document's text; then the one
    that loses least. Every change is a Change; what is no value of its field is in `invalid` too, and what was lost in
    `lost`.
    `complete` is False where the text ended early: then the members and list items that came whole are kept;
    `partial` keeps the one that the text ended inside too, as far as it came. InvalidValue when nothing can be saved.

    >>> from extractor import mend
    >>> mended = mend("Here you go: {'a': 1,}")
    >>> mended.value, [change.kind for change in mended.changes]
    ({'a': 1}, ['prose', 'quotes', 'comma'])
    """
    clean, changes = _decoded(text, source or "")
    strict = read_strictly(clean)
    if schema is None:
        best = strict or read_leniently(clean, Guess(partial=partial))
        best = replace(best, value=plain(best.value))
    else:
        best = _plain(strict, schema) or _Choice(schema, Evidence(source)).of(clean, strict, partial=partial)
    if not changes:
        return best
    lost = tuple(Problem("", change.message) for change in changes) if schema else ()
    return replace(best, changes=(*changes, *best.changes), lost=(*lost, *best.lost))


def _plain(strict: Mended | None, schema: Schema[Any]) -> Mended | None:
    """Valid JSON that needs no closer look: it is of the schema, and nothing beside it may have been data."""
    if strict is None or not _test_of(schema)(strict.value) or (strict.changes and strict.lossy):
        return None
    shaped = schema.unwrap(strict.value)
    return None if shaped.problems or schema.problems(shaped.value) else replace(strict, shaped=shaped)


@lru_cache(maxsize=64)
def _names_of(schema: Schema[Any]) -> frozenset[str]:
    return property_names(schema.wire)


@lru_cache(maxsize=64)
def _test_of(schema: Schema[Any]) -> Callable[[Any], bool]:
    return plainly(schema.tree)


class _Case(NamedTuple):
    """One way to take an answer, and what speaks against it; the less, the smaller."""

    rank: tuple[float, ...]
    mended: Mended


@dataclass(frozen=True, slots=True)
class _Part:
    """A value of an answer, with the pointer at which it stands in it, and what stands beside it on the way there.

    `names` are those of the members on the way. `left` is left of the values that it was put together of, `short` what
    they say that their lists lack.
    """

    value: JSON
    at: str = ""
    beside: tuple[JSON, ...] = ()
    note: tuple[Change, ...] = field(default=())
    left: tuple[Left, ...] = ()
    short: tuple[Problem, ...] = ()
    names: tuple[str, ...] = ()


class _Choice:
    """Chooses among the ways to take an answer, by what the schema and the document say."""

    def __init__(self, schema: Schema[Any], evidence: Evidence) -> None:
        self.schema, self.evidence, self.names = schema, evidence, _names_of(schema)
        root = schema.tree.resolve(schema.tree.root)
        slots = root.slots if isinstance(root, Record) else ()
        self.slots = frozenset(slot.wire for slot in slots)
        self._fits: dict[int, tuple[JSON, Fitted]] = {}
        self.nested = {slot.wire for slot in slots if not isinstance(schema.tree.resolve(slot.node), Leaf | Choice)}

    def of(self, text: str, quick: Mended | None, *, partial: bool) -> Mended:
        strict = quick and read_strictly(text, exact=True)
        best: _Case | None = None
        for found in self.ways(text, strict, partial=partial):
            for case in self.cases(found):
                if best is None or case.rank < best.rank:
                    best = case
            if best is not None and not any(best.rank[:3]):
                break
        assert best is not None
        return best.mended

    def ways(self, text: str, strict: Mended | None, *, partial: bool) -> Iterator[Texts]:
        """The ways to read the text, likeliest first."""
        if strict is not None:
            inner = inside(strict.value, (dict, list))
            nested = Change("nested", "the JSON came inside a string", 0)
            yield Texts((strict if inner is None else Mended(inner, (*strict.changes, nested)),), None)
            return
        if (several := valid_values(text, self.names)) is not None:
            yield several
        for split in (False, True):
            yield texts(text, Guess(names=self.names, split=split, partial=partial))

    # ------------------------------------------------------------------ the ways to take what was read

    def cases(self, found: Texts) -> Iterator[_Case]:
        """Each value of a text, as it is and out of what it stands in; then several together."""
        values = [mended.value for mended in found.values]
        for index in reversed(range(len(values))):
            mended, others = found.values[index], (*values[:index], *values[index + 1 :], *_apart(list(found.rest)))
            for case in self.taken(mended, others):
                yield case
                if not any(case.rank[:4]):
                    return
        if found.listed is not None:
            yield from self.taken(found.listed, ())

    def taken(self, mended: Mended, others: tuple[JSON, ...]) -> Iterator[_Case]:
        """One value as it is; where something speaks against that, what it holds in place of it."""
        first = self.case(_Part(mended.value), mended, others)
        yield first
        if not any(first.rank[:4]):
            return
        for part in self.openings(mended.value):
            yield self.case(part, mended, others)
        if isinstance(mended.value, list) and len(mended.value) > 1 and not self.schema.tree.wrapped:
            fits = list(map(self.part_of, mended.value[:_MOST]))
            held = [found.value for found in fits if not self.evidence.denies(found.value)]
            denied = [found.value for found in fits if found.value not in held]
            lefts = tuple(left for found in fits for left in found.left)
            short = tuple(problem for found in fits for problem in found.short)
            further = (*others, *denied, *_apart(mended.value[_MOST:]))
            for whole, left in _joins(held):
                note = Change("wrapped", f"a list of {len(mended.value)} objects holds parts of one record", 0)
                yield self.case(_Part(whole, "", tuple(left), (note,), lefts, short), mended, further)

    def openings(self, value: JSON) -> Iterator[_Part]:
        """The objects and lists inside a value, the outermost first, each with all that stands beside it.

        What stands under the name of a declared object or list is part of the record, and no record of its own.
        """
        waiting = [_Part(value)]
        for _ in range(_DEEP):
            inner = [below for part in waiting for below in self.below(part)][:_MOST]
            yield from inner
            waiting = inner

    def below(self, part: _Part) -> Iterator[_Part]:
        value = part.value
        pairs = (
            list(value.items())
            if isinstance(value, dict)
            else list(enumerate(value))
            if isinstance(value, list)
            else []
        )
        is_rows = self.schema.tree.wrapped and isinstance(value, list) and sum(not is_empty(one) for one in value) > 1
        for name, item in pairs[:_MOST]:
            item = _out_of_string(item)
            if (
                isinstance(item, dict | list)
                and not is_empty(item)
                and (name not in self.nested or self.schema.tree.wrapped)
                and not (is_rows and isinstance(item, dict))
                and not (isinstance(item, list) and isinstance(value, dict) and self.slots & value.keys())
            ):
                rest: JSON = {other: each for other, each in pairs if other != name}
                beside = (rest,) if isinstance(value, dict) else _apart(list(rest.values()))
                beside = (*part.beside, *(each for each in beside if not is_empty(each)))
                at, names = join(part.at, name), (*part.names, str(name)) if isinstance(value, dict) else part.names
                note = Change("wrapped", f"the answer stood inside another value: {at}", 0)
                yield _Part(item, at, beside, (note,), names=names)

    # ------------------------------------------------------------------ what speaks for and against

    def case(self, part: _Part, mended: Mended, others: Iterable[JSON]) -> _Case:
        fitted = self.fit(part.value)
        beside = [*part.beside, *others]
        syntax = tuple(_under(change, part.at) for change in mended.changes)
        outside = [self.left_out(value, fitted) for value in beside if not is_empty(value)]
        above = [Left("", name, lacking=True) for name in part.names if self.is_data(name, fitted.value)]
        unasked = [self.left_out(left.value, fitted, left) for left in (*fitted.left, *part.left, *above)]
        notes = [replace(note, path=self.path(note.path)) for note in (*part.note, *fitted.changes, *outside, *unasked)]
        problems = [*fitted.problems, *((*fitted.short, *part.short) if mended.complete else ())]
        wrong = [Problem(self.path(problem.path), problem.message) for problem in problems]
        lost = [change for change in (*syntax, *notes) if change.lossy and change.kind != "cut"]
        shaped = self.schema.unwrap(fitted.value)
        refused = self.schema.problems(shaped.value)
        against = {problem.path for problem in (*wrong, *shaped.problems, *refused)}
        standing = self.evidence.share(fitted.value)[0] if against or beside or fitted.left else 0
        rank = (
            len(against)
            + _NO_RECORD * (not isinstance(fitted.value, dict))
            + sum(change.kind in ("second", "extra", "skipped") for change in lost),
            not mended.complete,
            len(lost),
            len(fitted.left) + len(outside),
            -standing,
            -fitted.declared,
        )
        left_out = tuple(Problem(change.path, change.message) for change in lost)
        changes = (*syntax, *notes)
        taken = Mended(fitted.value, changes, mended.complete, tuple(wrong), left_out, shaped, refused)
        return _Case(rank, taken)

    def left_out(self, value: JSON, fitted: Fitted, left: Left | None = None) -> Change:
        """What is told of a value beside the record, or of a member that is not declared."""
        name = left.path.rpartition("/")[2] if left else ""
        left_out = says_left_out(value, name, self.names, self.evidence)
        if left_out or self.counts_more(value, fitted):
            sentence = f"the answer says that something was left out: {_quoted({name: value} if name else value)}"
            return Change("ellipsis", sentence, 0, True, left.path if left else "")
        named = {name: value} if name in self.names else value
        lost = self.is_lost(named, fitted, lacking=fitted.lacking if left is None else left.lacking)
        kind: Kind = "second" if left is None else "extra"
        if lost:
            return Change(kind, f"more data than was asked for: {_quoted(value)}", 0, True, left.path if left else "")
        return Change(kind, f"left out, as it was not asked for: {_quoted(value)}", 0, path=left.path if left else "")

    def counts_more(self, value: JSON, fitted: Fitted) -> bool:
        """Whether an object beside the list that was asked for says that it has more rows."""
        lists = (
            [item for item in fitted.value.values() if isinstance(item, list)] if isinstance(fitted.value, dict) else []
        )
        counted = ((path.rpartition("/")[2], leaf) for path, leaf in leaves(value) if len(lists) == 1 and path)
        return any(counts_more(name, leaf, [""], lists[0]) for name, leaf in counted)

    def fit(self, value: JSON) -> Fitted:
        """A value fitted to the schema; each is fitted once."""
        if id(value) not in self._fits:
            self._fits[id(value)] = value, fit(value, self.schema.tree, self.evidence)
        return self._fits[id(value)][1]

    def part_of(self, value: JSON) -> Fitted:
        """A value fitted as a record or as part of one, also as a row of the one list; else as it is."""
        found = self.fit(value)
        if isinstance(found.value, dict) and is_empty(found.value) and not is_empty(value):
            rows = self.fit([value])
            return rows if isinstance(rows.value, dict) and not is_empty(rows.value) else Fitted(value)
        return found

    def is_lost(self, value: JSON, fitted: Fitted, *, lacking: bool) -> bool:
        """Whether a value that is left out may be part of what was asked for, and is not in the fitted value."""
        if isinstance(value, dict):
            value = {name: item for name, item in value.items() if not self.is_label(item)}
        value = _opened(value)
        if not substance(value, self.names, self.evidence, lacking=lacking):
            return False
        if isinstance(value, list):
            return (
                not any(value == member for member in fitted.value.values()) if isinstance(fitted.value, dict) else True
            )
        fellow = self.fit(value).value
        if not isinstance(value, dict) or not is_empty(fellow):
            return not contains(fitted.value, value) and not contains(fitted.value, fellow)
        if value.keys() & self.names and any(not is_empty(value[name]) for name in value.keys() & self.names):
            return not _holds_row(fitted.value, value)
        return any(self.is_lost(item, fitted, lacking=lacking) for item in value.values())

    def is_data(self, name: str, value: JSON) -> bool:
        """Whether a name above the record is data that it lacks: no position, nor what the record is called."""
        root, shapes = self.schema.tree.resolve(self.schema.tree.root), Shapes(self.schema.tree, self.evidence)
        if name in ("0", "1") or not isinstance(root, Record) or not isinstance(value, dict):
            return False
        return shapes.is_data(name, root, value, [self.schema.name])

    def is_label(self, value: JSON) -> bool:
        return isinstance(value, str) and folded(value) == folded(self.schema.name)

    def path(self, at: str) -> str:
        return self.schema.declared_path(at)


def _joins(records: list[JSON]) -> Iterator[tuple[dict[str, JSON], list[JSON]]]:
    """The objects that several records make when those that agree are put together, each with the records left."""
    for start, first in enumerate(records[:8]):
        if not isinstance(first, dict) or is_empty(first):
            continue
        whole, left, taken = first, list(records[:start]), 1
        for other in records[start + 1 :]:
            if isinstance(other, dict) and contains(whole, other):
                taken += 1
            elif isinstance(other, dict) and (more := joined(whole, other)) is not None:
                whole, taken = more, taken + 1
            else:
                left.append(other)
        if taken > 1:
            yield whole, left


def _holds_row(whole: JSON, row: JSON) -> bool:
    """Whether an object is one of those inside a value, at any depth, or says no more than one of them."""
    inner = whole.values() if isinstance(whole, dict) else whole if isinstance(whole, list) else ()
    return any(isinstance(each, dict | list) and (contains(each, row) or _holds_row(each, row)) for each in inner)


def _apart(values: list[JSON]) -> tuple[JSON, ...]:
    """Values that are looked at one by one where they are few, and as one list where they are many."""
    return tuple(values) if len(values) <= _FEW else (values,)


def _out_of_string(value: JSON) -> JSON:
    """A value, or the object or list that a string holds."""
    found = inside(value, (dict, list))
    return value if found is None else found


def _opened(value: JSON) -> JSON:
    """A value with the objects and lists that strings in it hold."""
    value = _out_of_string(value)
    if isinstance(value, dict):
        return {name: _opened(item) for name, item in value.items()}
    return [_opened(item) for item in value] if isinstance(value, list) else value


def _under(change: Change, at: str) -> Change:
    """A change with its place below the part that was taken."""
    if not at or not change.path:
        return change
    return replace(change, path=change.path.removeprefix(at) if f"{change.path}/".startswith(f"{at}/") else "")


def _quoted(value: JSON) -> str:
    short = repr(plain(value))
    return short if len(short) <= 80 else f"{short[:77]}..."


def _decoded(text: str | bytes, source: str) -> tuple[str, tuple[Change, ...]]:
    """The text as characters that JSON can carry; what cannot be carried is replaced, and told.

    A mark of replacement that the document does not print stands for what was lost on the way.
    """
    clean = text.decode("utf-8", "replace") if isinstance(text, bytes) else _HALVES.sub("\ufffd", text)
    at = clean.find("\ufffd")
    if at < 0 or (clean == text and "\ufffd" in source):
        return clean, ()
    return clean, (Change("skipped", "bytes that are no text were replaced", at, lossy=True),)
