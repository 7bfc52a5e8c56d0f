"""The arithmetic of the token estimate: learnt costs for what stands side by side, summed at C's speed.

No loop of Python's runs over characters. `bytes.translate` turns each into one of sixteen classes, written as a
hexadecimal digit, and `unhexlify` packs two neighbours into one byte: a pair. One more `translate` turns pairs into
their costs; another into sixteen kinds, again as digits, so that two neighbouring pairs pack into a byte as well and
cost what four characters in a row do. The low half of `adler32` is, but for its start of one, the sum of the bytes.
"""

from __future__ import annotations

from binascii import unhexlify
from collections.abc import Callable
from itertools import zip_longest
from operator import add
from zlib import adler32

from extractor.documents.costs import CLASSES, KINDS, PAIRS, QUADS, ROWS, TYPOGRAPHIC

__all__ = ["BLOCK", "LONG", "UNIT", "block_costs"]

BLOCK = 1024  # characters
UNIT = 32  # costs are in this part of a token
LONG = _SLAB = 32 * BLOCK  # characters; what is worked on at a time stays in the cache
_SUM = 0xFFFF  # what adler32 can hold: the sum of 512 bytes up to 127


def block_costs(text: str, *, every_pair: bool) -> list[int]:
    """The cost of each 1,024 characters of `text`, in 32nds of a token, by all pairs of neighbours or the half of them.

    The half takes half the time, and on a block is within some 3 % of the whole.
    """
    beside = _all_pairs if every_pair else _half_the_pairs
    costs: list[int] = []
    for start in range(0, len(text), _SLAB):
        slab = text[start : start + _SLAB]
        costs += beside(slab.encode()) if slab.isascii() else _costs_beyond_ascii(slab, beside)
    return costs


def _costs_beyond_ascii(slab: str, beside: Callable[[bytes], list[int]]) -> list[int]:
    for mark, place in TYPOGRAPHIC:
        slab = slab.replace(mark, place)
    try:
        return beside(slab.encode("latin-1"))
    except UnicodeEncodeError:
        return list(map(add, beside(slab.encode("latin-1", "replace")), _wide_costs(slab)))


def _all_pairs(characters: bytes) -> list[int]:
    """Each pair counts half, and a quarter with the pair two characters on."""
    costs: list[list[int]] = []
    for line in (b"\n" + characters, characters):
        pairs = _pairs(line)
        kinds = pairs.translate(KINDS)
        costs += [*[_sums(pairs.translate(PAIRS), 512)] * 2, _quad_costs(kinds), _quad_costs(kinds[1:])]
    return [sum(block) // 4 for block in zip_longest(*costs, fillvalue=0)]


def _half_the_pairs(characters: bytes) -> list[int]:
    """Every second one, from block to block up to three characters later: what repeats itself may do so in fours."""
    line = b"\n" + characters
    starts = (start + (start // BLOCK & 3) for start in range(0, len(characters), BLOCK))
    pairs = _pairs(b"".join([line[start : start + BLOCK] for start in starts]))
    costs = _sums(pairs.translate(PAIRS), 512), _quad_costs(pairs.translate(KINDS))
    return [pair + quad for pair, quad in zip_longest(*costs, fillvalue=0)]


def _pairs(line: bytes) -> bytearray:
    """The classes of the first and second character in a byte, of the third and fourth ..."""
    return bytearray(unhexlify(bytearray(line[: len(line) & ~1]).translate(CLASSES)))


def _quad_costs(kinds: bytearray) -> list[int]:
    """What the first and second pair cost together, the third and fourth ..., summed up for 512 pairs each."""
    return _sums(bytearray(unhexlify(kinds[: len(kinds) & ~1])).translate(QUADS), 256)


def _sums(costs: bytearray, width: int) -> list[int]:
    view = memoryview(costs)
    return [(adler32(view[start : start + width]) & _SUM) - 1 for start in range(0, len(view), width)]


def _wide_costs(slab: str) -> list[int]:
    """What characters past Latin-1, which the pairs take as question marks, cost by their row of 256."""
    rows = slab.encode("utf-16-le", "surrogatepass")[1::2].translate(ROWS)
    if len(rows) == len(slab):
        return [_row_sum(rows[start : start + BLOCK]) for start in range(0, len(rows), BLOCK)]
    blocks = (slab[start : start + BLOCK] for start in range(0, len(slab), BLOCK))
    return [_row_sum(block.encode("utf-16-le", "surrogatepass")[1::2].translate(ROWS)) for block in blocks]


def _row_sum(rows: bytes) -> int:
    return sum(_sums(bytearray(rows), 512))
