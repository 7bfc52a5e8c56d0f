"""What people write beside a field, inside `Annotated[...]`.

A JSON Schema document says the same with `"x-key": true`, `"x-merge": "vote"` and `"x-quote": true`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

__all__ = ["Key", "Merge", "Quote"]


@dataclass(frozen=True, slots=True)
class Key:
    """This field names its list item: two items with the same keys are one item, wherever they stand.

    Declare it where a document speaks of one thing in several places and each place states a part of it: a company of
    a register with its changes, a party of a contract. Rows that may repeat (lines of an invoice, entries of an
    account) have no key: without one, every row is an item of its own.

        class Company(BaseModel):
            number: Annotated[str, Key()]
            seat: str | None = None
    """

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> dict[str, Any]:
        return {**handler(core_schema), "x-key": True}


@dataclass(frozen=True, slots=True)
class Quote:
    """Ask the model for the words of the document that this field was read from."""

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> dict[str, Any]:
        return {**handler(core_schema), "x-quote": True}


class Merge(StrEnum):
    """What becomes of a field that several parts of a document answered."""

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
