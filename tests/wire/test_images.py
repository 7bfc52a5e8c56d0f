"""Pictures: their type and size from their first bytes, and their price in tokens."""

from __future__ import annotations

import base64
import struct
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.errors import UsageError
from extractor.wire.images import fitted_size, image_part, image_size, image_tokens, media_type, text_part
from tests.kit import check_request

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 640, 480, 8, 2, 0, 0, 0) + b"\0\0\0\0"
GIF = b"GIF89a" + struct.pack("<HHBBB", 640, 480, 0, 0, 0)
JPEG = b"\xff\xd8\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0" + b"\0" * 9 + b"\xff" + b"\xff\xc2"
JPEG += struct.pack(">HBHHB", 17, 8, 480, 640, 3) + b"\0" * 9
WEBP_LOSSY = b"RIFF\0\0\0\0WEBPVP8 " + b"\0" * 7 + b"\x9d\x01\x2a" + struct.pack("<HH", 640, 480)
WEBP_EXTENDED = b"RIFF\0\0\0\0WEBPVP8X" + b"\0" * 8 + (639).to_bytes(3, "little") + (479).to_bytes(3, "little")
WEBP_LOSSLESS = b"RIFF\0\0\0\0WEBPVP8L" + b"\0" * 4 + b"\x2f" + struct.pack("<I", 639 | 479 << 14)

PICTURES = {
    "png": (PNG, "image/png"),
    "gif": (GIF, "image/gif"),
    "jpeg": (JPEG, "image/jpeg"),
    "webp lossy": (WEBP_LOSSY, "image/webp"),
    "webp extended": (WEBP_EXTENDED, "image/webp"),
    "webp lossless": (WEBP_LOSSLESS, "image/webp"),
}


@pytest.mark.parametrize(("data", "kind"), PICTURES.values(), ids=PICTURES)
def test_type_and_size(data: bytes, kind: str) -> None:
    """The first bytes tell the type and the size, with no library."""
    assert (media_type(data), image_size(data)) == (kind, (640, 480))


@pytest.mark.parametrize("data", [b"", b"<svg></svg>", b"II*\0", b"%PDF-1.7"])
def test_other_types_are_refused(data: bytes) -> None:
    """What the model cannot see is refused before it is sent."""
    with pytest.raises(UsageError, match="convert it"):
        media_type(data)


@pytest.mark.parametrize("data", [PNG[:18], GIF[:7], JPEG[:25], WEBP_LOSSY[:27]])
def test_damaged(data: bytes) -> None:
    """A picture that ends before its size is told is damaged."""
    with pytest.raises(UsageError, match="damaged"):
        image_size(data)


@given(st.sampled_from([data for data, _ in PICTURES.values()]), st.binary(max_size=40))
def test_any_bytes_after_the_magic(data: bytes, rest: bytes) -> None:
    """No header, however odd, raises anything but a UsageError."""
    with suppress(UsageError):
        image_size(data[:12] + rest)


@pytest.mark.parametrize(
    ("width", "height", "tokens"),
    [
        (512, 512, 361),
        (1024, 1024, 1369),
        (1654, 2339, 4158),
        (3840, 2160, 4214),
        (28, 28, 1),
        (29, 28, 2),
        (1, 1, 1),
    ],
)
def test_tokens(width: int, height: int, tokens: int) -> None:
    """The cost of a picture by the formula of the model's makers."""
    assert image_tokens(width, height) == tokens


@given(st.integers(1, 30_000), st.integers(1, 30_000))
def test_a_picture_that_fits_costs_the_same(width: int, height: int) -> None:
    """No picture passes the model's ceiling, and scaling it down beforehand makes it no dearer."""
    wide, high = fitted_size(width, height)
    assert wide <= min(width, 7168)
    assert high <= min(height, 7168)
    assert image_tokens(wide, high) <= image_tokens(width, height) <= 4_400


def test_parts() -> None:
    """Text and pictures make a message that the published schema takes."""
    parts: list[dict[str, Any]] = [text_part("What is this?"), image_part(PNG)]
    assert check_request({"messages": [{"role": "user", "content": parts}]}) == ()
    url = parts[1]["image_url"]["url"]
    assert url.startswith("data:image/png;base64,")
    assert base64.b64decode(url.partition(",")[2]) == PNG
