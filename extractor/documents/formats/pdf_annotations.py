"""What a PDF holds beside the text of its pages: fields, notes, stamps, links, embedded files and XFA forms."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

from extractor.documents.links import with_target
from extractor.documents.parsed import Attachment

__all__ = ["Annotations", "Entry", "annotations_of", "embedded_files", "read_string", "xfa"]

_LINE = 12.0  # points, at most, of a line in a field
_BOXES = (pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON)
_SILENT = (pdfium.FPDF_FORMFIELD_PUSHBUTTON, pdfium.FPDF_FORMFIELD_SIGNATURE)
_HIDDEN = pdfium.FPDF_ANNOT_FLAG_HIDDEN | pdfium.FPDF_ANNOT_FLAG_NOVIEW
_NOTES = {
    *(pdfium.FPDF_ANNOT_TEXT, pdfium.FPDF_ANNOT_HIGHLIGHT, pdfium.FPDF_ANNOT_UNDERLINE, pdfium.FPDF_ANNOT_SQUIGGLY),
    *(pdfium.FPDF_ANNOT_STRIKEOUT, pdfium.FPDF_ANNOT_LINE, pdfium.FPDF_ANNOT_SQUARE, pdfium.FPDF_ANNOT_CIRCLE),
    *(pdfium.FPDF_ANNOT_CARET, pdfium.FPDF_ANNOT_POLYGON, pdfium.FPDF_ANNOT_POLYLINE, pdfium.FPDF_ANNOT_INK),
    pdfium.FPDF_ANNOT_FILEATTACHMENT,
}
_RECORDED = {
    **{pdfium.FPDF_ANNOT_SOUND: "a sound", pdfium.FPDF_ANNOT_MOVIE: "a film", pdfium.FPDF_ANNOT_SCREEN: "a film"},
    **{pdfium.FPDF_ANNOT_RICHMEDIA: "a recording", pdfium.FPDF_ANNOT_THREED: "a model in three dimensions"},
}
_URI = 3  # the kind of an action that opens an address


class Entry(NamedTuple):
    """One line of a field's value or of a text on the page, and its box in the coordinates of the page."""

    text: str
    left: float
    bottom: float
    right: float
    top: float


@dataclass(slots=True)
class Annotations:
    """Those of one page: `entries` stand on it, `notes` are shown beside it.

    `stamped` are the places, among all, of stamps and visible signatures, whose words are known to their looks alone.
    """

    entries: list[Entry] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    files: list[Attachment] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    stamped: list[int] = field(default_factory=list)


def annotations_of(pdf: Any, page: Any, textpage: Any) -> Annotations:
    """Values of fields, ticks of boxes as [x] and [ ], texts and notes written onto the page, addresses of links."""
    found = Annotations()
    for index in range(pdfium.FPDFPage_GetAnnotCount(page)):
        annotation = pdfium.FPDFPage_GetAnnot(page, index)
        try:
            if _is_stamp(page.formenv, annotation):
                found.stamped.append(index)
            _read(found, pdf, page, textpage, annotation)
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)
    found.notes = list(dict.fromkeys(found.notes))
    return found


def _is_stamp(form: Any, annotation: Any) -> bool:
    if pdfium.FPDFAnnot_GetFlags(annotation) & _HIDDEN:
        return False
    kind, box = pdfium.FPDFAnnot_GetSubtype(annotation), pdfium.FS_RECTF()
    if kind != pdfium.FPDF_ANNOT_WIDGET or not form:
        return bool(kind == pdfium.FPDF_ANNOT_STAMP)
    if pdfium.FPDFAnnot_GetFormFieldType(form, annotation) != pdfium.FPDF_FORMFIELD_SIGNATURE:
        return False
    is_signed = pdfium.FPDFAnnot_HasKey(annotation, b"V") and pdfium.FPDFAnnot_GetRect(annotation, box)
    return bool(is_signed) and box.right > box.left and box.top > box.bottom


def _read(found: Annotations, pdf: Any, page: Any, textpage: Any, annotation: Any) -> None:
    kind = pdfium.FPDFAnnot_GetSubtype(annotation)
    if pdfium.FPDFAnnot_GetFlags(annotation) & _HIDDEN:
        return
    if kind == pdfium.FPDF_ANNOT_WIDGET:
        _place(found, annotation, _field(page.formenv, annotation))
    elif kind == pdfium.FPDF_ANNOT_FREETEXT:
        _place(found, annotation, _string(annotation, b"Contents"))
    elif kind == pdfium.FPDF_ANNOT_LINK:
        _link(found, pdf, textpage, annotation)
    elif kind in _RECORDED:
        found.unread.append(_RECORDED[kind])
    if kind == pdfium.FPDF_ANNOT_STRIKEOUT and (words := _struck(textpage, annotation)):
        found.notes.append(f"[struck out: {words}]")
    if kind in _NOTES and (text := " ".join(_string(annotation, b"Contents").split())):
        author = _string(annotation, b"T")
        found.notes.append(f"[note by {author}: {text}]" if author else f"[note: {text}]")
    if kind == pdfium.FPDF_ANNOT_FILEATTACHMENT:
        found.files += _file(pdfium.FPDFAnnot_GetFileAttachment(annotation))


def _place(found: Annotations, annotation: Any, text: str) -> None:
    box = pdfium.FS_RECTF()
    if text and pdfium.FPDFAnnot_GetRect(annotation, box):
        found.entries += _lines(text, box)


def _field(form: Any, annotation: Any) -> str:
    if not form:
        return ""
    kind = pdfium.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind in _SILENT:
        return ""
    if kind in _BOXES:
        return "[x]" if pdfium.FPDFAnnot_IsChecked(form, annotation) else "[ ]"
    options = range(pdfium.FPDFAnnot_GetOptionCount(form, annotation))
    if selected := [at for at in options if pdfium.FPDFAnnot_IsOptionSelected(form, annotation, at)]:
        return ", ".join(
            read_string(lambda *room, at=at: pdfium.FPDFAnnot_GetOptionLabel(form, annotation, at, *room))
            for at in selected
        )
    return read_string(lambda *room: pdfium.FPDFAnnot_GetFormFieldValue(form, annotation, *room))


def _link(found: Annotations, pdf: Any, textpage: Any, annotation: Any) -> None:
    action = pdfium.FPDFLink_GetAction(pdfium.FPDFAnnot_GetLink(annotation))
    box = pdfium.FS_RECTF()
    if pdfium.FPDFAction_GetType(action) != _URI or not pdfium.FPDFAnnot_GetRect(annotation, box):
        return
    target = _bytes(lambda *room: pdfium.FPDFAction_GetURIPath(pdf, action, *room)).decode("utf-8", "replace")
    words = _words(textpage, box.left, box.top, box.right, box.bottom)
    linked = with_target(words, target.strip("\0"))
    if linked != words:
        found.notes.append(f"[link: {linked}]")


def _struck(textpage: Any, annotation: Any) -> str:
    """The words that an annotation strikes out, line by line."""
    quad, lines = pdfium.FS_QUADPOINTSF(), []
    for index in range(pdfium.FPDFAnnot_CountAttachmentPoints(annotation)):
        pdfium.FPDFAnnot_GetAttachmentPoints(annotation, index, quad)
        xs, ys = (quad.x1, quad.x2, quad.x3, quad.x4), (quad.y1, quad.y2, quad.y3, quad.y4)
        lines.append(_words(textpage, min(xs), max(ys), max(xs), min(ys)))
    return " ".join(filter(None, lines))


def _words(textpage: Any, left: float, top: float, right: float, bottom: float) -> str:
    """The text of a part of the page, on one line."""
    size = pdfium.FPDFText_GetBoundedText(textpage, left, top, right, bottom, None, 0)
    room = (ctypes.c_ushort * max(size, 1))()
    pdfium.FPDFText_GetBoundedText(textpage, left, top, right, bottom, room, size)
    return " ".join(bytes(room).decode("utf-16-le", "replace").strip("\0").split())


def _string(annotation: Any, key: bytes) -> str:
    return read_string(lambda *room: pdfium.FPDFAnnot_GetStringValue(annotation, key, *room))


def read_string(call: Callable[[Any, int], int]) -> str:
    """A string of PDFium, which states its size first and writes it second."""
    data = _bytes(lambda room, size: call(ctypes.cast(room, ctypes.POINTER(pdfium.FPDF_WCHAR)), size))
    return data.decode("utf-16-le", "replace").replace("\r", "\n").strip("\0\n ")


def _bytes(call: Callable[[Any, int], int]) -> bytes:
    size = call(None, 0)
    room = ctypes.create_string_buffer(max(size, 1))
    call(room, size)
    return room.raw[:size]


def _content(call: Callable[[Any, int, Any], int]) -> bytes:
    """The bytes of a file, of which the size comes in an argument of its own; b"" where there is no such file."""
    size = ctypes.c_ulong()
    if not call(None, 0, size):
        return b""
    room = ctypes.create_string_buffer(max(size.value, 1))
    call(room, size.value, size)
    return room.raw[: size.value]


def _lines(text: str, box: Any) -> Iterator[Entry]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    step = (box.top - box.bottom) / max(len(lines), 1)
    height = min(step, _LINE)
    for number, line in enumerate(lines):
        middle = box.top - (number + 0.5) * step
        width = min(box.right - box.left, 0.6 * height * len(line))
        yield Entry(line, box.left, middle - height / 2, box.left + width, middle + height / 2)


def embedded_files(pdf: Any) -> list[Attachment]:
    """The files that the document carries: invoices as XML, tables, the mails of a portfolio."""
    count = pdfium.FPDFDoc_GetAttachmentCount(pdf)
    return [file for index in range(count) for file in _file(pdfium.FPDFDoc_GetAttachment(pdf, index))]


def _file(attachment: Any) -> list[Attachment]:
    if not attachment:
        return []
    name = read_string(lambda *room: pdfium.FPDFAttachment_GetName(attachment, *room)) or "attachment"
    return [Attachment(name, _content(lambda *room: pdfium.FPDFAttachment_GetFile(attachment, *room)))]


def xfa(pdf: Any, *, filled: bool) -> list[Attachment]:
    """The data of a form whose pages a program of Adobe's draws; none where the fields of the pages hold them too."""
    kind = pdfium.FPDF_GetFormType(pdf)
    if kind != pdfium.FORMTYPE_XFA_FULL and (filled or kind != pdfium.FORMTYPE_XFA_FOREGROUND):
        return []
    files = []
    for index in range(pdfium.FPDF_GetXFAPacketCount(pdf)):
        name = _bytes(lambda *room, at=index: pdfium.FPDF_GetXFAPacketName(pdf, at, *room)).strip(b"\0")
        if name == b"datasets":
            data = _content(lambda *room, at=index: pdfium.FPDF_GetXFAPacketContent(pdf, at, *room))
            files.append(Attachment("form data.xml", data))
    return files
