"""What a person typed or chose on the page becomes a step: read by the schema, or refused in one line.

Text is read as it is read in answers: `1.234,50 €` is a decimal, `5 March 2026` a date, and what can mean two things is
neither.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson

from extractor.documents.document import Document
from extractor.errors import InvalidValue, UsageError
from extractor.extraction.evidence import regrounded
from extractor.pipeline.corrections import ACTIONS, Review, Step, as_extracted, reviewed
from extractor.pipeline.result import evidence_lines
from extractor.repair.kinds import choose, read
from extractor.schema.compiler import Schema
from extractor.schema.paths import trace
from extractor.schema.pointer import JSON, found_at, get, join, leaves, parts, put
from extractor.schema.text import from_text
from extractor.schema.tree import Array, Choice, Leaf, Node, Record, Tree, alternatives, is_null

__all__ = ["fields_of", "located", "step_of"]


def step_of(
    record: Mapping[str, Any], steps: Sequence[Step], request: Mapping[str, Any], schema: Schema[Any] | None = None
) -> Step:
    """The step that a request asks for, after the steps that there are; UsageError says what is wrong with it.

    `request` has an `action`, a `path`, and for a new value its `text`, or `fields`: text by pointer below the path.
    Without a schema a value is of the type that it was.
    """
    record = as_extracted(record)
    action, path = request.get("action"), request.get("path")
    if action not in ACTIONS or not isinstance(path, str):
        raise UsageError(f"{action!r} @ {path!r} is no correction: use one of {', '.join(ACTIONS)}, and a JSON pointer")
    before = reviewed(record["value"], steps)
    try:
        was = get(before.whole, path)
    except (LookupError, ValueError, TypeError):
        was = None
        _check_new(before, path, str(action))
    value = None
    if action == "accept":
        moved = before.moved(path)
        value = None if moved is None else found_at(before.value, moved)
    elif action != "invented":
        value = _value(schema, path, was, request)
    step = Step(
        id=uuid4().hex,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        document=record["document"],
        sha256=record.get("sha256", ""),
        action=action,
        path=path,
        value=value,
        was=was,
        rows=list(_rows(before, record["value"], path)),
    )
    if schema is not None and action in ("correct", "missing"):
        step = _checked(schema, record["value"], steps, step)
    if action == "missing" and was is not None and step.value != was:
        raise UsageError(f"another value was added @ {path or '/'}: open the document again")
    return step


def _check_new(before: Review, path: str, action: str) -> None:
    """Only a value that is missing may stand where there is none: in an object, or after the last row of a list."""
    holder = found_at(before.whole, path.rpartition("/")[0])
    last = parts(path)[-1] if path else ""
    after = isinstance(holder, list) and last == str(len(holder))
    if action != "missing" or not (after or isinstance(holder, dict) or not path):
        raise UsageError(f"there is no value to correct @ {path or '/'}")


def _rows(before: Review, extracted: JSON, path: str) -> Iterator[JSON]:
    """The items that a path leads through as they were extracted, None for those that a step put there."""
    here = ""
    for name in parts(path):
        holder = found_at(before.whole, here)
        own = not before.replaced(here)
        here = join(here, name)
        if isinstance(holder, list):
            yield found_at(extracted, here) if own else None


def _checked(schema: Schema[Any], extracted: JSON, steps: Sequence[Step], step: Step) -> Step:
    """The step with its value as the schema writes it; UsageError where the schema refuses the value."""
    after = reviewed(extracted, [*steps, step])
    path = after.moved(step.path) or ""
    try:
        whole = schema.dump(schema.validate(after.value))
    except InvalidValue as error:
        for problem in error.problems:
            if f"{problem.path}/".startswith(f"{path}/"):
                raise UsageError(str(problem)) from None
        return step  # what is wrong elsewhere is for other steps
    return replace(step, value=found_at(whole, path))


# ---------------------------------------------------------------------- where a new value stands


def located(
    step: Step, record: Mapping[str, Any], steps: Sequence[Step], schema: Schema[Any] | None, document: Document
) -> Step:
    """The step with the places of its value in the document. A row is sought by itself first, then among the others."""
    record = as_extracted(record)
    passes = (True, False) if step.action == "missing" else (False,)
    for alone in passes:
        after = reviewed(record["value"], [*steps, step], record.get("evidence") or ())
        path = next((pointer for pointer, last in after.changed.items() if last is step), None)
        path = None if path is None else after.moved(path)
        if path is None:
            return step
        value = after.value
        if alone:
            value, path = _alone(value, path)
        paths = {pointer for pointer, _ in leaves(found_at(value, path), path)}
        found, _ = regrounded(schema, document, value, paths, agreed=())
        lines = [line for pointer, spans in found.items() for line in evidence_lines(pointer[len(path) :], spans)]
        step = replace(step, evidence=lines)
    return step


def _alone(value: JSON, path: str) -> tuple[JSON, str]:
    """The value with no other row in the list that a pointer leads into, and the pointer there."""
    value, (above, _, row) = deepcopy(value), path.rpartition("/")
    holder = get(value, above) if path else None
    if not isinstance(holder, list):
        return value, path
    holder[:] = [holder[int(row)]]
    return value, join(above, 0)


# ---------------------------------------------------------------------- text as a value


def _value(schema: Schema[Any] | None, path: str, was: JSON, request: Mapping[str, Any]) -> JSON:
    fields, text = request.get("fields"), request.get("text")
    if isinstance(fields, Mapping):
        value = was if isinstance(was, dict) else {}
        for pointer, inner in fields.items():
            typed = _typed(schema, path + str(pointer), found_at(value, pointer), str(inner))
            value = put(value, str(pointer), typed)
        return value
    if not isinstance(text, str):
        raise UsageError(f"a correction needs the new value as text @ {path or '/'}")
    return _typed(schema, path, was, text)


def _typed(schema: Schema[Any] | None, path: str, was: JSON, text: str) -> JSON:
    if schema is None:
        return _like(was, text, path)
    steps = trace(schema.declared, path)
    found = len(steps) == len(parts(path)) + schema.declared.wrapped
    node, resolve = steps[-1].node if steps else schema.declared.root, schema.declared.resolve
    nodes = list(alternatives(resolve, node)) if found else []
    nullable = any(map(is_null, nodes))
    scalars = [node for node in nodes if isinstance(node, Leaf | Choice) and not is_null(node)]
    if nullable and not text.strip():
        return None
    if not scalars:
        return _json(text, path)
    problem = ""
    for node in scalars:
        if isinstance(node, Choice):
            chosen = choose(text.strip(), node.values).value
            if chosen in node.values or len(scalars) == 1:
                return chosen
            continue
        meant = read(node.kind, text if node.kind == "string" else text.strip(), node.facts)
        if not meant.problem:
            return meant.value
        problem = meant.problem
    raise UsageError(f"{problem or f'{text!r} is none of the choices'} @ {path}")


def _like(was: JSON, text: str, path: str) -> JSON:
    """Text as a value of the same type, where no schema says more."""
    if was is None or isinstance(was, str):
        return text
    value = _json(text, path)
    if type(value) is not type(was) and not {type(value), type(was)} <= {int, float}:
        raise UsageError(f"{text!r} is not like {orjson.dumps(was).decode()[:40]}, which it would replace @ {path}")
    return value


def _json(text: str, path: str) -> JSON:
    try:
        return from_text(text)
    except InvalidValue as error:
        raise UsageError(f"{error.problems[0].message} @ {path or '/'}") from None


# ---------------------------------------------------------------------- what a page knows of a schema


def fields_of(schema: Schema[Any]) -> dict[str, dict[str, Any]]:
    """Each declared field by its pointer with `*` for any item: its `kind`, `choices` and `description`."""
    found: dict[str, dict[str, Any]] = {}
    _describe(schema.declared, schema.declared.root, "", (), found)
    return found


def _describe(tree: Tree, node: Node, at: str, above: tuple[int, ...], found: dict[str, dict[str, Any]]) -> None:
    nodes = [each for each in alternatives(tree.resolve, node) if not is_null(each)]
    if any(id(each) in above for each in nodes):  # a type that holds itself
        return
    above = (*above, *map(id, nodes))
    choices = [value for each in nodes if isinstance(each, Choice) for value in each.values]
    kinds = {each.kind if isinstance(each, Leaf) else "choice" for each in nodes if isinstance(each, Leaf | Choice)}
    if kinds:
        words = node.description or next((each.description for each in nodes if each.description), "")
        found[at] = {
            "kind": kinds.pop() if len(kinds) == 1 else "any",
            **({"choices": choices} if choices and len(nodes) == 1 else {}),
            **({"description": words} if words else {}),
        }
    for each in nodes:
        if isinstance(each, Array):
            _describe(tree, each.item, f"{at}/*", above, found)
        elif isinstance(each, Record):
            for slot in each.slots:
                _describe(tree, slot.node, join(at, slot.name), above, found)
