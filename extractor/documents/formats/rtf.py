"""Rich Text Format, token by token: its text, its tables, its notes."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, replace

from extractor.documents.parsed import Parsed
from extractor.documents.rtf_words import CHARSETS, ESCAPES, HEARD, NOTES, SILENT, SYMBOLS
from extractor.documents.source import Source
from extractor.documents.tables import render_table

__all__ = ["parse", "rtf_text"]

_TOKEN = re.compile(
    rb"\\'([0-9a-fA-F]{2})|\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\(.)|([{}])|([^\\{}\r\n\0]+)|[\r\n\0]+", re.S
)


def parse(data: bytes, source: Source) -> Parsed:
    """The text as a reader would see it; list numbers are those that the writing program stored."""
    return Parsed(rtf_text(data))


def rtf_text(data: bytes) -> str:
    """The text of an RTF document."""
    reader = _Reader()
    position = 0
    while token := _TOKEN.match(data, position):
        position = token.end() + reader.take(token)
    return reader.text()


@dataclass(frozen=True, slots=True)
class _Group:
    """What holds between two braces."""

    silent: bool = False
    hidden: bool = False
    starred: bool = False
    fallback: int = 1  # bytes that stand after each \\u for readers without Unicode
    charset: str | None = None
    closing: str = ""


class _Reader:
    def __init__(self) -> None:
        self._out: list[str] = []
        self._bytes = bytearray()
        self._outer: list[_Group] = []
        self._group = _Group()
        self._charset = "cp1252"
        self._fonts: dict[int, str] = {}
        self._font = 0
        self._skip = 0
        self._in_table = False
        self._cell_start = 0
        self._row: list[str] = []
        self._rows: list[list[str]] = []

    def take(self, token: re.Match[bytes]) -> int:
        """Act on one token; the number of raw bytes to pass over after it."""
        code, word, number, escape, brace, text = token.groups()
        if code is not None or text is not None:
            self._put_bytes(bytes([int(code, 16)]) if code is not None else text)
        elif brace is not None:
            self._brace(brace)
        elif word is not None:
            return self._word(word.decode("ascii"), int(number) if number is not None else None)
        elif escape == b"*":
            self._group = replace(self._group, starred=True)
        elif escape is not None:
            self._put(ESCAPES.get(escape, ""))
        return 0

    def text(self) -> str:
        """All that was read. Characters beyond the first plane came as two halves, which are joined here."""
        self._flush()
        self._end_table()
        joined = "".join(self._out).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return re.sub(r"[ \t]*\n(?:[ \t]*\n){2,}", "\n\n", joined).strip()

    def _brace(self, brace: bytes) -> None:
        self._flush()
        self._skip = 0
        if brace == b"{":
            self._outer.append(self._group)
            self._group = replace(self._group, starred=False, closing="")
            return
        self._put(self._group.closing)
        if self._outer:
            self._group = self._outer.pop()

    def _word(self, word: str, number: int | None) -> int:
        self._flush()
        if self._skip and word != "u" and word != "bin":
            self._skip -= 1
            return 0
        starred, self._group = self._group.starred, replace(self._group, starred=False)
        if word == "bin":
            return max(number or 0, 0)
        if word == "u" and number is not None:
            self._put(chr(number % 0x10000))
            self._skip = self._group.fallback
        elif word in SYMBOLS:
            self._put(SYMBOLS[word])
            self._end_paragraph(word)
        elif word in NOTES:
            self._put(" [")
            self._group = replace(self._group, closing="]")
        elif word in SILENT or (starred and word not in HEARD):
            self._group = replace(self._group, silent=True)
        else:
            self._set(word, number)
        return 0

    def _set(self, word: str, number: int | None) -> None:
        """A word that changes the state, if it is one of the few that matter to the text."""
        match word:
            case "cell" | "nestcell":
                self._end_cell(nested=word == "nestcell")
            case "row" | "nestrow":
                self._end_row(nested=word == "nestrow")
            case "intbl" | "trowd" | "pard":
                self._in_table = word != "pard"
            case "v" | "deleted":
                self._group = replace(self._group, hidden=number != 0)
            case "plain":
                self._group = replace(self._group, hidden=False)
            case "uc" if number is not None:
                self._group = replace(self._group, fallback=min(max(number, 0), 16))
            case "f" if number is not None:
                self._font = number
                self._group = replace(self._group, charset=self._fonts.get(number))
            case "fcharset" if number in CHARSETS and self._group.silent:
                self._fonts[self._font] = CHARSETS[number]
            case "ansicpg" if number is not None:
                self._charset = _codepage(number)
            case "mac":
                self._charset = "mac_roman"

    def _put_bytes(self, data: bytes) -> None:
        passed = min(self._skip, len(data))
        self._skip -= passed
        self._bytes += data[passed:]

    def _flush(self) -> None:
        if self._bytes:
            data, self._bytes = bytes(self._bytes), bytearray()
            self._put(data.decode(self._group.charset or self._charset, "replace"))

    def _put(self, text: str) -> None:
        self._flush()
        if text and not self._group.silent and not self._group.hidden:
            if self._rows and not self._row and not self._in_table and text.strip():
                self._end_table()
            self._out.append(text)

    def _end_paragraph(self, word: str) -> None:
        if word != "tab" and not self._in_table and not self._row:
            self._cell_start = len(self._out)

    def _end_cell(self, *, nested: bool) -> None:
        if nested:
            self._put(" ")
        elif not self._group.silent:
            self._row.append("".join(self._out[self._cell_start :]).strip())
            del self._out[self._cell_start :]

    def _end_row(self, *, nested: bool) -> None:
        if nested:
            self._put("\n")
        elif self._row:
            self._rows.append(self._row)
            self._row = []

    def _end_table(self) -> None:
        if self._row:
            self._rows.append(self._row)
        if self._rows:
            tail = self._out[self._cell_start :]
            self._out[self._cell_start :] = ["\n", render_table(self._rows), "\n\n", *tail]
            self._cell_start = len(self._out) - len(tail)
        self._row, self._rows = [], []


def _codepage(number: int) -> str:
    for name in (f"cp{number}", "mac_roman" if number == 10000 else "utf-8" if number == 65001 else "cp1252"):
        try:
            return codecs.lookup(name).name
        except LookupError:
            continue
    return "cp1252"
