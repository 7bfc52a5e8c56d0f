"""How a question becomes a request that this deployment takes, and what a refusal of the form changes about that.

A refusal costs nothing, so whatever has not worked yet is tried another way: without a parameter that was only a
default, in the other envelope, on the next rung of the ladder, with text disarmed more thoroughly.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import orjson

from extractor.call.ladder import RUNGS, Ladder
from extractor.errors import FormatRefused, ImageRefused, Rejected, ServiceError
from extractor.schema.compiler import Schema
from extractor.wire.disarm import armed_json, disarmed, disarmed_body, shows_images
from extractor.wire.options import Options
from extractor.wire.requests import Message, build_body
from extractor.wire.values import Reply

__all__ = ["Form", "stalled"]

_PROMPT = len(RUNGS) - 1
_UNMET = (5024,)
_NO_SCHEMA = (5024, 5025)
_FLAGGED = 3030
_MALFORMED = (400, 422)
_ENVELOPE = re.compile(r"response_format|json_schema|schema_|\bname\b", re.IGNORECASE)
_UNMET_WORDS = re.compile(r"couldn'?t be met", re.IGNORECASE)
_OURS = ("reasoning_effort", "prediction")
_BLANKS = 32


class Form:
    """The form of one conversation's requests; what it learns is shared by way of the ladder.

    `defaults` names the parameters that nobody set: they are left out where the deployment does not take them.
    `formatted` tells whether the last request had a response format.
    """

    def __init__(self, ladder: Ladder, model: str, schema: Schema[Any], *, defaults: frozenset[str]) -> None:
        self._ladder, self._model, self._fingerprint = ladder, model, schema.fingerprint
        self._defaults = defaults
        self._first = self.rung = ladder.rung(model, schema.fingerprint)
        self._left_out = ladder.dropped(model)
        self._strict = self._refused = self.formatted = False
        self._body: Mapping[str, Any] = {}

    @property
    def name(self) -> str:
        """The rung by its name."""
        return RUNGS[self.rung]

    def body(
        self,
        messages: Sequence[Message],
        schema: Schema[Any],
        options: Options,
        *,
        tools: Sequence[Mapping[str, Any]] = (),
        prediction: str | None = None,
    ) -> Mapping[str, Any]:
        """A whole request body, with all that is known by now of what the deployment takes.

        While tools are open the format is held back: its grammar would allow no call.
        """
        self.rung = max(self.rung, self._ladder.rung(self._model, self._fingerprint))
        self._left_out |= self._ladder.dropped(self._model)
        format_ = None if tools else self._response_format(schema)
        body = build_body(messages, options=self._without(options), response_format=format_, tools=tools)
        if prediction and "prediction" not in {*self._left_out, *body}:
            body["prediction"] = {"type": "content", "content": prediction}
        self.formatted = format_ is not None
        self._body = {**disarmed_body(body, strict=self._strict), **({"response_format": format_} if format_ else {})}
        return self._body

    def read(self, reply: Reply, schema: Schema[Any]) -> Reply:
        """The reply with the document's own text; an answer that came as the reasoning is the answer."""
        whole = replace(
            reply,
            content=self._armed(reply.content),
            reasoning=self._armed(reply.reasoning),
            refusal=self._armed(reply.refusal),
            others=tuple(map(self._armed, reply.others)),
            tool_calls=tuple(replace(call, arguments=self._armed(call.arguments)) for call in reply.tool_calls),
        )
        if _blank(whole) and _fits(whole.reasoning, schema):
            return replace(whole, content=whole.reasoning, reasoning="")
        return whole

    def refused(self, error: ServiceError) -> str | None:
        """Change the form after a refusal of the last body: what was changed, or None where nothing can be."""
        if isinstance(error, ImageRefused):
            if self._strict or shows_images(self._body):
                return None
            self._strict = True
            return "text that could be taken for a picture is broken"
        if not isinstance(error, FormatRefused | Rejected) or error.code == _FLAGGED:
            return None
        if name := self._disliked(error):
            self._left_out |= {name}
            self._ladder.drop(self._model, name)
            return f"{name} is left out"
        about_content = isinstance(error, Rejected) and (
            error.status not in _MALFORMED or self._ladder.holds(self._model, self.rung)
        )
        return None if about_content or not self.formatted else self._stepped(error)

    def worked(self) -> None:
        """An answer on this rung could be used."""
        if self.formatted or self.rung == _PROMPT:
            self._ladder.worked(self._model, self._fingerprint, self.rung)

    def failed(self) -> None:
        """The rung gave nothing that could be used."""
        if self.formatted or self.rung == _PROMPT:
            self._ladder.failed(self._model, self._fingerprint, self.rung)

    def answered(self) -> None:
        """A reply came on this rung. Those above it that were refused as such are refused for good."""
        if self.formatted or self.rung == _PROMPT:
            self._ladder.hold(self._model, self.rung)
        if self._refused and self.rung > self._first:
            self._ladder.refuse(self._model, range(self._first, self.rung))
        self._refused = False

    def lower(self, *, past_schema: bool = True) -> bool:
        """Step down one rung; False where there is none."""
        if self.rung == _PROMPT:
            return False
        self.rung += 2 if RUNGS[self.rung] == "json_schema" and past_schema else 1
        return True

    def plain(self) -> None:
        """Go on without a response format."""
        self.failed()
        self.rung = _PROMPT

    def _stepped(self, error: ServiceError) -> str | None:
        unmet = error.code in _UNMET or _UNMET_WORDS.search(str(error)) is not None
        if unmet:
            self.failed()
        points = error.code not in _NO_SCHEMA and _ENVELOPE.search(str(error)) is not None
        if not self.lower(past_schema=not points):
            return None
        self._refused = self._refused or not unmet
        return RUNGS[self.rung]

    def _disliked(self, error: ServiceError) -> str | None:
        """The parameter that a refusal names, where it was only a default."""
        ours = [name for name in _OURS if name in self._body and name in self._defaults]
        return next((name for name in ours if name in str(error)), None)

    def _response_format(self, schema: Schema[Any]) -> Mapping[str, Any] | None:
        match RUNGS[self.rung]:
            case "json_schema":
                return _schema_format(schema, strict=self._strict)
            case "bare_schema":
                format_ = _schema_format(schema, strict=self._strict)
                return {**format_, "json_schema": format_["json_schema"]["schema"]}
            case "json_object":
                return {"type": "json_object"}
        return None

    def _without(self, options: Options) -> Options:
        """The options without the defaults that the deployment does not take."""
        left_out: dict[str, Any] = dict.fromkeys(self._left_out & self._defaults)
        return replace(options, **left_out) if left_out else options

    def _armed(self, text: str) -> str:
        return armed_json(text, strict=self._strict) if text else text


@lru_cache(maxsize=64)
def _schema_format(schema: Schema[Any], *, strict: bool) -> Mapping[str, Any]:
    """The response format of a schema, disarmed: the same for every request that it is asked with."""
    format_: Mapping[str, Any] = disarmed(schema.response_format, strict=strict)
    return format_


def stalled(reply: Reply) -> bool:
    """Whether a grammar that lets any white space through ran on in blanks until the token limit."""
    return reply.finish == "length" and len(reply.content) - len(reply.content.rstrip()) >= _BLANKS


def _blank(reply: Reply) -> bool:
    return reply.finish == "stop" and bool(reply.reasoning) and not (reply.content.strip() or reply.tool_calls)


def _fits(text: str, schema: Schema[Any]) -> bool:
    """Whether a text is one JSON value, and nothing else, that the schema accepts."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    shaped = schema.unwrap(value)
    return isinstance(value, dict) and not shaped.problems and not schema.problems(shaped.value)
