"""The pytest plugin: fixtures and an option. What they need is imported when a test asks for it.

pytest                      scripted and recorded replies; nothing leaves the machine
pytest --extractor-record   tests with `extractor_recording` ask the real service, and their files are written
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from extractor.emulator.server import Emulator
    from extractor.testing.endpoint import Endpoint

__all__ = ["extractor_endpoint", "extractor_no_network", "extractor_no_wait", "extractor_recording", "pytest_addoption"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--extractor-record`."""
    group = parser.getgroup("extractor")
    group.addoption(
        "--extractor-record",
        action="store_true",
        help="ask the real service in tests with extractor_recording, and write its replies to their files",
    )


@pytest.fixture
def extractor_no_wait() -> Iterator[None]:
    """Back-offs, Retry-After and rate limits pass at once; what they decide is the same.

    @pytest.mark.usefixtures("extractor_no_wait")
    def test_busy(): ...
    """
    from extractor.call.clock import without_waits

    with without_waits():
        yield


@pytest.fixture
def extractor_no_network() -> Iterator[None]:
    """Connections of this process to other machines raise NetworkBlocked.

    @pytest.mark.usefixtures("extractor_no_network")
    def test_offline(): ...
    """
    from extractor.testing.network import no_network

    with no_network():
        yield


@pytest.fixture
def extractor_endpoint(
    monkeypatch: pytest.MonkeyPatch, extractor_no_network: None, extractor_no_wait: None
) -> Iterator[Endpoint]:
    """An `Endpoint` in the place of Cloudflare: whatever the test runs asks it, without credentials of its own.

    def test_kiosk(extractor_endpoint):
        extractor_endpoint.answer(Receipt, "KIOSK 7\\nTotal 5.00", {"merchant": "KIOSK 7", "total": "5.00"})
        with Extractor() as extractor:
            assert_record(extractor.extract(Receipt, "KIOSK 7\\nTotal 5.00"), {"total": "5.00"})
    """
    _needed()
    from extractor.testing.endpoint import Endpoint

    with Endpoint() as endpoint:
        _point_to(endpoint, monkeypatch)
        yield endpoint


@pytest.fixture
def extractor_recording(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """The real service's replies, from `recordings/MODULE.TEST.jsonl` beside the test's module.

    With `--extractor-record` the service is asked, by the credentials of the environment, and the file is written. It
    holds requests and replies, and neither token nor account id; it quotes your documents, so read it before you commit
    it. Without the option nothing leaves the machine, and a request that was not recorded fails the test.

    @pytest.mark.usefixtures("extractor_recording")
    def test_kiosk(): ...
    """
    _needed()
    from extractor.testing.recording import recorded, replayed

    path = _recording(request)
    record = request.config.getoption("--extractor-record")
    if not record and not path.is_file():
        pytest.fail(f"no file {path}: run `pytest --extractor-record` once, with credentials", pytrace=False)
    if not record:
        request.getfixturevalue("extractor_no_network")
        request.getfixturevalue("extractor_no_wait")
    with recorded(path) if record else replayed(path) as emulator:
        _point_to(emulator, monkeypatch)
        yield emulator


def _recording(request: pytest.FixtureRequest) -> Path:
    """The file of a test: `recordings/test_kiosk.test_total.jsonl`."""
    name = re.sub(r"[^\w.-]+", "_", f"{request.path.stem}.{request.node.name}").strip("_")
    return request.path.parent / "recordings" / f"{name}.jsonl"


def _point_to(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the environment name an emulator as the service, and nothing beside it."""
    for name in ("CLOUDFLARE_API_TOKEN", "CLOUDFLARE_AI_GATEWAY_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EXTRACTOR_BASE_URL", emulator.base_url)
    monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", emulator.account_id)
    monkeypatch.setenv("CLOUDFLARE_AUTH_TOKEN", emulator.token)


def _needed() -> None:
    """Fail in one line where the server that endpoints run on is not installed."""
    missing = [name for name in ("starlette", "uvicorn") if find_spec(name) is None]
    if missing:
        pytest.fail(
            f"this fixture needs {' and '.join(missing)}: pip install 'extractor-pipelines[testing]'", pytrace=False
        )
