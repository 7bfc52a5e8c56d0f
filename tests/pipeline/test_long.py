"""The register, longer than the window, read by one who sees each request's text alone: all of it comes, once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from extractor import Pipeline
from extractor.call.clock import without_waits
from extractor.emulator.server import Emulator
from extractor.pipeline.config import Config
from extractor.pipeline.specs import resolve_schema
from extractor.schema.pointer import leaves
from tests.kit import SAMPLES
from tests.samples.register import register_gold, register_reply, register_text

REGISTER = SAMPLES / "register" / "register.txt"
GOLD = register_gold()["value"]["companies"]

pytestmark = pytest.mark.timeout(180)


def job(emulator: Emulator, **options: Any) -> Pipeline:
    """The register, asked of an emulator."""
    where = {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token}
    return Pipeline(resolve_schema("bulletin"), REGISTER, config=Config(**{"rpm": None, **where, **options}))


def record(out: Path) -> dict[str, Any]:
    """The one line of records.jsonl."""
    found: dict[str, Any] = json.loads((out / "records.jsonl").read_text(encoding="utf-8"))
    return found


def run(out: Path, *, faults: Mapping[str, float] | None = None, **options: Any) -> tuple[dict[str, Any], Emulator]:
    with Emulator(register_reply(), faults=faults, seed=5) as emulator:
        job(emulator, **options).run(out)
    return record(out), emulator


def facts(company: Mapping[str, Any]) -> Counter[tuple[str, ...]]:
    """What is said of a company, its officers in any order."""
    plain = [(name, str(value)) for name, value in company.items() if name != "officers" and value is not None]
    return Counter([*plain, *(("officer", one["name"], one["role"]) for one in company["officers"])])


def assert_whole(row: Mapping[str, Any]) -> None:
    """Every company once, with all that is stated of it and nothing of another's."""
    companies = {company["number"]: company for company in row["value"]["companies"]}
    assert row["status"] == "ok", row["problems"][:3]
    assert len(companies) == len(row["value"]["companies"])
    assert companies.keys() == {company["number"] for company in GOLD}
    assert [company["number"] for company in GOLD if facts(company) != facts(companies[company["number"]])] == []


def spans_within(row: Mapping[str, Any]) -> float:
    """The share of leaves whose place lies in a passage that states them.

    What was read from a heading above a part has no place in the part itself.
    """
    numbers = [company["number"] for company in row["value"]["companies"]]
    places = {company["number"]: index for index, company in enumerate(GOLD)}
    stated: dict[int, list[tuple[int, int]]] = {}
    for fact in register_gold()["facts"]:
        stated.setdefault(fact["record"], []).extend([tuple(fact["span"]), *map(tuple, fact.get("under", {}).values())])
    right = total = 0
    for line in row["evidence"]:
        gold = places[numbers[int(line["path"].split("/")[2])]]
        if line["path"].endswith("/district") and line["start"] is None:
            continue
        total += 1
        right += line["start"] is not None and any(a <= line["start"] and line["end"] <= b for a, b in stated[gold])
    return right / total


@pytest.mark.parametrize("size", [2500, 8000, 16000])
def test_all_of_it_comes_once(tmp_path: Path, size: int) -> None:
    """Whatever the length of one answer: recall 100 %, no duplicate, no false merge, over 99 % of the places right."""
    row, emulator = run(tmp_path, max_output_tokens=size)
    assert_whole(row)
    assert spans_within(row) > 0.99
    least = sum(1 for _, value in leaves({"companies": GOLD}) if value is not None)
    assert len({line["path"] for line in row["evidence"]}) == least
    assert emulator.served < 2 * row["chunks"]


def test_faults_change_nothing(tmp_path: Path) -> None:
    """With faults of every kind in half of the requests the same register comes out."""
    with without_waits():
        row, emulator = run(tmp_path, faults={"all": 0.5}, concurrency=8)
    assert_whole(row)
    assert spans_within(row) > 0.99
    assert row["attempts"] > emulator.served


def test_a_stopped_run_goes_on(tmp_path: Path) -> None:
    """Runs broken off by their budget go on where they stopped: the answers that were kept are not asked again."""
    with Emulator(register_reply()) as emulator:
        for cap in (0.4, 0.8):
            with pytest.raises(Exception, match="budget"):
                job(emulator, max_cost=cap).run(tmp_path)
        job(emulator).run(tmp_path)
        answered = [json.dumps(one.body, sort_keys=True) for one in emulator.requests if one.usage is not None]
    assert_whole(record(tmp_path))
    assert len(answered) == len(set(answered))


def test_the_forecast_holds(tmp_path: Path) -> None:
    """What a run cost lies between the low and the high of its forecast."""
    with Emulator(register_reply()) as emulator:
        plan = job(emulator).plan()
        job(emulator).run(tmp_path)
        paid = emulator.usage.cost_usd
    assert plan.low_usd is not None
    assert plan.high_usd is not None
    assert paid is not None
    assert plan.low_usd < paid < plan.high_usd


def test_the_sample_is_longer_than_any_request() -> None:
    """No request could have carried the register."""
    assert len(register_text()) > 1_100_000
