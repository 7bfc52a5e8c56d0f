"""Asking about one part until its answer is whole. "Ask again" about a part is decided here, and nowhere else.

    ask ─► whole ─────────────────────► a list shorter than its count: ask once for what was missed ─► reading
       ├─► cut ─► rows were added ────► go on from the next item, and with the lists behind it ─► (ask)
       │      ├─► in a list in a row ─► go on with that list ─► (ask)
       │      └─► no row was added ───► halve the part, or else its fields ─► (ask, each half)
       └─► too long, too slow ────────► halve the part ─► (ask, each half)

Each further request shrinks the work: it adds a row, or halves what is asked about. What can be neither continued nor
halved, and what is over the replies that a part of its size may cost, is a problem of the reading. Where halves lose
something and state less than was read before, that stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain
from typing import Any, TypeVar

import orjson

from extractor.call.asking import Answer, Asking, Settings
from extractor.call.conversation import converse
from extractor.call.effects import Flow, Together
from extractor.call.prompt import Aim
from extractor.errors import STOPPING, ExtractorError, Problem, TooLong, TooSlow
from extractor.extraction.answers import (
    Fact,
    Reading,
    Row,
    cut_within,
    facts_of,
    filled,
    held,
    items_at,
    last_items,
    repeats,
    shifted,
    silent,
    take_apart,
)
from extractor.extraction.likeness import agree
from extractor.extraction.owners import has_key, is_further, places
from extractor.extraction.parts import INDIVISIBLE, Layout, Part, View, picture_tokens
from extractor.schema.compiler import Schema
from extractor.schema.pointer import JSON, join, leaves, put
from extractor.text.tokens import count_tokens

__all__ = ["MOST_REPLIES", "Inquiry", "all_ended", "read", "reread"]

T = TypeVar("T")

MOST_REPLIES = 64
"""The most replies that one part is paid for: its halves, what they go on with and what they missed included. A short
part is paid for fewer. A schema of more than 100 fields is asked in groups, and each group may have as many."""

_REPLIES = 5
"""The most replies of one conversation, turns of tools aside: the first and four repairs."""

_IN_SIGHT = 4
"""The last row of a part ends in sight where more than this share of its own list, a quarter, is shown behind it."""

_CUT_OFF = "the answer was cut off and could not be asked for in smaller parts"
_SPENT = "the answer was cut off, and the replies that the part may cost are spent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """What is asked about the parts of a document: a schema, how, and the lists that may take several answers.

    `lists` are declared pointers in the order of the wire; `passes` is how often each part is read, from the second
    time on for what was missed.
    """

    schema: Schema[Any]
    layout: Layout
    settings: Settings
    lists: tuple[str, ...] = ()
    passes: int = 1
    rank: int = 0


class _Pass:
    """One part on its way to a reading: what was read so far, and what may still be paid for."""

    def __init__(self, inquiry: Inquiry, view: View, part: Part, replies: list[int], turn: int = 0) -> None:
        self.inquiry, self.view, self.part, self.turn = inquiry, view, part, turn
        self.reading = Reading(part=part)
        self.half: Row | None = None
        self._empty: set[str] = set()
        self.replies = replies

    def ask(self, path: str | None = None, *, start: int = 0, found: str = "") -> Flow[Answer]:
        """Ask about the part, or go on with the list at `path` from an item; "" is a list that is the whole value."""
        marked, schema, document = bool(self.view.marks), self.inquiry.schema, self.inquiry.layout.document
        wire = "" if path is None else schema.wire_path(path) or path
        asking = Asking(
            schema=schema.excerpt() if found or wire.count("/") > 1 else schema,
            text=document.text[self.view.start : self.view.end],
            context=self.view.context,
            name=document.name,
            images=self.part.images,
            marks=self.view.marks,
            aim=Aim(self.part.number if marked else 1, marked, wire, start),
            keyed=tuple(schema.wire_path(each) for each in self.inquiry.lists if has_key(schema, each)),
            found=found,
            rank=self.inquiry.rank,
            turn=self.turn,
        )
        self.replies[0] -= _REPLIES  # halves are read at once, and share what is left
        answer = yield from converse(asking, self.inquiry.settings)
        self.replies[0] += max(0, _REPLIES - len(answer.requests))
        self.reading = replace(self.reading, answers=(*self.reading.answers, answer))
        return answer

    @property
    def may_ask(self) -> bool:
        """Whether a further conversation stays within the replies that the part may cost."""
        return self.replies[0] >= _REPLIES

    @property
    def has_all_rows(self) -> bool:
        """Whether each list has the rows that were counted, though the last one may lack items."""
        known = {path: len(self.reading.rows.get(path, ())) for path in self.inquiry.lists}
        return any(known.values()) and all(self.reading.counts.get(path) == size for path, size in known.items())

    def values(self, path: str) -> list[JSON]:
        """What is known of a list."""
        return _values(self.reading.rows.get(path, ()))

    def is_open(self, path: str) -> bool:
        """Whether a list may have rows that no answer listed: an answer was cut before it came to that list."""
        return not self.reading.rows.get(path) and self.reading.counts.get(path) != 0 and path not in self._empty

    def add(self, answer: Answer, path: str | None = None) -> str | None:
        """Take in an answer; returns the list that it was cut in, None where it is whole or no row of it is.

        An answer that goes on with the list at `path` has what comes from there on. The last row of a cut list may be
        half a row: it becomes `half`, and is left to the next answer.
        """
        inquiry, reading = self.inquiry, self.reading
        answer = replace(answer, problems=(*answer.problems, *_short_inside(answer, inquiry.lists)))
        rest, facts, rows = take_apart(inquiry.schema, answer, self.part, inquiry.lists)
        if path is not None:
            rows = {each: rows[each] for each in inquiry.lists[inquiry.lists.index(path) :]}
        cut, self.half = self._cut_list(answer, rows) if answer.truncated else (None, None)
        known = {each: list(reading.rows.get(each, ())) for each in inquiry.lists}
        counts = {
            each: reading.counts.get(each, stated + (len(known[each]) if each == path else 0))
            for each, stated in answer.counts.items()
            if each in inquiry.lists
        }
        for each, new in rows.items():
            if each == path:
                overlap = _overlap(self, each, self.values(each), _values(new), self.part.end)
                new = [*known[each], *new[overlap:]]
            known[each] = max(new, known[each], key=len)
        first, second = (rest, reading.rest) if not answer.truncated else (reading.rest, rest)
        self.reading = replace(
            reading,
            rest=filled(first, second),
            facts=(*reading.facts, *facts),
            rows=known,
            counts={**reading.counts, **counts},
        )
        return cut

    def add_missed(self, answer: Answer) -> int:
        """Take in what an earlier reading missed; returns how many rows were added."""
        inquiry, reading = self.inquiry, self.reading
        known = sum(map(len, reading.rows.values()))
        rest, facts, rows = take_apart(inquiry.schema.excerpt(), answer, self.part, inquiry.lists)
        if answer.truncated:
            self._cut_list(answer, rows)
        self.reading = replace(
            reading,
            rest=filled(reading.rest, rest),
            facts=(*reading.facts, *facts),
            rows={path: _in_order(self, path, rows.get(path, ())) for path in inquiry.lists},
        )
        return sum(map(len, self.reading.rows.values())) - known

    def _cut_list(self, answer: Answer, rows: dict[str, list[Row]]) -> tuple[str | None, Row | None]:
        """The list that an answer was cut in, and its last row, which may be half; lists before that are whole."""
        order = [path for path in held(answer.value, self.inquiry.lists) if path in rows]
        cut = next((path for path in reversed(order) if rows[path]), None)
        self._empty |= set(order[: order.index(cut)] if cut is not None else ())
        return cut, None if cut is None else rows[cut].pop()


def all_ended(flows: Iterable[Flow[T]]) -> Flow[list[T]]:
    """What flows at once return, in their order. What stops the job is raised once all have ended: what was asked is
    paid, and is to be kept."""
    stopped: list[ExtractorError] = []

    def ended(flow: Flow[T]) -> Flow[T | None]:
        try:
            return (yield from flow)
        except STOPPING as error:
            stopped.append(error)
            return None

    results: list[T] = yield Together(tuple(map(ended, flows)))
    if stopped:
        raise stopped[0]
    return results


def _most_replies(inquiry: Inquiry, part: Part) -> int:
    """The replies that a part may cost: a conversation for each pass and one for what was missed, and two replies for
    each time that the part or its fields can be halved."""
    tokens = inquiry.layout.sums.tokens(part.start, part.end) + sum(map(picture_tokens, part.images))
    fields = count_tokens(orjson.dumps(inquiry.schema.shape.skeleton).decode())
    return min(MOST_REPLIES, _REPLIES * (1 + inquiry.passes) + 2 * int((tokens + fields) / INDIVISIBLE))


def read(
    inquiry: Inquiry, view: View, part: Part, replies: list[int] | None = None, turn: int = 0
) -> Flow[list[Reading]]:
    """What was read in a part: one reading, or those of its halves beside what was paid for the whole.

    `replies` is what it may still cost, and is counted down; `turn` is how many replies it had so far.
    """
    groups = _groups(inquiry.schema)
    if len(groups) > 1:
        return [(yield from _read_fields(inquiry, groups, view, part))]
    replies = replies or [_most_replies(inquiry, part)]
    current = _Pass(inquiry, view, part, replies, turn)
    fits = yield from _to_the_end(current)
    if fits:
        for _ in range(max(inquiry.passes - 1, bool(current.reading.short))):
            yield from _ask_missed(current)
        if view.end < len(inquiry.layout.document.text):
            yield from _in_sight(current)
        return [_concluded(current.reading)]
    if not current.may_ask:
        return [_lost(current.reading, _SPENT)]
    if halves := [] if current.has_all_rows else inquiry.layout.halves(part):
        flows = [read(inquiry, one, half, replies) for one in inquiry.layout.views(halves) for half in one.parts]
        smaller = list(chain.from_iterable((yield from all_ended(flows))))
    elif len(fields := _halves(inquiry.schema)) > 1:
        smaller = [(yield from _read_fields(inquiry, fields, view, part, replies))]
    elif not turn and current.reading.answers[-1].early:
        replied = sum(len(answer.requests) for answer in current.reading.answers)
        smaller = yield from read(inquiry, view, part, replies, replied)
    else:
        return [_lost(current.reading, _CUT_OFF)]
    worse = any(one.losses for one in smaller) and sum(map(_size, smaller)) < _size(current.reading)
    return [current.reading, *map(_abandoned, smaller)] if worse else [_abandoned(current.reading), *smaller]


def _to_the_end(current: _Pass) -> Flow[bool]:
    """Ask until every list is whole; False where the part is to be halved instead."""
    left, path = list(current.inquiry.lists), None
    while current.may_ask:
        known: list[JSON] = [] if path is None else current.values(path)
        half = current.half
        answer = yield from current.ask(path, start=0 if path is None else len(known) + 1)
        if isinstance(answer.error, TooLong | TooSlow):
            return False
        before = current.reading
        cut = current.add(answer, path)
        more: list[JSON] = [] if path is None else current.values(path)[len(known) :]
        added = bool(more or cut == path or answer.error)
        if path is not None and not added and (half or (answer.truncated and current.is_open(path))):
            return False  # the list has more rows, and none of them came
        if more and repeats(more, known, cut=answer.truncated):
            current.reading = before
            return False
        if answer.truncated:
            rows = [] if cut is None else current.values(cut)[len(known) if cut == path else 0 :]
            if not (rows or (yield from _within(current, cut))):
                return False
        elif path is None:
            return True
        left = [each for each in left if each != path]
        path = cut if cut is not None else next(filter(current.is_open, left), None)
        if path is None:
            return True
    return False


def _within(current: _Pass, cut: str | None) -> Flow[bool]:
    """Go on with a list inside the row or the rest that the last answer ends in; False where that is futile."""
    reading, schema, half = current.reading, current.inquiry.schema.excerpt(), current.half
    target = half.value if half else reading.rest
    inner = cut_within(target)
    if inner is None:
        return False
    above = "" if cut is None else join(cut, len(reading.rows[cut]))
    inside = "" if cut is None else join(cut, 0)
    facts, cut_answer = list(half.facts if half else reading.facts), reading.answers[-1]
    place = inner if cut is None else join(cut, len(items_at(cut_answer.value, cut)) - 1) + inner
    stated = cut_answer.counts.get(place)
    items, whole, futile = items_at(target, inner)[:-1], False, False
    while not (whole or futile) and current.may_ask:
        answer = yield from current.ask(above + inner, start=len(items) + 1)
        rest = answer.value if cut is None else (items_at(answer.value, cut) or [None])[0]
        alone = cut is None or len(items_at(answer.value, cut)) <= 1
        more, ended = items_at(rest, inner) if alone else [], not (answer.truncated or answer.error)
        more = more if ended else more[:-1]
        of_another = not agree(put(rest, inner, []), put(target, inner, []))
        if answer.error or not more or of_another or repeats(more, items, cut=not ended):
            futile = True  # the item that the last answer ended in is still to come
            continue
        own = (fact._replace(path=fact.path.removeprefix(inside)) for fact in facts_of(schema, answer))
        known = len(items) - _overlap(current, inside + inner, items, more, current.view.end)
        facts += shifted(own, inner, known)
        items, whole = [*items[:known], *more], ended
        target = filled(target, put(rest, inner, []))
    if whole and stated not in (None, len(items)):
        facts.append(Fact("problem", inner, f"the model counted {stated} items and listed {len(items)}"))
    target = put(target, inner, items)
    if cut is None:
        current.reading = replace(current.reading, rest=target, facts=tuple(facts))
    else:
        current.half = None
        row = Row(target, current.part, tuple(facts))
        rows = {**current.reading.rows, cut: [*current.reading.rows[cut], row]}
        current.reading = replace(current.reading, rows=rows)
    return whole


def _ask_missed(current: _Pass) -> Flow[None]:
    """Ask for what an earlier reading missed, until an answer is whole. Nothing is required of such an answer."""
    while current.reading.rest is not None and current.may_ask:
        more = yield from current.ask(found=_as_found(current.reading.value))
        added = 0 if more.error else current.add_missed(more)
        if more.error or (more.truncated and not (added and current.may_ask)):
            loss = Problem("", f"a second reading failed: {more.error or 'its answer was cut off'}")
            current.reading = replace(current.reading, losses=(*current.reading.losses, loss))
        if not more.truncated or current.reading.losses:
            return


def _in_sight(current: _Pass) -> Flow[None]:
    """Read the last row of each list again, in a longer view, where it may go on behind what was shown."""
    layout, view, part = current.inquiry.layout, current.view, current.part
    for path, rows in list(current.reading.rows.items()):
        before, last = ([None, None, *(_items_range(current, join(path, 0), row.value) for row in rows[-2:])])[-2:]
        if last is None or _IN_SIGHT * (view.end - last[1]) > last[1] - last[0]:
            continue
        longer, found, own = (
            layout.longer(part, before[1] if before else part.start, last),
            list[Reading](),
            list[Row](),
        )
        if longer.end > view.end and current.may_ask:
            found = yield from read(current.inquiry, longer, longer.parts[0], current.replies)
            own = [*(rows[:-1] if before else ()), *(row for reading in found for row in reading.rows.get(path, ()))]
        fewer = len(own) < len(rows)
        losses = [Problem(path, "the last item may go on behind what was shown")] if fewer else []
        current.reading = replace(
            current.reading,
            rows={**current.reading.rows, path: rows if fewer else own},
            answers=(*current.reading.answers, *(answer for reading in found for answer in reading.answers)),
            losses=(*current.reading.losses, *losses, *(loss for reading in found for loss in reading.losses)),
        )


def _items_range(current: _Pass, at: str, row: JSON) -> tuple[int, int] | None:
    """From the first to the last item of the last list in a row, that of the row itself where all its lists are empty;
    None where it has no lists, or nothing is found."""
    inner, items = last_items(row, at)
    if not items and inner:
        inner, items = at.rpartition("/")[0], [row]
    placed = list(filter(None, places(current.inquiry.layout, inner, items, current.part.start, current.view.end)))
    return (placed[0][0], placed[-1][1]) if placed else None


def _in_order(current: _Pass, path: str, missed: Sequence[Row]) -> list[Row]:
    """The rows of a part with those that it missed at first: by their place in the text, or else behind the others."""
    rows, missed = list(current.reading.rows.get(path, ())), _further(current, path, missed)
    both, own = [*rows, *missed], (current.part.start, current.part.end)
    placed = [place for some in (rows, missed) for place in places(current.inquiry.layout, path, _values(some), *own)]
    if not missed or not all(placed):
        return both
    return [row for _, row in sorted(zip(placed, both, strict=True), key=lambda one: one[0] or (0, 0))]


def _overlap(current: _Pass, path: str, known: Sequence[JSON], more: Sequence[JSON], end: int) -> int:
    """How many items at the start of those that an answer goes on with are the last known ones once more."""
    sizes = range(1, min(len(known), len(more)) + 1)
    size = next((size for size in sizes if list(more[:size]) == list(known[-size:])), 0)
    where = (current.inquiry.layout, current.part, path)
    return 0 if any(is_further(*where, item, known.count(item), end) for item in more[:size]) else size


def _further(current: _Pass, path: str, more: Sequence[Row]) -> list[Row]:
    """Rows without those that are known. An answer that has all that is known, in order, is the whole list, unless both
    are as many as were counted; else rows that equal a known one need lines of their own."""
    known, further = current.values(path), list[Row]()
    if len(known) + len(more) > current.reading.counts.get(path, 0):
        more = _beside(known, more)
    for row in more:
        equal = known.count(row.value) + sum(each.value == row.value for each in further)
        where = (current.inquiry.layout, current.part, path)
        if row.value not in known or is_further(*where, row.value, equal, current.part.end):
            further.append(row)
    return further


def _beside(known: Sequence[JSON], more: Sequence[Row]) -> Sequence[Row]:
    """The rows beside the known ones, where all of these are among them, in order; else all."""
    awaited, others = list(reversed(known)), list[Row]()
    for row in more:
        if awaited and row.value == awaited[-1]:
            awaited.pop()
        else:
            others.append(row)
    return more if awaited else others


def reread(inquiry: Inquiry, view: View, reading: Reading) -> Flow[Reading]:
    """The reading of a part that lacks rows of the text, or is empty between full ones, asked about once more."""
    paid = sum(len(answer.requests) for answer in reading.answers)
    current = _Pass(inquiry, view, reading.part, [_most_replies(inquiry, reading.part) - paid])
    current.reading = reading
    yield from _ask_missed(current)
    return _concluded(current.reading)


# -- fields in groups: a schema too wide for one answer


@lru_cache(maxsize=256)
def _groups(schema: Schema[Any]) -> tuple[Schema[Any], ...]:
    return schema.groups()


def _halves(schema: Schema[Any]) -> tuple[Schema[Any], ...]:
    """The schema as two or more with about half of its fields each."""
    leaves = sum(schema.shape.required.values()) + sum(schema.shape.optional.values())
    return schema.groups(max(1, leaves // 2))


def _read_fields(
    inquiry: Inquiry, groups: Sequence[Schema[Any]], view: View, part: Part, replies: list[int] | None = None
) -> Flow[Reading]:
    """A part read for each group of fields, as one reading; each has replies of its own, or in turn of `replies`."""
    inquiries = [replace(inquiry, schema=group, lists=tuple(filter(group.field, inquiry.lists))) for group in groups]
    flows = [read(one, view, part, replies) for one in inquiries]
    readings: list[Reading] = []
    for some in [[flow] for flow in flows] if replies else [flows]:
        readings += chain.from_iterable((yield from all_ended(some)))
    rests = [reading.rest for reading in readings if reading.rest is not None]
    return Reading(
        part=part,
        rest=inquiry.schema.join(rests) if rests else None,
        facts=tuple(chain.from_iterable(reading.facts for reading in readings)),
        rows={path: [row for reading in readings for row in reading.rows.get(path, ())] for path in inquiry.lists},
        losses=tuple(chain.from_iterable(reading.losses for reading in readings)),
        answers=tuple(chain.from_iterable(reading.answers for reading in readings)),
        retry=tuple(chain.from_iterable(reading.retry for reading in readings)),
    )


# -- how a reading ends


def _concluded(reading: Reading) -> Reading:
    """The reading with what is known to be missing, and the requests that a retry sends again."""
    failed = [answer for answer in reading.answers if answer.error]
    losses = [*reading.losses, *(Problem("", str(answer.error)) for answer in failed)]
    losses += (
        Problem(path, f"the model counted {stated} items and listed {found}")
        for path, (found, stated) in reading.short.items()
    )
    doubtful = reading.answers if reading.short else [one for one in reading.answers if one.error or one.problems]
    retry = tuple(key for answer in doubtful for key in answer.requests)
    return replace(reading, losses=tuple(losses), retry=retry)


def _abandoned(reading: Reading) -> Reading:
    """What was paid and lost stays counted; what was read is in another reading."""
    return Reading(part=reading.part, losses=reading.losses, answers=reading.answers, retry=reading.retry)


def _values(rows: Sequence[Row]) -> list[JSON]:
    return [row.value for row in rows]


def _size(reading: Reading) -> int:
    """How many values a reading states."""
    return sum(not silent(leaf) for _, leaf in leaves(reading.value))


def _lost(reading: Reading, why: str) -> Reading:
    keys = tuple(key for answer in reading.answers for key in answer.requests)
    errors = [Problem("", str(answer.error)) for answer in reading.answers if answer.error]
    return replace(reading, losses=(*reading.losses, *(errors or [Problem("", why)])), retry=keys)


def _short_inside(answer: Answer, lists: Sequence[str]) -> Iterator[Problem]:
    """Lists within rows that hold fewer items than the model counted."""
    for path, stated in answer.counts.items():
        if path not in lists and not answer.truncated:
            size = len(items_at(answer.value, path))
            if size < stated:
                yield Problem(path, f"the model counted {stated} items and listed {size}")


def _as_found(value: JSON) -> str:
    """What was found, as the model is shown it."""
    return "nothing" if silent(value) else orjson.dumps(_without_silence(value)).decode()


def _without_silence(value: JSON) -> JSON:
    if isinstance(value, dict):
        return {name: _without_silence(inner) for name, inner in value.items() if not silent(inner)}
    return [_without_silence(item) for item in value] if isinstance(value, list) else value
