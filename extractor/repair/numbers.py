"""Numbers as people write them: with a currency, grouped in the ways of many countries, scaled, in percent.

decimal("EUR 1.234,50", {})  ->  Meant("1234.50", "'EUR 1.234,50' was read as 1234.50")
decimal("3,400", {})         ->  Meant("3,400", problem="'3,400' can mean 3.400 or 3400")
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal

from extractor.repair.names import CURRENCIES
from extractor.repair.receipt import Meant, spelt
from extractor.schema.pointer import JSON
from extractor.schema.text import Digits

__all__ = ["DECIMAL", "as_decimal", "as_number", "ascii_of"]

DECIMAL = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)
_SPACES = " \t\u00a0\u2007\u2009\u202f"
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_PLAINER = str.maketrans("−–‒﹣٫٬", "----.,")
"""Minus signs and the separators of Arabic, as ASCII has them."""
_NAMES = r"kr\.?|zł|Kč|Ft|S?Fr\.?|Rs\.?|Rp\.?|DM|TL|руб\.?|лв\.?|грн\.?|đ|円|元|원|(?i:euros?|(?:us )?dollars?)"
_CURRENCY = rf"(?:(?:[A-Z]{{0,3}}[$£¤¥֏؋৳฿៛₠-⃀﷼]|{'|'.join(CURRENCIES)}|{_NAMES})\s*){{0,2}}"
"""Up to two marks of a currency, such as `USD $`."""
_WHOLE_CURRENCY = re.compile(r"[¥₩₫円원đ]|JPY|KRW|VND")
"""Currencies without decimals."""
_AMOUNT = re.compile(
    rf"(?P<sign>[+-]?)\s*{_CURRENCY}(?P<inner>[+-]?)\s*(?P<digits>[\d.](?:[\d.,'’_ \u00a0\u2009\u202f]*\d)?\.?"
    rf"(?:[eE][+-]?\d+)?)\s*{_CURRENCY}(?P<percent>\s*(?:%|percent|per cent|pct\.?))?(?P<after>-?)"
)
_CENTS = re.compile(r"(?<=\d)[.,/]-{1,2}(?=\s|\Z)")
"""The dash that stands for no cents, as in `5,-` and `500/-`."""
_SCALED = re.compile(
    r"(.*\d)\s*(k|thousand|million|lakh|crore|Tsd\.?|Mio\.?|Mrd\.?|万|萬|亿|億)(?![^\W\d_])(\D*)", re.DOTALL
)
_FOLD = {"k": 3, "thousand": 3, "tsd": 3, "lakh": 5, "million": 6, "mio": 6, "crore": 7, "mrd": 9}
_FOLD |= dict.fromkeys("万萬", 4) | dict.fromkeys("亿億", 8)
_FRACTION = re.compile(r"([-+]?\d*)\s*([½¼¾⅛⅜⅝⅞⅕⅖⅗⅘])")
_BRACKETS = re.compile(r"\((.+)\)")
_EITHER = re.compile(r"[1-9]\d{0,2}[,.]\d{3}")
"""A thousand and something to one writer, one and something to another."""
_POINT = re.compile(
    r"[1-9]\d{0,2}(?:([,'’ \u00a0\u2009\u202f])\d{3})(?:\1\d{3})*(?:\.\d+)?|[1-9]\d?(?:,\d\d)+,\d{3}(?:\.\d+)?"
)
_COMMA = re.compile(
    r"[1-9]\d{0,2}(?:([.'’ \u00a0\u2009\u202f])\d{3})(?:\1\d{3})*,\d+|[1-9]\d{0,2}(?:\.\d{3}){2,}|\d+,\d+"
)
_PLAIN = re.compile(r"(?=\.?\d)(?:[1-9][\d_]*|0)?(?:\.[\d_]*)?(?:[eE][+-]?\d+)?")
_WORD = re.compile(r"[+-]?(?:nan|inf(?:inity)?)", re.IGNORECASE)
_LONGEST = 4_000


def ascii_of(text: str) -> str:
    """Text with full-width characters, and the digits of any script, as ASCII has them."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text.translate(_WIDE))


def number(text: str, facts: Mapping[str, JSON], *, whole: bool = False) -> Meant | None:
    """The number that text stands for, as JSON writes it; None where it stands for none. `whole`: it is an integer."""
    if len(text) > _LONGEST:
        return None
    clean = _CENTS.sub("", ascii_of(text.strip()).translate(_PLAINER))
    if part := _FRACTION.fullmatch(clean):
        whole_part = Decimal(part[1] if part[1].strip("+-") else f"{part[1]}0")
        return Meant(f"{whole_part + Decimal(str(unicodedata.numeric(part[2]))).copy_sign(whole_part):f}")
    if scaled := _SCALED.fullmatch(clean):
        return _multiplied(text, scaled, facts)
    inside = _BRACKETS.fullmatch(clean)
    found = _AMOUNT.fullmatch(inside[1] if inside else clean)
    if found is None:
        return None
    signs = [sign for sign in (found["sign"], found["inner"], found["after"], "-" if inside else "") if sign]
    if len(signs) > 1:
        return None
    digits = found["digits"]
    if _EITHER.fullmatch(digits) and _WHOLE_CURRENCY.search(clean):
        digits = re.sub("[,.]", "", digits)
    if _EITHER.fullmatch(digits) and not (whole and "," in digits):
        return Meant(text, problem=f"{text!r} can mean {digits.replace(',', '.')} or {re.sub('[,.]', '', digits)}")
    plain = _plain_digits(digits)
    if plain is None:
        return None
    if found["percent"] and _is_share(facts):
        plain = f"{Decimal(plain) / 100:f}"
    return Meant(f"{signs[0] if '-' in signs else ''}{plain}")


def _multiplied(text: str, scaled: re.Match[str], facts: Mapping[str, JSON]) -> Meant | None:
    """A number with a word behind it for so many times as much: `1.5 million`."""
    meant = number(f"{scaled[1]}{scaled[3]}", facts)
    if meant is None or meant.problem:
        return meant and Meant(text, problem=f"{text!r} can mean two numbers")
    exact = Decimal(meant.value).scaleb(_FOLD[scaled[2].rstrip(".").lower()])
    return Meant(f"{exact:f}" if exact % 1 else f"{exact.to_integral_value():f}")


def _plain_digits(digits: str) -> str | None:
    if _POINT.fullmatch(digits):
        return re.sub(r"[^\d.]", "", digits)
    if _COMMA.fullmatch(digits):
        return re.sub(r"[^\d,]", "", digits).replace(",", ".")
    return digits.replace("_", "") if _PLAIN.fullmatch(digits) else None


def _is_share(facts: Mapping[str, JSON]) -> bool:
    """Whether a field holds parts of one, so that 5 % is 0.05; else the number is the one that is printed."""
    most = facts.get("maximum", facts.get("exclusiveMaximum"))
    return isinstance(most, int | float) and most <= 1


def as_number(value: JSON, facts: Mapping[str, JSON], *, whole: bool = False) -> Meant:
    if isinstance(value, bool):
        return Meant(value, problem=f"{spelt(value)} is no number")
    if isinstance(value, float) and not math.isfinite(value):
        return Meant(value, problem=f"{spelt(value)} is no finite number")
    if not isinstance(value, str):
        return Meant(value)
    meant = number(value, facts, whole=whole)
    if meant is None or meant.problem:
        return meant or _infinite(value)
    exact = Decimal(meant.value)
    if whole and exact % 1:
        return Meant(value)
    read = int(exact) if whole or re.fullmatch(r"-?\d+", meant.value) else float(exact)
    if isinstance(read, float) and not math.isfinite(read):
        return Meant(value, problem=f"{value!r} is no finite number")
    return Meant(read, f"{value!r} was read as {meant.value}")


def as_decimal(value: JSON, facts: Mapping[str, JSON]) -> Meant:
    """A decimal travels as text, so that no digit is lost on the way."""
    if isinstance(value, Digits):
        return Meant(value.text)
    if not isinstance(value, str):
        return as_number(value, facts)
    if DECIMAL.fullmatch(value):
        return Meant(value)
    meant = number(value, facts)
    if meant is None or meant.problem:
        return meant or _infinite(value)
    return meant if meant.value == value else Meant(meant.value, f"{value!r} was read as {meant.value}")


def _infinite(value: str) -> Meant:
    """A word that validators take for a number."""
    return Meant(value, problem=f"{value!r} is no finite number") if _WORD.fullmatch(value.strip()) else Meant(value)
