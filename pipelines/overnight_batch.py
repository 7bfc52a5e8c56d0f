"""Contracts as queued batches, which the service answers when it has time, within a day.

Start it in the evening. If the machine goes down, the same command in the morning collects what was queued.

extractor run --pipeline pipelines/overnight_batch.py --out out/contracts
python pipelines/overnight_batch.py out/contracts
"""

from __future__ import annotations

import sys
from pathlib import Path

from extractor import Config, Pipeline, resolve_schema

PROJECT = Path(__file__).resolve().parents[1]
BUDGET = 10.00  # US dollars

PIPELINE = Pipeline(
    schema=resolve_schema(str(PROJECT / "schemas" / "contract.py")),
    source=PROJECT / "samples" / "contracts",
    config=Config(batch=True, max_cost=BUDGET),
    sink="csv",
)


def main(out: str) -> None:
    """Print the price, run the job if the budget covers it, and print the result."""
    forecast = PIPELINE.plan(out)
    high = forecast.high_usd or 0.0
    print(f"{forecast.requests} requests, at most ${high:.2f}")
    if high > BUDGET:
        raise SystemExit(f"that may pass the budget of ${BUDGET:.2f}: raise it, or take fewer contracts")
    totals = PIPELINE.run(out)
    print(f"{totals.ok} of {totals.documents} contracts are ok; see {out}/records.csv")


if __name__ == "__main__":
    main(sys.argv[1])
