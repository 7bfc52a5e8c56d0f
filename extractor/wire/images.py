"""Pictures on the wire: a data URL, the size that the model sees, and what it costs in tokens before it is sent."""

from __future__ import annotations

import struct
from base64 import b64encode
from math import ceil, sqrt
from typing import Any

from extractor.errors import UsageError

__all__ = ["fitted_size", "image_part", "image_size", "image_tokens", "media_type", "text_part"]

# Moonshot's picture encoder: patches of 14 pixels, merged two by two; so many patches in all, and along one side.
_PATCH, _MERGED, _PATCHES, _SIDE = 14, 28, 16_384, 512

_MAGIC = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"))
_JPEG_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})


def media_type(data: bytes) -> str:
    """The media type that a picture's first bytes tell; UsageError for one that the model cannot see."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    for magic, name in _MAGIC:
        if data.startswith(magic):
            return name
    raise UsageError("the picture is none of PNG, JPEG, WebP or GIF; convert it to one of them")


def text_part(text: str) -> dict[str, Any]:
    """Text as one part of a message that also shows pictures."""
    return {"type": "text", "text": text}


def image_part(data: bytes) -> dict[str, Any]:
    """A picture as one part of a message, inside a data URL: the only form that the service is known to take."""
    url = f"data:{media_type(data)};base64,{b64encode(data).decode()}"
    return {"type": "image_url", "image_url": {"url": url}}


def fitted_size(width: int, height: int) -> tuple[int, int]:
    """The pixels that the model looks at; sending more than these only costs bytes."""
    scale = _scale(width, height)
    return max(1, int(width * scale)), max(1, int(height * scale))


def image_tokens(width: int, height: int) -> int:
    """What a picture of so many pixels adds to the prompt, by Moonshot's own formula; about 4,225 at most."""
    wide, high = (max(1, ceil(int(side * _scale(width, height)) / _MERGED)) for side in (width, height))
    return wide * high


def image_size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels, read from the header alone; UsageError where it is damaged."""
    kind = media_type(data)
    try:
        if kind == "image/png":
            return struct.unpack(">II", data[16:24])
        if kind == "image/gif":
            return struct.unpack("<HH", data[6:10])
        return _webp_size(data) if kind == "image/webp" else _jpeg_size(data)
    except (struct.error, IndexError):
        raise UsageError("the picture ends before its size is stated; it is damaged") from None


def _scale(width: int, height: int) -> float:
    patches = max(1, width // _PATCH) * max(1, height // _PATCH)
    return min(1.0, sqrt(_PATCHES / patches), _SIDE * _PATCH / width, _SIDE * _PATCH / height)


def _jpeg_size(data: bytes) -> tuple[int, int]:
    at = 2
    while data[at + 1] not in _JPEG_FRAMES or data[at] != 0xFF:
        filler = data[at + 1] == 0xFF
        at += 1 if filler else 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    height, width = struct.unpack(">HH", data[at + 5 : at + 9])
    return width, height


def _webp_size(data: bytes) -> tuple[int, int]:
    form = data[12:16]
    if form == b"VP8X":
        wide, high = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
        return wide, high
    if form == b"VP8L":
        bits = struct.unpack("<I", data[21:25])[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    wide, high = struct.unpack("<HH", data[26:30])
    return wide & 0x3FFF, high & 0x3FFF
