"""Where the values of a joined document stand, and how likely each one is right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from extractor.documents.document import Document, Image
from extractor.errors import Problem
from extractor.extraction.answers import items_at
from extractor.extraction.confidence import confidence
from extractor.extraction.finding import Finder, Wanted
from extractor.extraction.ground import Span, ground
from extractor.extraction.join import Joined
from extractor.schema.compiler import Schema
from extractor.schema.pointer import JSON, join, leaves

__all__ = ["foreign", "grounded", "regrounded"]

_PROSE = 6
"""Words of a text that may be the model's own: a summary, a title that it made up."""


def grounded(
    schema: Schema[Any], document: Document, value: JSON, joined: Joined, *, bound: bool
) -> tuple[Mapping[str, tuple[Span, ...]], Mapping[str, float]]:
    """Spans and confidence of every leaf of a value, by pointer. `bound`: answers can only be text of the document."""
    rows = {
        path: [[(part.start, part.end) for part in parts] for parts in items] for path, items in joined.rows.items()
    }
    evidence = ground(
        value,
        document.text,
        schema=schema,
        quotes=_known(joined, "quote"),
        pages=document.pages,
        rows=rows if document.text else None,
        pictures=dict(_pictures(document, joined)) if document.images else {},
        tables=document.tables,
    )
    likely = confidence(
        evidence,
        agreement={**joined.agreement, **_known(joined, "votes")},
        repaired={fact.path for fact in joined.facts if fact.kind == "repaired"},
        logprobs=_known(joined, "logprob"),
        bound=bound,
    )
    return _on_pictures(evidence, document) if document.boxes else evidence, likely


def regrounded(
    schema: Schema[Any] | None, document: Document, value: JSON, paths: Collection[str], *, agreed: Collection[str]
) -> tuple[Mapping[str, tuple[Span, ...]], Mapping[str, float]]:
    """Spans and confidence of some leaves, after a second answer; of those in `agreed` it was the same."""
    found = ground(value, document.text, schema=schema, pages=document.pages, tables=document.tables)
    evidence = {pointer: spans for pointer, spans in found.items() if pointer in paths}
    likely = confidence(evidence, agreement=dict.fromkeys(agreed, (2, 2)))
    return _on_pictures(evidence, document), likely


def _on_pictures(evidence: Mapping[str, tuple[Span, ...]], document: Document) -> Mapping[str, tuple[Span, ...]]:
    """The spans, those of text that was read from a picture with the box around all their lines; where one goes on to
    another picture, around those on the first."""

    def boxed(span: Span) -> Span:
        found = [] if span.start is None or span.end is None else document.boxes_of(span.start, span.end)
        if not found:
            return span
        lefts, tops, rights, bottoms = zip(*(box[3:] for box in found if box.image == found[0].image), strict=True)
        return replace(span, box=(min(lefts), min(tops), max(rights), max(bottoms)))

    return {pointer: tuple(map(boxed, spans)) for pointer, spans in evidence.items()}


def foreign(
    schema: Schema[Any],
    document: Document,
    value: JSON,
    joined: Joined,
    evidence: Mapping[str, tuple[Span, ...]],
    results: str = "",
) -> tuple[Problem, ...]:
    """A problem where a document has text, and nothing of an answer stands in it: it may be another document's.

    So is an item of a list, nothing of which stands there, though the same fields of other items do.

    A value counts that stands anywhere, were it too slight to be evidence, and in the `results` of tools too. Flags,
    choices, values read from pictures and prose need not be printed; where there is nothing else, nothing is known.
    """
    if not document.text.strip():
        return ()
    text = f"{document.text}\n{results}" if results else document.text

    def wanted_of(found: Iterable[tuple[str, JSON]]) -> list[Wanted]:
        return [Wanted(leaf, field.kind if (field := schema.field(path)) else "any") for path, leaf in found]

    def is_foreign(found: Iterable[tuple[str, JSON]]) -> bool:
        missing: list[tuple[str, JSON]] = []
        for path, leaf in found:
            spans = evidence.get(path, ())
            if any(span.tier != "choice" for span in spans):
                return False
            if not spans and _is_printed(leaf):
                missing.append((path, leaf))
        wanted = wanted_of(missing)
        finder = Finder(text, wanted)
        return bool(wanted) and not any(finder.find(one) or finder.unsure(one) for one in wanted)

    message = "is in the document; it may belong to another one"
    if is_foreign(leaves(value)):
        return (Problem("", f"no value of the answer {message}"),)
    problems: list[Problem] = []
    for path, parts in joined.rows.items():
        items = list(zip(items_at(value, path), parts, strict=False))
        for own in dict.fromkeys(parts):
            rows = [index for index, (_, its) in enumerate(items) if its == own]
            if is_foreign(leaf for index in rows for leaf in leaves(items[index][0], join(path, index))):
                where = f"characters {own[0].start} to {own[-1].end}: " if own else ""
                problems.append(Problem(join(path, rows[0]), f"{where}no value of the answer {message}"))
        if problems:
            continue
        pictured = {index for index, (_, its) in enumerate(items) if any(part.images for part in its)}
        unlike = _unlike(path, [item for item, _ in items], evidence)
        wanted = {index: wanted_of(found) for index, found in unlike.items() if index not in pictured}
        finder = Finder(text, chain.from_iterable(wanted.values())) if wanted else None
        for index, own_values in wanted.items():
            if finder and not any(finder.find(one) or finder.unsure(one) for one in own_values):
                problems.append(Problem(join(path, index), f"no value of the item {message}"))
    return tuple(problems)


def _unlike(
    path: str, items: Sequence[JSON], evidence: Mapping[str, tuple[Span, ...]]
) -> dict[int, list[tuple[str, JSON]]]:
    """The leaves of the items of which nothing is found, though they state two values or more of fields that are found
    in half of the items that state them, or in more."""
    stated, found = Counter[str](), Counter[str]()
    missing: dict[int, list[tuple[str, JSON]]] = {}
    for index, item in enumerate(items):
        own = [(at, leaf) for at, leaf in leaves(item, join(path, index)) if _is_printed(leaf)]
        known = {_name(at) for at, _ in own if any(span.tier != "choice" for span in evidence.get(at, ()))}
        stated.update({_name(at) for at, _ in own})
        found.update(known)
        if not known:
            missing[index] = own
    return {
        index: own
        for index, own in missing.items()
        if sum(2 * found[_name(at)] >= stated[_name(at)] for at, _ in own) > 1
    }


def _name(pointer: str) -> str:
    """The pointer of a field, whichever item of a list it is in."""
    return "/".join(name for name in pointer.split("/") if not name.isdecimal())


def _is_printed(leaf: JSON) -> bool:
    if isinstance(leaf, str):
        return 0 < len(leaf.split()) < _PROSE
    return leaf is not None and not isinstance(leaf, bool)


def _known(joined: Joined, kind: str) -> dict[str, Any]:
    """Facts of one kind by pointer; of several about one place, the first."""
    return {fact.path: fact.value for fact in reversed(joined.facts) if fact.kind == kind}


def _pictures(document: Document, joined: Joined) -> Iterator[tuple[str, tuple[int | None, ...]]]:
    """The pages of the pictures that each item of a list, and all the rest, was read from."""
    yield "", _pages(document.images, document)
    for path, items in joined.rows.items():
        for index, parts in enumerate(items):
            if pages := _pages([image for part in parts for image in part.images], document):
                yield join(path, index), pages


def _pages(images: Sequence[Image], document: Document) -> tuple[int | None, ...]:
    """Their pages. A picture without one is where values came from only if there is no text: many are logos."""
    return tuple(dict.fromkeys(image.page for image in images if image.page is not None or not document.text))
