"""A long file of plain text: its bytes and its characters never stand in memory together."""

from __future__ import annotations

import codecs
from functools import partial
from typing import IO

__all__ = ["grown"]

_PIECE = 1 << 20  # bytes
_CONTROLS = bytes(set(range(32)) - set(b"\b\t\n\v\f\r\x1a")) + b"\x7f"  # of UTF-16, ISO-2022 and binary data


def grown(stream: IO[bytes]) -> str | None:
    """The rest of a stream of UTF-8, character for character; None where it is or may be anything else.

    The text grows in place: in a `for` loop, `+=` to a string that nothing else holds copies no characters.
    """
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    text = ""
    try:
        for piece in iter(partial(stream.read, _PIECE), b""):
            if len(piece.translate(None, _CONTROLS)) < len(piece):
                return None
            text += decoder.decode(piece)
        text += decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return None
    return text
