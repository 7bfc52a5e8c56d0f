"""What goes between a run and its parser processes.

A frame is a length, a JSON head, and the blobs whose sizes the head tells. No pickles: a parser taken over by a file
can lie about that file, and nothing more.
"""

from __future__ import annotations

import struct
from dataclasses import asdict
from typing import IO, Any

import orjson

from extractor.documents.document import Box, Image, Page, Table
from extractor.documents.parsed import Parsed
from extractor.documents.source import Limits, Source
from extractor.errors import DocumentError, UsageError

__all__ = [
    "READY",
    "STEP",
    "Frame",
    "pack_answer",
    "pack_request",
    "read_frame",
    "unpack_answer",
    "unpack_request",
    "write_frame",
]

Frame = tuple[dict[str, Any], list[bytes]]
READY: Frame = ({}, [])  # the first word of a worker
STEP: Frame = ({"step": True}, [])  # a page is done, and there is another
_LENGTH = struct.Struct(">Q")


def write_frame(stream: IO[bytes], frame: Frame) -> None:
    """Send one frame."""
    head, blobs = frame
    packed = orjson.dumps({**head, "sizes": [len(blob) for blob in blobs]})
    stream.write(_LENGTH.pack(len(packed)) + packed)
    for blob in blobs:
        stream.write(blob)
    stream.flush()


def read_frame(stream: IO[bytes]) -> Frame | None:
    """The next frame, or None where the stream ends before it is whole."""
    prefix = stream.read(_LENGTH.size)
    if len(prefix) < _LENGTH.size:
        return None
    try:
        head = orjson.loads(stream.read(_LENGTH.unpack(prefix)[0]))
    except orjson.JSONDecodeError:
        return None
    sizes = head.pop("sizes")
    blobs = [stream.read(size) for size in sizes]
    return (head, blobs) if [len(blob) for blob in blobs] == sizes else None


def pack_request(data: bytes, source: Source) -> Frame:
    """One file to be parsed."""
    head = {"name": source.name, "password": source.password, "ocr": source.ocr, "page": source.page}
    return {**head, "limits": asdict(source.limits)}, [data]


def unpack_request(frame: Frame) -> tuple[bytes, Source]:
    """The file and what is told about it."""
    head, (data,) = frame
    limits = Limits(**head.pop("limits"))
    return data, Source(**head, limits=limits)


def pack_answer(answer: Parsed | DocumentError | UsageError) -> Frame:
    """What the parser made of the file, or why it made nothing."""
    if not isinstance(answer, Parsed):
        return {"error": str(answer), "kind": getattr(answer, "kind", None)}, []
    places = {"pages": answer.pages, "tables": answer.tables, "boxes": list(map(tuple, answer.boxes))}
    head = {**places, "images": [(image.media_type, image.page) for image in answer.images]}
    return {**head, "metadata": dict(answer.metadata)}, [answer.text.encode(), *(image.data for image in answer.images)]


def unpack_answer(frame: Frame) -> Parsed:
    """What the parser made of the file. Raises the DocumentError or UsageError that it met."""
    head, blobs = frame
    if "error" in head:
        raise DocumentError(head["error"], kind=head["kind"]) if head["kind"] else UsageError(head["error"])
    text, *pictures = blobs
    images = tuple(Image(data, kind, page) for data, (kind, page) in zip(pictures, head["images"], strict=True))
    pages = tuple(Page(**page) for page in head["pages"])
    tables = tuple(Table(**table) for table in head["tables"])
    boxes = tuple(Box(*box) for box in head["boxes"])
    return Parsed(text.decode(), pages, images, metadata=head["metadata"], tables=tables, boxes=boxes)
