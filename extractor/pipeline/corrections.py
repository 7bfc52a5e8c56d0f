"""What people decide about extracted values, stored beside a run and applied to its records.

OUT/corrections.jsonl has one line a step: a value is accepted, corrected, added (`missing`) or withdrawn (`invented`),
or an earlier step is undone. A run never writes that file. A step names its document by name and SHA-256, and each row
that its path leads through by what was extracted there, so that it finds its place in the records of a later run too.

A corrected record is a line of records.jsonl with `corrected`, the `reviewed` places, and the record as it was
`extracted`, from which it can be made again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from errno import ENOSPC
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

import orjson

from extractor.errors import Problem, UsageError
from extractor.pipeline.result import reviewed_above
from extractor.schema.pointer import JSON, found_at, join, leaves, parts, put

__all__ = [
    "ACTIONS",
    "CORRECTIONS",
    "Check",
    "Corrections",
    "Review",
    "Step",
    "append_step",
    "applied",
    "as_extracted",
    "read_corrections",
    "reviewed",
]

Action = Literal["accept", "correct", "missing", "invented"]
ACTIONS: tuple[str, ...] = get_args(Action)

CORRECTIONS = "corrections.jsonl"
_EXTRACTED = ("status", "value", "evidence", "confidence", "problems")

Check = Callable[[JSON, str | None], Iterable[Problem]]
"""What the schema finds wrong with a value of a kind; None where the schema has no kinds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One decision about the value at `path`, a pointer into the extracted value; rows that were added follow its rows.

    `value` is what stands there now, None where it was invented, and `was` what stood there. `rows` are the items of
    lists that the path leads through, outermost first, as they were extracted; None for one that was not. `evidence`
    are lines as records have them, with paths below `path`: where the new value stands in the document.
    """

    id: str
    at: str
    document: str
    sha256: str
    action: str
    path: str
    value: JSON = None
    was: JSON = None
    rows: Sequence[JSON] = ()
    evidence: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Corrections:
    """The steps that hold, by document; `check` tells what is wrong with a corrected value."""

    steps: Mapping[str, Sequence[Step]]
    check: Check | None = None

    def of(self, record: Mapping[str, Any]) -> list[Step]:
        """The steps about a record, in their order; none of a document whose bytes were other ones."""
        return [step for step in self.steps.get(record["document"], ()) if step.sha256 == record.get("sha256", "")]

    def applied(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """A record with its steps applied."""
        return applied(record, self.of(record), self.check)


def read_corrections(out: Path, check: Check | None = None) -> Corrections:
    """The steps in OUT/corrections.jsonl that were not undone; none where there is no such file."""
    path = out / CORRECTIONS
    held: dict[str, Step] = {}
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return Corrections({}, check)
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            read = orjson.loads(line)
            if read["action"] == "undo":
                held.pop(read["step"], None)
            else:
                held[read["id"]] = Step(**read)
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            if not line.endswith(b"\n"):  # half a line, of a process that was killed
                break
            raise UsageError(f"{path}:{number} is not a correction: fix or remove the line") from error
    steps: dict[str, list[Step]] = {}
    for step in held.values():
        steps.setdefault(step.document, []).append(step)
    return Corrections(steps, check)


def append_step(out: Path, step: Step | Mapping[str, Any]) -> None:
    """Add one whole line to OUT/corrections.jsonl, and wait until it is on the disk; UsageError where it cannot be."""
    line = orjson.dumps(asdict(step) if isinstance(step, Step) else step, option=orjson.OPT_APPEND_NEWLINE)
    path = out / CORRECTIONS
    try:
        with path.open("a+b", buffering=0) as file:  # one write, which other processes do not come between
            if size := file.seek(0, os.SEEK_END):
                file.seek(size - 1)
                line = line if file.read(1) == b"\n" else b"\n" + line
            if file.write(line) != len(line):
                file.truncate(size)
                raise OSError(ENOSPC, os.strerror(ENOSPC))
            os.fsync(file.fileno())
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}; nothing was stored") from error


# ---------------------------------------------------------------------- steps applied to a value


@dataclass(frozen=True)
class Review:
    """A value with steps applied. `whole` still has the rows of `removed`; all pointers are into it.

    `states` are the last steps by place, `changed` the places whose value is another than was extracted there, each
    with the step that put it there, `stale` the steps whose row is not there any more. `order` is the order of the rows
    of lists in which one was added within others: `whole` has it last.
    """

    whole: JSON
    states: Mapping[str, Step] = field(default_factory=dict)
    removed: frozenset[str] = frozenset()
    stale: tuple[Step, ...] = ()
    changed: Mapping[str, Step] = field(default_factory=dict)
    order: Mapping[str, Sequence[int]] = field(default_factory=dict)

    @property
    def value(self) -> JSON:
        """The value without the rows that were removed, each row in its place."""
        return _without(self.whole, self.removed, order=self.order)

    @property
    def evidence(self) -> list[dict[str, Any]]:
        """The lines of evidence of all that was changed."""
        return [
            {**line, "path": path + line["path"]}
            for path, step in self.changed.items()
            for line in step.evidence
            if next(above for above in _above(path + line["path"]) if above in self.changed) == path
        ]

    def replaced(self, pointer: str) -> bool:
        """Whether the value at a pointer is another one than was extracted there, or was not extracted."""
        return bool(self.changed) and reviewed_above(pointer, self.changed)

    def moved(self, pointer: str) -> str | None:
        """The pointer into `value` of one into `whole`; None below a row that was removed."""
        moved = at = ""
        for part in parts(pointer) if self._numbers else ():
            number = self._numbers[at].get(int(part)) if at in self._numbers else part
            if number is None:
                return None
            moved, at = join(moved, number), join(at, part)
        return moved if self._numbers else pointer

    @cached_property
    def _numbers(self) -> dict[str, dict[int, int]]:
        """The numbers in `value` of the rows in `whole`, of lists in which they differ."""
        lists = {pointer.rpartition("/")[0] for pointer in self.removed} | self.order.keys()
        left = {at: [row for row in self.rows(at) if join(at, row) not in self.removed] for at in lists}
        return {at: {row: number for number, row in enumerate(rows)} for at, rows in left.items()}

    def rows(self, at: str) -> Sequence[int]:
        """The numbers in `whole` of the rows of a list, in their order."""
        holder = found_at(self.whole, at)
        return self.order.get(at, range(len(holder) if isinstance(holder, list) else 0))


def reviewed(value: JSON, steps: Iterable[Step], evidence: Iterable[Mapping[str, Any]] = ()) -> Review:
    """Apply steps to an extracted value, in their order.

    A row is found by what was extracted as that row: at its own place, or where an equal one stands, or the one that
    alone shares most of its values. A row that was added, and stands in the document, follows the row that `evidence`,
    the lines of the record, places before it.
    """
    applying = _Applying(value, value)
    for step in steps:
        applying.take(step)
    removed = {path: applying.states[path] for path in applying.removed}
    stale, changed = tuple(applying.stale), applying.changed | removed
    review = Review(applying.whole, applying.states, frozenset(removed), stale, changed)
    own = [line for line in evidence if not review.replaced(line["path"])]
    order = _order(review, applying.added, [*own, *review.evidence]) if applying.added else {}
    return replace(review, order=order)


def _order(
    review: Review, added: Mapping[tuple[str, int], int], evidence: Iterable[Mapping[str, Any]]
) -> dict[str, list[int]]:
    """The order of lists with rows that were added, by where the last value of each row stands: an earlier one may be
    taken from a heading.
    """
    ends: dict[str, int] = {}
    for line in evidence:
        for above in _above(line["path"]) if line["start"] is not None else ():
            ends[above] = max(ends.get(above, 0), line["start"])
    new = {at: [row for (holder, _), row in added.items() if holder == at] for at, _ in added}
    order = {at: [row for row in review.rows(at) if row not in rows] for at, rows in new.items()}
    for at, rows in new.items():
        for row in rows:
            order[at].insert(
                _after(row, order[at], {other: ends.get(join(at, other)) for other in (row, *order[at])}), row
            )
    return {at: rows for at, rows in order.items() if rows != list(review.rows(at))}


def _after(row: int, rows: Sequence[int], ends: Mapping[int, int | None]) -> int:
    """Where in `rows` a row belongs: behind the nearest that ends before it, or last if its own end is not known."""
    end = ends[row]
    known = [(other, place) for other, found in enumerate(rows) if (place := ends[found]) is not None]
    if end is None or not known:
        return len(rows)
    return max(((place, other + 1) for other, place in known if place <= end), default=(0, 0))[1]


class _Unplaced(LookupError):
    """There is no such row."""


@dataclass(slots=True)
class _Applying:
    """A value, while steps are applied to it."""

    extracted: JSON
    whole: JSON
    states: dict[str, Step] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    stale: list[Step] = field(default_factory=list)
    added: dict[tuple[str, int], int] = field(default_factory=dict)
    changed: dict[str, Step] = field(default_factory=dict)

    def take(self, step: Step) -> None:
        try:
            path = self._place(step)
        except (LookupError, ValueError, TypeError):
            if step.action != "invented":  # what is not there any more needs no removal
                self.stale.append(step)
            return
        in_list = isinstance(found_at(self.whole, path.rpartition("/")[0]), list) and path != ""
        for gone in self.removed.intersection(_above(path)):  # a row that was removed is one again
            self.removed.discard(gone)
            del self.states[gone]
        if step.action == "invented" and in_list:
            self.removed.add(path)
        elif step.action != "accept" or _without(found_at(self.whole, path), self.removed, path) != step.value:
            self.whole = put(self.whole, path, step.value)
            below = f"{path}/"
            self.states = {other: held for other, held in self.states.items() if not other.startswith(below)}
            self.removed = {other for other in self.removed if not other.startswith(below)}
            self.changed = {other: held for other, held in self.changed.items() if not other.startswith(below)}
            self.changed[path] = step
        self.states[path] = step

    def _place(self, step: Step) -> str:
        """The pointer of a step in the value as it is now."""
        place, rows, names = "", iter(step.rows), parts(step.path)
        for depth, name in enumerate(names, 1):
            holder = found_at(self.whole, place)
            if isinstance(holder, list):
                last = depth == len(names) and step.action == "missing"
                place = join(place, self._row(place, holder, int(name), next(rows, None), step if last else None))
            elif isinstance(holder, dict) or holder is None:
                place = join(place, name)
            else:
                raise _Unplaced(place)
        if next(rows, None) is not None:  # what was a list is none any more
            raise _Unplaced(place)
        return place

    def _row(self, at: str, holder: list[JSON], index: int, row: JSON, new: Step | None) -> int:
        if row is not None:
            return _find(found_at(self.extracted, at), row, index)
        if (at, index) in self.added:
            return self.added[at, index]
        extracted = found_at(self.extracted, at)
        known = len(extracted) if isinstance(extracted, list) else 0
        if new is None:
            if index >= len(holder) or index < known == len(holder):
                raise _Unplaced(at)
            return index
        place = len(holder)
        if index < known:  # a later run found more rows: this may be one of them
            with suppress(_Unplaced):
                place = _find(extracted, new.value, index)
        self.added[at, index] = place
        return place


def _find(rows: JSON, wanted: JSON, index: int) -> int:
    """Where a row is in a list: at its index, else the nearest equal one, else the one that is most like it."""
    if not isinstance(rows, list):
        raise _Unplaced
    if index < len(rows) and rows[index] == wanted:
        return index
    equal = [place for place, row in enumerate(rows) if row == wanted]
    if equal:
        return min(equal, key=lambda place: abs(place - index))
    features = set(map(repr, leaves(wanted)))
    shared = [len(features.intersection(map(repr, leaves(row)))) for row in rows]
    most = max(shared, default=0)
    if 2 * most <= len(features) or shared.count(most) > 1:
        raise _Unplaced
    return shared.index(most)


def _above(pointer: str) -> Iterator[str]:
    """The pointer, and those of all that it is part of."""
    while pointer:
        yield pointer
        pointer = pointer.rpartition("/")[0]
    yield ""


def _without(
    value: JSON,
    removed: Collection[str],
    pointer: str = "",
    *,
    order: Mapping[str, Sequence[int]] = MappingProxyType({}),
) -> JSON:
    if not removed and not order:
        return value
    if isinstance(value, dict):
        return {name: _without(inner, removed, join(pointer, name), order=order) for name, inner in value.items()}
    if isinstance(value, list):
        places = ((join(pointer, row), value[row]) for row in order.get(pointer, range(len(value))))
        return [_without(item, removed, place, order=order) for place, item in places if place not in removed]
    return value


# ---------------------------------------------------------------------- steps applied to a record


def as_extracted(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record as it was before anybody corrected it."""
    if "extracted" not in record:
        return dict(record)
    made = ("corrected", "reviewed", "extracted", *_EXTRACTED)
    return {**{name: value for name, value in record.items() if name not in made}, **record["extracted"]}


def applied(record: Mapping[str, Any], steps: Sequence[Step], check: Check | None = None) -> dict[str, Any]:
    """A record with steps applied; without any, as it was extracted.

    A value that was replaced has the evidence of its step and no confidence. Problems at a place that was reviewed are
    settled; what `check` finds wrong with the value is a problem.
    """
    record = as_extracted(record)
    if not steps:
        return record
    review = reviewed(record["value"], steps, record.get("evidence") or ())
    places = [(moved, step) for path, step in review.states.items() if (moved := review.moved(path)) is not None]
    settled = {path for path, _ in places} | {path for path, step in review.states.items() if step.action == "invented"}
    value = review.value

    def still(pointer: str) -> str | None:
        """The pointer as it is now, if what stood there still does."""
        return None if review.replaced(pointer) else review.moved(pointer)

    open_problems = [
        {**problem, "path": moved}
        for problem in record.get("problems") or ()
        if not reviewed_above(problem["path"], settled) and (moved := review.moved(problem["path"])) is not None
    ]
    found = () if check is None or value is None else check(value, record.get("kind"))
    wrong = [{"path": one.path, "message": one.message} for one in found]
    problems = [*open_problems, *(one for one in wrong if one not in open_problems)]
    evidence = [{**line, "path": still(line["path"])} for line in record.get("evidence") or ()]
    evidence += [{**line, "path": review.moved(line["path"])} for line in review.evidence]
    confidence = ((still(path), likely) for path, likely in (record.get("confidence") or {}).items())
    return {
        **record,
        "status": "failed" if value is None else "partial" if problems else "ok",
        "value": value,
        "evidence": [line for line in evidence if line["path"] is not None],
        "confidence": {path: likely for path, likely in confidence if path is not None},
        "problems": problems,
        "corrected": bool(review.changed),
        "reviewed": [{"path": path, "action": step.action} for path, step in places],
        "extracted": {name: record[name] for name in _EXTRACTED if name in record},
    }
