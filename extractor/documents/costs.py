"""What characters cost, in hundredths of a token: the one table behind the token estimate.

Fitted to Kimi K2's own vocabulary on some 13,000 passages of about 1,000 tokens: novels, contracts, invoices, receipts,
forms, e-mail, HTML, JSON and schemas; manuals and short prose in 40 languages; source code in six; and made-up lists of
identifiers, hashes, base64, numbers, dates, tables, addresses, symbols and noise, alone and mixed. The classes were
found by moving characters between them while that lowered the error of a least-squares fit. The costs minimise the
squared error, with what is under-counted weighing thousands of times more, and prose over-counted twenty times more.
Fitted on three fifths of the passages, they under-counted 9 of the other 5,184 by more than 5 %.
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
    ( 10,  92,   0, 127,   9,  24,   0,  11,   0,  38,  84,  52,   5,   0, 127, 107),
    (127,   0, 127,  84,  91,  20,   2, 106,  73,  77,  91,   0,   8, 124, 127,  63),
    (127,  38, 127, 127,   0,   0,   0,   0,   0,   0, 127, 123, 127,  84,  83,   0),
    ( 68, 127, 127,  45, 127,   0,  66, 127,   0,  87, 112, 127, 126, 102, 127, 127),
    (101,  45,  14, 127,   8,  37,   0, 127, 127, 127, 127, 127,   0, 127, 127, 122),
    (127,  23, 127, 127, 115,  51,   0,   0,   0,   0,  14, 127,   0,   0,   0,   0),
    (  0,   0,   0, 127,   0,   0,   2,   0,   0,  34, 127,   0,   0,   0, 127,   0),
    ( 15, 127,   0,  74, 127,  16,   0,   1, 127,   0,  84,  15,   0,  37,  24,   0),
    (123,   0, 114,   0, 127,   8,   0,  22,  18,   0,   0,  18,  57,   0,   0,   0),
    ( 32, 125,   0, 127, 127,  15,   0,   0,   2,  13,   0,   0, 109,  79, 102,  36),
    ( 27,  49,   0, 127, 127,   0,  63, 127,  62, 127,  88,   0, 115,  25, 127,  12),
    ( 60,  51,   0,  62, 127,   0,  93, 100,  89,   0, 127,   4,  61, 125, 127,   0),
    ( 13, 127,  94, 105,   0,  58,   0,   0, 127, 127,   0,  99,  23,   0,  18, 127),
    (127,  33,  43,  96, 127, 108,   0,   0,   0,  15, 127, 109, 116,   0,   0,   0),
    (  0, 127,   0, 127, 127,   9, 127,  37, 127, 127, 127,  56, 113,   0, 127,   0),
    (  0, 127,   0, 127, 127,   0,   0,   0,   0,  35,  16, 127, 127,  91,   0,  23),
)
# fmt: on

# What a character past Latin-1 costs beside its pairs, in 32nds of a token: two digits for each row of 256 characters.
ROWS = bytes.fromhex(
    """
    00 3c 18 0c 05 0c 06 39 10 11 10 0a 0c 0a 15 10 10 10 10 10 10 10 10 1c 10 10 10 10 10 10 16 10
    05 1b 3f 00 00 00 00 00 00 00 00 00 10 10 10 10 0f 50 50 50 10 10 10 10 10 10 10 10 10 10 10 10
    10 10 10 10 10 10 10 10 10 10 10 10 10 10 00 00 5e 00 01 00 0a 29 00 00 26 00 3d 00 1e 23 00 00
    00 3b 00 00 37 1a 00 00 00 76 37 0d 20 08 1b 29 76 25 4b 26 35 08 00 32 00 00 22 00 14 7d 00 00
    1e 16 0c 0f 26 24 1a 11 00 13 68 00 59 00 40 00 22 00 31 2d 0d 00 34 00 1c 0a 2b 10 11 37 3c 0a
    1a 1a 1a 1a 1a 1a 1a 1a 1a 1a 1a 1a 1e 2c 24 10 15 15 00 2f 0a 0e 10 12 0a 0b 0e 12 14 19 0f 10
    14 17 1a 10 10 14 12 03 1e 12 10 10 1d 1a 19 11 0b 10 15 0d 12 00 17 11 2c 2c 2c 2c 2c 2c 2c 2c
    50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 11 4a
    """
)


def _digit(code: int) -> int:
    found = next((index for index, members in enumerate(_CLASSES) if chr(code) in members), None)
    return ord(f"{found if found is not None else _CONTROLS if code < 128 else _LATIN:x}")


CLASSES = bytes(map(_digit, range(256)))  # a character's class as a hexadecimal digit
PAIRS = bytes(chain.from_iterable(_COSTS))  # a pair's cost, by both digits as one byte
