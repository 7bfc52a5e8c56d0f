"""What a ZIP or OLE container, or a file of XML, holds: which format it is, and the bytes of it.

OLE files are opened by olefile, encrypted ones by msoffcrypto-tool.
"""

from __future__ import annotations

import struct
from base64 import b64decode
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from zipfile import ZipFile

from extractor.documents.archive import open_archive
from extractor.documents.elements import child, parse_xml
from extractor.documents.ole import Storage, open_storage
from extractor.documents.sniff import sniff
from extractor.documents.source import Source, too_large
from extractor.errors import DocumentError

__all__ = ["native_file", "opened"]

_ROOTS = {"document": "docx", "presentation": "pptx", "workbook": "xlsx", "wordDocument": "docx"}
_STREAMS = {
    "__properties_version1.0": "msg",
    "worddocument": "doc",
    "powerpoint document": "ppt",
    "workbook": "xls",
    "book": "xls",
}
_NATIVE, _PACKAGE = "\x01ole10native", b"\x02\0"
_WRAPPED = ("package", "contents")  # streams that hold a whole file
_LAYERS = 3
_PUBLIC = "VelvetSweatshop"  # the password of files that Excel opens without asking
_GLOBALS, _FILE_PASS = 4096, 0x002F  # where in a workbook the record stands that tells of its encryption
_LOCKED_DECK = bytes.fromhex("dfc4d1f3")


def opened(data: bytes, source: Source) -> tuple[str, bytes, Source]:
    """The format of a file by its content, and its bytes, taken out of what they are wrapped or locked in.

    Raises DocumentError: kind "encrypted" without the right password, "unsupported" where there is no document in it.
    """
    for _ in range(_LAYERS):
        kind = sniff(data, source.name)
        if kind == "zip":
            return _package(data, source), data, source
        if kind not in ("ole", "xml"):
            return kind, data, source
        kind, inner = _ole(data, source) if kind == "ole" else _xml(data)
        if kind:
            return kind, data, source
        data, source = inner, replace(source, storage=())
    raise too_large("the nesting of files within files", _LAYERS, "levels")


def _xml(data: bytes) -> tuple[str, bytes]:
    """An office file that is one file of XML, as the package that it would be; Excel's of 2003 is a form of its own."""
    try:
        root = parse_xml(data)
    except ElementTree.ParseError as error:
        raise DocumentError(f"the file is damaged ({error}); fetch it again", kind="damaged") from error
    if root.tag == "Workbook":
        return "spreadsheetml", b""
    parts: dict[str, bytes] = {}
    if root.tag == "package":
        for part in root:
            for content in part:
                inner = content.text or "" if content.tag == "binaryData" else ""
                parts[part.get("name", "").lstrip("/")] = b64decode(inner) if inner else _first_child(content)
    elif root.tag == "wordDocument":
        parts["word/document.xml"] = data
    else:
        about = ElementTree.tostring(child(root, "meta"))
        parts = {
            "mimetype": root.get("mimetype", "").encode(),
            "content.xml": data,
            "styles.xml": data,
            "meta.xml": about,
        }
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    return "", packed.getvalue()


def _first_child(content: Element) -> bytes:
    return ElementTree.tostring(content[0], "utf-8", xml_declaration=True) if len(content) else b""


def native_file(stream: bytes, *, sized: bool = True) -> bytes:
    """The file in an object of class Package ([MS-OLEDS] 2.3.6): after its label, its path, and the path of a copy.

    `sized`: the size of the whole stands first, as it does in the stream of an OLE container. Objects of other classes
    are their data as it is.
    """
    head = place = 4 if sized else 0
    if stream[head : head + 2] != _PACKAGE:
        return stream[head:]
    try:
        place = stream.index(b"\0", stream.index(b"\0", head + 2) + 1) + 5
        place += 4 + struct.unpack_from("<I", stream, place)[0]
        size = struct.unpack_from("<I", stream, place)[0]
    except (ValueError, struct.error):
        size = 0
    if not size:
        raise DocumentError("the embedded object is damaged; fetch it again", kind="damaged")
    return stream[place + 4 : place + 4 + size]


def _package(data: bytes, source: Source) -> str:
    archive = open_archive(data, source.limits)
    mimetype = archive.read("mimetype").decode("ascii", "replace").strip()
    if "opendocument" in mimetype:
        return "ods" if "spreadsheet" in mimetype else "odp" if "presentation" in mimetype else "odt"
    if "META-INF/container.xml" in archive:
        return "epub"
    kind = "xlsb" if archive.main.endswith(".bin") else _ROOTS.get(archive.root.tag)
    if kind is None:
        raise DocumentError("the office file is damaged: it has no readable main part; fetch it again", kind="damaged")
    return kind


def _ole(data: bytes, source: Source) -> tuple[str, bytes]:
    """What the container is, or "" and the file that it wraps."""
    storage = open_storage(data, source)
    names = {name.lower(): name for name in storage.names}
    if "encryptedpackage" in names:
        return "", _unlocked(data, source)
    for name, kind in _STREAMS.items():
        if name in names:
            return ("", _unlocked(data, source)) if _is_locked(storage, names[name], kind) else (kind, b"")
    if _NATIVE in names:
        return "", native_file(storage.read(names[_NATIVE]))
    for name in _WRAPPED:
        if name in names:
            return "", storage.read(names[name])
    raise DocumentError("this is an OLE container with no document in it; export it to PDF", kind="unsupported")


def _is_locked(storage: Storage, main: str, kind: str) -> bool:
    """Whether a file of old is encrypted, as its first bytes tell."""
    match kind:
        case "doc":
            return any(byte & 1 for byte in storage.read(main)[11:12])
        case "xls":
            return any(record == _FILE_PASS for record in _records(storage.read(main)[:_GLOBALS]))
        case "ppt":
            return "EncryptedSummary" in storage or storage.read("Current User")[12:16] == _LOCKED_DECK
    return False


def _records(stream: bytes) -> Iterator[int]:
    """The kinds of the records at the beginning of a workbook."""
    place = 0
    while place + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, place)
        yield kind
        place += 4 + size


def _unlocked(data: bytes, source: Source) -> bytes:
    """The decrypted file. Raises DocumentError "encrypted" without the right password."""
    import msoffcrypto  # type: ignore[import-untyped]
    from msoffcrypto.exceptions import InvalidKeyError  # type: ignore[import-untyped]

    try:
        for key in filter(None, (source.password, _PUBLIC)):  # the password of a folder is not that of all its files
            with suppress(InvalidKeyError):
                file, plain = msoffcrypto.OfficeFile(BytesIO(data)), BytesIO()
                check = (
                    {"verify_password": True} if file.format == "ooxml" else {}
                )  # the older ones check it themselves
                file.load_key(password=key, **check)
                file.decrypt(plain)
                return plain.getvalue()
    except Exception as error:  # the library asserts, and meets what it does not expect
        reason = str(error) or type(error).__name__
        raise DocumentError(f"the encrypted file is damaged ({reason}); fetch it again", kind="damaged") from error
    wrong = "the password does not open the file; give the right one"
    absent = "the file is encrypted; give its password (password=, --password)"
    raise DocumentError(wrong if source.password else absent, kind="encrypted")
