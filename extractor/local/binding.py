"""A grammar that binds an answer to its document: strings are runs of the document's own words, numbers, dates and
currencies are those that occur in it. What is bound cannot be invented, and its place can be found.

The grammar is llguidance's: a rule for each place of the wire schema, and a terminal for each kind of value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from extractor.local.candidates import currencies, dates, moments, numbers, times
from extractor.schema.words import FORMATS
from extractor.schema.write import JSON_TEXT

__all__ = ["bind"]

Wire = Mapping[str, Any]

_LONGEST_STRING = 240  # characters
_LONGEST_LIST = 200  # items
_ANY: Wire = {"type": ["string", "number", "boolean", "null"]}
_TIGHT = {"x-guidance": {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}}
_EDGE = "[^ ,;:-]"
_WORD = re.compile(r"[^\s,;:-]")
_FORMATS = frozenset({"date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "time", "uri", "uuid"})
_LOOKS_AROUND = re.compile(r"\(\?[=!<]|\\[1-9]")
_LINE_OR_SENTENCE = re.compile(r"\n|[.;!?]\s")
_CELL = re.compile(r"\S+(?: \S+)*")
_DOT = re.compile(r" [·•|] ")
_PIECE = re.compile(r"\w(?:[^\s:=;()\[\]]*\w)?(?:(?<=\d):\d+)*|[^\w\s]| ")


def bind(wire: Wire, text: str) -> str:
    """The grammar of the answers to a wire schema that stand in `text`; where it has no words, of all its answers."""
    return _Grammar(wire, text if _WORD.search(text) else "").written()


@dataclass(slots=True)
class _Grammar:
    wire: Wire
    text: str
    rules: dict[str, str] = field(default_factory=dict)

    def written(self) -> str:
        start = self.place(self.wire)
        rules = {"start": start, **self.rules}
        return "\n".join(["%llguidance {}", *(f"{name}: {body}" for name, body in rules.items())])

    # ------------------------------------------------------------------ places

    def place(self, wire: Wire, name: str = "") -> str:
        """The expression for one place: a reference, a union, constants, a list, an object or a value."""
        if "$ref" in wire:
            return self._reference(wire["$ref"])
        if "anyOf" in wire:
            branches = [_with_words(branch, wire) for branch in wire["anyOf"]]
            possible = [branch for branch in branches if self._candidates(branch) != ()]  # the document has a value
            return _either(self.place(branch, name) for branch in possible or branches)
        if "enum" in wire:
            return _either(map(_literal, wire["enum"]))
        kinds = wire.get("type", _ANY["type"])
        if isinstance(kinds, list):
            return _either(self.place({**wire, "type": kind}, name) for kind in kinds)
        return self._typed(wire, kinds, name)

    def _typed(self, wire: Wire, kind: str, name: str) -> str:
        match kind:
            case "object":
                return self._object(wire)
            case "array":
                return self._array(wire)
            case "string":
                return self._string(wire)
            case "boolean":
                return _either(map(_literal, (True, False)))
            case "null":
                return _literal(None)
        return self._number(kind, name)

    def _reference(self, target: str) -> str:
        definitions = {"#": self.wire} | {f"#/$defs/{name}": each for name, each in self.wire.get("$defs", {}).items()}
        rule = f"ref_{list(definitions).index(target)}"
        if rule not in self.rules:
            self.rules[rule] = ""  # taken before it is written, for a schema that holds itself
            self.rules[rule] = self.place(definitions[target])
        return rule

    def _object(self, wire: Wire) -> str:
        """Required properties in their order, then each of the others or not."""
        properties = wire.get("properties", {})
        if not properties:
            return _json("{}")
        helpers = {name for name in properties if name == "index" or _counted(name) in properties}
        pairs = {
            name: f"{_json(_json(name) + ': ')} {self.place(each, name if name in helpers else '')}"
            for name, each in properties.items()
        }
        needed = [name for name in pairs if name in wire.get("required", ())] or [next(iter(pairs))]
        body = ' ", " '.join(pairs[name] for name in needed)
        rest = " ".join(f'(", " {pairs[name]})?' for name in pairs if name not in needed)
        return self._rule("object", f'"{{" {body} {rest} "}}"')

    def _array(self, wire: Wire) -> str:
        if wire.get("maxItems") == 0:
            return _json("[]")
        item = self._rule("item", self.place(wire.get("items") or _ANY))
        least = int(wire.get("minItems", 0))
        most = max(least, min(int(wire.get("maxItems", _LONGEST_LIST)), self._most_items()))
        further = f' (", " {item}){{{max(least - 1, 0)},{most - 1}}}' if most > 1 else ""
        several = f'"[" {item}{further} "]"'
        return several if least else _either([_json("[]"), several])

    def _most_items(self) -> int:
        """No document lists more things than it has lines or sentences."""
        return min(_LONGEST_LIST, 1 + len(_LINE_OR_SENTENCE.findall(self.text))) if self.text else _LONGEST_LIST

    # ------------------------------------------------------------------ values

    def _string(self, wire: Wire) -> str:
        if found := self._candidates(wire):
            return self._terminal(f"{str(_kind(wire)).replace('-', '_').upper()}", _either(map(_literal, found)))
        length = min(int(wire.get("maxLength", _LONGEST_STRING)), _LONGEST_STRING)
        if found == () or "pattern" in wire or not self.text or _says(wire, JSON_TEXT):
            return self._json({"type": "string", "maxLength": length, **_sayable(wire)})
        return f'"\\"" {self._words(length)} "\\""'

    def _words(self, length: int) -> str:
        """A run of the document's words, of no more than `length` characters, with no space or comma at its ends."""
        ways = {"RUN": self.text, "LINES": _one_line(self.text), "COLUMNS": _columns(self.text)}
        runs = [
            self._terminal(name, f"%regex {_json({'substring_chunks': pieces})}")
            for name, way in ways.items()
            if (pieces := _pieces(way))
        ]
        return self._terminal(f"WORDS_{length}", f"{_either(runs)} & /{_EDGE}(.{{0,{max(length - 2, 0)}}}{_EDGE})?/")

    def _number(self, kind: str, name: str) -> str:
        if name:
            return self._terminal("COUNT", _either(map(_json, map(str, range(self._most_items() + 1)))))
        found = self._candidates({"type": kind})
        return self._terminal(kind.upper(), _either(map(_json, found))) if found else self._json({"type": kind})

    def _candidates(self, wire: Wire) -> Sequence[str] | None:
        """The values of the document that a place of this kind may have; None for a kind that has no such list."""
        if not self.text:
            return None
        match wire.get("type"):
            case "number":
                return numbers(self.text)
            case "integer":
                return tuple(number for number in numbers(self.text) if "." not in number)
            case "string" if kind := _kind(wire):
                return _KINDS[kind][1](self.text)
        return None

    # ------------------------------------------------------------------ rules

    def _terminal(self, name: str, body: str) -> str:
        self.rules.setdefault(name, body)
        return name

    def _rule(self, stem: str, body: str) -> str:
        return self._terminal(f"{stem}_{len(self.rules)}", body)

    def _json(self, wire: Wire) -> str:
        return self._rule("json", f"%json {_json({**wire, **_TIGHT})}")


def _kind(wire: Wire) -> str | None:
    """What a string stands for, by its format or by the words that tell it where a schema has no format."""
    return next((kind for kind, (words, _) in _KINDS.items() if wire.get("format") == kind or _says(wire, words)), None)


def _sayable(wire: Wire) -> Wire:
    """The keywords of a free string that the engine can hold it to; it refuses a whole grammar for any other."""
    limits = {"minLength": wire.get("minLength"), "format": wire.get("format"), "pattern": wire.get("pattern")}
    if limits["format"] not in _FORMATS:
        del limits["format"]
    if _LOOKS_AROUND.search(limits["pattern"] or ""):
        del limits["pattern"]
    return {name: value for name, value in limits.items() if value is not None}


def _counted(name: str) -> str | None:
    """The list whose items a helper of that name counts."""
    plain = name.rstrip("_")
    return plain.removesuffix("_count") if plain.endswith("_count") else None


def _says(wire: Wire, words: str) -> bool:
    return words.lower() in str(wire.get("description")).lower()


def _with_words(branch: Wire, union: Wire) -> Wire:
    """A branch with the words of its union, which may tell what a string stands for."""
    words = " ".join(filter(None, (union.get("description"), branch.get("description"))))
    return {**branch, "description": words}


def _one_line(text: str) -> str:
    """The text with its lines and cells set side by side, as an address is written on one line."""
    return ", ".join(cell.rstrip(",") for cell in _CELL.findall(_DOT.sub("\n", text)))


def _columns(text: str) -> str:
    """What stands side by side, such as two addresses, column by column: each cell follows the one above it."""
    columns: list[list[str]] = []
    beside: set[int] = set()
    above: list[tuple[int, int, list[str]]] = []
    for line in text.split("\n"):
        cells = list(_CELL.finditer(line))
        here = []
        for cell in cells:
            own = next((one for one in above if one[0] < cell.end() and cell.start() < one[1]), None)
            column = own[2] if own else []
            if own:
                above.remove(own)
            else:
                columns.append(column)
            column.append(cell[0].rstrip(","))
            if len(cells) > 1:
                beside.add(id(column))
            here.append((*cell.span(), column))
        above = here
    return "\n".join(", ".join(column) for column in columns if len(column) > 1 and id(column) in beside)


def _pieces(text: str) -> list[str]:
    """The text cut at the edges of its words but never within an amount or a number, as JSON writes it in a string."""
    return [_json(piece)[1:-1] for piece in _PIECE.findall(" ".join(text.split()))]


_KINDS: Mapping[str, tuple[str, Callable[[str], Sequence[str]]]] = {
    "date-time": (FORMATS["date-time"], moments),
    "date": (FORMATS["date"], dates),
    "time": (FORMATS["time"], times),
    "decimal": (FORMATS["decimal"], numbers),
    "currency": ("ISO 4217", currencies),
}


def _either(expressions: Iterable[str]) -> str:
    distinct = list(dict.fromkeys(expressions))
    return distinct[0] if len(distinct) == 1 else f"({' | '.join(distinct)})"


def _literal(value: Any) -> str:
    """The grammar's text for one JSON value."""
    return _json(_json(value))


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
