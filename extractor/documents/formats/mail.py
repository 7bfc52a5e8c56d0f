"""E-mail as it is sent (EML, MHTML) and as it is kept (mbox), by the standard library's parser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.policy import Compat32
from email.utils import getaddresses

from extractor.documents.parsed import Attachment, Parsed
from extractor.documents.source import Source
from extractor.documents.text import decode

__all__ = ["parse"]

_SEPARATOR = re.compile(rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From \S+ [^\r\n]*\d\d:\d\d[^\r\n]*\r?\n")
_QUOTED_FROM = re.compile(rb"(?m)^>(>*From )")
_SHOWN = ("From", "To", "Cc", "Bcc", "Reply-To", "Date", "Subject")
_PEOPLE = frozenset({"From", "To", "Cc", "Bcc", "Reply-To"})
_SILENT = {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
_SUFFIXES = {"message/rfc822": ".eml", "text/calendar": ".ics", "text/html": ".html", "application/pdf": ".pdf"}
_CHARSET = re.compile(r"[\w.:+-]{1,40}", re.A)
_LETTER = re.compile(r"\w")


class _Raw(Compat32):
    """Headers as they stand in the file, bytes beyond ASCII included: senders break the rules in any charset."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        return value


def parse(data: bytes, source: Source) -> Parsed:
    """One message, or all those of a mailbox in a row: headers, then the body, then attachments still to be read."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:64]:
        data = decode(data).text.encode("utf-8", "replace")
    messages = [_message(message) for message in _split(data)]
    if len(messages) == 1:
        return messages[0]
    text = "\n".join(f"--- message {number} ---\n\n{part.text}" for number, part in enumerate(messages, 1))
    attachments = tuple(attachment for part in messages for attachment in part.attachments)
    return Parsed(text, attachments=attachments, metadata={"messages": len(messages)})


def _split(data: bytes) -> list[bytes]:
    if _SEPARATOR.match(data) is None:
        return [data]
    return [_QUOTED_FROM.sub(rb"\1", message) for message in _SEPARATOR.split(data)[1:]]


def _message(data: bytes) -> Parsed:
    message = message_from_bytes(data, policy=_Raw())
    headers = {name: value for name in _SHOWN if (value := _header(message, name))}
    block = "".join(f"{name}: {value}\n" for name, value in headers.items())
    body, attachments = _contents(message)
    text = f"{block}\n{body.strip()}\n" if block else body
    metadata = {name.lower(): value for name, value in headers.items()}
    if identity := _header(message, "Message-ID"):
        metadata["message-id"] = identity
    return Parsed(text, attachments=tuple(attachments), metadata=metadata)


def _header(message: Message, name: str) -> str:
    """All headers of this name in a row, unfolded, with encoded words and raw bytes decoded."""
    decoded = _people if name in _PEOPLE else _words
    values = [" ".join(decoded(value).split()) for value in message.get_all(name, ())]
    return ", ".join(value for value in values if value)


def _people(value: str) -> str:
    """Encoded names decoded; one that holds a comma stays in quotes, so that it is not taken for two."""
    people = getaddresses([value])
    if "=?" not in value or not all(address for _, address in people):
        return _words(value)
    names = [(_words(name), address) for name, address in people]
    return ", ".join(_person(name, address) for name, address in names)


def _person(name: str, address: str) -> str:
    if not name:
        return address
    return f'"{name}" <{address}>' if set(name) & set(',;@<>"') else f"{name} <{address}>"


def _words(value: str) -> str:
    if not value.isascii():
        value = _told(value.encode("utf-8", "surrogateescape"), None)
    try:
        parts = decode_header(value)
    except (HeaderParseError, ValueError):
        return value
    return "".join(part if isinstance(part, str) else _told(part, charset) for part, charset in parts)


def _told(data: bytes, charset: str | None) -> str:
    """Bytes as text by the charset they claim, whatever they are; nothing stays nothing."""
    declared = charset if charset and _CHARSET.fullmatch(charset) else None
    return decode(data, declared=declared).text if data.strip() else ""


def _contents(message: Message) -> tuple[str, list[Attachment]]:
    """The text of a message and the files it carries, in the order of its parts."""
    texts: list[str] = []
    attachments: list[Attachment] = []
    for part in _leaves(message):
        if part.get_content_type() in _SILENT:
            continue
        if _is_body(part):
            texts.append(_body(part))
        else:
            attachments.append(_attachment(part, len(attachments) + 1))
    return "\n\n".join(text.strip() for text in texts if text.strip()), attachments


def _leaves(message: Message) -> Iterator[Message]:
    """The parts that hold content: of several alternatives, the one that says most."""
    if message.get_content_maintype() == "message" or not message.is_multipart():
        yield message
        return
    parts = [part for part in message.get_payload() if isinstance(part, Message)]
    if message.get_content_type() == "multipart/alternative":
        parts = _best(parts)
    for part in parts:
        yield from _leaves(part)


def _best(parts: list[Message]) -> list[Message]:
    """Plain text, unless another form has half as much again to say: some senders leave the plain one a stub."""
    if len(parts) < 2:
        return parts
    sizes = [len(_LETTER.findall(_contents(part)[0])) for part in parts]
    largest = max(sizes)
    return [next(part for part, size in zip(parts, sizes, strict=True) if 3 * size >= 2 * largest)]


def _is_body(part: Message) -> bool:
    if part.get_content_disposition() == "attachment" or part.get_filename():
        return False
    readable = part.get_content_maintype() in ("text", "message", "multipart")
    return readable and part.get_content_type() != "message/rfc822"


def _body(part: Message) -> str:
    text = _told(_payload(part), part.get_content_charset())
    if part.get_content_type() != "text/html":
        return text
    from extractor.documents.formats.html import html_text

    return html_text(text)


def _payload(part: Message) -> bytes:
    if part.is_multipart():
        return b"\n\n".join(inner.as_bytes() for inner in part.get_payload() if isinstance(inner, Message))
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _attachment(part: Message, number: int) -> Attachment:
    kind = part.get_content_type()
    name = part.get_filename()
    if name is None and kind == "message/rfc822":
        inner = part.get_payload()
        name = _header(inner[0], "Subject") if isinstance(inner, list) and isinstance(inner[0], Message) else None
        name = f"{name or 'message'}.eml"
    return Attachment(_words(name) if name else f"part-{number}{_SUFFIXES.get(kind, '')}", _payload(part))
