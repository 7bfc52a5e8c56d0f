"""Annotations of a field, for use inside `Annotated[...]`.

In a JSON Schema document they are `"x-key": true`, `"x-merge": "vote"` and `"x-quote": true`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

__all__ = ["Key", "Merge", "Quote"]


@dataclass(frozen=True, slots=True)
class Key:
    """This field identifies an item of a list: items with the same key are one item, joined across the document.

    Declare it where a document mentions one thing in several places and each place states a part of it: a company of
    a register and its changes, a party of a contract. Rows that may repeat (lines of an invoice, entries of an account)
    have no key: without one, every row is an item of its own.

    >>> from typing import Annotated
    >>> from pydantic import BaseModel
    >>> from extractor import Key
    >>> class Company(BaseModel):
    ...     number: Annotated[str, Key()]
    ...     seat: str | None = None
    """

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> dict[str, Any]:
        return {**handler(core_schema), "x-key": True}


@dataclass(frozen=True, slots=True)
class Quote:
    """Ask the model to quote the words of the document that this field is read from; they help to find its place.

    >>> from typing import Annotated
    >>> from pydantic import BaseModel
    >>> from extractor import Quote
    >>> class Contract(BaseModel):
    ...     notice_months: Annotated[int, Quote()]
    """

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> dict[str, Any]:
        return {**handler(core_schema), "x-quote": True}


class Merge(StrEnum):
    """Which value a field takes where parts of a document answer differently.

    FIRST, LAST: by the order of the text. VOTE: what most parts say. LONGEST: the longest text. MIN, MAX: by size.
    UNION: of a list, each item once; of a text, each once, on lines. CONCAT: all of them, one after the other.

    Without a policy the first value is taken, and the document is `partial`.

    >>> from decimal import Decimal
    >>> from typing import Annotated
    >>> from pydantic import BaseModel
    >>> from extractor import Merge
    >>> class Statement(BaseModel):
    ...     balance: Annotated[Decimal, Merge.LAST]
    """

    FIRST = "first"
    LAST = "last"
    VOTE = "vote"
    UNION = "union"
    CONCAT = "concat"
    LONGEST = "longest"
    MIN = "min"
    MAX = "max"

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> dict[str, Any]:
        return {**handler(core_schema), "x-merge": self.value}
