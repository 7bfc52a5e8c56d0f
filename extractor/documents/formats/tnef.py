"""TNEF (winmail.dat), the envelope in which Outlook sends a message to those that do not use it ([MS-OXTNEF])."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from extractor.documents import mapi
from extractor.documents.parsed import Attachment, Parsed
from extractor.documents.source import Source
from extractor.documents.text import decode
from extractor.errors import DocumentError

__all__ = ["SIGNATURE", "parse", "unwrap"]

SIGNATURE = b"\x78\x9f\x3e\x22"
# Attributes, by the lower half of their ids.
_SUBJECT, _BODY, _CODEPAGE = 0x8004, 0x800C, 0x9007
_FILE, _FILE_PROPERTIES, _PROPERTIES = 0x9002, 0x9005, 0x9003
_NAMES = (mapi.LONG_NAME, mapi.NAME, mapi.DISPLAY_NAME)
_OF_FILES = {0x8010: mapi.NAME, 0x800F: mapi.DATA}
_WIDTHS = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 10: 4, 11: 4, 20: 8, 64: 8, 72: 16}
_WIDE = 0x1F
_NAMED = 0x8000
_LIST = 0x1000
_GUID = 16


def parse(data: bytes, source: Source) -> Parsed:
    """The message: its subject, its body, and the files it carries."""
    title, text, files = unwrap(data)
    head = f"Subject: {title}\n\n" if title else ""
    about = {"subject": title} if title else {}
    return Parsed(f"{head}{text}\n".lstrip(), attachments=tuple(files), metadata=about)


def unwrap(data: bytes) -> tuple[str, str, list[Attachment]]:
    """Subject, body in the richest form there is, and files. Raises DocumentError "damaged"."""
    message: dict[int, bytes | str] = {}
    plain: dict[int, bytes] = {}
    files: list[dict[int, bytes | str]] = []
    try:
        for attribute, value in _attributes(data):
            if attribute == _FILE:
                files.append({})
            elif attribute == _PROPERTIES:
                message |= _properties(value)
            elif attribute == _FILE_PROPERTIES and files:
                files[-1] |= _properties(value)
            elif attribute in _OF_FILES and files:
                files[-1].setdefault(_OF_FILES[attribute], value)
            else:
                plain[attribute] = value
        charset = f"cp{struct.unpack_from('<I', plain[_CODEPAGE])[0]}" if _CODEPAGE in plain else None
    except (struct.error, IndexError) as error:
        raise DocumentError("the winmail.dat is damaged or cut off; fetch it again", kind="damaged") from error
    title = _text(message.get(mapi.SUBJECT) or plain.get(_SUBJECT, b""), charset)
    rtf = message.get(mapi.RTF, b"")
    stated = _text(message.get(mapi.BODY, ""), charset)
    text = mapi.body(stated, message.get(mapi.HTML, b""), rtf if isinstance(rtf, bytes) else b"")
    text = text or _text(plain.get(_BODY, b""), charset)
    return title, text, [_attachment(file, number, charset) for number, file in enumerate(files, 1)]


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    place = 6
    while place + 9 <= len(data):
        _, attribute, size = struct.unpack_from("<BII", data, place)
        if place + 9 + size > len(data):
            raise IndexError
        yield attribute & 0xFFFF, data[place + 9 : place + 9 + size]
        place += 11 + size


def _properties(data: bytes) -> dict[int, bytes | str]:
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


def _attachment(file: dict[int, bytes | str], number: int, charset: str | None) -> Attachment:
    name = next((text for tag in _NAMES if (text := _text(file.get(tag, ""), charset))), f"part-{number}")
    data = file.get(mapi.DATA, b"")
    data = data.encode() if isinstance(data, str) else data
    return Attachment(name, data[_GUID:] if data[_GUID : _GUID + 4] == SIGNATURE else data)  # a message within it
