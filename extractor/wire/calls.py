"""The functions that the model wants called, whatever shape they come in, each under an id of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import orjson

from extractor.wire.values import ToolCall

__all__ = ["read_calls", "unique_calls"]


def read_calls(message: Mapping[str, Any]) -> tuple[ToolCall, ...]:
    """The calls of a message: `tool_calls`, flat `{name, arguments}`, or the older `function_call`.

    A call without a name is left out, as is the closing entry of nulls that some streams add.
    """
    said = message.get("tool_calls")
    entries = said if isinstance(said, list) else []
    if not entries and isinstance(message.get("function_call"), Mapping):
        entries = [message["function_call"]]
    calls = (_call(entry, index) for index, entry in enumerate(entries) if isinstance(entry, Mapping))
    return tuple(call for call in calls if call is not None)


def unique_calls(calls: Iterable[ToolCall], *, taken: Iterable[str] = ()) -> tuple[ToolCall, ...]:
    """The calls with ids that are neither in `taken` nor twice among themselves.

    The model numbers calls from 0 in each turn, so ids repeat between turns; a new one keeps the form
    `functions.NAME:IDX` that it was trained on, with the next free number.
    """
    used, kept = set(taken), []
    for call in calls:
        name, index = call.id, len(used)
        while not name or name in used:
            name, index = f"functions.{call.name}:{index}", index + 1
        used.add(name)
        kept.append(replace(call, id=name))
    return tuple(kept)


def _call(entry: Mapping[str, Any], index: int) -> ToolCall | None:
    inner = entry.get("function") or entry.get("custom") or entry
    if not isinstance(inner, Mapping) or not isinstance(inner.get("name"), str) or not inner["name"]:
        return None
    identity = entry.get("id")
    name = identity if isinstance(identity, str) and identity else f"functions.{inner['name']}:{index}"
    return ToolCall(name, inner["name"], _arguments(inner.get("arguments", inner.get("input"))))


def _arguments(said: Any) -> str:
    if isinstance(said, str):
        return said or "{}"
    return "{}" if said is None else orjson.dumps(said).decode()
