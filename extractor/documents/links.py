"""Links, whose targets are written behind their text unless that holds them, and other fields of Word."""

from __future__ import annotations

import re

from extractor.documents.equations import field_formula
from extractor.documents.scripts import apart_from_numbers, from_symbol_font

__all__ = ["with_fields", "with_target"]

_LINK = re.compile(r'\s*HYPERLINK\s+(?:\\[mn]\s+)*(?:"([^"]*)"|(?!\\)([^"\s]+))(?:.*\\l\s+"?([^"\s]+))?', re.I | re.S)
_SCHEME = re.compile(r"(?:mailto|tel|https?|ftp|file):/*(?:www\.)?", re.I)
_SYMBOL = re.compile(r'\s*SYMBOL\s+(\d+)(?:.*?\\f\s*"?([^"\\]+)"?)?', re.I)
_FIELD = re.compile("\x13([^\x13-\x15]*)(?:\x14([^\x13-\x15]*))?(?:\x15|\\Z)")  # it may go on in other paragraphs
_STRAY = re.compile("[\x10-\x15](?:(?<=\x10)[^\x11]*\x11)?")  # of fields that begin in other paragraphs
_BUTTON = re.compile(r"\s*(?:MACRO|GOTO)BUTTON\s+\S+\s+(.*)", re.I | re.S)


def with_fields(text: str) -> str:
    r"""Text with what its fields show; in the files of Word they are `\x13`, an instruction, `\x14`, a result, `\x15`.

    Characters between `\x10` and `\x11` are instructions wherever they stand.

    >>> with_fields('\x13 HYPERLINK "https://example.org" \x14here\x15, \x13MACROBUTTON Fill [Name]\x15')
    'here (https://example.org), [Name]'
    """
    while (shorter := _FIELD.sub(lambda field: _field_text(field[1], field[2] or ""), text)) != text:
        text = shorter
    return _STRAY.sub("", text)


def _field_text(code: str, result: str) -> str:
    """The result of a field, with the target of a link; else its label, its choice, or the formula or sign in it."""
    code = code.replace("\x10", "").replace("\x11", "")
    name, _, rest = code.strip().partition(" ")
    if name in ("FORMCHECKBOX", "FORMDROPDOWN"):
        return rest.strip()
    if not result.strip():
        if button := _BUTTON.match(code):
            return button[1].strip()
        sign = _SYMBOL.match(code)
        if sign:
            return from_symbol_font(chr(0xF000 | int(sign[1]) & 0xFF), sign[2] or "Symbol")
        formula = field_formula(code)
        return apart_from_numbers(formula) if formula else result
    link = _LINK.match(code)
    target = (link[1] or link[2] or "").strip() if link else ""
    return with_target(result, f"{target}#{link[3]}" if link and target and link[3] else target)


def with_target(text: str, target: str) -> str:
    """The text of a link with its address in brackets behind it, where the text does not show that.

    >>> with_target("our office", "mailto:office@example.org")
    'our office (office@example.org)'
    """
    if not target:
        return text
    address = re.sub(r"^mailto:|^tel:", "", target.strip(), flags=re.I)
    bare = _SCHEME.sub("", address).rstrip("/")
    if not bare or address.startswith("#") or not text.strip() or bare.lower() in text.lower():
        return text
    tail = text[len(text.rstrip()) :]
    return f"{text.rstrip()} ({address.partition('?')[0] if target.lower().startswith('mailto:') else address}){tail}"
