"""Characters that a font or a raised line makes into others: superscripts, subscripts, and fonts of symbols."""

from __future__ import annotations

import re

__all__ = ["from_symbol_font", "subscript", "superscript", "written"]

_UP, _DOWN, _CLOSE = "\ufdd4\ufdd5\ufdd6"  # for a program's own use, until a paragraph is whole
_ADJACENT = re.compile(f"({_UP}[^{_CLOSE}]*){_CLOSE}{_UP}|({_DOWN}[^{_CLOSE}]*){_CLOSE}{_DOWN}")
_SHIFTED = re.compile(f"{_UP}([^{_CLOSE}]*){_CLOSE}|{_DOWN}([^{_CLOSE}]*){_CLOSE}")
_MARKS = re.compile(f"[{_UP}{_DOWN}{_CLOSE}]")
_POWER = re.compile(r"[-+−–]\d+|(?!1$)\d+")
_NOTE = re.compile(r"\(?\d+(?:\s?[,;–-]\s?\d+)*\)?")
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
    **{0x75: "◆", 0x76: "❖", 0x78: "☒", 0x9E: "·", 0x9F: "•", 0xA7: "▪", 0xA8: "☐", 0xD8: "➢", 0xDF: "←", 0xE0: "→"},
    **{0xE1: "↑", 0xE2: "↓", 0xE8: "➔", 0xF0: "⇨", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑"},
}
_WINGDINGS_2 = {0x4F: "✗", 0x50: "✓", 0x51: "☒", 0x52: "☑", 0x53: "☒", 0x54: "☒", 0x2A: "☐", 0xA3: "☐"}
_FONTS = {"symbol": _SYMBOL, "wingdings": _WINGDINGS, "wingdings 2": _WINGDINGS_2}


def superscript(text: str) -> str:
    """Raised text, marked for `written`, which needs what stands before it."""
    return f"{_UP}{text}{_CLOSE}" if text else ""


def subscript(text: str) -> str:
    """Lowered text, likewise."""
    return f"{_DOWN}{text}{_CLOSE}" if text else ""


def written(text: str) -> str:
    """A paragraph with its raised and lowered text on one line, where neither joins the number before it.

    A power keeps its sign (`10^6`, `m^2`), a raised number elsewhere is the mark of a note (`4 500[1]`).
    """
    if _CLOSE not in text:
        return text
    while (joined := _ADJACENT.sub(r"\1\2", text)) != text:
        text = joined
    out = ""
    end = 0
    for match in _SHIFTED.finditer(text):
        out += text[end : match.start()]
        out += _raised(match[1], out) if match[1] is not None else _lowered(match[2], out)
        end = match.end()
    return _MARKS.sub("", out + text[end:])


def _raised(text: str, before: str) -> str:
    bare = text.strip()
    if _POWER.fullmatch(bare) and _BASE.search(before[-20:]):
        return f"^{bare}" + text[len(text.rstrip()) :]
    if _NOTE.fullmatch(bare) and before[-1:].strip():
        return f"[{bare}]" + text[len(text.rstrip()) :]
    return f"^{text}" if len(bare) == 1 and bare.isalpha() and before[-1:].isalnum() else text


def _lowered(text: str, before: str) -> str:
    return f"_{text}" if text[:1].isdigit() and before[-1:].isdigit() else text


def from_symbol_font(text: str, font: str = "") -> str:
    """Text as it looks in a font of symbols; characters for a font's own use (U+F0xx) are read as those of Symbol."""
    table = _FONTS.get(font.strip().lower())
    if table is None and text.isascii():
        return text
    return "".join(_drawn(character, table) for character in text)


def _drawn(character: str, table: dict[int, str] | None) -> str:
    code = ord(character)
    if 0xF000 <= code <= 0xF0FF:
        return (_SYMBOL if table is None else table).get(code & 0xFF, "")
    return character if table is None else table.get(code, character)
