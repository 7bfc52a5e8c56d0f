"""What MSG and TNEF share: numbers of properties ([MS-OXPROPS]), and bodies, with RTF compressed ([MS-OXRTFCP])."""

from __future__ import annotations

import struct

from extractor.documents.formats.html import decode_html, html_text
from extractor.errors import DocumentError

__all__ = ["BODY", "DATA", "DISPLAY_NAME", "HTML", "LONG_NAME", "NAME", "RTF", "SUBJECT", "body"]

SUBJECT, BODY, RTF, HTML = 0x0037, 0x1000, 0x1009, 0x1013
DATA, NAME, LONG_NAME, DISPLAY_NAME = 0x3701, 0x3704, 0x3707, 0x3001
_HEAD = struct.Struct("<IIII")
_COMPRESSED, _STORED = 0x75465A4C, 0x414C454D
_WINDOW = 4096
_PRIMER = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor "
    rb"MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    + b"\r\n"
    + rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)


def body(text: str, html: bytes | str, rtf: bytes) -> str:
    """The body of a message: plain text where it is stored, else the richest form there is."""
    if text.strip():
        return text.strip()
    if isinstance(html, bytes) and (markup := html.strip(b"\0 ")):
        html = decode_html(markup).text
    if html:
        return html_text(str(html))
    from extractor.documents.formats.rtf import rtf_text

    return rtf_text(_unpacked(rtf)) if rtf else ""


def _unpacked(data: bytes) -> bytes:
    """The RTF. Raises DocumentError where it is cut off or something else."""
    packed_size, size, kind, _ = _HEAD.unpack_from(data.ljust(_HEAD.size, b"\0"))
    if kind not in (_COMPRESSED, _STORED) or len(data) < 4 + packed_size:
        raise DocumentError("the body of the message is damaged or cut off; fetch it again", kind="damaged")
    packed = data[_HEAD.size :]
    return packed[:size] if kind == _STORED else bytes(_inflate(packed, size))


def _inflate(data: bytes, size: int) -> bytearray:
    """Eight items follow each control byte: a literal, or a place in the window and a length."""
    out = bytearray(_PRIMER)
    end = len(_PRIMER) + size
    position = 0
    while position < len(data):
        control = data[position]
        position += 1
        for bit in range(8):
            if control >> bit & 1:
                token = int.from_bytes(data[position : position + 2], "big")
                position += 2
                start = len(out) - (len(out) - (token >> 4)) % _WINDOW
                if start == len(out) or position > len(data):
                    return out[len(_PRIMER) : end]
                for index in range(start, start + (token & 15) + 2):
                    out.append(out[index])
            else:
                out += data[position : position + 1]
                position += 1
    return out[len(_PRIMER) : end]
