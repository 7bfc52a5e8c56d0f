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
from collections.abc import Iterable, Mapping
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
        return Backend(Script(), DEFAULT_MODEL, meter.CONTEXT, Player.of(play))
    if script is not None:
        return Backend(read_script(script), DEFAULT_MODEL, meter.CONTEXT)
    opened = open_model(str(model))
    opened.load()
    return Backend(embedded(opened), opened.name, LOCAL_WINDOW)


def embedded(model: LocalModel) -> Responder:
    """The embedded model as a responder, off the event loop."""

    async def respond(body: Body) -> Answer:
        try:
            reply = await asyncio.to_thread(model.answer, body)
        except TooLong as error:
            return envelope(3010, str(error), status=413)
        except Rejected as error:
            return envelope(8001, str(error))
        return Completion(reply.content, finish=reply.finish, logprobs=reply.logprobs, usage=reply.usage)

    return respond


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a script: texts that must all be there, a part's number (None is any), and the answer."""

    needles: tuple[str, ...] | None
    part: int | None
    answer: Answer

    @classmethod
    def of(cls, line: Mapping[str, Any]) -> _Line:
        needles, part = line.get("contains"), line.get("part")
        if part is not None and not isinstance(part, int):
            raise TypeError(f"part must be a number, not {part!r}")
        texts = (needles,) if isinstance(needles, str) else None if needles is None else tuple(needles)
        return cls(texts, part, _answer(line))


class Script:
    """Replies by the text and the part that a request is about, then in order."""

    def __init__(self, lines: Iterable[_Line] = ()) -> None:
        self._matching: list[_Line] = []
        self._queue: deque[Answer] = deque()
        for line in lines:
            if line.needles is None and line.part is None:
                self._queue.append(line.answer)
            else:
                self._matching.append(line)

    def __call__(self, body: Body) -> Answer:
        question = Question.of(body)
        whole = question.part == (0, len(question.text))
        text = "\n".join(texts_of(body)) if whole else question.part_text
        for line in self._matching:
            if line.part in (None, question.number) and all(needle in text for needle in line.needles or ()):
                return line.answer
        if self._queue:
            return self._queue.popleft()
        return envelope(8001, "The script has no reply to this request")


def read_script(path: Path) -> Responder:
    """The responder that a script file describes. UsageError names the line that cannot be read."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; --script takes a file of JSON lines") from None
    return Script([_read(path, number, line) for number, line in enumerate(raw.splitlines(), 1) if line.strip()])


def _read(path: Path, number: int, line: bytes) -> _Line:
    try:
        return _Line.of(orjson.loads(line))
    except KeyError as error:
        why = f"{error} is missing"
    except (orjson.JSONDecodeError, TypeError, AttributeError) as error:
        why = str(error)
    raise UsageError(f"{path}, line {number}: no scripted reply: {why}")


def _answer(line: Mapping[str, Any]) -> Answer:
    if "completion" in line:
        entry = dict(line["completion"])
        return Completion(**{**entry, "tool_calls": tuple(entry.get("tool_calls", ()))})
    if "refusal" in line:
        entry = line["refusal"]
        return envelope(entry.get("code"), entry["message"], status=entry["status"])
    reply: Answer = line["reply"]
    return reply
