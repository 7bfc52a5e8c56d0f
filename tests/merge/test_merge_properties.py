"""What holds for every merge, however the text was cut."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import pairwise
from types import FrameType
from typing import Annotated, Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from extractor.merge.merge import Part, merge
from extractor.schema.annotations import Key
from extractor.schema.compiler import compile_schema
from extractor.schema.pointer import leaves


class Entry(BaseModel):
    code: Annotated[str, Key()]
    title: str | None = None
    tags: list[str] = []


class Row(BaseModel):
    title: str | None = None
    count: int | None = None


class Register(BaseModel):
    name: str | None = None
    entries: list[Entry] = []
    rows: list[Row] = []
    words: list[str] = []


SCHEMA = compile_schema(Register)

texts = st.one_of(st.none(), st.text(max_size=6))
entries = st.fixed_dictionaries({"code": texts, "title": texts, "tags": st.lists(st.text(max_size=3), max_size=3)})
rows = st.fixed_dictionaries({"title": texts, "count": st.one_of(st.none(), st.integers(0, 3))})
alike = st.fixed_dictionaries({"title": st.sampled_from("ab"), "count": st.integers(0, 1)})
registers = st.fixed_dictionaries(
    {
        "name": texts,
        "entries": st.lists(entries, max_size=5),
        "rows": st.lists(rows, max_size=5),
        "words": st.lists(st.text(max_size=3), max_size=5),
    }
)
keyed = st.lists(entries, max_size=20).map(
    lambda found: [{**entry, "code": f"K{number}"} for number, entry in enumerate(found)]
)


def cut(items: list[Any], edges: list[int]) -> list[list[Any]]:
    marks = [0, *sorted({edge % (len(items) + 1) for edge in edges}), len(items)]
    return [items[start:end] for start, end in pairwise(marks)]


def parts_of(name: str, slices: list[list[Any]]) -> list[Part]:
    return [Part({name: items}, number * 100, number * 100 + 100) for number, items in enumerate(slices)]


@given(registers)
def test_one_part_is_the_identity(value: dict[str, Any]) -> None:
    """A single answer comes back as it is, every leaf that says something with its region."""
    result = merge(SCHEMA, [Part(value, 10, 90)])
    assert result.value == value
    assert result.problems == result.notes == ()
    said = [pointer for pointer, leaf in leaves(value) if leaf is not None]
    assert result.regions == dict.fromkeys(said, ((10, 90),))
    assert result.agreement == dict.fromkeys(said, (1, 1))


@given(keyed, st.lists(st.integers(0, 50), max_size=6))
def test_cuts_between_keyed_items_do_not_matter(items: list[Any], edges: list[int]) -> None:
    """A list of keyed records cut anywhere comes back whole and in order."""
    result = merge(SCHEMA, parts_of("entries", cut(items, edges)))
    assert (result.value["entries"] if items else []) == items
    assert result.problems == ()


@given(keyed, st.integers(1, 6), st.integers(0, 5))
def test_overlaps_of_keyed_items_do_not_matter(items: list[Any], size: int, overlap: int) -> None:
    """A list of keyed records read with overlaps has every record once, in order."""
    step = max(1, size - overlap)
    starts = range(0, max(1, len(items)), step)
    parts = [Part({"entries": items[start : start + size]}, start * 10, (start + size) * 10) for start in starts]
    assert merge(SCHEMA, parts).value["entries"] == items


@given(st.lists(alike, max_size=20), st.integers(1, 6), st.integers(0, 5))
def test_overlaps_of_equal_rows_do_not_matter(items: list[Any], size: int, overlap: int) -> None:
    """A list of nameless rows of one length, many of them alike, read with overlaps has every row as often as it is."""
    step = max(1, size - overlap)
    slices = [(start, items[start : start + size]) for start in range(0, max(1, len(items)), step)]
    parts = [Part({"rows": found}, start * 10, (start + len(found)) * 10) for start, found in slices]
    assert merge(SCHEMA, parts).value["rows"] == items


@given(st.lists(registers, min_size=1, max_size=4), st.integers(0, 99))
def test_no_item_is_lost(values: list[dict[str, Any]], overlap: int) -> None:
    """Every key, row and word that a part said is in the merged value, and parts alone never shrink a list."""
    step = 100 - overlap
    result = merge(SCHEMA, [Part(value, n * step, n * step + 100) for n, value in enumerate(values)])
    for name in ("entries", "rows", "words"):
        merged = result.value.get(name, [])
        assert len(merged) >= max(len(value[name]) for value in values)
        assert len(merged) <= sum(len(value[name]) for value in values)
    said = {leaf for value in values for row in value["rows"] if (leaf := row["count"]) is not None}
    assert said == {row["count"] for row in result.value["rows"] if row["count"] is not None}


@given(st.lists(registers, min_size=1, max_size=4))
def test_every_leaf_has_its_source(values: list[dict[str, Any]]) -> None:
    """Each leaf names the ranges of the parts that said it, and of no others."""
    result = merge(SCHEMA, [Part(value, n * 100, n * 100 + 100) for n, value in enumerate(values)])
    for pointer, leaf in leaves(result.value):
        assert (leaf is not None) == (pointer in result.regions)
    for pointer, (agreeing, asked) in result.agreement.items():
        assert 1 <= agreeing <= asked <= len(values)
        assert 1 <= len(result.regions[pointer]) <= agreeing


def calls_of(work: Callable[[], object]) -> int:
    """How many functions ran, in Python and in C."""
    count = 0

    def profile(_: FrameType, event: str, __: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def grows(make: Callable[[int], list[Part]]) -> float:
    """By what factor the work grows when the input grows eightfold."""
    small, large = make(100), make(800)
    return calls_of(lambda: merge(SCHEMA, large)) / calls_of(lambda: merge(SCHEMA, small))


def test_work_is_linear_in_items() -> None:
    """Eight times the items are about eight times the work: keyed, keyless, all under one key, or in one list."""
    chunk = 20
    shapes: list[Callable[[int], dict[str, Any]]] = [
        lambda n: {"entries": [{"code": f"K{n}-{i}", "title": "t", "tags": ["a"]} for i in range(chunk)]},
        lambda n: {"entries": [{"code": "same", "title": f"{n}-{i}", "tags": []} for i in range(chunk)]},
        lambda n: {"entries": [{"code": "same", "title": "same", "tags": []}]},
        lambda n: {"rows": [{"title": "row", "count": 1} for _ in range(chunk)]},
        lambda n: {"words": [f"{n}-{i}" for i in range(chunk)]},
        lambda n: {"words": ["a", "a"]},
    ]
    for shape in shapes:
        for overlap in (0, 30):
            step = 100 - overlap
            factor = grows(lambda n, s=shape, d=step: [Part(s(i), i * d, i * d + 100) for i in range(n // 5)])
            assert factor < 12
