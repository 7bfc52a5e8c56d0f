"""Parts of a text that are valid as they stand, read by the standard scanner and remembered."""

from __future__ import annotations

import json
import re

from extractor.repair.kinds import Digits
from extractor.repair.receipt import NOTHING, Nothing
from extractor.schema.pointer import JSON

__all__ = ["Islands"]

_HALF_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]")
# A part that fails to be valid is tried again from inside, but not from every level of it.
_TRIES_PER_PLACE, _TRIES = 4, 200


class _Unsuited(ValueError):
    """A part that the standard scanner would read with a loss."""


def _once(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Unsuited
    return found


def _refuse(constant: str) -> JSON:
    raise _Unsuited(constant)


_STRICT = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_refuse, parse_float=Digits)


class Islands:
    """The valid objects and arrays of one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._known: dict[int, tuple[JSON | Nothing, int]] = {}
        self._failed_at, self._tries, self._left = -1, 0, _TRIES

    def at(self, start: int) -> tuple[JSON | Nothing, int]:
        """The container that starts at `start` and where it ends; NOTHING where it is not valid, or was not tried."""
        if start not in self._known:
            self._known[start] = self._read(start)
        return self._known[start]

    def _read(self, start: int) -> tuple[JSON | Nothing, int]:
        if not self._left or (start <= self._failed_at and self._tries >= _TRIES_PER_PLACE):
            return NOTHING, start
        try:
            value, end = _STRICT.raw_decode(self._text, start)
        except (ValueError, RecursionError) as error:
            self._missed(error.pos if isinstance(error, json.JSONDecodeError) else start)
            return NOTHING, start
        return (NOTHING, start) if _HALF_CHARACTER.search(self._text, start, end) else (value, end)

    def _missed(self, place: int) -> None:
        self._tries = self._tries + 1 if place == self._failed_at else 1
        self._failed_at = place
        self._left -= 1
