"""A value is encoded as what its type reads, whatever its own functions and settings write."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from pydantic import (
    AliasPath,
    Base64Bytes,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    Secret,
    SecretStr,
    field_serializer,
    model_serializer,
)

from extractor.errors import InvalidValue
from extractor.repair.mend import mend
from extractor.schema.compiler import compile_schema
from extractor.schema.validator import Validator


class Stamped(BaseModel):
    """Writes a date as nobody reads it, beside what is written as it is read, and what is not written at all."""

    day: dt.date
    seal: Base64Bytes
    inner: int = Field(exclude=True)
    secret: SecretStr

    @field_serializer("day")
    def german(self, day: dt.date) -> str:
        return day.strftime("%d.%m.%Y")


class Whole(BaseModel):
    count: int

    @model_serializer
    def written(self) -> dict[str, int]:
        return {"COUNT": self.count}


def _german(value: Any) -> Any:
    return dt.datetime.strptime(value, "%d.%m.%Y").date() if isinstance(value, str) else value


class Paired(BaseModel):
    """Reads what it writes, by functions of its own."""

    day: Annotated[
        dt.date,
        BeforeValidator(_german, json_schema_input_type=str),
        PlainSerializer(lambda day: day.strftime("%d.%m.%Y")),
    ]


class Seconds(BaseModel):
    model_config = ConfigDict(ser_json_timedelta="float")

    took: dt.timedelta


class Encoded(BaseModel):
    """Writes bytes as base64, and reads them as text."""

    model_config = ConfigDict(ser_json_bytes="base64")

    raw: bytes


class Dated(BaseModel):
    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    raw: bytes
    by_path: int = Field(validation_alias=AliasPath("a", 0))
    days: list[dt.date | Paired] = []


class Unset(BaseModel):
    """Fields whose default is no value of theirs."""

    count: int = None  # type: ignore[assignment]
    names: list[str] = None  # type: ignore[assignment]
    kind: Literal["x"] = None  # type: ignore[assignment]
    left: int | None = None


class Named(BaseModel):
    model_config = ConfigDict(validate_by_name=True, validate_by_alias=False)

    count: int = Field(alias="theCount")


class Hidden(BaseModel):
    inner: Named = Field(exclude=True)


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    lines: list[Whole]


STAMPED = Stamped(day=dt.date(2024, 1, 2), seal=b"YWJj", inner=3, secret=SecretStr("s"))
VALUES: list[tuple[Any, Any]] = [
    (Stamped, STAMPED),
    (list[Stamped], [STAMPED]),
    (Whole, Whole(count=1)),
    (dict[str, Whole], {"a": Whole(count=1)}),
    (Paired, Paired(day=dt.date(2024, 1, 2))),
    (Seconds, Seconds(took=dt.timedelta(hours=1))),
    (dt.timedelta, dt.timedelta()),
    (list[dt.timedelta], [dt.timedelta(days=-400, hours=1), dt.timedelta(minutes=61, microseconds=5)]),
    (Encoded, Encoded(raw=b"abc")),
    (Dated, Dated(raw=b"\xff", a=[3], days=[dt.date(2024, 1, 2), Paired(day=dt.date(2024, 1, 2))])),  # type: ignore[call-arg]
    (Unset, Unset()),
    (Unset, Unset(count=1, names=[], kind="x", left=2)),
    (Named, Named(count=1)),
    (Hidden, Hidden(inner=Named(count=1))),
    (Secret[int], Secret[int](3)),
    (Secret[dt.date], Secret[dt.date](dt.date(2024, 1, 2))),
    (Annotated[int, PlainSerializer(hex)], 30),
]


@pytest.mark.parametrize(("declared", "value"), VALUES)
def test_there_and_back(declared: Any, value: Any) -> None:
    """What is encoded is of the wire schema, and comes back as the same value; so does what is dumped."""
    schema = compile_schema(declared)
    wire = schema.encode(value)
    assert schema.decode(json.dumps(wire)) == value
    assert not list(Validator(schema.wire).problems(wire, schema.wire))
    assert schema.validate(schema.dump(value)) == value


class Priced(BaseModel):
    price: Annotated[Decimal, BeforeValidator(lambda value: Decimal(value.replace(",", "")))]


def test_a_duration_has_no_years() -> None:
    """The wire has days for what pydantic calls a year, so that an answer is read as it was written."""
    schema = compile_schema(dt.timedelta)
    wire = schema.encode(dt.timedelta(days=400, hours=1, seconds=2.5))
    assert wire == {"value": "P400DT1H2.5S"}
    assert mend(json.dumps(wire), schema).invalid == ()


def test_a_further_property_never_hides_a_helper() -> None:
    """An object with a property that is called as a helper of the wire has no form, where it would be taken for it."""
    schema = compile_schema(Open, counts=True)
    with pytest.raises(InvalidValue, match="a further property 'lines_count'"):
        schema.encode(Open.model_validate({"lines": [{"count": 1}], "lines_count": 5}))


@pytest.mark.parametrize("answer", ['{"price": "n/a"}', '{"price": 3}', '{"price": null}'])
def test_a_validator_that_stumbles_is_a_problem_of_the_answer(answer: str) -> None:
    """An answer over which a validator raises what pydantic does not take for a verdict is still refused."""
    with pytest.raises(InvalidValue, match="a validator raised"):
        compile_schema(Priced).decode(answer)
