"""The pages of the documentation: their programs run, and print what the pages say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from extractor import Extractor
from extractor.call.prompt import read_document
from extractor.emulator.backends import read_script
from extractor.emulator.questions import Question
from extractor.emulator.server import Emulator
from extractor.emulator.values import Completion
from extractor.extraction.kinds import asks_kind
from tests.kit import ROOT, gold

PAGES = sorted((ROOT / "docs").glob("*.md"))
BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.DOTALL | re.MULTILINE)
MARK = "-- end of block --"

ANSWERS = {
    "Bill no. 2026-114": {
        "number": "2026-114",
        "issued": "2026-03-03",
        "currency": "EUR",
        "lines": [
            {"text": "Oak board, 2 pieces", "kind": "goods", "amount": "80.00"},
            {"text": "Fitting, 3 hours", "kind": "service", "amount": "150.00"},
        ],
    },
    "Kebab Haus, 1 March 2026, total 9.50 EUR": {
        "merchant": "Kebab Haus",
        "date": "2026-03-01",
        "currency": "EUR",
        "total": "9.50",
    },
    "Order to Nordlicht Papier": {"supplier": "Nordlicht Papier", "supplier_id": "S-1044"},
}
"""What the texts in the pages say, by a piece of the text."""


def values() -> dict[str, Any]:
    """The right values by text: of the sample receipts, and of the pages' own documents."""
    folder = ROOT / "samples" / "receipts"
    return ANSWERS | {(folder / name).read_text("utf-8").strip(): value for name, value in gold(folder).items()}


VALUES = values()


@dataclass
class Till:
    """A receipt of a till."""

    merchant: str
    total: str


def answer(body: Mapping[str, Any]) -> Any:
    """The part of the right value that the request asks for; a tool is called first where one is offered."""
    text = read_document(body["messages"]).strip()
    values = [VALUES[piece] for piece in sorted(VALUES, key=text.find) if piece in text]
    if asks_kind(Question.of(body).schema):
        kind = ("Receipt" if "merchant" in values[0] else "Order") if values else "other"
        return {"kind": kind}
    value = values[0] if len(values) == 1 else {"value": values}
    if body.get("tools") and body["messages"][-1]["role"] != "tool":
        return Completion(tool_calls=({"name": "find_supplier", "arguments": {"name": value["supplier"]}},))
    if "response_format" not in body:  # a turn in which tools are open
        return value
    wire = body["response_format"]["json_schema"]
    wire = wire.get("schema", wire)
    return declared(value, wire, wire.get("$defs", {}))


def declared(value: Any, wire: Mapping[str, Any], definitions: Mapping[str, Any]) -> Any:
    """A value with the properties that a wire schema has, counts of lists among them."""
    if "$ref" in wire:
        return declared(value, definitions[wire["$ref"].rpartition("/")[2]], definitions)
    if isinstance(value, list):
        return [declared(item, wire["items"], definitions) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: len(value[name.removesuffix("_count")])
        if name.endswith("_count") and name not in value
        else declared(value.get(name), inner, definitions)
        for name, inner in wire["properties"].items()
    }


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    with Emulator(answer) as emulator:
        yield {
            **os.environ,
            "CLOUDFLARE_ACCOUNT_ID": emulator.account_id,
            "CLOUDFLARE_AUTH_TOKEN": emulator.token,
            "EXTRACTOR_BASE_URL": emulator.base_url,
            "PYTHONPATH": str(ROOT),
        }


@pytest.mark.parametrize(
    "page", [page for page in PAGES if BLOCK.search(page.read_text("utf-8"))], ids=lambda p: p.stem
)
def test_programs(page: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    """The Python blocks of a page, run in their order as one program, print what the page shows after each."""
    blocks = BLOCK.findall(page.read_text("utf-8"))
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    program = "".join(f"{code}\nprint({MARK!r})\n" for code, _ in blocks)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    printed = [part.lstrip("\n") for part in done.stdout.split(f"{MARK}\n")]
    for (_, expected), output in zip(blocks, printed, strict=False):
        assert not expected or output == expected


def test_the_script_of_the_emulator(tmp_path: Path) -> None:
    """The script that the page about tests shows is read, and answers in the order that the page describes."""
    page = (ROOT / "docs" / "testing.md").read_text("utf-8")
    (script,) = re.findall(r"^```json\n(.*?)^```\n", page, re.DOTALL | re.MULTILINE)
    (tmp_path / "replies.jsonl").write_text(script)
    with Emulator(read_script(tmp_path / "replies.jsonl")) as emulator:
        where = {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token}
        with Extractor(**where) as extractor:
            found = [extractor.extract(Till, text).value for text in ("KIOSK 7, 5.00", "8, 9.00", "KIOSK 7, again")]
    assert found == [Till("KIOSK 7", "5.00"), Till("BAR 8", "9.00"), Till("KIOSK 7", "5.00")]


def test_the_map_of_the_code() -> None:
    """Each file that CONTRIBUTING.md names is there, and has the function or class that is named with it."""
    sources = [
        file for folder in ("extractor", "tests", "docs", "benchmarks") for file in (ROOT / folder).rglob("*.py")
    ]
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    lost = []
    for path, name in re.findall(r"`([a-z_/]+\.py)(?::[\w.]*?(\w+))?`", text):
        files = [file.read_text("utf-8") for file in sources if file.as_posix().endswith(f"/{path}")]
        if not any(re.search(rf"(def|class) {name}\b" if name else "", file) for file in files):
            lost.append((path, name))
    assert not lost


def test_every_page_is_in_the_navigation() -> None:
    """Each page is listed in mkdocs.yml once, and nothing else is."""
    listed = re.findall(r"(\w+\.md)\b", (ROOT / "mkdocs.yml").read_text("utf-8"))
    assert sorted(listed) == sorted(page.name for page in PAGES)


def test_the_reference_has_every_public_name() -> None:
    """Each name of `extractor.__all__` is on the page of the Python reference, or is an error on that of errors."""
    import extractor
    from extractor import errors

    page = (ROOT / "docs" / "api.md").read_text("utf-8")
    listed = set(re.findall(r"^::: [\w.]+\.(\w+)$", page, re.MULTILINE)) | set(errors.__all__)
    assert set(extractor.__all__) <= listed
