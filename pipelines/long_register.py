"""A document longer than the model's window: read in parts, joined by key, grounded, and priced before it is sent.

extractor run --pipeline pipelines/long_register.py --out out/register --dry-run
extractor run --pipeline pipelines/long_register.py --out out/register
python pipelines/long_register.py out/register
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import orjson

from extractor import Config, Pipeline, resolve_schema

PROJECT = Path(__file__).resolve().parents[1]

PIPELINE = Pipeline(
    schema=resolve_schema(str(PROJECT / "schemas" / "bulletin.py")),
    source=PROJECT / "samples" / "register",
    config=Config(
        instructions="Name every company that the text speaks of, also where nothing but its name and number is said.",
        max_output_tokens=8000,  # the service cuts what takes it longer than about two minutes
        max_cost=5.00,
    ),
)


def districts(out: Path) -> Counter[str]:
    """How many companies of the finished records are entered in each district."""
    counts: Counter[str] = Counter()
    with (out / "records.jsonl").open("rb") as file:
        for line in file:
            companies = (orjson.loads(line)["value"] or {}).get("companies", [])
            counts.update(company["district"] or "not said" for company in companies)
    return counts


if __name__ == "__main__":
    forecast = PIPELINE.plan()
    print(f"{forecast.requests} requests, {forecast.prompt_tokens:,} tokens in, likely ${forecast.likely_usd:.2f}")
    totals = PIPELINE.run(sys.argv[1])
    print(f"{totals.values:,} values in {totals.chunks} chunks, {totals.flagged:,} not found in the text")
    for district, count in districts(Path(sys.argv[1])).most_common():
        print(f"{count:5} {district}")
