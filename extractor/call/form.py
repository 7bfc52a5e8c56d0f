"""How a question becomes a request that this deployment takes, and what a refusal of the form changes about that.

A refusal costs nothing, so whatever has not worked yet is tried another way: without a parameter that was only a
default, in the other envelope, on the next rung of the ladder, with text disarmed more thoroughly.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import Any

import orjson

from extractor.errors import FormatRefused, ImageRefused, Rejected, ServiceError
from extractor.schema.compiler import Schema
from extractor.wire.disarm import TEXTUAL, armed_json, disarm, shows_images
from extractor.wire.options import Options
from extractor.wire.requests import Message, build_body
from extractor.wire.values import Reply

__all__ = ["RUNGS", "Form", "Known", "Ladder", "stalled"]

RUNGS = ("json_schema", "bare_schema", "json_object", "prompt")
"""From the strictest: a grammar from the schema in OpenAI's envelope, the same without an envelope, any JSON object,
nothing but the words of the prompt."""

_PATIENCE = 3
_PROMPT = len(RUNGS) - 1
_UNMET = (5024,)
_NO_SCHEMA = (5024, 5025)
_FLAGGED = 3030
_MALFORMED = (400, 422)
_ENVELOPE = re.compile(r"response_format|json_schema|schema_|\bname\b", re.IGNORECASE)
_UNMET_WORDS = re.compile(r"couldn'?t be met", re.IGNORECASE)
_OURS = ("reasoning_effort", "prediction", "temperature", "top_p")
_BLANKS = 32


@dataclass(slots=True)
class Form:
    """The form of one conversation's requests; what it learns is shared by way of what is known of the model.

    `_failures` are those of the schema; `_defaults` names the parameters that nobody set: they are left out where the
    deployment does not take them. `formatted` tells whether the last request had a response format.
    """

    _known: Known
    _failures: Counter[str]
    _defaults: frozenset[str]
    rung: int = 0
    name: str = RUNGS[0]
    formatted: bool = False
    _first: int | None = None
    _left_out: frozenset[str] = frozenset()
    _strict: bool = False
    _refused: bool = False
    _judged: bool = False
    _body: Mapping[str, Any] = field(default_factory=dict)

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
        if self._known.refused or self._failures:
            self.rung = max(self.rung, self._known.rung(self._failures))
        self.name = RUNGS[self.rung]
        self._first = self.rung if self._first is None else self._first
        self._left_out |= self._known.dropped
        if left_out := self._left_out & self._defaults:
            options = replace(options, **dict.fromkeys(left_out))
        format_ = None if tools else _response_format(self.name, schema, strict=self._strict)
        body = build_body(messages, options=options, response_format=format_, tools=tools)
        if prediction and "prediction" not in {*self._left_out, *body}:
            body["prediction"] = {"type": "content", "content": prediction}
        self.formatted = format_ is not None
        self._judged = self.formatted or self.rung == _PROMPT  # what comes of it tells of the rung
        text = {name: disarm(body[name], strict=self._strict) for name in TEXTUAL if name in body}
        self._body = {**body, **text}
        return self._body

    def read(self, reply: Reply, schema: Schema[Any]) -> Reply:
        """The reply to the last body, with the document's own text; an answer that came as the reasoning is the answer.

        Rungs above its own that were refused as such are refused for good.
        """
        if not reply.reused:  # one that was paid for earlier says nothing of the form that it would have now
            self._known.worked |= {self.name} if self._judged else set()
            if self._refused and self._first is not None:
                self._known.refused.update(RUNGS[self._first : self.rung])
            self._refused = False
        armed = partial(armed_json, strict=self._strict)
        whole = replace(
            reply,
            content=armed(reply.content),
            reasoning=armed(reply.reasoning),
            refusal=armed(reply.refusal),
            others=tuple(map(armed, reply.others)),
            tool_calls=tuple(replace(call, arguments=armed(call.arguments)) for call in reply.tool_calls),
        )
        blank = whole.finish == "stop" and not (whole.content.strip() or whole.tool_calls)
        if blank and whole.reasoning and _fits(whole.reasoning, schema):
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
            self._known.dropped.add(name)
            return f"{name} is left out"
        about_content = isinstance(error, Rejected) and (
            error.status not in _MALFORMED or self.name in self._known.worked
        )
        return None if about_content or not self.formatted else self._stepped(error)

    def judge(self, *, usable: bool) -> None:
        """Whether what came on this rung could be used."""
        if self._judged and usable:
            self._failures.pop(self.name, None)
        elif self._judged:
            self._failures[self.name] += 1

    def lower(self, *, past_schema: bool = True) -> bool:
        """Step down one rung; False where there is none."""
        if self.rung == _PROMPT:
            return False
        self.rung += 2 if RUNGS[self.rung] == "json_schema" and past_schema else 1
        return True

    def plain(self) -> None:
        """Go on without a response format."""
        self.judge(usable=False)
        self.rung = _PROMPT

    def _stepped(self, error: ServiceError) -> str | None:
        unmet = error.code in _UNMET or _UNMET_WORDS.search(str(error)) is not None
        if unmet:
            self.judge(usable=False)
        points = error.code not in _NO_SCHEMA and _ENVELOPE.search(str(error)) is not None
        if not self.lower(past_schema=not points):
            return None
        self._refused = self._refused or not unmet
        return RUNGS[self.rung]

    def _disliked(self, error: ServiceError) -> str | None:
        """The parameter that a refusal names, where it was only a default."""
        ours = [name for name in _OURS if name in self._body and name in self._defaults]
        return next((name for name in ours if name in str(error)), None)


@lru_cache(maxsize=64)
def _response_format(rung: str, schema: Schema[Any], *, strict: bool) -> Mapping[str, Any] | None:
    """The response format of a rung, disarmed: the same for every request about a schema."""
    if not rung.endswith("_schema"):
        return {"type": "json_object"} if rung == "json_object" else None
    format_: dict[str, Any] = disarm(schema.response_format, strict=strict)
    return format_ if rung == "json_schema" else {**format_, "json_schema": format_["json_schema"]["schema"]}


def stalled(reply: Reply) -> bool:
    """Whether a grammar that lets any white space through ran on in blanks until the token limit."""
    return reply.finish == "length" and len(reply.content) - len(reply.content.rstrip()) >= _BLANKS


def _fits(text: str, schema: Schema[Any]) -> bool:
    """Whether a text is one JSON value, and nothing else, that the schema accepts."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    shaped = schema.unwrap(value)
    return isinstance(value, dict) and not shaped.problems and not schema.problems(shaped.value)


@dataclass(slots=True)
class Known:
    """What is known of one model: the rungs and the parameters that it refuses whatever they are for, the rungs that it
    has answered on, and by schema how often each rung failed in a row."""

    refused: set[str] = field(default_factory=set)
    dropped: set[str] = field(default_factory=set)
    worked: set[str] = field(default_factory=set)
    failures: dict[str, Counter[str]] = field(default_factory=dict)

    def rung(self, failures: Counter[str]) -> int:
        """The index in RUNGS to begin on after the failures of a schema: of one that is not refused, and has not failed
        three times in a row. The last is always there, and the bare schema only once the envelope was refused."""
        passed = self.refused | {name for name in RUNGS if failures[name] >= _PATIENCE}
        if "json_schema" not in self.refused:
            passed |= {"bare_schema"}
        return next((index for index, name in enumerate(RUNGS) if name not in passed), _PROMPT)


class Ladder:
    """What the conversations of a run have learnt, by model; all of them share it. `state` is of an earlier run."""

    def __init__(self, state: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self.models: defaultdict[str, Known] = defaultdict(Known)
        state = {"refused": {}, "dropped": {}, "failures": {}, **(state or {})}
        for name in ("refused", "dropped"):
            for model, names in state[name].items():
                self.know(model, {name: names})
        for key, failures in state["failures"].items():
            model, _, fingerprint = key.rpartition(" ")
            self.models[model].failures[fingerprint] = Counter(failures)

    def know(self, model: str, facts: Mapping[str, Any]) -> None:
        """Take over what an earlier run, or a person's look at the deployment, found out of a model."""
        known = self.models[model]
        known.refused.update(name for name in facts.get("refused", ()) if name in RUNGS)
        known.dropped.update(map(str, facts.get("dropped", ())))

    def facts(self, model: str) -> dict[str, list[str]]:
        """What a model refuses, ready for JSON: `refused` rungs and `dropped` parameters."""
        known = self.models[model]
        return {name: sorted(each) for name in ("refused", "dropped") if (each := getattr(known, name))}

    def export(self) -> dict[str, dict[str, Any]]:
        """What is remembered, ready for JSON and for `Ladder(...)`; journals of earlier versions have the same."""
        models = self.models.items()
        return {
            "refused": {model: sorted(known.refused) for model, known in models},
            "dropped": {model: sorted(known.dropped) for model, known in models},
            "failures": {
                f"{model} {key}": dict(each) for model, known in models for key, each in known.failures.items() if each
            },
        }
