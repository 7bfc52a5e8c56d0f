"""The stretch of a text nearest to a pattern: Myers' bit vectors, a few operations on big integers for each letter."""

from __future__ import annotations

__all__ = ["align"]


def align(pattern: str, text: str, *, most: int) -> tuple[int, int, int] | None:
    """(edits, start, end) of the stretch of `text` nearest to `pattern`, of equals the first; None if past `most`."""
    cost, end = _best_end(pattern, text)
    if cost > most:
        return None
    _, length = _best_end(pattern[::-1], text[max(0, end - len(pattern) - cost) : end][::-1], whole=True)
    return cost, end - length, end


def _best_end(pattern: str, text: str, *, whole: bool = False) -> tuple[int, int]:
    """The fewest edits and where the stretch ends; `whole`: the stretch must begin where the text does."""
    masks: dict[str, int] = {}
    for position, letter in enumerate(pattern):
        masks[letter] = masks.get(letter, 0) | 1 << position
    size = len(pattern)
    full, last = (1 << size) - 1, 1 << (size - 1)
    plus, minus, cost = full, 0, size
    best = (size, 0)
    for position, letter in enumerate(text, 1):
        equal = masks.get(letter, 0)
        diagonal = ((((equal & plus) + plus) ^ plus) | equal | minus) & full
        up = minus | (full & ~(diagonal | plus))
        down = plus & diagonal
        cost += 1 if up & last else -1 if down & last else 0
        up = (up << 1 | (1 if whole else 0)) & full
        plus = (down << 1 | (full & ~((equal | minus) | up))) & full
        minus = up & (equal | minus)
        best = min(best, (cost, position))
    return best
