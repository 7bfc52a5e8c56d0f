"""Terms that a text defines once and uses from there on: parties, abbreviations, short names."""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

__all__ = ["Term", "find_terms"]

_LONGEST = 600  # characters of a sentence before and behind its term

_IN_BRACKETS = re.compile(r"""\([^()"“„«]{0,40}["“„«] ?([^"”“»()]{2,60}?) ?["”“»][^()]{0,40}\)""")
_AT_START = re.compile(r"""^[^\w\n]{0,4}["“„«] ?([^"”“».,!?()]{2,60}?) ?["”“»] \w""", re.MULTILINE)
_QUOTED = re.compile(r"""["“„«] ?(\w[^"”“„«»().,!?\n]{1,59}?) ?["”“»]""")


class Term(NamedTuple):
    """`text[start:end]` is the sentence that defines `name`."""

    start: int
    end: int
    name: str


def find_terms(text: str) -> list[Term]:
    """The terms of a text in order: in brackets, at the start of a line, or between quotation marks a single time.

    >>> [term.name for term in find_terms('Ann Hale is called "the Lessor" here. The Lessor pays. "No," said he.')]
    ['the Lessor']
    """
    quoted = list(_QUOTED.finditer(text))
    often = Counter(match[1] for match in quoted)
    once = (match for match in quoted if often[match[1]] == 1)
    found = {match.start(1): match for match in (*_IN_BRACKETS.finditer(text), *_AT_START.finditer(text), *once)}
    return [_term(text, found[start]) for start in sorted(found)]


def _term(text: str, match: re.Match[str]) -> Term:
    begin = max(text.rfind("\n", 0, match.start()), text.rfind(". ", 0, match.start()) + 1) + 1
    ends = (text.find("\n", match.end()), text.find(". ", match.end()) + 1, len(text))
    stop = min(end for end in ends if end > 0)
    return Term(max(begin, match.start() - _LONGEST), min(stop, match.end() + _LONGEST), match[1])
