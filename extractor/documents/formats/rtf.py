"""Rich Text Format, token by token: its text, its tables, its notes, its pictures."""

from __future__ import annotations

import re
from binascii import Error as Base16Error
from binascii import unhexlify
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement

from extractor.documents.containers import native_file
from extractor.documents.embedded import Embedded
from extractor.documents.equations import equation
from extractor.documents.numerals import WORD_FORMS, Level, label
from extractor.documents.parsed import Parsed
from extractor.documents.scripts import Look, apart_from_numbers, is_symbol_font
from extractor.documents.source import Source
from extractor.documents.story import CELL, PARAGRAPH, Mark, story
from extractor.documents.text import label as charset
from extractor.errors import DocumentError

__all__ = ["parse", "rtf_parts"]

_TOKEN = re.compile(
    rb"\\'([0-9a-fA-F]{2})|\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\(.)|([{}])|([^\\{}\r\n\0]+)|[\r\n\0]+", re.S
)
_SILENT = frozenset(
    {"colortbl", "filetbl", "info", "mmathPict", "nonesttables", "nonshppict", "pntxta", "pntxtb", "private", "revtbl"}
    | {"rxe", "shprslt", "sn", "stylesheet", "sv", "tc", "xe"}
    | {"levelnumbers", "listname", "listpicture", "objclass", "objname", "fontemb", "falt", "panose"}
)  # and all that readers may pass over, but for:
_HEARD = frozenset(
    {"annotation", "atnauthor", "do", "ffl", "fldinst", "footnote", "formfield", "listoverridetable", "listtable"}
    | {"listtext", "moMath", "moMathPara", "objdata", "pntext", "shpinst", "shppict", "shptxt", "ud"}
    | {"headerl", "headerr", "headerf", "footerl", "footerr", "footerf"}
)
_NOTES = frozenset({"annotation", "footnote"})
_MARGINS = {
    **dict.fromkeys(("header", "headerl", "headerr", "headerf"), "head"),
    **dict.fromkeys(("footer", "footerl", "footerr", "footerf"), "foot"),
}
_SYMBOLS = {
    **{"line": "\n", "lbr": "\n", "softline": "\n", "page": "\n", "tab": "\t", "emdash": "—", "endash": "–"},
    **{"bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”"},
    **{"emspace": " ", "enspace": " ", "qmspace": " ", "column": "\n"},
}
_ESCAPES = {b"~": " ", b"_": "-", b"\n": "\n", b"\r": "\n", b"{": "{", b"}": "}", b"\\": "\\"}
_CHARSETS = {
    **{0: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gbk", 136: "big5"},
    **{161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257"},
    **{204: "cp1251", 222: "cp874", 238: "cp1250"},
}
_BLIPS = {
    **{"pngblip": ".png", "jpegblip": ".jpg", "emfblip": ".emf", "wmetafile": ".wmf", "macpict": ".pict"},
    "dibitmap": ".bmp",
}
_PLAIN, _NO_MARK, _LEVEL = Look(), Mark(), Level(1, "1", "")
_ASIDE = frozenset(
    {"pict", "objdata", "ffl", "fldinst", "atnauthor", "fonttbl", "leveltext", "listtable", "listoverridetable"}
)
_TABLES = ("ffl", "fonttbl", "leveltext")  # what is read although its group is no text
_LIST_WORDS = frozenset(
    {"levellegal", "levelnfc", "levelnfcn", "levelnorestart", "levelstartat", "list", "listid", "listlevel", "ls"}
)
_UNSET = 25  # the result of a box or a list in a form that nobody filled in


def parse(data: bytes, source: Source) -> Parsed:
    """The text as a reader would see it; list numbers are those that the writing program stored."""
    return rtf_parts(data)


def rtf_parts(data: bytes) -> Parsed:
    """The text, the pictures and the files of an RTF document."""
    embedded = Embedded()
    reader = _Reader(embedded)
    text = reader.read(data)
    if reader.is_cut:
        embedded.missing("the end of the text: the file is cut off")
    return embedded.parsed(text)


class _Group(NamedTuple):
    """What holds between two braces."""

    silent: bool = False
    starred: bool = False
    fallback: int = 1  # bytes that stand after each \\u for readers without Unicode
    charset: str | None = None
    look: Look = _PLAIN  # its font is named only where it is one of symbols
    term: Element | None = None  # of an equation
    named: bool = False  # whether the term is this group's own
    aside: bool = False  # whether its text is collected for what it is a part of
    role: str = ""  # what the group is, where its end matters


@dataclass
class _Story:
    """Text on its way to be lines and tables: that of the document, of a header, of a note."""

    role: str = ""
    name: str = ""
    units: list[tuple[str, Mark | None]] = field(default_factory=list)
    mark: Mark = _NO_MARK  # what is stated so far of the paragraph and the row that are being read
    merge: str = ""  # of the cell whose edge comes next
    is_numbered: bool = False  # whether the number of the paragraph stands in the text

    def put(self, text: str) -> None:
        """Characters."""
        self.units.append((text, None))

    def end(self, unit: str, *, inner: str = "", ends_row: bool = False) -> None:
        """The end of a paragraph, a cell or a row; `inner` where that is in a table within a cell."""
        uses = 0 if self.is_numbered else self.mark.uses
        self.units.append((unit, self.mark._replace(inner=inner or self.mark.inner, ends_row=ends_row, uses=uses)))
        self.is_numbered = False

    def text(self, label: Callable[[Mark], str]) -> str:
        """All that was read. Characters beyond the first plane came as two halves, which are joined here."""
        joined = "\n".join(story(self.units, label)).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return re.sub(r"[ \t]*\n(?:[ \t]*\n){2,}", "\n\n", joined).strip()


class _Reader:
    def __init__(self, embedded: Embedded) -> None:
        self._embedded = embedded
        self._bytes = bytearray()
        self._outer: list[_Group] = []
        self._group = _Group()
        self._charset = "cp1252"
        self._fonts: dict[int, str] = {}
        self._names: dict[int, str] = {}  # fonts of symbols
        self._font = 0
        self._skip = 0
        self._begins = False  # whether a group has begun with the last token
        self._skips_group = False
        self._stories = [_Story()]
        self._done: list[_Story] = []
        self._aside: list[tuple[str, list[str]]] = []  # texts of groups that are no text of the document
        self._author = self._suffix = ""
        self._object_read = False
        self._form: dict[str, int] = {}  # what is stated of a field in a form
        self._entries: list[str] = []  # of a list in a form
        self._lists = _Lists()

    def read(self, data: bytes) -> str:
        """The headers, the text, the footers, the notes."""
        position = max(data.find(b"{\\rtf"), 0)  # behind the mark of an encoding
        while token := _TOKEN.match(data, position):
            position = token.end()
            if raw := self._take(token):
                if self._aside and self._aside[-1][0] == "pict":
                    self._aside[-1][1].append(data[position : position + raw].hex())
                position += raw
        self._flush()
        while len(self._stories) > 1:
            self._done.append(self._stories.pop())
        parts: dict[str, list[str]] = {"head": [], "": [], "foot": [], "note": []}
        for part in (*self._done, *self._stories):
            parts[part.role].append(part.name + part.text(self._lists.label))
        blocks = [*dict.fromkeys(parts["head"]), *parts[""], *dict.fromkeys(parts["foot"]), *parts["note"]]
        return "\n\n".join(block for block in blocks if block.strip())

    @property
    def is_cut(self) -> bool:
        """Whether what was read ends within a group."""
        return bool(self._outer)

    def _take(self, token: re.Match[bytes]) -> int:
        """Act on one token; the number of raw bytes to pass over after it."""
        code, word, number, escape, brace, text = token.groups()
        begins, self._begins = self._begins, brace == b"{"
        if code is not None or text is not None:
            self._put_bytes(bytes([int(code, 16)]) if code is not None else text)
        elif brace is not None:
            self._brace(brace)
        elif word is not None:
            return self._word(word.decode("ascii"), int(number) if number is not None else None)
        elif escape == b"*":
            self._group = self._group._replace(starred=begins)
        elif escape is not None:
            self._put(_ESCAPES.get(escape, ""))
        return 0

    def _brace(self, brace: bytes) -> None:
        self._flush()
        self._skip = 0
        if brace == b"{":
            self._outer.append(self._group)
            silent = self._group.silent or self._skips_group
            self._group = self._group._replace(silent=silent, starred=False, role="", named=False)
            self._skips_group = False
            return
        if self._group.role:
            self._end(self._group.role)
        if self._outer:
            self._group = self._outer.pop()

    def _end(self, role: str) -> None:
        """A group that was more than text has ended."""
        if role in ("head", "foot", "note"):
            if len(self._stories) > 1:
                self._done.append(self._stories.pop())
        elif role == "field":
            self._stories[-1].put("\x15")
        elif role == "moMath" and self._group.term is not None:
            self._stories[-1].put(apart_from_numbers(equation(self._group.term)))
        elif self._aside and self._aside[-1][0] == role:
            content = "".join(self._aside.pop()[1])
            if role == "fldinst":
                self._stories[-1].put(f"{content} {self._chosen()}" if self._form else content)
                self._form = {}
            elif role == "atnauthor":
                self._author = content.strip()
            elif role == "ffl":
                self._entries.append(content.strip())
            elif role == "leveltext":
                self._lists.end_level(content)
            elif role in ("pict", "objdata"):
                self._embed(role, content)

    def _chosen(self) -> str:
        """What a box or a list of a form shows."""
        chosen = next((n for name in ("ffres", "ffdefres") if (n := self._form.get(name, _UNSET)) != _UNSET), 0)
        if self._form.get("fftype") == 1:
            return "☒" if chosen else "☐"
        return self._entries[chosen] if 0 <= chosen < len(self._entries) else ""

    def _embed(self, role: str, content: str) -> None:
        try:
            data = unhexlify(re.sub(r"[^0-9a-fA-F]", "", content))
        except Base16Error:
            self._embedded.missing("a picture: it is damaged")
            return
        if role == "pict":
            self._embedded.picture(data, f"in the text{self._suffix}")
            return
        file = _object(data)
        self._object_read = bool(file)
        if file:
            self._embedded.file(file, "object")

    def _word(self, word: str, number: int | None) -> int:
        self._flush()
        if self._skip and word != "u" and word != "bin":
            self._skip -= 1
            return 0
        if starred := self._group.starred:
            self._group = self._group._replace(starred=False)
        if word == "bin":
            return max(number or 0, 0)
        if word == "u" and number is not None:
            self._put(chr(number % 0x10000))
            self._skip = self._group.fallback
        elif word == "moMath" and not self._group.silent:
            self._group = self._group._replace(term=Element("oMath"), named=True, role=word)
        elif self._group.term is not None and word.startswith("m") and not self._group.named:
            self._group = self._group._replace(term=SubElement(self._group.term, word[1:]), named=True)
        elif word in _SYMBOLS:
            self._put(_SYMBOLS[word])
        elif word == "upr":
            self._skips_group = True
        elif word in _MARGINS or word in _NOTES:
            self._begin_story(word)
        elif word in _ASIDE:
            self._begin_aside(word)
        elif word == "result" and self._object_read:
            self._object_read = False
            self._group = self._group._replace(silent=True)
        elif word in _SILENT or (starred and word not in _HEARD):
            self._group = self._group._replace(silent=True, aside=False)
        else:
            self._set(word, number)
        return 0

    def _begin_story(self, word: str) -> None:
        if self._group.silent:
            return
        if word in _MARGINS:
            story = _Story(_MARGINS[word])
        else:
            is_comment = word == "annotation"
            count = 1 + sum(s.name.startswith("[^c") == is_comment for s in (*self._done, *self._stories) if s.name)
            mark = f"[^c{count}]" if is_comment else f"[^{count}]"
            self._put(mark)
            author = f"comment by {self._author or 'unknown'}: " if is_comment else ""
            story = _Story("note", f"{mark}: {author}")
        self._stories.append(story)
        self._group = self._group._replace(role=story.role, look=self._group.look._replace(raised=0))

    def _begin_aside(self, word: str) -> None:
        if not self._group.silent or word in _TABLES:
            self._aside.append((word, []))
            self._group = self._group._replace(silent=True, aside=True, role=word)

    def _set(self, word: str, number: int | None) -> None:
        """A word that changes the state, if it is one of the few that matter to the text."""
        story = self._stories[-1]
        match word:
            case "trowd" | "trhdr" | "cellx" | "clmrg" | "clvmrg" if self._group.silent:
                pass  # of a row within a cell
            case "par" | "sect" if not self._group.silent:
                story.end(PARAGRAPH)
            case "cell" if not self._group.silent:
                story.end(CELL)
            case "nestcell" if not self._group.silent:
                story.end(PARAGRAPH, inner="cell")
            case "row" if not self._group.silent:
                story.end(CELL, ends_row=True)
            case "nestrow":  # in a group that readers may pass over
                story.end(PARAGRAPH, inner="row")
            case "pard":
                row = story.mark
                story.mark = Mark(is_heading_row=row.is_heading_row, edges=row.edges, merges=row.merges)
            case "intbl":
                story.mark = story.mark._replace(in_table=True)
            case "itap":
                story.mark = story.mark._replace(inner="text" if (number or 0) > 1 else "")
            case "dropcapli":
                story.mark = story.mark._replace(is_dropped=True)
            case "formfield":
                self._form, self._entries = {}, []
                self._group = self._group._replace(silent=True, aside=False)
            case "fftype" | "ffres" | "ffdefres":
                self._form[word] = number or 0
            case "ls" if not self._group.silent:
                story.mark = story.mark._replace(uses=number or 0)
            case "ilvl" if not self._group.silent:
                story.mark = story.mark._replace(depth=number or 0)
            case _ if word in _LIST_WORDS:
                self._lists.set(word, number or 0)
            case "listtext" | "pntext" if not self._group.silent:
                story.is_numbered = True
            case "trowd":
                story.mark = story.mark._replace(in_table=True, is_heading_row=False, edges=(), merges=())
            case "trhdr":
                story.mark = story.mark._replace(is_heading_row=True)
            case "cellx" if number is not None:
                mark = story.mark
                story.mark = mark._replace(edges=(*mark.edges, number), merges=(*mark.merges, story.merge))
                story.merge = ""
            case "clmrg" | "clvmrg":
                story.merge = "across" if word == "clmrg" else "down"
            case "field" if not self._group.silent:
                story.put("\x13")
                self._group = self._group._replace(role=word)
            case "fldrslt" if not self._group.silent:
                story.put("\x14")
            case "super" | "sub" | "nosupersub" | "up" | "dn" | "strike" | "striked" | "v" | "deleted" | "plain":
                self._group = self._group._replace(look=_look(self._group.look, word, number))
            case "uc" if number is not None:
                self._group = self._group._replace(fallback=min(max(number, 0), 16))
            case "f" if number is not None:
                self._font = number
                look = self._group.look._replace(font=self._names.get(number, ""))
                self._group = self._group._replace(charset=self._fonts.get(number), look=look)
            case "fcharset" if number in _CHARSETS and self._group.silent:
                self._fonts[self._font] = _CHARSETS[number]
            case "ansicpg" if number is not None:
                self._charset = charset(f"cp{number}") or {10000: "mac_roman", 65001: "utf-8"}.get(number, "cp1252")
            case "mac" | "pc" | "pca":
                self._charset = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}[word]
            case _ if word in _BLIPS:
                self._suffix = _BLIPS[word]

    def _put_bytes(self, data: bytes) -> None:
        passed = min(self._skip, len(data))
        self._skip -= passed
        self._bytes += data[passed:]

    def _flush(self) -> None:
        if self._bytes:
            data, self._bytes = bytes(self._bytes), bytearray()
            charset = "latin-1" if self._group.look.font else self._group.charset or self._charset
            self._put(data.decode(charset, "replace"))

    def _put(self, text: str) -> None:
        self._flush()
        if not text:
            return
        if self._group.silent:
            if self._aside and self._group.aside:
                self._aside[-1][1].append(text)
                if self._aside[-1][0] == "fonttbl" and text.rstrip().endswith(";"):
                    name = text.strip(" ;")
                    self._names |= {self._font: name} if is_symbol_font(name) else {}
        elif self._group.term is not None:
            _put_term(self._group.term, text)
        else:
            self._stories[-1].put(text if text == "\n" else self._group.look.apply(text))


class _Lists:
    """The lists that the file declares."""

    def __init__(self) -> None:
        self._levels: list[dict[int, Level]] = []  # of each list as it is declared
        self._level = _LEVEL  # that is being declared
        self._identity = 0
        self._lists: dict[int, dict[int, Level]] = {}  # by identity
        self._uses: dict[int, int] = {}  # number of a use -> identity of its list
        self._counts: defaultdict[int, dict[int, int]] = defaultdict(dict)

    def set(self, word: str, value: int) -> None:
        """A word of the tables of lists."""
        match word:
            case "list":
                self._levels.append({})
            case "listlevel":
                self._level = _LEVEL
            case "levelstartat":
                self._level = replace(self._level, start=value)
            case "levelnfc" | "levelnfcn":
                self._level = replace(self._level, form=WORD_FORMS.get(value, "1"))
            case "levellegal":
                self._level = replace(self._level, legal=value == 1)
            case "levelnorestart":
                self._level = replace(self._level, restarts=0 if value == 1 else 9)
            case "listid":
                self._identity = value
                if self._levels:
                    self._lists.setdefault(value, self._levels[-1])
            case "ls":
                self._uses[value] = self._identity

    def end_level(self, text: str) -> None:
        """What is written at a level: the count of its characters first, places of numbers as their depths."""
        if self._levels:
            stated = text[1 : 1 + ord(text[:1] or "\0")]
            written = "".join(f"%{ord(sign) + 1}" if ord(sign) < 9 else sign for sign in stated)
            self._levels[-1][len(self._levels[-1])] = replace(self._level, text=written)

    def label(self, mark: Mark) -> str:
        """The number of a paragraph."""
        identity = self._uses.get(mark.uses, 0)
        return label(self._lists.get(identity, {}), mark.depth, self._counts[identity])


def _look(look: Look, word: str, number: int | None) -> Look:
    """A look after a word that changes it; 0 switches off what the word switches on."""
    match word:
        case "super" | "sub":
            return look._replace(raised={"super": 1, "sub": -1}[word] if number != 0 else 0)
        case "up" | "dn":
            return look._replace(raised=(6 if number is None else number) * (1 if word == "up" else -1))
        case "nosupersub":
            return look._replace(raised=0)
        case "strike" | "striked":
            return look._replace(struck=number != 0)
        case "v" | "deleted":
            return look._replace(hidden=number != 0)
    return _PLAIN


def _put_term(term: Element, text: str) -> None:
    """Characters of an equation: those of a run, or the value of a property."""
    if term.tag == "r":
        SubElement(term, "t").text = text
    else:
        term.set("val", term.get("val", "") + text.strip())


def _object(data: bytes) -> bytes:
    """The file in the data of an object ([MS-OLEDS] 2.2.5): after its class, its topic and its item."""
    place = 8
    try:
        for _ in range(3):
            place += 4 + int.from_bytes(data[place : place + 4], "little")
        size = int.from_bytes(data[place : place + 4], "little")
        body = data[place + 4 : place + 4 + size]
        return native_file(body, sized=False) if data[12:19].lower() == b"package" else body
    except DocumentError:
        return b""
