"""What is remembered of a deployment over runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from extractor.call import facts
from extractor.call.endpoint import Endpoint
from extractor.call.facts import facts_file, lasting, recall, remember
from extractor.call.form import RUNGS, Ladder
from extractor.wire.models import today

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
    assert RUNGS[ladder.rung("m", "any")] == "bare_schema"
    assert ladder.dropped("m") == {"reasoning_effort"}
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
