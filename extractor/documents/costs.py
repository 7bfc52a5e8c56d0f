"""What characters cost, in hundredths of a token: the one table behind the token estimate.

Fitted to Kimi K2's own vocabulary on some 24,000 passages of about 1,000 tokens: novels, contracts, filings, invoices,
receipts, directories, forms, e-mail, HTML, JSON and schemas; manuals, help pages, translations and aphorisms in over 60
languages; source code in a dozen; and made-up lists of identifiers, hashes, base64, numbers, symbols and noise. The
classes were found by moving characters between them while that lowered the error of a least-squares fit. The costs
minimise the squared error, with what is under-counted weighing hundreds of times more, and prose over-counted by more
than a tenth thirty times more. A fit to two thirds of the documents over-counted 7 % of the other prose
passages by more than 15 %, and under-counted 4 % of them by more than 5 %: nearly all in languages that the vocabulary
knows little of, such as Irish, Finnish or Georgian.
`benchmarks/tokens.py` measures the error again, kind by kind, on any folder.
"""

from __future__ import annotations

from itertools import chain

__all__ = ["CLASSES", "PAIRS", "ROWS", "TYPOGRAPHIC"]

# Beyond Latin-1, but in every text: each stands in the place that Windows gives it.
TYPOGRAPHIC = (
    ("\u2019", "\x92"),
    ("\u201c", "\x93"),
    ("\u201d", "\x94"),
    ("\u2018", "\x91"),
    ("\u2013", "\x96"),
    ("\u2014", "\x97"),
    ("\u2026", "\x85"),
    ("\u2022", "\x95"),
    ("\u20ac", "\x80"),
)

# The characters of each class; a question mark also stands for whatever Latin-1 has not.
_CLASSES = (
    " A\x80ß",
    "\n#JYz\x96àéðúý",
    ";IUi\x85ô",
    "\x0f0123456789]\x92ä",
    "\x00%*@BGHMNRTVXq}·âåæîòø",
    "ao",
    "DOy\x97í",
    ":=LS`fs{\x93",
    "Pcpö",
    "Clnrtãç",
    "!&)+KQ[^dgjmw|~\x91áè",
    '"$(-.hó',
    "\t\x15\x1a\x1c,/EW\\",
    "<>_bu\x94",
    "'Zkvx",
    "\x06\r\x1b?Fe",
)
_CONTROLS, _LATIN = 2, 14  # the classes of the other control characters, and of the other letters of Latin-1

# A row for the class of a character, a column for the class of the one after it.
# fmt: off
_COSTS = (
    (  8, 127,   0, 127,   0,  56,   0,   3,  23,  10,  95,  80,   0,  23, 127,  77),
    ( 65,   0, 127, 127, 127,  96, 127,  55, 117,  20,  90, 127,   4,  70, 127, 127),
    (127,  85, 127, 127,   0,   0,   0,   2,   0,   2,  98, 127, 127,  65,  69,  29),
    (115,  77, 127,  32, 127,   0, 127, 122,   0, 127, 127, 127, 108, 114, 127, 116),
    (105, 111,   0, 127,  18, 104,   0, 127, 126, 127, 127, 100,   0, 106, 127,  63),
    (105, 127, 125, 101, 127,  42,  58,  18,   0,   0,   0,  94, 127,   0,   0,  65),
    (  0, 120,   0, 127,   0,   0,  48,   0,   0,  87, 127,   0,   0, 127, 127,   0),
    ( 11, 121,   0,  89, 127,  51,  13,   5, 120,  11, 127,  28,   0, 112,  50,  12),
    ( 30,  61,  50, 127, 127,   0,   0, 100,   0,   0,  42,  19, 105,  44,   0,   0),
    (  2, 127,   0, 127, 127,  13,   0,  18,   0,  12,   7,   0,  57,  27,  71,   5),
    (  2,  49,   0, 127, 127,   0, 102,  97,  12, 127,  85,  54, 109,  32, 127,  30),
    ( 32,  34,  30,  50, 127,  16, 127,  68, 127,   0, 100,   4,   2, 127,   0,   0),
    ( 44, 127,  68, 116,  39,  41,   0, 127, 127,  82,   0, 105,  58,  68,  34,   0),
    ( 69, 127,   0, 127, 127,   0,  12,   0,  13,  27,  24, 127, 127,   2,  70,   0),
    (127, 127,  10, 116, 127,  40, 127, 127,   0,  84, 127, 122, 127, 106, 127,  27),
    (  0, 127,  63, 127, 117,   0,   0,  34,   0,  54,  32,  69,   4,  45,   5,   4),
)
# fmt: on

# What a character past Latin-1 costs beside its pairs, in 32nds of a token: two digits for each row of 256 characters.
ROWS = bytes.fromhex(
    """
    00 28 1e 11 0a 15 0e 39 10 12 1b 1b 19 17 18 1d 15 10 10 10 10 10 13 26 10 10 10 10 10 10 2c 10
    17 00 75 00 00 06 00 02 00 04 3a 00 10 10 10 10 14 50 50 50 10 10 10 10 10 10 10 10 10 10 10 10
    10 10 10 10 10 10 10 10 10 10 10 10 10 10 00 09 65 26 05 15 00 27 00 0f 23 00 3d 0d 30 20 00 16
    00 37 00 11 42 11 06 05 10 76 6f 14 03 07 1a 29 7d 23 48 1e 37 01 0e 2f 0e 01 16 11 07 7d 00 00
    1f 14 19 11 28 2a 25 13 05 04 66 00 66 00 54 00 22 00 33 44 13 00 35 00 19 11 3d 12 15 3c 39 0c
    1a 1a 1a 1a 1a 1a 1a 1a 1a 1a 1a 1a 1f 26 24 12 17 14 0b 2f 09 0f 12 16 12 12 19 14 1e 1a 0e 10
    22 0f 30 10 10 18 22 18 16 16 10 10 1d 20 1f 12 09 11 13 12 14 11 1b 11 27 2c 2c 2c 56 17 26 1a
    50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 11 66
    """
)


def _digit(code: int) -> int:
    found = next((index for index, members in enumerate(_CLASSES) if chr(code) in members), None)
    return ord(f"{found if found is not None else _CONTROLS if code < 128 else _LATIN:x}")


CLASSES = bytes(map(_digit, range(256)))  # a character's class as a hexadecimal digit
PAIRS = bytes(chain.from_iterable(_COSTS))  # a pair's cost, by both digits as one byte
