"""Recordings: what is passed on, what the file holds, and what is played from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from extractor import Config, Extractor, Pipeline
from extractor.emulator.server import Emulator
from extractor.errors import AccountError
from extractor.testing import without_waits
from extractor.testing.recording import Unrecorded, recorded, replayed


class Note(BaseModel):
    subject: str


def where(emulator: Emulator) -> dict[str, Any]:
    return {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token}


def environment(monkeypatch: pytest.MonkeyPatch, service: Emulator, base_url: str) -> None:
    monkeypatch.setenv("EXTRACTOR_BASE_URL", base_url)
    monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", service.account_id)
    monkeypatch.setenv("CLOUDFLARE_AUTH_TOKEN", service.token)


@pytest.mark.parametrize("gateway", [False, True])
def test_a_recording_answers_as_the_service_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gateway: bool) -> None:
    """By every address of the service, streams and refusals included; the file names no account and no token."""
    path = tmp_path / "deep" / "er.jsonl"
    with Emulator(lambda _: {"subject": "Boiler"}, faults={"busy": 0.4}, seed=2) as service, without_waits():
        environment(monkeypatch, service, service.gateway_url if gateway else service.base_url)
        with recorded(path) as emulator:
            first = subjects(emulator)
        assert service.served == 7
    content = path.read_text(encoding="utf-8")
    assert len(content.splitlines()) == len(service.requests) > 7
    assert all(secret not in content for secret in (service.token, service.account_id, "earer"))
    with replayed(path) as emulator, without_waits():
        assert subjects(emulator) == first == ["Boiler"] * 7


def subjects(emulator: Emulator) -> list[str]:
    with Extractor(**where(emulator)) as extractor:
        results = [extractor.extract(Note, f"Note {number}") for number in range(6)]
        *_, last = extractor.stream(Note, "Note 7")
    return [result.data["subject"] for result in (*results, last.result) if result]


def test_a_batch_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Submitting and polling are requests like others: a queued job is played to its end."""
    path, source = tmp_path / "batch.jsonl", tmp_path / "notes"
    source.mkdir()
    (source / "one.txt").write_text("Boiler 1", encoding="utf-8")

    def run(emulator: Emulator, out: str) -> int:
        return Pipeline(Note, source, config=Config(batch=True, **where(emulator))).run(tmp_path / out).ok

    with Emulator(lambda _: {"subject": "Boiler"}) as service, without_waits():
        environment(monkeypatch, service, service.base_url)
        with recorded(path) as emulator:
            assert run(emulator, "first") == 1
    with replayed(path) as emulator, without_waits():
        assert run(emulator, "second") == 1


def test_what_was_not_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another question has no reply; an error of the test itself comes first."""
    path = tmp_path / "one.jsonl"
    with Emulator(lambda _: {"subject": "Boiler"}) as service:
        environment(monkeypatch, service, service.base_url)
        with recorded(path) as emulator, Extractor(**where(emulator)) as extractor:
            extractor.extract(Note, "Note 1")
    with pytest.raises(Unrecorded, match="has no reply to POST run/@cf/moonshotai"):  # noqa: SIM117
        with replayed(path) as emulator, without_waits(), Extractor(**where(emulator)) as extractor:
            assert extractor.extract(Note, "Note 2").status == "failed"
    with pytest.raises(AssertionError, match="of the test"), replayed(path) as emulator:
        raise AssertionError("an error of the test")


def test_what_was_paid_for_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that fails while it is recorded has its replies in the file; one that asks nothing has no file."""
    path = tmp_path / "one.jsonl"
    with Emulator(lambda _: {"subject": "Boiler"}) as service:
        environment(monkeypatch, service, service.base_url)
        with recorded(path):
            pass
        assert not path.exists()
        with pytest.raises(ZeroDivisionError), recorded(path) as emulator, Extractor(**where(emulator)) as extractor:
            assert 1 / 0 or extractor.extract(Note, "Note 1")
        with pytest.raises(AssertionError), recorded(path) as emulator, Extractor(**where(emulator)) as extractor:
            assert not extractor.extract(Note, "Note 1")
    assert [json.loads(line)["status"] for line in path.read_text(encoding="utf-8").splitlines()] == [200]


def test_without_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be recorded, and the error says which variable is missing."""
    for name in ("CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_AUTH_TOKEN", "CLOUDFLARE_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(AccountError, match="CLOUDFLARE_ACCOUNT_ID is not set"), recorded(tmp_path / "none.jsonl"):
        pass
