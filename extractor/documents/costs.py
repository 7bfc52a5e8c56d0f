"""What characters cost side by side, in 32nds of a token: the one table behind the token estimate.

Fitted to Kimi K2's own vocabulary on some 29,000 passages of about 1,000 tokens: novels, contracts, filings, invoices,
receipts, directories, forms, e-mail, HTML, JSON and schemas; manuals, dictionaries, help pages, translations and
aphorisms in over 60 languages; source code in a dozen; and made-up lists of people, firms, identifiers, hashes, base64,
numbers, symbols and noise. Classes and kinds were found by moving characters and pairs from one to the next while that
lowered the error; the costs minimise the squared error, with what is under-counted weighing hundreds of times more, and
prose over-counted by more than a tenth thirty times more. Cyrillic letters were given those same classes, later on. A
fit to two thirds of the documents over-counted 1.1 % of the other passages of prose by more than 15 %, and
under-counted 0.5 % by more than 5 %.
`benchmarks/tokens.py` measures the error again, kind by kind, on any folder.
"""

from __future__ import annotations

from itertools import chain

__all__ = ["CLASSES", "CYRILLIC", "CYRILLIC_ROWS", "KINDS", "PAIRS", "QUADS", "ROWS", "TYPOGRAPHIC"]

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
    " A\x80",
    "\n\r#$&JYz~éô",
    ";IUi\x85",
    "\x0c\x0f0123456789Z]^«ÀÁËäåòõ",
    "\x00\x0b!%*BGHMNRTVq}\x93´·¾ÂÄÇÊÓàâæèøú",
    "ao",
    "DOXy\x91\x97¡¤§©®»ÈÛ",
    ":=LS`fs{",
    "Pcp",
    "Clnrt",
    ")+[dgjmw|áù",
    '"(-.hãóö',
    "\t\x15\x1a\x1c,/EW\\íü",
    "<>_bu\x94",
    "'@KQkvx",
    "\x06\x1b?Feý",
)
_CONTROLS, _LATIN = 2, 14  # the classes of the other control characters, and of the other letters of Latin-1

# The same classes for the letters of Windows-1251.
_CYRILLIC = (
    "ЗПСкэі",
    "ЉГзъћџ",
    "ЎХЧау",
    "ЂІБДЖМОУФЦЪЮхђљњў",
    "ЃРЫЯшєҐ",
    "КЬбго",
    "ЇЋЏЩѓїј",
    "ЅЛйлыяѕ",
    "Єптцёќ",
    "Твмнрсч",
    "фґ",
    "ЁАВИи",
    "Е",
    "ЈНджщ",
    "ЌЙШь",
    "ЊЭею",
)

# A row for the class of a character, a column for the class of the one after it: the kind of that pair.
_KINDS = (
    "2311114414481141",
    "2a4dd276fb194732",
    "e729686a7dc909d7",
    "295ffc2808336aec",
    "2ed8eeeaebcae0c3",
    "3adb5a0a5aa3be4c",
    "35d9eecdd08ad0be",
    "36d6bdeaeb77de0d",
    "e2505dffed1de9dd",
    "3ae4bddaaa973ebd",
    "37e53d6835f74e5d",
    "eb05b0bb0007b040",
    "60b597d933398f99",
    "d24d7dba7a008c9d",
    "131abdb8ffb5a9b9",
    "3595cde9da933cdc",
)

# fmt: off
# What that pair costs.
_PAIRS = (
    (  0,  0,  0, 57,  0,  0,  0,  0,  5,  3, 22,  2,  0, 16, 52, 22),
    (  0,  0, 63, 63, 63,  8, 63, 19, 41, 22,  7, 63,  1,  0, 63, 19),
    ( 63, 61, 63, 63,  0,  0,  0,  0,  0,  9,  9, 63, 46, 40, 37,  0),
    ( 27, 47, 63,  0, 63, 63, 63, 35, 59, 63, 35, 55, 63, 21, 63,  0),
    (  0, 49,  0, 63,  7, 63,  0, 63, 63, 52, 63, 48,  0, 11, 63,  0),
    ( 49, 63, 41, 48, 63, 22,  0, 13,  0,  0,  0, 63, 63,  0,  1, 40),
    (  0, 46,  0, 47,  0,  0, 10,  0,  0,  1, 63,  0,  0,  0, 63,  0),
    (  5, 48,  1, 29, 63, 12,  0,  0, 40,  0, 50,  0,  0,  0, 21,  0),
    ( 32, 25, 15, 63, 46,  0,  0,  0,  9,  0,  0,  0, 63,  0,  0,  0),
    (  8, 63,  0, 40, 55,  6,  0,  0,  0,  0,  0,  0, 41, 17,  0,  3),
    (  0, 30,  0, 63, 63, 18, 63,  7,  0, 21,  8, 12, 47, 26, 39,  1),
    ( 16, 19,  0, 18, 63,  0, 10,  0,  0,  1,  0,  2, 27, 25,  0,  0),
    (  0,  2,  0, 63,  5, 22,  0, 26, 61, 57,  0, 14,  1,  0,  0,  0),
    ( 63, 57,  0, 39, 63, 14,  1,  0,  0,  5,  0, 61,  0,  0,  7,  0),
    ( 41, 63,  0, 45, 63, 45, 63, 42,  0, 19, 31,  0, 43,  4, 63,  0),
    (  0, 58, 36, 63, 27, 11,  0, 16,  0, 25,  0, 41,  0,  7, 26,  0),
)

# A row for the kind of a pair, a column for the kind of the one after it: what they cost beside that.
_QUADS = (
    (  79,   0,  39,   0,   1,   0,  28,  48,  72,   0,  42,   0,   0,   0, 127,  18),
    (  66,  28, 127,  43, 127,   0, 122,  33, 127,  48,   0,  68,   0,   0,   0,   0),
    ( 127,  90,   4, 116,  66,   0,   0,  27, 101,  69,  93,   0, 127,   0,   0,  21),
    ( 114,   0, 101,   0, 109,   0,  25,   0, 127,   2,  12,   0,   0,   0,   0,  40),
    (   0,  57,   8,  72,  29,  25,   0,  91,   0,  86,   0, 127,   0,   0,   0,  60),
    (   0,  11,   1,  65,   0,  79,   0, 127, 113,   0,  37, 127,   0,  22,  99,   0),
    (   1,   1,   0,  67,   0,   0,   0, 127,   5,   0,  95,   0,   0,  57,   0,   0),
    (  78,   0,   0,   0,   0,   0,   0,   0,  87,   0,   0,  18,  56,  29,  42,   0),
    (   0,  13,   0,   0,   0,   2,   0,   0, 100,   0,   0,  40,   0, 127,  77,  63),
    (   0,   8,  61,  11,   0, 127,   0,   0,   0, 118,   0,   0, 124,   0, 127,   0),
    (  91,   3,  19,   0,  35,   0,   0,   0,   0,  48,  19,  87,  10,  23,  31,   0),
    (  17,  54,  58, 103,   1, 127,   0,   0, 109,  59,  50, 127, 127,  18,   0,   7),
    (   9,   0, 127,   0,   0, 127,   0, 114,   0, 127,   0, 127,  15,   6,  93, 104),
    (   0,   3,  54,   0,  19,   0, 100,   0,   0,   0,   6,   0, 127,   0,   0,  22),
    (  18,   0,   0, 100,   0,   6,  63,   0, 127,   0,   0,  11,  10,   0,   0, 127),
    (   0, 112,  92,  90,   1,   0,  68,  32,  48,  98,   0,   9,  89,   0,   0,  47),
)
# fmt: on

# What a character past Latin-1 costs beside all that: two digits for each row of 256 characters.
ROWS = bytes.fromhex(
    """
    00 22 13 12 0a 16 10 39 10 13 1b 1a 18 18 15 1b 14 10 10 10 10 10 43 25 10 10 10 10 10 18 2a 10
    04 02 79 0b 00 00 00 00 00 03 59 00 10 10 10 10 11 50 50 50 10 10 0c 10 10 10 10 10 10 10 10 08
    10 10 10 10 10 10 10 10 10 10 10 10 10 10 00 0d 2f 2a 00 24 00 34 0a 22 47 0f 00 04 3c 34 09 16
    00 7c 00 00 36 09 09 01 02 2d 7c 1d 00 00 0f 3e 7c 27 42 00 2d 08 02 32 18 00 0d 00 00 7c 00 08
    37 01 6b 2e 15 7c 57 3a 00 00 4d 00 76 00 7c 00 28 00 6b 6c 30 00 10 27 12 7c 14 7c 7c 7c 03 28
    1a 1a 1a 1a 1a 1a 1a 1a 1a 1a 1a 1a 39 1c 21 1e 4a 38 06 5a 4a 15 23 22 1e 36 10 0c 29 20 00 20
    3e 00 11 08 00 18 1d 16 00 02 00 08 2e 05 31 2b 03 00 1d 0e 00 0a 09 25 1f 2c 2c 2c 60 00 24 39
    50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 4c 50 4c 50 50 00 1e
    """
)


# In Windows-1251 a Cyrillic letter costs little beside its pairs, and a typographic mark nothing.
CYRILLIC_ROWS = bytes({0x04: 3, 0x20: 0}.get(row, cost) for row, cost in enumerate(ROWS))


def _digit(code: int) -> int:
    found = next((index for index, members in enumerate(_CLASSES) if chr(code) in members), None)
    return ord(f"{found if found is not None else _CONTROLS if code < 128 else _LATIN:x}")


def _cyrillic_digit(code: int) -> int:
    sign = bytes([code]).decode("cp1251", "replace")
    found = next((index for index, members in enumerate(_CYRILLIC) if sign in members), None)
    if found is not None:
        return ord(f"{found:x}")
    place = dict(TYPOGRAPHIC).get(sign, sign)
    return _digit(ord(place) if place < "\u0100" else code)


CLASSES = bytes(map(_digit, range(256)))  # a character's class as a hexadecimal digit, by its place in Latin-1
CYRILLIC = bytes(map(_cyrillic_digit, range(256)))
KINDS = "".join(_KINDS).encode()  # a pair's kind, the pair being both digits as one byte
PAIRS = bytes(chain.from_iterable(_PAIRS))
QUADS = bytes(chain.from_iterable(_QUADS))
