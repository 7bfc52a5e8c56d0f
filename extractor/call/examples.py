"""Documents with their right answers, shown to the model before the one that it is asked about.

They stand in the system message, which all requests of a run share, so that the service caches them. Which ones are
shown depends on the schema and on the room alone. A document is never shown as its own example. A value that an example
has and the document has not is no answer: it is taken out, and asked for by a question without examples.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import orjson

from extractor.errors import InvalidValue, Problem, UsageError
from extractor.repair.evidence import Evidence
from extractor.schema.compiler import Excerpt, Part, Schema
from extractor.schema.parts import trimmed
from extractor.schema.pointer import JSON, leaves, parts
from extractor.text.tokens import count_tokens

__all__ = ["Example", "best", "copied", "prompt_of"]

_INTRODUCTION = """\
Examples of other documents, each with its right answer. They show how to answer. No value of theirs belongs to the \
document that you are asked about."""


@dataclass(frozen=True, slots=True)
class Example:
    """A document and its right value, as JSON in the declared shape: a line of a gold file with the text beside it.

    >>> from extractor import Config, Example
    >>> bill = Example("Cafe Linde, 2 May 2026, EUR 4,20", {"merchant": "Cafe Linde", "total": "4.20"})
    >>> config = Config(examples=(bill,))
    """

    text: str = field(repr=False)
    value: JSON = field(repr=False)
    name: str = ""


def best(examples: Sequence[Example], schema: Schema[Any], *, room: int) -> tuple[Example, ...]:
    """The examples that are shown: in each turn the one that shows most of what none before it shows.

    An example shows of each field either how it is stated or that it can be absent. `room` is in tokens. Raises
    UsageError for a value that the schema refuses.
    """
    left = [(_features(each, schema), count_tokens(_written(each, schema)), each) for each in examples]
    chosen: list[Example] = []
    seen: set[tuple[str, bool]] = set()
    while left := [one for one in left if one[1] <= room and one[0] - seen]:
        features, tokens, example = max(left, key=lambda one: (len(one[0] - seen), -one[1]))
        chosen.append(example)
        seen |= features
        room -= tokens
    return tuple(chosen)


def prompt_of(examples: Iterable[Example], schema: Schema[Any], text: str) -> str:
    """The examples as they stand in a prompt about `text`; "" where there are none to show."""
    found = [] if isinstance(schema, Part) else [_written(each, schema) for each in examples if not _is_of(text, each)]
    return "\n\n".join([_INTRODUCTION, *found]) if found else ""


def copied(
    examples: Iterable[Example], schema: Schema[Any], value: JSON, text: str, context: str = ""
) -> tuple[JSON, tuple[Problem, ...]]:
    """A value without what it has from an example, and a problem for each leaf that is gone.

    That is a leaf which equals one of an example in the same field, and does not stand in the text or its context. One
    of a closed set of choices need not be printed, and stays.
    """
    theirs = {(_field(path), leaf) for each in examples if not _is_of(text, each) for path, leaf in leaves(each.value)}
    if not theirs:
        return value, ()
    evidence, found = Evidence(f"{context}\n{text}"), list[Problem]()
    for path, leaf in leaves(value):
        if not _is_printed(leaf) or (_field(path), leaf) not in theirs or evidence.stands(leaf):
            continue
        if not (known := schema.field(path)) or known.kind != "enum":
            found.append(Problem(path, "the value was that of an example, and is not in the document"))
    for problem in found:
        value = _without(value, parts(problem.path))
    return value, tuple(found)


def _without(value: JSON, steps: Sequence[str]) -> JSON:
    """The value with null at a place."""
    if not steps:
        return None
    first, *rest = steps
    if isinstance(value, dict):
        return {**value, first: _without(value[first], rest)}
    assert isinstance(value, list)
    index = int(first)
    return [*value[:index], _without(value[index], rest), *value[index + 1 :]]


def _is_of(text: str, example: Example) -> bool:
    """Whether a text is of the document that an example was made of."""
    return bool(text.strip()) and text.strip() in example.text


def _is_printed(leaf: JSON) -> bool:
    return leaf is not None and not isinstance(leaf, bool | dict | list)


def _field(path: str) -> str:
    return "/".join("*" if step.isdecimal() else step for step in path.split("/"))


def _features(example: Example, schema: Schema[Any]) -> set[tuple[str, bool]]:
    return {(_field(path), leaf is not None) for path, leaf in leaves(_encoded(example, schema))}


def _written(example: Example, schema: Schema[Any]) -> str:
    mark = sha256(example.text.encode("utf-8", "replace")).hexdigest()[:16]
    answer = orjson.dumps(_encoded(example, schema)).decode()
    return f"<example-{mark}>\n{example.text.strip()}\n</example-{mark}>\nAnswer: {answer}"


def _encoded(example: Example, schema: Schema[Any]) -> JSON:
    """The right answer in the shape that the schema asks for."""
    value = example.value
    if isinstance(schema, Excerpt):
        value = trimmed(value, schema.whole.declared, schema.declared)
    try:
        return schema.encode(schema.validate(value))
    except InvalidValue as error:
        raise UsageError(f"the example {example.name or 'without a name'} does not fit the schema: {error}") from error
