"""What Outlook writes: messages (MSG, [MS-OXMSG]), and the envelope in which it sends them to others, winmail.dat.

Both are properties by number ([MS-OXPROPS]); the envelope is TNEF ([MS-OXTNEF]), bodies may be RTF, compressed
([MS-OXRTFCP]).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from extractor.documents.formats.html import decode_html, html_parts
from extractor.documents.ole import Storage, open_storage
from extractor.documents.parsed import Attachment, Parsed, fullest, letter
from extractor.documents.source import Source
from extractor.documents.text import decode
from extractor.errors import DocumentError

__all__ = ["SIGNATURE", "parse", "unwrap"]

_SUBJECT, _BODY, _RTF, _HTML = 0x0037, 0x1000, 0x1009, 0x1013
_DATA, _NAME, _LONG_NAME, _DISPLAY_NAME = 0x3701, 0x3704, 0x3707, 0x3001
_HEAD = struct.Struct("<IIII")
_COMPRESSED, _STORED = 0x75465A4C, 0x414C454D
_WINDOW = 4096
_PRIMER = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor "
    rb"MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    + b"\r\n"
    + rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)

_SENT, _DELIVERED = 0x0039, 0x0E06
_SENDER, _SENDER_ADDRESS, _SENDER_SMTP = 0x0C1A, 0x0C1F, 0x5D01
_KIND, _ADDRESS, _SMTP = 0x0C15, 0x3003, 0x39FE
_IDENTITY, _METHOD = 0x1035, 0x3705
_OBJECT = 6  # the method of attachments that are storages of other programs
_BODY_CODEPAGE, _CODEPAGE = 0x3FDE, 0x3FFD
_NARROW, _WIDE, _BINARY, _STORAGE = 0x001E, 0x001F, 0x0102, 0x000D
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)

SIGNATURE = b"\x78\x9f\x3e\x22"
# Attributes, by the lower half of their ids.
_PLAIN_SUBJECT, _PLAIN_BODY, _PLAIN_CODEPAGE = 0x8004, 0x800C, 0x9007
_FILE, _FILE_PROPERTIES, _PROPERTIES = 0x9002, 0x9005, 0x9003
_NAMES = (_LONG_NAME, _NAME, _DISPLAY_NAME)
_OF_FILES = {0x8010: _NAME, 0x800F: _DATA}
_WIDTHS = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 10: 4, 11: 4, 20: 8, 64: 8, 72: 16}
_NAMED = 0x8000
_LIST = 0x1000
_GUID = 16


def parse(data: bytes, source: Source) -> Parsed:
    """The message as one text; attachments, messages among them, are to be read."""
    if data.startswith(SIGNATURE):
        return _enveloped(data)
    storage = open_storage(data, source)
    message = _Properties(storage, 24 if source.storage else 32)
    html: bytes | str = message.binary(_HTML) or message.text(_HTML)
    body = _body(message.text(_BODY), html, message.binary(_RTF))
    files = [_attachment(message.inner(name, 8), data) for name in message.names("__attach_version1.0_")]
    about = {**storage.about(), "message-id": message.text(_IDENTITY)}
    return letter(_headers(message), replace(body, attachments=(*body.attachments, *files)), about)


class _Properties:
    """The properties of a message, a recipient or an attachment; `head` bytes stand before the fixed ones."""

    def __init__(self, storage: Storage, head: int) -> None:
        self.storage = storage
        self._fixed = dict(_entries(storage.read("__properties_version1.0"), head))

    def binary(self, tag: int, kind: int = _BINARY) -> bytes:
        """A property of variable length, b"" where it is not set."""
        return self.storage.read(f"__substg1.0_{tag:04X}{kind:04X}")

    def text(self, tag: int) -> str:
        """A text property, in Unicode or in the code page of the message."""
        if wide := self.binary(tag, _WIDE):
            return wide.decode("utf-16-le", "replace").strip("\0")
        narrow = self.binary(tag, _NARROW).strip(b"\0")
        return decode(narrow, declared=self.charset()).text if narrow.strip() else ""

    def number(self, tag: int) -> int:
        """A whole number, 0 where it is not set."""
        return int.from_bytes(self._fixed.get(tag, b"")[:4], "little")

    def date(self, tag: int) -> str:
        """A point in time as mail writes it, "" where it is not set."""
        ticks = int.from_bytes(self._fixed.get(tag, b""), "little")
        return format_datetime(_EPOCH + timedelta(microseconds=ticks // 10)) if 0 < ticks < 2 << 60 else ""

    def charset(self) -> str | None:
        """The code page of the texts that are not in Unicode."""
        page = self.number(_BODY_CODEPAGE) or self.number(_CODEPAGE)
        return {0: None, 65001: "utf-8", 20127: "ascii"}.get(page, f"cp{page}")

    def inner(self, name: str, head: int) -> _Properties:
        """Those of a folder within this one."""
        return _Properties(self.storage.inner(name), head)

    def names(self, prefix: str) -> list[str]:
        """The folders within this one whose names begin so, in order."""
        return sorted(name for name in self.storage.folders if name.startswith(prefix))


def _entries(data: bytes, head: int) -> Iterator[tuple[int, bytes]]:
    for offset in range(head, len(data) - 15, 16):
        yield struct.unpack_from("<H", data, offset + 2)[0], data[offset + 8 : offset + 16]


def _headers(message: _Properties) -> dict[str, str]:
    sender = _person(message.text(_SENDER), message.text(_SENDER_SMTP) or message.text(_SENDER_ADDRESS))
    people: dict[int, list[str]] = {1: [], 2: [], 3: []}
    for name in message.names("__recip_version1.0_"):
        person = message.inner(name, 8)
        address = person.text(_SMTP) or person.text(_ADDRESS)
        people.setdefault(person.number(_KIND), []).append(_person(person.text(_DISPLAY_NAME), address))
    to, cc, bcc = (", ".join(people[kind]) for kind in (1, 2, 3))
    date = message.date(_SENT) or message.date(_DELIVERED)
    return {"From": sender, "To": to, "Cc": cc, "Bcc": bcc, "Date": date, "Subject": message.text(_SUBJECT)}


def _person(name: str, address: str) -> str:
    """A person as a header shows them; addresses of an Exchange directory, which nobody can write to, are left out."""
    if "@" not in address:
        return name or address
    return f"{name} <{address}>" if name and name != address else address


def _attachment(attachment: _Properties, data: bytes) -> Attachment:
    names = (attachment.text(tag) for tag in (_LONG_NAME, _NAME, _DISPLAY_NAME))
    name = next(filter(None, names), "attachment")
    inner = f"__substg1.0_{_DATA:04X}{_STORAGE:04X}"
    if inner not in attachment.storage.folders:
        return Attachment(name, attachment.binary(_DATA))
    if attachment.number(_METHOD) != _OBJECT:
        name = attachment.inner(inner, 24).text(_SUBJECT) or "message"
    return Attachment(name, data, attachment.storage.inner(inner).path)


def _enveloped(data: bytes) -> Parsed:
    """The message in an envelope: its subject, its body, and the files it carries."""
    title, message = unwrap(data)
    return letter({"Subject": title}, message, {})


def unwrap(data: bytes) -> tuple[str, Parsed]:
    """The subject, and the body with the files. Raises DocumentError "damaged"."""
    message: dict[int, bytes | str] = {}
    plain: dict[int, bytes] = {}
    files: list[dict[int, bytes | str]] = []
    try:
        for attribute, value in _attributes(data):
            if attribute == _FILE:
                files.append({})
            elif attribute == _PROPERTIES:
                message |= _values(value)
            elif attribute == _FILE_PROPERTIES and files:
                files[-1] |= _values(value)
            elif attribute in _OF_FILES and files:
                files[-1].setdefault(_OF_FILES[attribute], value)
            else:
                plain[attribute] = value
        charset = f"cp{struct.unpack_from('<I', plain[_PLAIN_CODEPAGE])[0]}" if _PLAIN_CODEPAGE in plain else None
    except (struct.error, IndexError) as error:
        raise DocumentError("the winmail.dat is damaged or cut off; fetch it again", kind="damaged") from error
    title = _text(message.get(_SUBJECT) or plain.get(_PLAIN_SUBJECT, b""), charset)
    rtf = message.get(_RTF, b"")
    stated = _text(message.get(_BODY, ""), charset)
    body = _body(stated, message.get(_HTML, b""), rtf if isinstance(rtf, bytes) else b"")
    attachments = tuple(_file_of(file, number, charset) for number, file in enumerate(files, 1))
    text = body.text or _text(plain.get(_PLAIN_BODY, b""), charset)
    return title, replace(body, text=text, attachments=(*body.attachments, *attachments))


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    place = 6
    while place + 9 <= len(data):
        _, attribute, size = struct.unpack_from("<BII", data, place)
        if place + 9 + size > len(data):
            raise IndexError
        yield attribute & 0xFFFF, data[place + 9 : place + 9 + size]
        place += 11 + size


def _values(data: bytes) -> dict[int, bytes | str]:
    """Texts and binaries by their tags; numbers and named properties are passed over."""
    found: dict[int, bytes | str] = {}
    (count,) = struct.unpack_from("<I", data)
    place = 4
    for _ in range(count):
        kind, tag = struct.unpack_from("<HH", data, place)
        place += 4
        if tag >= _NAMED:
            place = _past_name(data, place)
        several, kind = kind & _LIST, kind & ~_LIST
        values = 1
        if several or kind not in _WIDTHS:
            (values,) = struct.unpack_from("<I", data, place)
            place += 4
        if kind in _WIDTHS:
            place += values * _WIDTHS[kind]
            continue
        for _ in range(values):
            (size,) = struct.unpack_from("<I", data, place)
            value = data[place + 4 : place + 4 + size]
            place += 4 + size + -size % 4
            if tag < _NAMED and not several:
                found[tag] = value.decode("utf-16-le", "replace").rstrip("\0") if kind == _WIDE else value
    return found


def _past_name(data: bytes, place: int) -> int:
    kind, size = struct.unpack_from("<II", data, place + _GUID)
    return place + _GUID + 8 + (size + -size % 4 if kind else 0)


def _text(value: bytes | str, charset: str | None) -> str:
    if isinstance(value, str):
        return value.strip()
    value = value.strip(b"\0 \r\n")
    return decode(value, declared=charset).text if value.strip() else ""


def _file_of(file: dict[int, bytes | str], number: int, charset: str | None) -> Attachment:
    name = next((text for tag in _NAMES if (text := _text(file.get(tag, ""), charset))), f"part-{number}")
    data = file.get(_DATA, b"")
    data = data.encode() if isinstance(data, str) else data
    return Attachment(name, data[_GUID:] if data[_GUID : _GUID + 4] == SIGNATURE else data)  # a message within it


def _body(text: str, html: bytes | str, rtf: bytes) -> Parsed:
    """The body of a message: the fuller of its plain text and its HTML, or its RTF where it has neither."""
    if isinstance(html, bytes):
        html = decode_html(markup).text if (markup := html.strip(b"\0 ")) else ""
    forms = [form for form in (Parsed(text.strip()), html_parts(html) if html else Parsed("")) if form.text]
    if forms:
        return fullest(forms)
    from extractor.documents.formats.rtf import rtf_parts

    return rtf_parts(_unpacked(rtf)) if rtf else Parsed("")


def _unpacked(data: bytes) -> bytes:
    """The RTF. Raises DocumentError where it is cut off or something else."""
    packed_size, size, kind, _ = _HEAD.unpack_from(data.ljust(_HEAD.size, b"\0"))
    if kind not in (_COMPRESSED, _STORED) or len(data) < 4 + packed_size:
        raise DocumentError("the body of the message is damaged or cut off; fetch it again", kind="damaged")
    packed = data[_HEAD.size :]
    return packed[:size] if kind == _STORED else bytes(_inflate(packed, size))


def _inflate(data: bytes, size: int) -> bytearray:
    """Eight items follow each control byte: a literal, or a place in the window and a length."""
    out = bytearray(_PRIMER)
    end = len(_PRIMER) + size
    position = 0
    while position < len(data):
        control = data[position]
        position += 1
        for bit in range(8):
            if control >> bit & 1:
                token = int.from_bytes(data[position : position + 2], "big")
                position += 2
                start = len(out) - (len(out) - (token >> 4)) % _WINDOW
                if start == len(out) or position > len(data):
                    return out[len(_PRIMER) : end]
                for index in range(start, start + (token & 15) + 2):
                    out.append(out[index])
            else:
                out += data[position : position + 1]
                position += 1
    return out[len(_PRIMER) : end]
