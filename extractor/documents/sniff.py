"""What a file really is: its first bytes decide, and its name only where they do not."""

from __future__ import annotations

import re
from pathlib import PurePath

from extractor.errors import DocumentError

__all__ = ["sniff"]

_MAGIC = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PK\x07\x08", "zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"\x89PNG\r\n\x1a\n", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF87a", "image"),
    (b"GIF89a", "image"),
    (b"II*\0", "image"),
    (b"MM\0*", "image"),
    (b"II+\0", "image"),
    (b"MM\0+", "image"),
    (b"\0\0\0\x0cjP  ", "image"),
    (b"\xffO\xffQ", "image"),
    (b"8BPS", "image"),
    (b'x\x9f>"', "tnef"),
)
_FOREIGN = (
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"MSCF", "a cabinet archive"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"PAR1", "a Parquet table"),
    (b"OggS", "a recording"),
    (b"ID3", "a recording"),
    (b"fLaC", "a recording"),
    (b"!BDN", "an Outlook mailbox"),
    (b"%!PS", "a PostScript file"),
    (b"AC10", "an AutoCAD drawing"),
    (b"AT&TFORM", "a DjVu scan"),
    (b"\xff\n", "a JPEG XL picture"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
)
_NAMES = {
    ".csv": "csv",
    ".eml": "eml",
    ".htm": "html",
    ".html": "html",
    ".json": "json",
    ".jsonl": "json",
    ".markdown": "markdown",
    ".mbox": "mbox",
    ".mbx": "mbox",
    ".md": "markdown",
    ".mht": "eml",
    ".mhtml": "eml",
    ".ndjson": "json",
    ".pdf": "pdf",
    ".svg": "svg",
    **dict.fromkeys((".ico", ".pbm", ".pcx", ".pgm", ".pnm", ".ppm", ".tga"), "image"),
    ".tsv": "csv",
    ".xhtml": "html",
}
_HTML = re.compile(rb"(?:<\?xml[^>]*>|<!--.{0,2000}?-->|\s)*<(?:!doctype\s+html|html|head|body)[\s>]", re.I | re.S)
_SVG = re.compile(rb"(?:<\?xml[^>]*>|<!--.{0,2000}?-->|<!doctype\s+svg[^>]*>|\s)*<svg[\s>]", re.I | re.S)
_PICTURES = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis", b"miaf"}
_OFFICE_XML = re.compile(
    rb"urn:oasis:names:tc:opendocument:xmlns:office:1\.0|urn:schemas-microsoft-com:office:spreadsheet"
    rb"|schemas\.microsoft\.com/office/(?:word/2003/wordml|2006/xmlPackage)"
)
_OFFICE_NAMES = frozenset({".doc", ".docx", ".dot", ".ods", ".odt", ".ppt", ".rtf", ".xls", ".xlsx", ".xlt"})
_FRAGMENT = re.compile(
    rb"\s*<(?:!--|b|br|center|div|font|h[1-6]|link|meta|p|script|span|style|t[dr]|table|title)\b", re.I
)
_MULTIPART = re.compile(rb"^content-type:\s*multipart/", re.I | re.M)
_HEADER = re.compile(rb"^([!-9;-~]{1,60}):[ \t]", re.M)
_MAIL = {b"date", b"from", b"message-id", b"mime-version", b"received", b"return-path", b"subject", b"to"}
_ENVELOPE = {b"message-id", b"mime-version", b"received", b"return-path"}
_MBOX = re.compile(rb"From \S+ +(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} +\d{1,2} \d\d:\d\d.*\r?\n")


def sniff(data: bytes, name: str) -> str:
    """The format of `data`: pdf, zip, ole, xml, rtf, image, svg, html, eml, mbox, tnef, json, csv, markdown or text.

    Raises DocumentError: kind "empty" for no bytes, "unsupported" for a kind of file that holds no document.
    """
    if not data:
        raise DocumentError("the file is empty (0 bytes); fetch it again or leave it out", kind="empty")
    suffix = PurePath(name).suffix.lower().partition("?")[0]  # of a URL that others differ from by their query alone
    return _by_magic(data) or _by_markup(_head(data), suffix) or _by_name(data, suffix)


def _head(data: bytes) -> bytes:
    """The beginning without a byte order mark, in bytes of which each is a character."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data[:8192].decode("utf-16", "ignore").encode()
    if data[:4:2] == b"\0\0" or data[1:4:2] == b"\0\0":
        return data[:8192].decode("utf-16-be" if data[0] == 0 else "utf-16-le", "ignore").encode()
    return data[:4096].removeprefix(b"\xef\xbb\xbf")


def _by_magic(data: bytes) -> str | None:
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image"
    if data[4:8] == b"ftyp":
        if _PICTURES & {data[8:12], *(data[place : place + 4] for place in range(16, 40, 4))}:
            return "image"
        raise DocumentError("this is a recording, not a document; write it down first", kind="unsupported")
    if data[:2] == b"BM" and data[6:10] == bytes(4):
        return "image"
    for magic, kind in _FOREIGN:
        if data.startswith(magic) and (len(magic) > 3 or b"\0" in data[:512]):
            raise DocumentError(f"this is {kind}, not a document; unpack or export it", kind="unsupported")
    return None


def _by_markup(head: bytes, suffix: str) -> str | None:
    if head.lstrip().startswith(b"%PDF-") or (suffix == ".pdf" and b"%PDF-" in head):
        return "pdf"
    if head.lstrip().startswith(b"{\\rtf"):
        return "rtf"
    if _HTML.match(head) or (suffix in _OFFICE_NAMES and _FRAGMENT.match(head)):
        return "html"
    if _SVG.match(head):
        return "svg"
    if head.lstrip().startswith(b"<") and _OFFICE_XML.search(head):
        return "xml"
    if suffix not in _NAMES and _is_mail(head):
        return "eml"
    return "mbox" if _MBOX.match(head) else None


def _by_name(data: bytes, suffix: str) -> str:
    kind = _NAMES.get(suffix, "csv" if suffix in (".xls", ".xlt") else "text")
    if kind == "pdf":
        return "pdf" if b" obj" in data or b"\0" in data else "text"
    if kind == "eml" and data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "text"
    return kind


def _is_mail(head: bytes) -> bool:
    block = re.split(rb"\r?\n\r?\n", head.lstrip(), maxsplit=1)[0]
    if not _HEADER.match(block):
        return False
    names = {match.lower() for match in _HEADER.findall(block)}
    if b"mime-version" in names and _MULTIPART.search(block):
        return True
    return len(names & _MAIL) >= 3 and bool(names & _ENVELOPE)
