"""Every kind of sample through the whole library: read, asked over HTTP, validated, grounded, judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from extractor import Pipeline, load
from extractor.emulator.server import Emulator
from extractor.pipeline.config import Config
from extractor.pipeline.specs import resolve_schema
from extractor.review.evaluate import evaluate
from extractor.review.files import read_gold, read_records
from tests.kit import SAMPLES, gold, gold_reply, schema_of
from tests.samples.test_gold import KINDS


@pytest.mark.parametrize("folder", sorted(set(KINDS) - {"register"}))
def test_every_kind_ends_ok(folder: str, tmp_path: Path) -> None:
    """Perfect answers make every document ok and every value the gold one, and nearly all are placed in the text."""
    answers = gold(SAMPLES / folder)
    texts = {load(SAMPLES / folder / name).text: value for name, value in answers.items()}
    with Emulator(gold_reply(schema_of(KINDS[folder]), texts)) as emulator:
        where = {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token}
        job = Pipeline(resolve_schema(KINDS[folder]), SAMPLES / folder, config=Config(rpm=None, **where))
        totals = job.run(tmp_path)
    assert totals.whole
    found = evaluate(read_records(tmp_path), read_gold(SAMPLES / folder / "gold.jsonl"))
    assert (found.total.precision, found.total.recall, found.perfect) == (1.0, 1.0, len(answers))
    assert totals.flagged < 0.2 * totals.values
