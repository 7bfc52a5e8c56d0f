"""The pytest plugin, in sessions of its own: what passes, what fails, and in which words."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from extractor.emulator.server import Emulator
from tests.kit import ROOT

pytest_plugins = ["pytester"]

HEAD = """
import pytest
from decimal import Decimal
from pydantic import BaseModel
from extractor import Extractor
from extractor.testing import Completion, assert_record

class Receipt(BaseModel):
    merchant: str
    total: Decimal

KIOSK = "KIOSK 7\\nTotal 5.00"
VALUE = {"merchant": "KIOSK 7", "total": "5.00"}

def extracted(text=KIOSK, **options):
    with Extractor(**options) as extractor:
        return extractor.extract(Receipt, text)
"""


def run(pytester: pytest.Pytester, body: str, *options: str) -> pytest.RunResult:
    """One session over a module, with the plugin and with warnings as errors."""
    pytester.makepyfile(test_kiosk=HEAD + body)
    plugin = (
        "-p",
        "no:extractor",
        "-p",
        "extractor.testing.plugin",
    )  # whether or not it is installed as an entry point
    return pytester.runpytest_subprocess(*plugin, "-p", "no:cacheprovider", "-W", "error", *options)


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_AUTH_TOKEN", "CLOUDFLARE_API_TOKEN", "EXTRACTOR_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """A service that the environment names, as it would name the real one."""
    with Emulator(lambda _: {"merchant": "KIOSK 7", "total": "5.00"}) as emulator:
        monkeypatch.setenv("EXTRACTOR_BASE_URL", emulator.base_url)
        monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", emulator.account_id)
        monkeypatch.setenv("CLOUDFLARE_AUTH_TOKEN", emulator.token)
        yield emulator


def test_what_passes(pytester: pytest.Pytester) -> None:
    """Replies by document, by function and by faults, without credentials, network or waits."""
    body = """
def test_by_document(extractor_endpoint):
    extractor_endpoint.answer(Receipt, KIOSK, VALUE)
    extractor_endpoint.answer(Receipt, "BAR 8\\nTotal 9.00", {"merchant": "BAR 8", "total": "9.00"})
    assert_record(extracted(), VALUE)
    assert_record(extracted("BAR 8\\nTotal 9.00"), Receipt(merchant="BAR 8", total=Decimal("9.00")))
    assert extractor_endpoint.served == 2

def test_by_function(extractor_endpoint):
    extractor_endpoint.otherwise(lambda question: {"merchant": question.text.split("\\n")[0], "total": "5.00"})
    assert_record(extracted(), VALUE)

def test_one_answer_for_all(extractor_endpoint):
    extractor_endpoint.otherwise(Completion('{"merchant": "KIOSK 7", "total": 5', finish="length"))
    assert_record(extracted(), {"merchant": "KIOSK 7"}, status="partial")

def test_a_week_of_waiting_passes_at_once(extractor_endpoint):
    extractor_endpoint.answer(Receipt, KIOSK, VALUE)
    results = [extracted(rpm=1) for _ in range(2)]
    with Extractor(rpm=1) as extractor:
        results += extractor.extract_many(Receipt, [KIOSK] * 20)
    assert [result.status for result in results] == ["ok"] * 22

@pytest.mark.usefixtures("extractor_no_network")
def test_this_machine_is_no_network():
    import socket
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
"""
    run(pytester, body).assert_outcomes(passed=5)


def test_what_the_page_shows(pytester: pytest.Pytester) -> None:
    """The blocks of docs/testing.md make a module whose test passes."""
    page = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    run(pytester, "\n".join(blocks)).assert_outcomes(passed=1)


FAILURES = {
    """
def test_unscripted(extractor_endpoint):
    extracted()
""": "Unscripted: no reply is scripted for a request about 'KIOSK 7'",
    """
def test_wrong(extractor_endpoint):
    extractor_endpoint.answer(Receipt, KIOSK, {**VALUE, 'total': '5.50'})
    assert_record(extracted(), VALUE)
""": "text: 1 value differs, the status is ok\nE     total: expected '5.00', found '5.50' @ /total",
    """
@pytest.mark.usefixtures("extractor_no_network")
def test_name():
    import socket
    socket.create_connection(("api.example.com", 443))
""": "NetworkBlocked: the test tried to reach api.example.com: script a reply, or leave out extractor_no_network",
    """
@pytest.mark.usefixtures("extractor_no_network")
def test_address():
    import socket
    with socket.socket() as connection:
        connection.connect(("192.0.2.1", 443))
""": "NetworkBlocked: the test tried to reach 192.0.2.1",
    """
def test_missing(monkeypatch, request):
    monkeypatch.setattr("extractor.testing.plugin.find_spec", lambda name: None)
    request.getfixturevalue("extractor_endpoint")
""": "this fixture needs starlette and uvicorn: pip install 'extractor-pipelines[testing]'",
    """
def test_unrecorded(extractor_recording):
    extracted()
""": "recordings/test_kiosk.test_unrecorded.jsonl: run `pytest --extractor-record` once, with credentials",
}


def test_what_fails_says_why(pytester: pytest.Pytester) -> None:
    """A missing script, a wrong value, a connection to the world and a missing package each end in a clear line."""
    result = run(pytester, "".join(FAILURES), "--tb=short")
    result.assert_outcomes(passed=1, failed=4, errors=2)  # the unscripted request is an error when its test is over
    assert [message for message in FAILURES.values() if message not in result.stdout.str()] == []


def test_it_costs_nothing_until_it_is_used() -> None:
    """Every pytest of an environment loads the plugin: it loads none of the libraries that extractor is built on."""
    heavy = "pydantic", "httpx", "orjson", "tenacity", "typer", "starlette", "uvicorn"
    code = f"import sys, extractor.testing.plugin; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


RECORDED = """
def test_total(extractor_recording):
    assert_record(extracted(), VALUE)
    with Extractor() as extractor:
        *_, last = extractor.stream(Receipt, KIOSK)
    assert_record(last.result, VALUE)
    assert_record(extracted("BAR 8\\nTotal 5.00"), {"total": "5.00"})
"""


def test_recorded_once_and_replayed(pytester: pytest.Pytester, service: Emulator) -> None:
    """The service is asked while recording and never after; the file holds its replies, and no secret.

    Another document asks another question: the file has no reply to it, and the failure says what to do.
    """
    run(pytester, RECORDED, "--extractor-record").assert_outcomes(passed=1)
    (path,) = pytester.path.rglob("*.jsonl")
    assert path == pytester.path / "recordings" / "test_kiosk.test_total.jsonl"
    content = path.read_text(encoding="utf-8")
    assert len(content.splitlines()) == service.served == 3
    assert re.search(f"{service.token}|{service.account_id}|[Bb]earer", content) is None
    run(pytester, RECORDED).assert_outcomes(passed=1)
    result = run(pytester, RECORDED.replace("BAR 8", "BAR 9"))
    assert result.ret == 1
    assert "has no reply to POST run/" in result.stdout.str()
    assert "run `pytest --extractor-record`" in result.stdout.str()


def test_a_service_that_is_down_is_recorded_as_down(pytester: pytest.Pytester, monkeypatch: Any) -> None:
    """Where nobody answers, what is recorded is a failure of the service, and the test fails as it would without."""
    for name, value in {"ACCOUNT_ID": "0" * 32, "AUTH_TOKEN": "secret-of-mine"}.items():
        monkeypatch.setenv(f"CLOUDFLARE_{name}", value)
    monkeypatch.setenv("EXTRACTOR_BASE_URL", "http://127.0.0.1:9/client/v4")
    body = "@pytest.mark.usefixtures('extractor_no_wait')" + RECORDED
    result = run(pytester, body, "--extractor-record")
    result.assert_outcomes(failed=1)
    (path,) = Path(pytester.path).rglob("*.jsonl")
    assert "secret-of-mine" not in path.read_text(encoding="utf-8")
