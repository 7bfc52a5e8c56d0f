"""Tokens of a targeted repair against asking again whole, for a record of 60 fields of which two are wrong.

    python benchmarks/repair.py

Both repairs are held by the real conversation against a model that first gets two dates wrong. Counted are the
tokens of everything that is sent and answered after the first reply.
"""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import orjson
from pydantic import create_model

from extractor.call.conversation import Answer, Asking, Settings, converse
from extractor.call.effects import drive
from extractor.call.ledger import upper_bound
from extractor.schema.compiler import compile_schema
from extractor.text.tokens import count_tokens
from extractor.wire.values import Reply, Request, Usage

FIELDS: dict[str, Any] = {
    f"{kind}_{number:02}": (date if kind == "day" else str, ...)
    for number in range(20)
    for kind in ("name", "place", "day")
}
SCHEMA = compile_schema(create_model("Register", __doc__="An entry of the register.", **FIELDS))

WRONG = ("day_03", "day_11")


def _value(name: str) -> str:
    kind, number = name.split("_")
    return f"2026-{int(number) % 12 + 1:02}-17" if kind == "day" else f"{kind.title()} number {number}"


GOOD = {name: _value(name) for name in FIELDS}
BAD = {**GOOD, **{name: f"17th of month {int(name[-2:]) % 12 + 1}, 2026" for name in WRONG}}
TEXT = "\n".join(f"{name.replace('_', ' ')}: {BAD[name]}. {'Further remarks stand here. ' * 3}" for name in FIELDS)


class Model:
    """Answers wrongly first, then rightly to whatever is asked; keeps what each request and answer weighed."""

    def __init__(self) -> None:
        self.weighed: list[int] = []

    async def send(self, request: Request) -> Reply:
        first = not self.weighed
        wanted = WRONG if request.purpose == "repair" else tuple(FIELDS)
        content = orjson.dumps({name: (BAD if first else GOOD)[name] for name in wanted}).decode()
        prompt = upper_bound(request.body).prompt_tokens
        self.weighed.append(prompt + count_tokens(content))
        return Reply(content, usage=Usage(prompt, 0, count_tokens(content), None))


def repaired(schema: Any) -> tuple[str, int]:
    """The purpose of the repair that made the answer good, and its tokens."""
    model = Model()
    answer: Answer = asyncio.run(drive(converse(Asking(schema, TEXT), Settings(model="m")), model))
    assert answer.problems == ()
    return answer.repairs[-1].rung, sum(model.weighed[1:])


class Whole:
    """The same schema, for which no field can be asked alone."""

    def __getattr__(self, name: str) -> Any:
        return getattr(SCHEMA, name)

    def field(self, pointer: str) -> None:
        return None


def main() -> None:
    (targeted, few), (whole, many) = repaired(SCHEMA), repaired(Whole())
    print(f"{targeted}: {few} tokens\n{whole}: {many} tokens\n{few / many:.1%}")


if __name__ == "__main__":
    main()
