"""What a service takes as a response schema, as frozen values of orthogonal facts."""

from __future__ import annotations

from dataclasses import dataclass

from extractor.errors import UsageError
from extractor.schema.keywords import NARROWING, NUMERIC
from extractor.schema.pointer import JSON

__all__ = ["MOONSHOT", "PLAIN", "Dialect", "is_sayable", "named"]

SAFE = 2**53 - 1


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Dialect:
    """The facts that decide how a declaration is laid out on the wire."""

    name: str
    keywords: frozenset[str]
    """The narrowing keywords that may be said; all others become words."""
    free: bool
    """A schema that admits anything may stand anywhere, not only below `items` and `additionalProperties`."""
    patterns: bool
    """`patternProperties` may be said."""
    positions: bool
    """`prefixItems` may be said."""
    nulls: bool
    """Optional properties are asked for all the same, with null for "absent"."""
    any_root: bool
    """The root may be something else than an object."""
    any_enum: bool
    """Constants of several types may stand in one `enum`, lists and objects among them."""
    words_twice: bool
    """A reference or union and what it leads to may both have a description."""
    tolerated: frozenset[str] = frozenset()
    """Keywords that may be said but are not obeyed, so that they become words all the same."""
    reserved: frozenset[str] = frozenset()
    """Names that no property may have; neither may one contain a `/` or be empty."""
    max_depth: int | None = None
    max_bytes: int | None = None
    max_properties: int | None = None
    max_enum: int | None = None
    max_branches: int | None = None

    def __repr__(self) -> str:
        return f"Dialect({self.name!r})"


MOONSHOT = Dialect(
    name="moonshot",
    keywords=frozenset(["maxItems", "maxLength", "maximum", "minItems", "minLength", "minimum"]),
    free=False,
    patterns=False,
    positions=False,
    nulls=True,
    any_root=False,
    any_enum=False,
    words_twice=False,
    tolerated=frozenset(["pattern"]),
    reserved=frozenset(["$defs", "$ref", "additionalProperties", "anyOf", "required"]),
    max_depth=30,
    max_bytes=120_000,
    max_properties=3_000,
    max_enum=1_000,
    max_branches=500,
)
"""The subset that Kimi's own validator takes at its strictest level."""

PLAIN = Dialect(
    name="plain",
    keywords=NUMERIC
    | NARROWING["array"]
    | {"dependentRequired", "format", "maxLength", "maxProperties", "minLength", "minProperties", "pattern"},
    free=True,
    patterns=True,
    positions=True,
    nulls=False,
    any_root=True,
    any_enum=True,
    words_twice=True,
)
"""JSON Schema 2020-12 as it is: for services that take all of it, and for grammars."""


DIALECTS = {dialect.name: dialect for dialect in (MOONSHOT, PLAIN)}


def named(dialect: str) -> Dialect:
    """The dialect of a name: "moonshot" or "plain"."""
    if dialect not in DIALECTS:
        raise UsageError(f"no dialect {dialect!r}: use one of {', '.join(DIALECTS)}")
    return DIALECTS[dialect]


def is_sayable(value: JSON) -> bool:
    """Whether a schema may name a value: a number within what JavaScript counts exactly, and not written as 1e-07."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return True
    return abs(value) <= SAFE and "e" not in repr(value)
