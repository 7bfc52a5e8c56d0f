"""Bytes to text: byte order marks, UTF-8, UTF-16 and UTF-32 by their pattern, then a measured guess."""

from __future__ import annotations

import codecs
from typing import NamedTuple

from extractor.documents.charsets import guess_charset
from extractor.errors import DocumentError

__all__ = ["Decoded", "decode"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins with the mark of UTF-16, so it comes first
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROLS = bytes(set(range(32)) - set(b"\b\t\n\v\f\r\x1a\x1b")) + b"\x7f"
_PROBE = 1 << 16
_GLANCE = 4096


class Decoded(NamedTuple):
    """A text as it stood in the file, newlines and all, without its byte order mark; and how it was read."""

    text: str
    encoding: str


def decode(data: bytes, *, declared: str | None = None) -> Decoded:
    """The text of `data`. `declared` is the charset that the file or its envelope claims, believed where it fits.

    Raises DocumentError: kind "empty" (nothing, or nothing but white space), or "binary" (not text at all).
    """
    decoded = _read(data, declared)
    if not decoded.text or decoded.text.isspace():
        raise DocumentError("the file holds no text: nothing, or only white space", kind="empty")
    return decoded


def _read(data: bytes, declared: str | None) -> Decoded:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return Decoded(data[len(mark) :].decode(encoding, "replace"), encoding)
    if wide := _wide_encoding(data[:_PROBE]):
        return Decoded(data.decode(wide, "replace"), wide)
    _refuse_binary(data[:_PROBE])
    for likely in (_seven_bit(data), declared, "utf-8"):
        if likely and (text := _strictly(data, likely)) is not None:
            return Decoded(text, codecs.lookup(likely).name)
    if (text := _damaged_utf8(data)) is not None:
        return Decoded(text, "utf-8")
    guessed = guess_charset(data[:_PROBE])
    return Decoded(data.decode(guessed, "replace"), guessed)


def _wide_encoding(probe: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark: in most text one byte of each unit is nearly always zero, and another never."""
    for encoding, width, high in (("utf-32-be", 4, 1), ("utf-32-le", 4, 2), ("utf-16-be", 2, 0), ("utf-16-le", 2, 1)):
        whole = probe[: len(probe) // width * width]
        if 2 * whole[high::width].count(0) > len(whole) // width and _is_legible(_strictly(whole, encoding)):
            return encoding
    return None


def _is_legible(text: str | None) -> bool:
    return text is not None and 10 * sum(map(_is_visible, text[:_GLANCE])) > 9 * len(text[:_GLANCE])


def _is_visible(character: str) -> bool:
    return character.isprintable() or character.isspace()


def _refuse_binary(probe: bytes) -> None:
    """Compressed and compiled data are a tenth control characters; text, even sprinkled with NULs, is not."""
    controls = len(probe) - len(probe.translate(None, _CONTROLS))
    allowed = 10 if _strictly(probe[:-4], "utf-8") is not None else 50
    if controls * allowed > len(probe):
        raise DocumentError("the file is binary, not text; name a format that can be read", kind="binary")


def _seven_bit(data: bytes) -> str | None:
    """ISO-2022 hides Japanese and Korean in ASCII bytes, behind escapes."""
    if b"\x1b" not in data:
        return None
    return "iso2022_kr" if b"\x1b$)C" in data else "iso2022_jp_2"


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _damaged_utf8(data: bytes) -> str | None:
    """UTF-8 with a few bytes broken: characters that are whole outnumber those that are not by far."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    whole = len(text) - broken - len(data.translate(None, bytes(range(128, 256))))
    return text if whole > 4 * broken else None
