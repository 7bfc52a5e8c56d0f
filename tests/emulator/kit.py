"""A plain client of the emulator, so that its tests know no other room's code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx

from extractor.emulator.server import Emulator

KIMI = "@cf/moonshotai/kimi-k2.6"


def asking(text: str = "Tea 3.50", **options: Any) -> dict[str, Any]:
    """A request body with one user message."""
    return {"messages": [{"role": "user", "content": text}], "max_tokens": 1000, **options}


class Client(httpx.Client):
    """Posts to an emulator as its own account; `native`, `openai` and `batch` are the routes."""

    def __init__(self, emulator: Emulator, **headers: str) -> None:
        url = f"{emulator.base_url}/accounts/{emulator.account_id}/ai"
        super().__init__(base_url=url, headers={"authorization": f"Bearer {emulator.token}", **headers}, timeout=30)

    def native(self, body: Any, **headers: str) -> httpx.Response:
        return self.post(f"run/{KIMI}", json=body, headers=headers)

    def openai(self, body: Mapping[str, Any]) -> httpx.Response:
        return self.post("v1/chat/completions", json={"model": KIMI, **body})

    def batch(self, body: Any) -> httpx.Response:
        return self.post(f"run/{KIMI}?queueRequest=true", json=body)


def message(response: httpx.Response) -> dict[str, Any]:
    """The first message of a completion in an envelope."""
    found: dict[str, Any] = response.json()["result"]["choices"][0]["message"]
    return found


def error(response: httpx.Response) -> tuple[int, int | None, str]:
    """Status, code and text (without its request id) of an error in an envelope."""
    first = response.json()["errors"][0]
    return response.status_code, first.get("code"), first["message"].rpartition(" (")[0] or first["message"]


def frames(response: httpx.Response) -> list[Any]:
    """The data of a stream, "[DONE]" as it is."""
    lines = [line.removeprefix("data: ") for line in response.text.split("\n\n") if line]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]
