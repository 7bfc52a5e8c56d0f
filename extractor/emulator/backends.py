"""What answers in the place of Kimi: a script of replies from a file, a recording, or the embedded model.

A script is a file of JSON lines, each one reply:

    {"contains": "Blue Kettle", "reply": {"total": "3.50"}}      to every request whose messages hold this text
    {"contains": ["page 2", "total"], "reply": "not JSON"}       to every request that holds all of these
    {"part": 2, "reply": {"lines": []}}                          to every request about part 2 of its document
    {"reply": {"total": "9.90"}}                                 to the next request that no line above is for
    {"completion": {"content": null, "reasoning": "Hm", "finish": "length"}}     the whole of an answer
    {"refusal": {"status": 429, "code": 3040, "message": "Capacity temporarily exceeded"}}

Lines with `contains` or `part` come first, in the order of the file, and serve any number of requests; the others
are taken one by one, in the order in which requests arrive. Of a document with marked parts `contains` sees the part
that is asked about.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from extractor.call.endpoint import LOCAL_WINDOW
from extractor.emulator import meter
from extractor.emulator.checks import texts_of
from extractor.emulator.player import Player
from extractor.emulator.questions import Question
from extractor.emulator.refusals import envelope
from extractor.emulator.values import Answer, Body, Completion, Responder
from extractor.errors import Rejected, TooLong, UsageError
from extractor.local.model import LocalModel, open_model
from extractor.wire.requests import DEFAULT_MODEL

__all__ = ["Backend", "Script", "choose", "embedded", "read_script"]


@dataclass(frozen=True, slots=True)
class Backend:
    """What answers, as which model, with how large a window in tokens."""

    responder: Responder
    model: str
    window: int
    player: Player | None = None


def choose(model: str | None, script: Path | None, play: Path | None = None) -> Backend:
    """What a command line asks to answer. UsageError unless exactly one of the three is given."""
    if [model, script, play].count(None) != 2:
        raise UsageError(
            "say what answers: --model local for the embedded model, --script FILE for replies of your own, or"
            " --play FILE for recorded ones"
        )
    if play is not None:
        return Backend(Script([]), DEFAULT_MODEL, meter.CONTEXT, Player.of(play))
    if script is not None:
        return Backend(read_script(script), DEFAULT_MODEL, meter.CONTEXT)
    opened = open_model(str(model))
    opened.load()
    return Backend(embedded(opened), opened.name, LOCAL_WINDOW)


def embedded(model: LocalModel) -> Responder:
    """The embedded model as a responder, off the event loop."""

    async def respond(body: Body) -> Answer:
        try:
            generated = await asyncio.to_thread(model.answer, body)
        except TooLong as error:
            return envelope(3010, str(error), status=413)
        except Rejected as error:
            return envelope(8001, str(error))
        return Completion(
            generated.content, finish=generated.finish, logprobs=generated.logprobs, usage=generated.usage
        )

    return respond


class Script:
    """Replies by the text and the part that a request is about, then in order."""

    def __init__(self, lines: list[Mapping[str, Any]]) -> None:
        self._matching = [(_Match.of(line), _answer(line)) for line in lines if line.keys() & _MATCHING]
        self._queue = deque(_answer(line) for line in lines if not line.keys() & _MATCHING)

    def __call__(self, body: Body) -> Answer:
        question = Question.of(body)
        whole = question.part == (0, len(question.text))
        text = "\n".join(texts_of(body)) if whole else question.part_text
        for match, answer in self._matching:
            if match.part in (None, question.number) and all(needle in text for needle in match.needles):
                return answer
        if self._queue:
            return self._queue.popleft()
        return envelope(8001, "The script has no reply to this request")


def read_script(path: Path) -> Responder:
    """The responder that a script file describes. UsageError names the line that cannot be read."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; --script takes a file of JSON lines") from None
    lines = [(number, line) for number, line in enumerate(raw.splitlines(), 1) if line.strip()]
    return Script([_line(path, number, line) for number, line in lines])


_MATCHING = {"contains", "part"}


@dataclass(frozen=True, slots=True)
class _Match:
    """What a line of a script is for: a part's number (None is any) and texts that must all be there."""

    needles: tuple[str, ...]
    part: int | None

    @classmethod
    def of(cls, line: Mapping[str, Any]) -> _Match:
        needles, part = line.get("contains", ()), line.get("part")
        if part is not None and not isinstance(part, int):
            raise TypeError(f"part must be a number, not {part!r}")
        return cls((needles,) if isinstance(needles, str) else tuple(needles), part)


def _line(path: Path, number: int, line: bytes) -> Mapping[str, Any]:
    try:
        value = orjson.loads(line)
        _Match.of(value), _answer(value)
    except KeyError as error:
        raise UsageError(f"{path}, line {number}: no scripted reply: {error} is missing") from None
    except (orjson.JSONDecodeError, TypeError, AttributeError) as error:
        raise UsageError(f"{path}, line {number}: no scripted reply: {error}") from None
    return dict(value)


def _answer(line: Mapping[str, Any]) -> Answer:
    if "completion" in line:
        entry = dict(line["completion"])
        return Completion(**{**entry, "tool_calls": tuple(entry.get("tool_calls", ()))})
    if "refusal" in line:
        entry = line["refusal"]
        return envelope(entry.get("code"), entry["message"], status=entry["status"])
    reply: Answer = line["reply"]
    return reply
