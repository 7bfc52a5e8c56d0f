"""Where a string may end: at a quote that something structural follows, or where its quote must have been forgotten.

A step goes from one doubtful quote to the next; what nobody would doubt is not asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from extractor.repair.state import CLOSERS, Event, State, Want
from extractor.repair.words import Role, may_follow, must_follow

__all__ = ["begun", "opened", "string_steps"]

_ENDS = {'"': '"', "'": "'", "`": "`", "“": '”“"', "”": '”"', "„": '“”"', "‘": "’'", "’": "’'", "«": "»"}
_STOPS = {opener: re.compile(rf"[\\{re.escape(opener + ends)}]") for opener, ends in _ENDS.items()}
_STOPS["'"] = re.compile(r"""[\\'"]""")

# What a forgotten quote leaves between the end of a value and the next string: `x, "b"`, `x}, {"b"`, `x': "b"`.
_GAP = re.compile(r"""(['’]?)([\s}\]]*,|\s*\n|\s*[}\]])[\s{\[]*\Z""")
_GAP_MOST = 80
_OPEN_NAME = re.compile(r"\s*([^\W\d][\w -]*?)['’]?\s*(?=[:=])")
_TAIL = re.compile(r"\s*([}\]][}\]\s]*)(```[`\s]*)?\Z")
_TAIL_MOST = 200
_TRIES = 64
# So many doubtful quotes are passed before other readings have their turn.
_AT_ONCE = 8
_UNLIKE_NAME = re.compile(r"[:,{}\[\]\n]")
_ITEM_AHEAD = re.compile(r"\s*,\s*[\[{]")
# One more word up to the end of an item: rather the next item, whose comma and opening quote were lost, than a quote
# inside of this one; but for inches.
_LOST = re.compile(r"""[ \t]+[^\W\d][^\s"\\,]*"\s*(?:,\s*["\]]|\])""")
_MEASURE = re.compile(r"""(?<![^\s"'])[\d.,/]+\Z""")
_COLON = re.compile(r"\s*[:=]")


def begun(text: str, state: State, role: Role) -> Iterator[State]:
    """The readings that have just met the opening quote of a value, or three of which the last ones were cut off."""
    yield opened(text, state, role)
    if text.startswith(text[state.at] * 3, state.at) and text.find(text[state.at] * 3, state.at + 3) < 0:
        yield state.then(("cut", state.at), at=len(text), want=Want.DONE, cost=6)


def opened(text: str, state: State, role: Role) -> State:
    """The reading that has just met an opening quote, or one of three that open a longer string."""
    quote = text[state.at]
    if text.startswith(quote * 3, state.at):
        end = _tripled(text, state.at, role)
        if end > 0:
            return _closed(text, state._replace(start=state.at, role=role), end, end + 3, width=3)
    return state._replace(want=Want.STRING, role=role, start=state.at, at=state.at + 1, quotes=0)


def string_steps(text: str, state: State, names: frozenset[str] | None) -> Iterator[State]:
    """The ways in which the string that a reading is in may end, or go on past the next quote."""
    opener, at, role = text[state.start], state.at, state.role
    bare = state.before(0)[0] == "bare"
    while found := _STOPS[opener].search(text, at):
        stop = found.start()
        if text[stop] == "\\":
            at = stop + 2
            continue
        at = stop + 1
        if opener == "'" and text[stop] == '"':
            if must_follow(text, at, role, names, bare=bare):
                yield _closed(text, state, stop, at, cost=3)
                state = state._replace(cost=state.cost + 2)
            continue
        if opener == "'" and text[stop - 1].isalnum() and text[at : at + 1].isalnum():
            continue
        first = state.quotes == 0
        if first and must_follow(text, at, role, names, bare=bare):
            yield _closed(text, state, stop, at)
            return
        ends = may_follow(text, at, role)
        yield from _forgotten(text, state, stop)
        if ends or first:
            yield _closed(text, state, stop, at, cost=2 * (not ends))
            yield from _doubled(text, state, stop)
        price = _price(text, stop, state)
        state = state._replace(at=at, quotes=state.quotes + 1, cost=state.cost + price)
        if ends or first or state.quotes % _AT_ONCE == 0:
            yield state
            return
    yield from _unended(text, state)


def _closed(text: str, state: State, end: int, after: int, *, cost: int = 0, width: int = 1) -> State:
    """The reading past a string that ends at `end`."""
    event: Event = ("string", state.start, state.start + width, end, state.quotes)
    cost += 2 * (state.quotes % 2)
    if state.role == "key":
        crooked = 3 * bool(state.quotes and _UNLIKE_NAME.search(text, state.start, end))
        return state.then(("key", *event[1:]), at=after, want=Want.COLON, cost=cost + crooked)
    return state.then(event, at=after, want=Want.AFTER, cost=cost)


def _doubled(text: str, state: State, stop: int) -> Iterator[State]:
    """The opening quote was written twice: the second one opens the string."""
    if stop != state.start + 1 or may_follow(text, stop + 1, "member"):
        return
    step = state.noted("quotes", "an opening quote was doubled", stop)._replace(start=stop)
    yield step._replace(at=stop + 1, cost=state.cost + 2)
    end = text.find(text[stop], stop + 1)
    if end > 0 and text[end + 1 : end + 2] == text[stop]:
        yield _closed(text, step, end, end + 2, cost=1)


def _forgotten(text: str, state: State, stop: int) -> Iterator[State]:
    """The closing quote was left out: the quote at `stop` opens the next string."""
    start = state.start + 1
    if state.role == "key":
        if (name := _OPEN_NAME.match(text, start, stop)) and not _COLON.match(text, stop + 1):
            yield _missing(text, state, name.end(1), name.end())
        return
    if text[stop - 1].isalnum():
        return
    first = max(start, stop - _GAP_MOST)
    gap = _GAP.search(text, first, stop)
    if gap is None or (gap.start() == start and gap[2] != ","):
        return
    own = _own(text, first, gap.start(2))
    if not text[own:stop].strip(" \t"):
        return
    price = 1 if not state.quotes and ("\n" in gap[0] or text.startswith('""', stop)) else 2
    yield _missing(text, state, gap.start() if own == gap.start(2) else own, own, cost=price)


def _own(text: str, start: int, end: int) -> int:
    """Where the closing brackets from `end` on stop belonging to brackets that were opened from `start` on."""
    opened = [char for char in text[start:end] if char in "{[}]"]
    left = sum(1 if char in "{[" else -1 for char in opened)
    while left > 0 and text[end] in "}]":
        end, left = end + 1, left - 1
    return end


def _missing(text: str, state: State, end: int, after: int, *, cost: int = 2) -> State:
    step = state.noted("quotes", "a closing quote was missing", end)
    return _closed(text, step, end, after, cost=cost)


def _unended(text: str, state: State) -> Iterator[State]:
    """The text ended in the string: it was cut, or only the quote before the last brackets was forgotten."""
    price = 6 + 2 * (state.quotes % 2)
    yield state._replace(at=len(text), cost=state.cost + price, log=(state.log, ("cut", state.start)), want=Want.DONE)
    tail = _TAIL.search(text, max(state.start + 1, len(text) - _TAIL_MOST))
    if tail is None:
        return
    closing = "".join(CLOSERS[opener] for opener in reversed(state.stack))
    end, fenced = _before(tail, closing), tail[2] is not None
    if end < 0 or text.count("{", state.start, end) > text.count("}", state.start, end) + (state.role == "key"):
        return
    step = state.noted("quotes", "a closing quote was missing, or the text was cut", end, lossy=not fenced)
    if not fenced:
        step = step._replace(log=(step.log, ("unsure",)))
    price = 1 if fenced else 3
    if state.role != "key":
        yield _closed(text, step, end, end, cost=price)
    elif name := _OPEN_NAME.match(text, state.start + 1, end):
        yield _closed(text, step, name.end(1), name.end(), cost=price)


def _before(tail: re.Match[str], closing: str) -> int:
    """Where the brackets start that close what is open, at the end of a text; -1 where they are others."""
    if "".join(tail[1].split()).endswith(closing):
        at = tail.end(1)
        for _ in closing:
            at = max(tail.string.rfind("}", 0, at), tail.string.rfind("]", 0, at))
        return at if at > tail.start(1) else tail.start()
    return tail.start() if tail[2] is not None else -1


def _tripled(text: str, start: int, role: Role) -> int:
    """Where a string between triple quotes ends: at the first three that something structural follows."""
    quotes = text[start] * 3
    first = end = text.find(quotes, start + 3)
    for _ in range(_TRIES):
        if end < 0 or may_follow(text, end + 3, role):
            break
        end = text.find(quotes, end + 1)
    return end if end > 0 else first


def _price(text: str, at: int, state: State) -> int:
    """How unlikely a quote is to belong to the string: less so if it looks like one of a pair."""
    before = state.quotes
    previous, following = text[at - 1], text[at + 1 : at + 2]
    if following in ('"', "") and before % 2 == 0:
        return 3
    if at > state.start + 1 and not previous.isalnum() and previous not in ",}]" and not following.isspace():
        return 1
    if before % 2:
        return 1
    if state.role == "item" and not before and _LOST.match(text, at + 1) and not _MEASURE.search(text, state.start, at):
        return 7
    return 5 if _ITEM_AHEAD.match(text, at + 1) else 3 if following in ",}]:" else 2
