"""A wire schema as compact text for a prompt: the shape in braces, words after a `//`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from extractor.schema.pointer import JSON
from extractor.schema.text import to_text

__all__ = ["prompt_text"]

BOUNDS = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "minimum": "at least {}",
    "maximum": "at most {}",
}


def prompt_text(wire: Mapping[str, JSON]) -> str:
    """The schema as TypeScript-like text, its definitions first."""
    lines = [f"{name} = {_type(schema, 0)}" for name, schema in wire.get("$defs", {}).items()]
    lead = [f"// {_line(wire['description'])}"] if "description" in wire else []
    return "\n".join([*lines, *lead, _type(wire, 0)])


def _type(schema: Mapping[str, JSON], depth: int) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix("#/$defs/")
    if "enum" in schema:
        return " | ".join(to_text(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(_type(branch, depth) + _aside(branch) for branch in schema["anyOf"])
    match schema.get("type"):
        case "object":
            return _object(schema, depth)
        case "array":
            return _array(schema, depth)
        case None:
            return "any"
        case kind:
            return str(kind)


def _array(schema: Mapping[str, JSON], depth: int) -> str:
    positions = [_type(each, depth) for each in schema.get("prefixItems", ())]
    rest = schema.get("items", True)
    item = _type(rest, depth) if isinstance(rest, dict) else "any"
    if positions:
        return f"[{', '.join(positions + ([f'...{item}[]'] if rest is not False else []))}]"
    words = _words(rest) if isinstance(rest, dict) and rest.get("type") != "object" else ""
    return (f"({item})[]" if " | " in item else f"{item}[]") + (f" /* each {words} */" if words else "")


def _object(schema: Mapping[str, JSON], depth: int) -> str:
    required = set(schema.get("required", ()))
    pad = "  " * (depth + 1)
    lines = []
    for name, inner in schema.get("properties", {}).items():
        words = _words(inner)
        mark = "" if name in required else "?"
        lines.append(f"{pad}{_name(name)}{mark}: {_type(inner, depth + 1)}{f'  // {words}' if words else ''}")
    others: Any = schema.get("additionalProperties", False)
    if others not in (False, None):
        lines.append(f"{pad}[name]: {_type(others, depth + 1) if isinstance(others, dict) and others else 'any'}")
    return "{\n" + "\n".join(lines) + f"\n{'  ' * depth}}}" if lines else "{}"


def _name(name: str) -> str:
    return name if name.isidentifier() else to_text(name)


def _words(schema: Mapping[str, JSON]) -> str:
    said = [_line(schema["description"])] if "description" in schema else []
    branches = schema.get("anyOf", ())
    said += [text.format(schema[keyword]) for keyword, text in BOUNDS.items() if keyword in schema]
    said += [text.format(each[keyword]) for each in branches for keyword, text in BOUNDS.items() if keyword in each]
    return "; ".join(said)


def _aside(branch: Mapping[str, JSON]) -> str:
    return f" /* {_line(branch['description'])} */" if "description" in branch else ""


def _line(words: str) -> str:
    return " ".join(words.split())
