"""The sample receipts as shards, asked of an emulator."""

from __future__ import annotations

from typing import Any

from extractor import Config, Pipeline
from extractor.emulator.server import Emulator
from extractor.pipeline.specs import resolve_schema
from extractor.shards.plan import Shard, plan_shards
from tests.kit import SAMPLES

RECEIPTS = SAMPLES / "receipts"
COUNT = 18


def shards(number: int = 4, *, max_cost: float | None = None) -> list[Shard]:
    return plan_shards(RECEIPTS, shards=number, max_cost=max_cost)


def job(emulator: Emulator, schema: str = "receipt", **options: Any) -> Pipeline:
    config = Config(base_url=emulator.base_url, account_id=emulator.account_id, token=emulator.token, **options)
    return Pipeline(resolve_schema(schema), config=config)
