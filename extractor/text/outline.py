"""Where a text's sections begin: headings in any common form, whatever the language."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass

from extractor.text.lines import Lines

__all__ = ["Heading", "find_headings", "opened"]

_LONGEST = 100  # characters of a heading
_BLOCK = 4  # lines that still are one heading

_HASHES = re.compile(r"(#{1,6})[ \t]+\S.*")
_BOLD = re.compile(r"(\*\*|__)\S.*\1:?")
_RULE = re.compile(r"([-=_*~─━═])(?: ?\1){2,}")
_NUMBER = re.compile(r"(?:[^\W\d_]{2,12} )?(\d{1,3}(?:\.\d{1,3})*|[IVXLC]{1,7}|[A-Z])(?:[.):]? |[.):]?$)(?![a-z]).*")
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
_CHAPTER = re.compile(r"第[\d〇一二三四五六七八九十百千]{1,6}[章节節編部条條回].*")
_ENDS = (".", ",", ";", "!", "?", "。", "，", "；", "؟", "।")
_TITLE = re.compile(r"[^\W_](?!.*[.!?]['’”\")]* ).*[^\W_)]")  # no speech, no sentence, nothing that leads on
_TITLE_BEFORE_COLON = re.compile(r"[^\W_][^,;.!?:]*[^\W_)]:")


@dataclass(frozen=True, slots=True)
class Heading:
    """`text[start:end]` is a heading; `kind` is the form it has, and `depth` its rank among those of its kind."""

    start: int
    end: int
    kind: str
    depth: int = 0


def find_headings(lines: Lines, taken: Container[int] = ()) -> list[Heading]:
    """The headings of a text, but for the lines that are `taken`: rows of tables, records of runs.

    >>> found = find_headings(Lines("# Book\\n\\nSome text.\\n\\nSales\\n\\nMore text.\\n"))
    >>> [(heading.start, heading.kind) for heading in found]
    [(0, 'hashes'), (20, 'line')]
    """
    found: list[Heading] = []
    index, counted = 0, dict[str, int]()
    while index < len(lines):
        if index not in taken and (heading := _heading(lines, index)):
            last, kind, depth = heading
            kind = _series(lines[index], counted) if kind == "letter" else kind
            found.append(Heading(lines.starts[index], lines.end(last), kind, depth))
            index = last
        index += 1
    return found


def opened(headings: Sequence[Heading]) -> list[Heading]:
    """Of headings in order, those whose sections are still open after the last, outermost first."""
    stack: list[Heading] = []
    for heading in headings:
        closed = (at for at, it in enumerate(stack) if it.kind == heading.kind and it.depth >= heading.depth)
        del stack[next(closed, len(stack)) :]
        stack.append(heading)
    return stack


def _series(line: str, counted: dict[str, int]) -> str:
    """Whether a heading is counted by letters or by Roman numerals: as the one before it of its series goes on."""
    label = match[1] if (match := _NUMBER.fullmatch(line.strip())) else ""
    roman, letter = _roman(label), ord(label) - ord("A") + 1 if len(label) == 1 else 0
    goes_on = letter and counted.get("letter") == letter - 1 and letter > 1
    kind = "roman" if roman and not goes_on else "letter"
    counted[kind] = roman if kind == "roman" else letter
    return kind


def _roman(label: str) -> int:
    values = [_ROMAN[letter] for letter in label if letter in _ROMAN]
    signed = (-one if one < other else one for one, other in zip(values, [*values[1:], 0], strict=True))
    return sum(signed) if len(values) == len(label) else 0


def _heading(lines: Lines, index: int) -> tuple[int, str, int] | None:
    """The last line of the heading that begins with line `index`, its kind and depth; None where it is none."""
    line = lines[index].strip()
    if not line or len(line) > _LONGEST:
        return None
    if match := _HASHES.fullmatch(line):
        return index, "hashes", len(match[1])
    above = index == 0 or not lines[index - 1].strip()
    below = _below(lines, index)
    if match := _RULE.fullmatch(line):
        titled = below and not _RULE.fullmatch(below) and not _below(lines, index + 1) and not below.endswith(_ENDS)
        return (index + 1, "rule", 0) if titled and len(below) <= _LONGEST else None
    if (match := _RULE.fullmatch(below)) and above:
        return index + 1, "underlined", "=-".find(match[1])
    if line.endswith(_ENDS) or not above:
        return None
    return _plain(lines, index, line, bool(below))


def _plain(lines: Lines, index: int, line: str, joined: bool) -> tuple[int, str, int] | None:
    """A short line below a blank one that nothing marks, or only its form."""
    last = index
    if _BOLD.fullmatch(line):
        return index, "bold", 0
    if _CHAPTER.fullmatch(line):
        return index, "chapter", 0
    if line.isupper() and sum(map(str.isalpha, line)) > 2:
        while last + 1 < len(lines) and lines[last + 1].strip().isupper() and len(lines[last + 1]) <= _LONGEST:
            last += 1
        return (last, "capitals", int(bool(_below(lines, last)))) if last - index < _BLOCK else None
    if (match := _NUMBER.fullmatch(line)) and (not joined or "." in match[1]):
        return index, "number" if match[1][0].isdigit() else "letter", match[1].count(".")
    if joined or line[0].islower():
        return None
    if _TITLE_BEFORE_COLON.fullmatch(line):
        return index, "colon", 0
    return (index, "line", 0) if _TITLE.fullmatch(line) else None


def _below(lines: Lines, index: int) -> str:
    return lines[index + 1].strip() if index + 1 < len(lines) else ""
