"""Time and memory to merge the answers of many chunks: keyed, without a declared key, and lists of plain values.

    python benchmarks/merging.py [--items 100000]

Chunks of 50 items repeat the last ten of the one before. Told are CPU seconds, items before and after, and whether
every item is there once and in order.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel

from extractor.merge.merge import Part, merge
from extractor.schema.annotations import Key
from extractor.schema.compiler import compile_schema

CHUNK, OVERLAP = 50, 10


class Keyed(BaseModel):
    """An item with a declared key."""

    code: Annotated[str, Key()]
    title: str | None = None
    amount: float | None = None
    tags: list[str] = []


class Plain(BaseModel):
    """An item with nothing that names it."""

    title: str | None = None
    amount: float | None = None


class Register(BaseModel):
    """What every chunk answers with."""

    keyed: list[Keyed] = []
    plain: list[Plain] = []
    words: list[str] = []


MAKERS: dict[str, Callable[[int], Any]] = {
    "keyed": lambda n: {"code": f"K-{n}", "title": f"Item {n}", "amount": n / 4, "tags": ["a", "b"]},
    "plain": lambda n: {"title": f"Item {n % 1000}", "amount": n / 4},
    "words": lambda n: f"word {n}",
}


def main() -> None:
    """Merge each kind of list once."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--items", type=int, default=100_000)
    count = parser.parse_args().items
    schema = compile_schema(Register)
    for name, make in MAKERS.items():
        items = [make(number) for number in range(count)]
        starts = range(0, count, CHUNK - OVERLAP)
        parts = [Part({name: items[start : start + CHUNK]}, start * 100, (start + CHUNK) * 100) for start in starts]
        begin = time.process_time()
        merged = merge(schema, parts).value[name]
        seconds = time.process_time() - begin
        said = sum(len(part.value[name]) for part in parts)
        print(f"{name:8}{seconds:8.2f} s  {said} items said, {len(merged)} merged, all in order: {merged == items}")


if __name__ == "__main__":
    main()
