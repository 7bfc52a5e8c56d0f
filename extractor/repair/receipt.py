"""What a mending gives: the value, each change with its place, and whether the text was whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final, Literal

from extractor.errors import Problem
from extractor.schema.pointer import JSON

if TYPE_CHECKING:
    from extractor.schema.compiler import Unwrapped

__all__ = ["NOTHING", "Change", "Guess", "Kind", "Meant", "Mended", "Nothing", "spelt"]

Kind = Literal[
    "bom",
    "fence",
    "prose",
    "thinking",
    "nested",
    "second",
    "wrapped",
    "quotes",
    "unescaped",
    "control",
    "escape",
    "key",
    "unquoted",
    "colon",
    "comma",
    "bracket",
    "comment",
    "literal",
    "constant",
    "number",
    "duplicate",
    "empty",
    "ellipsis",
    "skipped",
    "cut",
    "choice",
    "date",
    "absent",
    "extra",
]
"""What a change is about, as one stable word."""


class Nothing(Enum):
    """The type of NOTHING, which stands where no value does (null is a value)."""

    NOTHING = "nothing"


NOTHING: Final = Nothing.NOTHING


@dataclass(frozen=True, slots=True)
class Change:
    """One repair of a text: something that was corrected or left out.

    `offset` counts characters of the text; `lossy` means that something which may have been data is not in the value;
    `path` is the place in the value, in the declared shape where there is a schema.

    >>> from extractor import mend
    >>> [str(change) for change in mend('{"total": 9.50,}').changes]
    ['a comma before a closing bracket @ /']
    """

    kind: Kind
    message: str
    offset: int
    lossy: bool = False
    path: str = ""

    def __str__(self) -> str:
        return f"{self.message} @ {self.path or '/'}"


@dataclass(frozen=True, slots=True)
class Mended:
    """The value that was read, and every change. `complete` is False if the text ended before the value did.

    `invalid` are values that do not fit their field, `lost` is what may have been data and is not in the value. Both
    have pointers in the declared shape, and are empty without a schema. `shaped` is the value in that shape, `refused`
    what the schema has against it.

    >>> from extractor import mend
    >>> mended = mend('{"lines": [{"sku": "A1"}, {"sku": "B')
    >>> mended.value, mended.complete
    ({'lines': [{'sku': 'A1'}]}, False)
    """

    value: JSON
    changes: tuple[Change, ...] = ()
    complete: bool = True
    invalid: tuple[Problem, ...] = ()
    lost: tuple[Problem, ...] = ()
    shaped: Unwrapped | None = field(default=None, repr=False, compare=False)
    refused: tuple[Problem, ...] = field(default=(), repr=False, compare=False)

    @property
    def lossy(self) -> bool:
        """Whether something that may have been data is not in the value."""
        return any(change.lossy for change in self.changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """How to read what can be read in two ways.

    `names` are the property names that are likely (None: any); `split` starts a new list item at the second of two
    members with one name, of which else the last stays; `partial` keeps what the text ended inside.
    """

    names: frozenset[str] | None = None
    split: bool = False
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Meant:
    """What a value means as one of a kind. `note` says what was changed, `problem` why it can be no such value."""

    value: JSON
    note: str = ""
    problem: str = ""


def spelt(value: JSON) -> str:
    """A scalar as JSON writes it, text without its quotes."""
    return str(value).lower() if isinstance(value, bool) else "null" if value is None else str(value)
