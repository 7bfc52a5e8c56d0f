"""The emulator as a server: many at once, as a child process, from the command line."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from extractor.emulator.server import Emulator
from extractor.errors import UsageError
from tests.emulator.kit import KIMI, Client, asking, message

CROWD = 1000


def test_a_thousand_requests_in_flight() -> None:
    """A thousand requests wait inside the server at the same time, and each gets its own answer."""
    arrived = 0
    all_here = asyncio.Event()

    async def answer(body: Any) -> str:
        nonlocal arrived
        arrived += 1
        if arrived == CROWD:
            all_here.set()
        await all_here.wait()
        return str(body["messages"][0]["content"])

    with Emulator(answer) as emulator:
        replies = asyncio.run(_crowd(emulator))
        assert emulator.served == CROWD
    assert [json.loads(reply)["choices"][0]["message"]["content"] for reply in replies] == list(map(str, range(CROWD)))


async def _crowd(emulator: Emulator) -> list[bytes]:
    return await asyncio.gather(
        *(_post(emulator, json.dumps(asking(str(number), model=KIMI))) for number in range(CROWD))
    )


async def _post(emulator: Emulator, body: str) -> bytes:
    """One request over a bare socket, which costs the test less than a client would."""
    url = httpx.URL(emulator.base_url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(_written(emulator, body))
    reply = await reader.read()
    writer.close()
    await writer.wait_closed()
    return reply.partition(b"\r\n\r\n")[2]


def _written(emulator: Emulator, body: str) -> bytes:
    head = (
        f"POST {httpx.URL(emulator.base_url).path}/accounts/{emulator.account_id}/ai/v1/chat/completions HTTP/1.1\r\n"
        f"host: x\r\nconnection: close\r\nauthorization: Bearer {emulator.token}\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode()


def test_what_a_fault_leaves_open_ends_with_the_server() -> None:
    """A connection of which one half is closed is closed as a whole when the server ends, whoever holds the other."""
    with Emulator(lambda body: "a", faults={"half_closed": 1.0}) as emulator:
        url = httpx.URL(emulator.base_url)
        client = socket.create_connection((url.host, url.port))
        client.sendall(_written(emulator, json.dumps(asking("1", model=KIMI))))
        while client.recv(65_536):
            pass
    gc.collect()  # a connection that is open still would warn now
    client.close()


def test_two_emulators_do_not_know_each_other() -> None:
    """Each has its own address, account and token."""
    with Emulator(lambda body: "a") as first, Emulator(lambda body: "b") as second, Client(first) as client:
        assert first.base_url != second.base_url
        assert first.token != second.token
        assert message(client.native(asking()))["content"] == "a"
        assert client.post(f"{second.base_url}/accounts/{first.account_id}/ai/run/{KIMI}").status_code == 401


def test_a_taken_port_is_told() -> None:
    """A port that is in use is one line that says what to do."""
    with Emulator(lambda body: "a") as emulator, pytest.raises(UsageError, match="choose another with --port"):
        Emulator(lambda body: "b", port=httpx.URL(emulator.base_url).port or 0)


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.jsonl"
    path.write_text('{"contains": "", "reply": {"total": "3.50"}}\n', encoding="utf-8")
    return path


def start(*arguments: str) -> subprocess.Popen[str]:
    """A process of this Python, with pipes to it."""
    return subprocess.Popen(
        [sys.executable, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_a_child_announces_itself_and_ends_with_its_input(script: Path) -> None:
    """The child tells address, account, token, model and window in one JSON line, and dies when its input closes."""
    process = start("-m", "extractor", "emulate", "--script", str(script), "--port", "0", "--announce")
    with process:
        assert process.stdin
        assert process.stdout
        settings = json.loads(process.stdout.readline())
        url = f"{settings['base_url']}/accounts/{settings['account_id']}/ai/run/{settings['model']}"
        headers = {"authorization": f"Bearer {settings['token']}"}
        assert message(httpx.post(url, json=asking(), headers=headers))["content"] == '{"total":"3.50"}'
        assert httpx.post(url, json=asking()).status_code == 401
        process.stdin.close()
        assert process.wait(10) == 0
    assert settings["window"] == 256_000


def test_a_child_that_cannot_start_says_why(tmp_path: Path) -> None:
    """What is wrong stands in one line on standard error, with the exit code of usage."""
    for arguments in (["--script", str(tmp_path / "none.jsonl")], ["--model", "local:none"], []):
        process = start("-m", "extractor", "emulate", "--announce", *arguments)
        out, complaint = process.communicate(timeout=30)
        assert (process.returncode, out, complaint.count("\n")) == (2, "", 1)


def test_the_command_serves_until_interrupted(script: Path) -> None:
    """`extractor emulate` prints the settings of a client, answers with them, and an interrupt ends it quietly."""
    process = start("-m", "extractor", "emulate", "--script", str(script), "--port", "0", "--fault", "fenced:1")
    with process:
        assert process.stdout
        settings = dict(_settings(process))
        url = f"{settings['EXTRACTOR_BASE_URL']}/accounts/{settings['CLOUDFLARE_ACCOUNT_ID']}/ai/run/{KIMI}"
        headers = {"authorization": f"Bearer {settings['CLOUDFLARE_AUTH_TOKEN']}"}
        assert message(httpx.post(url, json=asking(), headers=headers))["content"] == '```json\n{"total":"3.50"}\n```'
        os.kill(process.pid, signal.SIGINT)
        assert (process.wait(10), process.communicate()[1]) == (0, "")


def _settings(process: subprocess.Popen[str]) -> list[tuple[str, str]]:
    assert process.stdout
    found: list[tuple[str, str]] = []
    while len(found) < 3:
        name, sign, value = process.stdout.readline().strip().removeprefix("export ").partition("=")
        if sign:
            found.append((name, value))
    return found


def test_the_command_lists_the_faults() -> None:
    """`--fault list` shows each switch with its sentence, and needs nothing that answers."""
    process = start("-m", "extractor", "emulate", "--fault", "list")
    out, complaint = process.communicate(timeout=30)
    assert (process.returncode, complaint) == (0, "")
    assert "busy                   429, code 3040: capacity temporarily exceeded, please try again\n" in out


def test_a_request_that_breaks_off_is_no_request() -> None:
    """A client that goes in the middle of its body leaves nothing in `requests`; the next one is served."""
    with Emulator(lambda _: "{}") as emulator, httpx.Client() as http:
        url = httpx.URL(f"{emulator.base_url}/accounts/{emulator.account_id}/ai/run/{KIMI}")
        with socket.create_connection((url.host, url.port or 80)) as gone:
            gone.sendall(b"POST %s HTTP/1.1\r\nhost: here\r\ncontent-length: 100\r\n\r\n{" % url.raw_path)
        headers = {"authorization": f"Bearer {emulator.token}"}
        assert http.post(url, json=asking(), headers=headers).status_code == 200
        assert [one.body for one in emulator.requests] == [asking()]
