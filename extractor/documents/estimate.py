"""The arithmetic of the token estimate: a learnt cost for each pair of neighbouring characters, summed at C's speed.

No loop of Python's runs over characters. `bytes.translate` turns each into one of sixteen classes, written as a
hexadecimal digit; `unhexlify` packs two neighbours into one byte; another `translate` turns that pair into its cost;
and the low half of `adler32` is, but for its start of one, the sum of the bytes.
"""

from __future__ import annotations

from binascii import unhexlify
from operator import add
from zlib import adler32

from extractor.documents.costs import CLASSES, PAIRS, ROWS, TYPOGRAPHIC

__all__ = ["BLOCK", "UNIT", "block_costs"]

BLOCK = 1024  # characters
UNIT = 100  # costs are in hundredths of a token
_SLAB = 32 * BLOCK  # what is worked on at a time stays in the cache
_HALF = BLOCK // 2  # of that many bytes, none over 127, adler32 can hold the sum
_SUM = 0xFFFF


def block_costs(text: str) -> list[int]:
    """The cost of each 1,024 characters of `text`, in hundredths of a token."""
    costs: list[int] = []
    for start in range(0, len(text), _SLAB):
        slab = text[start : start + _SLAB]
        costs += _pair_costs(slab.encode()) if slab.isascii() else _costs_beyond_ascii(slab)
    return costs


def _costs_beyond_ascii(slab: str) -> list[int]:
    for mark, place in TYPOGRAPHIC:
        slab = slab.replace(mark, place)
    try:
        return _pair_costs(slab.encode("latin-1"))
    except UnicodeEncodeError:
        return list(map(add, _pair_costs(slab.encode("latin-1", "replace")), _wide_costs(slab)))


def _pair_costs(characters: bytes) -> list[int]:
    """Each character's cost after the one before it; the first comes after a new line."""
    digits = (b"\n" + characters).translate(CLASSES)
    odd = len(digits) & 1
    first = memoryview(unhexlify(digits[:-1] if odd else digits).translate(PAIRS))
    second = memoryview(unhexlify(digits[1:] if odd else digits[1:-1]).translate(PAIRS))
    return [
        (adler32(first[start : start + _HALF]) & _SUM) + (adler32(second[start : start + _HALF]) & _SUM) - 2
        for start in range(0, len(first), _HALF)
    ]


def _wide_costs(slab: str) -> list[int]:
    """What characters past Latin-1, which the pairs take as question marks, cost by their row of 256."""
    rows = slab.encode("utf-16-le", "surrogatepass")[1::2].translate(ROWS)
    if len(rows) == len(slab):
        return [_row_sum(rows[start : start + BLOCK]) for start in range(0, len(rows), BLOCK)]
    blocks = (slab[start : start + BLOCK] for start in range(0, len(slab), BLOCK))
    return [_row_sum(block.encode("utf-16-le", "surrogatepass")[1::2].translate(ROWS)) for block in blocks]


def _row_sum(rows: bytes) -> int:
    return sum((adler32(rows[start : start + _HALF]) & _SUM) - 1 for start in range(0, len(rows), _HALF)) * UNIT // 32
