"""Numbers in words, of any size, and lengths of time, in the languages in which dates are read.

    >>> [(one.value, one.start, one.end) for one in numbers_in_words("one hundred and five of twenty-two")]
    [(105, 0, 20), (22, 24, 34)]
    >>> [(one.value, one.start, one.end) for one in lengths("for six (6) months or 2 weeks")]
    [((6, 0), 4, 18), ((0, 1209600), 22, 29)]

Every word of the tables is a number of its own; how words make one number is one rule for all languages: a multiplier
(hundred, thousand, 百) takes the smaller numbers before it, and what is added must fit into the zeros of what stands
before it. `fünfundzwanzig` and `ventidue` are read as the words that they are made of.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

from extractor.extraction.folding import fold

__all__ = ["Length", "Worded", "length_of", "lengths", "numbers_in_words"]

_TO_19 = {
    "en": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen",
    "de": "null ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn "
    "siebzehn achtzehn neunzehn",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize",
    "es": "cero un dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis "
    "diecisiete dieciocho diecinueve",
    "it": "zero un due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici "
    "diciassette diciotto diciannove",
    "nl": "nul een twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien zestien "
    "zeventien achttien negentien",
    "pt": "zero um dois três quatro cinco seis sete oito nove dez onze doze treze catorze quinze dezesseis dezessete "
    "dezoito dezenove",
    "sv": "noll en två tre fyra fem sex sju åtta nio tio elva tolv tretton fjorton femton sexton sjutton arton nitton",
    "pl": "zero jeden dwa trzy cztery pięć sześć siedem osiem dziewięć dziesięć jedenaście dwanaście trzynaście "
    "czternaście piętnaście szesnaście siedemnaście osiemnaście dziewiętnaście",
}
_TENS = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
    "de": "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
    "fr": "vingt trente quarante cinquante soixante septante huitante nonante",
    "es": "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    "it": "venti trenta quaranta cinquanta sessanta settanta ottanta novanta",
    "nl": "twintig dertig veertig vijftig zestig zeventig tachtig negentig",
    "pt": "vinte trinta quarenta cinquenta sessenta setenta oitenta noventa",
    "sv": "tjugo trettio fyrtio femtio sextio sjuttio åttio nittio",
    "pl": "dwadzieścia trzydzieści czterdzieści pięćdziesiąt sześćdziesiąt siedemdziesiąt osiemdziesiąt "
    "dziewięćdziesiąt",
}
_HUNDREDS = {
    "es": "doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos",
    "pt": "duzentos trezentos quatrocentos quinhentos seiscentos setecentos oitocentos novecentos",
    "pl": "dwieście trzysta czterysta pięćset sześćset siedemset osiemset dziewięćset",
}
_MORE = {
    "de": "eins=1 eine=1 einen=1 einem=1 einer=1 zwo=2",
    "fr": "une=1",
    "es": "uno=1 una=1 veinti=20 veintidós=22 veintitrés=23 veintiséis=26 ciento=100",
    "it": "uno=1 una=1 tré=3 vent=20 trent=30 quarant=40 cinquant=50 sessant=60 settant=70 ottant=80 novant=90",
    "nl": "één=1",
    "pt": "uma=1 duas=2 quatorze=14 dezasseis=16 dezassete=17 dezanove=19 cento=100",
    "sv": "ett=1",
    "pl": "jedna=1 jednego=1 dwie=2 dwóch=2 trzech=3 czterech=4 pięciu=5 sześciu=6 siedmiu=7 ośmiu=8 dziewięciu=9 "
    "dziesięciu=10 dwunastu=12 czternastu=14 trzydziestu=30 sto=100",
}
_TIMES = {
    "en": "hundred=2 thousand=3 million=6 billion=9",
    "de": "hundert=2 tausend=3 million=6 millionen=6 milliarde=9 milliarden=9",
    "fr": "vingt=20 vingts=20 cent=2 cents=2 mille=3 million=6 millions=6 milliard=9 milliards=9",
    "es": "cien=2 mil=3 millón=6 millones=6",
    "it": "cento=2 mille=3 mila=3 milione=6 milioni=6 miliardo=9 miliardi=9",
    "nl": "honderd=2 duizend=3 miljoen=6 miljard=9",
    "pt": "cem=2 mil=3 milhão=6 milhões=6",
    "sv": "hundra=2 tusen=3 miljon=6 miljoner=6 miljard=9 miljarder=9",
    "pl": "tysiąc=3 tysiące=3 tysięcy=3 milion=6 miliony=6 milionów=6",
}
_AND = {"en": "and", "de": "und", "fr": "et", "es": "y", "it": "e", "nl": "en ën", "pt": "e", "sv": "och", "pl": "i"}
_CJK = re.compile("[〇零一二三四五六七八九十百千万萬億两兩]+")
_CJK_DIGITS = {**{sign: n for n, sign in enumerate("零一二三四五六七八九")}, "〇": 0, "两": 2, "兩": 2}
_CJK_TIMES = {"十": 1, "百": 2, "千": 3, "万": 4, "萬": 4, "億": 8}

_DAY, _MONTH = (0, 86_400), (1, 0)
_UNITS: dict[tuple[int, int], str] = {
    (0, 1): "second seconds sekunde sekunden seconde secondes segundo segundos secondo secondi seconden sekund",
    (0, 60): "minute minutes minuten minuto minutos minuti minuut minuter minuta minuty minut 分 分钟 分鐘 分間 분",
    (0, 3600): "hour hours stunde stunden heure heures hora horas ora ore uur uren timme timmar godzina godziny godzin "
    "时间 時間 小时 小時 시간 ساعة ساعات",
    _DAY: "day days tag tage tagen jour jours día días dia dias giorno giorni dag dagen dagar dzień dni dnia "
    "日 日間 天 일 يوم يوما أيام",
    (0, 7 * 86_400): "week weeks woche wochen semaine semaines semana semanas settimana settimane weken vecka veckor "
    "tydzień tygodnie tygodni 週間 周 週 주 أسبوع أسابيع",
    _MONTH: "month months monat monate monaten mois mes meses mese mesi maand maanden mês månad månader miesiąc "
    "miesiące miesięcy か月 ヶ月 カ月 个月 個月 개월 شهر شهرا أشهر",
    (12, 0): "year years jahr jahre jahren an ans année années año años anno anni jaar ano anos år rok lata lat "
    "年 年間 년 سنة سنوات عام",
}
_NUMBER = re.compile(r"(?<![\w.,:/-])(?:\((\d{1,4})\)|(\d{1,4})(?!\d))")
_FIGURES = re.compile(r" ?\((\d{1,4})\)")
_JOINED = re.compile(r",? ?(?:and|und|et|y|e|en|och|i)? ?")
_ISO = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.0+)?S)?)?")


class Worded(NamedTuple):
    """A number in words, and where it stands in a folded text."""

    value: int
    start: int
    end: int


class Length(NamedTuple):
    """A length of time as (months, seconds), neither of which can be told by the other, and where it stands."""

    value: tuple[int, int]
    start: int
    end: int


def length_of(value: str) -> tuple[int, int] | None:
    """What a value says that is a length of time and nothing else: `P30D`, `30 days`, `six (6) months`."""
    if (found := _ISO.fullmatch(value)) and any(found.groups()):
        years, months, weeks, days, hours, minutes, seconds = (int(one or 0) for one in found.groups())
        return 12 * years + months, ((7 * weeks + days) * 24 + hours) * 3600 + minutes * 60 + seconds
    form = fold(value).text.strip()
    whole = [one for one in lengths(form) if (one.start, one.end) == (0, len(form))]
    return whole[0].value if whole else None


def lengths(text: str) -> Iterator[Length]:
    """Every length of time of a folded text, its number in figures, in words or in both."""
    before: Length | None = None
    for one in _simple_lengths(text):
        yield one
        if before and _JOINED.fullmatch(text, before.end, one.start):  # 1 year and 6 months
            total = (before.value[0] + one.value[0], before.value[1] + one.value[1])
            yield Length(total, before.start, one.end)
        before = one


def _simple_lengths(text: str) -> Iterator[Length]:
    numbers = [Worded(int(found[1] or found[2]), *found.span()) for found in _NUMBER.finditer(text)]
    reached = 0
    for value, start, end in sorted([*numbers, *numbers_in_words(text)], key=lambda found: found.start):
        if (figures := _FIGURES.match(text, end)) and int(figures[1]) == value:
            end = figures.end()
        if start >= reached and (unit := _unit_pattern().match(text, end)):
            reached = unit.end()
            months, seconds = _units()[unit[1]]
            yield Length((value * months, value * seconds), start, unit.end())


@cache
def _units() -> dict[str, tuple[int, int]]:
    return {fold(word).text: size for size, words in _UNITS.items() for word in words.split()}


@cache
def _unit_pattern() -> re.Pattern[str]:
    spaced = sorted((word for word in _units() if word < "⺀"), key=len, reverse=True)
    glued = sorted((word for word in _units() if word >= "⺀"), key=len, reverse=True)
    return re.compile(rf"(?:[ -]?(?={'|'.join(spaced)})| ?)((?:{'|'.join(spaced)})(?!\w)|{'|'.join(glued)})")


def numbers_in_words(text: str) -> Iterator[Worded]:
    """Every number of a folded text that is written in words, those of the language of the text alone where a word
    is one in several (`due`, `once`)."""
    for found in _CJK.finditer(text):
        if (value := _eastern(found[0])) is not None:
            yield Worded(value, *found.span())
    words = [(found[0], found.start(), found.end()) for found in re.finditer(r"[^\W\d_]+", text)]
    read = {word: _readings(word) for word in {word for word, _, _ in words}}
    spoken = Counter(language for word, _, _ in words for language in read[word])
    most = max(spoken.values(), default=0)
    numbers = {
        one
        for language in (language for language, count in spoken.items() if 2 * count >= most)
        for one in _numbers(text, [(read[word].get(language), start, end) for word, start, end in words])
    }
    yield from sorted(numbers, key=lambda one: one.start)


Part = tuple[int, bool]
"""A number, and whether it multiplies what stands before it."""


def _numbers(text: str, words: Sequence[tuple[Sequence[Part] | None, int, int]]) -> Iterator[Worded]:
    stack: list[int] = []
    begin = last = finish = 0
    for parts, start, end in words:
        joins = stack and text[last:start] in (" ", "-", " - ")
        if parts == () and joins:  # and: what follows goes on
            last = end
            continue
        if stack and not (joins and parts and _take(stack, parts, glued=False)):
            yield Worded(sum(stack), begin, finish)
            stack = []
        if not stack and parts:
            begin = start
            _take(stack, parts, glued=True)
        if parts:
            last = finish = end
    if stack:
        yield Worded(sum(stack), begin, finish)


def _take(stack: list[int], parts: Sequence[Part], *, glued: bool) -> bool:
    """Add the numbers of one word to those before it, if they make one number with them."""
    grown = list(stack)
    for number, multiplies in parts:
        if multiplies:
            smaller = 0
            while grown and grown[-1] < number:
                smaller += grown.pop()
            number *= smaller or 1
            if grown and number >= 10 ** _zeros(grown[-1]):
                return False
            grown.append(number)
        elif not grown or _fits(grown[-1], number, glued=glued or len(parts) > 1):
            grown.append(number)
        else:
            return False
    stack[:] = grown
    return True


def _fits(before: int, number: int, *, glued: bool) -> bool:
    """Whether a number goes on after another: into its zeros; `soixante-dix`; in one word `fünfundzwanzig`."""
    if number < 10 ** _zeros(before) or (before in (60, 80) and number < 20):
        return True
    return glued and before < 10 and number % 10 == 0


def _zeros(number: int) -> int:
    return len(str(number)) - len(str(number).rstrip("0"))


def _eastern(written: str) -> int | None:
    """三十五 is 35, and 二〇二六 is 2026."""
    if len(written) < 2:
        return None
    if all(sign in _CJK_DIGITS for sign in written):
        return int("".join(str(_CJK_DIGITS[sign]) for sign in written))
    parts = [(10 ** _CJK_TIMES[sign], True) if sign in _CJK_TIMES else (_CJK_DIGITS[sign], False) for sign in written]
    stack: list[int] = []
    return sum(stack) if _take(stack, [part for part in parts if part[0]], glued=False) else None


@cache
def _vocabulary() -> dict[str, dict[str, Part | None]]:
    """Folded words of each language with their numbers; None for the word that joins two."""
    found: dict[str, dict[str, Part | None]] = {}
    for language, words in _TO_19.items():
        own: dict[str, Part | None] = {word: (n, False) for n, word in enumerate(words.split())}
        own |= {word: (10 * n, False) for n, word in enumerate(_TENS[language].split(), 2)}
        own |= {word: (100 * n, False) for n, word in enumerate(_HUNDREDS.get(language, "").split(), 2)}
        for pair in _MORE.get(language, "").split():
            word, _, number = pair.partition("=")
            own[word] = (int(number), False)
        for pair in _TIMES[language].split():
            word, _, zeros = pair.partition("=")
            own[word] = (20 if zeros == "20" else 10 ** int(zeros), True)
        own |= dict.fromkeys(_AND[language].split(), None)
        found[language] = {fold(word).text: number for word, number in own.items()}
    return found


@cache
def _compound(language: str) -> re.Pattern[str]:
    words = sorted(_vocabulary()[language], key=len, reverse=True)
    return re.compile("|".join(words))


@cache
def _readings(word: str) -> dict[str, tuple[Part, ...]]:
    """What a word is in each language in which it is made of numbers alone; () is the word that joins."""
    found = {}
    for language, own in _vocabulary().items():
        pieces = [word] if word in own else _pieces(word, language)
        if pieces:
            found[language] = tuple(number for piece in pieces if (number := own[piece]) is not None)
    return found


def _pieces(word: str, language: str) -> list[str]:
    """The numbers that a long word is made of, the longest first; none if something else is in it."""
    if len(word) < 6:
        return []
    pieces, position = [], 0
    while found := _compound(language).match(word, position):
        pieces.append(found[0])
        position = found.end()
    return pieces if position == len(word) else []
