"""Bytes to text: byte order marks, Unicode by its pattern, labels as web browsers read them, then a guess by chardet.

Without chardet (of the extra `documents`) what is not Unicode is read as Windows-1252, and `Decoded.guess` says so.
"""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple, TypeGuard

from extractor.errors import DocumentError, install_hint

__all__ = ["Decoded", "decode", "label"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins with the mark of UTF-16, so it comes first
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROLS = bytes(set(range(32)) - set(b"\b\t\n\v\f\r\x1a\x1b")) + b"\x7f"
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_ASCII = re.compile(
    rb"(?:^|([\x00-\x7f]{6}))[\x00-\x7f]{4,}?(?:([\x00-\x7f]{6})(?=[\x80-\xff])|$)"
)  # far from other bytes
_HIGH = re.compile(rb"[\x80-\xff]")
_WORD = re.compile(rb"(?:[\x80-\xff][\x40-\xff]?){3,}")  # three letters in a row, of one byte or two
_HANGUL, _HAN = re.compile("[\uac00-\ud7a3]"), re.compile("[\u4e00-\u9fff]")
_KANA = re.compile("[\u3041-\u30fa\u3131-\u318e]")  # and lone letters of Korean, which have their bytes
_UTF8_LETTER = re.compile(rb"[\xc3-\xf4][\x80-\xbf]{1,3}")
_CHANCE = 4  # letters that two encodings may share by chance
_DOUBLE = frozenset({"big5hkscs", "cp932", "cp949", "euc_jp", "gb18030"})
_NO_CHARSETS = frozenset({"idna", "mbcs", "oem", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"})
_SEVEN_BIT = frozenset({"hz", "utf-7"})
# What a label means to a browser, and a few that only mail programs write (https://encoding.spec.whatwg.org).
_MEANT = {
    **dict.fromkeys(("ascii", "us-ascii", "iso8859-1", "latin1", "ansi", "unknown-8bit", "x-cp1252"), "cp1252"),
    **dict.fromkeys(("iso8859-9", "x-mac-turkish"), "cp1254"),
    **dict.fromkeys(("gb2312", "gbk", "x-gbk", "gb_2312-80", "cp936"), "gb18030"),
    **dict.fromkeys(("euc_kr", "ks_c_5601-1987", "ks_c_5601", "ksc5601", "windows-949", "johab"), "cp949"),
    **dict.fromkeys(("shift_jis", "x-sjis", "sjis", "windows-31j", "ms932"), "cp932"),
    **dict.fromkeys(("big5", "big5-hkscs", "x-x-big5", "cp950", "cn-big5"), "big5hkscs"),
    **dict.fromkeys(("iso8859-11", "tis-620", "dos-874"), "cp874"),
    **{"x-euc-jp": "euc_jp", "x-mac-roman": "mac-roman", "macintosh": "mac-roman", "koi8": "koi8-r"},
    **{"iso-8859-8-i": "iso8859-8", "x-unicode20utf8": "utf-8", "unicode-1-1-utf-8": "utf-8", "utf8mb4": "utf-8"},
}
_LATIN = ("cp1252", "cp1250", "iso8859-2", "mac-roman", "cp1254", "cp1257", "cp1258", "cp850")
_OTHERS = (
    *("cp1251", "cp1253", "cp1255", "cp1256", "cp874", "koi8-r", "cp866", "iso8859-5", "iso8859-7"),
    *("iso8859-6", "koi8-u", "cp949", "cp932", "euc-jp", "gb18030", "big5hkscs"),
)
_FEW = 8  # words
_USUAL = 1.3  # how much more often Windows-1252 is met than each other one
_NATIONAL = ("gb2312", "big5", "shift_jis", "euc_kr", "cp1251", "cp1253", "cp1255", "cp1256", "cp874")
_PROBE = 1 << 16
_GLANCE = 4096


class Decoded(NamedTuple):
    """A text as it stands in the file, newlines and all, without its byte order mark.

    `encoding` is the codec that reads it; `guess` says so in one line where that codec is no more than an assumption.
    """

    text: str
    encoding: str
    guess: str = ""


def decode(data: bytes, *, declared: str | None = None) -> Decoded:
    """The text of `data`. `declared` is the charset that the file or its envelope claims, believed where it fits.

    Raises DocumentError: kind "empty" (nothing, or nothing but white space), or "binary" (not text at all).
    """
    decoded = _read(data, declared)
    if not decoded.text or decoded.text.isspace():
        raise DocumentError("the file holds no text: nothing, or only white space", kind="empty")
    return decoded


def label(name: str | None) -> str | None:
    """The codec that browsers use for a declared charset: `iso-8859-1` is Windows-1252 to them. None: unknown."""
    name = (name or "").strip().lower()
    try:
        codec = codecs.lookup(_MEANT.get(name, name)).name
        "".encode(codec)  # a codec of bytes to bytes, such as zlib, is no charset
    except (LookupError, ValueError):
        return None
    return None if codec in _NO_CHARSETS else _MEANT.get(codec, codec)


def _read(data: bytes, declared: str | None) -> Decoded:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return Decoded(data[len(mark) :].decode(encoding, "replace"), encoding)
    if wide := _wide_encoding(data[:_PROBE]):
        return Decoded(data.decode(wide, "replace"), wide)
    if escaped := _seven_bit(data):
        return escaped
    _refuse_binary(data[:_PROBE])
    for likely in _likely(data, declared):
        if (text := _strictly(data, likely)) is not None:
            return Decoded(text, likely)
    if (text := _damaged_utf8(data)) is not None:
        return Decoded(text, "utf-8")
    return _guessed(data)


def _likely(data: bytes, declared: str | None) -> list[str]:
    """The codecs to try in turn. Letters that are whole in UTF-8 are UTF-8, whatever single-byte label they carry."""
    claimed = label(declared)
    unicode_first = claimed not in _DOUBLE or len(_UTF8_LETTER.findall(data[:_PROBE])) > _CHANCE
    order = ["utf-8", claimed] if unicode_first else [claimed, "utf-8"]
    if data.isascii() and claimed in _SEVEN_BIT:
        order = [claimed]
    return [codec for codec in order if codec]


def _guessed(data: bytes) -> Decoded:
    """The text by its likeliest encoding; every byte is a character of the last resort, Latin-1."""
    try:
        import chardet
    except ModuleNotFoundError:
        guess = (
            f"letters beyond ASCII: read as Windows-1252, a guess; chardet guesses better, {install_hint('documents')}"
        )
        return Decoded(data.decode("cp1252", "replace"), "cp1252", guess)
    first = _HIGH.search(data)
    start = max(first.start() - _GLANCE, 0) if first else 0
    probe = _ASCII.sub(rb"\1 \2", data[start : start + 16 * _PROBE])[:_PROBE]  # what is ASCII tells nothing
    in_words = sum(map(len, _WORD.findall(probe))) >= 0.6 * len(_HIGH.findall(probe))
    likely = (*_LATIN, *_OTHERS) if in_words else _LATIN  # letters of other scripts make up words, accented ones do not
    found = chardet.detect_all(probe, ignore_threshold=True, include_encodings=likely)
    ranked = [(one["confidence"] * _weight(codec, probe), codec) for one in found if (codec := label(one["encoding"]))]
    for _, codec in sorted(ranked, key=lambda pair: -pair[0]):
        text = data.decode(codec, "replace")
        if 20 * text[:-2].count("\ufffd") <= len(_BEYOND_ASCII.findall(text)):
            return Decoded(text, codec, _doubt(data, text, codec) if codec in _LATIN else "")
    return Decoded(data.decode("latin_1"), "iso8859-1")


def _doubt(data: bytes, text: str, codec: str) -> str:
    """One line where one letter in a few words is all that tells an encoding from Windows-1252."""
    usual = data.decode("cp1252", "replace")
    words = [pair for pair in zip(text.split(), usual.split(), strict=False) if pair[0] != pair[1]]
    if not 0 < len(words) < _FEW or len({letter.lower() for letter in {*text} - {*usual}}) > 1:
        return ""
    own, other = words[0]
    return f"letters beyond ASCII: too few to be sure of their encoding; {own} may be {other}; save the file as UTF-8"


def _weight(codec: str, probe: bytes) -> float:
    """How much chardet's confidence counts. Few texts mix Korean and Chinese, or one of these and Japanese letters."""
    if codec not in _DOUBLE:
        return _USUAL if codec == "cp1252" else 1.0
    text = probe.decode(codec, "replace")
    hangul, kana, han = (len(script.findall(text)) for script in (_HANGUL, _KANA, _HAN))
    is_mixed = (kana or han > hangul) if codec == "cp949" else hangul or (kana and codec not in ("cp932", "euc_jp"))
    return 0.5 if is_mixed else 1.0


def _wide_encoding(probe: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark.

    In Latin text one byte of each unit is nearly always zero. In text of another script that of spaces, figures and
    line ends is, and some national character set holds all of it, which it does not where letters are read in pairs.
    """
    for encoding, width, high in (("utf-32-be", 4, 1), ("utf-32-le", 4, 2), ("utf-16-be", 2, 0), ("utf-16-le", 2, 1)):
        whole = probe[: len(probe) // width * width]
        zeros = whole[high::width].count(0)
        if not zeros or not _is_legible(text := _strictly(whole, encoding)):
            continue
        if 2 * zeros > len(whole) // width or (width == 2 and _is_national(text[:_GLANCE])):
            return encoding
    return None


def _is_national(text: str) -> bool:
    return any(20 * len(text.encode(codec, "ignore").decode(codec)) > 19 * len(text) for codec in _NATIONAL)


def _is_legible(text: str | None) -> TypeGuard[str]:
    return text is not None and 10 * sum(map(_is_visible, text[:_GLANCE])) > 9 * len(text[:_GLANCE])


def _is_visible(character: str) -> bool:
    return character.isprintable() or character.isspace()


def _refuse_binary(probe: bytes) -> None:
    """Compressed and compiled data are a tenth control characters; text, even sprinkled with NULs, is not."""
    controls = len(probe) - len(probe.translate(None, _CONTROLS))
    allowed = 10 if _strictly(probe[:-4], "utf-8") is not None else 50
    if controls * allowed > len(probe):
        raise DocumentError(
            "the file is binary, and of no format that can be read; convert it or leave it out", kind="binary"
        )


def _seven_bit(data: bytes) -> Decoded | None:
    """ISO-2022 hides Japanese and Korean in ASCII bytes, behind escapes."""
    if b"\x1b" not in data:
        return None
    codec = "iso2022_kr" if b"\x1b$)C" in data else "iso2022_jp_2"
    text = _strictly(data, codec)
    return None if text is None else Decoded(text, codec)


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _damaged_utf8(data: bytes) -> str | None:
    """UTF-8 with a few bytes broken: characters that are whole outnumber those that are not by far."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    whole = len(text) - broken - len(data.translate(None, bytes(range(128, 256))))
    return text if whole > 4 * broken else None
