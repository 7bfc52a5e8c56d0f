"""The examples in the docstrings of public names run as they stand there."""

from __future__ import annotations

import doctest
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import extractor
from extractor import AccountError, Emulator, ServiceError, Unanswered
from extractor.call.prompt import read_document
from tests.kit import ROOT, receipts_reply, schema_of

ALIASES = ["Stage"]
PUBLIC = [name for name in (*extractor.__all__, "Emulator", "Telemetry") if name not in ALIASES]


def is_kind_of_refusal(value: Any) -> bool:
    """Whether a name is one of the errors that only a fault of the service can show."""
    kinds = isinstance(value, type) and issubclass(value, (ServiceError, Unanswered))
    return kinds and value not in (ServiceError, AccountError)


def answer(body: Mapping[str, Any]) -> Any:
    """The gold answer for a sample receipt; for a line of text, one whose values stand in it."""
    text = read_document(body["messages"])
    if "3.50" in text:
        return {"total": "3.50"}
    if "9.50" not in text:
        return receipts_reply()(body)
    receipt = {"merchant": text.partition(",")[0], "date": "2026-03-01", "currency": "EUR", "total": "9.50"}
    return schema_of("receipt").encode(schema_of("receipt").validate(receipt))


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(answer) as running:
        yield running


@pytest.fixture
def _project(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with samples and schemas, as a checkout has them, and an account."""
    for name in ("samples", "schemas"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", emulator.account_id)
    monkeypatch.setenv("CLOUDFLARE_AUTH_TOKEN", emulator.token)
    monkeypatch.setenv("EXTRACTOR_BASE_URL", emulator.base_url)


@pytest.mark.usefixtures("_project")
@pytest.mark.parametrize("name", PUBLIC)
def test_each_public_name_has_an_example_that_runs(name: str) -> None:
    """The docstring of a public name shows how it is used, with the output that it has."""
    value = getattr(extractor, name)
    (test,) = doctest.DocTestFinder(recurse=False).find(value, name, module=False, globs={})
    assert test.examples or is_kind_of_refusal(value)
    lines: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=lines.append)
    assert "".join(lines) == ""
