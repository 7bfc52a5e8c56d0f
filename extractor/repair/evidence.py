"""Whether the leaves of a value stand in the document. A plain search, no grounding: it chooses among readings."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import cached_property
from typing import Any

from extractor.schema.pointer import JSON, leaves

__all__ = ["NONE", "Evidence", "contains", "is_empty", "joined", "substance"]

_GROUPING = re.compile(r"(?<=\d)[,.'’ \u00a0\u2009\u202f](?=\d{3}(?!\d))")
_BLANKS = re.compile(r"\s+")
_DATE = re.compile(r"\d{4}-\d{2}(?:-\d{2})?(?:[T ].*)?|\d{2}:\d{2}(?::\d{2})?")
_FIGURE = re.compile(r"[+-]?\d+(?:\.\d+)?")


class Evidence:
    """The text of a document, searched for values; None where it is not known (a document of pictures, say)."""

    def __init__(self, text: str | None) -> None:
        self.known = bool(text)
        self._raw = text or ""

    @cached_property
    def _text(self) -> str:
        return _BLANKS.sub(" ", self._raw).casefold()

    @cached_property
    def _figures(self) -> str:
        """The text with its numbers in one notation."""
        return _GROUPING.sub("", self._text).replace(",", ".")

    def prints(self, value: JSON) -> bool:
        """Whether the document holds this very text, as a word of its own."""
        return isinstance(value, str) and bool(value.strip()) and _has(self._text, _folded(value))

    def prints_alone(self, text: str) -> bool:
        """Whether the document holds this very text with nothing but blanks around it."""
        return re.search(rf"(?<!\S){re.escape(text.strip())}(?!\S)", self._raw) is not None

    def stands(self, value: JSON) -> bool:
        """Whether a scalar stands in the document, numbers in any notation."""
        if value is None or isinstance(value, bool | dict | list):
            return False
        figure = getattr(value, "text", str(value)).strip()
        if not _FIGURE.fullmatch(figure):
            return _has(self._text, _folded(figure))
        plain = re.sub(r"\.0*$|(\.\d*?)0+$", r"\1", figure.lstrip("+-")) if "." in figure else figure.lstrip("+-")
        return bool(re.search(rf"(?<![\d.]){re.escape(plain)}(?:\.?0*)(?!\d)", self._figures))

    def share(self, value: JSON) -> tuple[int, int]:
        """How many leaves of a value stand in the document, of how many that could: dates are printed in many ways."""
        counted = [leaf for _, leaf in leaves(value) if _is_countable(leaf)]
        return sum(map(self.stands, counted)), len(counted)

    def holds(self, value: JSON) -> bool:
        """Whether a value is of this document, as far as can be seen: more than half of it stands there."""
        standing, counted = self.share(value)
        return not self.known or standing * 2 > counted


NONE = Evidence(None)


def _has(text: str, value: str) -> bool:
    """Whether a text holds a value that is not the inside of a longer word."""
    at = text.find(value)
    while value and at >= 0:
        end = at + len(value)
        open_ = not (value[0].isalnum() and at and text[at - 1].isalnum())
        if open_ and not (value[-1].isalnum() and end < len(text) and text[end].isalnum()):
            return True
        at = text.find(value, at + 1)
    return False


def _folded(value: str) -> str:
    return _BLANKS.sub(" ", value).strip().casefold()


def _is_countable(leaf: JSON) -> bool:
    return leaf is not None and not isinstance(leaf, bool) and leaf != "" and not _DATE.fullmatch(str(leaf))


# ---------------------------------------------------------------------- values beside values


def substance(value: JSON, names: Collection[str], evidence: Evidence, *, lacking: bool) -> bool:
    """Whether a value that is left out may be data that was asked for: it has members of declared names, or stands in
    the document where a declared member is `lacking`."""
    if is_empty(value):
        return False
    if any(name in names and not is_empty(item) for name, item in _members(value)):
        return evidence.holds(value)
    return lacking and (not evidence.known or any(evidence.stands(leaf) for _, leaf in leaves(value)))


def _members(value: JSON) -> Iterator[tuple[str, JSON]]:
    if isinstance(value, dict):
        yield from value.items()
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _members(item)


def is_empty(value: JSON) -> bool:
    """Whether a value says nothing."""
    if isinstance(value, dict):
        return all(map(is_empty, value.values()))
    return all(map(is_empty, value)) if isinstance(value, list) else value is None or value == ""


def contains(more: JSON, less: JSON) -> bool:
    """Whether all that one value says is in another, its rows in any order."""
    if is_empty(less):
        return True
    if isinstance(less, dict):
        return isinstance(more, dict) and all(
            name in more and contains(more[name], item) for name, item in less.items() if not is_empty(item)
        )
    if isinstance(less, list):
        return isinstance(more, list) and _each_in(list(more), less)
    return type(more) is type(less) and bool(more == less)


def _each_in(more: list[JSON], less: list[JSON]) -> bool:
    """Whether each row of one list has a row of its own in another that says as much."""
    for item in less:
        at = next((index for index, each in enumerate(more) if contains(each, item)), None)
        if at is None:
            return False
        del more[at]
    return True


def joined(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any] | None:
    """Two parts of one record together: members of either, rows of both. None where they disagree, or share a row."""
    whole = dict(first)
    agreed = False
    for name, item in second.items():
        mine = whole.get(name)
        if is_empty(mine):
            whole[name] = item
        elif isinstance(mine, list) and isinstance(item, list):
            if any(each in mine for each in item):
                return None
            whole[name] = [*mine, *item]
        elif isinstance(mine, dict) and isinstance(item, dict):
            inner = joined(mine, item)
            if inner is None:
                return None
            whole[name], agreed = inner, True
        elif is_empty(item):
            continue
        elif mine != item:
            return None
        else:
            agreed = True
    apart = not any(not is_empty(first.get(name)) and not is_empty(item) for name, item in second.items())
    return whole if agreed or apart else None
