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

from extractor.extraction.folding import MARKS, Read, fold
from extractor.repair.names import UNITS

__all__ = ["eastern", "length_of", "lengths", "numbers_in_words"]

_FROM_0 = {
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
    "ru": "ноль один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать "
    "четырнадцать пятнадцать шестнадцать семнадцать восемнадцать девятнадцать",
    "tr": "sıfır bir iki üç dört beş altı yedi sekiz dokuz on",
    "ar": "صفر واحد اثنان ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة عشرة",
    "hi": "शून्य एक दो तीन चार पाँच छह सात आठ नौ दस ग्यारह बारह तेरह चौदह पंद्रह सोलह सत्रह अठारह उन्नीस "
    "बीस इक्कीस बाईस तेईस चौबीस पच्चीस छब्बीस सत्ताईस अट्ठाईस उनतीस तीस इकतीस बत्तीस तैंतीस चौंतीस पैंतीस छत्तीस "
    "सैंतीस अड़तीस उनतालीस चालीस इकतालीस बयालीस तैंतालीस चौवालीस पैंतालीस छियालीस सैंतालीस अड़तालीस उनचास पचास "
    "इक्यावन बावन तिरपन चौवन पचपन छप्पन सत्तावन अट्ठावन उनसठ साठ इकसठ बासठ तिरसठ चौंसठ पैंसठ छियासठ सड़सठ अड़सठ "
    "उनहत्तर सत्तर इकहत्तर बहत्तर तिहत्तर चौहत्तर पचहत्तर छिहत्तर सतहत्तर अठहत्तर उनासी अस्सी इक्यासी बयासी तिरासी "
    "चौरासी पचासी छियासी सत्तासी अट्ठासी नवासी नब्बे इक्यानवे बानवे तिरानवे चौरानवे पचानवे छियानवे सत्तानवे "
    "अट्ठानवे निन्यानवे",
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
    "ru": "двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто",
    "tr": "yirmi otuz kırk elli altmış yetmiş seksen doksan",
    "ar": "عشرون ثلاثون أربعون خمسون ستون سبعون ثمانون تسعون",
}
_HUNDREDS = {
    "es": "doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos",
    "pt": "duzentos trezentos quatrocentos quinhentos seiscentos setecentos oitocentos novecentos",
    "pl": "dwieście trzysta czterysta pięćset sześćset siedemset osiemset dziewięćset",
    "ru": "двести триста четыреста пятьсот шестьсот семьсот восемьсот девятьсот",
}
_MORE = {
    "de": "eins=1 eine=1 einen=1 einem=1 einer=1 zwo=2",
    "fr": "une=1",
    "es": "uno=1 una=1 veinti=20 veintidós=22 veintitrés=23 veintiséis=26 ciento=100",
    "it": "uno=1 una=1 tré=3 vent=20 trent=30 quarant=40 cinquant=50 sessant=60 settant=70 ottant=80 novant=90 "
    "tto=8 ttanta=80 ttant=80",
    "nl": "één=1",
    "pt": "uma=1 duas=2 quatorze=14 dezasseis=16 dezassete=17 dezanove=19 cento=100",
    "sv": "ett=1 förtio=40",
    "pl": "jedna=1 jednego=1 dwie=2 dwóch=2 trzech=3 czterech=4 pięciu=5 sześciu=6 siedmiu=7 ośmiu=8 dziewięciu=9 "
    "dziesięciu=10 dwunastu=12 czternastu=14 trzydziestu=30 sto=100",
    "ru": "нуль=0 одна=1 одно=1 одного=1 одной=1 одну=1 две=2 двух=2 двум=2 трёх=3 трём=3 четырёх=4 четырём=4 пяти=5 "
    "шести=6 семи=7 восьми=8 девяти=9 десяти=10 одиннадцати=11 двенадцати=12 тринадцати=13 четырнадцати=14 "
    "пятнадцати=15 шестнадцати=16 семнадцати=17 восемнадцати=18 девятнадцати=19 двадцати=20 тридцати=30 сорока=40 "
    "пятидесяти=50 шестидесяти=60 семидесяти=70 восьмидесяти=80 девяноста=90 сто=100 ста=100",
    "ar": "واحدة=1 أحد=1 إحدى=1 اثنتان=2 اثنين=2 اثنتين=2 اثنا=2 اثني=2 اثنتا=2 اثنتي=2 ثلاث=3 أربع=4 خمس=5 ست=6 "
    "سبع=7 ثمان=8 ثماني=8 تسع=9 عشر=10 عشرين=20 ثلاثين=30 أربعين=40 خمسين=50 ستين=60 سبعين=70 ثمانين=80 تسعين=90 "
    "مئتان=200 مئتين=200 مئتا=200 مئتي=200 مائتان=200 مائتين=200 مائتا=200 مائتي=200 ألفان=2000 ألفين=2000 "
    "ألفي=2000 مليونان=2000000 مليونين=2000000",
    "hi": "छः=6 छ=6 छै=6 पन्द्रह=15 अट्ठारह=18 अठाईस=28 इकत्तीस=31 तेतीस=33 चवालीस=44 चौंतालीस=44 तिरेपन=53 तिरेसठ=63 "
    "उन्यासी=79 बासी=82 तेरासी=83 सतासी=87 अठासी=88 अठ्ठासी=88 इक्यानबे=91 बानबे=92 तिरानबे=93 चौरानबे=94 पंचानबे=95 "
    "पन्चानबे=95 छियानबे=96 सत्तानबे=97 अट्ठानबे=98 अठानवे=98 निन्यानबे=99",
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
    "ru": "сот=2 стам=2 тысяча=3 тысячи=3 тысяч=3 тысячу=3 тысяче=3 тысячам=3 миллион=6 миллиона=6 миллионов=6 "
    "миллиард=9 миллиарда=9 миллиардов=9",
    "tr": "yüz=2 bin=3 milyon=6 milyar=9",
    "ar": "مئة=2 مائة=2 ألف=3 ألفا=3 آلاف=3 مليون=6 مليونا=6 ملايين=6 مليار=9 مليارا=9 مليارات=9",
    "hi": "सौ=2 हज़ार=3 लाख=5 करोड़=7 अरब=9",
}
_AND = {
    **{"en": "and", "de": "und", "fr": "et", "es": "y", "it": "e", "nl": "en ën", "pt": "e", "sv": "och", "pl": "i"},
    **{"ru": "и", "tr": "ve", "ar": "و", "hi": "और"},
}
_UNITS_FIRST = {"ar"}
"""Languages that say the units before the tens in words apart; in one word (`fünfundzwanzig`) any language may."""
_AND_GLUED = {"ar"}
"""Languages that write the word that joins in one word with what follows it."""
_PROSE = {
    "en": "the of to in on is for that with by at from be as it or this are an not was a we you no once due sex",
    "de": "der die das den dem in zu ist von mit für auf bin sich nicht auch an am im um es wir sie sei tage jahre",
    "fr": "le la les de du des en au aux est que qui dans par pour sur pas ne on ce il se ou jours mois ans",
    "es": "el la los las de del en que es por con para se no su al lo o como a día días mes meses año años "
    "semana semanas hora horas minutos",
    "it": "il lo la i gli di del della in che è per con non si da al giorno giorni mese mesi anno anni "
    "settimane ore minuti",
    "nl": "de het van in op te dat is voor met zijn er aan niet om ook als bij of dagen maanden weken jaar",
    "pt": "o a os as de do da dos das em no na que é por com para não se ao dia dias mês meses ano anos "
    "semana semanas hora horas minuto minutos",
    "sv": "det att som på är av för den med till i om inte de har från vid dag dagar månad månader vecka "
    "veckor timme timmar minut minuter",
    "pl": "w na z do się nie że jest o to od za po jak dni miesiące miesięcy lat",
    "ru": "в на с по не что это от для за из к о или как его дней месяцев лет",
    "tr": "bu için ile da de olan olarak gün hafta ay yıl saat dakika sene günlük aylık yıllık",
    "ar": "في من على إلى عن أن هذا هذه التي الذي أو لا ما أحد إحدى",
    "hi": "के का की में है से को पर यह और हैं ने कि अरब",
}
"""Common words of each language. They tell what a text is written in, and none of them is a number by itself in their
own language, nor a sign of another one."""
_SPELLINGS = str.maketrans(
    dict.fromkeys("\u0307\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0901\u0902\u093c\u094d", "")
    | {"ı": "i", "ё": "е", "أ": "ا", "إ": "ا", "آ": "ا", "ة": "ه", "ी": "ि", "ई": "इ", "ू": "ु"}
)
"""Marks and letters that writers leave out or exchange."""
_WORD = re.compile(rf"(?:[^\W\d_]|[{MARKS}])+")
_CJK = re.compile("[〇零一二三四五六七八九十百千万萬億两兩]+")
_CJK_DIGITS = {**{sign: n for n, sign in enumerate("零一二三四五六七八九")}, "〇": 0, "两": 2, "兩": 2}
_CJK_TIMES = {"十": 1, "百": 2, "千": 3, "万": 4, "萬": 4, "億": 8}

_DAY, _MONTH = (0, 86_400), (1, 0)
_TWO: dict[tuple[int, int], str] = {
    (0, 60): "دقيقتان دقيقتين",
    (0, 3600): "ساعتان ساعتين",
    _DAY: "يومان يومين",
    (0, 7 * 86_400): "أسبوعان أسبوعين",
    _MONTH: "شهران شهرين",
    (12, 0): "سنتان سنتين عامان عامين",
}
"""Dual forms, which are two of a unit without a number."""
_NUMBER = re.compile(r"(?<![\w.,:/-])(?:\((\d{1,4})\)|(\d{1,4})(?!\d))")
_FIGURES = re.compile(r" ?\((\d{1,4})\)")
_JOINED = re.compile(rf",? ?(?:{'|'.join(' '.join(_AND.values()).split())})? ?")
_ISO = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.0+)?S)?)?")


def length_of(value: str) -> tuple[int, int] | None:
    """What a value says that is a length of time and nothing else: `P30D`, `30 days`, `six (6) months`."""
    if (found := _ISO.fullmatch(value)) and any(found.groups()):
        years, months, weeks, days, hours, minutes, seconds = (int(one or 0) for one in found.groups())
        return 12 * years + months, ((7 * weeks + days) * 24 + hours) * 3600 + minutes * 60 + seconds
    form = fold(value).text.strip()
    whole = [one for one in lengths(form) if (one.start, one.end) == (0, len(form))]
    return whole[0].value if whole else None


def lengths(text: str) -> Iterator[Read]:
    """Every length of time of a folded text, its number in figures, in words or in both: as (months, seconds), neither
    of which can be told by the other."""
    before: Read | None = None
    for one in sorted(_simple_lengths(text), key=lambda one: one.start):
        yield one
        if before and _JOINED.fullmatch(text, before.end, one.start):  # 1 year and 6 months
            total = (before.value[0] + one.value[0], before.value[1] + one.value[1])
            yield Read(total, before.start, one.end)
        before = one


def _simple_lengths(text: str) -> Iterator[Read]:
    numbers = [Read(int(found[1] or found[2]), *found.span()) for found in _NUMBER.finditer(text)]
    yield from (Read(_duals()[one[0]], *one.span()) for one in _WORD.finditer(text) if one[0] in _duals())
    reached = 0
    for value, start, end in sorted([*numbers, *numbers_in_words(text)], key=lambda found: found.start):
        if (figures := _FIGURES.match(text, end)) and int(figures[1]) == value:
            end = figures.end()
        if start >= reached and (unit := _unit_pattern().match(text, end)):
            reached = unit.end()
            months, seconds = _units()[unit[1] or unit[2]]
            yield Read((value * months, value * seconds), start, unit.end())


@cache
def _units() -> dict[str, tuple[int, int]]:
    return {fold(name).text: size for name, size in UNITS.items()}


@cache
def _duals() -> dict[str, tuple[int, int]]:
    return {
        fold(word).text: (2 * months, 2 * seconds)
        for (months, seconds), words in _TWO.items()
        for word in words.split()
    }


@cache
def _unit_pattern() -> re.Pattern[str]:
    words = sorted(_units(), key=len, reverse=True)
    spaced, glued = "|".join(word for word in words if word < "⺀"), "|".join(word for word in words if word >= "⺀")
    return re.compile(rf"(?:[ -]?(?={spaced})| ?)(?:({spaced})[\u064b-\u0652]*(?![\w{MARKS}])|({glued}))")


def numbers_in_words(text: str) -> Iterator[Read]:
    """Every number of a folded text that is written in words, those of the language of the text alone where a word
    is one in several (`due`, `once`)."""
    for found in _CJK.finditer(text):
        if len(found[0]) > 1 and (value := eastern(found[0])) is not None:
            yield Read(value, *found.span())
    words = [(_spelled(found[0]), found.start(), found.end()) for found in _WORD.finditer(text)]
    numbers = {
        one
        for language in _languages([word for word, _, _ in words])
        for one in _numbers(text, language, [(_readings(word).get(language), start, end) for word, start, end in words])
    }
    reached = (0, 0)
    for one in sorted(numbers, key=lambda one: (one.start, -one.end)):
        if one.end > reached[1] or one[1:] == reached:  # not what another language makes of a part of it
            reached = (one.start, one.end)
            yield one


Part = tuple[int, bool]
"""A number, and whether it multiplies what stands before it."""


def _numbers(text: str, language: str, words: Sequence[tuple[Sequence[Part] | None, int, int]]) -> Iterator[Read]:
    stack: list[int] = []
    begin = last = finish = 0
    found: list[Read] = []
    for parts, start, end in words:
        joins = stack and text[last:start] in (" ", "-", " - ")
        if parts == () and joins:  # and: what follows goes on
            last = end
            continue
        if stack and not (joins and parts and _take(stack, parts, glued=language in _UNITS_FIRST)):
            found.append(Read(sum(stack), begin, finish))
            stack = []
        if not stack and parts:
            begin = start
            _take(stack, parts, glued=True)
        if parts:
            last = finish = end
    if stack:
        found.append(Read(sum(stack), begin, finish))
    return (one for one in found if _spelled(text[one.start : one.end]) not in _prose()[language])


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
            grown.append(number + (grown.pop() if grown and grown[-1] < number else 0))
        else:
            return False
    stack[:] = grown
    return True


def _fits(before: int, number: int, *, glued: bool) -> bool:
    """Whether a number goes on after another: into its zeros; `soixante-dix`; in one word `fünfundzwanzig`."""
    if number < 10 ** _zeros(before) or (before in (60, 80) and number < 20):
        return True
    return glued and 0 < before < 10 and number in range(10, 100, 10)


def _zeros(number: int) -> int:
    return len(str(number)) - len(str(number).rstrip("0"))


def eastern(written: str) -> int | None:
    """三十五 is 35, and 二〇二六 is 2026."""
    if all(sign in _CJK_DIGITS for sign in written):
        return int("".join(str(_CJK_DIGITS[sign]) for sign in written))
    parts = [(10 ** _CJK_TIMES[sign], True) if sign in _CJK_TIMES else (_CJK_DIGITS[sign], False) for sign in written]
    stack: list[int] = []
    return sum(stack) if _take(stack, [part for part in parts if part[0]], glued=False) else None


@cache
def _vocabulary() -> dict[str, dict[str, Part | None]]:
    """Folded words of each language with their numbers; None for the word that joins two."""
    found: dict[str, dict[str, Part | None]] = {}
    for language, words in _FROM_0.items():
        own: dict[str, Part | None] = {word: (n, False) for n, word in enumerate(words.split())}
        own |= {word: (10 * n, False) for n, word in enumerate(_TENS.get(language, "").split(), 2)}
        own |= {word: (100 * n, False) for n, word in enumerate(_HUNDREDS.get(language, "").split(), 2)}
        for pair in _MORE.get(language, "").split():
            word, _, number = pair.partition("=")
            own[word] = (int(number), False)
        for pair in _TIMES[language].split():
            word, _, zeros = pair.partition("=")
            own[word] = (20 if zeros == "20" else 10 ** int(zeros), True)
        own |= dict.fromkeys(_AND[language].split(), None)
        found[language] = {_spelled(fold(word).text): number for word, number in own.items()}
    return found


@cache
def _compound(language: str) -> re.Pattern[str]:
    words = sorted(_vocabulary()[language], key=len, reverse=True)
    return re.compile("|".join(words))


@cache
def _prose() -> dict[str, set[str]]:
    return {language: {_spelled(fold(word).text) for word in words.split()} for language, words in _PROSE.items()}


def _spelled(word: str) -> str:
    return word.translate(_SPELLINGS)


def _languages(words: Sequence[str]) -> set[str]:
    """The languages in which a text says most of its numbers, or most of its prose and numbers."""
    signs = [_signs(word) for word in words]
    numbers = Counter(language for common, numeric in signs if not common for language in numeric)
    prose = Counter(language for common, numeric in signs for language in common or numeric)
    return {one for seen in (numbers, prose) for one, count in seen.items() if 2 * count >= max(seen.values())}


@cache
def _signs(word: str) -> tuple[Sequence[str], Sequence[str]]:
    """The languages that a word is common in, and those in which it is a number."""
    return [language for language, common in _prose().items() if word in common], list(_readings(word))


@cache
def _readings(word: str) -> dict[str, tuple[Part, ...]]:
    """What a word is in each language in which it is made of numbers alone; () is the word that joins."""
    found = {}
    for language, own in _vocabulary().items():
        pieces = [own[word]] if word in own else _pieces(word, language)
        if pieces:
            found[language] = tuple(number for number in pieces if number is not None)
    return found


def _pieces(word: str, language: str) -> list[Part | None]:
    """The numbers that a long word is made of, the longest first; none if they make no number or something else is in
    it."""
    pieces, position = [], 0
    while found := _compound(language).match(word, position):
        pieces.append(_vocabulary()[language][found[0]])
        position = found.end()
    if position < len(word) or pieces[-1] is None or (pieces[0] is None and language not in _AND_GLUED):
        return []
    return pieces if _take([], [one for one in pieces if one is not None], glued=True) else []
