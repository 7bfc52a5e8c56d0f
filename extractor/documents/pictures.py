"""Pictures, by Pillow: what the model can be shown, in the formats that it takes."""

from __future__ import annotations

import warnings
from io import BytesIO
from itertools import islice

from PIL import Image as Pillow
from PIL import ImageOps, ImageSequence, UnidentifiedImageError

from extractor.documents.document import Image
from extractor.documents.limits import Limits
from extractor.documents.parsed import Parsed
from extractor.documents.source import Source
from extractor.errors import DocumentError

__all__ = ["is_blank", "parse", "to_png"]

_TAKEN = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}
_SIDE = 3_584  # pixels that the model looks at, at most
_UPRIGHT = 1
_ORIENTATION = 0x0112


def parse(data: bytes, source: Source) -> Parsed:
    """The picture as it is where the model takes it so, else as PNG: one for each page of a TIFF."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Pillow.DecompressionBombWarning)
            picture = Pillow.open(BytesIO(data))
            images = _images(picture, data, source.limits)
    except (Pillow.DecompressionBombWarning, Pillow.DecompressionBombError) as error:
        raise DocumentError("the picture has too many pixels; scale it down first", kind="too_large") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise DocumentError(f"the picture is damaged ({error}); fetch it again", kind="damaged") from error
    form = (picture.format or "image").lower()
    size = {"width": picture.width, "height": picture.height}
    return Parsed("", images=images, metadata={"format": form, "pages": len(images), **size})


def _images(picture: Pillow.Image, data: bytes, limits: Limits) -> tuple[Image, ...]:
    kind = _TAKEN.get(picture.format or "")
    if kind and max(picture.size) <= _SIDE and picture.getexif().get(_ORIENTATION, _UPRIGHT) == _UPRIGHT:
        picture.load()
        return (Image(data, kind),)
    frames = islice(ImageSequence.Iterator(picture), limits.pictures if picture.format == "TIFF" else 1)
    return tuple(Image(to_png(frame), "image/png", number) for number, frame in enumerate(frames, 1))


def to_png(picture: Pillow.Image) -> bytes:
    """The picture upright, no larger than the model looks at, as PNG."""
    upright = ImageOps.exif_transpose(picture)
    upright.thumbnail((_SIDE, _SIDE))
    if upright.mode not in ("1", "L", "RGB", "RGBA", "P"):
        upright = upright.convert("RGB")
    out = BytesIO()
    upright.save(out, "PNG", compress_level=6)
    return out.getvalue()


def is_blank(picture: Pillow.Image) -> bool:
    """Whether there is nothing to see: one shade all over."""
    return len(picture.convert("L").getcolors() or ()) == 1
