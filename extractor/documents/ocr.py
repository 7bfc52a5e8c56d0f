"""Text from pictures, with the place of each piece: by RapidOCR (the extra `ocr`), or by the command `tesseract`.

It makes scans readable for models that cannot see, and gives values that are read from a picture a box on it.
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from io import BytesIO
from statistics import median
from typing import TYPE_CHECKING, Any

from extractor.documents.document import Box
from extractor.documents.layout import Glyph, Run, to_runs
from extractor.errors import MissingExtra, UsageError

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

__all__ = ["OCR_SIDE", "Segment", "boxes_of", "engine", "recognise"]

OCR_SIDE = 842.0  # points of a page's longer side: the unit of all lengths in a layout
_LEAST_CONFIDENCE = 30.0  # percent: tesseract sees words in dirt below it
_TALL = 1.5  # times as high as wide: text that runs up or down


class Segment(Run):
    """A piece of a line as it was read, in points; `box` is where it stands on the picture, in fractions of it."""

    __slots__ = ("box",)

    def __init__(self, glyph: Glyph, box: tuple[float, float, float, float]) -> None:
        super().__init__(*glyph[:5])
        self.box = box

    def move(self, left: float, top: float, scale: float) -> None:
        """Place the segment on a page whose upper left corner and size are others than the picture's."""
        self.left, self.right, self.last = (left + scale * x for x in (self.left, self.right, self.last))
        self.top, self.bottom = (top + scale * y for y in (self.top, self.bottom))


def engine(wanted: str | None = None) -> str:
    """The engine to read pictures with, "" for none: `wanted`, or EXTRACTOR_OCR, or RapidOCR where it is installed.

    Tesseract reads only the languages that it was installed with, so it is taken only where it is named. Raises
    UsageError where the wanted one is unknown or is not there.
    """
    wanted = wanted or os.environ.get("EXTRACTOR_OCR") or ("rapidocr" if _has_rapidocr() else "off")
    if wanted not in ("off", "rapidocr", "tesseract"):
        raise UsageError(f"there is no OCR engine {wanted!r}; name rapidocr, tesseract or off")
    if wanted == "rapidocr" and not _has_rapidocr():
        raise MissingExtra("the OCR engine rapidocr is not installed", extra="ocr")
    if wanted == "tesseract" and not shutil.which("tesseract"):
        raise UsageError("there is no command tesseract; install that program, or take rapidocr")
    return "" if wanted == "off" else wanted


def recognise(picture: Picture, name: str) -> list[Segment]:
    """The pieces of text on an upright picture, by the engine of that name."""
    width, height = picture.size
    glyphs = _by_tesseract(picture) if name == "tesseract" else _by_rapidocr(picture)
    scale = OCR_SIDE / max(width, height)
    return [
        Segment(
            Glyph(glyph.text, scale * glyph.left, scale * glyph.top, scale * glyph.right, scale * glyph.bottom),
            (box[0] / width, box[1] / height, box[2] / width, box[3] / height),
        )
        for glyph, box in glyphs
    ]


def boxes_of(starts: Sequence[tuple[int, Run]]) -> tuple[Box, ...]:
    """The boxes of those runs of a layout that were read from the picture of its page."""
    return tuple(Box(at, at + len(run.text), 0, *run.box) for at, run in starts if isinstance(run, Segment))


_Quad = tuple[float, float, float, float]
_Found = tuple[Glyph, _Quad]


@cache
def _has_rapidocr() -> bool:
    return find_spec("rapidocr") is not None and find_spec("onnxruntime") is not None


@cache
def _rapidocr() -> Any:
    from rapidocr import RapidOCR

    return RapidOCR(params={"Global.log_level": "error"})


def _by_rapidocr(picture: Picture) -> Iterator[_Found]:
    import numpy

    pixels = numpy.asarray(picture.convert("RGB"))[:, :, ::-1]
    read = _rapidocr()(pixels)
    pieces = [
        (text.strip(), [(float(x), float(y)) for x, y in quad])
        for text, quad in zip(read.txts or (), read.boxes if read.boxes is not None else (), strict=True)
        if text.strip()
    ]
    boxes = [(min(x), min(y), max(x), max(y)) for x, y in (zip(*quad, strict=True) for _, quad in pieces)]
    tall = [_TALL * (right - left) < bottom - top for left, top, right, bottom in boxes]
    if 2 * sum(len(text) for (text, _), up in zip(pieces, tall, strict=True) if up) > sum(len(t) for t, _ in pieces):
        yield from _turned([text for text, _ in pieces], boxes, picture.size)
        return
    slope = _slope([quad for _, quad in pieces])
    for (text, quad), box in zip(pieces, boxes, strict=True):
        middle = sum(y for _, y in quad) / 4 - slope * (box[0] + box[2]) / 2
        half = (quad[3][1] - quad[0][1] + quad[2][1] - quad[1][1]) / 4
        yield Glyph(text, box[0], middle - half, box[2], middle + half), box


def _slope(quads: Sequence[Sequence[tuple[float, float]]]) -> float:
    """How much lines fall to the right on a page that lies askew on the scanner."""
    slopes = [
        (q[1][1] - q[0][1]) / (q[1][0] - q[0][0]) for q in quads if q[1][0] - q[0][0] > 4 * abs(q[3][1] - q[0][1])
    ]
    return median(slopes) if slopes else 0.0


def _turned(texts: list[str], boxes: list[_Quad], size: tuple[int, int]) -> Iterator[_Found]:
    """Pieces of a page that lies on its side, as for a reader who turns it: lines begin where most of them meet."""
    width, height = size
    tops, bottoms = ([box[side] for box in boxes] for side in (1, 3))
    upwards = sum(abs(y - median(bottoms)) for y in bottoms) <= sum(abs(y - median(tops)) for y in tops)
    for text, box in zip(texts, boxes, strict=True):
        left, top, right, bottom = box
        if upwards:
            yield Glyph(text, height - bottom, left, height - top, right), box
        else:
            yield Glyph(text, top, width - right, bottom, width - left), box


@cache
def _languages() -> str:
    listed = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True, check=False).stdout
    names = [line.strip() for line in listed.splitlines()[1:] if line.strip() not in ("", "osd", "equ")]
    return "+".join(names) or "eng"


def _by_tesseract(picture: Picture) -> Iterator[_Found]:
    out = BytesIO()
    picture.convert("L").save(out, "PNG", compress_level=1)
    command = ["tesseract", "-", "-", "-l", _languages(), "tsv"]
    done = subprocess.run(command, input=out.getvalue(), capture_output=True, check=True)
    table = done.stdout.decode("utf-8", "replace")
    lines: dict[tuple[str, ...], list[Glyph]] = {}
    for row in csv.DictReader(table.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        text = (row["text"] or "").strip()
        if row["level"] == "5" and text and float(row["conf"]) >= _LEAST_CONFIDENCE:
            left, top, wide, high = (float(row[name]) for name in ("left", "top", "width", "height"))
            place = (row["block_num"], row["par_num"], row["line_num"])
            lines.setdefault(place, []).append(Glyph(text, left, top, left + wide, top + high))
    space = Glyph(" ", 0, 0, 0, 0)
    for words in lines.values():
        top, bottom = min(word.top for word in words), max(word.bottom for word in words)
        level = (word._replace(top=top, bottom=bottom) for word in words)
        for run in to_runs(glyph for word in level for glyph in (space, word)):
            box = (run.left, run.top, run.right, run.bottom)
            yield Glyph(run.text, *box), box
