"""What the service takes of a wire schema, by rules of their own: nothing here knows how a schema is laid out.

check_wire({"type": "object", "properties": {"a": {}}})
# (Problem("/properties/a", "must be a schema that says something: a type, anyOf or $ref"),)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from extractor.errors import Problem
from extractor.schema.pointer import JSON, join
from extractor.schema.rewrite import RESERVED, excesses
from extractor.schema.write import KEYWORDS, MOST_CONSTANTS, is_sayable

__all__ = ["check_wire"]

EVERYWHERE = frozenset(["$defs", "$id", "$ref", "anyOf", "description", "title", "type"])
NUMERIC = frozenset(["default", "enum", "exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"])
OF_TYPE = {
    "array": frozenset(["contains", "default", "items", "maxContains", "maxItems", "minContains", "minItems"])
    | frozenset(["uniqueItems"]),
    "boolean": frozenset(["default", "enum"]),
    "integer": NUMERIC,
    "null": frozenset(["default", "enum"]),
    "number": NUMERIC,
    "object": frozenset(["additionalProperties", "default", "dependentRequired", "maxProperties", "minProperties"])
    | frozenset(["properties", "required"]),
    "string": frozenset(["default", "enum", "format", "maxLength", "minLength", "pattern"]),
}
STRUCTURE = frozenset(["additionalProperties", "default", "enum", "items", "properties", "required"])
COUNTS = frozenset(["maxItems", "maxLength", "minItems", "minLength"])
ORDERED = (("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems"))
PYTHONS: dict[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "integer": (int,),
    "null": (type(None),),
    "number": (int, float),
    "string": (str,),
}
"""What the constants of an enum of each type are in Python; lists and objects stand in none."""


def check_wire(wire: JSON) -> tuple[Problem, ...]:
    """What a wire schema has that is not taken, with pointers into the schema; () when it may be sent."""
    return tuple(_Check(wire).all())


class _Check:
    """One schema."""

    def __init__(self, wire: JSON) -> None:
        self.wire = wire
        self.allowed = EVERYWHERE | STRUCTURE | KEYWORDS | {"pattern"}

    def all(self) -> Iterator[Problem]:
        if not isinstance(self.wire, dict):
            yield Problem("", "must be a JSON object")
            return
        if self.wire.get("type") != "object":
            yield Problem("", "the root must be an object")
        yield from self.schema(self.wire, "")
        for name, inner in self.wire.get("$defs", {}).items():
            if not name or "/" in name:
                yield Problem(f"/$defs/{name}", "a definition needs a name without a slash")
            yield from self.schema(inner, join("/$defs", name))
        yield from self.endless()
        for what, (measured, limit) in excesses(self.wire).items():
            yield Problem("", f"{measured} {what}, at most {limit} are taken")

    def schema(self, schema: JSON, at: str) -> Iterator[Problem]:
        if not isinstance(schema, dict) or schema.keys().isdisjoint({"$ref", "anyOf", "type"}):
            yield Problem(at, "must be a schema that says something: a type, anyOf or $ref")
            if not isinstance(schema, dict):
                return
        for rule in (self.keywords, self.types, self.references, self.numbers, self.constants, self.object):
            yield from rule(schema, at)
        for place, inner in _below(schema, at):
            yield from self.schema(inner, place)

    # ------------------------------------------------------------------ keywords and types

    def keywords(self, schema: Mapping[str, JSON], at: str) -> Iterator[Problem]:
        types = schema.get("type", [])
        named = [types] if isinstance(types, str) else types
        own = frozenset().union(*(OF_TYPE.get(each, frozenset()) for each in named))
        for keyword in schema:
            if keyword not in self.allowed:
                yield Problem(at, f"the keyword {keyword} is not taken")
            elif keyword == "$defs" and at:
                yield Problem(at, "definitions stand at the root only")
            elif own and keyword not in own | EVERYWHERE:
                yield Problem(at, f"the keyword {keyword} is not taken beside the type {types}")
        for lead in ("anyOf", "$ref"):
            beside = set(schema) - {lead, "description", "title"} - (set() if at else {"$defs", "$id"})
            if lead in schema and beside:
                yield Problem(at, f"{lead} stands alone, without {', '.join(sorted(beside))}")

    def types(self, schema: Mapping[str, JSON], at: str) -> Iterator[Problem]:
        types = schema.get("type", [])
        named = [types] if isinstance(types, str) else types
        if unknown := [each for each in named if each not in OF_TYPE]:
            yield Problem(at, f"there is no type {', '.join(map(str, unknown))}")
        if isinstance(types, str) or "type" not in schema:
            return
        if "enum" not in schema and not schema.keys() <= {"type", "description", "title"}:
            yield Problem(at, "several types take nothing beside them but words")
        if "enum" in schema and len(types) != 1 and (len(types) != 2 or "null" not in types):
            yield Problem(at, "constants are of one type, and null")

    def references(self, schema: Mapping[str, JSON], at: str) -> Iterator[Problem]:
        target = schema.get("$ref")
        if target is not None and self.target(target) is None:
            yield Problem(at, f"the reference {target} leads nowhere")
        if schema.get("anyOf") == []:
            yield Problem(at, "anyOf needs a branch")
        inner = schema.get("anyOf", [self.target(target)] if target else [])
        for words in ("description", "title"):
            if words in schema and any(words in (each or {}) for each in inner):
                yield Problem(at, f"a {words} stands here or at what this leads to, not at both")

    def target(self, reference: str) -> JSON:
        if reference == "#":
            return self.wire
        name = reference.removeprefix("#/$defs/")
        return self.wire.get("$defs", {}).get(name) if name != reference else None

    # ------------------------------------------------------------------ numbers, constants, names

    def numbers(self, schema: Mapping[str, JSON], at: str) -> Iterator[Problem]:
        for keyword in (NUMERIC | COUNTS) - {"default", "enum"}:
            value = schema.get(keyword)
            if not is_sayable(value):
                yield Problem(at, f"{keyword} {value} is too large or not in plain digits")
            if keyword in COUNTS and value is not None and (not isinstance(value, int) or value < 0):
                yield Problem(at, f"{keyword} must be a whole number of 0 or more")
        for low, high in ORDERED:
            if low in schema and high in schema and schema[low] > schema[high]:
                yield Problem(at, f"{low} is more than {high}")

    def constants(self, schema: Mapping[str, JSON], at: str) -> Iterator[Problem]:
        if "enum" not in schema:
            return
        values, types = schema["enum"], schema.get("type", [])
        if not values:
            yield Problem(at, "an enum needs a constant")
        if len({type(value) for value in values if value is not None}) > 1 or any(
            isinstance(value, list | dict) for value in values
        ):
            yield Problem(at, "the constants of an enum must be scalars of one type")
        named = [types] if isinstance(types, str) else types
        if odd := [value for value in values if named and not any(_is_of(value, each) for each in named)]:
            yield Problem(at, f"the constant {odd[0]!r} is not of the type {types}")
        if not all(map(is_sayable, values)):
            yield Problem(at, "a constant is too large or not in plain digits")
        if len(values) > MOST_CONSTANTS:
            yield Problem(at, f"at most {MOST_CONSTANTS} constants are taken")

    def object(self, schema: Mapping[str, JSON], at: str) -> Iterator[Problem]:
        names, required = schema.get("properties", {}), schema.get("required", [])
        for name in names:
            if name in RESERVED or not name or "/" in name:
                yield Problem(at, f"no property may be named {name!r}")
        if len(set(required)) < len(required) or not set(required) <= set(names):
            yield Problem(at, "required names each declared property once at most, and nothing else")

    # ------------------------------------------------------------------ recursion

    def endless(self) -> Iterator[Problem]:
        """The root and the definitions of which no value can ever end."""
        schemas = {"#": self.wire, **{f"#/$defs/{name}": each for name, each in self.wire.get("$defs", {}).items()}}
        ending: set[str] = set()
        while more := {name for name, schema in schemas.items() if name not in ending and _ends(schema, ending)}:
            ending |= more
        yield from (Problem(name.removeprefix("#"), "no value of it can end") for name in schemas.keys() - ending)


def _is_of(value: JSON, type_: str) -> bool:
    return isinstance(value, PYTHONS.get(type_, ())) and isinstance(value, bool) == (type_ == "boolean")


def _below(schema: Mapping[str, JSON], at: str) -> Iterator[tuple[str, JSON]]:
    yield from ((join(join(at, "properties"), name), each) for name, each in schema.get("properties", {}).items())
    yield from ((join(join(at, "anyOf"), index), each) for index, each in enumerate(schema.get("anyOf", ())))
    if schema.get("additionalProperties", {}) not in ({}, True, False):
        yield join(at, "additionalProperties"), schema["additionalProperties"]
    if "items" in schema:
        yield join(at, "items"), schema["items"]


def _ends(schema: JSON, ending: set[str]) -> bool:
    """Whether some value of the schema needs no more than the definitions that are known to end."""
    if not isinstance(schema, dict):
        return True
    if "$ref" in schema:
        return schema["$ref"] in ending
    if "anyOf" in schema:
        return any(_ends(branch, ending) for branch in schema["anyOf"])
    needed = [schema.get("properties", {}).get(name, {}) for name in schema.get("required", ())]
    if schema.get("minItems", 0):
        needed.append(schema.get("items", {}))
    return all(_ends(each, ending) for each in needed)
