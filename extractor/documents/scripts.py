"""Characters whose look changes what they say: raised, lowered, struck out, hidden, or in a font of symbols."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

__all__ = [
    "Look",
    "apart_from_numbers",
    "from_symbol_font",
    "in_reading_order",
    "is_leftward",
    "is_marked",
    "is_symbol_font",
    "mostly_leftward",
    "struck",
    "subscript",
    "superscript",
    "visible",
    "written",
]

# For a program's own use: each stands on both sides of what it marks, until a paragraph is whole.
_UP, _DOWN, _STRIKE, _EDGE = "\ufdd4\ufdd5\ufdd6\ufdd7"
_BETWEEN = re.compile(f"(?<=[0-9]){_EDGE}(?=[0-9])")
_JOINER = "\u034f"  # which alone of these counts as printable
_NO_WIDTH = f"\u00ad{_JOINER}\u200b\u2060\ufeff"  # hyphens that are not due, and joints
_UNSEEN = re.compile(f"[{_NO_WIDTH}]")
_SHIFTED = re.compile(f"{_UP}([^{_UP}]*){_UP}|{_DOWN}([^{_DOWN}]*){_DOWN}")
_STRUCK = re.compile(rf"{_STRIKE}(\s*)([^{_STRIKE}]*?)(\s*){_STRIKE}")
_MARKS = re.compile(f"[{_UP}-{_EDGE}]")
_TELLING = re.compile(f"[{_NO_WIDTH}{_UP}-{_EDGE}]")
_LEFT = "\u0590-\u08ff\ufb1d-\ufdcf\ufdf0-\ufefc"
_LEFT_LETTER = re.compile(f"[{_LEFT}]")
_LATIN = rf"[^\W{_LEFT}]"
_RIGHTWARD = re.compile(rf"([%$€£¥#°]*{_LATIN}(?:(?:[^\s{_LEFT}]*|(?<=[^\W\d])\s+){_LATIN})*[%$€£¥#°]*)")
_LEFTWARD = re.compile(rf"([{_LEFT}](?:[^\w]*[{_LEFT}])*)")
_MIRROR = str.maketrans("()[]{}<>«»", ")(][}{><»«")
_POWER = re.compile(r"[-+−–]\d+|(?!1$)\d+")
_NOTE = re.compile(r"\(?\d+(?:\s?[,;–-]\s?\d+)*\)?|\d+[a-z]")
_FRACTION = re.compile(r"\d+[/\u2044]\d+")
_TERM = re.compile(r"(?=.*[\d+\-−–*/·])[-+−–]?\w+(?:\s?[-+−–*/·]\s?\w+)*")
_PRIVATE = re.compile("[\uf000-\uf0ff]")
_BEFORE = 20  # characters before what is raised that tell what it is
_BASE = re.compile(r"(?:(?<![\w.,'’])(?:10|2)|(?<![^\W\d_])[^\W\d_]{1,3}|[)\]])$")

_SYMBOL = dict(
    zip(
        (*range(0x20, 0x7F), *range(0xA0, 0xF0), *range(0xF1, 0xFF)),
        " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼"
        "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪"
        "〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭",
        strict=True,
    )
)
_WINGDINGS = {
    **{0x22: "✂", 0x28: "☎", 0x29: "✆", 0x2A: "✉", 0x4A: "☺", 0x4C: "☹", 0x6C: "●", 0x6E: "■", 0x6F: "☐", 0x71: "☐"},
    **{0x43: "👍", 0x44: "👎", 0x80: "⓪", 0x8B: "⓿", 0xAB: "★"},
    **{0x81 + index: chr(0x2460 + index) for index in range(10)},
    **{0x8C + index: chr(0x2776 + index) for index in range(10)},
    **{0x75: "◆", 0x76: "❖", 0x78: "☒", 0x9E: "·", 0x9F: "•", 0xA7: "▪", 0xA8: "☐", 0xD8: "➢", 0xDF: "←", 0xE0: "→"},
    **{0xE1: "↑", 0xE2: "↓", 0xE8: "➔", 0xF0: "⇨", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑"},
}
_WINGDINGS_2 = {0x4F: "✗", 0x50: "✓", 0x51: "☒", 0x52: "☑", 0x53: "☒", 0x54: "☒", 0x2A: "☐", 0xA3: "☐"}
_WEBDINGS = {0x61: "✔", 0x63: "☐", 0x67: "■", 0x72: "✖"}
_FONTS = {"symbol": _SYMBOL, "wingdings": _WINGDINGS, "wingdings 2": _WINGDINGS_2, "webdings": _WEBDINGS}


class Look(NamedTuple):
    """The look of a run of characters, as far as it changes what they say; `raised` is above the line, or below 0."""

    hidden: bool = False
    raised: int = 0
    struck: bool = False
    font: str = ""

    @property
    def matters(self) -> bool:
        """Whether it changes what characters say: most fonts do not."""
        return self.hidden or bool(self.raised) or self.struck or _table(self.font) is not None

    def apply(self, text: str) -> str:
        """The characters as they look, marked for `written`; "" for hidden ones."""
        if self.hidden or not text:
            return ""
        if self.font or not text.isascii():
            text = from_symbol_font(text, self.font)
        if self.struck:
            text = struck(text)
        return superscript(text) if self.raised > 0 else subscript(text) if self.raised < 0 else text


def struck(text: str) -> str:
    """Text with a line through it, marked for `written`."""
    return f"{_STRIKE}{text}{_STRIKE}" if text.strip() else text


def superscript(text: str) -> str:
    """Raised text, marked for `written`, which needs what stands before it."""
    return f"{_UP}{text}{_UP}" if text else ""


def apart_from_numbers(text: str) -> str:
    """Text of its own kind, marked for `written`: a fraction is no part of the number beside it."""
    return f"{_EDGE}{text}{_EDGE}"


def subscript(text: str) -> str:
    """Lowered text, likewise."""
    return f"{_DOWN}{text}{_DOWN}" if text else ""


def written(text: str) -> str:
    """A paragraph with its raised and lowered text on one line, where neither joins the number before it.

    A power keeps its sign (`10^6`, `m^2`), a raised number elsewhere is the mark of a note (`4 500[1]`). Struck text
    stands between `~~`; characters that nobody sees are left out.
    """
    if text.isascii() or (text.isprintable() and _JOINER not in text) or not _TELLING.search(text):
        return text
    text = visible(text)
    for mark in (_UP, _DOWN, _STRIKE):
        text = text.replace(mark + mark, "")  # of runs that follow each other
    text = _STRUCK.sub(r"\1~~\2~~\3", text)
    text = _BETWEEN.sub(" ", text) if _EDGE in text else text
    pieces: list[str] = []
    before = ""
    for index, piece in enumerate(_SHIFTED.split(text)):  # text as it is, what is raised, what is lowered, and so on
        if index % 3:
            piece = (_raised if index % 3 == 1 else _lowered)(piece, before) if piece else ""
        elif before[-1:].isdigit() and piece[:1].isdigit():
            piece = f" {piece}"
        pieces.append(piece)
        before = (before + piece)[-_BEFORE:]
    return _MARKS.sub("", "".join(pieces))


def is_marked(text: str) -> bool:
    """Whether there are marks in the text that `written` reads."""
    return not text.isascii() and _MARKS.search(text) is not None


def is_leftward(text: str) -> bool:
    """Whether there are letters of a script that runs from right to left, such as Hebrew and Arabic."""
    return not text.isascii() and _LEFT_LETTER.search(text) is not None


def mostly_leftward(text: str) -> bool:
    """Whether most of the letters run from right to left."""
    return not text.isascii() and 2 * len(_LEFT_LETTER.findall(text)) >= sum(map(str.isalpha, text)) > 0


def in_reading_order(seen: str) -> str:
    """A line of both directions as it is read, from its characters as they stand from left to right.

    >>> in_reading_order("45.60 \u05ea\u05d1") == "\u05d1\u05ea 45.60"
    True
    """
    is_left = mostly_leftward(seen)
    stretches = _RIGHTWARD.split(seen) if is_left else _LEFTWARD.split(seen)
    turned = [
        part if (index % 2 == 1) == is_left else part[::-1].translate(_MIRROR) for index, part in enumerate(stretches)
    ]
    return "".join(reversed(turned) if is_left else turned)


def visible(text: str) -> str:
    """Text without soft hyphens and the characters of no width."""
    return text if text.isascii() else _UNSEEN.sub("", text)


def _raised(text: str, before: str) -> str:
    bare = text.strip()
    tail = text[len(text.rstrip()) :]
    is_power = _BASE.search(before) is not None
    if is_power and _POWER.fullmatch(bare):
        return f"^{bare}{tail}"
    if before[-1:].isdigit() and _FRACTION.fullmatch(bare):
        return f" {bare}{tail}"
    if is_power and _TERM.fullmatch(bare):
        return f"^{bare if bare.isalnum() else f'({bare})'}{tail}"
    if _NOTE.fullmatch(bare) and before[-1:].strip():
        return f"[{bare}]{tail}"
    return f"^{text}" if len(bare) == 1 and bare.isalpha() and before[-1:].isalnum() else text


def _lowered(text: str, before: str) -> str:
    return f"_{text}" if text[:1].isdigit() and before[-1:].isdigit() else text


def from_symbol_font(text: str, font: str = "") -> str:
    """Text as it looks in a font of symbols; characters for a font's own use (U+F0xx) are read as those of Symbol."""
    table = _table(font)
    if table is None and not _PRIVATE.search(text):
        return text
    return text.translate(_drawn(font))


def is_symbol_font(name: str) -> bool:
    """Whether the characters of a font are signs, whatever letters they are stored as."""
    return _table(name) is not None


@lru_cache(maxsize=256)
def _table(font: str) -> dict[int, str] | None:
    return _FONTS.get(font.partition(",")[0].strip(" '\"").lower())


@lru_cache(maxsize=256)
def _drawn(font: str) -> dict[int, str]:
    """What characters of the font are drawn as, those for its own use among them."""
    table = _table(font)
    private = {0xF000 | code: (_SYMBOL if table is None else table).get(code, "") for code in range(256)}
    return private | (table or {})
