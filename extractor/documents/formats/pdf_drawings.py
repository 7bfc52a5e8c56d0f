"""What a page of a PDF shows besides its text: pictures without words on them, and charts that are drawn by lines."""

from __future__ import annotations

import ctypes
from collections import defaultdict
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

__all__ = ["shows_more"]

_SHARE = 0.08  # of the page, that a picture covers at least which is more than a mark or a logo
_CHART = 0.02  # of the page, that a chart covers at least
_BAND = 36.0  # points: three lines of text
_FEW = 3  # characters in a band of a picture that are no text of its own
_DEPTH = 15  # of forms within forms
_BARS = 3  # of one thickness, of as many lengths, at least; or wedges that meet, or round shapes that stand together
_TURNS = 3  # lines of a curve that run neither level nor upright, at least
_SLANT = 0.01  # of the size of a curve, that such a line rises and runs at least
_THICK, _THIN = 3.0, 1.0  # points: a bar is thicker, and less is a line
_MOST = 2_000  # shapes of a page that are looked at
_SIDE = 72.0  # points: a chart of round shapes is wider and higher, and a row of icons is not

_Box = tuple[float, float, float, float]  # left, bottom, right, top


def shows_more(page: Any, textpage: Any) -> bool:
    """Whether there is a picture without words on it, or a chart."""
    left, bottom, right, top = page.get_bbox()
    whole = (right - left) * (top - bottom)
    pictures: list[_Box] = []
    paths: list[tuple[Any, Any]] = []
    for thing, placed, kind in _things(page):
        if kind == pdfium.FPDF_PAGEOBJ_IMAGE:
            x0, y0, x1, y1 = placed.on_rect(0, 0, 1, 1)
            pictures.append((max(x0, left), max(y0, bottom), min(x1, right), min(y1, top)))
        elif len(paths) < _MOST:
            paths.append((thing, placed))
    wholes = map(_around, _apart(pictures, 1.0))  # of strips and tiles that were cut from one picture
    if any(_area(box) >= _SHARE * whole and _is_silent(textpage, box) for box in wholes):
        return True
    return any(_area(box) >= _CHART * whole for box in _charts(paths, textpage))


def _things(page: Any) -> Iterator[tuple[Any, Any, int]]:
    """Pictures and paths of the page, those within forms among them: where each is placed, and what it is."""
    matrix = pdfium.FS_MATRIX()
    whole = range(pdfium.FPDFPage_CountObjects(page))
    stack = [(pdfium.FPDFPage_GetObject(page, at), pypdfium2.PdfMatrix(), 0) for at in whole]
    while stack:
        thing, outer, depth = stack.pop()
        kind = pdfium.FPDFPageObj_GetType(thing)
        if kind == pdfium.FPDF_PAGEOBJ_PATH:
            yield thing, outer, kind  # whose bounds count, which are those within the form
        elif kind in (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_FORM):
            pdfium.FPDFPageObj_GetMatrix(thing, matrix)
            placed = pypdfium2.PdfMatrix.from_raw(matrix).multiply(outer)
            if kind == pdfium.FPDF_PAGEOBJ_IMAGE:
                yield thing, placed, kind
            elif depth < _DEPTH:
                inner = range(pdfium.FPDFFormObj_CountObjects(thing))
                stack += [(pdfium.FPDFFormObj_GetObject(thing, at), placed, depth + 1) for at in inner]


def _charts(paths: Iterable[tuple[Any, Any]], textpage: Any) -> Iterator[_Box]:
    """Where the curves, the bars, the wedges and the points of charts stand.

    Bars and points have no words on them, as what is drawn behind words has; those of a form for words are level and
    not filled. Bars stand on one line, or each at a place of its own; wedges meet in a point.
    """
    sides = [ctypes.c_float() for _ in range(4)]
    bars: defaultdict[tuple[int | str, ...], list[_Box]] = defaultdict(list)
    wedges: defaultdict[tuple[int, int], list[_Box]] = defaultdict(list)
    points: list[_Box] = []
    for path, outer in paths:
        pdfium.FPDFPageObj_GetBounds(path, *sides)
        box = left, bottom, right, top = outer.on_rect(*(side.value for side in sides))
        wide, high = right - left, top - bottom
        if min(wide, high) < _THIN:
            continue
        lines, arcs, is_closed = _lines(path)
        turns, is_filled = _turns(lines + arcs), _is_filled(path)
        is_round = bool(arcs) and (is_closed or is_filled)
        if turns >= _TURNS and not is_round:
            yield box
        elif is_round:
            for corner in {(round(x), round(y)) for line in lines[:2] for x, y in line}:
                wedges[corner].append(box)
            points += [box] * (_chars(textpage, box) <= 0)
        elif not turns and _chars(textpage, box) <= 0:
            if wide > _THICK:
                bars["up", round(wide), round(bottom)].append(box)
                bars["up", round(wide)] += [box] * is_filled
            if high > _THICK and is_filled:
                bars["along", round(high), round(left)].append(box)
    for (way, *place), group in bars.items():
        lengths = {round(box[3] - box[1] if way == "up" else box[2] - box[0]) for box in group}
        if len(lengths) >= _BARS and (len(place) == 2 or len({round(box[0]) for box in group}) == len(group)):
            yield _around(group)
    yield from (_around(group) for group in wedges.values() if len(group) >= _BARS)
    alike: defaultdict[tuple[int, int], list[_Box]] = defaultdict(list)
    for box in points:
        alike[round(box[2] - box[0]), round(box[3] - box[1])].append(box)
    for group in (*_apart(points, _BAND), *filter(_is_scattered, alike.values())):
        left, bottom, right, top = box = _around(group)
        if len(group) >= _BARS and min(right - left, top - bottom) > _SIDE:
            yield box


def _is_scattered(points: list[_Box]) -> bool:
    """Whether most of the points share neither a row nor a column with others, as those of a form do."""
    return all(2 * len({round(point[side]) for point in points}) > len(points) for side in (0, 1))


def _apart(boxes: list[_Box], gap: float) -> list[list[_Box]]:
    """Boxes in groups with wider gaps between them: one above the other, and then beside each other."""
    groups = [boxes]
    for low, high in ((1, 3), (0, 2)):
        parts: list[list[_Box]] = []
        for group in groups:
            end = float("-inf")
            for box in sorted(group, key=itemgetter(low)):
                if box[low] - end > gap:
                    parts.append([])
                parts[-1].append(box)
                end = max(end, box[high])
        groups = parts
    return groups


def _around(boxes: Iterable[_Box]) -> _Box:
    lefts, bottoms, rights, tops = zip(*boxes, strict=True)
    return min(lefts), min(bottoms), max(rights), max(tops)


_Line = tuple[tuple[float, float], tuple[float, float]]


def _lines(path: Any) -> tuple[list[_Line], list[_Line], bool]:
    """The straight lines of a path, its round ones from end to end, and whether it returns to where it begins."""
    x, y = ctypes.c_float(), ctypes.c_float()
    lines: list[_Line] = []
    points: list[tuple[float, float]] = []
    arcs: list[_Line] = []
    last, first, is_closed = (0.0, 0.0), (0.0, 0.0), False
    for at in range(pdfium.FPDFPath_CountSegments(path)):
        segment = pdfium.FPDFPath_GetPathSegment(path, at)
        kind = pdfium.FPDFPathSegment_GetType(segment)
        pdfium.FPDFPathSegment_GetPoint(segment, x, y)
        here = (x.value, y.value)
        is_closed = bool(pdfium.FPDFPathSegment_GetClose(segment)) or here == first
        if kind == pdfium.FPDF_SEGMENT_BEZIERTO:  # two points that bend it, and its end
            points.append(here)
            if len(points) < 3:
                continue
            arcs.append((last, here))
            points.clear()
        elif kind == pdfium.FPDF_SEGMENT_LINETO:
            lines.append((last, here))
        else:
            first = here
        last = here
    return lines, arcs, is_closed


def _turns(lines: list[_Line]) -> int:
    """How many lines run neither level nor upright."""
    if len(lines) < _TURNS:
        return 0
    across, up = (max(side) - min(side) for side in zip(*(end for line in lines for end in line), strict=True))
    return sum(abs(b[0] - a[0]) > _SLANT * across and abs(b[1] - a[1]) > _SLANT * up for a, b in lines)


def _is_filled(path: Any) -> bool:
    mode, stroked = ctypes.c_int(), ctypes.c_int()
    return bool(pdfium.FPDFPath_GetDrawMode(path, mode, stroked)) and mode.value != pdfium.FPDF_FILLMODE_NONE


def _area(box: _Box) -> float:
    return max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)


def _is_silent(textpage: Any, box: _Box) -> bool:
    """Whether most of a picture has no text on it, as the scan of a page has where it was not read before."""
    left, bottom, right, top = box
    bands = max(1, round((top - bottom) / _BAND))
    step = (top - bottom) / bands
    spoken = 0
    for band in range(bands):
        low = bottom + band * step
        spoken += _chars(textpage, (left, low, right, low + step)) > _FEW
    return 2 * spoken < bands


def _chars(textpage: Any, box: _Box) -> int:
    left, bottom, right, top = box
    return int(pdfium.FPDFText_GetBoundedText(textpage, left, top, right, bottom, None, 0))
