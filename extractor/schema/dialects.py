"""What a service takes as a response schema, as frozen values of orthogonal facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from extractor.errors import Problem
from extractor.schema.pointer import JSON, join
from extractor.schema.text import to_text

__all__ = ["MOONSHOT", "OPENAI", "PLAIN", "Dialect", "check_dialect", "excesses", "nesting"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Dialect:
    """The facts that decide how a declaration is laid out on the wire."""

    name: str
    keywords: frozenset[str]
    """The narrowing keywords that may be said; all others become words."""
    free: bool
    """A schema that admits anything may stand anywhere, not only below `items` and `additionalProperties`."""
    maps: bool
    """`additionalProperties` may be true or a schema."""
    patterns: bool
    """`patternProperties` may be said."""
    positions: bool
    """`prefixItems` may be said."""
    leave_out: bool
    """A declared property may be left out of `required`."""
    nulls: bool
    """Optional properties are asked for all the same, with null for "absent"."""
    any_root: bool
    """The root may be something else than an object."""
    any_enum: bool
    """Constants of several types may stand in one `enum`, lists and objects among them."""
    words_twice: bool
    """A reference or union and what it leads to may both have a description."""
    reserved: frozenset[str] = frozenset()
    """Names that no property may have; neither may one contain a `/` or be empty."""
    max_depth: int | None = None
    max_bytes: int | None = None
    max_properties: int | None = None
    max_enum: int | None = None

    def __repr__(self) -> str:
        return f"Dialect({self.name!r})"


MOONSHOT = Dialect(
    name="moonshot",
    keywords=frozenset(["maxItems", "maxLength", "maximum", "minItems", "minLength", "minimum"]),
    free=False,
    maps=True,
    patterns=False,
    positions=False,
    leave_out=True,
    nulls=True,
    any_root=False,
    any_enum=False,
    words_twice=False,
    reserved=frozenset(["$defs", "$ref", "additionalProperties", "anyOf", "required"]),
    max_depth=30,
    max_bytes=120_000,
    max_properties=3_000,
    max_enum=1_000,
)
"""The subset that Kimi's own validator takes at its strictest level."""

OPENAI = Dialect(
    name="openai",
    keywords=frozenset(
        {
            "exclusiveMaximum",
            "exclusiveMinimum",
            "format",
            "maxItems",
            "maximum",
            "minItems",
            "minimum",
            "multipleOf",
            "pattern",
        }
    ),
    free=False,
    maps=False,
    patterns=False,
    positions=False,
    leave_out=False,
    nulls=True,
    any_root=False,
    any_enum=False,
    words_twice=True,
    max_depth=10,
    max_bytes=120_000,
    max_properties=5_000,
    max_enum=1_000,
)
"""The strict subset of OpenAI's structured outputs: every property required, no open object."""

PLAIN = Dialect(
    name="plain",
    keywords=frozenset(
        {
            "contains",
            "dependentRequired",
            "exclusiveMaximum",
            "exclusiveMinimum",
            "format",
            "maxContains",
            "maxItems",
            "maxLength",
            "maxProperties",
            "maximum",
            "minContains",
            "minItems",
            "minLength",
            "minProperties",
            "minimum",
            "multipleOf",
            "pattern",
            "uniqueItems",
        }
    ),
    free=True,
    maps=True,
    patterns=True,
    positions=True,
    leave_out=True,
    nulls=False,
    any_root=True,
    any_enum=True,
    words_twice=True,
)
"""JSON Schema 2020-12 as it is: for services that take all of it, and for grammars."""


# ---------------------------------------------------------------------- the validator of a dialect

EVERYWHERE = frozenset(["$defs", "$id", "$ref", "anyOf", "description", "enum", "title", "type"])
OF_TYPE = {
    "array": frozenset(["contains", "default", "items", "maxContains", "maxItems", "minContains", "minItems"])
    | frozenset(["prefixItems", "uniqueItems"]),
    "boolean": frozenset(["default"]),
    "null": frozenset(["default"]),
    "number": frozenset(["default", "exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"]),
    "object": frozenset(["additionalProperties", "default", "dependentRequired", "maxProperties", "minProperties"])
    | frozenset(["patternProperties", "properties", "required"]),
    "string": frozenset(["default", "format", "maxLength", "minLength", "pattern"]),
}
OF_TYPE["integer"] = OF_TYPE["number"]
STRUCTURE = frozenset(["additionalProperties", "default", "items", "properties", "required"])
SAFE = 2**53 - 1


def check_dialect(wire: JSON, dialect: Dialect) -> tuple[Problem, ...]:
    """What a wire schema has that the dialect does not take, with pointers into the schema; () when it may be sent."""
    return tuple(_Check(wire, dialect).all())


class _Check:
    """One schema against one dialect."""

    def __init__(self, wire: JSON, dialect: Dialect) -> None:
        self.wire, self.dialect = wire, dialect

    def all(self) -> Iterator[Problem]:
        if not isinstance(self.wire, dict):
            yield Problem("", "must be a JSON object")
            return
        if self.wire.get("type") != "object" and not self.dialect.any_root:
            yield Problem("", "the root must be an object")
        yield from self.schema(self.wire, "")
        for name, inner in self.wire.get("$defs", {}).items():
            if not name or "/" in name:
                yield Problem(f"/$defs/{name}", "a definition needs a name without a slash")
            yield from self.schema(inner, join("/$defs", name))
        yield from self.endless()
        yield from self.sizes()

    def schema(self, schema: JSON, at: str) -> Iterator[Problem]:
        if not isinstance(schema, dict) or not schema:
            if not self.dialect.free:
                yield Problem(at, "must be a schema that says something")
            return
        yield from self.keywords(schema, at)
        yield from self.references(schema, at)
        yield from self.numbers(schema, at)
        yield from self.constants(schema, at)
        yield from self.object(schema, at)
        for place, inner in _below(schema, at):
            yield from self.schema(inner, place)

    def keywords(self, schema: Mapping[str, JSON], at: str) -> Iterator[Problem]:
        types = schema.get("type", [])
        allowed = EVERYWHERE | STRUCTURE | self.dialect.keywords
        allowed |= {"patternProperties"} if self.dialect.patterns else frozenset()
        allowed |= {"prefixItems"} if self.dialect.positions else frozenset()
        own = frozenset().union(
            *(OF_TYPE.get(each, frozenset()) for each in ([types] if isinstance(types, str) else types))
        )
        for keyword in schema:
            if keyword not in allowed:
                yield Problem(at, f"the keyword {keyword} is not taken")
            elif keyword == "$defs" and at:
                yield Problem(at, "definitions stand at the root only")
            elif own and keyword not in own | EVERYWHERE:
                yield Problem(at, f"the keyword {keyword} is not taken beside the type {types}")
        for lead in ("anyOf", "$ref"):
            beside = set(schema) - {lead, "description", "title"} - (set() if at else {"$defs", "$id"})
            if lead in schema and beside:
                yield Problem(at, f"{lead} stands alone, without {', '.join(sorted(beside))}")

    def references(self, schema: Mapping[str, JSON], at: str) -> Iterator[Problem]:
        target = schema.get("$ref")
        if target is not None and self.target(target) is None:
            yield Problem(at, f"the reference {target} leads nowhere")
        inner = schema.get("anyOf", [self.target(target)] if target else [])
        if (
            not self.dialect.words_twice
            and "description" in schema
            and any("description" in (each or {}) for each in inner)
        ):
            yield Problem(at, "a description stands here or at what this leads to, not at both")

    def target(self, reference: str) -> JSON:
        if reference == "#":
            return self.wire
        return self.wire.get("$defs", {}).get(str(reference).removeprefix("#/$defs/"))

    def numbers(self, schema: Mapping[str, JSON], at: str) -> Iterator[Problem]:
        for keyword in OF_TYPE["number"] | {"maxItems", "maxLength", "minItems", "minLength"}:
            value = schema.get(keyword)
            if keyword != "default" and isinstance(value, int | float) and (abs(value) > SAFE or "e" in repr(value)):
                yield Problem(at, f"{keyword} {value} is too large or not in plain digits")
        for low, high in (("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems")):
            if low in schema and high in schema and schema[low] > schema[high]:
                yield Problem(at, f"{low} is more than {high}")

    def constants(self, schema: Mapping[str, JSON], at: str) -> Iterator[Problem]:
        values = schema.get("enum", [])
        if self.dialect.any_enum or not values:
            return
        if len({type(value) for value in values}) > 1 or isinstance(values[0], list | dict):
            yield Problem(at, "the constants of an enum must be scalars of one type")
        if self.dialect.max_enum is not None and len(values) > self.dialect.max_enum:
            yield Problem(at, f"at most {self.dialect.max_enum} constants are taken")

    def object(self, schema: Mapping[str, JSON], at: str) -> Iterator[Problem]:
        names, required = schema.get("properties", {}), schema.get("required", [])
        for name in names:
            if name in self.dialect.reserved or (self.dialect.reserved and (not name or "/" in name)):
                yield Problem(at, f"no property may be named {name!r}")
        if len(set(required)) < len(required) or not set(required) <= set(names):
            yield Problem(at, "required names each declared property once at most, and nothing else")
        if schema.get("type") == "object" and not self.dialect.leave_out and set(required) != set(names):
            yield Problem(at, "every property must be required")
        if schema.get("type") == "object" and not self.dialect.maps and schema.get("additionalProperties") is not False:
            yield Problem(at, "additionalProperties must be false")

    def endless(self) -> Iterator[Problem]:
        """Definitions of which no value can ever end."""
        definitions = self.wire.get("$defs", {})
        ending: set[str] = set()
        while more := {n for n, s in definitions.items() if n not in ending and _ends(s, ending)}:
            ending |= more
        yield from (
            Problem(join("/$defs", name), "no value of it can end") for name in definitions if name not in ending
        )

    def sizes(self) -> Iterator[Problem]:
        for what, (measured, limit) in excesses(self.wire, self.dialect).items():
            yield Problem("", f"{measured} {what}, at most {limit} are taken")


def excesses(wire: Mapping[str, JSON], dialect: Dialect) -> dict[str, tuple[int, int]]:
    """The measures in which a wire schema passes the dialect's limits, each with its size and the limit."""
    depth, properties = _measure(wire)
    measures = {
        "levels deep": (depth, dialect.max_depth),
        "properties": (properties, dialect.max_properties),
        "bytes": (len(to_text(wire)), dialect.max_bytes),
    }
    return {what: (size, limit) for what, (size, limit) in measures.items() if limit is not None and size > limit}


def nesting(wire: Mapping[str, JSON]) -> int:
    """How many objects and lists stand within each other, each definition counted from its own root."""
    return _measure(wire)[0]


def _measure(wire: Mapping[str, JSON]) -> tuple[int, int]:
    """The nesting of a schema and the number of properties in it, in one pass."""
    deepest = properties = 0
    ahead = [(schema, 1) for schema in (wire, *wire.get("$defs", {}).values())]
    while ahead:
        schema, depth = ahead.pop()
        deepest = max(deepest, depth)
        ahead += [(branch, depth) for branch in schema.get("anyOf", ())]
        declared = schema.get("properties", {})
        properties += len(declared)
        ahead += [(inner, depth + 1) for inner in declared.values()]
        others = (schema.get("items"), schema.get("additionalProperties"))
        ahead += [(inner, depth + 1) for inner in others if isinstance(inner, dict)]
    return deepest, properties


def _below(schema: Mapping[str, JSON], at: str) -> Iterator[tuple[str, JSON]]:
    for keyword in ("patternProperties", "properties"):
        yield from ((join(join(at, keyword), name), each) for name, each in schema.get(keyword, {}).items())
    for keyword in ("anyOf", "prefixItems"):
        yield from ((join(join(at, keyword), index), each) for index, each in enumerate(schema.get(keyword, ())))
    if schema.get("additionalProperties", {}) not in ({}, True, False):
        yield join(at, "additionalProperties"), schema["additionalProperties"]
    if "items" in schema and schema["items"] is not False:
        yield join(at, "items"), schema["items"]


def _ends(schema: JSON, ending: set[str]) -> bool:
    """Whether some value of the schema needs no more than the definitions that are known to end."""
    if not isinstance(schema, dict):
        return True
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix("#/$defs/") in ending
    if "anyOf" in schema:
        return any(_ends(branch, ending) for branch in schema["anyOf"])
    needed = [schema.get("properties", {}).get(name, {}) for name in schema.get("required", ())]
    if schema.get("minItems", 0):
        needed.append(schema.get("items", {}))
    return all(_ends(each, ending) for each in needed)
