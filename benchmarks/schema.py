"""How well, and how fast, schemas compile.

    python -m benchmarks.schema                speed: compiling and decoding, beside pydantic alone
    python -m benchmarks.schema FOLDER         rates over a folder of JSON Schemas with valid and invalid instances

FOLDER holds `gold.jsonl`, one line a schema: `{"id", "file", "gold": {"valid": [...], "invalid": [...]}}`.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter, create_model

from extractor.errors import ExtractorError, InvalidValue, SchemaError
from extractor.schema.compiler import Schema, compile_schema
from extractor.schema.validator import Validator
from tests.schema.taken import check_wire

KINDS: list[Any] = [str, int, float, bool, dt.date, Decimal, str | None, list[str], float | None, int]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--verbose", action="store_true", help="name each schema that fails")
    parser.add_argument("--only", help="one schema's id")
    arguments = parser.parse_args()
    if arguments.folder is None:
        speed()
        return
    rates(arguments.folder, verbose=arguments.verbose, only=arguments.only)


# ---------------------------------------------------------------------- rates


class Tally:
    """Counts of what held and of what did not."""

    def __init__(self, verbose: bool) -> None:
        self.verbose = verbose
        self.counts: dict[str, list[int]] = {}

    def note(self, what: str, holds: bool, which: str, why: str = "") -> None:
        pair = self.counts.setdefault(what, [0, 0])
        pair[0] += holds
        pair[1] += 1
        if self.verbose and not holds:
            print(f"  not {what}: {which}: {why[:300]}")


def rates(folder: Path, *, verbose: bool, only: str | None) -> None:
    tally = Tally(verbose)
    begun = time.perf_counter()
    for line in (folder / "gold.jsonl").read_text().splitlines():
        row = json.loads(line)
        if only in (None, row["id"]):
            one(row, json.loads((folder / row["file"]).read_text()), tally)
    print(f"{time.perf_counter() - begun:.1f} s")
    for what, (held, total) in tally.counts.items():
        print(f"  {what:32} {held:4} of {total:4}  {100 * held / total:6.2f} %")


def one(row: dict[str, Any], document: Any, tally: Tally) -> None:
    try:
        schema: Schema[Any] = compile_schema(document)
    except SchemaError as error:
        tally.note("compiled", False, row["id"], str(error))
        tally.note("compiled or refused with a remedy", bool(error.remedy), row["id"])
        return
    tally.note("compiled", True, row["id"])
    tally.note("compiled or refused with a remedy", True, row["id"])
    problems = check_wire(schema.wire)
    tally.note("wire may be sent", not problems, row["id"], "; ".join(map(str, problems)))
    for index, instance in enumerate(row["gold"]["valid"]):
        valid(schema, instance, tally, f"{row['id']}[{index}]")
    for index, instance in enumerate(row["gold"]["invalid"]):
        tally.note("invalid instance rejected", rejected(schema, instance), f"{row['id']}[{index}]")


def valid(schema: Schema[Any], instance: Any, tally: Tally, which: str) -> None:
    try:
        wire = schema.encode(instance)
        back = schema.decode(json.dumps(wire))
        tally.note("valid instance comes back", same_text(back, instance), which, f"{instance} -> {wire} -> {back}")
    except ExtractorError as error:
        tally.note("valid instance comes back", False, which, f"{error}")
        return
    problem = next(Validator(schema.wire).problems(wire, schema.wire), None)
    tally.note("its wire form fits the wire schema", problem is None, which, str(problem))


def same_text(left: Any, right: Any) -> bool:
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


def rejected(schema: Schema[Any], instance: Any) -> bool:
    try:
        schema.decode(json.dumps(schema.encode(instance)))
    except InvalidValue:
        return True
    return False


# ---------------------------------------------------------------------- speed


def speed() -> None:
    models = [wide_model(f"Model{index}", 50) for index in range(20)]
    print("compiling a model of 50 fields, cold, ms:", *(f"{once(lambda m=m: compile_schema(m)):.2f}" for m in models))
    model = create_model("Plain", **{f"field_{i}": (KINDS[i % 10], ...) for i in range(50)})  # type: ignore[call-overload]
    text = json.dumps({f"field_{i}": SAMPLES[i % 10] for i in range(50)})
    schema, adapter = compile_schema(model), TypeAdapter(model)
    ours, theirs = fastest(lambda: schema.decode(text)), fastest(lambda: adapter.validate_json(text))
    print(f"decoding where no rewrite applies: {ours:.1f} us, pydantic alone {theirs:.1f} us, {ours / theirs:.2f}x")
    rewritten, defaults = compile_schema(models[0]), TypeAdapter(models[0])
    value = defaults.validate_json(text)
    wire = json.dumps(rewritten.encode(value))
    ours, theirs = fastest(lambda: rewritten.decode(wire)), fastest(lambda: defaults.validate_json(text))
    print(f"decoding with rewrites: {ours:.1f} us, pydantic alone {theirs:.1f} us, {ours / theirs:.2f}x")
    print(f"compiling again: {fastest(lambda: compile_schema(models[0])):.2f} us")


SAMPLES: list[Any] = ["text", 1, 1.5, True, "2024-01-31", "12.50", None, ["a", "b"], 2.5, 7]


def wide_model(name: str, fields: int) -> type[BaseModel]:
    """A model of mixed fields, every fifth with a default, so that rewrites apply."""
    declared = {f"field_{i}": (KINDS[i % 10], SAMPLES[i % 10] if i % 5 == 1 else ...) for i in range(fields)}
    return create_model(name, **declared)  # type: ignore[call-overload, no-any-return]


def once(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1e3


def fastest(work: Callable[[], Any], rounds: int = 2000) -> float:
    """Microseconds of the fastest of many runs."""
    best = sys.float_info.max
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begun)
    return best * 1e6


if __name__ == "__main__":
    main()
