"""Pieces of an answer that were moved, wrapped or split: each is read, or is a problem; none is dropped in silence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import Any

import pytest
from pydantic import BaseModel

from extractor.errors import InvalidValue
from extractor.repair.mend import mend
from extractor.schema.compiler import compile_schema


class Stop(BaseModel):
    city: str
    nights: int
    note: str | None = None


class Fee(BaseModel):
    name: str
    amount: int


class Home(BaseModel):
    street: str
    town: str | None = None


class Trip(BaseModel):
    code: str
    guest: str | None = None
    home: Home | None = None
    stops: list[Stop]
    fees: list[Fee] = []


TRIP = compile_schema(Trip)
WORDS = ["Oslo", "Bergen", "Voss", "Molde", "Narva", "Turku", "Riga", "Vilna", "Gdansk", "Tartu"]


def whole(random: Random) -> dict[str, Any]:
    words, numbers = iter(random.sample(WORDS, len(WORDS))), iter(random.sample(range(100, 999), 9))
    stops = [{"city": next(words), "nights": next(numbers), "note": None} for _ in range(random.randint(1, 3))]
    fees = [{"name": next(words), "amount": next(numbers)}]
    home = {"street": next(words), "town": next(words)}
    return {"code": next(words), "guest": next(words), "home": home, "stops": stops, "fees": fees}


def inside(value: Any) -> Iterator[Any]:
    """A value and all that is in it."""
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from inside(inner)


def moved(random: Random, value: dict[str, Any]) -> dict[str, Any]:
    """An answer of which one piece is elsewhere, or stands for itself in another form."""
    objects = [each for each in inside(value) if isinstance(each, dict) and each]
    place = random.choice(objects)
    name = random.choice(list(place))
    rows = random.choice([value[each] for each in ("stops", "fees") if isinstance(value.get(each), list)] or [[]])
    match random.randrange(8):
        case 0:
            place[random.choice([f"x_{name}", "other", "data"])] = place.pop(name)
        case 1 if rows:
            value[random.choice(["extra", "row", "last"])] = rows.pop()
        case 2 if rows:
            value[random.choice(["rows", "more_stops"])] = [rows.pop()]
        case 3:
            return {random.choice(["data", "trip", WORDS[0]]): value}
        case 4:
            place[name] = json.dumps(place[name]) if isinstance(place[name], dict | list) else [place[name]]
        case 5:
            place["group"] = {name: place.pop(name), "seen": True}
        case 6 if not isinstance(place[name], dict | list):
            place[name] = {"value": place[name], "page": 1}
        case 7 if isinstance(value.get("stops"), list):
            value["stops"] = {str(row.get("city")): row for row in value["stops"] if isinstance(row, dict)}
    return value


def written(random: Random, value: dict[str, Any]) -> str:
    """The answer, in one piece or in two."""
    names = list(value)
    at = random.randint(0, len(names) - 1)
    parts = ({name: value[name] for name in part} for part in (names[:at], names[at:]) if part)
    return "\nand\n".join(map(json.dumps, parts if random.random() < 0.4 else [value]))


@pytest.mark.parametrize("seed", range(25))
def test_what_was_moved_is_read_or_is_a_problem(seed: int) -> None:
    """An answer that is taken as whole holds every value that it did before its pieces were moved."""
    for random in map(Random, range(seed * 20, seed * 20 + 20)):
        declared = whole(random)
        text = written(random, moved(random, deepcopy(declared)))
        source = f"Printed: {', '.join(str(each) for each in inside(declared) if isinstance(each, str | int))}."
        try:
            mended = mend(text, TRIP, source=source)
        except InvalidValue:
            continue
        assert mended.shaped is not None
        if mended.complete and not (mended.invalid or mended.lost or mended.refused or mended.shaped.problems):
            assert TRIP.validate(mended.shaped.value) == Trip(**declared), text
