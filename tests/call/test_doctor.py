"""The checks of a deployment, against one that takes everything and against each way in which it does not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from extractor.call.doctor import Finding, Probe, examine, facts_of, most_usd
from extractor.call.endpoint import Endpoint
from extractor.call.recorder import recorded
from extractor.emulator.player import Player
from extractor.emulator.server import Emulator
from extractor.emulator.values import Completion
from extractor.errors import AccountError, BudgetExceeded
from extractor.wire.models import ModelEntry
from extractor.wire.prices import price_of

KIMI = "@cf/moonshotai/kimi-k2.6"


def able(body: Mapping[str, Any]) -> Any:
    """A model that does all that it is asked."""
    text = json.dumps(body["messages"])
    if body.get("tools"):
        return Completion(None, tool_calls=({"name": "look_up", "arguments": {"article": "K-17"}},))
    if "from 1 to 1200" in text:
        return "\n".join(map(str, range(1, 1201)))
    if "picture" in text and "image_url" in text:
        return "Red."
    return {"colour": "blue"} if "kettle" in text else "yes"


def endpoint_of(emulator: Emulator, **more: Any) -> Endpoint:
    place = {"account_id": emulator.account_id, "token": emulator.token, "model": KIMI, "price": price_of(KIMI), **more}
    return Endpoint(emulator.base_url, **place)


@contextmanager
def examined(
    *, max_cost: float | None = 1.0, place: Mapping[str, Any] | None = None, **options: Any
) -> Iterator[tuple[dict[str, Finding], Probe, Emulator]]:
    with (
        Emulator(options.pop("reply", able), **options) as emulator,
        Probe(endpoint_of(emulator, **(place or {})), max_cost=max_cost) as probe,
    ):
        yield {finding.check: finding for finding in examine(probe)}, probe, emulator


def test_a_deployment_that_takes_everything() -> None:
    """Every check is as documented; what was paid is what was billed, and less than was said first."""
    with examined(faults={"thinks": 1.0, "rate_headers": 1.0}) as (findings, probe, emulator):
        assert [name for name, finding in findings.items() if finding.ok is False] == []
        assert len(findings) == 16
        assert probe.usage.cost_usd == pytest.approx(emulator.usage.cost_usd)
        assert probe.usage.cost_usd < (most_usd(probe.endpoint) or 0) < 0.1
        assert findings["cache, affinity"].came.startswith("2,")
        assert findings["cache, no affinity"].came.startswith("0 of")
        assert facts_of(list(findings.values())) == {"rpm": 1200}


@pytest.mark.parametrize(
    ("faults", "differ", "facts"),
    [
        (["json_model_403"], {"schema, envelope", "json_object"}, ["json_schema", "bare_schema", "json_object"]),
        (["schema_unsupported"], {"schema, envelope"}, ["json_schema", "bare_schema"]),
        (["bare_schema_only"], {"schema, envelope"}, ["json_schema"]),
        (["reasoning_only"], {"schema, envelope", "json_object"}, None),
        (["format_ignored"], {"schema, envelope", "json_object"}, None),
        (["data_uri"], {"data URI in text"}, None),
        (["batch_item"], {"batch"}, None),
    ],
    ids=lambda value: ", ".join(sorted(value or ()))[:30],
)  # fmt: skip
def test_each_difference_is_found(faults: list[str], differ: set[str], facts: list[str] | None) -> None:
    """A form that is refused, or is not what it should be, is told with its remedy, and the rest goes on."""
    with examined(faults=dict.fromkeys(faults, 1.0)) as (findings, _, _):
        found = {name for name, finding in findings.items() if finding.ok is False}
        assert found - {"schema, bare"} == differ
        assert all(findings[name].remedy for name in differ)
        assert facts_of(list(findings.values())).get("refused") == facts


def test_a_format_that_fails_with_thinking_alone() -> None:
    """Where the answer is thought about and then lost, the finding says so; the format by itself is as it should be."""

    def loses(body: Mapping[str, Any]) -> Any:
        thinking = body["chat_template_kwargs"]["thinking"]
        return Completion(None, reasoning='{"colour": "blue"}', finish="stop") if thinking else able(body)

    with examined(reply=loses) as (findings, _, _):
        assert findings["schema, envelope"].ok
        assert findings["format, thinking"].ok is False
        assert findings["format, thinking"].came.startswith("the JSON came as the reasoning")


def test_what_the_catalogue_says() -> None:
    """A retirement, and a queue that was withdrawn, are findings."""
    entry = ModelEntry(name=KIMI, retires=date(2020, 1, 1), batch=False)
    with examined(entry=entry) as (findings, _, _):
        assert findings["catalogue"].ok is False
        assert "was retired on 2020-01-01" in findings["catalogue"].remedy
        assert findings["batch"].ok is False
        assert "leave --batch out" in findings["batch"].remedy


def test_a_model_that_is_not_able() -> None:
    """No call, another colour, a thought that cannot be turned off: each is told."""

    def unable(body: Mapping[str, Any]) -> Any:
        return Completion("I cannot say.", reasoning="Hm.")

    with examined(reply=unable) as (findings, _, _):
        assert {"tools", "image", "thinking off", "schema, envelope"} <= {
            name for name, finding in findings.items() if finding.ok is False
        }


def test_an_effort_that_is_not_taken_is_left_out_later() -> None:
    """A refusal that names the effort becomes a fact that later runs go by."""
    from extractor.emulator.refusals import envelope

    def refuses(body: Mapping[str, Any]) -> Any:
        if "third word" in json.dumps(body["messages"]) and "reasoning_effort" in body:
            return envelope(8007, "1 validation error: reasoning_effort")
        return able(body)

    with examined(reply=refuses) as (findings, _, _):
        assert facts_of(list(findings.values()))["dropped"] == ["reasoning_effort"]


def test_who_may_not_ask_is_told_at_once() -> None:
    """A wrong token ends the examination with the account's own error."""
    with pytest.raises(AccountError, match="API token"), examined(place={"token": "wrong"}):
        pass


def test_no_request_passes_the_cap() -> None:
    """A request that could cost more than is left is not sent."""
    with pytest.raises(BudgetExceeded, match="budget"), examined(max_cost=0.0001):
        pass


@pytest.mark.parametrize("fault", ["no_usage", "truncated_body", "reset_in_body"])
def test_what_may_have_been_billed_counts_against_the_cap(fault: str) -> None:
    """A reply that breaks, or does not say what it cost, counts as the most that it can have cost."""
    cap, reply = 0.0175, lambda body: able(body) if "from 1 to 1200" in json.dumps(body) else "yes"
    with Emulator(reply, faults={fault: 1.0}) as emulator:
        with Probe(endpoint_of(emulator), max_cost=cap) as probe, pytest.raises(BudgetExceeded):
            examine(probe)
        assert 0 < emulator.usage.cost_usd <= cap


def test_only_a_refusal_is_a_fact() -> None:
    """A format that is not answered because the service is down may be asked for in later runs."""
    with examined(faults={"page_500": 1.0}) as (findings, _, _):
        assert findings["schema, envelope"].ok is False
        assert facts_of(list(findings.values())) == {}


def test_passing_failures_are_outlived(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy service is asked again."""
    numbers = count()
    monkeypatch.setattr("extractor.call.doctor.secrets.token_hex", lambda size: f"{next(numbers):032x}")
    with examined(faults={"busy": 0.2, "unavailable": 0.2}, seed=3) as (findings, _, emulator):
        assert [name for name, finding in findings.items() if finding.ok is False] == []
        assert len(emulator.requests) > len(findings)


def test_a_recording_holds_no_secret_and_can_be_played(tmp_path: Path) -> None:
    """What was exchanged, without token and account, gives the same findings when the emulator plays it."""
    path = tmp_path / "recorded.jsonl"
    with examined(faults={"schema_unsupported": 1.0}) as (findings, probe, emulator):
        path.write_bytes(b"".join(recorded(probe.exchanges)))
        secrets = (emulator.token, emulator.account_id)
    assert not [secret for secret in secrets if secret in path.read_text()]
    with examined(player=Player.of(path)) as (played, _, _):
        came = {name: finding.came for name, finding in findings.items() if name != "long answer"}
        assert {name: finding.came for name, finding in played.items() if name != "long answer"} == came
