"""Pictures in the drawings of old Office files ([MS-ODRAW] 2.2.23): PNG, JPEG and TIFF as they are, others by name."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

__all__ = ["blips"]

_HEAD = re.compile(rb"[\x1a-\x1f\x29\x2a]\xf0", re.S)  # the kind of a record, two bytes into it
_KINDS = {
    0x1A: ".emf",
    0x1B: ".wmf",
    0x1C: ".pict",
    0x1D: ".jpg",
    0x1E: ".png",
    0x1F: ".bmp",
    0x29: ".tif",
    0x2A: ".jpg",
}
_SIGNATURES = {".jpg": (b"\xff\xd8\xff",), ".png": (b"\x89PNG\r\n\x1a\n",), ".tif": (b"II*\0", b"MM\0*")}
_OFFSETS = (17, 33)  # one identity before the data, or two
_INSTANCES = {".emf": (0x3D4, 0x3D5), ".wmf": (0x216, 0x217), ".pict": (0x542, 0x543)}


def blips(data: bytes) -> Iterator[tuple[bytes, str]]:
    """Each picture, and the suffix of its format; data in other formats is returned as it is."""
    place = 0
    while match := _HEAD.search(data, place):
        start = match.start() - 2
        found = _blip(data, start) if start >= 0 else None
        if found is None:
            place = match.start() + 1
        else:
            place = start + 8 + struct.unpack_from("<I", data, start + 4)[0]
            yield found


def _blip(data: bytes, start: int) -> tuple[bytes, str] | None:
    if start + 8 > len(data):
        return None
    head, kind, size = struct.unpack_from("<HHI", data, start)
    body = data[start + 8 : start + 8 + size]
    suffix = _KINDS[kind & 0xFF]
    if len(body) < size or not size:
        return None
    for offset in _OFFSETS:
        if suffix in _SIGNATURES and body[offset:].startswith(_SIGNATURES[suffix]):
            return body[offset:], suffix
    return (body[_OFFSETS[0] :], suffix) if head >> 4 in _INSTANCES.get(suffix, ()) else None
