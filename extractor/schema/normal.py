"""A JSON Schema document of any draft (4 to 2020-12), checked and said as 2020-12 with plain references.

In the result every reference is `#` or `#/$defs/NAME`; what is referred to, wherever it stood, is hoisted there.
The keywords of all drafts count, whichever a document declares. A keyword that holds what JSON Schema does not define
is refused where it stands, and so is a schema that is only a reference to itself.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

from extractor.errors import SchemaError
from extractor.schema.patterns import compiled
from extractor.schema.pointer import JSON, get, join, parts
from extractor.schema.tree import recursive
from extractor.schema.validator import Validator
from extractor.schema.words import unused

__all__ = ["normal"]

ONE = {"additionalItems", "additionalProperties", "contains", "else", "if", "items", "not", "propertyNames", "then"}
ONE |= {"unevaluatedItems", "unevaluatedProperties"}
LISTED = {"allOf", "anyOf", "oneOf", "prefixItems"}
NAMED = {"$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"}
HOISTED = {"$anchor", "$defs", "$dynamicAnchor", "$id", "$schema", "definitions", "id"}


def normal(document: JSON) -> JSON:
    """The document in the one form that the rest of the room reads. Raises SchemaError."""
    if not isinstance(document, dict):
        return document
    return _Normal(document).document()


class _Normal:
    def __init__(self, root: Mapping[str, JSON]) -> None:
        self.root = root
        draft = str(root.get("$schema", ""))
        if "draft-03" in draft:
            raise _refused("", "a schema of draft 3", "say it in draft 4 or later")
        self.identifier = "id" if "draft-04" in draft else "$id"
        self.ignores_siblings = re.search("draft-0[4-7]", draft) is not None
        self.places: dict[str, tuple[str, str]] = {}
        self.bases: dict[int, str] = {}
        self.names: dict[str, str] = {"": ""}
        self.pending: list[tuple[str, str]] = []
        self.places[""] = ("", "")
        self.survey(root, "", "")

    def document(self) -> dict[str, JSON]:
        """The root, and all that is referred to."""
        written = self.schema(self.root, "", "")
        definitions: dict[str, JSON] = {}
        while self.pending:
            pointer, base = self.pending.pop(0)
            try:
                target = get(self.root, pointer)
            except (LookupError, ValueError, TypeError):
                raise _refused(pointer, "a reference to what is not there", "define it below $defs") from None
            definitions[self.names[pointer]] = self.schema(target, pointer, self.bases.get(id(target), base))
        document = {**written, "$defs": definitions} if definitions else written
        must_descend(document)
        return document

    # ------------------------------------------------------------------ places that references name

    def survey(self, schema: JSON, at: str, base: str) -> None:
        """Note the base of every schema, and every identifier and anchor."""
        if not isinstance(schema, dict):
            return
        base = self.identified(schema, at, base)
        self.bases[id(schema)] = base
        for keyword, inner in schema.items():
            for place, each in _below(keyword, inner, join(at, keyword)):
                self.survey(each, place, base)

    def identified(self, schema: Mapping[str, JSON], at: str, base: str) -> str:
        own = schema.get(self.identifier) if not ("$ref" in schema and self.ignores_siblings) else None
        if isinstance(own, str) and own.startswith("#"):
            self.places.setdefault(base + own, (at, base))
        elif isinstance(own, str):
            base = urldefrag(urljoin(base, own)).url
            self.places.setdefault(base, (at, base))
        if isinstance(schema.get("$anchor"), str):
            self.places.setdefault(f"{base}#{schema['$anchor']}", (at, base))
        return base

    def reference(self, reference: str, at: str, base: str) -> str:
        """The plain form of a reference."""
        url = base + reference if reference.startswith("#") else urljoin(base, reference)
        resource, fragment = urldefrag(url)
        if fragment and not fragment.startswith("/"):
            found, inner = self.places.get(f"{resource}#{unquote(fragment)}"), ""
        else:
            found, inner = self.places.get(resource), unquote(fragment)
        if found is None:
            raise _refused(at, f"the reference {reference}", "copy what it names into $defs and refer to it there")
        return self.named(found[0] + inner, found[1])

    def named(self, pointer: str, base: str) -> str:
        if pointer not in self.names:
            stem = re.sub(r"[^A-Za-z0-9_.-]+", "_", parts(pointer)[-1]) or "definition"
            self.names[pointer] = unused(stem, self.names.values())
            self.pending.append((pointer, base))
        return f"#/$defs/{self.names[pointer]}" if pointer else "#"

    # ------------------------------------------------------------------ one schema

    def schema(self, schema: JSON, at: str, base: str) -> Any:
        """One schema said anew, with all that is below it."""
        if not isinstance(schema, dict):
            if isinstance(schema, bool):
                return schema
            raise _refused(at, f"{schema!r} in place of a schema", "write an object, true or false")
        base = self.bases.get(id(schema), base)
        known = {keyword: value for keyword, value in schema.items() if keyword not in HOISTED}
        if isinstance(known.get("$ref"), str) and self.ignores_siblings:
            known = {k: v for k, v in known.items() if k == "$ref" or k in ("title", "description", "default")}
        result: dict[str, JSON] = {}
        must_be_well_formed(known, at)
        for keyword, value in _modern(known).items():
            result[keyword] = self.keyword(keyword, value, join(at, keyword), base)
        return result

    def keyword(self, keyword: str, value: JSON, at: str, base: str) -> JSON:
        if keyword in ("$dynamicRef", "$recursiveRef"):
            raise _refused(at, f"a {keyword}", "refer to the one that is meant with $ref")
        if keyword == "$ref":
            return self.reference(value, at, base)
        if keyword in LISTED:
            return [self.schema(each, join(at, index), base) for index, each in enumerate(value)]
        if keyword in NAMED:
            return {name: self.schema(each, join(at, name), base) for name, each in value.items()}
        if keyword in ONE:
            return self.schema(value, at, base)
        return int(value) if HOLDS.get(keyword) is _COUNT else value


# ---------------------------------------------------------------------- older forms


def _modern(schema: dict[str, JSON]) -> dict[str, JSON]:
    """Keywords that changed their form between drafts, in their last one."""
    result = dict(schema)
    if isinstance(result.get("items"), list):
        result["prefixItems"] = result.pop("items")
        if "additionalItems" in result:
            result["items"] = result["additionalItems"]
    result.pop("additionalItems", None)
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(result.get(exclusive), bool) and result.pop(exclusive) and bound in result:
            result[exclusive] = result.pop(bound)
    for name, need in result.pop("dependencies", {}).items():
        if isinstance(need, dict | bool):
            result["dependentSchemas"] = {**result.get("dependentSchemas", {}), name: need}
        else:
            names = [need] if isinstance(need, str) else need
            result["dependentRequired"] = {**result.get("dependentRequired", {}), name: names}
    return result


# ---------------------------------------------------------------------- small questions


def _below(keyword: str, inner: JSON, at: str) -> Iterator[tuple[str, JSON]]:
    """The schemas below a keyword with their places; those of keywords that no draft knows too, for references."""
    if keyword in NAMED and isinstance(inner, dict):
        yield from ((join(at, name), each) for name, each in inner.items())
    elif isinstance(inner, list) and (keyword in LISTED or keyword == "items"):
        yield from ((join(at, index), each) for index, each in enumerate(inner))
    elif keyword in ONE:
        yield at, inner


def _refused(at: str, construct: str, remedy: str) -> SchemaError:
    return SchemaError(path=at, construct=construct, remedy=remedy)


# ---------------------------------------------------------------------- what keywords may hold


def must_descend(document: Mapping[str, JSON]) -> None:
    """Refuse a document in which a schema refers to itself for the very same value, so that judging never ends."""
    definitions = document.get("$defs", {})
    graph = {f"#/$defs/{name}": list(_beside(schema)) for name, schema in definitions.items()}
    for place in sorted(recursive({**graph, "#": list(_beside(document))})):
        remedy = "let a reference end at a schema of its own"
        raise SchemaError(path=place.removeprefix("#"), construct=f"a reference to itself ({place})", remedy=remedy)


def _beside(schema: JSON) -> Iterator[str]:
    """The references that a schema follows for the value that it is about."""
    if not isinstance(schema, dict):
        return
    if "$ref" in schema:
        yield schema["$ref"]
    for keyword in ("allOf", "anyOf", "oneOf"):
        for branch in schema.get(keyword, ()):
            yield from _beside(branch)
    for keyword in ("else", "if", "not", "then"):
        yield from _beside(schema.get(keyword))
    for branch in schema.get("dependentSchemas", {}).values():
        yield from _beside(branch)


def must_be_well_formed(schema: Mapping[str, JSON], at: str) -> None:
    """Refuse a schema of which a keyword holds what JSON Schema does not define; those below it are not looked at."""
    for keyword, value in schema.items():
        endless = isinstance(value, float) and not math.isfinite(value)
        if keyword in HOLDS and (endless or not _VALIDATOR.holds(value, HOLDS[keyword])):
            remedy = "write what JSON Schema defines for this keyword"
            if keyword == "type":
                remedy = f"use {', '.join(TYPES)}"
            raise SchemaError(path=join(at, keyword), construct=f"{keyword}: {value!r}"[:200], remedy=remedy)
        if keyword in ("pattern", "patternProperties"):
            _must_compile([value] if isinstance(value, str) else value, join(at, keyword))


def _must_compile(patterns: Iterable[str], at: str) -> None:
    for pattern in patterns:
        try:
            compiled(pattern)
        except SchemaError as error:
            raise SchemaError(path=at, construct=error.construct, remedy=error.remedy) from None


TYPES = ["array", "boolean", "integer", "null", "number", "object", "string"]
_SCHEMA = {"type": ["object", "boolean"]}
_COUNT = {"type": "integer", "minimum": 0}
_NAMES = {"type": "array", "items": {"type": "string"}}
_FORMS: tuple[tuple[JSON, str], ...] = (
    ({"type": "object"}, "$defs definitions dependentSchemas patternProperties properties"),
    ({"type": "string"}, "$dynamicRef $recursiveRef $ref contentEncoding contentMediaType format pattern"),
    (_SCHEMA, "additionalItems additionalProperties contains else if not propertyNames then"),
    (_SCHEMA, "unevaluatedItems unevaluatedProperties"),
    (_COUNT, "maxContains maxItems maxLength maxProperties minContains minItems minLength minProperties"),
    ({"type": "number"}, "maximum minimum"),
    ({"type": ["boolean", "number"]}, "exclusiveMaximum exclusiveMinimum"),
    ({"type": "number", "exclusiveMinimum": 0}, "multipleOf"),
    ({"type": "array", "minItems": 1}, "allOf anyOf oneOf"),
    ({"type": "array"}, "enum prefixItems"),
    ({"type": ["object", "boolean", "array"]}, "items"),
    ({"type": "object", "additionalProperties": {"anyOf": [_SCHEMA, {"type": "string"}, _NAMES]}}, "dependencies"),
    ({"type": "object", "additionalProperties": _NAMES}, "dependentRequired"),
    (_NAMES, "required"),
    ({"anyOf": [{"enum": TYPES}, {"type": "array", "items": {"enum": TYPES}}]}, "type"),
    ({"type": "boolean"}, "uniqueItems"),
)
HOLDS = {keyword: form for form, keywords in _FORMS for keyword in keywords.split()}
"""What each keyword may hold, as JSON Schema."""
_VALIDATOR = Validator({})
