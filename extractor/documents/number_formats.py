"""Numbers as a spreadsheet shows them, by their format codes: `0.0%`, `00000`, `"ART-"0000`, `[h]:mm`, `# ?/?`.

Dates that are whole stay ISO 8601, which reads one way only; parts of dates are shown as the code says.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache
from operator import eq, ge, gt, le, lt, ne
from typing import NamedTuple

__all__ = ["BUILT_IN", "formatted", "formatted_text", "formatter", "general"]

BUILT_IN = {
    **{1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 5: "$#,##0;-$#,##0", 6: "$#,##0;-$#,##0"},
    **{7: "$#,##0.00;-$#,##0.00", 8: "$#,##0.00;-$#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?"},
    **{13: "# ??/??", 14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM"},
    **{19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 22: "yyyy-mm-dd h:mm", 37: "#,##0;(#,##0)"},
    **{38: "#,##0;(#,##0)", 39: "#,##0.00;(#,##0.00)", 40: "#,##0.00;(#,##0.00)", 41: "#,##0;(#,##0);-"},
    **{42: "$#,##0;$(#,##0);$-", 43: "#,##0.00;(#,##0.00);-", 44: "$#,##0.00;$(#,##0.00);$-", 45: "mm:ss"},
    **dict.fromkeys((*range(27, 32), *range(34, 37), *range(50, 59)), "yyyy-mm-dd"),  # of languages of East Asia
    **{32: "h:mm", 33: "h:mm:ss"},
    **{46: "[h]:mm:ss", 47: "mm:ss.0", 48: "##0.0E+0"},
}
"""The codes that a file names by number alone."""

_TOKEN = re.compile(
    r'"([^"]*)"?|\\(.)|_.|\*.|\[\$([^\]-]*)[^\]]*\]|\[(h+|m+|s+)\]|\[((?:[<>]=?|<>|=)-?\d+(?:\.\d*)?)\]|\[[^\]]*\]'
    r"|(General|AM/PM|A/P|E[+-]|y+|e+|g+|m+|d+|h+|s+(?:\.0+)?|[0#?]+|[.,%/@;])|(.)",
    re.I | re.S,
)
_NOT_ZERO = re.compile("[1-9]")
_BELOW = re.compile(r"\s*(?:[1-9][0-9]*|[?#0]+)")
_HOLDS = {"<": lt, ">": gt, "=": eq, "<=": le, ">=": ge, "<>": ne, "": None}
_SIGNS = (">=0", ""), (">0", "<0", "")  # which numbers two or three sections are for that state none
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_EPOCH = datetime(1899, 12, 30)
_LEAP_DAY = 60  # 1900-02-29 to Excel, so that the days before it have other numbers
_INEXACT = 1e-14  # of a number: more than the 15 digits that spreadsheets keep leave open
_LAST = 2_958_466  # the day after 9999-12-31
_TEXT = ("general", "@")
_DECIMAL = ("date", "digits")  # tokens that may hold decimals of seconds


_Tokens = tuple[tuple[str, str], ...]
_Show = Callable[[float], str]


class _Section(NamedTuple):
    """One part of a code: what it shows, token by token, and for which numbers."""

    tokens: _Tokens  # (kind, text); kind is literal, date, elapsed, digits or sign
    condition: str


def formatted(number: float, code: str, *, from_1904: bool = False) -> str:
    """The number as a cell of this format shows it; as it is where the format hides it or does not hold for it."""
    return formatter(code, from_1904)(number)


@lru_cache(maxsize=1024)
def formatter(code: str, from_1904: bool) -> Callable[[float], str]:
    """How cells of this format show their numbers; days count from 1900 or 1904."""
    sections = _sections(code)
    conditions = [section.condition for section in sections]
    is_by_sign = len(sections) > 1 and not any(conditions)
    rules = []
    for section, condition in zip(sections, _SIGNS[len(sections) > 2] if is_by_sign else conditions, strict=False):
        plain = _renderer(section.tokens, 1462 * from_1904)
        holds, limit = _HOLDS[condition.rstrip("-.0123456789")], float(condition.lstrip("<=>") or 0)
        rules.append((holds, limit, plain, plain if is_by_sign else _signed(section.tokens, plain)))

    def show(number: float) -> str:
        try:
            for holds, limit, plain, signed in rules:
                if holds is None or holds(number, limit):
                    return (signed if number < 0 else plain)(number).strip() or general(number)  # of `;;;` for one
        except (ValueError, ArithmeticError):
            pass
        return general(number)

    return show


def _signed(tokens: _Tokens, show: _Show) -> _Show:
    """How a section shows a number below zero that it is not for alone; dates and lengths of time have their sign."""
    if any(kind in ("date", "elapsed") for kind, _ in tokens):
        return show

    def with_sign(number: float) -> str:
        text = show(number).strip()
        return f"-{text}" if _NOT_ZERO.search(text) else text

    return with_sign


def _renderer(tokens: _Tokens, later: int) -> _Show:
    """How a section shows a number; no more than dates and lengths of time have a sign yet."""
    kinds = {kind for kind, _ in tokens}
    if "elapsed" in kinds:
        return _length(tokens)
    if "date" in kinds:
        return _moment(tokens, later)
    if "digits" not in kinds or "general" in kinds:
        return lambda number: _words(tokens, general(abs(number)))
    signs = {text[0].upper() for kind, text in tokens if kind == "sign"}
    return _fraction(tokens) if "/" in signs else _scientific(tokens) if "E" in signs else _digits(tokens)


def _words(tokens: _Tokens, text: str) -> str:
    """A text, or a number without any format, within the words around it."""
    return "".join(text if kind == "general" else words for kind, words in tokens if kind in ("general", "literal"))


def formatted_text(text: str, code: str) -> str:
    """A text as a cell of this format shows it: `"No. "@` puts words before it.

    >>> formatted_text("17a", '0;-0;0;"No. "@')
    'No. 17a'
    """
    tokens = next((section.tokens for section in _sections(code) if _TEXT in section.tokens), (_TEXT,))
    return _words(tokens, text).strip()


def general(number: float) -> str:
    """A number as it is written without any format: 15 digits, as spreadsheets keep them, or all of a whole number."""
    return str(int(number)) if abs(number) < 1 << 53 and number % 1 == 0 else f"{number:.15g}"


@lru_cache(maxsize=1024)
def _sections(code: str) -> tuple[_Section, ...]:
    found: list[list[tuple[str, str]]] = [[]]
    conditions = [""]
    for match in _TOKEN.finditer(code):
        quoted, escaped, currency, elapsed, condition, word, other = match.groups()
        literal = next((text for text in (quoted, escaped, currency, other) if text is not None), None)
        if word == ";":
            found.append([])
            conditions.append("")
        elif condition:
            conditions[-1] = condition
        elif literal is not None:
            found[-1].append(("literal", literal))
        elif elapsed:
            found[-1].append(("elapsed", elapsed.lower()))
        elif word:
            found[-1].append((_word_kind(word), word))
        elif match[0].startswith("_"):
            found[-1].append(("literal", " "))
    return tuple(_Section(tuple(tokens), condition) for tokens, condition in zip(found, conditions, strict=True))


def _word_kind(word: str) -> str:
    if word.lower() in ("general", "@"):
        return "general"
    if word[0] in "0#?":
        return "digits"
    return "sign" if word[0] in ".,%/" or word[:2].upper() in ("E+", "E-") else "date"


def _digits(tokens: _Tokens) -> _Show:
    """Digits put into the places that the code keeps for them."""
    point = tokens.index(("sign", ".")) if ("sign", ".") in tokens else len(tokens)
    whole, rest = _Side(tokens[:point]), _Side(tokens[point + 1 :])
    if not whole.slots:
        whole.texts, whole.slots = [*whole.texts, ""], ["#"]
    slots, decimals = "".join(whole.slots), "".join(rest.slots)
    least, places, needed = len(slots.lstrip("#?")), len(decimals), len(decimals.rstrip("#?"))
    scale, power = 100 ** tokens.count(("sign", "%")) / 1000 ** (whole.thousands + rest.thousands), 10**places
    groups = (least - 1) // 3 if whole.is_grouped and least else 0
    spec = f"0{max(least, 1) + groups + (places > 0) + places}{',' if whole.is_grouped else ''}.{places}f"
    with_point, without = (
        [*whole.texts[:-1], whole.texts[-1] + sign + rest.texts[0], *rest.texts[1:]] for sign in (".", "")
    )
    is_whole = least > 0 and needed == places and not any(without[1:-1])
    form, bare = ("%s".join(text.replace("%", "%%") for text in texts) for texts in (with_point, without))
    sizes, widths = list(map(len, whole.slots)), list(map(len, rest.slots))
    before = [slice(-sum(sizes[at:]) if at else None, -sum(sizes[at + 1 :]) or None) for at in range(len(sizes))]
    after = [slice(sum(widths[:at]), sum(widths[: at + 1])) for at in range(len(widths))]

    def show(number: float) -> str:
        amount = abs(number) * scale
        counted = amount * power
        rounded: float | Decimal = amount
        if abs(counted % 1 - 0.5) <= counted * _INEXACT:  # a half goes up, as a decimal of 15 digits
            rounded = Decimal(general(amount)).quantize(Decimal(1) / power, ROUND_HALF_UP)
        digits = format(rounded, spec)
        if is_whole:
            return f"{without[0]}{digits}{without[-1]}"
        left, _, right = digits.partition(".")
        right = right[:needed] + right[needed:].rstrip("0")
        left = left if least or left != "0" else ""
        return (form if right else bare) % (*map(left.__getitem__, before), *map(right.__getitem__, after))

    return show


class _Side:
    """What a code has before the point or after it: slots for digits, and literal texts before, between and after."""

    def __init__(self, tokens: _Tokens) -> None:
        digits = [index for index, (kind, _) in enumerate(tokens) if kind == "digits"]
        commas = [index for index, token in enumerate(tokens) if token == ("sign", ",")]
        self.thousands = sum(index > max(digits, default=-1) for index in commas)
        self.is_grouped = any(digits and digits[0] < index < digits[-1] for index in commas)
        self.texts, self.slots = [""], list[str]()
        for kind, text in tokens:
            if kind == "digits" and self.slots and (self.is_grouped or not self.texts[-1]):
                self.slots[-1] += text
            elif kind == "digits":
                self.texts, self.slots = [*self.texts, ""], [*self.slots, text]
            elif kind == "literal" or text == "%":
                self.texts[-1] += text


def _around(tokens: _Tokens, kind: str) -> tuple[str, str]:
    """The texts before the first token of that kind and after the last."""
    places = [index for index, token in enumerate(tokens) if token[0] == kind]
    parts = tokens[: places[0]], tokens[places[-1] + 1 :]
    before, after = ("".join(text for kind, text in part if kind == "literal" or text == "%") for part in parts)
    return before, after


def _scientific(tokens: _Tokens) -> _Show:
    power = next(index for index, (kind, text) in enumerate(tokens) if kind == "sign" and text[0] in "Ee")
    pattern = "".join(text for kind, text in tokens[:power] if kind == "digits" or text == ".")
    whole, _, decimals = pattern.partition(".")
    step = len(whole) if "#" in whole else 1  # `##0` keeps exponents to multiples of three
    needed = len(decimals.rstrip("#?"))
    width = len(tokens[power + 1][1]) if power + 1 < len(tokens) else 2
    before, after = _around(tokens, "digits")

    def show(amount: float) -> str:
        number = Decimal(general(abs(amount)))
        exponent = number.adjusted() // step * step if number else 0
        mantissa = f"{number.scaleb(-exponent):.{len(decimals)}f}"
        if mantissa.partition(".")[0] == "1" + "0" * step:  # rounded up
            exponent, mantissa = exponent + step, f"{number.scaleb(-exponent - step):.{len(decimals)}f}"
        left, _, right = mantissa.partition(".")
        right = right[:needed] + right[needed:].rstrip("0")
        sign = "-" if exponent < 0 else "+" if tokens[power][1][1] == "+" else ""
        return f"{before}{left}{'.' * bool(right)}{right}E{sign}{abs(exponent):0{width}}{after}"

    return show


def _fraction(tokens: _Tokens) -> _Show:
    """A number with a fraction: `# ?/?` finds the nearest of one digit, `# ?/16` counts sixteenths."""
    slash = tokens.index(("sign", "/"))
    rest = "".join(text for _, text in tokens[slash + 1 :])
    below = _BELOW.match(rest)
    size, after = (below[0].strip(), rest[below.end() :]) if below else ("?", rest)
    is_mixed = sum(kind == "digits" for kind, _ in tokens[:slash]) > 1
    stated = int(size) if size.isdigit() else 0
    before, _ = _around(tokens, "digits")

    def show(number: float) -> str:
        exact = Fraction(general(abs(number)))
        ratio = Fraction(round(exact * stated), stated) if stated else exact.limit_denominator(10 ** len(size) - 1)
        whole, part = divmod(ratio, 1) if is_mixed else (0, ratio)
        bottom = stated or part.denominator
        fraction = f"{part * bottom}/{bottom}" if part or not is_mixed else ""
        return before + " ".join(filter(None, (str(whole) if whole or not fraction else "", fraction))) + after

    return show


def _moment(tokens: _Tokens, later: int) -> _Show:
    """How a date or a time is shown, which a spreadsheet keeps as a number of days, and some count from a later one."""
    parts = _date_parts(tokens)
    letters = {part[0] for part in parts}
    is_whole = {"y", "n", "d"} <= letters
    has_decimals = any("." in part for part in parts)
    precision = "milliseconds" if has_decimals else "seconds" if "s" in letters else "minutes" if "h" in letters else ""
    before, after = _around(tokens, "date")
    after = after if after[:1].isspace() else ""
    noon = any(kind == "date" and text.upper() in ("AM/PM", "A/P") for kind, text in tokens)

    def show(number: float) -> str:
        serial = number + later
        if not 0 <= serial < _LAST:
            return general(serial)
        days = serial + (2 if serial < 1 else 1 if serial < _LEAP_DAY else 0)
        moment = _EPOCH + timedelta(0, round(days * 86_400, 3) if has_decimals else _whole_seconds(days))
        if is_whole:
            text = moment.isoformat(" ", precision) if precision else moment.date().isoformat()
            return before + (text if serial >= 1 else f"1900-01-00{text[10:]}") + after
        texts = ("0" if serial < 1 and part in ("d", "dd") else _date_part(part, moment, noon) for part in parts)
        return "".join(next(texts) if kind == "date" else text for kind, text in tokens)

    return show


def _date_parts(tokens: _Tokens) -> list[str]:
    """The date tokens, with `n` for the months: an `m` after hours or before seconds is minutes."""
    parts = [text.lower() for kind, text in tokens if kind in ("date", "elapsed")]
    for index, part in enumerate(parts):
        if part[0] == "m":
            before = parts[index - 1][0] if index else ""
            after = parts[index + 1][0] if index + 1 < len(parts) else ""
            if before != "h" and after != "s":
                parts[index] = "n" * len(part)
        elif part[0] == "e":
            parts[index] = "yyyy"
    return parts


def _date_part(part: str, moment: datetime, noon: bool) -> str:
    size = len(part)
    hour = (moment.hour % 12 or 12) if noon else moment.hour
    match part[0]:
        case "g":  # an era; years are those of ours
            return ""
        case "y":
            return f"{moment.year % 100:02}" if size <= 2 else f"{moment.year}"
        case "n":
            name = _MONTHS[moment.month - 1]
            return (f"{moment.month}", f"{moment.month:02}", name[:3], name, name[0])[min(size, 5) - 1]
        case "d":
            name = _DAYS[moment.weekday()]
            return (f"{moment.day}", f"{moment.day:02}", name[:3], name)[min(size, 4) - 1]
        case "h":
            return f"{hour:02}" if size > 1 else f"{hour}"
        case "m":
            return f"{moment.minute:02}" if size > 1 else f"{moment.minute}"
        case "s":
            places = len(part.partition(".")[2])
            return f"{moment.second:02}" + (f".{moment.microsecond:06}"[: places + 1] if places else "")
    return "AM" if moment.hour < 12 else "PM"


def _whole_seconds(days: float) -> int:
    """Those that have passed: clocks do not round, but a number of days is seldom exact."""
    return int(days * 86_400 + 0.0001)


def _length(tokens: _Tokens) -> _Show:
    """How a length of time is shown, likewise."""
    elapsed = next(text for kind, text in tokens if kind == "elapsed")
    unit = {"h": 3600, "m": 60, "s": 1}[elapsed[0]]
    places = sum(len(text.partition(".")[2] if kind == "date" else text) for kind, text in tokens if kind in _DECIMAL)

    def show(days: float) -> str:
        if not -_LAST <= days < _LAST:
            return general(days)
        length = f"{abs(days) * 86_400:.{places}f}" if places else f"{_whole_seconds(abs(days))}"
        seconds, decimals = int(length.partition(".")[0]), length.partition(".")[2]
        out = "-" if days < 0 else ""
        for kind, text in tokens:
            if kind == "elapsed":
                out += f"{seconds // unit:0{len(text)}}"
            elif kind == "date":
                part = {"h": seconds // 3600 % 24, "m": seconds // 60 % 60, "s": seconds % 60}.get(text[0].lower(), 0)
                name, point, _ = text.partition(".")
                out += f"{part:0{min(len(name), 2)}}" + (point + decimals if point else "")
            else:
                out += decimals if kind == "digits" else text
        return out

    return show
