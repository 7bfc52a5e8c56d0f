"""Recorded exchanges, played."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from extractor.emulator.backends import choose
from extractor.emulator.player import Player
from extractor.emulator.server import Emulator
from extractor.errors import UsageError
from tests.emulator.kit import KIMI, Client, asking


def line(body: Any, reply: str, status: int = 200, **headers: str) -> dict[str, Any]:
    return {
        "method": "POST", "path": f"run/{KIMI}", "affinity": "", "body": body, "status": status,
        "headers": {"content-type": "application/json", **headers}, "reply": reply, "seconds": 0.1,
    }  # fmt: skip


def recording(tmp_path: Path, *lines: Any) -> Path:
    path = tmp_path / "recorded.jsonl"
    path.write_text("\n".join(json.dumps(one) for one in lines))
    return path


def test_the_same_request_gets_its_reply(tmp_path: Path) -> None:
    """Status, headers and body come as they came then; equal requests in their order, the last forever."""
    body = asking("tea")
    lines = [line(body, '{"n": 1}'), line(body, '{"n": 2}', 429, **{"retry-after": "3"}), line(asking("rye"), "[]")]
    player = Player.of(recording(tmp_path, *lines))
    with Emulator(lambda body: "x", player=player) as emulator, Client(emulator) as client:
        replies = [client.native(body) for _ in range(3)]
        assert [reply.json()["n"] for reply in replies] == [1, 2, 2]
        assert (replies[1].status_code, replies[1].headers["retry-after"]) == (429, "3")
        assert client.native(asking("rye")).text == "[]"
        assert client.native(asking("unheard of")).status_code == 400
        assert client.get("models/search").status_code == 400


def test_random_ids_are_equal_to_each_other(tmp_path: Path) -> None:
    """A request that differs in an id of 32 hexadecimal digits alone is the same request."""
    player = Player.of(recording(tmp_path, line(asking("0" * 32), "1")))
    assert player("POST", f"run/{KIMI}", "", asking("f" * 32)).body == b"1"
    assert player("POST", f"run/{KIMI}", "", asking("f" * 31)).status == 400


@pytest.mark.parametrize("bad", ["{", "5", '{"method": "POST"}'])
def test_a_recording_that_cannot_be_read(tmp_path: Path, bad: str) -> None:
    """The message names the file and the line."""
    path = recording(tmp_path, line(asking(), "x"))
    path.write_text(f"{path.read_text()}\n{bad}")
    with pytest.raises(UsageError, match=r"recorded\.jsonl, line 2: "):
        choose(None, None, path)
