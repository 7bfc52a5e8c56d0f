"""What is written before a value says what it is: how well the words before a place fit a field."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from extractor.merge.finding import Place

__all__ = ["labels", "merits"]

_REACH = 60
"""Characters before a place in which words count."""
_NAME, _DESCRIPTION, _MOST = 300, 150, 900
"""Characters of nearness that a word of the field's name, or of its description, is worth; and all of them together."""
_STEM = 5
"""Letters that two forms of a word share: governing, governs."""

_PARTS = re.compile(r"[A-Z]?[^\W\d_A-Z]{2,}|[A-Z]{3,}")
_LITTLE = "the and for with from that this which who whose where when what how any its are was not one"
_COMMON = frozenset(_LITTLE.split())


def labels(pointer: str, description: str) -> Mapping[str, int]:
    """Stems of the words of a field's name and description, and what each is worth."""
    name = next((part for part in reversed(pointer.split("/")) if not part.isdigit()), "")
    return {**_stems(description, _DESCRIPTION), **_stems(name, _NAME)}


def merits(text: str, places: Sequence[Place], stems: Mapping[str, int]) -> dict[Place, int]:
    """What the words around each place are worth; `text` in lower case."""
    return {place: _merit(text[max(0, place.start - _REACH) : place.start], stems) for place in places}


def _merit(before: str, stems: Mapping[str, int]) -> int:
    return min(_MOST, sum(worth for stem, worth in stems.items() if stem in before))


def _stems(words: str, worth: int) -> dict[str, int]:
    found = (word.lower() for word in _PARTS.findall(words))
    return {word[:_STEM]: worth for word in found if word not in _COMMON}
