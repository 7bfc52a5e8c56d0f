"""Equations on one line, as a reader types them: `(a+b)/2`, `10^6`, `sqrt(x)`; of Office (OMML, fields) and MathML."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from extractor.documents.elements import ABSENT, child, setting

__all__ = ["equation", "field_formula", "quotient"]

_RUNS = frozenset({"r", "t", "mi", "mn", "mo", "mtext", "ms"})
_INVISIBLE = dict.fromkeys(range(0x2061, 0x2065))
_FIELD = re.compile(r"\s*EQ\s", re.I)
_SWITCH = re.compile(r"\\([abdfiloprsx])((?:\s*\\[a-z]{2}\s*\d*|\s*\\[bl-]c\\?.)*)\s*\(", re.I)
_FORMAT = re.compile(r'\\\*\s*(?:"[^"]*"|\w+)')
_LIMITS = {"limLow": "_", "limUpp": "^"}


def equation(element: Element) -> str:
    """The text of an equation, with the brackets that its layout makes needless."""
    if not len(element):
        return (element.text or "").strip()
    out = ""
    for part in element:
        term = _term(part)
        apart = part.tag not in _RUNS and term[:1].isalnum() and out[-1:].isalnum()
        out += f" {term}" if apart else term
    return out


def _term(element: Element) -> str:
    name = element.tag
    if name in ("t", "mi", "mn", "mo", "mtext", "ms"):
        text = (element.text or "").translate(_INVISIBLE)
        return text if name in ("t", "mtext") else text.strip()
    if name.endswith("Pr") or name in ("annotation", "annotation-xml", "mphantom", "phant", "mspace"):
        return ""
    if (name.startswith("m") and len(name) > 2) or name == "semantics":
        return _mathml(element, name, list(map(_term, element)))
    return _office(element, name, {part.tag: equation(part) for part in element})


def _office(element: Element, name: str, parts: dict[str, str]) -> str:
    base = parts.get("e", "")
    match name:
        case "f":
            return quotient(parts.get("num", ""), parts.get("den", ""))
        case "sSup" | "sSub" | "sSubSup" | "sPre":
            return _shifted(base, parts.get("sub", ""), parts.get("sup", ""))
        case "rad":
            return _root(base, parts.get("deg", ""))
        case "d":
            opens, closes, between = (_delimiter(element, *pair) for pair in (("beg", "("), ("end", ")"), ("sep", "|")))
            return opens + between.join(equation(part) for part in element.findall("e")) + closes
        case "nary":
            sign = setting(child(element, "naryPr"), "chr") or "∫"
            return f"{_shifted(sign, parts.get('sub', ''), parts.get('sup', ''))}({base})"
        case "limLow" | "limUpp":
            return f"{base}{_LIMITS[name]}{_group(parts.get('lim', ''))}"
        case "func":
            return f"{parts.get('fName', '')}({base})"
        case "m":
            rows = element.findall("mr")
            return "[" + "; ".join(", ".join(map(equation, row)) for row in rows) + "]"
        case "eqArr":
            return "; ".join(equation(part) for part in element.findall("e"))
    return equation(element) if len(element) else ""


def _mathml(element: Element, name: str, row: list[str]) -> str:
    first, second, third = (*row, "", "", "")[:3]
    match name:
        case "mfrac":
            return quotient(first, second)
        case "msup" | "mover":
            return _shifted(first, "", second)
        case "msub" | "munder":
            return _shifted(first, second, "")
        case "msubsup" | "munderover":
            return _shifted(first, second, third)
        case "msqrt":
            return _root("".join(row), "")
        case "mroot":
            return _root(first, second)
        case "mfenced":
            return (element.get("open", "") or "(") + ", ".join(row) + (element.get("close", "") or ")")
        case "mtable":
            return "[" + "; ".join(row) + "]"
        case "mtr":
            return ", ".join(row)
        case "semantics":
            return first
    return "".join(row)


def quotient(upper: str, lower: str) -> str:
    """A fraction on one line: `(a+b)/2`."""
    return f"{_group(upper)}/{_group(lower)}"


def _shifted(base: str, low: str, high: str) -> str:
    return _group(base) + (f"_{_group(low)}" if low else "") + (f"^{_group(high)}" if high else "")


def _root(base: str, degree: str) -> str:
    return f"root({degree}, {base})" if degree else f"sqrt({base})"


def _group(text: str) -> str:
    """A term in brackets, unless it is one already."""
    text = text.strip()
    return text if text.replace(".", "").replace(",", "").isalnum() or len(text) < 2 else f"({text})"


def _delimiter(element: Element, name: str, default: str) -> str:
    sign = child(element, "dPr", f"{name}Chr")
    return default if sign is ABSENT else sign.get("val", "")


def field_formula(code: str) -> str:
    r"""The formula that a field of Word draws, "" for any other field.

    >>> field_formula(r"EQ 3 \f(1,12)")
    '3 1/12'
    """
    match = _FIELD.match(code)
    return " ".join(_drawn(_FORMAT.sub("", code), match.end())[0][0].split()) if match else ""


def _drawn(code: str, place: int) -> tuple[list[str], int]:
    """The terms up to a bracket that closes, between commas or semicolons; and where they end."""
    terms = [""]
    while place < len(code) and code[place] != ")":
        if match := _SWITCH.match(code, place):
            inner, place = _drawn(code, match.end())
            terms[-1] += _switched(match[1].lower(), match[2].lower(), inner)
        elif code[place] in ",;":
            terms.append("")
        elif code[place] == "(":
            inner, place = _drawn(code, place + 1)
            terms[-1] += f"({','.join(inner)})"
        else:
            place += code[place] == "\\"
            terms[-1] += code[place : place + 1]
        place += 1
    return terms, place


def _switched(switch: str, options: str, terms: list[str]) -> str:
    first, second, third = (*terms, "", "", "")[:3]
    match switch:
        case "f":
            return quotient(first, second)
        case "r":
            return _root(second, first) if len(terms) > 1 else _root(first, "")
        case "s":
            return f"{'_' if 'do' in options else '^'}{_group(first)}"
        case "i":
            return f"{_shifted('∏' if 'pr' in options else '∑' if 'su' in options else '∫', first, second)}({third})"
        case "b":
            return f"({', '.join(terms)})"
        case "d":
            return ""
        case "o":
            return terms[-1]  # the others stand above it, as readings do above Chinese characters
    return ", ".join(terms)
