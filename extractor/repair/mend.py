"""Near-JSON to JSON, with a receipt: the value, all that was changed or left out, and whether the text was whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from extractor.repair.fit import fits, problems_of, property_names
from extractor.repair.readings import read_strictly, readings
from extractor.repair.receipt import Change, Guess, Mended
from extractor.schema.pointer import JSON

if TYPE_CHECKING:
    from extractor.schema.compiler import Schema

__all__ = ["Change", "Mended", "mend"]

_CODE = re.compile(r":\s*\{\s*[^\W\d]\w*\s*:")
_HALVES = re.compile("[\ud800-\udfff]")


def mend(text: str | bytes, schema: Schema[Any] | None = None, *, partial: bool = False) -> Mended:
    """The JSON value that an answer means, whatever stands around it or is wrong with it.

    Valid JSON costs its parsing. Of several ways to read the rest, the one that `schema` has least against wins
    (the value stays in the wire shape); then the one that loses least. What was dropped or guessed is a Change, and
    `complete` is False where the text ended early: then the members and list items that came whole are kept;
    `partial` keeps the one that the text ended inside too, as far as it came. InvalidValue when nothing can be saved.
    """
    clean, changes = _decoded(text)
    strict = read_strictly(clean)
    if strict is not None and (schema is None or not problems_of(schema, strict.value)):
        best = strict
    else:
        best = _best(clean, strict, schema, partial=partial)
    return Mended(best.value, (*changes, *best.changes), best.complete) if changes else best


def _best(text: str, strict: Mended | None, schema: Schema[Any] | None, *, partial: bool) -> Mended:
    """The first reading that nothing can be said against, else the one with least against it."""
    ranked: list[tuple[tuple[int, ...], Mended]] = []
    for reading in _candidates(text, strict, schema, partial=partial):
        rank = _rank(reading, schema)
        if not any(rank):
            return reading
        ranked.append((rank, reading))
    return min(ranked, key=lambda pair: pair[0])[1]


def _candidates(text: str, strict: Mended | None, schema: Schema[Any] | None, *, partial: bool) -> Iterator[Mended]:
    """Every reading, each followed by what it becomes when it is fitted to the schema."""
    if strict is not None:
        found: Iterator[Mended] = iter((strict, *_from_string(strict.value, partial=partial)))
    else:
        guesses = (replace(guess, partial=partial) for guess in _guesses(text, schema))
        found = (reading for guess in guesses for reading in readings(text, guess, several=schema is not None))
    for reading in found:
        yield from (reading,) if schema is None else fits(reading, schema)


def _from_string(value: JSON, *, partial: bool) -> Iterator[Mended]:
    """The JSON inside a JSON string."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        inner = mend(value, partial=partial)
        yield Mended(
            inner.value, (Change("nested", "the JSON came inside a string", 0), *inner.changes), inner.complete
        )


def _guesses(text: str, schema: Schema[Any] | None) -> Iterator[Guess]:
    """The ways to read, likeliest first."""
    if schema is not None:
        names = property_names(schema.wire)
        yield Guess(names=names)
        yield Guess(names=names, duplicates="split")
        yield Guess(names=names, duplicates="first")
        if _CODE.search(text):
            yield Guess(names=names, code=True)
    yield Guess()


def _rank(reading: Mended, schema: Schema[Any] | None) -> tuple[int, int, int]:
    """What speaks against a reading: problems with the schema and pieces that fit nowhere, an early end, losses."""
    problems = len(problems_of(schema, reading.value)) if schema is not None else 0
    problems += sum(change.kind == "skipped" for change in reading.changes)
    return problems, not reading.complete, sum(change.lossy for change in reading.changes)


def _decoded(text: str | bytes) -> tuple[str, tuple[Change, ...]]:
    """The text as characters that JSON can carry; what cannot be carried is replaced, and told."""
    try:
        if isinstance(text, bytes):
            return text.decode(), ()
        text.encode()
        return text, ()
    except UnicodeError:
        clean = text.decode("utf-8", "replace") if isinstance(text, bytes) else _HALVES.sub("\ufffd", text)
        return clean, (Change("skipped", "bytes that are no text were replaced", clean.find("\ufffd"), lossy=True),)
