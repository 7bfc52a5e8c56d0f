"""Outlook messages (MSG): headers, the body, attachments, and messages within messages ([MS-OXMSG])."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from extractor.documents import mapi
from extractor.documents.ole import Storage, open_storage
from extractor.documents.parsed import Attachment, Parsed
from extractor.documents.source import Source
from extractor.documents.text import decode

__all__ = ["parse"]

_SENT, _DELIVERED = 0x0039, 0x0E06
_SENDER, _SENDER_ADDRESS, _SENDER_SMTP = 0x0C1A, 0x0C1F, 0x5D01
_KIND, _ADDRESS, _SMTP = 0x0C15, 0x3003, 0x39FE
_IDENTITY, _METHOD = 0x1035, 0x3705
_OBJECT = 6  # the method of attachments that are storages of other programs
_BODY_CODEPAGE, _CODEPAGE = 0x3FDE, 0x3FFD
_NARROW, _WIDE, _BINARY, _STORAGE = 0x001E, 0x001F, 0x0102, 0x000D
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


def parse(data: bytes, source: Source) -> Parsed:
    """The message as one text; attachments, messages among them, are to be read."""
    storage = open_storage(data, source)
    message = _Properties(storage, 24 if source.storage else 32)
    headers = {name: value for name, value in _headers(message).items() if value}
    block = "".join(f"{name}: {value}\n" for name, value in headers.items())
    html: bytes | str = message.binary(mapi.HTML) or message.text(mapi.HTML)
    body = mapi.body(message.text(mapi.BODY), html, message.binary(mapi.RTF))
    files = [_attachment(message.inner(name, 8), data) for name in message.names("__attach_version1.0_")]
    metadata = {**storage.about(), **{name.lower(): value for name, value in headers.items()}}
    if identity := message.text(_IDENTITY):
        metadata["message-id"] = identity
    return Parsed(f"{block}\n{body}\n".lstrip(), attachments=tuple(files), metadata=metadata)


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
        people.setdefault(person.number(_KIND), []).append(_person(person.text(mapi.DISPLAY_NAME), address))
    to, cc, bcc = (", ".join(people[kind]) for kind in (1, 2, 3))
    date = message.date(_SENT) or message.date(_DELIVERED)
    return {"From": sender, "To": to, "Cc": cc, "Bcc": bcc, "Date": date, "Subject": message.text(mapi.SUBJECT)}


def _person(name: str, address: str) -> str:
    """A person as a header shows them; addresses of an Exchange directory, which nobody can write to, are left out."""
    if "@" not in address:
        return name or address
    return f"{name} <{address}>" if name and name != address else address


def _attachment(attachment: _Properties, data: bytes) -> Attachment:
    names = (attachment.text(tag) for tag in (mapi.LONG_NAME, mapi.NAME, mapi.DISPLAY_NAME))
    name = next(filter(None, names), "attachment")
    inner = f"__substg1.0_{mapi.DATA:04X}{_STORAGE:04X}"
    if inner not in attachment.storage.folders:
        return Attachment(name, attachment.binary(mapi.DATA))
    if attachment.number(_METHOD) != _OBJECT:
        name = attachment.inner(inner, 24).text(mapi.SUBJECT) or "message"
    return Attachment(name, data, attachment.storage.inner(inner).path)
