"""Whether the leaves of a value stand in the document. A plain search, no grounding: it chooses among readings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from functools import cached_property
from itertools import islice
from typing import Any

from extractor.schema.pointer import JSON, leaves
from extractor.schema.validator import frozen

__all__ = ["NONE", "Evidence", "contains", "is_empty", "joined", "substance"]

_GROUPING = re.compile(r"(?<=\d)[,.'’ \u00a0\u2009\u202f](?=\d{3}(?!\d))")
_CELLS = re.compile(r"[^\W\d],\w|\w,[^\W\d]")
_ROW_WITH_BARS = re.compile(r"^\|.*\\\|.*", re.MULTILINE)
_BLANKS = re.compile(r"\s+")
_WORD = re.compile(r"\w+")
_FIGURES = re.compile(r"\d+(?:\.\d+)?")
_SAMPLE = 400
_DATE = re.compile(r"\d{4}-\d{2}(?:-\d{2})?(?:[T ].*)?|\d{2}:\d{2}(?::\d{2})?")
_FIGURE = re.compile(r"[+-]?\d+(?:\.\d+)?")


class Evidence:
    """The text of a document, searched for values; None where it is not known (a document of pictures, say)."""

    def __init__(self, text: str | None) -> None:
        self.known = bool(text)
        self._raw = _ROW_WITH_BARS.sub(lambda row: row[0].replace("\\|", "|"), text or "")

    @cached_property
    def _text(self) -> str:
        return _BLANKS.sub(" ", self._raw).casefold()

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(_WORD.findall(self._text))

    @cached_property
    def _figures(self) -> frozenset[str]:
        """The numbers of the text in one notation; where a comma parts words, it may part numbers too."""
        plain = _GROUPING.sub("", self._text).replace(",", ".")
        cells = self._text if _CELLS.search(self._text) else ""
        return frozenset(_plain_figure(found) for text in (plain, cells) for found in _FIGURES.findall(text))

    def prints(self, value: JSON) -> bool:
        """Whether the document holds this very text, as a word of its own."""
        return isinstance(value, str) and bool(value.strip()) and _has(self._text, _folded(value))

    def prints_exactly(self, text: str) -> bool:
        """The same with its capitals."""
        return _has(self._raw, text.strip())

    def prints_alone(self, text: str) -> bool:
        """Whether the document holds this very text with nothing but blanks around it."""
        return re.search(rf"(?<!\S){re.escape(text.strip())}(?!\S)", self._raw) is not None

    def padded(self, figure: str) -> str:
        """The one way in which the document prints a number with zeros before it, and never without; else ""."""
        found = set(re.findall(rf"(?<!\w)(?<!\d[.,])0+{re.escape(figure)}(?!\w|[.,]\d)", self._raw))
        return found.pop() if len(found) == 1 and not self.prints(figure) else ""

    def stands(self, value: JSON) -> bool:
        """Whether a scalar stands in the document, numbers in any notation."""
        if value is None or isinstance(value, bool | dict | list):
            return False
        figure = getattr(value, "text", str(value)).strip()
        if _FIGURE.fullmatch(figure):
            return _plain_figure(figure) in self._figures or (figure[0] == "0" and figure in self._words)
        text = _folded(figure)
        words = _WORD.findall(text)
        return self._words.issuperset(words) and (words == [text] or _has(self._text, text))

    def share(self, value: JSON) -> tuple[int, int]:
        """How many leaves of a value (of its first ones) stand in the document, of how many that could: dates are
        printed in many ways."""
        counted = [leaf for _, leaf in islice(leaves(value), _SAMPLE) if _is_countable(leaf)]
        return sum(map(self.stands, counted)), len(counted)

    def holds(self, value: JSON) -> bool:
        """Whether a value is of this document, as far as can be seen: more than half of it stands there."""
        standing, counted = self.share(value)
        return not self.known or standing * 2 > counted

    def denies(self, value: JSON) -> bool:
        """Whether a value is of no part of this document, as far as can be seen: half of it or less stands there."""
        return bool(self.share(value)[1]) and not self.holds(value)


NONE = Evidence(None)
_COMPARED = 100_000
"""So many rows are compared one by one at most."""


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


def _plain_figure(figure: str) -> str:
    figure = figure.lstrip("+-")
    return figure.rstrip("0").rstrip(".") if "." in figure else figure


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
    if declared := [item for name, item in _members(value) if name in names and not is_empty(item)]:
        return evidence.holds(declared)
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
    known = Counter(map(frozen, more))
    rows: dict[Any, JSON] = {frozen(each): each for each in more}
    unlike = []
    for item in less:
        key = frozen(item)
        if known[key]:
            known[key] -= 1
        else:
            unlike.append(item)
    if len(unlike) * len(rows) > _COMPARED:
        return False
    for item in unlike:
        key = next((key for key, each in rows.items() if known[key] and contains(each, item)), None)
        if key is None:
            return False
        known[key] -= 1
    return True


def joined(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any] | None:
    """Two parts of one record together: members of either, rows of both. None where they disagree, share a row,
    or have nothing in common, unless only the second is nothing but rows."""
    whole = dict(first)
    agreed = False
    for name, item in second.items():
        mine = whole.get(name)
        if is_empty(mine):
            whole[name] = item
        elif isinstance(mine, list) and isinstance(item, list):
            if not {frozen(each) for each in mine}.isdisjoint(map(frozen, item)):
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
    both = [name for name, item in second.items() if not is_empty(first.get(name)) and not is_empty(item)]
    rows = all(isinstance(item, list) or is_empty(item) for item in second.values())
    rows = rows and not all(isinstance(item, list) or is_empty(item) for item in first.values())
    return whole if agreed or rows or not both else None
