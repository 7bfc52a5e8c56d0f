"""Tools of a job: what changes about them is applied to every document, and nothing else is asked again."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import BaseModel

from extractor import Pipeline
from extractor.emulator.server import Emulator
from extractor.emulator.values import Completion
from extractor.pipeline.config import Config
from extractor.wire.options import Options

_NUMBERS = count()


class Receipt(BaseModel):
    """A receipt."""

    merchant: str


FIRST = '''
def look_up(code: str) -> str:
    """The full name of a merchant."""
    return "Kebab Haus"

def count_up(number: int) -> int:
    """The next number."""
    return number + 1
'''


def _module(path: Path, source: str) -> ModuleType:
    """A file of tools as Python imports it, a new module each time."""
    path.write_text(source)
    spec = importlib.util.spec_from_file_location(f"tools_{next(_NUMBERS)}", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _reply(body: Mapping[str, Any]) -> Any:
    """The model looks the merchant up, and says what it was told."""
    results = [message["content"] for message in body["messages"] if message["role"] == "tool"]
    if results or "tools" not in body:
        return {"merchant": results[0] if results else "KH"}
    return Completion(content="", tool_calls=({"name": "look_up", "arguments": {"code": "KH"}},))


def _run(emulator: Emulator, folder: Path, *tools: Any, **options: Any) -> tuple[str, int]:
    """The merchant that a run ends with, and how many requests it sent."""
    where = {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token}
    config = Config(**{"rpm": None, "tools": tools, **where, **options})
    before = len(emulator.requests)
    assert Pipeline(Receipt, folder / "in", config=config).run(folder / "out").whole
    (line,) = (folder / "out" / "records.jsonl").read_text().splitlines()
    return json.loads(line)["value"]["merchant"], len(emulator.requests) - before


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("KH, Kebab Haus, Döner Palast: 9,50")
    return tmp_path


def test_the_same_tools_ask_nothing_again(folder: Path) -> None:
    """A job whose tools are what they were keeps every document, though its file was imported again."""
    file = folder / "tools.py"
    with Emulator(_reply) as emulator:
        assert _run(emulator, folder, _module(file, FIRST).look_up) == ("Kebab Haus", 2)
        assert _run(emulator, folder, _module(file, FIRST).look_up) == ("Kebab Haus", 0)


@pytest.mark.parametrize(
    ("change", "names", "merchant", "sent"),
    [
        (("Kebab Haus", "Döner Palast"), ["look_up"], "Döner Palast", 1),
        (("code: str", "code: str, city: str = ''"), ["look_up"], "Kebab Haus", 2),
        (("full name", "whole name"), ["look_up"], "Kebab Haus", 2),
        (("", ""), ["look_up", "count_up"], "Kebab Haus", 2),
        (("", ""), [], "KH", 1),
    ],
    ids=["what it does", "its parameters", "what the model is told", "one more of the same file", "none"],
)
def test_changed_tools_are_applied(
    folder: Path, change: tuple[str, str], names: list[str], merchant: str, sent: int
) -> None:
    """The documents are done again; an answer is used again only where it was given to the very same question."""
    file = folder / "tools.py"
    with Emulator(_reply) as emulator:
        _run(emulator, folder, _module(file, FIRST).look_up)
        module = _module(file, FIRST.replace(*change) if change[0] else FIRST)
        tools = [getattr(module, name) for name in names]
        assert _run(emulator, folder, *tools) == (merchant, sent)
        assert _run(emulator, folder, *tools) == (merchant, 0)


def test_the_settings_of_a_run_are_told(folder: Path) -> None:
    """run.json tells the options as they were sent, the room to think in and the tools, and no secret."""
    look_up = _module(folder / "tools.py", FIRST).look_up
    overrides = {"options": Options(seed=7, stop=["END"]), "thinking_tokens": 1000, "max_output_tokens": 2000}
    with Emulator(_reply) as emulator:
        _run(emulator, folder, look_up, **overrides)
        sent = emulator.requests[0].body
    text = (folder / "out" / "run.json").read_text()
    settings = json.loads(text)
    assert settings["options"] == {name: sent[name] for name in settings["options"]}
    assert (settings["options"]["seed"], settings["options"]["max_completion_tokens"]) == (7, 3000)
    assert set(sent) - set(settings["options"]) == {"messages", "tools"}
    assert (settings["thinking_tokens"], settings["tools"], settings["batch"]) == (1000, ["look_up"], False)
    assert emulator.token not in text
