"""The lens of an object: names, absence, helpers, tags and further properties."""

from __future__ import annotations

from extractor.schema.lens import Found, Lens, Maybe, from_wire, no_form, to_wire
from extractor.schema.patterns import compiled
from extractor.schema.pointer import JSON, join
from extractor.schema.tree import Absent, Record, Rest, Slot

__all__ = ["RecordLens", "is_plain"]


def is_plain(slot: Slot) -> bool:
    return (
        slot.absent in (Absent.NEVER, Absent.OMIT, Absent.SAME)
        and slot.wire == slot.name
        and not slot.count + slot.quote
    )


class RecordLens:
    """An object: names, absence, helpers and further properties."""

    def __init__(self, node: Record, lenses: dict[str, Maybe], rest: list[tuple[Rest, Maybe]]) -> None:
        self.node, self.lenses, self.rest = node, lenses, rest
        self.slots = {slot.name: slot for slot in node.slots}
        self.by_wire = {slot.wire: slot for slot in node.slots}
        self.counts = {slot.count: slot.name for slot in node.slots if slot.count}
        self.quotes = {slot.quote: slot.name for slot in node.slots if slot.quote}

    def lens(self) -> Lens:
        return Lens(self.encode, self.decode)

    def encode(self, value: JSON) -> JSON:
        if isinstance(value, list) and self.node.is_pairs:
            raise no_form("a list in place of an object")
        if not isinstance(value, dict):
            return value
        tag, label = self.node.told or ("", "")
        wire: dict[str, JSON] = {tag: label} if tag else {}
        for slot in self.node.slots:
            if slot.count:
                wire[slot.count] = len(value[slot.name]) if isinstance(value.get(slot.name), list) else 0
            if slot.quote:
                wire[slot.quote] = None
            if slot.name in value:
                wire[slot.wire] = self.present(slot, value[slot.name])
            elif slot.absent in (Absent.NULL, Absent.SAME, Absent.BOX):
                wire[slot.wire] = None
        others = {name: to_wire(self.other(name), item) for name, item in value.items() if name not in self.slots}
        if tag and tag in others and not self.node.pairs:
            raise no_form(f"a further property {tag!r}")
        if not self.node.pairs:
            return {**wire, **others}
        pairs = [{"key": name, "value": item} for name, item in others.items()]
        return pairs if self.node.is_pairs else {**wire, self.node.pairs: pairs}

    def present(self, slot: Slot, item: JSON) -> JSON:
        wire = to_wire(self.lenses[slot.name], item)
        if wire is None and slot.absent is Absent.NULL:
            raise no_form(f"null for {slot.name}")
        return {"value": wire} if slot.absent is Absent.BOX else wire

    def other(self, name: str) -> Maybe:
        for rest, lens in self.rest:
            if rest.pattern is None or compiled(rest.pattern).search(name):
                return lens
        return None

    def decode(self, value: JSON, at: str, found: Found) -> JSON:
        if self.node.is_pairs:
            return self.unpaired(value, at, found)
        if not isinstance(value, dict):
            found.misfit(at, "an object")
            return value
        declared: dict[str, JSON] = {}
        for name, item in value.items():
            if self.node.told == (name, item):
                continue
            if name in self.by_wire:
                self.take(self.by_wire[name], item, at, found, declared)
            elif name in self.counts or name in self.quotes:
                self.help(name, item, at, found)
            elif self.node.pairs and name == self.node.pairs:
                further = self.unpaired(item, at, found)
                declared.update(further if isinstance(further, dict) else {name: further})
            else:
                declared[name] = from_wire(self.other(name), item, join(at, name), found)
        return declared

    def take(self, slot: Slot, item: JSON, at: str, found: Found, declared: dict[str, JSON]) -> None:
        """One declared property, unless the wire says that it is absent."""
        if item is None and slot.absent in (Absent.NULL, Absent.BOX):
            return
        if slot.absent is Absent.BOX and isinstance(item, dict) and item.keys() == {"value"}:
            item = item["value"]
        declared[slot.name] = from_wire(self.lenses[slot.name], item, join(at, slot.name), found)

    def help(self, name: str, item: JSON, at: str, found: Found) -> None:
        if name in self.counts and isinstance(item, int):
            found.counts[join(at, self.counts[name])] = item
        elif name in self.quotes and isinstance(item, str):
            found.quotes[join(at, self.quotes[name])] = item

    def unpaired(self, value: JSON, at: str, found: Found) -> JSON:
        """A list of pairs as the properties that it holds; where it is not one, it stays as it is."""
        pairs = value if isinstance(value, list) else []
        names = {pair["key"] for pair in pairs if _is_pair(pair)}
        if not isinstance(value, list) or len(names) < len(pairs):
            found.misfit(at, "a list of pairs, each with a key of its own and a value")
            return value
        return {
            pair["key"]: from_wire(self.other(pair["key"]), pair["value"], join(at, pair["key"]), found)
            for pair in pairs
        }


def _is_pair(value: JSON) -> bool:
    return isinstance(value, dict) and value.keys() == {"key", "value"} and isinstance(value["key"], str)
