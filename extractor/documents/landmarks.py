"""Where lines begin that may head what stands below them: one search over the whole text, for all who ask."""

from __future__ import annotations

import re

__all__ = ["TITLE", "landmarks"]

# Long words of a title all begin with a capital. Nothing is tried twice, so that prose is left at its second or third.
_WORD = r"(?>(?:[^\Wa-z_]|[(\"'&])[^\s|]*+|[a-z]{1,4}+)"
TITLE = rf"(?=[^\W\da-z_]){_WORD}(?: {_WORD}){{0,30}}+(?=\r?\n)"

# It asks only for what prose seldom has at the start of a line: after a blank one a short line that is numbered, in
# capitals, beyond Latin, or a title; anywhere hashes or a rule.
_LANDMARK = re.compile(
    r"\n(?=[\s#=_*~-])(?:(?:[ \t\r]*+\n){1,20}+[ \t]*+(?=[^a-z])(?!.{160})"
    r"(?=\d{1,3}[.)\d]*+[ \t]|\d[^a-z\n]*+\n|[A-Z](?:[A-Z]|[. ]+[A-Z\d])|[^\x00-\x7f\u2010-\u203a]"
    rf"|Chapter|Part|Article|Section|Book|Annex|Appendix|Exhibit|Schedule|{TITLE})"
    r"|(?=#{1,6}[ \t]|([-=_*~])[ ]?\1[ ]?\1))"
)


def landmarks(text: str) -> list[int]:
    """The offsets of those lines, white space at their start left aside; the first line is always one."""
    return [len(text) - len(text.lstrip()), *(found.end() for found in _LANDMARK.finditer(text))]
