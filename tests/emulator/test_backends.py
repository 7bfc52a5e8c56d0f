"""Scripts: replies by the text of the request, then in order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from extractor.emulator.backends import choose, read_script
from extractor.emulator.server import Emulator
from extractor.errors import UsageError
from tests.emulator.kit import Client, asking, error, message

SCRIPT: list[dict[str, Any]] = [
    {"contains": "Blue Kettle", "reply": {"total": "3.50"}},
    {"contains": ["page 2", "total"], "reply": "not JSON"},
    {"reply": {"total": "9.90"}},
    {"completion": {"content": None, "reasoning": "Hm", "finish": "length"}},
    {"completion": {"content": "", "tool_calls": [{"name": "rate", "arguments": {"to": "EUR"}}]}},
    {"refusal": {"status": 429, "code": 3040, "message": "Capacity temporarily exceeded"}},
]


def written(path: Path, lines: list[Any]) -> Path:
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\n\n", encoding="utf-8")
    return path


def test_a_script_answers_by_text_and_then_in_order(tmp_path: Path) -> None:
    """Lines with `contains` serve whatever holds their text; the others are used up in order; then an error."""
    responder = read_script(written(tmp_path / "script.jsonl", SCRIPT))
    with Emulator(responder) as emulator, Client(emulator) as client:
        assert message(client.native(asking("Blue Kettle, tea")))["content"] == '{"total":"3.50"}'
        assert message(client.native(asking("total of page 2")))["content"] == "not JSON"
        assert message(client.native(asking("another")))["content"] == '{"total":"9.90"}'
        assert message(client.native(asking("Blue Kettle, tea")))["content"] == '{"total":"3.50"}'
        assert message(client.native(asking("another")))["reasoning"] == "Hm"
        assert message(client.native(asking("another")))["tool_calls"][0]["function"]["arguments"] == '{"to":"EUR"}'
        assert error(client.native(asking("another"))) == (429, 3040, "AiError: AiError: Capacity temporarily exceeded")
        assert error(client.native(asking("another")))[1:] == (
            8001,
            "AiError: AiError: The script has no reply to this request",
        )


def test_a_script_answers_by_part(tmp_path: Path) -> None:
    """A line may be for one part; of a document with marks, `contains` sees the part that is asked about."""
    lines = [
        {"part": 3, "reply": "third"},
        {"contains": "Rye", "reply": "rye"},
        {"contains": "Wheat", "reply": "wheat"},
    ]
    text = "<document-ab>\n<part-ab 1>Wheat\n<part-ab 2>Rye\n<part-ab 3>Wheat\n</document-ab>"
    with Emulator(read_script(written(tmp_path / "s.jsonl", lines))) as emulator, Client(emulator) as client:
        replies = [message(client.native(asking(f"{text}\nPart {number}.")))["content"] for number in (1, 2, 3)]
        whole = message(client.native(asking(text)))["content"]
    assert replies == ["wheat", "rye", "third"]
    assert whole == "rye"


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "5",
        '{"part": "x", "reply": 1}',
        '{"contains": "x"}',
        '{"refusal": {"code": 1}}',
        '{"completion": {"text": 1}}',
    ],
)
def test_a_script_that_cannot_be_read(tmp_path: Path, line: str) -> None:
    """The message names the file and the line."""
    path = tmp_path / "script.jsonl"
    path.write_text('{"reply": 1}\n' + line, encoding="utf-8")
    with pytest.raises(UsageError, match=r"script\.jsonl, line 2: "):
        read_script(path)


def test_something_has_to_answer(tmp_path: Path) -> None:
    """Nothing that answers, two at once, or a file that is not there: one line says what to do."""
    with pytest.raises(UsageError, match=r"--model local .* --script FILE"):
        choose(None, None)
    with pytest.raises(UsageError, match=r"--model local .* --script FILE"):
        choose("local", tmp_path / "script.jsonl")
    for files in ({"script": tmp_path / "missing.jsonl"}, {"script": None, "play": tmp_path / "missing.jsonl"}):
        with pytest.raises(UsageError, match="No such file"):
            choose(None, **files)
