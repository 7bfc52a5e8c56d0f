"""What every test shares: properties run without a clock and from fixed seeds, and interrupts interrupt."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest
from hypothesis import settings

from extractor.emulator.service import Service
from extractor.emulator.values import Exchange
from tests.kit import check_request

collect_ignore = [] if find_spec("airflow") else ["airflow"]  # `make test-airflow` has an environment of its own

# A shell starts what it runs in the background with interrupts ignored, `nohup` ignores hang-ups, and each process of a
# test would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Which engines of OCR a machine has must not decide what a scan holds; tests of OCR name theirs.
os.environ["EXTRACTOR_OCR"] = "off"

settings.register_profile("suite", deadline=None, derandomize=True)
settings.load_profile("suite")


@pytest.fixture(scope="session", autouse=True)
def requests_received() -> Iterator[list[Any]]:
    """The body of every request that any emulator receives, until a test has looked at it."""
    received: list[Any] = []
    opened = Service.open

    def open_and_tell(self: Service, exchange: Exchange, *request: Any) -> Any:
        try:
            return opened(self, exchange, *request)
        finally:
            received.append(exchange.body)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Service, "open", open_and_tell)
        yield received


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is remembered of deployments stays within the test, whatever the user's own cache holds."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(autouse=True)
def _published(requests_received: list[Any]) -> Iterator[None]:
    """Every request that the suite sends keeps the model's published schema, whatever a test is about."""
    requests_received.clear()
    yield
    sent = [_enveloped(body) for body in requests_received if body is not None]
    assert [problem for body in sent for problem in check_request(body)] == []


def _enveloped(body: Any) -> Any:
    """The body with a bare schema in the published envelope: some deployments take only the one, some the other."""
    found = body.get("response_format") if isinstance(body, dict) else None
    if not found or found.get("type") != "json_schema" or "schema" in found["json_schema"]:
        return body
    return {**body, "response_format": {**found, "json_schema": {"name": "bare", "schema": found["json_schema"]}}}
