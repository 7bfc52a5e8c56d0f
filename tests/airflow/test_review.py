"""What a form of a ReviewOperator stores, without an Airflow that shows it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from extractor.pipeline.corrections import CORRECTIONS
from extractor.shards.review import doubts, under_review
from tests.airflow.conftest import HITL
from tests.review.kit import output, record

NAME = "a.txt"


def extracted(out: Path, rows: Sequence[str]) -> None:
    """An output whose rows were not found in their source."""
    spans: dict[str, Any] = {f"/rows/{index}": () for index in range(len(rows))}
    output(out, [record(NAME, {"rows": list(rows)}, spans)])
    (out / "run.json").write_text("{}", encoding="utf-8")


@pytest.mark.skipif(not HITL, reason="nobody can be asked before 3.1")
@pytest.mark.parametrize(("now", "stored"), [(["x", "y"], True), (["new", "x", "y"], False)], ids=["same", "other"])
def test_an_answer_about_other_rows(now: Sequence[str], stored: bool, tmp_path: Path) -> None:
    """Rows that were read since the form was made are not corrected by it: they may be other ones."""
    from extractor.airflow.review import ReviewOperator
    from extractor.review.view import version_of

    operator = ReviewOperator(task_id="review", out=str(tmp_path), document=NAME)
    extracted(tmp_path, ["x", "y"])
    with under_review(tmp_path) as run:
        operator._show(doubts(run, NAME), version_of(run.record(NAME)))
    texts = {name: operator.params[name] for name in operator.params} | {"/rows/0": "X"}
    extracted(tmp_path, now)
    answer = {"params_input": texts, "responded_at": datetime.now(UTC), "responded_by_user": None}
    if stored:
        done = operator.execute_complete({}, {"chosen_options": ["Accept"], **answer})
        assert done["corrected"] == ["/rows/0"]
        actions = [json.loads(line)["action"] for line in (tmp_path / CORRECTIONS).read_text("utf-8").splitlines()]
        assert actions == ["correct", "accept"]
    else:
        with pytest.raises(AirflowFailException, match="has been read again since"):
            operator.execute_complete({}, {"chosen_options": ["Accept"], **answer})
        assert not (tmp_path / CORRECTIONS).exists()
