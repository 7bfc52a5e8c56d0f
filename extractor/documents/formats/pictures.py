"""Pictures, by Pillow and pillow-heif: what the model can be shown, in the formats that it takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from math import prod
from typing import cast

from PIL import Image as Pillow
from PIL import ImageOps, ImageSequence, UnidentifiedImageError

from extractor.documents.document import Image
from extractor.documents.layout import placed
from extractor.documents.ocr import boxes_of, recognise
from extractor.documents.parsed import Parsed, bound
from extractor.documents.source import Source, too_large
from extractor.errors import DocumentError
from extractor.wire.images import fitted_size

__all__ = ["is_blank", "parse", "size_of", "thumbnail", "to_image"]

_TAKEN = {"PNG": "image/png", "JPEG": "image/jpeg", "MPO": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}
_SENT_AS_IS = ("1", "L", "RGB", "P", "LA", "PA", "RGBA")  # modes of a file that the model can be sent untouched
_PHOTOGRAPHS = ("AVIF", "HEIF", "JPEG", "JPEG2000", "MPO", "WEBP")
_PAGED = ("HEIF", "TIFF")  # formats of which a file holds several pictures
_SINGLE = ("AVIF", "JPEG", "MPO")  # whose further frames are previews and depths of the first
_QUALITY = 90  # at which a photograph stays as legible, and as small, as it was
_SKETCH = 60  # quality of a thumbnail
_HEAVY = 1 << 20  # bytes: a PNG over it is a photograph or a noisy scan
_HEAVIEST = 5 << 20  # bytes of a file that goes as it is
_PIXELS = 800 << 20  # bytes of a picture once it is decoded
_UPRIGHT = 1
_ORIENTATION = 0x0112
_REDUCED, _SUBFILE = 1, 0x00FE  # a smaller copy of another picture of the TIFF


def parse(data: bytes, source: Source) -> Parsed:
    """The picture as it is where the model takes it so, else upright and no larger than it is looked at.

    A photograph stays or becomes JPEG (or WebP); all else becomes PNG, one for each page of a TIFF, or of the one page
    that is wanted. With an engine of OCR their text is the document's, each picture a page.
    """
    try:
        with _opened(data) as picture:
            return _read(picture, data, source)
    except Pillow.DecompressionBombError as error:
        raise DocumentError("the picture has too many pixels; scale it down first", kind="too_large") from error
    except UnidentifiedImageError as error:
        raise DocumentError("the picture is damaged or cut off; fetch it again", kind="damaged") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise DocumentError(f"the picture is damaged ({error}); fetch it again", kind="damaged") from error


@contextmanager
def _opened(data: bytes) -> Iterator[Pillow.Image]:
    """The picture, not yet decoded; its size is checked against a limit of our own, by what it takes decoded."""
    if data[4:8] == b"ftyp" and b"avi" not in data[8:32]:
        from pillow_heif import register_heif_opener

        register_heif_opener()
    limit, Pillow.MAX_IMAGE_PIXELS = Pillow.MAX_IMAGE_PIXELS, None
    try:
        with Pillow.open(BytesIO(data)) as picture:
            yield picture
    finally:
        Pillow.MAX_IMAGE_PIXELS = limit


def _read(picture: Pillow.Image, data: bytes, source: Source) -> Parsed:
    form = picture.format or "image"
    width, height = picture.size
    frames = getattr(picture, "n_frames", 1)
    pages: list[Parsed] = []
    count = past = 0
    for count, frame in enumerate(_frames(picture, form), 1):
        if source.page not in (None, count):
            continue
        if len(pages) >= source.limits.pictures:
            past += 1
            continue
        upright, image = _sendable(frame, form, data, count)
        text, starts = placed(recognise(upright, source.ocr)) if source.ocr else ("", [])
        pages.append(Parsed(text, images=(image,), boxes=boxes_of(starts)))
        source.step()
    if source.page is not None and not pages:
        raise DocumentError(f"there is no page {source.page} in it; name one of {count}", kind="no_text")
    unread = [f"{past} pages past the limit of {source.limits.pictures}"] if past else []
    if frames > 1 and form not in (*_PAGED, *_SINGLE):
        unread.append(f"an animation of {frames} frames: the first is shown")
    whole = bound(pages)
    about = {"format": form.lower(), "pages": count - past, "width": width, "height": height}
    if not whole.text:
        return replace(whole, pages=(), metadata=about, unread=tuple(unread))
    return replace(whole, metadata={**about, "ocr": source.ocr}, unread=tuple(unread))


def _frames(picture: Pillow.Image, form: str) -> Iterator[Pillow.Image]:
    """The pictures of a file that are pages of it; smaller copies of them are none."""
    for frame in ImageSequence.Iterator(picture) if form in _PAGED else (picture,):
        tags = getattr(frame, "tag_v2", {})
        if not tags.get(_SUBFILE, 0) & _REDUCED:
            yield frame


def _sendable(frame: Pillow.Image, form: str, data: bytes, number: int) -> tuple[Pillow.Image, Image]:
    """One picture as it is looked at, and as it is sent."""
    size = fitted_size(*frame.size)
    kind = _TAKEN.get(form)
    level = frame.getexif().get(_ORIENTATION, _UPRIGHT) == _UPRIGHT
    fits = frame.size == size
    frame.draft("RGB", size)  # a JPEG is decoded at a half, a quarter or an eighth of its size
    if prod(frame.size) * len(frame.getbands()) > _PIXELS:
        raise too_large("the picture once it is decoded", _PIXELS, "bytes")
    plain = frame.mode in _SENT_AS_IS and not _is_transparent(frame)
    if kind and level and plain and fits and len(data) <= _HEAVIEST:
        frame.load()
        return frame, Image(data, kind, number)
    upright = _plain(ImageOps.exif_transpose(frame))
    upright.thumbnail(fitted_size(*upright.size))
    return upright, to_image(upright, number, photograph=form in _PHOTOGRAPHS)


def _is_transparent(frame: Pillow.Image) -> bool:
    return frame.has_transparency_data and frame.convert("RGBA").getchannel("A").getextrema()[0] != 255


def _plain(frame: Pillow.Image) -> Pillow.Image:
    """The picture in grey or colour: inks as light, deep greys in 256 steps, what is transparent on white paper."""
    if frame.mode in ("I", "F") or frame.mode.startswith("I;16"):
        deep = frame.convert("F")
        low, high = cast("tuple[float, float]", deep.getextrema())
        step, base = (255 / (high - low), low) if high > max(low, 255) else (1.0, 0.0)
        return deep.point(lambda value: value * step - base * step).convert("L")
    if frame.has_transparency_data:
        colours = frame.convert("RGBA")
        paper = Pillow.new("RGBA", colours.size, "white")
        return Pillow.alpha_composite(paper, colours).convert("RGB")
    return frame if frame.mode in ("1", "L", "RGB", "P") else frame.convert("RGB")


def to_image(picture: Pillow.Image, page: int | None, *, photograph: bool = False) -> Image:
    """A picture as the model is sent it: PNG, or JPEG where that is a photograph or a noisy scan."""
    if not photograph and not _is_noisy(picture):
        return Image(_written(picture, "PNG", compress_level=6), "image/png", page)
    grey = picture.mode in ("1", "L")
    return Image(_written(picture.convert("L" if grey else "RGB"), "JPEG", quality=_QUALITY), "image/jpeg", page)


def size_of(image: Image) -> tuple[int, int]:
    """The width and height of a picture, in pixels."""
    with _opened(image.data) as picture:
        return picture.size


def thumbnail(image: Image, side: int) -> tuple[bytes, int, int]:
    """A picture as a JPEG whose longer side has at most `side` pixels, with its width and height."""
    with _opened(image.data) as picture:
        picture.draft("RGB", (side, side))
        small = _plain(picture)
        small = small.convert("L" if small.mode in ("1", "L") else "RGB")
        small.thumbnail((side, side))
        return _written(small, "JPEG", quality=_SKETCH), *small.size


def _is_noisy(picture: Pillow.Image) -> bool:
    """Whether a PNG would be heavy, by that of a strip across the middle."""
    width, height = picture.size
    strip = picture.crop((0, height * 7 // 16, width, max(height * 9 // 16, 1)))
    return len(_written(strip, "PNG", compress_level=1)) * height > _HEAVY * max(strip.height, 1)


def is_blank(picture: Pillow.Image) -> bool:
    """Whether there is nothing to see: one shade all over."""
    return len(picture.convert("L").getcolors() or ()) == 1


def _written(picture: Pillow.Image, form: str, **options: int) -> bytes:
    out = BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()
