"""A reader that answers each request perfectly for what it shows and asks, and a document of any length to read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from pydantic import BaseModel

from extractor import Extractor, Result
from extractor.emulator.questions import Question, answering
from extractor.emulator.server import Emulator

__all__ = ["Crate", "Store", "ask", "crates", "listed", "perfect", "store"]


class Crate(BaseModel):
    """One crate."""

    number: int
    bay: int


class Store(BaseModel):
    """What is in store."""

    keeper: str | None = None
    crates: list[Crate]


Found = Iterable[tuple[int, Any]]


def store(rows: int) -> str:
    """A text of so many rows: `Crate 7 of lamps stands in bay 3.`"""
    lines = (f"Crate {number} of lamps stands in bay {number % 17}.\n" for number in range(1, rows + 1))
    return f"STORES\nKept by Ada Quill\n\n{''.join(lines)}"


def crates(text: str) -> list[tuple[int, dict[str, int]]]:
    """Where each row of a text begins, and what it says."""
    found = re.finditer(r"^Crate (\d+) of lamps stands in bay (\d+)", text, re.MULTILINE)
    return [(row.start(), {"number": int(row[1]), "bay": int(row[2])}) for row in found]


def listed(question: Question, found: Found) -> list[Any]:
    """The rows that begin in the part asked about, from the item on that is asked for."""
    start, stop = question.part
    return [row for at, row in found if start <= at < stop][question.from_item - 1 :]


def perfect(question: Question) -> dict[str, Any]:
    """The answer about a store: only what the schema of the request has."""
    rows = listed(question, crates(question.text))
    answer = {
        "keeper": "Ada Quill" if "Ada Quill" in question.text else None,
        "crates_count": len(rows),
        "crates": rows,
    }
    declared = (question.schema or {}).get("properties", answer)
    return {name: value for name, value in answer.items() if name in declared}


def ask(
    source: Any, reader: Callable[[Question], Any] = perfect, *, schema: Any = Store, **options: Any
) -> tuple[Result[Any], Emulator]:
    """The result for one document, and the emulator that was asked."""
    with Emulator(answering(reader)) as emulator:
        where = {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token}
        with Extractor(**{"rpm": None, **where, **options}) as extractor:
            return extractor.extract(schema, source), emulator
