"""Declarations that nobody wrote: models built by chance, and values of them, there and back."""

from __future__ import annotations

import datetime as dt
import enum
import json
from decimal import Decimal
from typing import Any, Literal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, TypeAdapter, create_model

from extractor.schema.compiler import compile_schema
from extractor.schema.validator import Validator
from tests.schema.taken import check_wire


class Color(enum.Enum):
    RED = "red"
    TEN = 10


Typed = tuple[Any, st.SearchStrategy[Any]]
"""A type and values of it."""

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
SCALARS: list[Typed] = [
    (str, TEXT),
    (int, st.integers()),
    (float, st.floats(allow_nan=False, allow_infinity=False)),
    (bool, st.booleans()),
    (Decimal, st.decimals(allow_nan=False, allow_infinity=False, places=2)),
    (dt.date, st.dates()),
    (dt.datetime, st.datetimes(timezones=st.none() | st.just(dt.UTC))),
    (dt.timedelta, st.timedeltas(min_value=dt.timedelta(0), max_value=dt.timedelta(days=999))),
    (Color, st.sampled_from(Color)),
    (Literal["a", 1, None], st.sampled_from(["a", 1, None])),
]
NAMES = st.sampled_from(
    ["name", "value", "variant", "lines", "lines_count", "anyOf", "a/b", "required", "pairs", "key"]
)
names = iter(range(10**9))


def optional(inner: Typed) -> Typed:
    return inner[0] | None, st.none() | inner[1]


def listed(inner: Typed) -> Typed:
    return list[inner[0]], st.lists(inner[1], max_size=3)  # type: ignore[name-defined]


def mapped(inner: Typed) -> Typed:
    return dict[str, inner[0]], st.dictionaries(TEXT, inner[1], max_size=3)  # type: ignore[name-defined]


def paired(left: Typed, right: Typed) -> Typed:
    return tuple[left[0], right[0]], st.tuples(left[1], right[1])  # type: ignore[name-defined]


def either(left: Typed, right: Typed) -> Typed:
    """A union, and values that pydantic itself reads back from it: of `str | Decimal` a number is read as text."""
    union = left[0] | right[0]
    adapter: TypeAdapter[Any] = TypeAdapter(union)

    def comes_back(value: Any) -> bool:
        try:
            return bool(adapter.validate_json(adapter.dump_json(value, by_alias=True, warnings=False)) == value)
        except ValueError:
            return False

    return union, (left[1] | right[1]).filter(comes_back)


@st.composite
def modelled(draw: st.DrawFn, inner: st.SearchStrategy[Typed]) -> Typed:
    """A model of a few fields, some with defaults, under names that are awkward on the wire."""
    fields: dict[str, Any] = {}
    values: dict[str, st.SearchStrategy[Any]] = {}
    for index, name in enumerate(draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))):
        declared, value = draw(inner)
        default = draw(st.just(...) | value) if draw(st.booleans()) else ...
        fields[f"f{index}"] = (declared, _field(name, default))
        values[name] = value
    model: type[BaseModel] = create_model(f"Model{next(names)}", **fields)
    optional_ = {f.alias for f in model.model_fields.values() if not f.is_required() and f.alias}
    required = {name: value for name, value in values.items() if name not in optional_}
    members = st.fixed_dictionaries(required, optional={name: values[name] for name in optional_})
    return model, members.map(model.model_validate)


def _field(alias: str, default: Any) -> Any:
    return Field(alias=alias) if default is ... else Field(default, alias=alias)


def deeper(inner: st.SearchStrategy[Typed]) -> st.SearchStrategy[Typed]:
    one = inner.map(optional) | inner.map(listed) | inner.map(mapped) | modelled(inner)
    return one | st.builds(paired, inner, inner) | st.builds(either, inner, inner)


TYPES = st.recursive(st.sampled_from(SCALARS), deeper, max_leaves=6)


ANSWERS = st.recursive(
    st.none() | st.integers() | TEXT, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner), max_leaves=5
)


@st.composite
def typed_values(draw: st.DrawFn) -> tuple[Any, Any]:
    declared, values = draw(TYPES)
    return declared, draw(values)


@settings(max_examples=250, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(typed_values(), st.booleans())
def test_any_value_of_any_type_comes_back(case: tuple[Any, Any], counts: bool) -> None:
    """Whatever is declared: wire form and back gives the value, and both fit their schemas."""
    declared, value = case
    schema = compile_schema(declared, counts=counts)
    assert check_wire(schema.wire) == ()
    wire = schema.encode(value)
    assert not list(Validator(schema.wire).problems(wire, schema.wire))
    assert schema.decode(json.dumps(wire)) == value
    assert schema.validate(schema.dump(value)) == value


@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    TYPES,
    st.recursive(st.none() | st.integers() | TEXT, lambda x: st.lists(x) | st.dictionaries(NAMES, x), max_leaves=5),
)
def test_nothing_is_let_through(case: Typed, wire: Any) -> None:
    """An answer is taken only where pydantic takes what it stands for; any can be unwrapped and pruned."""
    schema = compile_schema(case[0], counts=True)
    value = schema.unwrap(wire).value
    problems = schema.problems(value)
    if _accepts(case[0], value):  # pydantic alone takes a number for a time
        assert all("never as a number" in problem.message for problem in problems)
    else:
        assert problems
    pruned, _ = schema.prune(value, problems)
    assert len(schema.problems(pruned)) <= len(problems)


def _accepts(declared: Any, value: Any) -> bool:
    try:
        TypeAdapter(declared).validate_json(json.dumps(value))
    except ValueError:
        return False
    return True
