"""Python functions that the model may call while it extracts: look up a supplier, convert a currency.

Only functions that were handed over can be reached, by their names, with arguments that fit their signatures.
"""

from __future__ import annotations

import asyncio
import inspect
import re
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future
from contextlib import nullcontext
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Thread
from typing import Any, get_type_hints

import orjson
from pydantic import BaseModel, create_model
from pydantic_core import to_json

from extractor.errors import InvalidValue, Problem, UsageError
from extractor.repair.kinds import folded
from extractor.repair.mend import mend
from extractor.repair.shapes import inside
from extractor.schema.compiler import Schema, compile_schema
from extractor.schema.pointer import JSON
from extractor.wire.values import Reply, ToolCall

__all__ = ["NO_SUCH_TOOL", "Called", "Tool", "call_tools", "legible", "recognised"]

NO_SUCH_TOOL = "NoSuchTool"
_WRONG = (Exception, SystemExit, asyncio.CancelledError)
_LONGEST = 20_000
_PREFIX = re.compile(r"^.*(?:[.:/]|__)(?=\D)|:\d+$")
_ARGUMENTS = ("arguments", "parameters", "args", "input")
_AROUND = frozenset(("name", "id", "type", "index", "function", "tool", "recipient_name", *_ARGUMENTS))
"""The members of an object that writes a call as JSON."""


@dataclass(frozen=True, slots=True)
class Called:
    """One call that was made, for the record's provenance: `result` is what the model was told, `ok` if it worked, and
    `error` the name of what went wrong if not, NoSuchTool where no tool of that name was handed over."""

    id: str
    name: str
    arguments: str
    result: str
    ok: bool
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Tool:
    """A function and what the model is told of it: its name, its docstring, its parameters from its signature.

    The function may be async. A call that takes longer than `seconds` is given up, and the model is told so.
    """

    name: str
    description: str
    parameters: Schema[Any] = field(repr=False)
    function: Callable[..., Any]
    seconds: float = 30.0

    @classmethod
    def of(cls, function: Callable[..., Any], *, seconds: float = 30.0) -> Tool:
        """A tool of a plain function; UsageError names a parameter that has no type or takes any number of values."""
        if not inspect.isroutine(function):
            raise UsageError(f"{function!r} is no tool: give a function, whose name the model can call it by")
        fields: dict[str, Any] = {}
        hints = get_type_hints(function, include_extras=True)
        for name, parameter in inspect.signature(function).parameters.items():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
                raise UsageError(f"{function.__name__}({name}): a tool takes named parameters only")
            if name not in hints:
                raise UsageError(f"{function.__name__}({name}): give the parameter a type, so that the model knows it")
            fields[name] = (hints[name], ... if parameter.default is parameter.empty else parameter.default)
        described = inspect.getdoc(function) or ""
        model: type[BaseModel] = create_model(function.__name__, **fields)
        return cls(function.__name__, described, compile_schema(model), function, seconds)

    @property
    def declaration(self) -> dict[str, Any]:
        """The entry of `tools` in a request."""
        described_as = {"name": self.name, "description": self.description, "parameters": self.parameters.wire}
        return {"type": "function", "function": described_as}


async def call_tools(tools: Sequence[Tool], calls: Sequence[ToolCall]) -> list[tuple[Called, float]]:
    """Make the calls of one turn, those of functions one after another, those of async ones beside them.

    Returns what came of each, and the seconds that it took. Whatever goes wrong is told to the model, never raised.
    """
    known, turn = {tool.name: tool for tool in tools}, asyncio.Lock()

    async def one(call: ToolCall) -> tuple[Called, float]:
        tool = known.get(call.name)
        async with nullcontext() if tool and inspect.iscoroutinefunction(tool.function) else turn:
            began = time.monotonic()
            called = await _called(tool, call) if tool else _failed(call, _no_such(known), NO_SUCH_TOOL)
            return called, time.monotonic() - began

    return await asyncio.gather(*map(one, calls))


def legible(call: ToolCall) -> ToolCall | None:
    """The call with its arguments as one JSON object, mended where nothing is lost by it; None where they are none."""
    try:
        mended = mend(call.arguments)
    except InvalidValue:
        return None
    inner = inside(mended.value, dict)
    value = mended.value if inner is None else inner
    if not isinstance(value, dict) or not mended.complete or mended.lossy:
        return None
    return replace(call, arguments=to_json(value).decode()) if mended.changes or inner is not None else call


def recognised(reply: Reply, offered: Collection[str], record: str) -> tuple[Reply, str]:
    """The reply with calls among its calls and an answer in its text, wherever they came; and what changed, if any.

    They are known by what they hold, not by where they stand:

        {"name": "look_up", "arguments": {...}} as text, where look_up was offered              is a call of look_up
        a call of Receipt with a record in its arguments, where no such tool was offered        is the answer
    """
    calls = tuple(replace(call, name=_tool_name(call.name, offered) or call.name) for call in reply.tool_calls)
    reply = replace(reply, tool_calls=calls)
    if offered and not calls and (written := tuple(_written(reply.content, offered))):
        return replace(reply, content="", tool_calls=written, logprobs=()), "a tool call stood in the text"
    strange = [call for call in calls if call.name not in offered]
    answers = [call for call in strange if not offered or folded(call.name) == folded(record)]
    if not answers or reply.content.strip():
        return reply, ""
    rest = tuple(call for call in calls if call not in answers)
    text = "\n".join(call.arguments for call in answers)
    return replace(reply, content=text, tool_calls=rest, logprobs=()), "the answer came as a tool call"


def _decoded(tool: Tool, arguments: str) -> Any:
    """The arguments of a call, read as an answer is; InvalidValue where they do not fit, or are not whole."""
    if legible(ToolCall("", tool.name, arguments)) is None:
        raise InvalidValue((Problem("", "they are no JSON object"),))
    mended = mend(arguments, tool.parameters)
    if mended.invalid or mended.lost or not mended.complete:
        raise InvalidValue((*mended.invalid, *mended.lost, *[Problem("", "they end early")][mended.complete :]))
    return tool.parameters.decode(mended.value)


async def _called(tool: Tool, call: ToolCall) -> Called:
    try:
        decoded = _decoded(tool, call.arguments)
    except InvalidValue as error:
        return _failed(call, f"the arguments do not fit: {error}", type(error).__name__)
    function = partial(tool.function, **{name: getattr(decoded, name) for name in type(decoded).model_fields})
    task = asyncio.current_task()
    assert task is not None
    before = task.cancelling()
    try:
        async with asyncio.timeout(tool.seconds):
            made = function() if inspect.iscoroutinefunction(function) else asyncio.wrap_future(_begun(function))
            return _done(call, await made)
    except _WRONG as error:
        if task.cancelling() > before:  # this conversation is cancelled, and not something in the function
            raise
        late = isinstance(error, TimeoutError) and not error.args
        why = f"it took longer than {tool.seconds:g} s" if late else f"{type(error).__name__}: {error}"
        return _failed(call, why, type(error).__name__)


def _begun(function: Callable[[], Any]) -> Future[Any]:
    """Call in a thread of its own, which is left behind when it takes too long."""
    future: Future[Any] = Future()
    future.set_running_or_notify_cancel()  # who gives it up does not stop it

    def work() -> None:
        try:
            future.set_result(function())
        except StopIteration as error:
            future.set_exception(RuntimeError(f"StopIteration: {error}"))  # a task takes none
        except BaseException as error:
            future.set_exception(error)

    Thread(target=copy_context().run, args=(work,), name="extractor tool", daemon=True).start()
    return future


def _no_such(known: Collection[str]) -> str:
    return f"there is no tool of this name; there are {', '.join(known)}"


def _done(call: ToolCall, result: Any) -> Called:
    text = result if isinstance(result, str) else to_json(result, fallback=str).decode()
    return Called(call.id, call.name, call.arguments, _bounded_result(text), ok=True)


def _failed(call: ToolCall, why: str, error: str) -> Called:
    return Called(call.id, call.name, call.arguments, _bounded_result(f"error: {why}"), ok=False, error=error)


def _bounded_result(text: str) -> str:
    """Text that a request can carry, cut where it is too long, and then saying so."""
    text = text.encode("utf-8", "replace").decode()
    more = len(text) - _LONGEST
    return text if more <= 0 else f"{text[:_LONGEST]}\n[{more:,} more characters were cut off]"


def _tool_name(name: str, offered: Collection[str]) -> str | None:
    """The tool that a name means: in another case, or behind a prefix such as `functions.`; None where that is open."""
    if name in offered:
        return name
    bare = folded(_PREFIX.sub("", name.strip()))
    found = [each for each in offered if folded(each) == bare]
    return found[0] if len(found) == 1 else None


def _written(text: str, offered: Collection[str]) -> Iterator[ToolCall]:
    """The calls of offered tools that a text writes as JSON."""
    if not any(name in text for name in offered):
        return
    try:
        message = mend(text)
    except InvalidValue:
        return
    for value in message.value if isinstance(message.value, list) else [message.value]:
        call = _as_call(value, offered)
        if call is not None:
            yield call


def _as_call(value: JSON, offered: Collection[str]) -> ToolCall | None:
    if not isinstance(value, dict) or not value.keys() <= _AROUND:
        return None
    inner: Any = value["function"] if isinstance(value.get("function"), dict) else value
    names = [inner[key] for key in ("name", "tool", "function", "recipient_name") if isinstance(inner.get(key), str)]
    arguments = next((inner[key] for key in _ARGUMENTS if key in inner), None)
    arguments = arguments if isinstance(arguments, dict) else inside(arguments, dict)
    name = _tool_name(names[0], offered) if names else None
    if name is None or arguments is None:
        return None
    return ToolCall(str(value.get("id") or ""), name, orjson.dumps(arguments).decode())
