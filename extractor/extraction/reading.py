"""Asking about one part until its answer is whole. "Ask again" about a part is decided here, and nowhere else.

    ask ─► whole ─────────────────────► a list shorter than its count: ask once for what was missed ─► reading
       ├─► cut ─► rows were added ────► go on from the next item, and with the lists behind it ─► (ask)
       │      ├─► in a list in a row ─► go on with that list ─► (ask)
       │      └─► no row was added ───► halve the part, or else its fields ─► (ask, each half)
       └─► too long, too slow ────────► halve the part ─► (ask, each half)

Each further request shrinks the work: it adds a row, or halves what is asked about. What can be neither continued nor
halved, and what is over the replies that a part of its size may cost, is a problem of the reading. Where halves lose
something and state less than was read before, that stays. For example, part 3 has 90 lines, and an answer holds 40:

    Part 3.                         {"lines_count": 90, "lines": [1, ..., 40, half of 41    40 rows, and half a row
    Part 3, /lines from item 41.    {"lines_count": 50, "lines": [41, ..., 80, half of 81   40 more
    Part 3, /lines from item 81.    {"lines_count": 10, "lines": [81, ..., 90]}             10 more: as many as counted
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
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
from extractor.schema.pointer import JSON, found_at, join, leaves, put
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


def read(
    inquiry: Inquiry, view: View, part: Part, replies: list[int] | None = None, turn: int = 0
) -> Flow[list[Reading]]:
    """What was read in a part: one reading, or those of its halves beside what was paid for the whole.

    `replies` is what it may still cost, and is counted down; `turn` is how many replies it had so far.
    """
    groups = inquiry.schema.groups()
    if len(groups) > 1:
        return [(yield from _read_fields(inquiry, groups, view, part))]
    draft = _Draft(inquiry, view, part, replies or [_most_replies(inquiry, part)], turn, Reading(part=part))
    if (yield from _to_the_end(draft)):
        for _ in range(max(inquiry.passes - 1, bool(draft.reading.short))):
            yield from _ask_missed(draft)
        if view.end < len(inquiry.layout.document.text):
            yield from _in_sight(draft)
        return [_concluded(draft.reading)]
    if not draft.may_ask:
        return [_concluded(draft.reading, lost=_SPENT)]
    smaller = yield from _smaller(draft)
    if not smaller:
        return [_concluded(draft.reading, lost=_CUT_OFF)]
    worse = any(one.losses for one in smaller) and sum(map(_size, smaller)) < _size(draft.reading)
    return [draft.reading, *map(_abandoned, smaller)] if worse else [_abandoned(draft.reading), *smaller]


def reread(inquiry: Inquiry, view: View, reading: Reading) -> Flow[Reading]:
    """The reading of a part that lacks rows of the text, or is empty between full ones, asked about once more."""
    paid = sum(len(answer.requests) for answer in reading.answers)
    draft = _Draft(inquiry, view, reading.part, [_most_replies(inquiry, reading.part) - paid], 0, reading)
    yield from _ask_missed(draft)
    return _concluded(draft.reading)


def _most_replies(inquiry: Inquiry, part: Part) -> int:
    """The replies that a part may cost: a conversation for each pass and one for what was missed, and two replies for
    each time that the part or its fields can be halved."""
    tokens = inquiry.layout.sums.tokens(part.start, part.end) + sum(map(picture_tokens, part.images))
    fields = count_tokens(orjson.dumps(inquiry.schema.shape.skeleton).decode())
    return min(MOST_REPLIES, _REPLIES * (1 + inquiry.passes) + 2 * int((tokens + fields) / INDIVISIBLE))


@dataclass(slots=True)
class _Draft:
    """A reading in the making: what was read of a part so far, and how many replies may still be paid for.

    `half` is the row that the last answer was cut in, and `whole` are the lists that it has left behind.
    """

    inquiry: Inquiry
    view: View
    part: Part
    replies: list[int]
    turn: int
    reading: Reading
    half: Row | None = None
    whole: set[str] = field(default_factory=set)

    @property
    def may_ask(self) -> bool:
        """Whether a further conversation stays within the replies that the part may cost."""
        return self.replies[0] >= _REPLIES

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

    def values(self, path: str | None) -> list[JSON]:
        """What is known of a list."""
        return [] if path is None else _values(self.reading.rows.get(path, ()))

    def is_open(self, path: str) -> bool:
        """Whether a list may have rows that no answer listed: an answer was cut before it came to that list."""
        return not self.reading.rows.get(path) and self.reading.counts.get(path) != 0 and path not in self.whole

    def add(self, answer: Answer, path: str | None = None) -> str | None:
        """Take in an answer; returns the list that it was cut in, None where it is whole or no row of it is.

        An answer that goes on with the list at `path` has what comes from there on. The last row of a cut list may be
        half a row: it becomes `half`, and is left to the next answer.
        """
        lists, reading = self.inquiry.lists, self.reading
        answer = replace(answer, problems=(*answer.problems, *_short_inside(answer, lists)))
        rest, facts, rows = take_apart(self.inquiry.schema, answer, self.part, lists)
        for passed in () if path is None else lists[: lists.index(path)]:
            del rows[passed]
        cut, self.half = self._cut_list(answer, rows) if answer.truncated else (None, None)
        merged, counts = {**reading.rows}, {**reading.counts}
        for each in lists:
            known, new = reading.rows.get(each, ()), rows.get(each, ())
            if each == path:
                new = [*known, *new[_overlap(self, each, _values(known), _values(new), self.part.end) :]]
            merged[each] = max(new, known, key=len)
            if each in answer.counts:
                counts.setdefault(each, answer.counts[each] + (len(known) if each == path else 0))
        rests = (reading.rest, rest) if answer.truncated else (rest, reading.rest)
        facts = [*reading.facts, *facts]
        self.reading = replace(reading, rest=filled(*rests), facts=tuple(facts), rows=merged, counts=counts)
        return cut

    def add_missed(self, answer: Answer) -> int:
        """Take in what an earlier reading missed; returns how many rows were added."""
        lists, reading = self.inquiry.lists, self.reading
        rest, facts, rows = take_apart(self.inquiry.schema.excerpt(), answer, self.part, lists)
        if answer.truncated:
            self._cut_list(answer, rows)
        self.reading = replace(
            reading,
            rest=filled(reading.rest, rest),
            facts=(*reading.facts, *facts),
            rows={path: _in_order(self, path, rows[path]) for path in lists},
        )
        return sum(map(len, self.reading.rows.values())) - sum(map(len, reading.rows.values()))

    def _cut_list(self, answer: Answer, rows: dict[str, list[Row]]) -> tuple[str | None, Row | None]:
        """The list that an answer was cut in, and its last row, which may be half; lists before that are whole."""
        order = [path for path in held(answer.value, self.inquiry.lists) if path in rows]
        cut = next((path for path in reversed(order) if rows[path]), None)
        self.whole |= set(order[: order.index(cut)] if cut is not None else ())
        return cut, None if cut is None else rows[cut].pop()


# -- an answer that is cut: go on with it, or ask about less


def _to_the_end(draft: _Draft) -> Flow[bool]:
    """Ask until every list is whole; False where the part is to be halved instead."""
    path: str | None = None
    while draft.may_ask:
        before, half, known = draft.reading, draft.half, draft.values(path)
        answer = yield from draft.ask(path, start=0 if path is None else len(known) + 1)
        if isinstance(answer.error, TooLong | TooSlow):
            return False
        cut = draft.add(answer, path)
        more = draft.values(path)[len(known) :]
        added = more or cut == path or answer.error
        if path is not None and not added and (half or (answer.truncated and draft.is_open(path))):
            return False  # the list has more rows, and none of them came
        if more and repeats(more, known, cut=answer.truncated):
            draft.reading = before
            return False
        if answer.truncated:
            rows = draft.values(cut)[len(known) if cut == path else 0 :]
            if not (rows or (yield from _within(draft, cut))):
                return False
        elif path is None:
            return True
        if path is not None:
            draft.whole.add(path)
        path = cut if cut is not None else next(filter(draft.is_open, draft.inquiry.lists), None)
        if path is None:
            return True
    return False


def _within(draft: _Draft, cut: str | None) -> Flow[bool]:
    """Go on with a list inside the row or the rest that the last answer ends in; False where that is futile."""
    reading, last = draft.reading, draft.reading.answers[-1]
    row = draft.half or Row(reading.rest, draft.part, reading.facts)
    inner = cut_within(row.value)
    if inner is None:
        return False
    here, there = ("", "") if cut is None else (join(cut, len(reading.rows[cut])), join(cut, _last(last.value, cut)))
    items, whole = items_at(row.value, inner)[:-1], False
    row = replace(row, value=put(row.value, inner, items))
    while not whole and draft.may_ask:
        answer = yield from draft.ask(here + inner, start=len(items) + 1)
        longer = _gone_on(draft, row, cut, inner, answer)
        if longer is None:
            break  # the item that the last answer ended in is still to come
        row, whole = longer, not answer.truncated
        items = items_at(row.value, inner)
    if whole and last.counts.get(there + inner, len(items)) != len(items):
        message = f"the model counted {last.counts[there + inner]} items and listed {len(items)}"
        row = replace(row, facts=(*row.facts, Fact("problem", inner, message)))
    if cut is None:
        draft.reading = replace(draft.reading, rest=row.value, facts=row.facts)
    else:
        draft.half = None
        rows = {**draft.reading.rows, cut: [*draft.reading.rows[cut], row]}
        draft.reading = replace(draft.reading, rows=rows)
    return whole


def _gone_on(draft: _Draft, row: Row, cut: str | None, inner: str, answer: Answer) -> Row | None:
    """A row with the further items of its list at `inner`, and what else an answer says of it; None where the answer
    has none, begins the list from its start, or is about another row."""
    at = "" if cut is None else join(cut, 0)
    others = cut is not None and _last(answer.value, cut) > 0
    piece, known = found_at(answer.value, at), items_at(row.value, inner)
    more = items_at(piece, inner)[: -1 if answer.truncated else None]
    beside = put(piece, inner, [])
    if answer.error or others or not more or repeats(more, known, cut=answer.truncated):
        return None
    if not agree(beside, put(row.value, inner, [])):
        return None
    known = known[: len(known) - _overlap(draft, at + inner, known, more, draft.view.end)]
    facts = (
        each._replace(path=each.path.removeprefix(at)) for each in facts_of(draft.inquiry.schema.excerpt(), answer)
    )
    value = put(filled(row.value, beside), inner, [*known, *more])
    return Row(value, row.part, (*row.facts, *shifted(facts, inner, len(known))))


def _last(value: JSON, path: str) -> int:
    """The number of the last item of a list."""
    return len(items_at(value, path)) - 1


def _smaller(draft: _Draft) -> Flow[list[Reading]]:
    """The readings of the halves of a part, or of its fields; of the whole once more, where an answer was cut with room
    left; none where nothing is left to divide."""
    inquiry, reading, part = draft.inquiry, draft.reading, draft.part
    sizes = {path: len(draft.values(path)) for path in inquiry.lists}
    listed = any(sizes.values()) and all(reading.counts.get(path) == size for path, size in sizes.items())
    if halves := () if listed else inquiry.layout.halves(part):
        flows = [read(inquiry, one, half, draft.replies) for one in inquiry.layout.views(halves) for half in one.parts]
        return list(chain.from_iterable((yield from all_ended(flows))))
    leaves = sum(inquiry.schema.shape.required.values()) + sum(inquiry.schema.shape.optional.values())
    fields = inquiry.schema.groups(max(1, leaves // 2))
    if len(fields) > 1:
        return [(yield from _read_fields(inquiry, fields, draft.view, part, draft.replies))]
    if not draft.turn and reading.answers[-1].early:
        replied = sum(len(answer.requests) for answer in reading.answers)
        return (yield from read(inquiry, draft.view, part, draft.replies, replied))
    return []


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


# -- an answer that is whole: ask for what it missed, and look behind what was shown


def _ask_missed(draft: _Draft) -> Flow[None]:
    """Ask for what an earlier reading missed, until an answer is whole. Nothing is required of such an answer."""
    while draft.reading.rest is not None and draft.may_ask:
        value = draft.reading.value
        found = "nothing" if silent(value) else orjson.dumps(_without_silence(value)).decode()
        more = yield from draft.ask(found=found)
        added = 0 if more.error else draft.add_missed(more)
        if more.error or (more.truncated and not (added and draft.may_ask)):
            loss = Problem("", f"a second reading failed: {more.error or 'its answer was cut off'}")
            draft.reading = replace(draft.reading, losses=(*draft.reading.losses, loss))
        if not more.truncated or draft.reading.losses:
            return


def _without_silence(value: JSON) -> JSON:
    if isinstance(value, dict):
        return {name: _without_silence(inner) for name, inner in value.items() if not silent(inner)}
    return [_without_silence(item) for item in value] if isinstance(value, list) else value


def _in_sight(draft: _Draft) -> Flow[None]:
    """Read the last row of each list again, in a longer view, where it may go on behind what was shown."""
    view, part = draft.view, draft.part
    for path, rows in list(draft.reading.rows.items()):
        *_, before, last = None, None, *(_items_range(draft, join(path, 0), row.value) for row in rows[-2:])
        if last is None or _IN_SIGHT * (view.end - last[1]) > last[1] - last[0]:
            continue
        longer = draft.inquiry.layout.longer(part, before[1] if before else part.start, last)
        found: list[Reading] = []
        if longer.end > view.end and draft.may_ask:
            found = yield from read(draft.inquiry, longer, longer.parts[0], draft.replies)
        own = [*(rows[:-1] if before else ()), *(row for reading in found for row in reading.rows.get(path, ()))]
        losses = [loss for reading in found for loss in reading.losses]
        if len(own) < len(rows):
            own, losses = list(rows), [Problem(path, "the last item may go on behind what was shown"), *losses]
        draft.reading = replace(
            draft.reading,
            rows={**draft.reading.rows, path: own},
            answers=(*draft.reading.answers, *(answer for reading in found for answer in reading.answers)),
            losses=(*draft.reading.losses, *losses),
        )


def _items_range(draft: _Draft, at: str, row: JSON) -> tuple[int, int] | None:
    """From the first to the last item of the last list in a row, that of the row itself where all its lists are empty;
    None where it has no lists, or nothing is found."""
    inner, items = last_items(row, at)
    if not items and inner:
        inner, items = at.rpartition("/")[0], [row]
    placed = list(filter(None, places(draft.inquiry.layout, inner, items, draft.part.start, draft.view.end)))
    return (placed[0][0], placed[-1][1]) if placed else None


# -- rows that are known already


def _overlap(draft: _Draft, path: str, known: Sequence[JSON], more: Sequence[JSON], end: int) -> int:
    """How many items at the start of those that an answer goes on with are the last known ones once more."""
    sizes = range(1, min(len(known), len(more)) + 1)
    size = next((size for size in sizes if list(more[:size]) == list(known[-size:])), 0)
    where = (draft.inquiry.layout, draft.part, path)
    return 0 if any(is_further(*where, item, known.count(item), end) for item in more[:size]) else size


def _in_order(draft: _Draft, path: str, missed: Sequence[Row]) -> list[Row]:
    """The rows of a part with those that it missed at first: by their place in the text, or else behind the others."""
    layout, part, rows = draft.inquiry.layout, draft.part, list(draft.reading.rows.get(path, ()))
    missed = _further(draft, path, missed)
    placed = [place for some in (rows, missed) for place in places(layout, path, _values(some), part.start, part.end)]
    if not missed or not all(placed):
        return [*rows, *missed]
    both = zip(placed, [*rows, *missed], strict=True)
    return [row for _, row in sorted(both, key=lambda one: one[0] or (0, 0))]


def _further(draft: _Draft, path: str, more: Sequence[Row]) -> list[Row]:
    """Rows without those that are known. An answer that has all that is known, in order, is the whole list, unless both
    are as many as were counted; else rows that equal a known one need lines of their own."""
    known, further = draft.values(path), list[Row]()
    if len(known) + len(more) > draft.reading.counts.get(path, 0):
        more = _beside(known, more)
    for row in more:
        equal = known.count(row.value) + sum(each.value == row.value for each in further)
        where = (draft.inquiry.layout, draft.part, path)
        if row.value not in known or is_further(*where, row.value, equal, draft.part.end):
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


# -- how a reading ends


def _concluded(reading: Reading, *, lost: str = "") -> Reading:
    """The reading with what is known to be missing, and the requests that a retry sends again; `lost` says why it came
    to no end."""
    short = {} if lost else reading.short
    losses = [Problem("", str(answer.error)) for answer in reading.answers if answer.error]
    if lost and not losses:
        losses = [Problem("", lost)]
    losses += (
        Problem(path, f"the model counted {stated} items and listed {found}") for path, (found, stated) in short.items()
    )
    doubtful = [one for one in reading.answers if lost or short or one.error or one.problems]
    retry = tuple(key for answer in doubtful for key in answer.requests)
    return replace(reading, losses=(*reading.losses, *losses), retry=retry)


def _abandoned(reading: Reading) -> Reading:
    """What was paid and lost stays counted; what was read is in another reading."""
    return Reading(part=reading.part, losses=reading.losses, answers=reading.answers, retry=reading.retry)


def _values(rows: Sequence[Row]) -> list[JSON]:
    return [row.value for row in rows]


def _size(reading: Reading) -> int:
    """How many values a reading states."""
    return sum(not silent(leaf) for _, leaf in leaves(reading.value))


def _short_inside(answer: Answer, lists: Sequence[str]) -> Iterator[Problem]:
    """Lists within rows that hold fewer items than the model counted."""
    for path, stated in answer.counts.items():
        if path not in lists and not answer.truncated:
            size = len(items_at(answer.value, path))
            if size < stated:
                yield Problem(path, f"the model counted {stated} items and listed {size}")
