"""In what shapes an answer may come, and what they stand for: the questions that fitting.py asks of a value.

{"columns": ["sku", "qty"], "rows": [["a", 2]]}   for a list of rows:   [{"sku": "a", "qty": 2}]
{"sku": ["a", "b"], "qty": [2, 3]}                                      [{"sku": "a", "qty": 2}, ...]
[{"name": "number", "value": "A1"}]               for an object:        {"number": "A1"}
{"invoice": {"number": "A1"}}                     its members are those of the object inside
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from html import unescape
from itertools import permutations

import orjson

from extractor.errors import InvalidValue
from extractor.repair.evidence import Evidence
from extractor.repair.kinds import CANONICAL, ESCAPED, absent, begun, choose, denies, is_plain_text, read
from extractor.repair.readings import read_leniently, read_strictly
from extractor.repair.receipt import Guess, Kind, Meant, spelt
from extractor.repair.words import unescaped
from extractor.schema.keywords import is_of
from extractor.schema.pointer import JSON, leaves
from extractor.schema.text import Digits
from extractor.schema.tree import Absent, Array, Choice, Free, Leaf, Node, Record, Tree, Union
from extractor.schema.words import letters

__all__ = [
    "Shapes",
    "are_rows",
    "counts_more",
    "inside",
    "is_blank",
    "kind_of",
    "plain",
    "property_names",
]


_ENDS = ("value", "val", "answer", "text", "content")
"""Names of the member that holds the value, in an object that stands for a value."""

_PAIR_MOST = 4
"""Members of an object that is a name and its value: also its page and how sure the model is."""
_COUNTS = (
    r"(?:total|row|item|result|record|entrie)*s?count"
    r"|(?:total|num|number|count)(?:of)?(?:rows|items|results|records|entries)"
)
"""Names of the number of rows of whatever list stands beside it."""
_CONTROLS = {ord(sign): f"\\{letter}" for sign, letter in zip("\b\t\n\f\r", "btnfr", strict=True)}
_BYTE = re.compile(r"\x00([0-9a-fA-F]{2})")
"""A character whose number was torn apart: `\\u0000e9` for `\\u00e9`."""
_NUMBERED = re.compile(r"[\s_#-]*\d+\Z")
_LABELS = frozenset(("name", "key", "", "label", "property"))
_CONSTANT_KEYWORDS = ("const", "default", "example", "enum", "examples")
_SCHEMA_KEYWORDS = frozenset(("type", "title", "description", "format", "anyOf", *_CONSTANT_KEYWORDS))
_JSON_TYPES = frozenset(("string", "number", "integer", "boolean", "array", "object", "null"))


def property_names(wire: JSON) -> frozenset[str]:
    """Every property name that a JSON schema speaks of."""
    return frozenset(_names(wire))


def _names(wire: JSON) -> Iterator[str]:
    if isinstance(wire, dict):
        properties = wire.get("properties")
        if isinstance(properties, dict):
            yield from properties
        for inner in wire.values():
            yield from _names(inner)
    elif isinstance(wire, list):
        for inner in wire:
            yield from _names(inner)


def inside(raw: JSON, wanted: type | tuple[type, ...]) -> JSON | None:
    """The JSON in a string, if it is of the type wanted and whole."""
    if isinstance(raw, str) and raw.lstrip()[:1] == '"':
        with suppress(orjson.JSONDecodeError):
            return inside(orjson.loads(raw), wanted)
    if not isinstance(raw, str) or raw.lstrip()[:1] not in ("{", "[", "`"):
        return None
    try:
        inner = read_strictly(raw) or read_leniently(raw, Guess())
    except InvalidValue:
        return None
    return inner.value if isinstance(inner.value, wanted) and inner.complete and not inner.lossy else None


class Shapes:
    """Questions about values and the nodes of one tree."""

    def __init__(self, tree: Tree, evidence: Evidence) -> None:
        self.tree, self.evidence = tree, evidence
        self._names: dict[int, frozenset[str]] = {}

    def names(self, node: Node | None) -> frozenset[str]:
        """The names of a record's properties, by their letters; none of anything else."""
        if id(node) not in self._names:
            self._names[id(node)] = frozenset(letters(slot.wire) for slot in getattr(node, "slots", ()))
        return self._names[id(node)]

    def item_of(self, node: Node) -> Node | None:
        """What a list is of; None for anything else."""
        array = self.tree.bare(node)
        return self.tree.bare(array.item) if isinstance(array, Array) else None

    def contained(self, value: dict[str, JSON], item: Node) -> tuple[list[JSON], dict[str, JSON]] | None:
        """The list that an object stands for, and what stands beside it: its one list, that of an object inside, the
        rows of its columns or of a table below a header, or its members where they are numbered."""
        lists = {name: each for name, each in value.items() if isinstance(each, list)}
        names = self.names(item)
        if not names.isdisjoint(map(letters, value)):
            flat = not any(isinstance(self.tree.bare(slot.node), Array) for slot in getattr(item, "slots", ()))
            columns = flat and len(value) > 1 and len(lists) == len(value) and len(set(map(len, lists.values()))) == 1
            return (_rows(list(value), zip(*value.values(), strict=True)), {}) if columns else None
        for header, rows in permutations(lists.values(), 2):
            if len(lists) == 2 and not names.isdisjoint(map(letters, filter(_is_text, header))):
                beside = {name: each for name, each in value.items() if name not in lists}
                whole = all(isinstance(row, list) and len(row) == len(header) for row in rows)
                return (_rows(header, rows), beside) if whole and all(map(_is_text, header)) else None
        if len(lists) == 1:
            ((name, only),) = lists.items()
            return only, {other: each for other, each in value.items() if other != name}
        if names and value and all(isinstance(each, dict) and name in each.values() for name, each in value.items()):
            return list(value.values()), {}
        if value and not lists and all(map(_NUMBERED.search, value)):
            return (list(value.values()), {}) if len({_NUMBERED.sub("", name) for name in value}) == 1 else None
        alone = next(iter(value.values())) if len(value) == 1 else None
        if not isinstance(alone, dict) or not names:
            return None
        return self.contained(alone, item) or ([alone], {})

    def named(self, node: Record, value: list[JSON]) -> dict[str, JSON]:
        """The object that a list of names with their values stands for; empty where it is none."""
        pairs = [_pair(item) for item in value]
        named = {pair[0]: pair[1] for pair in pairs if pair}
        wires = self.names(node)
        known = sum(letters(name) in wires for name in named) * 2 > len(named) and not {"name", "value"} <= wires
        open_ = not wires and bool(node.rest) and not isinstance(self.tree.bare(node.rest[0].node), Record)
        return named if len(named) == len(value) and (known or open_) else {}

    def is_one(self, node: Record, value: list[JSON]) -> bool:
        """Whether a list holds one object with members of the record, as often as it likes."""
        first = value[0] if value else None
        if not isinstance(first, dict) or any(each != first for each in value):
            return False
        return not first or not self.names(node).isdisjoint(map(letters, first))

    def enveloped(self, node: Record, value: dict[str, JSON]) -> str:
        """The name of the one member that holds the object's own members, where it has none of them itself; or ""."""
        names = self.names(node)
        if not names.isdisjoint(map(letters, value)):
            return ""
        found = [n for n, item in value.items() if isinstance(item, dict) and not names.isdisjoint(map(letters, item))]
        return found[0] if len(found) == 1 else ""

    def holds_objects(self, node: Node, type_: type) -> bool:
        """Whether a node is a list of objects, or one object (`type_` is dict)."""
        return bool(self.names(self.tree.bare(node))) if type_ is dict else isinstance(self.item_of(node), Record)

    def is_object(self, node: Node, value: dict[str, JSON]) -> bool:
        """Whether an object has what a record must have, and nothing else."""
        record = self.tree.bare(node)
        needed = {letters(slot.wire) for slot in getattr(record, "slots", ()) if slot.required}
        return bool(needed) and needed <= set(map(letters, value)) <= self.names(record)

    def is_nameless(self, node: Record, value: dict[str, JSON]) -> bool:
        """Whether an object stands for the one member of a record: a row of its list, or its value by another name."""
        if len(node.slots) != 1 or not self.names(node).isdisjoint(map(letters, value)):
            return False
        only = node.slots[0].node
        scalar = isinstance(self.tree.bare(only), Leaf | Choice) and len(value) == 1
        return scalar or self.is_rows(only, [value]) or self.stands_for_list(only, value)

    def stands_for_list(self, node: Node, value: dict[str, JSON]) -> bool:
        """Whether an object stands for a list of objects."""
        item = self.item_of(node)
        return isinstance(item, Record) and self.contained(value, item) is not None

    def below_header(self, item: Record, value: list[JSON]) -> list[JSON]:
        """The rows of a table whose first row has their names; empty where it is none."""
        rows = [each for each in value if isinstance(each, list) and each and len(each) == len(value[0])]
        names = self.names(item)
        known = len(rows) == len(value) > 1 and all(_is_text(each) and letters(each) in names for each in rows[0])
        return _rows(rows[0], rows[1:]) if known else []

    def may_hold(self, node: Node, value: list[JSON]) -> bool:
        return not value or not self.holds_objects(node, list) or self.is_rows(node, value)

    def is_rows(self, node: Node, value: list[JSON]) -> bool:
        """Whether a list holds objects, each with some of the members of the rows of a declared list."""
        names = self.names(self.item_of(node))
        return bool(value) and all(isinstance(row, dict) and not names.isdisjoint(map(letters, row)) for row in value)

    def single(
        self, node: Leaf | Choice, value: dict[str, JSON] | list[JSON], at: str
    ) -> tuple[JSON, dict[str, JSON]] | None:
        """The one scalar that a list or an object stands for, and what is beside it; None where that is not plain."""
        stands, text = self.evidence.stands, self.is_text(node)
        members = list(value.items()) if isinstance(value, dict) else [("0", value[0])] if len(value) == 1 else []
        scalars = [(name, item) for name, item in members if not isinstance(item, dict | list)]
        if isinstance(value, dict) and {"type"} <= value.keys() <= _SCHEMA_KEYWORDS:
            scalars = [pair for pair in _constants(value) if stands(pair[1])]
            members = scalars[:1]
        ends = [letters(at.rpartition("/")[2]), *_ENDS]
        ranks = [
            (not stands(each[1]), ends.index(letters(each[0])), each) for each in scalars if letters(each[0]) in ends
        ]
        fitting = [each for *_, each in sorted(ranks, key=lambda rank: rank[:2])[:1]]
        if not fitting and len(members) == 1 and str(members[0][1]) not in _JSON_TYPES:
            plain = isinstance(value, list) or not text or isinstance(members[0][1], str)
            fitting = [each for each in scalars if plain and (isinstance(value, list) or stands(each[1]))]
        if not fitting and not text:
            fitting = [each for each in scalars if stands(each[1]) and self.reads(node, each[1])]
        if len({_figure(self.meant(node, item).value) for _, item in fitting}) != 1:
            return None
        return fitting[0][1], {name: item for name, item in members if name != fitting[0][0]}

    def meant(self, node: Leaf | Choice, value: JSON) -> Meant:
        if isinstance(node, Choice):
            return Meant(value) if node.texts else choose(value, node.values, node.names)
        return read(node.kind, value, node.facts)

    def reads(self, node: Leaf | Choice, value: JSON) -> bool:
        """Whether a value is plainly one of a node, and not just text."""
        kind = "number" if isinstance(node, Leaf) and node.kind == "decimal" else getattr(node, "kind", "")
        meant = read(kind, value, node.facts) if isinstance(node, Leaf) else self.meant(node, value)
        if kind in ("date", "datetime", "time"):
            return isinstance(meant.value, str) and re.match(r"\d{4}-\d\d-\d\d|\d\d:\d\d", meant.value) is not None
        return not meant.problem and not (isinstance(node, Leaf) and isinstance(meant.value, str))

    def is_data(self, name: str, node: Record, row: Mapping[str, JSON], called: Iterable[str]) -> bool:
        """Whether a name above an object, which is `called` so or so, is data: the document prints it, and the object
        lacks a value that it can be."""
        if any(letters(name) in letters(each) or letters(each) in letters(name) for each in called):
            return False
        free = [self.tree.bare(slot.node) for slot in node.slots if row.get(slot.wire) is None]
        leaves_ = [leaf for leaf in free if isinstance(leaf, Leaf) and (self.is_text(leaf) or self.reads(leaf, name))]
        known = any(spelt(leaf) == name for _, leaf in leaves(row))
        return bool(leaves_) and not known and self.evidence.prints_exactly(name)

    def unescaped(self, value: JSON) -> JSON:
        """Text that was escaped or encoded twice, too seldom (a backslash of LaTeX, of a path), or as a bar is in a
        table, or a number without the zeros before it: the document prints what it stands for, and not the text."""
        if not isinstance(value, str):
            return value if isinstance(value, bool | float) else self.evidence.padded(spelt(value)) or value
        if not ESCAPED.search(value) or self.evidence.prints(value):
            return value
        meant = (
            unescape(unescaped(value, 0, len(value))[0]),
            value.translate(_CONTROLS),
            value.replace(r"\|", "|"),
            _BYTE.sub(lambda found: chr(int(found[1], 16)), value),
            value.strip("*_`"),
            *_encoded_twice(value),
        )
        return next(filter(self.evidence.prints, meant), value)

    def is_text(self, node: Node) -> bool:
        target = self.tree.resolve(node)
        return isinstance(target, Free) or (isinstance(target, Leaf) and target.kind == "string")

    def is_absent(self, value: JSON, nullable: bool, *, text: bool) -> bool:
        """Whether a word stands for no value: for text only where the document is known, and does not print it."""
        if not nullable or not absent(value):
            return False
        return not text or (self.evidence.known and not self.prints(value))

    def is_denied(self, node: Leaf | Choice, value: JSON) -> bool:
        """Whether words that the document does not print say that there is no number, no date or the like."""
        narrow = isinstance(node, Leaf) and node.kind not in ("boolean", "string")
        return narrow and denies(value) and not self.evidence.prints(value)

    def leaves_out(self, value: JSON) -> bool:
        """Whether text stands for more than it says: a mark that the document does not print, alone or at its end."""
        if not isinstance(value, str):
            return False
        if is_plain_text(value):
            return False
        if head := begun(value):
            return self.evidence.prints(head) and not self.evidence.prints(value)
        return not self.prints(value)

    def prints(self, value: JSON) -> bool:
        """Whether the document holds this very text; marks alone only with nothing but blanks around them."""
        marks = isinstance(value, str) and not re.search(r"\w", value)
        return self.evidence.prints_alone(value) if marks else self.evidence.prints(value)

    def is_whole(self, node: Node, value: JSON, *, but: str) -> bool:
        """Whether a fitted object has all that a record must have, but for one property."""
        record = self.tree.resolve(node)
        slots = [slot for slot in getattr(record, "slots", ()) if slot.required and slot.wire != but]
        return isinstance(value, dict) and all(
            slot.wire in value
            and (value[slot.wire] is not None or isinstance(self.tree.resolve(slot.node), Free | Union))
            for slot in slots
        )

    def holds(self, node: Node, value: JSON) -> bool:
        """Whether a fitted value has the JSON type of a node, and its members those of theirs."""
        match self.tree.resolve(node):
            case Leaf(type="integer") if isinstance(value, float):
                return value.is_integer()
            case Leaf(kind=kind) if kind in CANONICAL and isinstance(value, str):
                return CANONICAL[kind].fullmatch(value) is not None
            case Leaf(type=type_):
                return value is None or is_of(value, type_)
            case Choice(values=values, texts=False):
                return any(type(value) is type(each) and value == each for each in values)
            case Record(slots=slots):
                return isinstance(value, dict) and all(
                    value.get(slot.wire) is None or self.holds(slot.node, value[slot.wire]) for slot in slots
                )
            case Array():
                return isinstance(value, list)
        return True


def plain(value: JSON) -> JSON:
    """A value with ordinary numbers."""
    if isinstance(value, Digits):
        return float(value)
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def _encoded_twice(value: str) -> Iterator[str]:
    """The text whose bytes in UTF-8 were read as those of another encoding."""
    for encoding in ("cp1252", "latin-1"):
        with suppress(UnicodeError):
            yield value.encode(encoding).decode()


def _constants(schema: Mapping[str, JSON]) -> Iterator[tuple[str, JSON]]:
    """The one value that each keyword of a property's schema names."""
    for name in _CONSTANT_KEYWORDS:
        item = schema.get(name)
        if isinstance(item, list) and len(item) == 1:
            item = item[0]
        if item is not None and not isinstance(item, list | dict):
            yield name, item


def counts_more(name: str, item: JSON, called: Iterable[str], rows: list[JSON]) -> bool:
    """Whether a member says by its name that a list, which is `called` so or so, has more rows than these.

    A sum of the rows is no count.
    """
    number = len(item) if isinstance(item, list) else read("integer", item).value
    if not isinstance(number, int) or isinstance(number, bool) or not number:
        return False
    for each in called:
        listed = rf"{re.escape(letters(each).rstrip('s'))}s?(?:count)?"
        if each and re.fullmatch(rf"(?:remaining|skipped|omitted|more){listed}", letters(name)):
            return True
        counts = rf"(?:(?:total|count|number|num|n)(?:of)?)+{listed}|{listed}(?<=count)|{listed}total(?:count)?"
        if (
            number > len(rows)
            and re.fullmatch(counts if each else _COUNTS, letters(name))
            and number not in _sums(rows)
        ):
            return True
    return False


def _sums(rows: list[JSON]) -> set[Decimal]:
    """The sums of the numbers that rows have under one name."""
    sums = defaultdict[str, Decimal](Decimal)
    for name, cell in ((name, cell) for row in rows if isinstance(row, dict) for name, cell in row.items()):
        with suppress(InvalidOperation):
            sums[name] += Decimal(str(plain(cell)))
    return set(sums.values())


def kind_of(node: Leaf | Choice) -> Kind:
    if isinstance(node, Choice) or node.kind == "boolean":
        return "choice"
    if node.kind == "string":
        return "quotes"
    return "number" if node.kind in ("decimal", "integer", "number") else "date"


def is_blank(node: Record, value: JSON) -> bool:
    """Whether all members of an object say that there is no value, though it must have some."""
    blank = isinstance(value, dict) and all(each is None or absent(each) for each in value.values())
    return blank and any(slot.required and slot.absent is Absent.NEVER for slot in node.slots)


def are_rows(value: JSON) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def _is_text(value: JSON) -> bool:
    return isinstance(value, str)


def _rows(names: list[JSON], rows: Iterable[Iterable[JSON]]) -> list[JSON]:
    return [dict(zip(names, row, strict=True)) for row in rows]


def _figure(value: JSON) -> JSON:
    """A number as one that is equal to others of its size; anything else as it is."""
    try:
        return Decimal(spelt(value))
    except InvalidOperation:
        return spelt(value)


def _pair(item: JSON) -> tuple[str, JSON] | None:
    """A name with its value: two items, a member alone, or an object of a name and a value."""
    if isinstance(item, list) and len(item) == 2 and isinstance(item[0], str):
        return item[0], item[1]
    if not isinstance(item, dict):
        return None
    if len(item) == 1:
        return next(iter(item.items()))
    names = {name: letters(name).removeprefix("field") for name in item}
    labels = [name for name in item if names[name] in _LABELS and isinstance(item[name], str)]
    values = [name for name in item if names[name] in _ENDS]
    known = len(labels) == len(values) == 1 and len(item) <= _PAIR_MOST
    return (item[labels[0]], item[values[0]]) if known else None
