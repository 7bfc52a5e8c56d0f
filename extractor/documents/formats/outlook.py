"""Outlook messages (MSG): headers, the body, attachments, and messages within messages ([MS-OXMSG])."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from extractor.documents.containers import ole_about, open_ole, repacked
from extractor.documents.formats.html import decode_html, html_text
from extractor.documents.formats.rtf import rtf_text
from extractor.documents.lzfu import unpack
from extractor.documents.parsed import Attachment, Parsed
from extractor.documents.source import Source
from extractor.documents.text import decode

__all__ = ["parse"]

_SUBJECT, _SENT, _DELIVERED = 0x0037, 0x0039, 0x0E06
_SENDER, _SENDER_ADDRESS, _SENDER_SMTP = 0x0C1A, 0x0C1F, 0x5D01
_KIND, _ADDRESS, _SMTP, _DISPLAY = 0x0C15, 0x3003, 0x39FE, 0x3001
_BODY, _RTF, _HTML, _IDENTITY = 0x1000, 0x1009, 0x1013, 0x1035
_DATA, _NAME, _LONG_NAME, _METHOD = 0x3701, 0x3704, 0x3707, 0x3705
_OBJECT = 6  # the method of attachments that are storages of other programs
_BODY_CODEPAGE, _CODEPAGE = 0x3FDE, 0x3FFD
_NARROW, _WIDE, _BINARY, _STORAGE = 0x001E, 0x001F, 0x0102, 0x000D
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_DEPTH = 5


def parse(data: bytes, source: Source) -> Parsed:
    """The message as one text, with the messages in it; other attachments are to be read."""
    container = open_ole(data)
    storages: dict[tuple[str, ...], list[str]] = {}
    for *outer, name in container.listdir(streams=False, storages=True):
        storages.setdefault(tuple(outer), []).append(name)
    parsed = _message(_Storage(container, storages, (), 32), 0)
    return replace(parsed, metadata={**ole_about(container), **parsed.metadata})


class _Storage:
    """One storage of the container: a message, a recipient or an attachment, and its properties."""

    def __init__(
        self, container: Any, storages: Mapping[tuple[str, ...], list[str]], path: tuple[str, ...], head: int
    ) -> None:
        self._container, self._storages, self._path = container, storages, path
        self._fixed = dict(_entries(self._stream("__properties_version1.0"), head))

    def binary(self, tag: int, kind: int = _BINARY) -> bytes:
        """A property of variable length, b"" where it is not set."""
        return self._stream(f"__substg1.0_{tag:04X}{kind:04X}")

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

    def inner(self, name: str, head: int) -> _Storage:
        """A storage within this one."""
        return _Storage(self._container, self._storages, (*self._path, name), head)

    def packed(self, name: str) -> bytes:
        """A storage within this one as a file."""
        return repacked(self._container, [*self._path, name])

    def names(self, prefix: str) -> list[str]:
        """The storages within this one whose names begin so, in order."""
        return sorted(name for name in self._storages.get(self._path, ()) if name.startswith(prefix))

    def _stream(self, name: str) -> bytes:
        try:
            return bytes(self._container.openstream([*self._path, name]).read())
        except OSError:  # there is none
            return b""


def _entries(data: bytes, head: int) -> Iterator[tuple[int, bytes]]:
    for offset in range(head, len(data) - 15, 16):
        yield struct.unpack_from("<H", data, offset + 2)[0], data[offset + 8 : offset + 16]


def _message(storage: _Storage, depth: int) -> Parsed:
    headers = {name: value for name, value in _headers(storage).items() if value}
    block = "".join(f"{name}: {value}\n" for name, value in headers.items())
    texts = [f"{block}\n{_body(storage).strip()}\n".lstrip()]
    attachments: list[Attachment] = []
    for name in storage.names("__attach_version1.0_"):
        inner = _attachment(storage.inner(name, 8), depth)
        if isinstance(inner, Attachment):
            attachments.append(inner)
        else:
            texts.append(f"--- attachment: {inner.metadata.get('subject', 'message')} ---\n\n{inner.text}")
            attachments.extend(inner.attachments)
    metadata = {name.lower(): value for name, value in headers.items()}
    if identity := storage.text(_IDENTITY):
        metadata["message-id"] = identity
    return Parsed("\n".join(texts), attachments=tuple(attachments), metadata=metadata)


def _headers(storage: _Storage) -> dict[str, str]:
    sender = _person(storage.text(_SENDER), storage.text(_SENDER_SMTP) or storage.text(_SENDER_ADDRESS))
    people: dict[int, list[str]] = {1: [], 2: [], 3: []}
    for name in storage.names("__recip_version1.0_"):
        person = storage.inner(name, 8)
        address = person.text(_SMTP) or person.text(_ADDRESS)
        people.setdefault(person.number(_KIND), []).append(_person(person.text(_DISPLAY), address))
    to, cc, bcc = (", ".join(people[kind]) for kind in (1, 2, 3))
    date = storage.date(_SENT) or storage.date(_DELIVERED)
    return {"From": sender, "To": to, "Cc": cc, "Bcc": bcc, "Date": date, "Subject": storage.text(_SUBJECT)}


def _person(name: str, address: str) -> str:
    """A person as a header shows them; addresses of an Exchange directory, which nobody can write to, are left out."""
    if "@" not in address:
        return name or address
    return f"{name} <{address}>" if name and name != address else address


def _body(storage: _Storage) -> str:
    """Plain text where it was kept, else the richest form there is."""
    if text := storage.text(_BODY).strip():
        return text
    if html := storage.binary(_HTML).rstrip(b"\0"):
        return html_text(decode_html(html).text)
    if html_words := storage.text(_HTML):
        return html_text(html_words)
    return rtf_text(unpack(storage.binary(_RTF)))


def _attachment(storage: _Storage, depth: int) -> Attachment | Parsed:
    name = storage.text(_LONG_NAME) or storage.text(_NAME) or storage.text(_DISPLAY) or "attachment"
    inner = f"__substg1.0_{_DATA:04X}{_STORAGE:04X}"
    if storage.names(inner) and storage.number(_METHOD) == _OBJECT:
        return Attachment(name, storage.packed(inner))
    if storage.names(inner) and depth < _DEPTH:
        return _message(storage.inner(inner, 24), depth + 1)
    return Attachment(name, storage.binary(_DATA))
