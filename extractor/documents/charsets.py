"""A guess at an old encoding: of all that could be meant, the one whose letters are most like a language's."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import NamedTuple

__all__ = ["guess_charset"]


_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_RUNS = re.compile(r"[^\x00-\x7f\s]{3,}")
_AMONG_LATIN = re.compile(r"(?<=[A-Za-z])[^\x00-\x7f]|[^\x00-\x7f](?=[A-Za-z])")


_JAPANESE = (("euc_jp", 0xA1, 0xA1), ("euc_jp", 0xA3, 0xA5), ("euc_jp", 0xB0, 0xCF))
_RARER = 0.02  # what an encoding must be likelier by than one that is met more often
_ALPHABET = 76  # the longest of the alphabets below


class _Language(NamedTuple):
    """The encodings a language is written in, commonest first, and its characters beyond ASCII, commonest first."""

    encodings: tuple[str, ...]
    letters: str
    rows: tuple[tuple[str, int, int], ...] = ()  # of a double-byte set, by lead byte: where its everyday characters lie

    @property
    def is_latin(self) -> bool:
        """Whether its letters stand among ASCII letters, rather than in words of their own."""
        return "" < self.letters[:1] < "\u0370"


_CYRILLIC = ("cp1251", "koi8_r", "cp866", "iso8859_5", "mac_cyrillic")
_WESTERN = ("cp1252", "mac_roman", "cp850")
_CENTRAL = ("cp1250", "iso8859_2", "cp852")
_PUNCTUATION = "\u00a0«»“”„‘’–—…•€§°№"
# Sorted by how likely a tie is to mean it: a set that says the same with fewer characters comes first.
_LANGUAGES = (
    _Language(_WESTERN, "äöüßÄÖÜ"),
    _Language(_WESTERN, "éèêàçùâîôûëïœÉÈÀÊÇ"),
    _Language(_WESTERN, "áéíóúñüÁÉÍÓÚÑ¿¡ºª"),
    _Language(_WESTERN, "ãõçáéíóúâêôàÃÇÁÉÍÓÚ"),
    _Language(_WESTERN, "åäöæøéÅÄÖÆØ"),
    _Language(_WESTERN, "àèéìòùÀÈÉÌÒÙ"),
    _Language(_WESTERN, "£©®™½¼¾²³±×·†"),
    _Language(_CENTRAL, "ąćęłńóśźżĄĆĘŁŃÓŚŹŻ"),
    _Language(_CENTRAL, "áäčďéěíĺľňóôŕřšťúůýžÁČÉÍŘŠŤÚÝŽ"),
    _Language(_CENTRAL, "áéíóöőúüűÁÉÍÓÖŐÚÜŰ"),
    _Language(_CENTRAL, "ăâîşţĂÂÎŞŢ"),
    _Language(_CENTRAL, "čćđšžČĆĐŠŽ"),
    _Language(("cp1254",), "çğıöşüâÇĞİÖŞÜ"),
    _Language(("cp1257",), "āčēģīķļņšūžąęėįųõäöüĀČĒĪŠŪŽĄĘĖĮŲ"),
    _Language(_CYRILLIC, "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъёіїєґўОЕАИНТСРВЛКМДПУЯЫЬГЗБЧЙХЖШЮЦЩЭФЪЁІЇЄҐЎ"),
    _Language(("cp1253", "iso8859_7"), "αοιετνσηυρπκμλςάόίέύήώθδχγωφβξζψϊΑΟΙΕΤΝΣΗΥΡΠΚΜΛΘΔΧΓΩΦΒΞΖΨΆΌΈΉ"),
    _Language(("cp1255", "iso8859_8"), "יוהלארתמבשנעםדקחפטגצכסןזךץףַָּ"),
    _Language(("cp1256", "iso8859_6"), "المينرتبةعدسفهكقأحجشطصىخإذزءضغظثئؤآ،؛؟ًٌٍَُِّْ"),
    _Language(("cp874",), "านรอกเ่งม้ยลัวดทิสีตะปบคุหแูจืพชขใ์็ไโึำผธถศซญณฟฉฬฐฎฏฆฌฮฤๆฯ"),
    _Language(("cp949",), "", (("euc_kr", 0xA1, 0xA1), ("euc_kr", 0xB0, 0xC8))),
    _Language(("cp932",), "", _JAPANESE),
    _Language(("euc_jp",), "", _JAPANESE),
    _Language(("gb18030",), "", (("gb2312", 0xA1, 0xA1), ("gb2312", 0xA3, 0xA3), ("gb2312", 0xB0, 0xD7))),
    _Language(("big5",), "", (("big5", 0xA1, 0xA1), ("big5", 0xA4, 0xC6))),
)


def guess_charset(data: bytes) -> str:
    """The likeliest encoding of `data`, which is text and not UTF-8; `latin_1` where nothing else can read it."""
    best, encoding = 0.0, "cp1252"
    for language in _LANGUAGES:
        for rarity, candidate in enumerate(language.encodings):
            text = _strictly(data, candidate)
            if text and (likeness := _likeness(text, language) - rarity * _RARER) > best:
                best, encoding = likeness, candidate
    return encoding if _strictly(data, encoding) else "latin_1"


def _strictly(data: bytes, encoding: str) -> str:
    """The text, or nothing where `data` is not in this encoding; a character cut at the end is forgiven."""
    text = data.decode(encoding, "replace")
    return "" if "\ufffd" in text[:-2] else text


def _likeness(text: str, language: _Language) -> float:
    """The share of characters beyond ASCII that belong to the language and stand as its letters do."""
    found = Counter(_BEYOND_ASCII.findall(text))
    everyday = _everyday(language)
    belonging = sum(count * everyday.get(character, 0.0) for character, count in found.items())
    misplaced = (_RUNS if language.is_latin else _AMONG_LATIN).findall(text)
    return (belonging - len("".join(misplaced))) / max(1, found.total())


@cache
def _everyday(language: _Language) -> dict[str, float]:
    """The characters of the language, each with its weight; built on first use."""
    pairs = (
        bytes((lead, trail)).decode(codec, "ignore")
        for codec, low, high in language.rows
        for lead in range(low, high + 1)
        for trail in range(0x40, 0xFF)
    )
    letters = language.letters + _PUNCTUATION + "".join(pairs)
    return {character: _weight(character, language.letters.find(character)) for character in letters}


def _weight(character: str, rank: int) -> float:
    """From 1 down to 0.5 for the rarer letters of a language that has many; half of that for capitals."""
    return (1.0 - 0.5 * max(0, rank) / _ALPHABET) * (0.5 if character.isupper() else 1.0)
