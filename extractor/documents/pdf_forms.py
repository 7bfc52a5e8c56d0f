"""What stands in the fields and notes of a PDF page, which are no part of its text."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

__all__ = ["Entry", "entries", "read_string"]

_LINE = 12.0  # points, at most, of a line in a field
_BOXES = (pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON)
_SILENT = (pdfium.FPDF_FORMFIELD_PUSHBUTTON, pdfium.FPDF_FORMFIELD_SIGNATURE)


class Entry(NamedTuple):
    """One line of a field's value or of a note, and its box in the coordinates of the page."""

    text: str
    left: float
    bottom: float
    right: float
    top: float


def entries(form: Any, page: Any) -> Iterator[Entry]:
    """Values of fields, ticks of boxes as [x] and [ ], and notes written onto the page. `form` may be None."""
    for index in range(pdfium.FPDFPage_GetAnnotCount(page)):
        annotation = pdfium.FPDFPage_GetAnnot(page, index)
        try:
            text = _text(form, annotation)
            box = pdfium.FS_RECTF()
            if text and pdfium.FPDFAnnot_GetRect(annotation, box):
                yield from _lines(text, box)
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)


def _text(form: Any, annotation: Any) -> str:
    kind = pdfium.FPDFAnnot_GetSubtype(annotation)
    if kind == pdfium.FPDF_ANNOT_FREETEXT:
        return read_string(lambda *room: pdfium.FPDFAnnot_GetStringValue(annotation, b"Contents", *room))
    if kind != pdfium.FPDF_ANNOT_WIDGET or not form:
        return ""
    field = pdfium.FPDFAnnot_GetFormFieldType(form, annotation)
    if field in _SILENT:
        return ""
    if field in _BOXES:
        return "[x]" if pdfium.FPDFAnnot_IsChecked(form, annotation) else "[ ]"
    return read_string(lambda *room: pdfium.FPDFAnnot_GetFormFieldValue(form, annotation, *room))


def read_string(call: Callable[[Any, int], int]) -> str:
    """A string of PDFium, which tells its size first and writes it second."""
    size = call(None, 0)
    room = ctypes.create_string_buffer(max(size, 2))
    call(ctypes.cast(room, ctypes.POINTER(pdfium.FPDF_WCHAR)), size)
    return room.raw.decode("utf-16-le", "replace").replace("\r", "\n").strip("\0\n ")


def _lines(text: str, box: Any) -> Iterator[Entry]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    step = (box.top - box.bottom) / max(len(lines), 1)
    height = min(step, _LINE)
    for number, line in enumerate(lines):
        middle = box.top - (number + 0.5) * step
        width = min(box.right - box.left, 0.6 * height * len(line))
        yield Entry(line, box.left, middle - height / 2, box.left + width, middle + height / 2)
