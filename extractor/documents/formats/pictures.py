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
from extractor.wire.images import fitted_size

__all__ = ["is_blank", "parse", "to_png"]

_TAKEN = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}
_PNG_MODES = ("1", "L", "RGB", "RGBA", "P")
_PHOTOGRAPHS = ("JPEG", "WEBP")
_QUALITY = 90  # at which a photograph stays as legible, and as small, as it was
_UPRIGHT = 1
_ORIENTATION = 0x0112


def parse(data: bytes, source: Source) -> Parsed:
    """The picture as it is where the model takes it so, else upright and no larger than it is looked at.

    A photograph (JPEG, WebP) stays what it is; all else becomes PNG, one for each page of a TIFF.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Pillow.DecompressionBombWarning)
            picture = Pillow.open(BytesIO(data))
            images = _images(picture, data, source.limits)
    except (Pillow.DecompressionBombWarning, Pillow.DecompressionBombError) as error:
        raise DocumentError("the picture has too many pixels; scale it down first", kind="too_large") from error
    except UnidentifiedImageError as error:
        raise DocumentError("the picture is damaged or cut off; fetch it again", kind="damaged") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise DocumentError(f"the picture is damaged ({error}); fetch it again", kind="damaged") from error
    form = (picture.format or "image").lower()
    size = {"width": picture.width, "height": picture.height}
    return Parsed("", images=images, metadata={"format": form, "pages": len(images), **size})


def _images(picture: Pillow.Image, data: bytes, limits: Limits) -> tuple[Image, ...]:
    form = picture.format or ""
    kind = _TAKEN.get(form)
    fits = fitted_size(*picture.size) == picture.size
    if kind and fits and picture.getexif().get(_ORIENTATION, _UPRIGHT) == _UPRIGHT:
        picture.load()
        return (Image(data, kind),)
    if kind and form in _PHOTOGRAPHS:
        return (Image(_written(_fitted(picture), form, quality=_QUALITY), kind),)
    frames = islice(ImageSequence.Iterator(picture), limits.pictures if form == "TIFF" else 1)
    return tuple(Image(to_png(frame), "image/png", number) for number, frame in enumerate(frames, 1))


def to_png(picture: Pillow.Image) -> bytes:
    """The picture upright, no larger than the model looks at, as PNG."""
    fitted = _fitted(picture)
    return _written(fitted if fitted.mode in _PNG_MODES else fitted.convert("RGB"), "PNG", compress_level=6)


def is_blank(picture: Pillow.Image) -> bool:
    """Whether there is nothing to see: one shade all over."""
    return len(picture.convert("L").getcolors() or ()) == 1


def _fitted(picture: Pillow.Image) -> Pillow.Image:
    upright = ImageOps.exif_transpose(picture)
    upright.thumbnail(fitted_size(*upright.size))
    return upright


def _written(picture: Pillow.Image, form: str, **options: int) -> bytes:
    out = BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()
