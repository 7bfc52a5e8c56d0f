"""The functions that the model wants called, whatever shape and pieces they come in, each under an id of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from extractor.schema.text import end_of_json, joined_halves, write_json
from extractor.wire.values import ToolCall

__all__ = ["Calls", "part_calls", "unique_calls"]

_AROUND = re.compile(r"^functions\.|:\d+$")
"""What the model may write around the bare name of a function: its ids are `functions.NAME:IDX`."""

_LEAKED = (
    r"<\|tool_call_begin\|>(?P<id>.*?)<\|tool_call_argument_begin\|>(?P<arguments>.*?)"
    r"(?:<\|tool_call_end\|>|<\|tool_calls_section_end\|>|\Z)"
)
_FUNCTION = r"<function=(?P<id>[\w.:-]+)>(?P<arguments>.*?)(?:</function>|\Z)"
_MARKED = tuple(re.compile(pattern, re.DOTALL) for pattern in (_LEAKED, _FUNCTION))
_SECTION = re.compile(r"<\|tool_calls_section_begin\|>.*?(?:<\|tool_calls_section_end\|>|\Z)", re.DOTALL)


@dataclass(slots=True)
class _Call:
    index: Any
    id: str = ""
    name: str = ""
    arguments: str = ""


class Calls:
    """The calls of one answer as they come: `tool_calls`, flat `{name, arguments}`, or the older `function_call`.

    In a stream the first piece of a call names it and the next bring its arguments. Pieces belong together by their
    index; where all have the same, or none, a new id or another name begins another call.
    """

    def __init__(self) -> None:
        self._calls: list[_Call] = []

    def take(self, message: Mapping[str, Any], *, whole: bool) -> None:
        """Take the calls of a message that came whole, or what a frame adds to them."""
        found = message.get("tool_calls")
        if isinstance(found, str):
            with suppress(ValueError):
                found = json.loads(found)
        entries = found if isinstance(found, list) else [found] if isinstance(found, Mapping) else []
        if not entries and isinstance(message.get("function_call"), Mapping):
            entries = [{"index": 0, "function": message["function_call"]}]
        for entry in entries:
            if isinstance(entry, Mapping):
                self._take(entry, whole=whole)

    def made(self) -> tuple[ToolCall, ...]:
        """The calls that were named; the closing entry of nulls that some streams add is none."""
        named = [(call, arguments) for call in self._calls if call.name for arguments in _apart(call.arguments)]
        return tuple(
            ToolCall(call.id or f"functions.{call.name}:{index}", call.name, joined_halves(arguments) or "{}")
            for index, (call, arguments) in enumerate(named)
        )

    def _take(self, entry: Mapping[str, Any], *, whole: bool) -> None:
        inner = entry.get("function") or entry.get("custom") or entry
        inner = inner if isinstance(inner, Mapping) else {}
        index, identity = entry.get("index"), _string(entry.get("id"))
        name = _AROUND.sub("", _string(inner.get("name")))
        call = None if whole else self._continued(index, identity, name)
        if call is None:
            call = _Call(index)
            self._calls.append(call)
        call.id = identity or call.id
        call.name = f"{call.name}{name}" if name != call.name else name
        if whole and not call.name and identity.startswith("functions."):
            call.name = _AROUND.sub("", identity)
        arguments = inner.get("arguments", inner.get("input"))
        if arguments is not None:
            call.arguments += arguments if isinstance(arguments, str) else write_json(arguments)

    def _continued(self, index: Any, identity: str, name: str) -> _Call | None:
        """The call that a piece goes on with; None where it begins one."""
        of_index = (call for call in reversed(self._calls) if not isinstance(index, int) or call.index == index)
        call = next(of_index, None)
        if call is None or not name or not call.name:
            return call
        goes_on = not identity and not call.arguments and isinstance(index, int)
        another = (name != call.name and not goes_on) or (identity and call.id and identity != call.id)
        return None if another or (not identity and end_of_json(call.arguments)) else call


def part_calls(content: str) -> tuple[str, tuple[ToolCall, ...]]:
    """The text of an answer, and the calls that leaked into it with the markers of the model's template.

    A marker inside the JSON that a text starts with is a value's own.
    """
    if "<|tool_call" not in content and "<function=" not in content:
        return content, ()
    is_json = content.lstrip().startswith(("{", "["))
    start = (end_of_json(content) or len(content)) if is_json else 0
    text, rest = content[:start], content[start:]
    found = [(each["id"].strip(), each["arguments"].strip()) for of in _MARKED for each in of.finditer(rest)]
    calls = Calls()
    entries = [{"id": name, "function": {"name": name, "arguments": arguments}} for name, arguments in found]
    calls.take({"tool_calls": entries}, whole=True)
    for pattern in (_SECTION, *_MARKED):
        rest = pattern.sub("", rest)
    return (text + rest).strip(), calls.made()


def unique_calls(calls: Iterable[ToolCall], *, taken: Iterable[str] = ()) -> tuple[ToolCall, ...]:
    """The calls with ids that are neither in `taken` nor twice among themselves.

    The model numbers calls from 0 in each turn, so ids repeat between turns; a new one keeps the form
    `functions.NAME:IDX` that it was trained on, with the next free number.
    """
    used, unique = set(taken), []
    for call in calls:
        name, index = call.id, len(used)
        while not name or name in used:
            name, index = f"functions.{call.name}:{index}", index + 1
        used.add(name)
        unique.append(replace(call, id=name))
    return tuple(unique)


def _string(value: Any) -> str:
    return joined_halves(value) if isinstance(value, str) else ""


def _apart(arguments: str) -> list[str]:
    """The arguments of one call, or of each of several objects that were glued together."""
    parts: list[str] = []
    start = 0
    while arguments[start:].strip():
        end = end_of_json(arguments, start)
        if end is None or not arguments[start:].lstrip().startswith("{"):
            return [arguments]
        parts.append(arguments[start:end].strip())
        start = end
    return parts or [arguments]
