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
    ( 10,  61,   6, 127,  17,  28,   0,  10,   0,  38,  83,  54,  23,   0, 127,  98),
    (127,   1, 110,  73,  83,  36,   2,  88, 101,  68,  82,   0,  49, 109, 127,  76),
    (127,  33, 127, 127,   0,   0,   0,   0,   0,   0, 127, 121, 126,  81, 104,   6),
    ( 70, 127, 127,  42, 127,   0,  55, 127,  47,  78, 125, 127, 118,  90, 127, 127),
    (100,  63,   5, 127,   3,  33,   0, 127, 127, 127, 127, 127,   0, 127, 127, 127),
    (127,  41, 127,  94, 122,  54,   0,   0,   0,   0,   5, 127,   0,   0,   0,   0),
    (  0,   0,   0, 121,   0,   0,  24,   0,   0,  33, 127,   0,   0,   0, 127,   0),
    ( 15, 125,   0,  81, 127,  19,  21,   5, 127,   0,  82,  41,   0,  27,  37,   0),
    (127,   0, 119,   2, 127,   6,   0,  34,  48,   0,   0,  28,  76,   0,   0,   0),
    ( 34, 121,   0, 114, 127,  17,   0,   0,  15,  11,   0,   0, 110,  81, 123,  37),
    ( 27,  62,   0, 127, 127,   0,  57, 127,  64, 127,  97,   0, 127,  41, 127,  13),
    ( 53,  71,   0,  63, 127,   0,  93,  61,  83,   0, 127,   4,  65,  93, 127,   0),
    ( 14, 127, 101,  94,   0,  64,   0,   0, 127, 117,   0,  54,  23,  18,  31, 127),
    (127,  27,  45,  69, 127, 102,   0,   0,   0,   3, 127, 127,  94,   0,  10,   0),
    (  0, 127,   0, 112, 127,  17, 127,  30, 127, 127, 127,  59,  59,   0, 127,   0),
    (  0, 127,   0, 127, 127,   0,   0,   0,   0,  27,   9, 127, 127, 103,   0,  24),
)
# fmt: on

# What a character past Latin-1 costs beside its pairs, in 32nds of a token: two digits for each row of 256 characters.
ROWS = bytes.fromhex(
    """
    00 3d 18 0c 06 0c 06 29 10 11 10 0a 0d 0b 15 10 10 10 10 10 10 10 10 1c 10 10 10 10 10 10 17 10
    06 20 3d 00 00 00 00 00 00 00 00 00 10 10 10 10 0f 50 50 50 10 10 10 10 10 10 10 10 10 10 10 10
    10 10 10 10 10 10 10 10 10 10 10 10 10 10 00 00 5f 00 00 00 0b 23 00 00 23 00 2c 00 21 18 00 00
    00 36 00 00 2d 16 00 00 00 55 2e 11 20 09 13 1f 5e 24 3d 1c 2a 12 00 2f 00 00 26 00 11 7d 00 00
    1b 15 0c 0f 1b 1f 18 11 00 13 69 00 45 00 32 00 2a 00 27 20 0c 04 35 00 22 0e 24 10 11 27 35 0d
    16 16 16 16 16 16 16 16 16 16 16 16 1e 2c 23 10 15 14 00 2d 0a 0e 10 12 0d 0d 0e 12 15 19 0e 10
    15 18 1c 10 10 14 13 06 1e 15 10 10 1c 1a 17 10 0b 0f 14 0e 11 00 17 11 2c 2c 2c 2c 2c 2c 2c 2c
    50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 10 4a
    """
)


def _digit(code: int) -> int:
    found = next((index for index, members in enumerate(_CLASSES) if chr(code) in members), None)
    return ord(f"{found if found is not None else _CONTROLS if code < 128 else _LATIN:x}")


CLASSES = bytes(map(_digit, range(256)))  # a character's class as a hexadecimal digit
PAIRS = bytes(chain.from_iterable(_COSTS))  # a pair's cost, by both digits as one byte
