"""What is remembered of a deployment over runs, and the look at the catalogue before one."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from extractor.call import facts
from extractor.call.endpoint import Endpoint
from extractor.call.facts import facts_file, lasting, look, recall, remember
from extractor.call.form import RUNGS, Ladder
from extractor.call.http import HttpTransport
from extractor.emulator.server import Emulator
from extractor.wire.models import ModelEntry, today
from extractor.wire.prices import Price, price_of

KIMI = "@cf/moonshotai/kimi-k2.6"
PLACE = Endpoint("https://api.example/client/v4", "account", "token", "@cf/maker/model")
FOUND = {"refused": ["json_schema"], "dropped": ["reasoning_effort"], "rpm": 50}


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_what_is_kept_is_found_again() -> None:
    """Facts hold for one model, address and account; neither the token nor the account id is in the file."""
    remember(PLACE, FOUND)
    assert FOUND.items() <= recall(PLACE).items()
    others = (replace(PLACE, model="other"), replace(PLACE, account_id="other"), replace(PLACE, base_url="https://x"))
    assert [recall(other) for other in others] == [{}] * 3
    remember(others[0], {"rpm": 20})
    assert recall(PLACE)["rpm"] == 50
    assert not {"token", "account"} & set(facts_file().read_text().split('"'))


def test_a_ladder_begins_where_the_facts_say() -> None:
    """A rung that is known to be refused is not begun on, and a parameter that is not taken is left out."""
    ladder = Ladder()
    ladder.know("m", FOUND)
    assert RUNGS[ladder.models["m"].rung(Counter())] == "bare_schema"
    assert ladder.models["m"].dropped == {"reasoning_effort"}
    assert ladder.facts("m") == {name: FOUND[name] for name in ("refused", "dropped")}


def test_old_facts_are_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deployments change: after two weeks they are found out again."""
    remember(PLACE, FOUND)
    later = today() + timedelta(days=15)
    monkeypatch.setattr(facts, "today", lambda: later)
    assert recall(PLACE) == {}


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"x": 5}'])
def test_a_file_that_cannot_be_read_says_nothing(content: bytes) -> None:
    """A damaged file is as good as none, and is written over."""
    facts_file().parent.mkdir(parents=True)
    facts_file().write_bytes(content)
    assert recall(PLACE) == {}
    remember(PLACE, FOUND)
    assert recall(PLACE)["rpm"] == 50
    known = orjson.loads(facts_file().read_bytes())
    for entry in known.values():
        if isinstance(entry, dict):
            entry["seen"] = "yesterday"
    facts_file().write_bytes(orjson.dumps(known))
    assert recall(PLACE) == {}


def test_a_cache_that_cannot_be_written_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the user has no cache nothing is remembered, and nothing fails."""
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    remember(PLACE, FOUND)
    assert recall(PLACE) == {}


def test_a_server_on_this_machine_does_not_last() -> None:
    """What runs learn of a loopback address is kept for no other run."""
    assert lasting(PLACE)
    assert not lasting(replace(PLACE, base_url="http://127.0.0.1:8787/client/v4"))


# -- the look at the catalogue


def _look(entry: ModelEntry | None, *, token: str | None = None, **options: Any) -> bool:
    async def run() -> bool:
        with Emulator(lambda body: "x", entry=entry) as emulator:
            place = (emulator.base_url, emulator.account_id, token or emulator.token, KIMI, price_of(KIMI))
            endpoint = Endpoint(*place)
            async with HttpTransport(endpoint) as http:
                return await look(http, endpoint, **options)

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("entry", "warning"),
    [
        (None, ""),
        (ModelEntry(name=KIMI), ""),
        (ModelEntry(name=KIMI, retires=date(2020, 1, 1)), "was retired on 2020-01-01"),
        (ModelEntry(name=KIMI, retires=date(9999, 1, 1)), "is to be retired on 9999-01-01"),
        (
            ModelEntry(name=KIMI, price=Price(1, 0.2, 5)),
            "now costs $1.00 (input), $0.20 (cached input), $5.00 (output)",
        ),
        (ModelEntry(name=KIMI, batch=False), "takes no batches at present"),
    ],
)
def test_what_is_warned_of(entry: ModelEntry | None, warning: str, caplog: pytest.LogCaptureFixture) -> None:
    """A retirement, another price and a queue that was withdrawn are told in one line before money is spent."""
    assert _look(entry, batch=True) is not (entry is not None and entry.batch is False)
    assert len(caplog.records) == bool(warning)
    assert warning in caplog.text


def test_a_catalogue_that_cannot_be_had_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    """Where the look is refused nothing is told, and the run goes its way."""
    assert _look(None, token="wrong", batch=True) is True
    assert _look(None, token="wrong", batch=False) is False
    assert caplog.records == []


def test_batches_that_are_out_are_told(caplog: pytest.LogCaptureFixture) -> None:
    """A run that queues nothing says that it waits for what an earlier one has queued."""
    assert _look(None, batch=False, out=["batch 1"]) is False
    assert "still out (1)" in caplog.text
