"""What a file really is: its first bytes decide, and its name only where they do not."""

from __future__ import annotations

import re
from pathlib import PurePath

from extractor.errors import DocumentError

__all__ = ["sniff"]

_MAGIC = {
    "zip": (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"),
    "ole": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",),
    "tnef": (b'x\x9f>"',),
    "image": (
        *(b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"8BPS"),
        *(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),  # TIFF
        *(b"\0\0\0\x0cjP  ", b"\xffO\xffQ"),  # JPEG 2000
    ),
}
_FOREIGN = {
    "an archive": (b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"MSCF"),
    "a program": (b"MZ", b"\x7fELF"),
    "a recording": (b"OggS", b"ID3", b"fLaC"),
    "an SQLite database": (b"SQLite format 3\0",),
    "a Parquet table": (b"PAR1",),
    "an Outlook mailbox": (b"!BDN",),
    "a PostScript file": (b"%!PS",),
    "an AutoCAD drawing": (b"AC10",),
    "a DjVu scan": (b"AT&TFORM",),
    "a JPEG XL picture": (b"\xff\n", b"\0\0\0\x0cJXL "),
}
_NAMES = {
    **dict.fromkeys((".csv", ".tsv"), "csv"),
    **dict.fromkeys((".eml", ".mht", ".mhtml"), "eml"),
    **dict.fromkeys((".htm", ".html", ".xhtml"), "html"),
    **dict.fromkeys((".json", ".jsonl", ".ndjson"), "json"),
    **dict.fromkeys((".markdown", ".md"), "markdown"),
    **dict.fromkeys((".mbox", ".mbx"), "mbox"),
    **dict.fromkeys((".ico", ".pbm", ".pcx", ".pgm", ".pnm", ".ppm", ".tga"), "image"),
    **{".pdf": "pdf", ".svg": "svg"},
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
    for kind, beginnings in _MAGIC.items():
        if data.startswith(beginnings):
            return kind
    if data[4:8] == b"ftyp":
        if _PICTURES & {data[8:12], *(data[place : place + 4] for place in range(16, 40, 4))}:
            return "image"
        raise DocumentError("this is a recording, not a document; write it down first", kind="unsupported")
    if (data[:2] == b"BM" and data[6:10] == bytes(4)) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP"):
        return "image"
    for kind, beginnings in _FOREIGN.items():
        if any(data.startswith(each) and (len(each) > 3 or b"\0" in data[:512]) for each in beginnings):
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
