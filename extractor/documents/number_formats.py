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
    r'"([^"]*)"?|\\(.)|_.|\*.|\[\$([^\]-]*)[^\]]*\]|\[(h+|m+|s+)\]|\[([<>=]+-?[\d.]+)\]|\[[^\]]*\]'
    r"|(General|AM/PM|A/P|E[+-]|y+|e+|g+|m+|d+|h+|s+(?:\.0+)?|[0#?]+|[.,%/@;])|(.)",
    re.I | re.S,
)
_PLAIN = re.compile(r"(?:(#,##)0|#*(0+))(?:\.(0+))?")
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)(-?[\d.]+)")
_NOT_ZERO = re.compile("[1-9]")
_BELOW = re.compile(r"\s*(?:[1-9][0-9]*|[?#0]+)")
_HOLDS = {"<": lt, ">": gt, "=": eq, "<=": le, ">=": ge, "<>": ne}
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_EPOCH = datetime(1899, 12, 30)
_LEAP_DAY = 60  # 1900-02-29 to Excel, so that the days before it have other numbers
_LAST = 2_958_466  # the day after 9999-12-31
_EXACT = 10**15
_INEXACT = 1e-14  # of a number: more than the 15 digits that spreadsheets keep leave open
_TEXT = ("general", "@")
_DECIMAL = ("date", "digits")  # tokens that may hold decimals of seconds


_Tokens = tuple[tuple[str, str], ...]


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
    later = 1462 * from_1904
    shows = [_shown(section.tokens, later) for section in sections]

    def by_code(number: float) -> str:
        place, is_negative = _section(sections, number)
        try:
            return shows[place](number, is_negative) or general(number)  # a code such as `;;;` hides the value
        except (ValueError, ArithmeticError):
            return general(number)

    def day(number: float) -> str:
        return _day(int(number) + later) if _LEAP_DAY <= number < _LAST - 1462 and number % 1 == 0 else by_code(number)

    def plain(number: float) -> str:
        form = forms[0] if number > 0 else negative if number else zero
        if form is None:
            return by_code(number)
        before, spec, after, power, scale = form
        amount = abs(number) * scale
        last = amount * power
        if abs(last % 1 - 0.5) <= last * _INEXACT:
            return by_code(number)  # a half goes up as a decimal, which is not what Python does with a binary number
        text = format(amount, spec)
        if number < 0 and form is forms[0] and text.strip("0."):
            return f"-{before}{text}{after}"
        return f"{before}{text}{after}"

    if _is_day(sections):
        return day
    forms = [_plain(section) for section in sections]
    negative, zero = forms[len(forms) > 1], forms[2 if len(forms) > 2 else 0]
    return plain if any(forms) and not any(section.condition for section in sections) else by_code


def _shown(tokens: _Tokens, later: int) -> Callable[[float, bool], str]:
    """How a section shows a number, whose sign is written where it is negative."""
    kinds = {kind for kind, _ in tokens}
    if kinds & {"date", "elapsed"}:
        if "elapsed" in kinds:
            length = _length(tokens)
            return lambda number, _: length(number)
        moment = _moment(tokens)
        return lambda number, _: moment(number + later)

    def amount(number: float) -> str:
        if "digits" in kinds and "general" not in kinds:
            return _figure(Decimal(general(number)), tokens)
        return "".join(general(number) if kind == "general" else text for kind, text in words)

    def show(number: float, is_negative: bool) -> str:
        text = amount(abs(number))
        return ("-" if is_negative and _NOT_ZERO.search(text) else "") + text.strip()

    words = [token for token in tokens if token[0] in ("general", "literal")]
    return show


def formatted_text(text: str, code: str) -> str:
    """A text as a cell of this format shows it: `"No. "@` puts words before it.

    >>> formatted_text("17a", '0;-0;0;"No. "@')
    'No. 17a'
    """
    tokens = next((section.tokens for section in _sections(code) if _TEXT in section.tokens), (_TEXT,))
    return "".join(
        text if token == _TEXT else token[1] for token in tokens if token[0] in ("general", "literal")
    ).strip()


def general(number: float) -> str:
    """A number as it is written without any format: 15 digits, as spreadsheets keep them, or all of a whole number."""
    return f"{number:.0f}" if _EXACT <= abs(number) < 1 << 53 and number % 1 == 0 else f"{number + 0.0:.15g}"


class _Plain(NamedTuple):
    """A section that a format of Python's own says: digits, with or without groups, between two literal texts."""

    before: str
    spec: str
    after: str
    power: int
    scale: int


def _plain(section: _Section) -> _Plain | None:
    digits = [index for index, (kind, text) in enumerate(section.tokens) if kind in ("digits", "sign") and text != "%"]
    if not digits:
        return None
    first, last = digits[0], digits[-1] + 1
    before, after = section.tokens[:first], section.tokens[last:]
    match = _PLAIN.fullmatch("".join(text if kind != "literal" else '"' for kind, text in section.tokens[first:last]))
    outer = [*before, *after]
    if not match or any(kind != "literal" and text != "%" for kind, text in outer):
        return None
    grouped, whole, places = match[1], len(match[2] or ""), len(match[3] or "")
    spec = f",.{places}f" if grouped else f"0{whole + places + (places > 0)}.{places}f"
    scale = 100 ** sum(token == ("sign", "%") for token in outer)
    prefix, suffix = ("".join(text for _, text in part) for part in (before, after))
    return _Plain(prefix.lstrip(), spec, suffix.rstrip(), 10**places, scale)


def _is_day(sections: tuple[_Section, ...]) -> bool:
    """Whether numbers are shown as whole dates and nothing else."""
    tokens = sections[0].tokens
    parts = {part[0] for part in _date_parts(tokens)}
    return len(sections) == 1 and parts == {"y", "n", "d"} and not any(map(str.strip, _around(tokens, "date")))


@lru_cache(maxsize=4096)
def _day(serial: int) -> str:
    return (_EPOCH + timedelta(days=serial)).date().isoformat()


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


def _section(sections: tuple[_Section, ...], number: float) -> tuple[int, bool]:
    """Which section is for a number, and whether its sign is still to be written."""
    if any(section.condition for section in sections):
        for place, section in enumerate(sections):
            match = _CONDITION.fullmatch(section.condition)
            if match is None or _HOLDS[match[1]](number, float(match[2])):
                return place, number < 0
    if number < 0 and len(sections) > 1:
        return 1, False
    if number == 0 and len(sections) > 2:
        return 2, False
    return 0, number < 0


def _figure(number: Decimal, tokens: _Tokens) -> str:
    """Digits put into the places that the code keeps for them."""
    signs = [text for kind, text in tokens if kind == "sign"]
    number *= 100 ** signs.count("%")
    before, after = _around(tokens, "digits")
    if "/" in signs:
        return before + _fraction(number, tokens)
    point = next((i for i, token in enumerate(tokens) if token == ("sign", ".")), len(tokens))
    power = next((i for i, (kind, text) in enumerate(tokens) if kind == "sign" and text[0] in "Ee"), len(tokens))
    whole = [i for i, (kind, _) in enumerate(tokens) if kind == "digits" and i < min(point, power)]
    rest = [i for i, (kind, _) in enumerate(tokens) if kind == "digits" and point < i < power]
    commas = [i for i, token in enumerate(tokens) if token == ("sign", ",")]
    number /= 1000 ** sum(i > max(whole, default=-1) and (not rest or i > rest[-1] or i < point) for i in commas)
    grouped = any(whole and whole[0] < i < whole[-1] for i in commas)
    if power < len(tokens):
        return before + _scientific(number, tokens, whole, rest, power) + after
    places = sum(len(tokens[i][1]) for i in rest)
    left, _, right = f"{number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP):f}".partition(".")
    return _placed(tokens, whole, rest, left.lstrip("0"), right, grouped)


def _around(tokens: _Tokens, kind: str) -> tuple[str, str]:
    """The texts before the first token of that kind and after the last."""
    places = [index for index, token in enumerate(tokens) if token[0] == kind]
    parts = tokens[: places[0]], tokens[places[-1] + 1 :]
    before, after = ("".join(text for kind, text in part if kind == "literal" or text == "%") for part in parts)
    return before, after


def _placed(tokens: _Tokens, whole: list[int], rest: list[int], left: str, right: str, grouped: bool) -> str:
    pattern = "".join(tokens[i][1] for i in whole)
    least = len(pattern) - next((i for i, place in enumerate(pattern) if place == "0"), len(pattern))
    left = left.rjust(least, "0")
    pieces: dict[int, str] = {}
    for index in reversed(whole):
        size = len(tokens[index][1]) if index != whole[0] else len(left)
        left, pieces[index] = left[: max(len(left) - size, 0)], left[max(len(left) - size, 0) :]
    if grouped:
        together = "".join(pieces[i] for i in whole)
        pieces = dict.fromkeys(whole, "") | {whole[0]: _grouped(together)}
    used = 0
    for index in rest:
        size = len(tokens[index][1])
        pieces[index] = right[used : used + size]
        optional = len(tokens[index][1].rstrip("#?"))
        if index == rest[-1]:
            pieces[index] = pieces[index][:optional] + pieces[index][optional:].rstrip("0")
        used += size
    fraction = "".join(pieces[i] for i in rest)
    out = ""
    for index, (kind, text) in enumerate(tokens):
        if kind == "digits":
            out += pieces.get(index, "")
        elif kind == "literal" or text == "%" or (text == "." and fraction):
            out += text
    return out


def _grouped(digits: str) -> str:
    return re.sub(r"(?<=\d)(?=(?:\d{3})+$)", ",", digits)


def _scientific(number: Decimal, tokens: _Tokens, whole: list[int], rest: list[int], power: int) -> str:
    pattern, decimals = ("".join(tokens[i][1] for i in part) for part in (whole, rest))
    step = len(pattern) if "#" in pattern else 1  # `##0` keeps exponents to multiples of three
    exponent = number.adjusted() // step * step if number else 0
    mantissa = f"{number.scaleb(-exponent):.{len(decimals)}f}"
    if mantissa.partition(".")[0] == "1" + "0" * step:  # rounded up
        exponent, mantissa = exponent + step, f"{number.scaleb(-exponent - step):.{len(decimals)}f}"
    if optional := len(decimals) - len(decimals.rstrip("#?")):
        mantissa = (mantissa[:-optional] + mantissa[-optional:].rstrip("0")).rstrip(".")
    width = len(tokens[power + 1][1]) if power + 1 < len(tokens) else 2
    sign = "-" if exponent < 0 else "+" if tokens[power][1][1] == "+" else ""
    return f"{mantissa}E{sign}{abs(exponent):0{width}}"


def _fraction(number: Decimal, tokens: _Tokens) -> str:
    """A number with a fraction: `# ?/?` finds the nearest of one digit, `# ?/16` counts sixteenths."""
    slash = tokens.index(("sign", "/"))
    below = _BELOW.match("".join(text for _, text in tokens[slash + 1 :]))
    size = below[0].strip() if below else "?"
    after = "".join(text for _, text in tokens[slash + 1 :])[len(below[0]) if below else 0 :]
    mixed = sum(kind == "digits" for kind, _ in tokens[:slash]) > 1
    bottom = int(size) if size.isdigit() else 0
    exact = Fraction(number)
    ratio = Fraction(round(exact * bottom), bottom) if bottom else exact.limit_denominator(10 ** len(size) - 1)
    whole, part = divmod(ratio, 1) if mixed else (0, ratio)
    bottom = bottom or part.denominator
    fraction = f"{part * bottom}/{bottom}" if part or not mixed else ""
    return " ".join(filter(None, (str(whole) if whole or not fraction else "", fraction))) + after


def _moment(tokens: _Tokens) -> Callable[[float], str]:
    """How a date or a time is shown, which a spreadsheet keeps as a number of days."""
    parts = _date_parts(tokens)
    letters = {part[0] for part in parts}
    is_whole = {"y", "n", "d"} <= letters
    has_decimals = any("." in part for part in parts)
    precision = "milliseconds" if has_decimals else "seconds" if "s" in letters else "minutes" if "h" in letters else ""
    before, after = _around(tokens, "date")
    after = after if after[:1].isspace() else ""
    noon = any(kind == "date" and text.upper() in ("AM/PM", "A/P") for kind, text in tokens)

    def show(serial: float) -> str:
        if not 0 <= serial < _LAST:
            return general(serial)
        days = serial + (2 if serial < 1 else 1 if serial < _LEAP_DAY else 0)
        moment = _EPOCH + timedelta(seconds=round(days * 86_400, 3) if has_decimals else _whole_seconds(days))
        if is_whole:
            text = moment.isoformat(" ", precision) if precision else moment.date().isoformat()
            return (before + (text if serial >= 1 else f"1900-01-00{text[10:]}") + after).strip()
        texts = ("0" if serial < 1 and part in ("d", "dd") else _date_part(part, moment, noon) for part in parts)
        return "".join(next(texts) if kind == "date" else text for kind, text in tokens).strip()

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


def _length(tokens: _Tokens) -> Callable[[float], str]:
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
