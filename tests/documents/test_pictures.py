"""Pictures: shown to the model as it takes them."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image

from extractor.documents.source import Limits
from extractor.errors import DocumentError
from extractor.wire.images import image_size, image_tokens
from tests.documents.making import archive, loaded, relations, word


def picture(form: str, *, size: tuple[int, int] = (60, 40), **options: object) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "white").save(out, form, **options)
    return out.getvalue()


@pytest.mark.parametrize(
    ("form", "media_type"),
    [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp"), ("GIF", "image/gif")],
)
def test_what_the_model_takes_is_passed_as_it_is(tmp_path: Path, form: str, media_type: str) -> None:
    """The bytes are those of the file, and the text is empty."""
    data = picture(form)
    document = loaded(tmp_path, "scan", data)
    assert [(image.data, image.media_type) for image in document.images] == [(data, media_type)]
    assert (document.text, document.metadata["format"], document.metadata["width"]) == ("", form.lower(), 60)


def test_what_the_model_does_not_take_becomes_png(tmp_path: Path) -> None:
    """Each page of a TIFF, and a bitmap, is turned into a PNG."""
    pages = [Image.new("L", (60, 40), shade) for shade in (0, 255)]
    out = BytesIO()
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:])
    images = loaded(tmp_path, "fax.tif", out.getvalue()).images
    assert [(image.media_type, image.page) for image in images] == [("image/png", 1), ("image/png", 2)]
    assert [image.media_type for image in loaded(tmp_path, "a.bmp", picture("BMP")).images] == ["image/png"]


def test_a_picture_is_made_upright(tmp_path: Path) -> None:
    """Cameras store a turn beside the pixels."""
    exif = Image.Exif()
    exif[0x0112] = 6
    (image,) = loaded(tmp_path, "photo.jpg", picture("JPEG", exif=exif)).images
    assert Image.open(BytesIO(image.data)).size == (40, 60)


@pytest.mark.parametrize(
    ("form", "size", "media_type", "fitted"),
    [
        ("PNG", (14336, 100), "image/png", (7168, 50)),
        ("JPEG", (4000, 3000), "image/jpeg", (2072, 1554)),
        ("WEBP", (3000, 3000), "image/jpeg", (1794, 1794)),
        ("GIF", (3000, 3000), "image/png", (1794, 1794)),
    ],
)
def test_a_picture_is_no_larger_than_is_looked_at(
    tmp_path: Path, form: str, size: tuple[int, int], media_type: str, fitted: tuple[int, int]
) -> None:
    """More pixels than the model sees are not sent, and none that it does see are lost."""
    (image,) = loaded(tmp_path, f"large.{form.lower()}", picture(form, size=size)).images
    assert (image.media_type, Image.open(BytesIO(image.data)).size) == (media_type, fitted)
    assert 0.98 * image_tokens(*size) < image_tokens(*image_size(image.data)) <= image_tokens(*size)


def test_a_damaged_picture_is_told(tmp_path: Path) -> None:
    """A picture that is cut off, or only begins like one, is not sent to anyone."""
    for data in (picture("PNG", size=(600, 400))[:60], b"\x89PNG\r\n\x1a\n and a letter"):
        with pytest.raises(DocumentError, match="the picture is damaged") as caught:
            loaded(tmp_path, "a.png", data)
        assert caught.value.kind == "damaged"
        assert "object at" not in str(caught.value)


def test_an_office_file_of_nothing_but_scans_is_its_pictures(tmp_path: Path) -> None:
    """Where there is no word, the pictures are what there is to read."""
    scan = picture("JPEG")
    document = loaded(tmp_path, "a.docx", word("<w:p/>", parts={"word/media/image1.jpeg": scan}))
    assert [image.data for image in document.images] == [scan]
    slide = '<p:sld xmlns:p="p"/>'
    show = {"_rels/.rels": relations(("r1", "officeDocument", "ppt/presentation.xml"))}
    show |= {"ppt/presentation.xml": '<p:presentation xmlns:p="p"/>', "ppt/slides/slide1.xml": slide}
    assert len(loaded(tmp_path, "a.pptx", archive({**show, "ppt/media/image1.jpeg": scan})).images) == 1


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


@pytest.mark.parametrize("form", ["HEIF", "AVIF", "JPEG2000"])
def test_photographs_of_other_formats_become_jpeg(tmp_path: Path, form: str) -> None:
    """Those that phones take are shown."""
    pillow_heif.register_heif_opener()
    (image,) = loaded(tmp_path, "photo", picture(form, size=(64, 48))).images
    assert (image.media_type, opened(image.data).size) == ("image/jpeg", (64, 48))


def test_a_photograph_of_any_size_is_scaled_as_it_is_decoded(tmp_path: Path) -> None:
    """More pixels than fit the memory of a parser are no bar."""
    data = picture("JPEG", size=(24_000, 16_000))
    (image,) = loaded(tmp_path, "a.jpg", data, limits=Limits(memory=700 << 20)).images
    assert max(opened(image.data).size) < 2_500


@pytest.mark.parametrize(
    ("mode", "colour", "form", "grey"),
    [
        ("CMYK", (0, 0, 0, 255), "JPEG", 0),
        ("I;16", 65_535, "PNG", 255),
        ("I;16", 0, "TIFF", 0),
        ("RGBA", (0, 0, 0, 0), "PNG", 255),
        ("LA", (0, 255), "PNG", 0),
    ],
)
def test_inks_deep_greys_and_glass_look_as_they_do_on_paper(
    tmp_path: Path, mode: str, colour: int | tuple[int, ...], form: str, grey: int
) -> None:
    """The model is shown 8 bits of grey or colour on white, whatever the file holds."""
    out = BytesIO()
    source = Image.new(mode, (40, 30), colour)
    if mode == "I;16":
        source.putpixel((0, 0), 65_535 - colour)  # black and white are both there  # type: ignore[operator]
    source.save(out, form)
    (image,) = loaded(tmp_path, "a", out.getvalue()).images
    assert abs(opened(image.data).convert("L").getpixel((20, 15)) - grey) < 3  # type: ignore[operator]


def test_frames_of_an_animation_and_pages_past_a_limit_are_named(tmp_path: Path) -> None:
    """The first frame is shown, and every page of a fax up to the limit."""
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "green", "blue")]
    film, fax = BytesIO(), BytesIO()
    frames[0].save(film, "GIF", save_all=True, append_images=frames[1:])
    frames[0].convert("L").save(fax, "TIFF", save_all=True, append_images=[frame.convert("L") for frame in frames[1:]])
    document = loaded(tmp_path, "a.gif", film.getvalue())
    assert (len(document.images), document.metadata["unread"]) == (1, ["an animation of 3 frames: the first is shown"])
    document = loaded(tmp_path, "a.tif", fax.getvalue(), limits=Limits(pictures=2))
    assert (len(document.images), document.metadata["unread"]) == (2, ["1 pages past the limit of 2"])
    assert len(loaded(tmp_path, "a.tif", fax.getvalue()).images) == 3
