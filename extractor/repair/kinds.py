"""One table of how a value is read by the kind of its field: plain, ambiguous or refused.

*Plain* means one thing only, and is read (`1.234,50 €` is 1234.50). *Ambiguous* means two things (`01/03/2024`), and
*refused* is a value of another kind that a lax validator would take for one (a year for a timestamp): both are
problems, never a value. What is none of these is left as it is, for the schema to judge. Words for absence, and for
what a model leaves out, are here too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from functools import partial
from itertools import product
from unicodedata import normalize

from extractor.repair import numbers, times
from extractor.repair.evidence import NONE, Evidence
from extractor.repair.receipt import Meant, spelt
from extractor.schema.pointer import JSON
from extractor.schema.text import Digits

__all__ = [
    "CANONICAL",
    "ESCAPED",
    "ONLY_TEXT",
    "PRESENT_TEXT",
    "absent",
    "begun",
    "choose",
    "denies",
    "folded",
    "is_elision",
    "is_plain_text",
    "is_scale",
    "read",
    "says_left_out",
]

CANONICAL = {"decimal": numbers.DECIMAL, **times.CANONICAL}
"""Text that is a value of its kind as it stands."""


_LONGEST_TIME = 200
"""Characters; what is longer is no date and no time, and is not searched for one."""
_LINK = re.compile(r"\[(?P<text>[^\]\s]+)\]\((?:mailto:|tel:)?(?P=text)\)")
"""A link of Markdown to what it prints: an address that was made one."""


def read(kind: str, value: JSON, facts: Mapping[str, JSON] | None = None) -> Meant:
    """A scalar as one of `kind` (see the table at the end); `facts` are the keywords that narrow the field."""
    if isinstance(value, str) and (link := _LINK.fullmatch(value)):
        return Meant(link["text"], f"the link {value!r} stands for its text")
    if kind in times.CANONICAL and isinstance(value, str) and len(value) > _LONGEST_TIME:
        return Meant(value)
    reader = KINDS.get(kind)
    return reader(value, facts or {}) if reader else Meant(value)


# ---------------------------------------------------------------------- yes and no, text, choices

_YES, _NO = (
    frozenset(words.split())
    for words in (
        "true yes y on 1 t ja oui si sí sim wahr vrai verdadero vero da да tak evet はい 是 ✓ ✔ ☑",
        "false no n off 0 f nein non não nee falsch faux falso nej ne нет nie hayır いいえ 否 ✗ ✘ ☐",
    )
)
_ABSENCE = (
    "|-|--|---|–|—|n/a|n.a|na|nil|none|null|unknown|undefined|unspecified|missing|empty|blank|no data|tbd"
    "|not available|not applicable|not specified|not stated|not given|not provided|not found|not mentioned"
    "|not in document|none given|none provided"
    "|keine angabe|keine|k.a|unbekannt|nicht angegeben|nicht vorhanden|nicht verfügbar"
    "|non disponible|non précisé|non renseigné|non renseignée|inconnu|néant|aucun"
    "|no disponible|desconocido|ninguno|non disponibile|sconosciuto|nessuno|não disponível|não informado"
    "|niet beschikbaar|onbekend|n.v.t|nie dotyczy|brak|yok|ikke oppgitt|нет данных|неизвестно|не указано|не применимо"
    "|sin datos|ninguna|non applicabile|غير متوفر|未知|不明|不詳|非公開|無|无|無し|なし|該当なし|没有|없음|0000-00-00"
)
_ABSENT = frozenset(_ABSENCE.split("|"))
_LONGEST_ABSENCE = 60
"""Characters; what is longer is no word for absence."""
_NOT_THERE = re.compile(
    r"(?:(?:the )?(?:information|value|data|date|amount|it) )?(?:is |was )?not (?:explicitly )?"
    r"(?:available|applicable|disclosed|found|given|included|indicated|known|listed|mentioned|present|provided|shown"
    r"|specified|stated)(?: (?:anywhere )?(?:in|on|by|within|here|from)(?: the| this)?(?: \w+){0,2})?[.]?"
)
_SCALE_NAMES = "k m b mn mm bn mio mrd tsd % percent hundred thousand million billion trillion lakh crore"
_SCALES = frozenset(_SCALE_NAMES.split())
_DENIAL = re.compile(
    r"\W*+(?:no|none|not|nothing|nil|n/?a|(?:cannot|could not)(?! be read)|unable|does not|missing|void|unclear"
    r"|undetermined)\b\D*",
    re.IGNORECASE,
)
_MARK = r"[\[(<]\W*(?:truncated|omitted|abridged|shortened|snip(?:ped)?|continued|illegible|unreadable)\W*[\])>]"
_ELISION = re.compile(
    r"[\s\[(]*+(?:\.{3,}|…)[\s.…\])]*|[\s\[(<]*+(?:(?:\.{3,}|…)\s*\(?(?:and )?(?:\d+ )?(?:more|others?|remaining"
    r"|the rest|rest|etc)\b.*|(?:(?:and|plus|\+|&) ?)?\d+ (?:more|others?|further|additional|remaining)(?: \w+){0,2}"
    r"|etc\.?|et cetera|and so (?:on|forth)|usw\.?|ecc\.?|и т\. ?д\.?|等等)[\s.…\])>]*"
    rf"|{_MARK}",
    re.DOTALL | re.IGNORECASE,
)
_PLACEHOLDER = re.compile(r"<[A-Za-z][\w .-]*>|\{\{.*\}\}|str(?:ing)?", re.DOTALL)
_CUT = re.compile(rf"(?<=\w)\s*(?:\.{{3,}}|…|{_MARK})\s*\Z", re.IGNORECASE)
_ROWS = "data|entries|entry|item|items|lines|list|records|results|rows|table|transactions"
_ALL = f"{_ROWS}|document|pages"
_SOME = r"(?:\d+|two|three|four|five|six|seven|eight|nine|ten|several)"
_GONE = "omitted|skipped|left out|excluded|truncated|abridged|abbreviated|shortened"
_LEFT_OUT = re.compile(
    rf"\b(?:omitting|truncated|abridged|abbreviated|shortened|brevity|to be continued|so (?:on|forth) for)\b|omitted\b"
    rf"|\b(?:is|are|was|were|been) (?:{_GONE})\b"
    rf"|\b(?:remaining|further|additional|other|first) {_SOME}\b"
    rf"|\b{_SOME} (?:more|other|further|additional|remaining)\b"
    rf"|\b(?:rest of|remaining|other|only the first|not all(?: of)?|partial) (?:the )?(?:{_ALL})\b"
    r"|\b(?:first|show\w*|list\w*|includ\w*|part) \d+ (?:out )?of (?:the )?\d+\b"
    r"|\bcontinue[sd]? (?:in|on) (?:the |my )?next\b|\bonly (?:\w+ )?(?:the first|first|a few|some of|part of)\b"
    rf"|\b(?:{_ALL}) continues?\b|\bdue to (?:the |my )?(?:length|output|size|space|token)\b"
    rf"|\b(?:(?:{_ROWS})\b|\d+ ?(?:-|–|to|through|bis) ?\d+\b.{0, 60}?)"
    r"\s*(?:follow|remain|same|similar|analog\w*|likewise|ditto|skipped|(?:are )?not (?:shown|listed|included))\b"
    r"|\b(?:not |non-)exhaustive\b|\b(?:partial|incomplete) (?:answer|extract\w*|listing|output|response)\b"
    r"|\bstopp?ed (?:after|here)\b|\b(?:stopp?ed at|limited to) (?:the )?(?:first|\d+)\b"
    r"|\b(?:me to|shall I|should I) (?:continue|go on)\b"
    r"|\b(?:ausgelassen|weggelassen|gekürzt|omitid[oa]s?|omis(?:es)?|omess[aei]|truncad[oa]s?|tronquée?s?)\b|省略"
    r"|\b(?:weitere|übrige|restliche)[nr]? (?:\w+ )?(?:zeilen|einträge|positionen|daten\w*)\b|пропущен"
    r"|\b(?:could|can) ?not be (?:read|extracted|parsed|processed)\b|\b(?:illegible|unreadable)\b"
    r"|\A\W*(?:and so (?:on|forth)|etc\.?|et cetera|partial|incomplete)\W*\Z",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:nothing|none|no(?: \w+){1,3}?)(?: else)? (?:is|are|was|were|has been|have been)\b[^.;\n]*"
    rf"|\b(?:nothing|none|no \w+|without)(?: \w+)? (?:{_GONE}|omitting)\b"
    r"|\b(?:any|no) (?:other|further|additional|remaining|more)\b(?: \w+)?",
    re.IGNORECASE,
)
"""Words that say that nothing is left out."""
_MORE_NAMES = "truncated istruncated incomplete isincomplete hasmore more omitted continued nextpage"
_MORE_FLAGS = frozenset(_MORE_NAMES.split())
_MORE_COUNT = re.compile(rf"(?:{'|'.join(_MORE_FLAGS)}|remaining|skipped)(?:{_ALL})?(?:count)?")
_ALL_FLAGS = frozenset(["complete", "iscomplete"])
"""Names of members that say by true, or by false, that there is more."""


def says_left_out(value: JSON, name: str = "", names: Collection[str] = (), evidence: Evidence = NONE) -> bool:
    """Whether what a model says beside its answer, `name` being its member there, says that the answer is not all.

    Members of `names` are data: `...` stands there in templates. Text that the document prints is the document's.
    """
    if isinstance(value, dict):
        return any(says_left_out(item, inner, names, evidence) for inner, item in value.items() if inner not in names)
    if isinstance(value, bool):
        return folded(name) in (_MORE_FLAGS if value else _ALL_FLAGS)
    if isinstance(value, int | list) and _MORE_COUNT.fullmatch(folded(name)):
        return value != [] and value != 0
    if isinstance(value, list):
        return any(says_left_out(item, "", names, evidence) for item in value)
    return isinstance(value, str) and (is_elision(value) or leaves_out(value)) and not evidence.prints(value)


def leaves_out(text: str) -> bool:
    """Whether a sentence says that something was left out, and not that nothing was."""
    return _LEFT_OUT.search(text) is not None and _LEFT_OUT.search(_DENIED.sub("", text)) is not None


def _boolean(value: JSON, facts: Mapping[str, JSON]) -> Meant:
    if isinstance(value, str) and (truth := _truth(value)) is not None:
        return Meant(truth, f"{value!r} was read as {spelt(truth)}")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Meant(bool(value), f"{value} was read as {spelt(bool(value))}") if value in (0, 1) else Meant(value)
    return Meant(value)


def _string(value: JSON, facts: Mapping[str, JSON]) -> Meant:
    if isinstance(value, Digits):
        return Meant(value.text, f"the number {value.text} stands for text")
    if isinstance(value, int) and not isinstance(value, bool):
        return Meant(str(value), f"the number {value} stands for text")
    return Meant(value)


_JOINTS = re.compile(r"[\s_.\-]++(?!\d)|(?<=[^\W\d])[\s_.\-]+")
_MEMBER = re.compile(r"[^\W\d]\w*\.[^\W\d]\w*")
_SHORT = 6
"""Letters: a shorter word and its plural often mean two things (good, goods)."""


def choose(value: JSON, constants: tuple[JSON, ...], names: tuple[str, ...] = ()) -> Meant:
    """The one constant that a value can mean: itself, or in another case, with blanks or other joints, as text.

    `names` are what the constants are called: `CREDIT_NOTE` means "cn" where that is its name.
    """
    if any(type(value) is type(each) and value == each for each in constants) or isinstance(value, dict | list):
        return Meant(value)
    text = str(value).removesuffix(".0") if isinstance(value, float) else spelt(value)
    forms: tuple[Callable[[str], str], ...] = (str.strip, folded, _bare_form, _singular)
    fitting = (
        [each for each, word in zip(constants, words, strict=False) if form(text) and form(word) == form(text)]
        for form, words in product(forms, (tuple(map(spelt, constants)), names))
    )
    found = next(filter(None, fitting), [])
    if not found and (truth := _truth(value)) is not None:
        sides = [_truth(each) for each in constants]
        found = [each for each, side in zip(constants, sides, strict=True) if side is truth]
        # `NO` among the codes of countries is no denial.
        found = found if (False in sides and True in sides) or isinstance(constants[0], bool) else []
    if len(found) == 1:
        return Meant(found[0], f"{value!r} was read as {found[0]!r}")
    return Meant(value, problem=f"{spelt(value)} is none of the choices" if isinstance(value, bool) else "")


def _bare_form(text: str) -> str:
    """Text without its accents, the marks around it, and the name of the class before it."""
    plain = "".join(char for char in normalize("NFD", text) if not "\u0300" <= char <= "\u036f")
    plain = plain.strip(" !?,;:*'\"`")
    return folded(plain.rpartition(".")[2] if _MEMBER.fullmatch(plain) else plain)


def _singular(text: str) -> str:
    plain = _bare_form(text)
    return plain.removesuffix("s") if len(plain) > _SHORT else plain


def _truth(value: JSON) -> bool | None:
    """What a boolean, or a word for one, says."""
    word = value.strip().casefold() if isinstance(value, str) else value
    return word if isinstance(word, bool) else True if word in _YES else False if word in _NO else None


def folded(text: str) -> str:
    """Text without case, blanks, underscores, hyphens and points, but for those before a figure and after no letter."""
    return _JOINTS.sub("", text.strip()).casefold()


def is_scale(value: JSON) -> bool:
    """Whether text says that a number beside it stands for a multiple of itself."""
    return isinstance(value, str) and value.strip().casefold().rstrip("s.") in _SCALES


def absent(value: JSON) -> bool:
    """Whether text says that there is no value."""
    if not isinstance(value, str) or len(value) > _LONGEST_ABSENCE:
        return False
    word = value.strip(" \t\n[]()<>.?*").replace(" / ", "/").casefold()
    found = word in _ABSENT or (" not " in f" {word}" and _NOT_THERE.fullmatch(word) is not None)
    return found and (word != "" or not is_elision(value))


def denies(value: JSON) -> bool:
    """Whether text begins by saying that there is nothing, and has no figure: `no due date`, `does not apply`."""
    return isinstance(value, str) and len(value) <= _LONGEST_ABSENCE and _DENIAL.fullmatch(value) is not None


def is_elision(value: JSON) -> bool:
    """Whether text stands for something that was left out: `...`, `and 20 more`, `[truncated]`."""
    return isinstance(value, str) and _ELISION.fullmatch(value) is not None


def begun(value: str) -> str:
    """What stands before a mark at the end of text that says that it goes on; "" where there is no such mark."""
    found = _CUT.search(value)
    return value[: found.start()] if found else ""


def is_plain_text(value: str) -> bool:
    """Whether text is nothing but text: it stands for no other, and does not break off."""
    return not (_ELISION.fullmatch(value) or _PLACEHOLDER.fullmatch(value) or _CUT.search(value))


ESCAPED = re.compile(
    r"\\[\\\"/bfnrtu|]|&#?\w+;|[\b\t\n\f\r](?=[A-Za-z])|\x00|[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u2122]|\A[*_`]"
)
"""What is left of text that was escaped twice, for JSON or for HTML, or too seldom, or as in a table; that was encoded
twice, or set in Markdown."""

_TRIM = r"[\s\[\]()<>.?*]*"
_ABSENT_FORMS = "|".join(map(re.escape, _ABSENT)).replace("/", r"\s*/\s*")
_ONLY = (
    rf"\A(?!\s*[\[{{`\"])(?!(?:{_ELISION.pattern}|{_PLACEHOLDER.pattern}|{_LINK.pattern})\Z)(?!.*\w\s*(?:\.{{3,}}|…|{_MARK})\s*\Z)"
    rf"(?!.*(?:{ESCAPED.pattern}))"
)
_PRESENT = rf"{_ONLY}(?!{_TRIM}+(?:{_ABSENT_FORMS}|{_NOT_THERE.pattern}){_TRIM}\Z)(?!{_DENIAL.pattern}\Z)"
ONLY_TEXT, PRESENT_TEXT = (re.compile(pattern, re.DOTALL | re.IGNORECASE) for pattern in (_ONLY, _PRESENT))
"""Patterns of text that is nothing but text, and stands for no absence."""


KINDS: dict[str, Callable[[JSON, Mapping[str, JSON]], Meant]] = {
    "boolean": _boolean,
    "date": times.as_date,
    "datetime": times.as_datetime,
    "decimal": numbers.as_decimal,
    "duration": times.as_duration,
    "integer": partial(numbers.as_number, whole=True),
    "number": numbers.as_number,
    "string": _string,
    "time": times.as_time,
}
