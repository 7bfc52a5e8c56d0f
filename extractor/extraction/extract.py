"""Asking about one document: what it states once, and the rows of its long lists, part by part.

one part                 one question with everything in it
several parts            the document's own fields, over the widest view; then rows, view by view:
                         the first request of a view goes ahead, so that the service can cache what it shows
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import orjson

from extractor.call.asking import Settings
from extractor.call.effects import Flow
from extractor.extraction.answers import Reading
from extractor.extraction.owners import has_key, owned
from extractor.extraction.parts import Layout, Part, View
from extractor.extraction.reading import Inquiry, all_ended, read, reread
from extractor.schema.compiler import Schema

__all__ = ["read_document"]

_PROBES = 2
"""Requests after which it is known whether the service caches prefixes."""

_LANES = 3
"""Views that are open at once: few, so that a prefix is asked about while the service still holds it."""

_OUTSIDE = 0.05
"""The share of rows of other parts from which on a model is shown its part alone."""


def read_document(
    schema: Schema[Any], layout: Layout, parts: Sequence[Part], settings: Settings, *, passes: int = 1, rank: int = 0
) -> Flow[tuple[Reading, ...]]:
    """Ask until nothing is left to ask about the document.

    Returns what was read about the document itself, where that was asked about alone, and then what was read of the
    rows of its parts, in order.
    """
    lists = tuple(schema.lists)
    inquiry = Inquiry(schema=schema, layout=layout, settings=settings, lists=lists, passes=passes, rank=rank)
    if len(parts) == 1:
        (view,) = layout.views(parts)
        readings = yield from read(inquiry, view, parts[0])
        return tuple((yield from _accounted(inquiry, readings)) if lists else readings)
    about = yield from _about(inquiry, parts)
    # An item with a key may be stated piece by piece, so that no part states all of it.
    rows = schema.rows(loose=any(has_key(schema, path) for path in lists))
    if rows is None:
        return tuple(about)
    inquiry = replace(inquiry, schema=rows, layout=layout.with_answers(_as_context(about)))
    return (*about, *(yield from _rows(inquiry, parts)))


def _about(inquiry: Inquiry, parts: Sequence[Part]) -> Flow[list[Reading]]:
    """What the document states once, over views as wide as the window."""
    views = inquiry.layout.widest(parts)
    fields = inquiry.schema.document(loose=len(views) > 1)
    if fields is None:
        return []
    inquiry = replace(inquiry, schema=fields, lists=())
    flows = [read(inquiry, view, part) for view in views for part in view.parts]
    return list(chain.from_iterable((yield from all_ended(flows))))


def _as_context(about: Sequence[Reading]) -> str:
    """The answers about the document, as the views of its parts show them."""
    found = [reading.value for reading in about if not reading.is_empty and reading.value is not None]
    return "\n".join(orjson.dumps(value).decode() for value in found)


def _rows(inquiry: Inquiry, parts: Sequence[Part]) -> Flow[list[Reading]]:
    """The rows of all parts. The first requests tell how the model and the service behave, and size the others."""
    layout = inquiry.layout
    views = layout.views(parts)
    readings: list[Reading] = []
    done = expected = 0
    while views and done < _PROBES:
        view = views.pop(0)
        readings += yield from _view(inquiry, view)
        done += len(view.parts)
        expected += sum(part.answer for part in view.parts)
    if views:
        listed, own = map(_rows_in, (readings, owned(layout, inquiry.lists, readings)[0]))
        answered = sum(answer.usage.completion_tokens for reading in readings for answer in reading.answers)
        views = layout.views(
            parts[done:],
            cached=_cached(readings),
            alone=listed - own > _OUTSIDE * listed,
            answered=answered / max(1, expected),
        )
        left, read_views = iter(enumerate(views)), dict[int, list[Reading]]()
        yield from all_ended(_lane(inquiry, left, read_views) for _ in range(_LANES))
        readings += chain.from_iterable(read_views[number] for number in sorted(read_views))
    return (yield from _accounted(inquiry, readings))


def _rows_in(readings: Sequence[Reading]) -> int:
    return sum(len(rows) for reading in readings for rows in reading.rows.values())


def _lane(inquiry: Inquiry, left: Iterator[tuple[int, View]], read_views: dict[int, list[Reading]]) -> Flow[None]:
    """One view after another, until none is left."""
    for number, view in left:
        read_views[number] = yield from _view(inquiry, view)


def _view(inquiry: Inquiry, view: View) -> Flow[list[Reading]]:
    """The readings of a view's parts: the first one is asked ahead of the others."""
    readings = yield from read(inquiry, view, view.parts[0])
    later = yield from all_ended(read(inquiry, view, part) for part in view.parts[1:])
    return [*readings, *chain.from_iterable(later)]


def _cached(readings: Sequence[Reading]) -> bool:
    """Whether a later request found the beginning of its prompt in the service's cache."""
    return any(answer.usage.cached_tokens for reading in readings[1:] for answer in reading.answers)


def _accounted(inquiry: Inquiry, readings: list[Reading]) -> Flow[list[Reading]]:
    """The readings, each row once; parts that lack rows of the text, or are empty between full ones, are asked about
    once more."""
    readings, doubled, missing = owned(inquiry.layout, inquiry.lists, readings)
    if incomplete := sorted({*missing, *_empty_between(readings)}):
        flows = [
            reread(inquiry, view, readings[at])
            for at in incomplete
            for view in inquiry.layout.views([readings[at].part])
        ]
        for at, reading in zip(incomplete, (yield from all_ended(flows)), strict=True):
            readings[at] = reading
        readings, doubled, missing = owned(inquiry.layout, inquiry.lists, readings)
    for at, reading in enumerate(readings):
        losses = (*reading.losses, *([missing[at]] if at in missing else ()), *doubled[at])
        readings[at] = replace(reading, losses=losses)
    return readings


def _empty_between(readings: Sequence[Reading]) -> Iterator[int]:
    for at in range(1, len(readings) - 1):
        before, own, after = readings[at - 1 : at + 2]
        if own.is_empty and own.part.start < own.part.end and not (before.is_empty or after.is_empty):
            yield at
