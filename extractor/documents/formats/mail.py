"""E-mail as it is sent (EML, MHTML) and as it is kept (mbox), by the standard library's parser."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error, a2b_uu
from codecs import BOM_UTF8
from contextlib import suppress
from dataclasses import replace
from email import message_from_bytes
from email.errors import (
    CloseBoundaryNotFoundDefect,
    HeaderParseError,
    InvalidBase64LengthDefect,
    InvalidBase64PaddingDefect,
)
from email.header import decode_header
from email.message import Message
from email.policy import Compat32
from email.utils import getaddresses

from extractor.documents.formats.outlook import SIGNATURE, unwrap
from extractor.documents.parsed import Attachment, Parsed, fullest, letter, together
from extractor.documents.source import Source
from extractor.documents.text import decode
from extractor.errors import DocumentError

__all__ = ["parse"]

_SEPARATOR = re.compile(rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From \S+ [^\r\n]*\d\d:\d\d[^\r\n]*\r?\n")
_QUOTED_FROM = re.compile(rb"(?m)^>(>*From )")
_FIELDS = ("From", "To", "Cc", "Bcc", "Reply-To", "Date", "Subject")
_PEOPLE = frozenset({"From", "To", "Cc", "Bcc", "Reply-To"})
_SILENT = {
    *("application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"),
    *("application/applefile", "application/javascript", "application/x-javascript", "text/css", "text/javascript"),
}
_SEALED = "what is encrypted (S/MIME, PGP); open it in a mail program and save a copy"
_SMIME = {"application/pkcs7-mime", "application/x-pkcs7-mime"}
_SIGNED, _CONTENT = (bytes.fromhex(f"06092a864886f70d0107{last}") for last in ("02", "01"))  # of PKCS #7
_NOT_HERE = {
    "multipart/encrypted": _SEALED,
    "message/external-body": "a part of the message that is elsewhere, and only pointed to",
    "message/partial": "the rest of the message, which was sent in several pieces",
}
_ENVELOPES = {"application/ms-tnef", "application/vnd.ms-tnef"}
_FILES = {"message/rfc822", "text/calendar", "text/directory", "text/rtf", "text/vcard", "text/x-vcard"}
_SUFFIXES = {"message/rfc822": ".eml", "text/calendar": ".ics", "text/html": ".html", "application/pdf": ".pdf"}
_CUT = (CloseBoundaryNotFoundDefect, InvalidBase64LengthDefect, InvalidBase64PaddingDefect)
_OCTETS = 0x04
_CODED = re.compile(r"(?m)^[A-Za-z0-9+/]{40}")  # the Base64 goes on after a broken line
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]*[ \t]*\r?\n)*(?:[A-Za-z0-9+/]*={0,2}[ \t]*\r?(?:\n|\Z))?")
_UUENCODED = re.compile(r"(?m)^begin [0-7]{3,4} (\S.*)\r?\n((?:[!-`].*\r?\n)+)(?:[ `]?\r?\n)?end[ \t]*\r?$")


class _Raw(Compat32):
    """Headers as they stand in the file, bytes beyond ASCII included: senders break the rules in any charset."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        return value


def parse(data: bytes, source: Source) -> Parsed:
    """One message, or all those of a mailbox in a row: headers, then the body, then attachments still to be read."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:64]:
        data = decode(data).text.encode("utf-8", "replace")
    data = data.removeprefix(BOM_UTF8).lstrip(b"\r\n")
    messages = [_message(message) for message in _split(data)]
    if len(messages) == 1:
        return messages[0]
    text = "\n".join(f"--- message {number} ---\n\n{part.text}" for number, part in enumerate(messages, 1))
    files = tuple(file for part in messages for file in part.attachments)  # two messages may carry equal ones
    return replace(together(messages, text), attachments=files, metadata={"messages": len(messages)})


def _split(data: bytes) -> list[bytes]:
    if _SEPARATOR.match(data) is None:
        return [data]
    return [_QUOTED_FROM.sub(rb"\1", message) for message in _SEPARATOR.split(data)[1:]]


def _message(data: bytes) -> Parsed:
    message = message_from_bytes(data, policy=_Raw())
    body = _contents(message)
    if any(isinstance(defect, _CUT) for part in message.walk() for defect in part.defects):
        body = replace(body, unread=(*body.unread, "the end of the message: it is cut off"))
    headers = {name: _header(message, name) for name in _FIELDS}
    return letter(headers, replace(body, text=body.text.strip()), {"message-id": _header(message, "Message-ID")})


def _header(message: Message, name: str) -> str:
    """All headers of this name in a row, unfolded, with encoded words and raw bytes decoded."""
    decoded = _people if name in _PEOPLE else _words
    values = [" ".join(decoded(value, message).split()) for value in message.get_all(name, ())]
    return ", ".join(value for value in values if value)


def _people(value: str, message: Message) -> str:
    """Encoded names decoded; one that holds a comma stays in quotes, so that it is not taken for two."""
    people = getaddresses([value]) if "=?" in value else []
    if not people or not all(address for _, address in people):
        return _words(value, message)
    return ", ".join(_person(_words(name, message), address) for name, address in people)


def _person(name: str, address: str) -> str:
    if not name:
        return address
    return f'"{name}" <{address}>' if set(name) & set(',;@<>"') else f"{name} <{address}>"


def _words(value: str, message: Message) -> str:
    """Encoded words and raw bytes as text; raw bytes are most likely in the charset of the body."""
    if not value.isascii():
        charset = next((charset for part in message.walk() if (charset := part.get_content_charset())), None)
        value = _text(value.encode("utf-8", "surrogateescape"), charset)
    try:
        parts = decode_header(value) if "=?" in value else [(value, None)]
    except (HeaderParseError, ValueError):
        return value
    return "".join(part if isinstance(part, str) else _text(part, encoding) for part, encoding in parts)


def _text(data: bytes, charset: str | None) -> str:
    """Bytes as text by the charset they claim, whatever they are; nothing stays nothing."""
    declared = (charset or "").partition("*")[0]  # a language may follow
    return decode(data, declared=declared).text if data.strip() else ""


def _contents(part: Message) -> Parsed:
    """What one part of a message holds: its text, files still to be read, and what can only be named."""
    kind = part.get_content_type()
    if part.get_content_maintype() == "message" or not part.is_multipart() or kind in _NOT_HERE:
        behind = _cut_base64(part)
        return _followed(_leaf(part, kind), behind)
    inner = [_contents(each) for each in part.get_payload() if isinstance(each, Message)]
    wrapped = any(each.get_content_type() in _ENVELOPES for each in part.get_payload() if isinstance(each, Message))
    if inner and (kind == "multipart/alternative" or wrapped):
        whole = fullest(inner)
    else:
        whole = together(inner, "\n\n".join(each.text.strip() for each in inner if each.text.strip()))
    return _followed(whole, part.epilogue or "")


def _followed(parsed: Parsed, text: str) -> Parsed:
    """A part with the text that stands behind it, such as the footer of a mailing list; data there are named."""
    if not text.strip():
        return parsed
    if not _CODED.search(text):
        with suppress(DocumentError):
            behind = _text(text.encode("utf-8", "surrogateescape"), None).strip()
            return replace(parsed, text=f"{parsed.text.rstrip()}\n\n{behind}".lstrip())
    return replace(parsed, unread=(*parsed.unread, "data behind the end of a part of the message"))


def _cut_base64(part: Message) -> str:
    """Leave the Base64 of a part in it, which ends in groups of four characters, and return what is behind it."""
    payload = part.get_payload()
    if not isinstance(payload, str) or str(part.get("Content-Transfer-Encoding", "")).strip().lower() != "base64":
        return ""
    coded = _BASE64.match(payload)
    if coded is None or len("".join(coded[0].split())) % 4 or _CODED.search(payload, coded.end()):
        return ""
    part.set_payload(coded[0])
    return payload[coded.end() :]


def _leaf(part: Message, kind: str) -> Parsed:
    """A part without parts: the body, a file, an envelope of Outlook, or what can only be named."""
    if kind in _SILENT:
        return Parsed("")
    if kind in _NOT_HERE:
        return Parsed("", unread=(_NOT_HERE[kind],))
    data = _payload(part)
    if kind in _SMIME:
        signed = _signed(data)
        return _contents(message_from_bytes(signed, policy=_Raw())) if signed else Parsed("", unread=(_SEALED,))
    if data.startswith(SIGNATURE):
        return _envelope(data)
    if _is_body(part, kind):
        return _body(part, kind, data)
    return Parsed("", attachments=(Attachment(_name(part, kind), data),))


def _signed(data: bytes) -> bytes:
    """The message within a signature that holds it (RFC 5652), b"" where there is none to be read."""
    place = data.find(_CONTENT, max(data.find(_SIGNED, 0, 64), 0)) + len(_CONTENT)
    if _SIGNED not in data[:64] or place < len(_CONTENT):
        return b""
    try:
        _, place, _ = _element(data, place)
        tag, place, size = _element(data, place)
        if tag == _OCTETS:
            return data[place : place + size]
        end, pieces = (place + size if size else len(data)), []
        while place < end and data[place] == _OCTETS:
            _, start, size = _element(data, place)
            pieces.append(data[start : start + size])
            place = start + size
    except IndexError:
        return b""
    return b"".join(pieces)


def _element(data: bytes, place: int) -> tuple[int, int, int]:
    """The tag of an ASN.1 element, where its content begins, and its length: 0 where only its end shows that."""
    tag, size, place = data[place], data[place + 1], place + 2
    if size < 0x80:
        return tag, place, size
    return tag, place + (size & 0x7F), int.from_bytes(data[place : place + (size & 0x7F)], "big")


def _envelope(data: bytes) -> Parsed:
    try:
        return unwrap(data)[1]
    except DocumentError as error:
        return Parsed("", unread=(f"winmail.dat: {error}",))


def _is_body(part: Message, kind: str) -> bool:
    if part.get_content_disposition() == "attachment" or part.get_filename():
        return False
    return part.get_content_maintype() in ("text", "message", "multipart") and kind not in _FILES


def _body(part: Message, kind: str, data: bytes) -> Parsed:
    text = _text(data, part.get_content_charset())
    if kind.endswith("html"):  # that of AMP and of watches too
        from extractor.documents.formats.html import html_parts

        return html_parts(text)
    if kind == "text/plain":
        if str(part.get_param("format", "")).lower() == "flowed":
            text = _unflowed(text, joined=str(part.get_param("delsp", "")).lower() == "yes")
        return _without_files(text)
    return Parsed(text)


def _unflowed(text: str, *, joined: bool) -> str:
    """Paragraphs as their sender wrote them: a line that ends in a space goes on in the next one (RFC 3676)."""
    lines: list[str] = []
    open_depth = -1  # of quotes; -1 where the line before does not go on
    for line in text.splitlines():
        content = line.lstrip(">")
        depth = len(line) - len(content)
        content = content.removeprefix(" ")
        if depth == open_depth and content != "-- ":
            lines[-1] = (lines[-1][:-1] if joined else lines[-1]) + content
        else:
            lines.append(">" * depth + (" " if depth and content else "") + content)
        open_depth = depth if content.endswith(" ") and content != "-- " else -1
    return "\n".join(line.rstrip() for line in lines)


def _without_files(text: str) -> Parsed:
    """A text from which the files are taken that old programs write into it (uuencode)."""
    files: list[Attachment] = []

    def taken(match: re.Match[str]) -> str:
        try:
            data = b"".join(a2b_uu(line) for line in match[2].splitlines())
        except (ValueError, Error):
            return match[0]
        files.append(Attachment(match[1].strip(), data))
        return ""

    return Parsed(_UUENCODED.sub(taken, text), attachments=tuple(files))


def _payload(part: Message) -> bytes:
    if part.is_multipart():
        whole = b"\n\n".join(inner.as_bytes() for inner in part.get_payload() if isinstance(inner, Message))
        if str(part.get("Content-Transfer-Encoding", "")).strip().lower() == "base64":
            with suppress(Error):
                return b64decode(whole)
        return whole
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _name(part: Message, kind: str) -> str:
    """The file's name; that of a message is its subject, and of what has none what it is."""
    if name := part.get_filename():
        return _words(name, part)
    inner = part.get_payload()
    if kind == "message/rfc822" and isinstance(inner, list) and isinstance(inner[0], Message):
        return f"{_header(inner[0], 'Subject') or 'message'}.eml"
    return f"{kind.partition('/')[0]}{_SUFFIXES.get(kind, '')}"
