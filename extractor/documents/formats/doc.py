"""Word 97 to 2003 (DOC): its text by the table of its pieces, its looks by those of its runs ([MS-DOC] 2.4)."""

from __future__ import annotations

import re
import struct
import sys
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate, pairwise
from typing import Any, NamedTuple, TypeVar

from extractor.documents.embedded import Embedded
from extractor.documents.numerals import WORD_FORMS, Level, label, numeral
from extractor.documents.ole import blips, open_storage
from extractor.documents.parsed import Parsed
from extractor.documents.scripts import Look, from_symbol_font
from extractor.documents.source import Source
from extractor.documents.story import CELL, PARAGRAPH, Mark, story
from extractor.errors import DocumentError

__all__ = ["parse"]

_SECOND_TABLE = 0x0200
_CLX, _RUNS, _PARAGRAPHS = 0x01A2, 0x00FA, 0x0102  # places in the head of the file
_FOOTNOTES, _COMMENTS, _ENDNOTES = (0x00AA, 0x00B2), (0x00BA, 0x00C2), (0x020A, 0x0212)  # marks, and what they say
_FONTS, _AUTHORS = 0x0112, 0x01BA
_SIZES = 0x004C  # of the main text and of what follows it, in characters
# What a run or a paragraph states of itself, as far as it matters to the text.
_SWITCHES = {0x083C: "hidden", 0x0800: "hidden", 0x0837: "struck", 0x2A53: "struck"}  # 0x0800: deleted
_MARKS = {0x2417: "ends_row", 0x2416: "in_table", 0x3404: "is_heading_row"}
_NUMBERS = {0x460B: "uses", 0x260A: "depth"}
_INNER = {0x244B: "cell", 0x244C: "row"}
_RAISED, _POSITION, _SYMBOL, _FONT, _DATA = 0x2A48, 0x4845, 0x6A09, 0x4A4F, 0x6A03
_ROW, _TABLE_DEPTH, _DROPPED = 0xD608, 0x6649, 0x442C
_LISTS, _LIST_USES = 0x02E2, 0x02EA
_WORDS, _BY_DEFAULT = 2, 25  # of the fields of forms
_OPERANDS = {0: 1, 1: 1, 2: 2, 3: 4, 4: 2, 5: 2, 7: 3}
_PAGE = 512
_UNIT = re.compile(r"[\x00-\x1f]|[^\x00-\x1f]+")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_T = TypeVar("_T")


class _Look(NamedTuple):
    """What a run of characters or a paragraph says of itself, as far as it matters to the text."""

    face: Look = Look()
    symbol: str = ""
    mark: Mark = Mark()
    data: int | None = None  # where in the stream of that name stands what is drawn for a character


_PLAIN = _Look()


def parse(data: bytes, source: Source) -> Parsed:
    """The headers, the text with its tables, then footers' company: boxes, notes and comments; pictures and files."""
    embedded = Embedded()
    storage = open_storage(data, source)
    word = storage.read("WordDocument")
    data_stream = storage.read("Data")
    document = _Word(word, storage.read(_table_name(word)), data_stream)
    for index, (picture, suffix) in enumerate(blips(data_stream), 1):
        embedded.picture(picture, f"{index}{suffix}")
    pool = storage.inner("ObjectPool")
    for name in pool.folders:
        embedded.file(data, f"object {name.strip('_')}", pool.inner(name))
    text = document.text()
    if not document.is_whole:
        embedded.missing(
            "how its characters look, which is damaged: hidden text and raised figures stand as plain text"
        )
    return embedded.parsed(text, metadata=storage.about())


def _table_name(word: bytes) -> str:
    if len(word) < _CLX + 8:
        raise DocumentError("the file is damaged or cut off; fetch it again", kind="damaged")
    version, flags = struct.unpack_from("<H6xH", word, 2)
    if version < 0x00C1:
        raise DocumentError("this is Word 95 or older; save it as DOCX", kind="unsupported")
    return "1Table" if flags & _SECOND_TABLE else "0Table"


class _Word:
    """The main stream and the tables that say what its bytes are."""

    def __init__(self, word: bytes, table: bytes, data: bytes) -> None:
        self._word, self._table, self._data = word, table, data
        self.is_whole = True
        self._pieces = list(self._read_pieces())
        self._fonts: list[str] = self._read(self._font_names, [])
        self._looks: dict[bytes, _Look] = {}
        self._uses: list[int] = self._read(self._list_uses, [])  # the list of each use of one
        self._lists: dict[int, dict[int, Level]] = self._read(lambda: dict(self._list_levels()), {})
        self._counts: defaultdict[int, dict[int, int]] = defaultdict(dict)
        self._runs = _Ranges(self._read(lambda: list(self._pages(_RUNS, 1)), []))
        self._paragraphs = _Ranges(self._read(lambda: list(self._pages(_PARAGRAPHS, 13)), []))
        self._notes = {
            place: numeral(number, form)
            for head, form in ((_FOOTNOTES[0], "1"), (_ENDNOTES[0], "i"))
            for number, (place, _, _) in enumerate(_plex(self._part(head), 2), 1)
        }
        self._marked = sorted(self._notes)

    def _read(self, read: Callable[[], _T], default: _T) -> _T:
        """One of the tables beside the text, without which the text can be read still."""
        try:
            return read()
        except (struct.error, IndexError):
            self.is_whole = False
            return default

    def text(self) -> str:
        """The stories of the document in the order that a reader meets them."""
        length = sum(len(text) for text, _, _ in self._pieces)
        sizes = struct.unpack_from("<8i", self._word, _SIZES) if len(self._word) >= _SIZES + 32 else (length,)
        main, foot, head, _, comments, end, boxes, head_boxes = (*(max(size, 0) for size in sizes), *[0] * 8)[:8]
        sizes = (main or length, foot, head, comments, end, boxes, head_boxes)
        starts = [*accumulate(sizes, initial=0)]
        main_text, _, head_text, _, _, *box_texts = (self._between(*span) for span in pairwise(starts))
        main_text, *rest = main_text.split("\x05")
        main_text += "".join(f"[^c{number}]{part}" for number, part in enumerate(rest, 1))
        blocks = [_once(head_text), main_text, *map(_once, box_texts)]
        blocks += [f"[^{numeral(n, '1')}]: {note}" for n, note in self._remarks(_FOOTNOTES[1], starts[1], foot)]
        blocks += [f"[^{numeral(n, 'i')}]: {note}" for n, note in self._remarks(_ENDNOTES[1], starts[4], end)]
        authors: dict[int, str] = self._read(lambda: dict(self._authors()), {})
        for number, comment in self._remarks(_COMMENTS[1], starts[3], comments):
            by = f"comment by {authors[number]}" if number in authors else "comment"
            blocks.append(f"[^c{number}]: {by}: {comment}")
        whole = "\n\n".join(block for block in blocks if block.strip())
        return whole.replace("\x02", "").replace("\x05", "")

    def _between(self, first: int, last: int) -> str:
        blocks = (block.strip("\n") for block in story(self._units(first, last), self._label))
        return "\n\n".join(block for block in blocks if block.strip())

    def _remarks(self, head: int, first: int, size: int) -> Iterator[tuple[int, str]]:
        """Footnotes, endnotes or comments by their numbers: a table tells where each begins in their story."""
        places = [(begin, end) for begin, end, _ in _plex(self._part(head), 0)][:-1]
        for number, (begin, end) in enumerate(places or [(0, size)], 1):
            story = self._between(first + begin, first + min(end, size))
            if note := " ".join(re.sub("[\x02\x05]", "", story).split()):
                yield number, note

    def _authors(self) -> Iterator[tuple[int, str]]:
        """Who wrote the comments, by their numbers."""
        data, names, place = self._part(_AUTHORS), [], 0
        while place + 2 <= len(data):
            width = 2 * int.from_bytes(data[place : place + 2], "little")
            names.append(data[place + 2 : place + 2 + width].decode("utf-16-le", "replace"))
            place += 2 + width
        for number, (_, _, comment) in enumerate(_plex(self._part(_COMMENTS[0]), 30), 1):
            (author,) = struct.unpack_from("<H", comment, 20)
            if author < len(names):
                yield number, names[author]

    def _label(self, mark: Mark) -> str:
        """The number of a paragraph of a list."""
        name = self._uses[mark.uses - 1] if 0 < mark.uses <= len(self._uses) else 0
        return label(self._lists.get(name, {}), mark.depth, self._counts[name])

    def _units(self, first: int, last: int) -> Iterator[tuple[str, Mark | None]]:
        """The characters from one position to another, as many together as have one look; controls each alone."""
        position = 0
        is_code = False  # whether this is the instruction of a field, which nobody sees as it looks
        for text, place, width in self._pieces:
            start, end = max(first - position, 0), min(max(last - position, 0), len(text))
            while start < end:
                look, reach = self._runs.at(place + start * width)
                stop = min(max(-((place - reach) // width), start + 1), end)
                marked = bisect_left(self._marked, position + start)
                if marked < len(self._marked):
                    stop = min(stop, self._marked[marked] - position + 1)
                for match in _UNIT.finditer(text, start, stop):
                    unit = match[0]
                    if unit in (PARAGRAPH, CELL):
                        yield unit, self._paragraphs.at(place + match.start() * width)[0].mark
                    elif unit == "\x02" and (mark := self._notes.get(position + match.start())):
                        yield f"[^{mark}]", None
                    elif unit == "\x01" and look.data is not None:
                        yield _choice(self._data[look.data :]), None
                    elif is_code or not look.face.hidden:
                        is_code = unit == "\x13" or (is_code and unit not in "\x14\x15")
                        is_bare = is_code or unit < " " or (look is _PLAIN and unit.isascii())
                        yield look.symbol or (unit if is_bare else look.face.apply(unit)), None
                if (mark := self._notes.get(position + stop - 1)) and text[stop - 1] != "\x02":
                    yield f"[^{mark}]", None  # of a note with a sign of its own
                start = stop
            position += len(text)

    def _read_pieces(self) -> Iterator[tuple[str, int, int]]:
        """The pieces of text: eight-bit ones are Windows-1252, the others UTF-16; where they stand, and how wide.

        A character that takes two units of UTF-16 is followed by NUL, so that places in the text count units.
        """
        clx = self._part(_CLX)
        position = 0
        while position + 3 <= len(clx) and clx[position] == 1:
            position += 3 + struct.unpack_from("<H", clx, position + 1)[0]
        if position + 5 > len(clx) or clx[position] != 2:
            raise DocumentError("the file is damaged: its text is not to be found; fetch it again", kind="damaged")
        for first, last, piece in _plex(clx[position + 5 :], 8):
            (place,) = struct.unpack_from("<I", piece, 2)
            if place & 0x40000000:
                place = (place & 0x3FFFFFFF) // 2
                yield self._word[place : place + last - first].decode("cp1252", "replace"), place, 1
            else:
                data = self._word[place : place + 2 * (last - first)]
                yield _ASTRAL.sub("\\g<0>\0", data.decode("utf-16-le", "replace")), place, 2

    def _part(self, head: int) -> bytes:
        """What the table stream holds at the place that the head of the file names."""
        start, size = struct.unpack_from("<II", self._word, head) if len(self._word) >= head + 8 else (0, 0)
        return self._table[start : start + size]

    def _font_names(self) -> list[str]:
        """The names of the fonts, by their numbers ([MS-DOC] 2.9.286)."""
        data, place, names = self._part(_FONTS), 4, []
        for _ in range(struct.unpack_from("<H", data)[0] if data else 0):
            width = data[place]
            names.append(data[place + 40 : place + 1 + width].decode("utf-16-le", "replace").partition("\0")[0])
            place += 1 + width
        return names

    def _list_uses(self) -> list[int]:
        data = self._part(_LIST_USES)
        count = struct.unpack_from("<I", data)[0] if data else 0
        return [struct.unpack_from("<i", data, 4 + 16 * index)[0] for index in range(count)]

    def _list_levels(self) -> Iterator[tuple[int, dict[int, Level]]]:
        """The levels of each list, which stand behind the lists."""
        if not self._part(_LISTS):
            return
        (start,) = struct.unpack_from("<I", self._word, _LISTS)
        (count,) = struct.unpack_from("<H", self._table, start)
        place = start + 2 + 28 * count
        for head in range(start + 2, place, 28):
            levels = {}
            for depth in range(1 if self._table[head + 26] & 1 else 9):
                levels[depth], place = _level(self._table, place)
            yield struct.unpack_from("<i", self._table, head)[0], levels

    def _pages(self, head: int, width: int) -> Iterator[tuple[int, int, _Look]]:
        """The ranges of one kind, in file offsets, from the pages that a table names."""
        for *_, page in _plex(self._part(head), 4):
            place = (int.from_bytes(page, "little") & 0x3FFFFF) * _PAGE
            body = self._word[place : place + _PAGE]
            if len(body) == _PAGE and 4 * (body[-1] + 1) + width * body[-1] <= _PAGE:
                yield from self._ranges(body, width)

    def _ranges(self, page: bytes, width: int) -> Iterator[tuple[int, int, _Look]]:
        """The ranges of a page: their ends first, then where the changes of each stand; `width` 1 is of characters."""
        looks: dict[int, _Look] = {0: _PLAIN}  # a page has few, each in many places
        for start, end, item in _plex(page, width, page[-1]):
            half = item[0]
            if half not in looks:
                looks[half] = self._stated_look(page, 2 * half, is_run=width == 1)
            if looks[half] is not _PLAIN:
                yield start, end, looks[half]

    def _stated_look(self, page: bytes, place: int, *, is_run: bool) -> _Look:
        """The look of runs or paragraphs whose changes stand at that place: after their size, and after a style."""
        if is_run:
            return self._look_of(page[place + 1 : place + 1 + page[place]])
        size, place = (2 * page[place] - 1, place + 1) if page[place] else (2 * page[place + 1], place + 2)
        look, style = self._look_of(page[place + 2 : place + size]), int.from_bytes(page[place : place + 2], "little")
        return look._replace(mark=look.mark._replace(heading=min(style, 6))) if 1 <= style <= 9 else look

    def _look_of(self, changes: bytes) -> _Look:
        if changes not in self._looks:
            self._looks[changes] = _look(changes, self._fonts)
        return self._looks[changes]


def _plex(data: bytes, width: int, count: int | None = None) -> Iterator[tuple[int, int, bytes]]:
    """Items of one width ([MS-DOC] 2.2.2), each with where it begins and ends: places of the text stand before all."""
    count = (len(data) - 4) // (4 + width) if count is None else count
    places = struct.unpack_from(f"<{count + 1}I", data) if count > 0 else ()
    for index, (begin, end) in enumerate(pairwise(places)):
        item = 4 * (count + 1) + width * index
        yield begin, end, data[item : item + width]


class _Ranges:
    """Looks by file offset."""

    def __init__(self, ranges: Iterable[tuple[int, int, _Look]]) -> None:
        self._found = sorted(ranges, key=lambda item: item[:2])
        self._starts = [start for start, _, _ in self._found]

    def at(self, offset: int) -> tuple[_Look, int]:
        """The look of what stands there, and how far it reaches."""
        index = bisect_right(self._starts, offset)
        if index and offset < self._found[index - 1][1]:
            return self._found[index - 1][2], self._found[index - 1][1]
        return _PLAIN, self._starts[index] if index < len(self._starts) else sys.maxsize


def _look(changes: bytes, fonts: list[str]) -> _Look:
    face: dict[str, Any] = {}
    mark: dict[str, Any] = {}
    look: dict[str, Any] = {}
    for code, operand in _stated(changes):
        value = int.from_bytes(operand, "little")
        if name := _SWITCHES.get(code):
            face[name] = face.get(name, False) or bool(value)
        elif name := _MARKS.get(code):
            mark[name] = bool(value)
        elif name := _NUMBERS.get(code):
            mark[name] = value
        elif code in _INNER and value:
            mark["inner"] = _INNER[code]
        elif code == _TABLE_DEPTH and value > 1:
            mark.setdefault("inner", "text")
        elif code == _DROPPED:
            mark["is_dropped"] = bool(value & 7)
        elif code == _ROW and len(operand) > 3:
            mark |= _row_mark(operand)
        elif code == _RAISED:
            face["raised"] = {1: 1, 2: -1}.get(value, 0)
        elif code == _POSITION:
            face["raised"] = int.from_bytes(operand, "little", signed=True)
        elif code == _FONT:
            face["font"] = _named(fonts, operand)
        elif code == _SYMBOL and len(operand) == 4:
            look["symbol"] = from_symbol_font(chr(0xF000 | operand[2]), _named(fonts, operand))
        elif code == _DATA:
            look["data"] = value
    shape = Look(**face)
    if not (shape.matters or mark or look):
        return _PLAIN
    return _Look(shape if shape.matters else _PLAIN.face, mark=Mark(**mark), **look)


def _stated(changes: bytes) -> Iterator[tuple[int, bytes]]:
    """Each change, by its code, and its operand, whose size the code tells, or else its first bytes."""
    place = 0
    while place + 2 < len(changes):
        code = int.from_bytes(changes[place : place + 2], "little")
        place += 2
        size = _OPERANDS.get(code >> 13, 0)
        if code >> 13 == 6:
            size = 1 + int.from_bytes(changes[place : place + 1 + (code == _ROW)], "little")
        yield code, changes[place : place + size]
        place += size


def _named(fonts: list[str], number: bytes) -> str:
    index = int.from_bytes(number[:2], "little")
    return fonts[index] if index < len(fonts) else ""


def _row_mark(operand: bytes) -> dict[str, Any]:
    """The right edges of a row's cells, and which of them go on what stands before or above."""
    count = operand[2]
    place = 3 + 2 * (count + 1)
    if len(operand) < place:
        return {}
    edges = struct.unpack_from(f"<{count + 1}h", operand, 3)[1:]
    flags = [struct.unpack_from("<H", operand, at)[0] for at in range(place, len(operand) - 1, 20)][:count]
    merges = ("across" if flag & 2 else "down" if flag & 0x60 == 0x20 else "" for flag in flags)
    return {"edges": edges, "merges": tuple(merges)}


def _level(table: bytes, place: int) -> tuple[Level, int]:
    """One level of a list, and where the next one stands ([MS-DOC] 2.9.150)."""
    start, form = struct.unpack_from("<iB", table, place)
    text = place + 28 + table[place + 24] + table[place + 25]
    count = struct.unpack_from("<H", table, text)[0]
    written = struct.unpack_from(f"<{count}H", table, text + 2)
    template = "".join(f"%{unit + 1}" if unit < 9 else chr(unit) for unit in written)
    return Level(start, WORD_FORMS.get(form, "1"), template), text + 2 + 2 * count


def _choice(data: bytes) -> str:
    """What is chosen in a field of a form ([MS-DOC] 2.9.78): a tick, or one of several words; "" for anything else."""
    if len(data) < 78 or data[4:6] != b"\x44\0" or data[68:72] != b"\xff\xff\xff\xff":
        return ""
    state, size = struct.unpack_from("<H4xH", data, 72)
    kind, choice = state & 3, state >> 2 & 31
    place = 82 + 2 * size  # after the name
    if kind and choice == _BY_DEFAULT:
        choice = int.from_bytes(data[place : place + 2], "little")
    if kind != _WORDS:
        return ("☐", "☒")[bool(choice)] if kind else ""
    place += 2
    for _ in range(5):  # texts for its user
        place += 4 + 2 * int.from_bytes(data[place : place + 2], "little")
    place += 6
    for _ in range(choice):
        place += 2 + 2 * int.from_bytes(data[place : place + 2], "little")
    size = int.from_bytes(data[place : place + 2], "little")
    return data[place + 2 : place + 2 + 2 * size].decode("utf-16-le", "replace")


def _once(story: str) -> str:
    """Headers and footers, each line once however many sections have it."""
    return "\n".join(dict.fromkeys(line for line in story.splitlines() if line.strip()))
