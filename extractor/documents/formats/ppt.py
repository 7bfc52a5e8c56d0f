"""PowerPoint 97 to 2003 (PPT): the texts of its slides in order ([MS-PPT] 2.3.1)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from extractor.documents.parsed import Parsed

__all__ = ["parse"]

_WIDE, _NARROW = 0x0FA0, 0x0FA8
_LISTS = {0: "slides", 1: "masters", 2: "notes"}
_TEXT_LIST = 0x0FF0


def parse(container: Any) -> Parsed:
    """The text of every slide and note; what only decorates the master slides is left out."""
    data = container.openstream("PowerPoint Document").read()
    texts = dict.fromkeys(text.strip() for text in _texts(data, 0, len(data)))
    return Parsed("\n\n".join(text for text in texts if text and text != "*"))


def _texts(data: bytes, start: int, end: int) -> Iterator[str]:
    """The text atoms between two offsets, also those inside containers."""
    spans = [(start, end)]
    while spans:
        start, end = spans.pop()
        if start + 8 > end:
            continue
        head, kind, size = struct.unpack_from("<HHI", data, start)
        stop = min(start + 8 + size, end)
        spans.append((stop, end))
        if kind in (_WIDE, _NARROW):
            yield (
                data[start + 8 : stop].decode("utf-16-le" if kind == _WIDE else "cp1252", "replace").replace("\r", "\n")
            )
        elif head & 15 == 15 and not (kind == _TEXT_LIST and _LISTS.get(head >> 4) == "masters"):
            spans.append((start + 8, stop))
