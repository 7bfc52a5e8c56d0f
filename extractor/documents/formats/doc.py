"""Word 97 to 2003 (DOC): the main text, read through the table of its pieces ([MS-DOC] 2.4.1)."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Any

from extractor.documents.parsed import Parsed
from extractor.errors import DocumentError

__all__ = ["parse"]

_ENCRYPTED, _SECOND_TABLE = 0x0100, 0x0200
_CLX = 0x01A2
_FIELD = re.compile(r"\x13[^\x13-\x15]*\x14|\x13[^\x13-\x15]*\x15|\x15")  # instructions of a field, not its result
_MARKS = str.maketrans(
    {"\r": "\n", "\x0b": "\n", "\x0c": "\n", "\x1e": "-", "\x1f": None, "\xa0": " "}
    | {chr(code): None for code in (*range(9), *range(14, 30)) if code != 7}
)


def parse(container: Any) -> Parsed:
    """The text of the document, then of its notes and headers, with table cells between bars."""
    word = container.openstream("WordDocument").read()
    if len(word) < _CLX + 8:
        raise DocumentError("the file is damaged or cut off; fetch it again", kind="damaged")
    version, flags = struct.unpack_from("<H6xH", word, 2)
    if flags & _ENCRYPTED:
        raise DocumentError("the file is encrypted; save a copy without a password", kind="encrypted")
    if version < 0x00C1:
        raise DocumentError("this is Word 95 or older; save it as DOCX", kind="unsupported")
    table = container.openstream("1Table" if flags & _SECOND_TABLE else "0Table").read()
    start, size = struct.unpack_from("<II", word, _CLX)
    return Parsed(_readable("".join(_pieces(word, table[start : start + size]))))


def _pieces(word: bytes, clx: bytes) -> Iterator[str]:
    """The pieces of text in order: eight-bit ones are Windows-1252, the others UTF-16."""
    position = 0
    while position + 3 <= len(clx) and clx[position] == 1:
        position += 3 + struct.unpack_from("<H", clx, position + 1)[0]
    if position + 5 > len(clx) or clx[position] != 2:
        raise DocumentError("the file is damaged: its text is not to be found; fetch it again", kind="damaged")
    plan = clx[position + 5 :]
    count = (len(plan) - 4) // 12
    ends = struct.unpack_from(f"<{count + 1}I", plan)
    for index in range(count):
        place = struct.unpack_from("<I", plan, 4 * (count + 1) + 8 * index + 2)[0]
        length = ends[index + 1] - ends[index]
        if place & 0x40000000:
            start = (place & 0x3FFFFFFF) // 2
            yield word[start : start + length].decode("cp1252", "replace")
        else:
            yield word[place : place + 2 * length].decode("utf-16-le", "replace")


def _readable(text: str) -> str:
    while (shorter := _FIELD.sub("", text)) != text:
        text = shorter
    text = text.replace("\x07\x07", " |\n").replace("\x07", " | ").translate(_MARKS)
    return re.sub(r"\n{3,}", "\n\n", text.replace("\n", "\n\n").replace("|\n\n", "|\n"))
