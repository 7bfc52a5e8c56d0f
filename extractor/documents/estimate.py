"""The arithmetic of the token estimate: learnt costs for what stands side by side, summed at C's speed.

No loop of Python's runs over characters. `bytes.translate` turns each into one of sixteen classes, written as a
hexadecimal digit, and `unhexlify` packs two neighbours into one byte: a pair. One more `translate` turns pairs into
their costs; another into sixteen kinds, again as digits, so that two neighbouring pairs pack into a byte as well and
cost what four characters in a row do. The low half of `adler32` is, but for its start of one, the sum of the bytes.
"""

from __future__ import annotations

from binascii import unhexlify
from itertools import zip_longest
from zlib import adler32

from extractor.documents.costs import CLASSES, CYRILLIC, CYRILLIC_ROWS, KINDS, PAIRS, QUADS, ROWS, TYPOGRAPHIC

__all__ = ["BLOCK", "LONG", "UNIT", "block_costs", "cost"]

BLOCK = 1024  # characters
UNIT = 32  # costs are in this part of a token
LONG = 32 * BLOCK  # characters; what is worked on at a time stays in the cache
_SUM = 0xFFFF  # what adler32 can hold: the sum of 512 bytes up to 127


def cost(text: str) -> int:
    """The cost of a text of no more than `LONG` characters, in 32nds of a token, by all pairs of neighbours.

    Each pair counts half, and a quarter with the pair two characters on.
    """
    characters, classes, wide = _narrowed(text)
    pairs = _pairs(b"\n" + characters, classes) + _pairs(characters, classes)
    kinds = pairs.translate(KINDS)
    alone, beside = _sums(pairs.translate(PAIRS), 512), _quad_costs(kinds) + _quad_costs(kinds[1:])
    return (2 * sum(alone) + sum(beside)) // 4 + sum(wide)


def block_costs(text: str) -> list[int]:
    """The cost of each 1,024 characters of `text`, in 32nds of a token, by half of the pairs in half of the time.

    Every second one counts, from block to block up to three characters later: what repeats itself may do so in fours.
    The standard error of one block is 6 % of what all of them cost, and that of eight 2 %.
    """
    costs: list[int] = []
    for start in range(0, len(text), LONG):
        characters, classes, wide = _narrowed(text[start : start + LONG])
        line = b"\n" + characters
        blocks = range(0, len(characters), BLOCK)
        starts = (begun + (begun // BLOCK & 3) for begun in blocks)
        pairs = _pairs(b"".join([line[begun : begun + BLOCK] for begun in starts]), classes)
        alone, beside = _sums(pairs.translate(PAIRS), 512), _quad_costs(pairs.translate(KINDS))
        least = [0] * len(blocks)  # a last block of up to three characters may have no pair left
        costs += map(sum, zip_longest(least, alone, beside, wide, fillvalue=0))
    return costs


def _narrowed(text: str) -> tuple[bytes, bytes, list[int]]:
    """The text in a byte a character, their classes, and what those cost besides that are not in Latin-1."""
    if text.isascii():
        return text.encode(), CLASSES, []
    if _is_cyrillic(text):
        return text.encode("cp1251", "replace"), CYRILLIC, _wide_costs(text, CYRILLIC_ROWS)
    for mark, place in TYPOGRAPHIC:
        text = text.replace(mark, place)
    try:
        return text.encode("latin-1"), CLASSES, []
    except UnicodeEncodeError:
        return text.encode("latin-1", "replace"), CLASSES, _wide_costs(text, ROWS)


def _is_cyrillic(text: str) -> bool:
    """Whether most of what Latin-1 has not is of the Cyrillic row, by every eighth character."""
    rows = _rows(text[::8])
    return rows.count(4) * 2 > len(rows) - rows.count(0)


def _pairs(line: bytes, classes: bytes) -> bytearray:
    """The classes of the first and second character in a byte, of the third and fourth ..."""
    return bytearray(unhexlify(bytearray(line[: len(line) & ~1]).translate(classes)))


def _quad_costs(kinds: bytearray) -> list[int]:
    """What the first and second pair cost together, the third and fourth ..., summed up for 512 pairs each."""
    return _sums(bytearray(unhexlify(kinds[: len(kinds) & ~1])).translate(QUADS), 256)


def _sums(costs: bytearray, width: int) -> list[int]:
    view = memoryview(costs)
    return [(adler32(view[start : start + width]) & _SUM) - 1 for start in range(0, len(view), width)]


def _wide_costs(text: str, costs: bytes) -> list[int]:
    """What each character costs by its row of 256, summed up for each block."""
    found = _rows(text).translate(costs)
    if len(found) == len(text):
        halves = _sums(found, 512)
        return [sum(halves[start : start + 2]) for start in range(0, len(halves), 2)]
    blocks = (text[start : start + BLOCK] for start in range(0, len(text), BLOCK))
    return [sum(_sums(_rows(block).translate(costs), 512)) for block in blocks]


def _rows(text: str) -> bytearray:
    """The upper byte of each character; two for one beyond the basic plane."""
    return bytearray(text.encode("utf-16-le", "surrogatepass")[1::2])
