"""PowerPoint 97 to 2003 (PPT): the slides as they were last saved, each a page ([MS-PPT] 2.1)."""

from __future__ import annotations

import struct
import zlib
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache

from extractor.documents.embedded import Embedded
from extractor.documents.links import with_target
from extractor.documents.ole import blips, open_storage
from extractor.documents.parsed import Parsed, paginate
from extractor.documents.scripts import Look, is_symbol_font, written
from extractor.documents.source import Source
from extractor.documents.tables import Span, render_table

__all__ = ["parse"]

_DUAL = "PP97_DUALSTORAGE"  # where a file for PowerPoint 95 has the slides for later ones
_DOCUMENT, _ENVIRONMENT = 0x03E8, 0x03F2
_SLIDE_ATOM, _SLIDE_PLACE = 0x03EF, 0x03F3
_TEXT_LIST, _OUTLINE, _WIDE, _NARROW, _HEADER = 0x0FF0, 0x0F9E, 0x0FA0, 0x0FA8, 0x0F9F
_STYLES, _FONTS, _FONT, _SHOW_INFO = 0x0FA1, 0x07D5, 0x0FB7, 0x03F9
_OBJECTS, _LINK, _LINK_NUMBER, _STRING = 0x0409, 0x0FD7, 0x0FD3, 0x0FBA
_ACTION, _ACTION_LINK, _LINKED = 0x0FF2, 0x0FF3, 0x0FDF
_CHARACTERS = (_WIDE, _NARROW, _STYLES, _ACTION, _LINKED)
_EDIT, _DIRECTORY, _OBJECT = 0x0FF5, 0x1772, 0x1011
_DRAWINGS, _DRAWING, _GROUP, _SHAPE = 0x040C, 0xF002, 0xF003, 0xF004
_ANCHOR, _CHILD_ANCHOR, _TEXT_BOX = 0xF010, 0xF00F, 0xF00D
_TEXT_HEAD = b"\x0f\0\x0d\xf0"
_LISTS = {0: "slides", 1: "masters", 2: "notes"}
_TITLES = (0, 6)
_BAND = 144  # a quarter inch: shapes side by side read from left to right
_LARGEST = 1 << 28  # bytes of an embedded file
_DEPTH = 40
_HEAD = struct.Struct("<HHI")


_PLAIN = Look()
_Place = tuple[int, int, int, int]  # top, left, bottom, right
_Record = tuple[int, int, int]  # its kind, and where its content starts and ends
_NOTHING: _Record = (0, 0, 0)


@dataclass(slots=True)
class _Text:
    """The text of a shape: its kind, its characters, what their styles say, and what stands behind its links."""

    kind: int = -1
    raw: str = ""
    styles: bytes = b""
    target: str = ""  # of the link that the next record places
    links: dict[int, str] = field(default_factory=dict)

    def shown(self, start: int, end: int, look: Look) -> str:
        """Characters that look so; the address behind a link is in the font of the reader."""
        out = ""
        for place in sorted(place for place in self.links if start < place <= end):
            out += look.apply(self.raw[start:place]) + self.links[place]
            start = place
        return out + look.apply(self.raw[start:end])


def parse(data: bytes, source: Source) -> Parsed:
    """The text of every slide in order, its notes after it; what only decorates the master slides is left out."""
    embedded = Embedded()
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
        document = self._object(self._root)
        self._document = document if document[0] == _DOCUMENT else _NOTHING
        self._fonts = dict(self._symbol_fonts())
        self._targets = dict(self._links())

    def slides(self) -> Iterator[str]:
        """Each slide as text; nothing where there is no directory to go by."""
        lists = {_LISTS.get(self._instance(record)): record for record in self._inner(self._document, _TEXT_LIST)}
        notes = dict(self._notes(lists.get("notes", _NOTHING)))
        for place, outline in self._entries(lists.get("slides", _NOTHING)):
            if (slide := self._object(place)) != _NOTHING:
                head = ["(hidden slide)"] if self._number(self._first(slide, _SHOW_INFO), 10) & 4 else []
                number = self._number(self._first(slide, _SLIDE_ATOM), 16)
                yield "\n\n".join([*head, *self._texts(slide, outline), *notes.get(number, ())])

    def loose(self) -> list[str]:
        """All the texts of the stream, where nothing says which of them are shown."""
        texts = (self._atom(record).strip() for record in self._all((0, 0, len(self._data))))
        return [text for text in texts if text and text != "*"]

    def objects(self) -> Iterator[bytes | None]:
        """The embedded files, each an OLE container; None for one that is damaged."""
        for record in (self._object(number) for number in self._places):
            if record[0] == _OBJECT and not self._instance(record):
                yield self._content(record)
            elif record[0] == _OBJECT:
                try:
                    yield zlib.decompressobj().decompress(self._content(record)[4:], _LARGEST)
                except zlib.error:
                    yield None

    def _symbol_fonts(self) -> Iterator[tuple[int, str]]:
        """The fonts of symbols, by the numbers that runs name them by."""
        for record in self._below(self._document, _ENVIRONMENT, _FONTS, _FONT):
            name = self._content(record)[:64].decode("utf-16-le", "replace").partition("\0")[0]
            if is_symbol_font(name):
                yield self._instance(record), name

    def _links(self) -> Iterator[tuple[int, str]]:
        """Where links lead to, by their numbers."""
        for link in self._below(self._document, _OBJECTS, _LINK):
            number = self._number(self._first(link, _LINK_NUMBER), 0)
            for record in self._inner(link, _STRING):
                if number and self._instance(record) == 1:
                    yield number, self._content(record).decode("utf-16-le", "replace")

    def _read_edits(self, place: int | None) -> None:
        """The directory, from the last edit back to the first; the newest place of each object counts."""
        seen: set[int] = set()
        if place is None:
            place = max(self._data.rfind(b"\0\0\xf5\x0f"), 0)  # the last that looks like one
        while place and place not in seen and (edit := self._record(place))[0] == _EDIT:
            seen.add(place)
            place, directory, root = (self._number(edit, offset) for offset in (8, 12, 16))
            self._root = self._root or root
            self._read_directory(self._record(directory))

    def _read_directory(self, record: _Record) -> None:
        kind, start, end = record
        at = 0
        while kind == _DIRECTORY and start + at + 4 <= end:
            head = self._number(record, at)
            first, count = head & 0xFFFFF, min(head >> 20, (end - start - at - 4) // 4)
            for index in range(count):
                self._places.setdefault(first + index, self._number(record, at + 4 + 4 * index))
            at += 4 + 4 * (head >> 20)

    def _entries(self, record: _Record) -> list[tuple[int, list[_Text]]]:
        """The slides of a list: each one's number in the directory, and the texts of its outline."""
        entries: list[tuple[int, list[_Text]]] = []
        for inner in self._inner(record, _SLIDE_PLACE, _HEADER, *_CHARACTERS):
            if inner[0] == _SLIDE_PLACE:
                entries.append((self._number(inner, 0), []))
            elif inner[0] == _HEADER and entries:
                entries[-1][1].append(_Text(self._number(inner, 0)))
            elif entries and entries[-1][1]:
                self._add(entries[-1][1][-1], inner)
        return entries

    def _notes(self, record: _Record) -> Iterator[tuple[int, list[str]]]:
        """The notes, by the number that their slide knows them by."""
        for inner in self._inner(record, _SLIDE_PLACE):
            if number := self._number(inner, 12):
                texts = self._texts(self._object(self._number(inner, 0)), [])
                yield number, [f"Notes: {text}" for text in texts if not text.isdigit()]

    def _texts(self, slide: _Record, outline: list[_Text]) -> list[str]:
        """The shapes of a slide from top to bottom."""
        found: list[tuple[tuple[int, int, int], str]] = []
        for group in self._below(slide, _DRAWINGS, _DRAWING, _GROUP):
            for (top, left, _, _), text in self._shapes(group, outline):
                if text != "*":
                    found.append(((not text.startswith("# "), top // _BAND, left), text))
        return [text for _, text in sorted(found, key=lambda item: item[0])]

    def _shapes(self, group: _Record, outline: list[_Text]) -> Iterator[tuple[_Place, str]]:
        """Where each shape of a group stands that has text, shapes of groups within together, and its text."""
        for record in self._inner(group, _GROUP, _SHAPE):
            if self._data.find(_TEXT_HEAD, record[1], record[2]) < 0:
                continue  # most shapes are lines and pictures
            if record[0] == _GROUP:
                cells = list(self._shapes(record, outline))
                text = self._grid(cells) or "\n".join(text for _, text in sorted(cells))
                place, _ = self._shape(self._first(record, _SHAPE), outline)  # which has that of the group
            else:
                place, text = self._shape(record, outline)
            if text:
                yield place, text

    def _shape(self, shape: _Record, outline: list[_Text]) -> tuple[_Place, str]:
        place, text = (0, 0, 0, 0), ""
        for kind, start, end in self._inner(shape, _ANCHOR, _CHILD_ANCHOR, _TEXT_BOX):
            if kind == _ANCHOR and end - start >= 8:
                top, left, right, bottom = struct.unpack_from("<4h" if end - start < 16 else "<4i", self._data, start)
                place = top, left, bottom, right
            elif kind == _CHILD_ANCHOR and end - start >= 16:
                left, top, right, bottom = struct.unpack_from("<4i", self._data, start)
                place = top, left, bottom, right
            elif kind == _TEXT_BOX:
                text = self._box_text((kind, start, end), outline)
        return place, text

    @staticmethod
    def _grid(boxes: list[tuple[_Place, str]]) -> str:
        """The text of a group whose shapes stand in rows and columns, as tables do."""
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

    def _box_text(self, box: _Record, outline: list[_Text]) -> str:
        text = _Text()
        for record in self._inner(box, _OUTLINE, _HEADER, *_CHARACTERS):
            if record[0] == _OUTLINE:
                index = self._number(record, 0)
                text = outline[index] if index < len(outline) else _Text()
            elif record[0] == _HEADER:
                text.kind = self._number(record, 0)
            else:
                self._add(text, record)
        visible = written(self._visible(text)).strip()
        return f"# {visible}" if text.kind in _TITLES and visible else visible

    def _add(self, text: _Text, record: _Record) -> None:
        """One more record of a text: characters, their styles, a link, or where that stands."""
        kind = record[0]
        if kind == _STYLES:
            text.styles = self._content(record)
        elif kind == _ACTION:
            text.target = self._targets.get(self._number(self._first(record, _ACTION_LINK), 4), "")
        elif kind == _LINKED:
            start = self._number(record, 0)
            words = text.raw[start : self._number(record, 4)].rstrip()
            if words:
                text.links[start + len(words)] = with_target(words, text.target)[len(words) :]
        else:
            text.raw += self._atom(record)

    def _visible(self, text: _Text) -> str:
        """The characters as they look, and behind links where they lead."""
        out, last = "", 0
        for start, end, look in _runs(text.styles, len(text.raw), self._fonts):
            out += text.shown(last, start, _PLAIN) + text.shown(start, end, look)
            last = end
        return out + text.shown(last, len(text.raw), _PLAIN)

    def _atom(self, record: _Record) -> str:
        if record[0] not in (_WIDE, _NARROW):
            return ""
        text = self._content(record).decode("utf-16-le" if record[0] == _WIDE else "latin-1", "replace")
        return text.replace("\r", "\n").replace("\x0b", "\n")

    def _content(self, record: _Record) -> bytes:
        return self._data[record[1] : record[2]]

    def _number(self, record: _Record, offset: int) -> int:
        """Four bytes of a record; 0 where it does not have them."""
        start = record[1] + offset
        return int.from_bytes(self._data[start : min(start + 4, record[2])], "little")

    def _instance(self, record: _Record) -> int:
        return int.from_bytes(self._data[record[1] - 8 : record[1] - 6], "little") >> 4

    def _record(self, place: int) -> _Record:
        """The record at this place."""
        return next(self._inner((0, place, len(self._data))), _NOTHING)

    def _object(self, number: int) -> _Record:
        """The record that the directory has by this number."""
        return self._record(self._places[number]) if number in self._places else _NOTHING

    def _first(self, record: _Record, kind: int) -> _Record:
        return next(self._inner(record, kind), _NOTHING)

    def _inner(self, record: _Record, *kinds: int) -> Iterator[_Record]:
        """The records in one, those of all kinds where none is named."""
        _, place, last = record
        while place <= last - 8:
            _, kind, size = _HEAD.unpack_from(self._data, place)
            start = place + 8
            place = start + size
            if kind in kinds or not kinds:
                yield kind, start, place if place < last else last

    def _below(self, record: _Record, kind: int, *kinds: int) -> Iterator[_Record]:
        """The records that this path of kinds leads to."""
        for inner in self._inner(record, kind):
            yield from self._below(inner, *kinds) if kinds else (inner,)

    def _all(self, record: _Record, depth: int = _DEPTH) -> Iterator[_Record]:
        """The records within, those in containers too, but for master slides."""
        for inner in self._inner(record):
            if inner[0] == _TEXT_LIST and _LISTS.get(self._instance(inner)) == "masters":
                continue
            yield inner
            if depth and self._data[inner[1] - 8] & 15 == 15:
                yield from self._all(inner, depth - 1)


def _runs(styles: bytes, size: int, fonts: Mapping[int, str]) -> Iterator[tuple[int, int, Look]]:
    """Where runs begin and end that look like more than text ([MS-PPT] 2.9.44): styles tell of paragraphs first."""
    place = covered = start = 0
    with suppress(struct.error):  # of styles that are cut off
        while covered < size + 1:
            count, _, mask = _PARAGRAPH.unpack_from(styles, place)
            place += 10 + _width(mask)
            if mask & 0x100000:
                place += 2 + 4 * int.from_bytes(styles[place : place + 2], "little")
            covered += count
        while start < size and place < len(styles):
            count, mask = _RUN.unpack_from(styles, place)
            form, symbols, typeface, position = _parts(mask)
            found = form.unpack_from(styles, place + 8)
            place += 8 + form.size
            number = found[symbols] if symbols is not None else found[typeface] if typeface is not None else -1
            height, font = 0 if position is None else found[position], fonts.get(number, "")
            if height or font:
                yield start, min(start + count, size), Look(raised=height, font=font)
            start += count


@lru_cache(maxsize=1024)
def _width(mask: int) -> int:
    """The bytes of what a paragraph states."""
    return sum(width for bits, width in _PARAGRAPH_PARTS if mask & bits)


@lru_cache(maxsize=1024)
def _parts(mask: int) -> tuple[struct.Struct, int | None, int | None, int | None]:
    """What a run states, and which places in it have its font of symbols, its font and its height."""
    stated = [(bits, form) for bits, form in _RUN_PARTS if mask & bits]
    places = {bits: place for place, (bits, _) in enumerate(stated)}
    form = struct.Struct("<" + "".join(form for _, form in stated))
    return form, places.get(_SYMBOLS), places.get(_TYPEFACE), places.get(_POSITION)


_PARAGRAPH, _RUN = struct.Struct("<IHI"), struct.Struct("<II")
_PARAGRAPH_PARTS = (
    *((0xF, 2), (0x80, 2), (0x10, 2), (0x40, 2), (0x20, 4), (0x800, 2), (0x1000, 2), (0x2000, 2), (0x4000, 2)),
    *((0x100, 2), (0x400, 2), (0x8000, 2), (0x10000, 2), (0xE0000, 2), (0x200000, 2)),
)
_TYPEFACE, _SYMBOLS, _POSITION = 0x10000, 0x800000, 0x80000
_RUN_PARTS = (
    *((0xFFFF, "H"), (_TYPEFACE, "H"), (0x200000, "H"), (0x400000, "H"), (_SYMBOLS, "H"), (0x20000, "H")),
    *((0x40000, "I"), (_POSITION, "h")),
)
