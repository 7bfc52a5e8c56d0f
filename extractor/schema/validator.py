"""JSON Schema 2020-12, checked exactly: one small function for each keyword, in one table.

Documents of other drafts are said in this form first (`normal.py`), so that there is one set of rules. `format` and
`content*` are annotations here, as the standard has them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from operator import ge, gt, le, lt
from typing import Any

from extractor.errors import Problem
from extractor.schema.keywords import WHOLE, is_of
from extractor.schema.patterns import compiled
from extractor.schema.pointer import JSON, get, join

__all__ = ["Validator", "frozen", "same"]

Problems = Iterator[Problem]


class Validator:
    """Checks values against one document, or against any schema inside of it."""

    def __init__(self, document: JSON) -> None:
        self.document = document
        self.targets: dict[str, JSON] = {}

    def target(self, reference: str) -> JSON:
        """The schema that a local reference names."""
        if reference not in self.targets:
            self.targets[reference] = get(self.document, reference.removeprefix("#"))
        return self.targets[reference]

    def problems(self, value: JSON, schema: JSON, at: str = "") -> Problems:
        """What is wrong with the value, place by place; nothing when it satisfies the schema."""
        if schema is False:
            yield Problem(at, "nothing may stand here")
        elif isinstance(schema, Mapping):
            for keyword, argument in schema.items():
                known = KEYWORDS.get(keyword)
                if known and (not known[0] or is_of(value, known[0])):
                    yield from known[1](self, argument, value, schema, at)

    def holds(self, value: JSON, schema: JSON) -> bool:
        """Whether the value satisfies the schema."""
        return next(self.problems(value, schema), None) is None


# ---------------------------------------------------------------------- any type


def _is(value: JSON, type_: str) -> bool:
    return is_of(value, type_) and (type_ != "integer" or isinstance(value, int) or value.is_integer())


def same(left: JSON, right: JSON) -> bool:
    """Equality of JSON values: 1 is 1.0 and is not true."""
    return bool(frozen(left) == frozen(right))


def frozen(value: JSON) -> Any:
    """A hashable stand-in that is equal exactly where the JSON values are the same."""
    if isinstance(value, list):
        return ("list", *map(frozen, value))
    if isinstance(value, dict):
        return frozenset((name, frozen(item)) for name, item in value.items())
    return (isinstance(value, bool), value)


def _type(_: Validator, types: JSON, value: JSON, schema: JSON, at: str) -> Problems:
    types = [types] if isinstance(types, str) else types
    if not any(_is(value, type_) for type_ in types):
        yield Problem(at, f"must be {_listed(types)}, not {_quoted(value)}")


def _enum(_: Validator, values: JSON, value: JSON, schema: JSON, at: str) -> Problems:
    if not any(same(value, each) for each in values):
        yield Problem(at, f"must be {_listed(map(_quoted, values[:20]))}, not {_quoted(value)}")


def _const(_: Validator, constant: JSON, value: JSON, schema: JSON, at: str) -> Problems:
    if not same(value, constant):
        yield Problem(at, f"must be {_quoted(constant)}, not {_quoted(value)}")


# ---------------------------------------------------------------------- several schemas


def _ref(v: Validator, reference: str, value: JSON, schema: JSON, at: str) -> Problems:
    return v.problems(value, v.target(reference), at)


def _all_of(v: Validator, branches: JSON, value: JSON, schema: JSON, at: str) -> Problems:
    for branch in branches:
        yield from v.problems(value, branch, at)


def _any_of(v: Validator, branches: JSON, value: JSON, schema: JSON, at: str) -> Problems:
    if not any(v.holds(value, branch) for branch in branches):
        yield from _nearest(v, branches, value, at)


def _one_of(v: Validator, branches: JSON, value: JSON, schema: JSON, at: str) -> Problems:
    held = sum(v.holds(value, branch) for branch in branches)
    if not held:
        yield from _nearest(v, branches, value, at)
    elif held > 1:
        yield Problem(at, f"must be exactly one of {len(branches)} alternatives, and is {held} of them")


def _nearest(v: Validator, branches: JSON, value: JSON, at: str) -> Problems:
    """The problems with the alternative that the value comes nearest to."""
    tried = [list(v.problems(value, branch, at)) for branch in branches]
    here = [sum(problem.path == at for problem in problems) for problems in tried]
    best = min(range(len(tried)), key=lambda i: (here[i] > 0, here[i], len(tried[i])))
    if here[best] and len(tried) > 1:
        messages = list(
            dict.fromkeys(problem.message for problems in tried for problem in problems if problem.path == at)
        )
        yield Problem(at, " or ".join(messages[:4]))
    else:
        yield from tried[best]


def _not(v: Validator, inner: JSON, value: JSON, schema: JSON, at: str) -> Problems:
    if v.holds(value, inner):
        yield Problem(at, f"must not be what it is ({_quoted(value)})")


def _if(v: Validator, condition: JSON, value: JSON, schema: JSON, at: str) -> Problems:
    branch = "then" if v.holds(value, condition) else "else"
    yield from v.problems(value, schema.get(branch, True), at)


# ---------------------------------------------------------------------- numbers and strings


def _bound(words: str, fails: Callable[[Any, Any], bool], unit: str = "") -> Keyword:
    """The check of a number against a bound, or of how many units a value has."""

    def check(_: Validator, bound: JSON, value: JSON, schema: JSON, at: str) -> Problems:
        size = len(value) if unit else value
        if fails(size, bound):
            yield Problem(at, f"must {'have' if unit else 'be'} {words} {bound}{unit}, not {size}")

    return check


def _multiple(_: Validator, step: JSON, value: JSON, schema: JSON, at: str) -> Problems:
    if not _divides(step, value):
        yield Problem(at, f"must be a multiple of {step}, not {value}")


def _divides(step: float, value: float) -> bool:
    if not math.isfinite(value):
        return False
    return not Decimal(repr(value)) % Decimal(repr(step)) if abs(value) < 1e27 * abs(step) else value % step == 0


def _whole(_: Validator, wanted: bool, value: JSON, schema: JSON, at: str) -> Problems:
    if wanted and isinstance(value, float):
        yield Problem(at, f"must be an integer without a fraction, not {value}")


def _pattern(_: Validator, pattern: str, value: JSON, schema: JSON, at: str) -> Problems:
    if not compiled(pattern).search(value):
        yield Problem(at, f"must match the pattern {pattern}, unlike {_quoted(value)}")


# ---------------------------------------------------------------------- lists


def _prefix_items(v: Validator, schemas: JSON, value: JSON, schema: JSON, at: str) -> Problems:
    for index, (item, each) in enumerate(zip(value, schemas, strict=False)):
        yield from v.problems(item, each, join(at, index))


def _items(v: Validator, each: JSON, value: JSON, schema: JSON, at: str) -> Problems:
    start = len(schema.get("prefixItems", ()))
    for index, item in enumerate(value[start:], start):
        yield from v.problems(item, each, join(at, index))


def _contains(v: Validator, each: JSON, value: JSON, schema: JSON, at: str) -> Problems:
    held = sum(v.holds(item, each) for item in value)
    least, most = schema.get("minContains", 1), schema.get("maxContains", len(value))
    if not least <= held <= most:
        yield Problem(at, f"must have {least} to {most} items of the required kind, not {held}")


def _unique(_: Validator, wanted: bool, value: JSON, schema: JSON, at: str) -> Problems:
    seen: set[Any] = set()
    for index, item in enumerate(value if wanted else ()):
        key = frozen(item)
        if key in seen:
            yield Problem(join(at, index), "must not be there twice")
        seen.add(key)


# ---------------------------------------------------------------------- objects


def _required(_: Validator, names: JSON, value: JSON, schema: JSON, at: str) -> Problems:
    for name in names:
        if name not in value:
            yield Problem(join(at, name), "is required")


def _properties(v: Validator, schemas: JSON, value: JSON, schema: JSON, at: str) -> Problems:
    for name, item in value.items():
        if name in schemas:
            yield from v.problems(item, schemas[name], join(at, name))


def _patterns(v: Validator, schemas: JSON, value: JSON, schema: JSON, at: str) -> Problems:
    for pattern, each in schemas.items():
        for name, item in value.items():
            if compiled(pattern).search(name):
                yield from v.problems(item, each, join(at, name))


def _additional(v: Validator, each: JSON, value: JSON, schema: JSON, at: str) -> Problems:
    declared, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for name, item in value.items():
        if name not in declared and not any(compiled(pattern).search(name) for pattern in patterns):
            yield from _unexpected(v, each, item, join(at, name))


def _unexpected(v: Validator, each: JSON, item: JSON, at: str) -> Problems:
    return iter([Problem(at, "is no property of this object")]) if each is False else v.problems(item, each, at)


def _names(v: Validator, each: JSON, value: JSON, schema: JSON, at: str) -> Problems:
    for name in value:
        for problem in v.problems(name, each):
            yield Problem(join(at, name), f"its name {problem.message}")


def _dependent_required(_: Validator, needs: JSON, value: JSON, schema: JSON, at: str) -> Problems:
    for name in needs.keys() & value.keys():
        yield from (Problem(join(at, n), f"is required beside {name}") for n in needs[name] if n not in value)


def _dependent_schemas(v: Validator, schemas: JSON, value: JSON, schema: JSON, at: str) -> Problems:
    for name in schemas.keys() & value.keys():
        yield from v.problems(value, schemas[name], at)


# ---------------------------------------------------------------------- what no other keyword looked at


def _unevaluated_properties(v: Validator, each: JSON, value: JSON, schema: JSON, at: str) -> Problems:
    looked_at = evaluated(v, value, {k: s for k, s in schema.items() if k != "unevaluatedProperties"})
    for name in [name for name in value if name not in looked_at]:
        yield from _unexpected(v, each, value[name], join(at, name))


def _unevaluated_items(v: Validator, each: JSON, value: JSON, schema: JSON, at: str) -> Problems:
    looked_at = evaluated(v, value, {k: s for k, s in schema.items() if k != "unevaluatedItems"})
    for index in [index for index in range(len(value)) if index not in looked_at]:
        yield from _unexpected(v, each, value[index], join(at, index))


def evaluated(v: Validator, value: JSON, schema: JSON) -> set[Any]:
    """The property names or indices that a schema, and those that hold beside it, speak of."""
    if not isinstance(schema, Mapping):
        return set()
    found = _named(v, value, schema) if isinstance(value, dict) else _placed(v, value, schema)
    for inner in _in_place(v, value, schema):
        if v.holds(value, inner):
            found |= evaluated(v, value, inner)
    return found


def _named(v: Validator, value: JSON, schema: Mapping[str, JSON]) -> set[Any]:
    if schema.keys() & {"additionalProperties", "unevaluatedProperties"}:
        return set(value)
    patterns = schema.get("patternProperties", {})
    return {n for n in value if n in schema.get("properties", {}) or any(compiled(p).search(n) for p in patterns)}


def _placed(v: Validator, value: JSON, schema: Mapping[str, JSON]) -> set[Any]:
    if schema.keys() & {"items", "unevaluatedItems"}:
        return set(range(len(value)))
    found: set[Any] = set(range(min(len(value), len(schema.get("prefixItems", ())))))
    if "contains" in schema:
        found |= {index for index, item in enumerate(value) if v.holds(item, schema["contains"])}
    return found


def _in_place(v: Validator, value: JSON, schema: Mapping[str, JSON]) -> Iterator[JSON]:
    """The schemas that hold for the same value."""
    for keyword in ("allOf", "anyOf", "oneOf"):
        yield from schema.get(keyword, ())
    if "$ref" in schema:
        yield v.target(schema["$ref"])
    if isinstance(value, dict):
        yield from (each for name, each in schema.get("dependentSchemas", {}).items() if name in value)
    if "if" in schema:
        holds = v.holds(value, schema["if"])
        yield from [schema["if"], schema.get("then", True)] if holds else [schema.get("else", True)]


# ---------------------------------------------------------------------- words and the table


def _listed(words: Any) -> str:
    return " or ".join(words)


def _quoted(value: JSON) -> str:
    match value:
        case dict():
            return "an object"
        case list():
            return "a list"
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


Keyword = Callable[[Validator, JSON, JSON, JSON, str], Problems]

KEYWORDS: dict[str, tuple[str, Keyword]] = {
    "$ref": ("", _ref),
    "allOf": ("", _all_of),
    "anyOf": ("", _any_of),
    "const": ("", _const),
    "enum": ("", _enum),
    "if": ("", _if),
    "not": ("", _not),
    "oneOf": ("", _one_of),
    "type": ("", _type),
    "additionalProperties": ("object", _additional),
    "dependentRequired": ("object", _dependent_required),
    "dependentSchemas": ("object", _dependent_schemas),
    "maxProperties": ("object", _bound("at most", gt, " properties")),
    "minProperties": ("object", _bound("at least", lt, " properties")),
    "patternProperties": ("object", _patterns),
    "properties": ("object", _properties),
    "propertyNames": ("object", _names),
    "required": ("object", _required),
    "unevaluatedProperties": ("object", _unevaluated_properties),
    "contains": ("array", _contains),
    "items": ("array", _items),
    "maxItems": ("array", _bound("at most", gt, " items")),
    "minItems": ("array", _bound("at least", lt, " items")),
    "prefixItems": ("array", _prefix_items),
    "unevaluatedItems": ("array", _unevaluated_items),
    "uniqueItems": ("array", _unique),
    "maxLength": ("string", _bound("at most", gt, " characters")),
    "minLength": ("string", _bound("at least", lt, " characters")),
    "pattern": ("string", _pattern),
    "exclusiveMaximum": ("number", _bound("less than", ge)),
    "exclusiveMinimum": ("number", _bound("more than", le)),
    "maximum": ("number", _bound("at most", gt)),
    "minimum": ("number", _bound("at least", lt)),
    "multipleOf": ("number", _multiple),
    WHOLE: ("number", _whole),
}
"""Each keyword with the type of the values that it speaks of, "" for any, and its check."""
