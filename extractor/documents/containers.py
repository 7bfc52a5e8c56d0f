"""What a ZIP or OLE container, or a file of XML, holds: which format it is, and the bytes of it.

OLE files are opened by olefile, encrypted ones by msoffcrypto-tool.
"""

from __future__ import annotations

import struct
from base64 import b64decode
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from io import BytesIO
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from zipfile import ZipFile

from extractor.documents.archive import open_archive
from extractor.documents.elements import child, parse_xml
from extractor.documents.limits import too_large
from extractor.documents.sniff import sniff
from extractor.documents.source import Source
from extractor.documents.text import decode
from extractor.errors import DocumentError

__all__ = ["native_file", "ole_about", "open_ole", "opened", "repacked"]

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
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SECTOR, _LEAST, _TABLES = 512, 4096, 109  # bytes of a sector and of a stream; tables of sectors, at most
_NONE, _END, _TABLE, _STREAM = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 2
_PUBLIC = "VelvetSweatshop"  # the password of files that Excel opens without asking
_GLOBALS, _FILE_PASS = 4096, 0x002F  # where in a workbook the record stands that tells of its encryption


def opened(data: bytes, source: Source) -> tuple[str, bytes]:
    """The format of a file by its content, and its bytes, taken out of what they are wrapped or locked in.

    Raises DocumentError: kind "encrypted" without the right password, "unsupported" where there is no document in it.
    """
    for _ in range(_LAYERS):
        kind = sniff(data, source.name)
        if kind == "zip":
            return _package(data, source), data
        if kind not in ("ole", "xml"):
            return kind, data
        kind, data = _ole(data, source) if kind == "ole" else _xml(data)
        if kind:
            return kind, data
    raise too_large("the nesting of files within files", _LAYERS, "levels")


@lru_cache(maxsize=1)
def open_ole(data: bytes) -> Any:
    """The container; the last one stays open. Raises DocumentError where it is damaged."""
    from olefile import OleFileIO  # type: ignore[import-untyped]

    try:
        return OleFileIO(BytesIO(data))
    except OSError as error:
        raise DocumentError(f"the file is damaged or cut off ({error}); fetch it again", kind="damaged") from error


def ole_about(container: Any) -> dict[str, str]:
    """Title and author, from the property stream that every Office file has."""
    stated = container.get_metadata()
    found = {"title": stated.title, "author": stated.author}
    charset = f"cp{(stated.codepage or 0) % 65536}"
    texts = {name: _stated(value, charset).strip("\0 ") for name, value in found.items()}
    return {name: text for name, text in texts.items() if text}


def repacked(container: Any, path: list[str]) -> bytes:
    """A storage within a container as a container of its own ([MS-CFB]). Raises DocumentError where it is too large.

    Streams are filled up with zeros to the least length that needs no second table.
    """
    directory: list[list[Any]] = [["Root Entry", 5, _NONE, _NONE, _END, 0]]
    places: dict[tuple[str, ...], int] = {(): 0}
    chain: list[int] = []
    body = bytearray()

    def put(data: bytes) -> int:
        first = len(chain)
        body.extend(data.ljust(-(-len(data) // _SECTOR) * _SECTOR, b"\0"))
        chain.extend(range(first + 1, len(body) // _SECTOR))
        chain.append(_END)
        return first

    entries = container.listdir(streams=True, storages=True)
    for entry in sorted((entry for entry in entries if entry[: len(path)] == path and entry != path), key=len):
        *outer, name = entry[len(path) :]
        holds_data = container.get_type(entry) == _STREAM
        data = container.openstream(entry).read().ljust(_LEAST, b"\0") if holds_data else b""
        parent = directory[places[tuple(outer)]]
        places[(*outer, name)] = len(directory)
        kind, start = (_STREAM, put(data)) if holds_data else (1, _END)
        directory.append([name, kind, parent[3], _NONE, start, len(data)])
        parent[3] = len(directory) - 1
    start = put(b"".join(_directory_entry(*entry) for entry in directory))
    tables = -(-len(chain) // (_SECTOR // 4 - 1))
    if tables > _TABLES:
        raise too_large("an embedded object", _TABLES * _SECTOR // 4 * _SECTOR, "bytes")
    allocation = [*chain, *[_TABLE] * tables]
    allocation += [_NONE] * (-len(allocation) % (_SECTOR // 4))
    head = _OLE + struct.pack("<16x5H6x", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<9I", 0, tables, start, 0, _LEAST, _END, 0, _END, 0)
    head += struct.pack("<109I", *(len(chain) + n if n < tables else _NONE for n in range(_TABLES)))
    return head + bytes(body) + struct.pack(f"<{len(allocation)}I", *allocation)


def _directory_entry(name: str, kind: int, right: int, child: int, start: int, size: int) -> bytes:
    label = name.encode("utf-16-le")
    head = label.ljust(64, b"\0") + struct.pack("<HBB", len(label) + 2, kind, 1)
    return head + struct.pack("<III36xIQ", _NONE, right, child, start, size)


def _stated(value: object, charset: str) -> str:
    if isinstance(value, bytes) and value.strip(b"\0 "):
        return decode(value.strip(b"\0"), declared=charset).text
    return value if isinstance(value, str) else ""


def _xml(data: bytes) -> tuple[str, bytes]:
    """An office file that is one file of XML, as the package that it would be; Excel's of 2003 is a form of its own."""
    try:
        root = parse_xml(data)
    except ElementTree.ParseError as error:
        raise DocumentError(f"the file is damaged ({error}); fetch it again", kind="damaged") from error
    if root.tag == "Workbook":
        return "spreadsheetml", data
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
    container = open_ole(data)
    names = {entry[0].lower(): entry[0] for entry in container.listdir(streams=True, storages=True)}
    if "encryptedpackage" in names:
        return "", _unlocked(data, source.password)
    for name, kind in _STREAMS.items():
        if name in names:
            return ("", _unlocked(data, source.password)) if _is_locked(container, names[name], kind) else (kind, data)
    if _NATIVE in names:
        return "", native_file(container.openstream(names[_NATIVE]).read())
    for name in _WRAPPED:
        if name in names:
            return "", container.openstream(names[name]).read()
    raise DocumentError("this is an OLE container with no document in it; export it to PDF", kind="unsupported")


def _is_locked(container: Any, main: str, kind: str) -> bool:
    """Whether a file of old is encrypted, as its first bytes tell."""
    match kind:
        case "doc":
            return any(byte & 1 for byte in container.openstream(main).read(12)[11:])
        case "xls":
            head = container.openstream(main).read(_GLOBALS)
            return any(record == _FILE_PASS for record in _records(head))
        case "ppt":
            return bool(container.exists("EncryptedSummary"))
    return False


def _records(stream: bytes) -> Iterator[int]:
    """The kinds of the records at the beginning of a workbook."""
    place = 0
    while place + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, place)
        yield kind
        place += 4 + size


def _unlocked(data: bytes, password: str | None) -> bytes:
    """The decrypted file. Raises DocumentError "encrypted" without the right password."""
    import msoffcrypto  # type: ignore[import-untyped]
    from msoffcrypto.exceptions import DecryptionError, FileFormatError, InvalidKeyError, ParseError  # type: ignore[import-untyped]

    try:
        for key in filter(None, (password, _PUBLIC)):  # the password of a folder is not that of all its files
            with suppress(InvalidKeyError):
                file, plain = msoffcrypto.OfficeFile(BytesIO(data)), BytesIO()
                check = (
                    {"verify_password": True} if file.format == "ooxml" else {}
                )  # the older ones check it themselves
                file.load_key(password=key, **check)
                file.decrypt(plain)
                return plain.getvalue()
    except (DecryptionError, FileFormatError, ParseError, ValueError, OSError, struct.error) as error:
        raise DocumentError(f"the encrypted file is damaged ({error}); fetch it again", kind="damaged") from error
    wrong = "the password does not open the file; give the right one"
    absent = "the file is encrypted; give its password (password=, --password)"
    raise DocumentError(wrong if password else absent, kind="encrypted")
