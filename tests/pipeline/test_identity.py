"""What a finished document depends on, by value: what has changed is done again, from the replies that are kept."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from extractor import Config, Pipeline
from extractor.call import prompt
from extractor.emulator.questions import answering
from extractor.emulator.server import Emulator
from extractor.pipeline import job as jobs
from extractor.pipeline.identity import digest
from extractor.pipeline.stages import STAGES, Work
from tests.extraction.kit import Store, perfect, store
from tests.pipeline.test_retry import where


def rounded(work: Work, *, to: int) -> Work:
    """A stage with a setting."""
    return replace(work, data={**work.data, "keeper": f"{work.data['keeper']} {to}"})


@dataclass
class Named:
    """A stage that is an object."""

    suffix: str

    def __call__(self, work: Work) -> Work:
        return replace(work, data={**work.data, "keeper": f"{work.data['keeper']} {self.suffix}"})


def enclosed(suffix: str) -> Callable[[Work], Work]:
    """A stage that is a closure."""

    def stage(work: Work) -> Work:
        return replace(work, data={**work.data, "keeper": f"{work.data['keeper']} {suffix}"})

    return stage


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (partial(rounded, to=1), partial(rounded, to=2)),
        (Named("a"), Named("b")),
        (enclosed("a"), enclosed("b")),
        (re.compile("a+"), re.compile("b+")),
        (lambda: 1, lambda: 2),
        ({"a": 1}, {"a": 2}),
        ([1, 2], [2, 1]),
        (1, True),
        (str, int),
    ],
)
def test_things_that_differ_by_value_differ(one: Any, other: Any) -> None:
    """Settings of partials, of objects and of closures count, and so does code."""
    assert digest(one) != digest(other)


@pytest.mark.parametrize(
    "make",
    [
        lambda: partial(rounded, to=1),
        lambda: Named("a"),
        lambda: enclosed("a"),
        lambda: re.compile("a+"),
        lambda: {"b", "a"},
        lambda: Config(rpm=5),
        lambda: STAGES,
    ],
)
def test_things_that_are_made_again_are_equal(make: Callable[[], Any]) -> None:
    """Two of one value have one digest, whatever their place in memory."""
    assert digest(make()) == digest(make())


def test_a_digest_is_the_same_in_every_version() -> None:
    """Otherwise documents that an earlier version finished would be done, and perhaps paid for, a second time."""
    values = "a", b"b", 1, 2.5, None, ["x", ("y",)], {"k": {3, 1}}, partial(max, key=len), BaseModel
    assert digest(*values) == "8f161721dfdffb8a481ca86180b5cfff7c8ee64a72da884dd0955dbc105accdb"


def record(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "records.jsonl").read_text(encoding="utf-8"))
    return found


@pytest.fixture
def job(tmp_path: Path) -> Any:
    """A pipeline over one document that was run once, its emulator and its output folder."""
    (tmp_path / "store.txt").write_text(store(20))
    with Emulator(answering(perfect)) as emulator:
        pipeline = Pipeline(Store, tmp_path / "store.txt", config=Config(**where(emulator)))
        assert pipeline.run(tmp_path / "out").ok == 1
        yield pipeline, emulator, tmp_path / "out"


@pytest.mark.parametrize("stage", [partial(rounded, to=3), Named("3"), enclosed("3")])
def test_a_changed_stage_is_applied_for_free(job: Any, stage: Any) -> None:
    """A document that ended ok passes a new stage without a request, and again where its settings change."""
    pipeline, emulator, out = job
    changed = replace(pipeline, stages=(*STAGES, stage))
    served = emulator.served
    assert changed.run(out).reused == 0
    assert record(out)["value"]["keeper"] == "Ada Quill 3"
    assert changed.run(out).reused == 1
    assert emulator.served == served


def test_another_version_does_it_again_for_free(job: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an older version finished is read again from the replies that are kept."""
    pipeline, emulator, out = job
    served = emulator.served
    monkeypatch.setattr(jobs, "library_version", lambda: "99")
    totals = pipeline.run(out)
    assert (totals.ok, totals.reused, emulator.served) == (1, 0, served)
    assert pipeline.run(out).reused == 1


def test_nobody_pays_because_a_version_asks_in_other_words(job: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the questions of another version are others, a good record stays as it is."""
    pipeline, emulator, out = job
    served, before = emulator.served, record(out)
    monkeypatch.setattr(jobs, "library_version", lambda: "99")
    monkeypatch.setattr(prompt, "_RULES", "Answer in JSON.")
    totals = pipeline.run(out)
    assert (totals.ok, totals.reused, emulator.served) == (1, 1, served)
    assert record(out) == before
