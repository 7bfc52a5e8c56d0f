"""What a perfect reader's job costs against the least possible, and against the plan, for documents of several shapes.

The least possible reads each token of a document once, at full price, and writes each row once. The reader stands
behind the emulator, which counts with the model's vocabulary (extra `tokens`) and caches prefixes as the service does.

    python benchmarks/long.py [SHAPE ...]
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from extractor import Config, Pipeline, count_tokens
from extractor.emulator.questions import Question, answering
from extractor.emulator.server import Emulator
from extractor.wire.prices import price_of
from extractor.wire.requests import DEFAULT_MODEL
from extractor.wire.values import Usage

FILLER = "The committee went through the papers one by one, found them in good order, thanked the staff and moved on. "


class Movement(BaseModel):
    """One movement of an account."""

    booked: str
    text: str
    amount: float
    currency: str


class Statement(BaseModel):
    """A statement of account."""

    account: str | None = None
    movements: list[Movement]


class Delivery(BaseModel):
    """One delivery."""

    place: str
    goods: str
    remark: str | None = None


class Deliveries(BaseModel):
    """What was delivered."""

    deliveries: list[Delivery]


class Person(BaseModel):
    """A person who is named."""

    name: str
    role: str | None = None


class Report(BaseModel):
    """People named in a report."""

    people: list[Person]


class Note(BaseModel):
    """The head of a note."""

    title: str
    author: str | None = None


class Orders(BaseModel):
    """All order numbers."""

    numbers: list[str]


Rows = Iterator[tuple[int, Any]]


@dataclass(frozen=True)
class Shape:
    """A document of one kind, its schema, the name of its list, and where each row of it begins with its value."""

    schema: type[BaseModel]
    texts: tuple[str, ...]
    name: str
    rows: Callable[[str], Rows]
    about: Callable[[str], dict[str, Any]]


def found(pattern: str, row: Callable[[re.Match[str]], Any]) -> Callable[[str], Rows]:
    """The rows of a text by a pattern."""
    return lambda text: ((one.start(), row(one)) for one in re.finditer(pattern, text, re.MULTILINE))


def movement(one: re.Match[str]) -> dict[str, Any]:
    return {"booked": one[1], "text": one[2].strip(), "amount": float(one[3]), "currency": one[4]}


def statement(rows: int, line: str) -> str:
    body = (
        line.format(f"2026-{n % 12 + 1:02d}-{n % 28 + 1:02d}", f"Card {n:06d}", f"{n % 90 + 1}.50") for n in range(rows)
    )
    return "HARBOUR BANK\nAccount 4410-2231\n\nBooked      Text                 Amount  Cur\n" + "\n".join(body) + "\n"


def delivery(n: int) -> str:
    remark = f"\n  Remark: left at gate {n % 7}" if n % 3 == 0 else ""
    return f"Delivered to yard {n % 40}\n  Goods: {['sand', 'gravel', 'bricks', 'lime'][n % 4]} lot {n}{remark}"


def account(text: str) -> dict[str, Any]:
    known = re.search(r"Account ([\d-]+)", text)
    return {"account": known and known[1]}


def head(text: str) -> dict[str, Any]:
    title, author = re.search(r"Title: (.*)", text), re.search(r"By (.*)", text)
    return {"title": title and title[1], "author": author and author[1]}


MOVEMENT = r"^(\d{4}-\d\d-\d\d)[; ] *(Card \d+)[; ]+([\d.]+)[; ]+(\w+)$"
SHAPES = {
    "600k tokens": Shape(
        Statement, (statement(27_000, "{}  {:<18} {:>8}  EUR"),), "movements", found(MOVEMENT, movement), account
    ),
    "dense rows": Shape(
        Statement, (statement(3_000, "{};{};{};EUR"),), "movements", found(MOVEMENT, movement), account
    ),
    "aligned rows": Shape(
        Statement, (statement(2_000, "{}  {:<18} {:>8}  EUR"),), "movements", found(MOVEMENT, movement), account
    ),
    "records of lines": Shape(
        Deliveries,
        ("DELIVERIES\n\n" + "\n".join(map(delivery, range(1_500))) + "\n",),
        "deliveries",
        found(
            r"^Delivered to (yard \d+)\n  Goods: (.*)(?:\n  Remark: (.*))?",
            lambda one: {"place": one[1], "goods": one[2], "remark": one[3]},
        ),
        lambda text: {},
    ),
    "people in prose": Shape(
        Report,
        (
            "\n\n".join(
                FILLER * 8 + (f"Present was Warden Number{n:03d} Hollis." if n % 4 == 0 else "") for n in range(400)
            ),
        ),
        "people",
        found(r"Warden (Number\d+ Hollis)", lambda one: {"name": one[1], "role": "Warden"}),
        lambda text: {},
    ),
    "short notes": Shape(
        Note,
        tuple(f"Title: Note {n}\nBy Clerk {n}\n{FILLER * 3}" for n in range(20)),
        "",
        lambda text: iter(()),
        head,
    ),
    "plain values": Shape(
        Orders,
        ("\n".join(f"Order 55-{n:06d} was shipped in time." for n in range(4_000)),),
        "numbers",
        found(r"55-\d{6}", lambda one: one[0]),
        lambda text: {},
    ),
}


def reader(shape: Shape) -> Callable[[Question], dict[str, Any]]:
    """Answers each request perfectly for what it shows and asks."""

    def answer(question: Question) -> dict[str, Any]:
        start, stop = question.part
        rows = [row for at, row in shape.rows(question.text) if start <= at < stop][question.from_item - 1 :]
        value = {**shape.about(question.text), shape.name: rows, f"{shape.name}_count": len(rows)}
        declared = (question.schema or {}).get("properties", {})
        return {name: value.get(name) for name in declared}

    return answer


def measure(name: str, shape: Shape) -> None:
    """One line of the table."""
    price = price_of(DEFAULT_MODEL)
    assert price is not None
    with tempfile.TemporaryDirectory() as folder, Emulator(answering(reader(shape))) as emulator:
        for number, text in enumerate(shape.texts):
            (Path(folder) / f"{number:02d}.txt").write_text(text, encoding="utf-8")
        where = {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token}
        job = Pipeline(shape.schema, folder, config=Config(**where, rpm=100_000))
        plan = job.plan()
        with tempfile.TemporaryDirectory() as out:
            totals = job.run(out)
        used = emulator.usage
    read = sum(map(count_tokens, shape.texts))
    least = price.cost(Usage(read, 0, used.completion_tokens))
    paid = price.cost(used)
    assert None not in (plan.low_usd, plan.likely_usd, plan.high_usd)
    print(
        f"{name:18} {read:8,} {used.completion_tokens:8,} {totals.chunks:6} {least:8.4f} {paid:8.4f}"
        f" {paid / least:6.2f}"
        f" {plan.low_usd:8.4f} {plan.likely_usd:8.4f} {plan.high_usd:8.4f} {paid / plan.likely_usd:6.2f}"
        f" {'yes' if plan.low_usd <= paid <= plan.high_usd else 'NO':>6} {totals.ok}/{totals.documents}"
    )


def main() -> None:
    print(
        f"{'shape':18} {'text':>8} {'answers':>8} {'parts':>6} {'least $':>8} {'paid $':>8} {'ratio':>6}"
        f" {'low':>8} {'likely':>8} {'high':>8} {'/likely':>6} {'within':>6} ok"
    )
    for name in sys.argv[1:] or SHAPES:
        measure(name, SHAPES[name])


if __name__ == "__main__":
    main()
