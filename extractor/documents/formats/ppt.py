"""PowerPoint 97 to 2003 (PPT): the slides as they were last saved, each a page ([MS-PPT] 2.1)."""

from __future__ import annotations

import struct
import zlib
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from extractor.documents.embedded import Embedded
from extractor.documents.ole import blips, open_storage
from extractor.documents.parsed import Parsed, paginate
from extractor.documents.scripts import Look, written
from extractor.documents.source import Source
from extractor.documents.tables import Span, render_table

__all__ = ["parse"]

_DUAL = "PP97_DUALSTORAGE"  # where a file for PowerPoint 95 has the slides for later ones
_DOCUMENT, _ENVIRONMENT = 0x03E8, 0x03F2
_SLIDE_ATOM, _SLIDE_PLACE = 0x03EF, 0x03F3
_TEXT_LIST, _OUTLINE, _WIDE, _NARROW, _HEADER = 0x0FF0, 0x0F9E, 0x0FA0, 0x0FA8, 0x0F9F
_STYLES, _FONT, _SHOW_INFO = 0x0FA1, 0x0FB7, 0x03F9
_EDIT, _DIRECTORY, _OBJECT = 0x0FF5, 0x1772, 0x1011
_DRAWING, _GROUP, _SHAPE, _ANCHOR, _CHILD_ANCHOR, _TEXT_BOX = 0xF002, 0xF003, 0xF004, 0xF010, 0xF00F, 0xF00D
_LISTS = {0: "slides", 1: "masters", 2: "notes"}
_TITLES = (0, 6)
_BAND = 144  # a quarter inch: shapes side by side read from left to right
_LARGEST = 1 << 28  # bytes of an embedded file
_DEPTH = 40
_HEAD = struct.Struct("<HHI")


_Place = tuple[int, int, int, int]  # top, left, bottom, right
_NOWHERE = (0, 0, 0, 0)


class _Record(NamedTuple):
    """One record: its instance, its kind, and where its content starts and ends."""

    instance: int
    kind: int
    start: int
    end: int
    holds_more: bool


def parse(data: bytes, source: Source) -> Parsed:
    """The text of every slide in order, its notes after it; what only decorates the master slides is left out."""
    embedded = Embedded(source)
    storage = open_storage(data, source)
    slides_at = storage.inner(_DUAL) if _DUAL in storage else storage
    user = slides_at.read("Current User")  # which tells the place of the last edit
    edit = int.from_bytes(user[16:20], "little") if len(user) >= 20 else None
    deck = _Deck(slides_at.read("PowerPoint Document"), edit)
    for index, (picture, suffix) in enumerate(blips(slides_at.read("Pictures")), 1):
        embedded.picture(picture, f"{index}{suffix}")
    slides = list(deck.slides())
    for index, file in enumerate(deck.objects(), 1):
        if file is None:
            embedded.missing(f"object {index}: it is damaged")
        else:
            embedded.file(file, f"object {index}")
    text, pages = paginate(slides) if slides else ("\n\n".join(deck.loose()), ())
    return embedded.parsed(text, pages, {**({"pages": len(pages)} if pages else {}), **storage.about()})


class _Deck:
    """The records of the main stream. A save appends what changed, so a directory says which versions count."""

    def __init__(self, data: bytes, edit: int | None) -> None:
        self._data = data
        self._places: dict[int, int] = {}
        self._root = 0
        self._read_edits(edit)
        self._fonts = dict(self._font_names())

    def slides(self) -> Iterator[str]:
        """Each slide as text; nothing where there is no directory to go by."""
        document = self._record(self._places.get(self._root, -1))
        if document is None or document.kind != _DOCUMENT:
            return
        lists = {_LISTS.get(r.instance): r for r in self._inner(document) if r.kind == _TEXT_LIST}
        notes = dict(self._notes(lists.get("notes")))
        for place, outline in self._entries(lists.get("slides")):
            if (slide := self._record(self._places.get(place, -1))) is not None:
                head = ["(hidden slide)"] if self._is_hidden(slide) else []
                yield "\n\n".join([*head, *self._texts(slide, outline), *notes.get(self._notes_of(slide), ())])

    def loose(self) -> list[str]:
        """All the texts of the stream, where nothing says which of them are shown."""
        return [text for record in self._all(_Record(0, 0, 0, len(self._data), True), masters=False)
                if (text := self._atom(record).strip()) and text != "*"]  # fmt: skip

    def objects(self) -> Iterator[bytes | None]:
        """The embedded files, each an OLE container; None for one that is damaged."""
        for place in self._places.values():
            record = self._record(place)
            if record is not None and record.kind == _OBJECT:
                body = self._data[record.start : record.end]
                if not record.instance:
                    yield body
                    continue
                try:
                    yield zlib.decompressobj().decompress(body[4:], _LARGEST)
                except zlib.error:
                    yield None

    def _font_names(self) -> Iterator[tuple[int, str]]:
        """The fonts by the numbers that runs name them by."""
        document = self._record(self._places.get(self._root, -1))
        for environment in self._inner(document) if document else ():
            for record in self._all(environment) if environment.kind == _ENVIRONMENT else ():
                if record.kind == _FONT:
                    name = self._data[record.start : record.start + 64].decode("utf-16-le", "replace")
                    yield record.instance, name.partition("\0")[0]

    def _is_hidden(self, slide: _Record) -> bool:
        info = next((record for record in self._inner(slide) if record.kind == _SHOW_INFO), None)
        return info is not None and bool(self._number(info, 10) & 4)

    def _read_edits(self, place: int | None) -> None:
        """The directory, from the last edit back to the first; the newest place of each object counts."""
        seen: set[int] = set()
        if place is None:
            place = self._data.rfind(b"\0\0\xf5\x0f")  # the last that looks like one
        while place and place > 0 and place not in seen:
            seen.add(place)
            record = self._record(place)
            if record is None or record.kind != _EDIT or record.end - record.start < 20:
                return
            _, _, before, directory, root = struct.unpack_from("<IIIII", self._data, record.start)
            self._root = self._root or root
            self._read_directory(self._record(directory))
            place = before

    def _read_directory(self, record: _Record | None) -> None:
        if record is None or record.kind != _DIRECTORY:
            return
        place = record.start
        while place + 4 <= record.end:
            head = struct.unpack_from("<I", self._data, place)[0]
            first, count = head & 0xFFFFF, head >> 20
            for index in range(min(count, (record.end - place - 4) // 4)):
                self._places.setdefault(first + index, struct.unpack_from("<I", self._data, place + 4 + 4 * index)[0])
            place += 4 + 4 * count

    def _entries(self, record: _Record | None) -> Iterator[tuple[int, list[tuple[int, str]]]]:
        """The slides of a list: each one's place in the directory, and the texts of its outline with their kinds."""
        place, kind = None, -1
        outline: list[tuple[int, str]] = []
        for inner in self._inner(record) if record else ():
            if inner.kind == _SLIDE_PLACE:
                if place is not None:
                    yield place, outline
                place, outline = self._number(inner, 0), []
            elif inner.kind == _HEADER:
                kind = self._number(inner, 0)
                outline.append((kind, ""))
            elif outline:
                outline[-1] = (kind, self._add(outline[-1][1], inner))
        if place is not None:
            yield place, outline

    def _notes(self, record: _Record | None) -> Iterator[tuple[int, list[str]]]:
        """The notes, by the number that their slide knows them by."""
        for inner in self._inner(record) if record else ():
            if inner.kind == _SLIDE_PLACE and inner.end - inner.start >= 16:
                page = self._record(self._places.get(self._number(inner, 0), -1))
                texts = self._texts(page, []) if page is not None else []
                yield self._number(inner, 12), [f"Notes: {text}" for text in texts if not text.isdigit()]

    def _notes_of(self, slide: _Record) -> int:
        atom = next((r for r in self._inner(slide) if r.kind == _SLIDE_ATOM), None)
        return self._number(atom, 16) if atom and atom.end - atom.start >= 20 else 0

    def _texts(self, slide: _Record, outline: list[tuple[int, str]]) -> list[str]:
        """The shapes of a slide from top to bottom."""
        found: list[tuple[tuple[int, int, int], str]] = []
        for drawing in (record for record in self._all(slide, depth=1) if record.kind == _DRAWING):
            for group in (record for record in self._inner(drawing) if record.kind == _GROUP):
                for record in self._inner(group):
                    (top, left, _, _), text = self._shape(record, outline)
                    if text and text != "*":
                        found.append(((not text.startswith("# "), top // _BAND, left), text))
        return [text for _, text in sorted(found, key=lambda item: item[0])]

    def _shape(self, record: _Record, outline: list[tuple[int, str]]) -> tuple[_Place, str]:
        """Where a shape or a group stands, and its text."""
        if record.kind == _GROUP:
            first, *cells = [self._shape(inner, outline) for inner in self._inner(record)] or [(_NOWHERE, "")]
            return first[0], self._grid(cells) or "\n".join(text for _, text in sorted(cells) if text)
        place, text = _NOWHERE, ""
        for inner in self._inner(record) if record.kind == _SHAPE else ():
            if inner.kind == _ANCHOR and inner.end - inner.start >= 8:
                form = "<4h" if inner.end - inner.start < 16 else "<4i"
                top, left, right, bottom = struct.unpack_from(form, self._data, inner.start)
                place = top, left, bottom, right
            elif inner.kind == _CHILD_ANCHOR and inner.end - inner.start >= 16:
                left, top, right, bottom = struct.unpack_from("<4i", self._data, inner.start)
                place = top, left, bottom, right
            elif inner.kind == _TEXT_BOX:
                text = self._box_text(inner, outline)
        return place, text

    @staticmethod
    def _grid(cells: list[tuple[_Place, str]]) -> str:
        """The text of a group whose shapes stand in rows and columns, as tables do."""
        boxes = [(place, text) for place, text in cells if text]
        tops, lefts = (sorted({place[axis] for place, _ in boxes}) for axis in (0, 1))
        if len(tops) < 2 or len(lefts) < 2 or 2 * len(boxes) <= len(tops) * len(lefts):
            return ""
        grid = [[""] * len(lefts) for _ in tops]
        spans = []
        for (top, left, bottom, right), text in boxes:
            row, column = tops.index(top), lefts.index(left)
            grid[row][column] = text
            down, across = bisect_left(tops, bottom, row), bisect_left(lefts, right, column)
            spans.append(Span(row, column, down - row, across - column))
        return render_table(grid, spans=spans)

    def _box_text(self, box: _Record, outline: list[tuple[int, str]]) -> str:
        kind = -1
        text = ""
        for record in self._inner(box):
            if record.kind == _OUTLINE:
                index = self._number(record, 0)
                kind, text = outline[index] if index < len(outline) else (-1, "")
            elif record.kind == _HEADER:
                kind = self._number(record, 0)
            else:
                text = self._add(text, record)
        text = written(text).strip()
        return f"# {text}" if kind in _TITLES and text else text

    def _add(self, text: str, record: _Record) -> str:
        """The text so far with one more record: characters, or the looks of the characters before it."""
        if record.kind == _STYLES:
            return _styled(text, self._data[record.start : record.end], self._fonts)
        return text + self._atom(record)

    def _atom(self, record: _Record) -> str:
        if record.kind not in (_WIDE, _NARROW):
            return ""
        text = self._data[record.start : record.end].decode(
            "utf-16-le" if record.kind == _WIDE else "latin-1", "replace"
        )
        return text.replace("\r", "\n").replace("\x0b", "\n")

    def _number(self, record: _Record, offset: int) -> int:
        return int.from_bytes(self._data[record.start + offset : record.start + offset + 4], "little")

    def _record(self, place: int) -> _Record | None:
        end = len(self._data)
        if place < 0 or place + 8 > end:
            return None
        head, kind, size = _HEAD.unpack_from(self._data, place)
        return _Record(head >> 4, kind, place + 8, min(place + 8 + size, end), head & 15 == 15)

    def _inner(self, record: _Record) -> Iterator[_Record]:
        place, last = record.start, record.end
        while place + 8 <= last:
            head, kind, size = _HEAD.unpack_from(self._data, place)
            end = min(place + 8 + size, last)
            yield _Record(head >> 4, kind, place + 8, end, head & 15 == 15)
            place = end

    def _all(self, record: _Record, *, depth: int = _DEPTH, masters: bool = True) -> Iterator[_Record]:
        """The records within, those in containers too."""
        for inner in self._inner(record):
            if not masters and inner.kind == _TEXT_LIST and _LISTS.get(inner.instance) == "masters":
                continue
            yield inner
            if inner.holds_more and depth:
                yield from self._all(inner, depth=depth - 1, masters=masters)


def _styled(text: str, styles: bytes, fonts: Mapping[int, str]) -> str:
    """The characters as they look ([MS-PPT] 2.9.44): the styles tell of paragraphs first, then of runs."""
    try:
        place = covered = 0
        while covered < len(text) + 1:
            count, _, mask = struct.unpack_from("<IHI", styles, place)
            place += 10 + sum(width for bits, width in _PARAGRAPH_PARTS if mask & bits)
            if mask & 0x100000:
                place += 2 + 4 * struct.unpack_from("<H", styles, place)[0]
            covered += count
        out, start = "", 0
        while start < len(text) and place < len(styles):
            count, mask = struct.unpack_from("<II", styles, place)
            place += 8
            found = {}
            for bits, form in _RUN_PARTS:
                if mask & bits:
                    found[bits] = struct.unpack_from(form, styles, place)[0]
                    place += struct.calcsize(form)
            font = fonts.get(found.get(_SYMBOLS, found.get(_TYPEFACE, -1)), "")
            out += Look(raised=found.get(_POSITION, 0), font=font).apply(text[start : start + count])
            start += count
    except struct.error:
        return text
    return out + text[start:]


_PARAGRAPH_PARTS = (
    *((0xF, 2), (0x80, 2), (0x10, 2), (0x40, 2), (0x20, 4), (0x800, 2), (0x1000, 2), (0x2000, 2), (0x4000, 2)),
    *((0x100, 2), (0x400, 2), (0x8000, 2), (0x10000, 2), (0xE0000, 2), (0x200000, 2)),
)
_TYPEFACE, _SYMBOLS, _POSITION = 0x10000, 0x800000, 0x80000
_RUN_PARTS = (
    *((0xFFFF, "<H"), (_TYPEFACE, "<H"), (0x200000, "<H"), (0x400000, "<H"), (_SYMBOLS, "<H"), (0x20000, "<H")),
    *((0x40000, "<I"), (_POSITION, "<h")),
)
