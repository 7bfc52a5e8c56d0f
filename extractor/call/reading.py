"""A reply read into a draft: mended where it is near-JSON, put into the declared shape, checked, accounted for."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from extractor.call.asking import Repair
from extractor.errors import InvalidValue, Problem
from extractor.repair.evidence import Evidence, is_empty
from extractor.repair.mend import Change, Mended, mend
from extractor.schema.compiler import Schema
from extractor.schema.pointer import JSON, leaves
from extractor.wire.values import Reply

__all__ = ["NO_JSON", "Draft", "elected", "others", "read"]

NO_JSON = Problem("", "the answer held no JSON that could be read")

_MARKER = re.compile(r"<\|[a-z][a-z_]{1,40}\|>|\[(?:BOS|EOS|EOT|PAD|UNK)\]")
_UNFINISHED = Problem("", "the answer ends before its JSON does")
_MASKED = Problem("", "the answer held the API token, which was replaced by ***: take it out of the document")
_EMPTY = Problem("", "the answer says nothing: it is null or an empty list in place of an object")


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer that holds JSON. `cut` tells that the token limit ended it.

    `invalid` is what is wrong with values that are there, which cannot be kept; `lost` what the reply held or left out
    beside them: the values can be kept, but they are not all. Of one that is cut, `lost` has all but what the schema
    refuses, which is judged by what is left of it in the end.
    """

    value: JSON
    counts: Mapping[str, int]
    quotes: Mapping[str, str]
    invalid: tuple[Problem, ...]
    lost: tuple[Problem, ...]
    repairs: tuple[Repair, ...]
    reply: Reply
    cut: bool = False

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All that is wrong with it, one problem for each place."""
        return _unique((*self.lost, *self.invalid)) if self.lost or self.invalid else ()

    def better_than(self, other: Draft, source: str) -> bool:
        """Whether it is worth more than an older draft: no more problems, and no fewer sound values.

        A value that the older one has and the newer one lacks counts unless it stands nowhere in the document, or is a
        row whose figures the newer one has elsewhere: a total among the rows, say.
        """
        wrong, before = len(self.problems) + self.cut, len(other.problems) + other.cut
        mine, its = self.sound(), other.sound()
        if wrong <= before and len(mine) >= len(its):
            return True
        evidence = Evidence(source)
        if wrong >= before or not evidence.known:
            return False
        standing = sum(map(evidence.stands, mine)) >= sum(map(evidence.stands, its))
        return standing or not any(map(evidence.stands, other._beyond(set(map(str, mine)))))

    def sound(self) -> list[JSON]:
        """The leaves that say something, and are not part of what is invalid."""
        return list(self._sound().values())

    def _sound(self) -> dict[str, JSON]:
        """The same by pointer. What is wrong with the whole is how its leaves go together, not each of them."""
        wrong = tuple(f"{problem.path}/" for problem in self.invalid if problem.path)
        found = ((path, leaf) for path, leaf in leaves(self.value) if not is_empty(leaf))
        return {path: leaf for path, leaf in found if not f"{path}/".startswith(wrong)}

    def _beyond(self, values: Collection[str]) -> Iterator[JSON]:
        """The sound leaves that are not among some values; of a row that has figures, the figures alone count."""
        holders: defaultdict[str, list[JSON]] = defaultdict(list)
        for path, leaf in self._sound().items():
            holders[path.rpartition("/")[0]].append(leaf)
        for holder, own in holders.items():
            is_row = holder.rpartition("/")[2].isdecimal()
            figures = [leaf for leaf in own if is_row and any(map(str.isdigit, str(leaf)))]
            yield from (leaf for leaf in figures or own if str(leaf) not in values)


def read(reply: Reply, schema: Schema[Any], source: str = "") -> Draft:
    """The draft in a reply about `source`; InvalidValue where its text holds no JSON that could be kept."""
    text, dropped = _text(reply, source)
    mended = mend(text, schema, source=source or None)
    cut = not mended.complete and reply.finish == "length"
    if cut and not any(leaves(mended.value)):
        raise InvalidValue((Problem("", "the answer was cut before it held anything"),))
    if not isinstance(mended.value, dict) and not schema.tree.wrapped:
        if is_empty(mended.value):
            problems = (*schema.problems({}), *mended.lost, _EMPTY)
            return Draft({}, {}, {}, (), _unique(problems), (*dropped, *_mending(mended, cut)), reply, cut)
        raise InvalidValue((Problem("", "the answer is no object"),))
    shaped = mended.shaped
    assert shaped is not None  # as there is a schema
    unfinished = () if mended.complete or cut else (_UNFINISHED,)
    invalid = (*mended.invalid, *shaped.problems, *mended.refused)
    invalid = _unique(invalid) if invalid else ()
    repairs = (*dropped, *_mending(mended, cut)) if mended.changes or cut else dropped
    masked = (_MASKED,) if reply.masked else ()
    lost = (*masked, *unfinished, *mended.lost, *(mended.invalid if cut else ()))
    return Draft(shaped.value, shaped.counts, shaped.quotes, invalid, lost, repairs, reply, cut)


def _text(reply: Reply, source: str) -> tuple[str, tuple[Repair, ...]]:
    """The text of a reply, without the markers of the model's template that are not the document's own.

    A fence that closes behind an answer that the token limit ended says nothing of its end.
    """
    text = reply.content.rstrip().removesuffix("```").rstrip() if reply.finish == "length" else reply.content
    found = {marker for marker in _MARKER.findall(text) if marker not in source}
    if not found:
        return text, ()
    text = _MARKER.sub(lambda each: "" if each[0] in found else each[0], text)
    return text, (Repair("mend", (f"markers of the model's template were dropped: {' '.join(sorted(found))}",)),)


def elected(reply: Reply, schema: Schema[Any], source: str = "") -> Reply:
    """The reply with the best of its several answers (`n`) first, as its content.

    Fewest problems count first, then what stands in the document, then how many of the others agree.
    """
    texts = (reply.content, *reply.others)
    drafts = [_drafted(replace(reply, content=text, others=(), logprobs=()), schema, source) for text in texts]
    ballots = [dict(leaves(draft.value)) if draft else {} for draft in drafts]
    evidence = Evidence(source or None)

    def rank(index: int) -> tuple[float, ...]:
        draft, mine = drafts[index], ballots[index]
        if draft is None:
            return (1, 0, 0, 0)
        standing, counted = evidence.share(draft.value) if evidence.known else (0, 0)
        votes = sum(ballot.get(path, NO_JSON) == leaf for ballot in ballots for path, leaf in mine.items())
        return (0, len(draft.problems) + draft.cut, counted - 2 * standing, -votes)

    best = min(range(len(texts)), key=rank)
    rest = (*texts[:best], *texts[best + 1 :])
    return replace(reply, content=texts[best], others=rest, logprobs=()) if best else reply


def _drafted(reply: Reply, schema: Schema[Any], source: str) -> Draft | None:
    try:
        return read(reply, schema, source)
    except InvalidValue:
        return None


def others(reply: Reply, schema: Schema[Any], source: str = "") -> tuple[JSON, ...]:
    """The further answers of a reply to one question (`n`), in the declared shape; what cannot be read is left out."""
    values = []
    for text in reply.others:
        with suppress(InvalidValue):
            mended = mend(text, schema, source=source or None)
            values.append(mended.shaped and mended.shaped.value)
    return tuple(values)


def _mending(mended: Mended, cut: bool) -> tuple[Repair, ...]:
    changes = tuple(_lines(mended.changes))
    paths = tuple(dict.fromkeys(change.path for change in mended.changes if change.path))
    if cut:
        whole = changes or ("the answer was cut; what came whole is kept",)
        return (Repair("salvage", whole, lossy=True, paths=paths),)
    return (Repair("mend", changes, mended.lossy, paths=paths),) if changes else ()


def _lines(changes: Iterable[Change]) -> Iterator[str]:
    """A line for each kind of change, with the first place where it was made."""
    places: dict[str, list[Change]] = {}
    for change in changes:
        places.setdefault(change.message, []).append(change)
    for first, *more in places.values():
        yield f"{first} and {len(more)} more places" if len(more) > 1 else " and ".join(map(str, (first, *more)))


def _unique(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """One problem for each place, the first that was found there."""
    by_path: dict[str, Problem] = {}
    for problem in problems:
        by_path.setdefault(problem.path, problem)
    return tuple(by_path.values())
