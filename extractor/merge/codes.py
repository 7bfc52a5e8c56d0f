"""Account, telephone and tax numbers: the same letters and digits, grouped in another way."""

from __future__ import annotations

import re
from collections.abc import Iterator

from extractor.merge.folding import Words, bounded

__all__ = ["beginnings", "code_in", "regrouped"]

_LEAST = 6
"""Letters and digits of a code; a shorter one regrouped could be anything."""
_CODE = re.compile(r"[a-z0-9 ()/+-]+")
_GAP = r"[ ()/-]{0,2}"


def code_in(form: str) -> str:
    """The letters and digits of a folded value that is a code (half of it digits); "" for other text."""
    code = re.sub(r"[^a-z0-9]", "", form)
    digits = sum(letter.isdigit() for letter in code)
    return code if len(code) >= _LEAST and 2 * digits >= len(code) and _CODE.fullmatch(form) else ""


def beginnings(code: str) -> set[str]:
    """The words that a code may begin with in a text, however it is grouped there."""
    return {code[:size] for size in range(1, len(code) + 1)}


def regrouped(text: str, code: str, words: Words) -> Iterator[tuple[int, int]]:
    """Where a folded text says the code in groups of its own."""
    pattern = re.compile(_GAP.join(code))
    for beginning in beginnings(code):
        for start in words[beginning]:
            found = pattern.match(text, start)
            if found and bounded(text, start, found.end()):
                yield found.span()
