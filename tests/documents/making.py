"""Small files of every format, made byte by byte, so that the tests need no other program's documents."""

from __future__ import annotations

import struct
import zipfile
from io import BytesIO
from pathlib import Path

from PIL import Image as Pillow

from extractor.documents.document import Document
from extractor.documents.load import load

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT_WORD = "http://purl.oclc.org/ooxml/wordprocessingml/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def loaded(folder: Path, file: str, data: bytes, **options: object) -> Document:
    """The document of a file with this name and these bytes."""
    path = folder / file
    path.write_bytes(data)
    return load(path, **options)  # type: ignore[arg-type]


def archive(parts: dict[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP file."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", compression) as file:
        for name, data in parts.items():
            # Always of one date: tests are named by these bytes, and two workers must name them alike.
            file.writestr(zipfile.ZipInfo(name), data, compression)
    return out.getvalue()


def picture(form: str, *, size: tuple[int, int] = (60, 40), **options: object) -> bytes:
    """A picture of this size, dark at the left and light at the right."""
    out = BytesIO()
    Pillow.linear_gradient("L").resize(size).convert("RGB").save(out, form, **options)
    return out.getvalue()


def relations(*targets: tuple[str, str, str]) -> str:
    """A part of relations: (id, kind, target) each."""
    links = "".join(f'<Relationship Id="{i}" Type="{_RELATIONS}/{kind}" Target="{to}"/>' for i, kind, to in targets)
    return (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{links}</Relationships>'
    )


def word(body: str, *, namespace: str = WORD, parts: dict[str, str | bytes] | None = None, links: str = "") -> bytes:
    """A Word document with this body, further parts, and relations of the main part."""
    main = f'<w:document xmlns:w="{namespace}" xmlns:r="{_RELATIONS}"><w:body>{body}</w:body></w:document>'
    usual: dict[str, str | bytes] = {
        "_rels/.rels": relations(("r1", "officeDocument", "word/document.xml")),
        "word/document.xml": main,
        "word/_rels/document.xml.rels": links or relations(),
    }
    return archive(usual | (parts or {}))


def part(name: str, content: str) -> str:
    """A part of a Word document besides the main one."""
    return f'<w:{name} xmlns:w="{WORD}">{content}</w:{name}>'


def paragraph(text: str, properties: str = "") -> str:
    """A paragraph of one run."""
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def table(*rows: list[str]) -> str:
    """A Word table of plain cells."""
    cells = ("".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row) for row in rows)
    return "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in cells) + "</w:tbl>"


Word = tuple[float, float, str]


def pdf(*pages: list[Word], rotate: int = 0, size: int = 10, extra: str = "", objects: tuple[str, ...] = ()) -> bytes:
    """A PDF whose pages hold words, each (x, y from the bottom, text); `extra` goes into every page's dictionary."""
    bodies = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    bodies.append("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
    bodies.extend(objects)
    kids = []
    for words in pages:
        stream = "".join(f"BT /F1 {size} Tf {x} {y} Td ({text}) Tj ET\n" for x, y, text in words)
        bodies.append(f"<< /Length {len(stream)} >>\nstream\n{stream}endstream")
        kids.append(len(bodies) + 1)
        resources = "/Resources << /Font << /F1 3 0 R >> >>"
        box = f"/MediaBox [0 0 612 792] /Rotate {rotate}"
        bodies.append(f"<< /Type /Page /Parent 2 0 R {box} {resources} /Contents {len(bodies)} 0 R {extra} >>")
    bodies[1] = f"<< /Type /Pages /Kids [{' '.join(f'{kid} 0 R' for kid in kids)}] /Count {len(kids)} >>"
    return _pdf_file(bodies)


def _pdf_file(bodies: list[str]) -> bytes:
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(bodies, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    start = len(out)
    out += f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    return bytes(out + f"trailer << /Size {len(bodies) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF".encode())


Tree = dict[str, "bytes | Tree"]

_SECTOR = 512
_NONE, _END, _TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def ole(tree: Tree) -> bytes:
    """An OLE container. Streams are filled up with zeros to 4,096 bytes, to spare a second table."""
    entries: list[list[object]] = [["Root Entry", 5, _NONE, _NONE, b""]]
    entries[0][3] = _lay(tree, entries)
    chains, body = [], bytearray()
    for entry in entries:
        data = entry[4]
        assert isinstance(data, bytes)
        if entry[1] == 2:
            data = data.ljust(4096, b"\0")
        data += bytes(-len(data) % _SECTOR)
        entry += [len(body) // _SECTOR if data else _END, len(data) if entry[1] == 2 else 0]
        chains.append((len(body) // _SECTOR, len(data) // _SECTOR))
        body += data
    directory = b"".join(_entry(entry) for entry in entries)
    directory += _entry(["", 0, _NONE, _NONE, b"", 0, 0]) * (-len(entries) % 4)
    chains.append((len(body) // _SECTOR, len(directory) // _SECTOR))
    body += directory
    return _container(chains, body)


def _lay(tree: Tree, entries: list[list[object]]) -> int:
    """Entries of one storage, each the right-hand neighbour of the one before; the index of the first."""
    first = previous = _NONE
    for name, content in tree.items():
        index = len(entries)
        storage = isinstance(content, dict)
        entries.append([name, 1 if storage else 2, _NONE, _NONE, b"" if storage else content])
        if isinstance(content, dict):
            entries[index][3] = _lay(content, entries)
        if previous == _NONE:
            first = index
        else:
            entries[previous][2] = index
        previous = index
    return first


def _entry(entry: list[object]) -> bytes:
    name, kind, right, child, _, start, size = entry
    label = str(name).encode("utf-16-le")
    head = label.ljust(64, b"\0") + struct.pack("<HBB", len(label) + 2 if label else 0, kind, 1)
    return head + struct.pack("<III", _NONE, right, child) + bytes(36) + struct.pack("<IQ", start, size)


def _container(chains: list[tuple[int, int]], body: bytearray) -> bytes:
    sectors = len(body) // _SECTOR
    tables = 1
    while tables * 128 < sectors + tables:
        tables += 1
    allocation = [_NONE] * (tables * 128)
    for start, count in chains:
        for sector in range(start, start + count):
            allocation[sector] = _END if sector == start + count - 1 else sector + 1
    for sector in range(sectors, sectors + tables):
        allocation[sector] = _TABLE
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, tables, chains[-1][0], 0, 4096, _END, 0, _END, 0)
    header += struct.pack("<109I", *(sectors + n if n < tables else _NONE for n in range(109)))
    return header + bytes(body) + struct.pack(f"<{len(allocation)}I", *allocation)
