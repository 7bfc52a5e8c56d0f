"""A caller's own type is kept through every call, as type checkers see it."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.kit import ROOT

CALLS = """
from collections.abc import AsyncIterator, Iterator
from typing import Any, assert_type

from extractor import AsyncExtractor, Config, Extractor, Partial, Pipeline, Result, compile_schema, Schema


class Invoice:
    total: int = 0


def calls(extractor: Extractor) -> None:
    assert_type(extractor.extract(Invoice, "text"), Result[Invoice])
    assert_type(extractor.extract(Invoice, "text").value, Invoice | None)
    assert_type(extractor.extract_many(Invoice, ["text"]), Iterator[Result[Invoice]])
    assert_type(extractor.stream(Invoice, "text"), Iterator[Partial[Invoice]])
    assert_type(extractor.extract({"type": "object"}, "text"), Result[Any])
    assert_type(extractor.extract_many({"type": "object"}, ["text"]), Iterator[Result[Any]])
    assert_type(compile_schema(Invoice), Schema[Invoice])
    Extractor(Config(), max_cost=1.0, rpm=None)


async def tasks(extractor: AsyncExtractor) -> None:
    assert_type(await extractor.extract(Invoice, "text"), Result[Invoice])
    assert_type(extractor.extract_many(Invoice, ["text"]), AsyncIterator[Result[Invoice]])
    assert_type(extractor.stream(Invoice, "text"), AsyncIterator[Partial[Invoice]])
    async for result in extractor.extract_many(Invoice, ["text"]):
        assert_type(result.value, Invoice | None)
"""

WRONG = """
from extractor import Extractor

Extractor(max_costs=1.0)
Extractor(rpm="fast")
"""


def checked(code: str, folder: Path, checker: str) -> list[str]:
    """The lines at which a type checker finds an error."""
    file = folder / "calls.py"
    file.write_text(code)
    if checker == "mypy":
        words = ["mypy", "--strict", "--no-error-summary", "--config-file", str(ROOT / "pyproject.toml"), str(file)]
        done = subprocess.run([sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, check=False)
        return [line for line in done.stdout.splitlines() if ": error:" in line]
    words = ["basedpyright", "--outputjson", "--level", "error", str(file)]
    done = subprocess.run([sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)["generalDiagnostics"]
    return [each["message"] for each in found if each["severity"] == "error"]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("checker", ["mypy", "basedpyright"])
def test_types_are_kept(checker: str, tmp_path: Path) -> None:
    """Results, partial values and schemas are generic in the caller's type; arguments are checked by name and type."""
    if not find_spec(checker):
        pytest.skip(f"{checker} is not installed")
    assert checked(CALLS, tmp_path, checker) == []
    assert len(checked(WRONG, tmp_path, checker)) == 2
