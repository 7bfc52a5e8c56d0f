"""The words that the model reads: phrases for keywords that the service does not obey, and a schema as text.

phrases({"format": "date", "minLength": 3})   # ["ISO 8601 date, YYYY-MM-DD", "at least 3 characters"]
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from extractor.schema.pointer import JSON
from extractor.schema.text import to_text

__all__ = ["LONGEST", "letters", "phrases", "prompt_text"]

LONGEST = 300
"""Characters of JSON that a description may quote; longer rules are only checked."""


def phrases(facts: Mapping[str, JSON]) -> list[str]:
    """One short phrase for each fact, in the order in which they were declared."""
    parts = [
        PHRASES[word](value) if word in PHRASES else _quoted({word: value}) for word, value in _joined(facts).items()
    ]
    return [phrase for phrase in parts if phrase]


def _joined(facts: Mapping[str, JSON]) -> Mapping[str, JSON]:
    """The facts with a condition and what follows from it in one."""
    if "if" not in facts:
        return facts
    condition = {keyword: facts[keyword] for keyword in ("if", "then", "else") if keyword in facts}
    return {keyword: value for keyword, value in facts.items() if keyword not in condition} | {"if": condition}


def _quoted(rule: JSON) -> str:
    text = to_text(rule)
    return f"must satisfy {text}" if len(text) <= LONGEST else ""


def _one_of(keyword: str, lead: str) -> Callable[[Any], str]:
    def phrase(branches: list[JSON]) -> str:
        if all(isinstance(branch, dict) and branch.keys() == {"required"} for branch in branches):
            return f"{lead}: " + "; or ".join(" and ".join(branch["required"]) for branch in branches)
        return _quoted({keyword: branches})

    return phrase


def _depends(pairs: Mapping[str, list[str]]) -> str:
    return "; ".join(f"{name} needs {' and '.join(names)} too" for name, names in pairs.items() if names)


def _also(parts: list[Mapping[str, JSON]]) -> str:
    return "; ".join(phrase for part in parts for phrase in phrases(part))


FORMATS = {
    "base64": "base64",
    "base64url": "base64url",
    "bytes": "text, or base64: and the base64 of bytes that are no text",
    "date": "ISO 8601 date, YYYY-MM-DD",
    "date-time": "ISO 8601 date and time, YYYY-MM-DDTHH:MM:SS with the zone if it is known",
    "decimal": "decimal number in digits, such as 1234.50",
    "duration": "ISO 8601 duration, such as P1DT2H30M",
    "email": "e-mail address",
    "ipv4": "IPv4 address",
    "ipv6": "IPv6 address",
    "time": "ISO 8601 time, HH:MM:SS",
    "uri": "URL",
    "uuid": "UUID",
}


def _format(name: str) -> str:
    return "" if name in ("binary", "password") else FORMATS.get(name, f"format {name}")


def _names(rule: JSON) -> str:
    if not isinstance(rule, dict):
        return ""
    allowed = [f"one of {', '.join(map(str, rule['enum'][:50]))}"] if "enum" in rule else []
    parts = allowed + phrases({keyword: value for keyword, value in rule.items() if keyword in PHRASES})
    return f"each name: {'; '.join(parts)}" if parts else ""


PHRASES: dict[str, Callable[[Any], str]] = {
    "anyOf": _one_of("anyOf", "at least one of"),
    "contentEncoding": lambda v: str(v),
    "contentMediaType": lambda v: f"content of type {v}",
    "contentSchema": lambda v: _quoted({"contentSchema": v}),
    "dependentRequired": _depends,
    "exclusiveMaximum": lambda v: f"less than {v}",
    "exclusiveMinimum": lambda v: f"more than {v}",
    "format": _format,
    "if": _quoted,
    "maxItems": lambda v: f"at most {v} items",
    "maxLength": lambda v: f"at most {v} characters",
    "maxProperties": lambda v: f"at most {v} properties",
    "maximum": lambda v: f"at most {v}",
    "minItems": lambda v: f"at least {v} items" if v else "",
    "minLength": lambda v: f"at least {v} characters" if v else "",
    "minProperties": lambda v: f"at least {v} properties" if v else "",
    "minimum": lambda v: f"at least {v}",
    "multipleOf": lambda v: f"a multiple of {v}",
    "oneOf": _one_of("oneOf", "exactly one of"),
    "pattern": lambda v: f"matches the pattern {v}" if len(v) <= LONGEST else "",
    "propertyNames": _names,
    "uniqueItems": lambda v: "no item twice" if v else "",
    "x-also": _also,
    "x-digits": lambda v: f"at most {v} digits",
    "x-places": lambda v: f"at most {v} decimal places",
}


# ---------------------------------------------------------------------- a wire schema as text


BOUNDS = ("minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum")


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
    each = schema.get("items", {})
    item = _type(each, depth)
    words = _words(each) if each.get("type") != "object" else ""
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
    parts = [_line(schema["description"])] if "description" in schema else []
    for each in (schema, *schema.get("anyOf", ())):
        parts += phrases({keyword: each[keyword] for keyword in BOUNDS if keyword in each})
    return "; ".join(parts)


def _aside(branch: Mapping[str, JSON]) -> str:
    return f" /* {_line(branch['description'])} */" if "description" in branch else ""


def letters(words: str) -> str:
    """Words without case, blanks and marks, to tell whether two say the same; marks alone stay."""
    return _MARKS.sub("", words).casefold() or words


_MARKS = re.compile(r"[\s!-/:-@\[-`{-~]+")


def _line(words: str) -> str:
    return " ".join(words.split())
