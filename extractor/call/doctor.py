"""What this account's deployment really takes: some twenty small requests, each held against what is documented.

Tests cannot ask the live service; every user can. Each check is a function that asks and says what came. What the
checks find is kept as facts of the deployment, so that later runs begin where they would have ended up.
"""

from __future__ import annotations

import secrets
import time
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Self, TypeVar

import orjson

from extractor.call.background import Background
from extractor.call.clock import pause
from extractor.call.endpoint import Endpoint
from extractor.call.ledger import Ledger, Outcome, upper_bound
from extractor.call.recorder import Recorder
from extractor.errors import AccountError, Blocked, Busy, FormatRefused, Rejected, ServiceError, Unreachable
from extractor.wire.batches import Batch, parse_batch, poll_body
from extractor.wire.images import image_part, text_part
from extractor.wire.models import ModelEntry, read_entry, today
from extractor.wire.options import thinking
from extractor.wire.prices import Price
from extractor.wire.replies import parse_reply
from extractor.wire.requests import DEFAULT_BASE_URL, SERVICE_RPM, Route, read_rate, url
from extractor.wire.streams import StreamReader
from extractor.wire.values import Reply, Request, Usage

__all__ = ["Finding", "Probe", "examine", "facts_of", "most_usd"]

T = TypeVar("T")

_ROOM, _THOUGHT, _LONG = 60, 800, 4_000
_PREFIX, _REPEATS = "The tariff of the warehouse lists pallets by their number, weight and destination. ", 150
_POLLS, _POLL_SECONDS = 12, 5.0
_WAITS = (2.0, 8.0, 30.0)
_SERVICE_SECONDS, _MARGIN = 120.0, 0.75
_SCHEMA = {
    "type": "object",
    "properties": {"colour": {"type": "string"}},
    "required": ["colour"],
    "additionalProperties": False,
}
_FORMATS: Mapping[str, Mapping[str, Any]] = {
    "json_schema": {"type": "json_schema", "json_schema": {"name": "Article", "schema": _SCHEMA, "strict": True}},
    "bare_schema": {"type": "json_schema", "json_schema": _SCHEMA},
    "json_object": {"type": "json_object"},
}
_OFF: dict[str, Any] = {"chat_template_kwargs": thinking(False), "reasoning_effort": "none"}
_RED_SQUARE = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAADgAAAA4CAIAAAAn5KxJAAAAS0lEQVR4nO3OAQkAIBAAMSPYP51RLCF4D4MF2Dp7j7C+D0RFRUVFRUVFRUUHEBWt"
    "ExWtExWtExWtExWtExWtExWtExWtExWtE33tAl7SQLUZIQn7AAAAAElFTkSuQmCC"
)
"""A PNG of 56 by 56 pixels."""

_TOOL = {
    "type": "function",
    "function": {
        "name": "look_up",
        "description": "Look up the colour of an article.",
        "parameters": {"type": "object", "properties": {"article": {"type": "string"}}, "required": ["article"]},
    },
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one check, what was expected, and what to do about a difference.

    `ok` is None where nothing is promised, or nothing could be found out. `facts` are for later runs.
    """

    came: str
    ok: bool | None = True
    remedy: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    check: str = ""
    expected: str = ""


class Probe:
    """Asks the deployment, counts what it costs, and keeps what was exchanged. Use it in a `with`.

    `format` is the first response format that was answered as it should be.

    BudgetExceeded before a request that could pass `max_cost`, which holds where the price is known; a request that
    comes back busy, or not at all, is sent again.
    """

    def __init__(self, endpoint: Endpoint, *, max_cost: float | None) -> None:
        self.endpoint = endpoint
        self._ledger = Ledger(endpoint.price, cap=max_cost if endpoint.price else None)
        self._background, self._recorder = Background(), Recorder(endpoint)
        self.exchanges = self._recorder.exchanges
        self.usage = Usage()
        self.format: Mapping[str, Any] | None = None

    @property
    def rates(self) -> list[str]:
        """The rate limits that replies told."""
        return [rate for one in self.exchanges if (rate := one.headers.get("ratelimit-policy"))]

    def ask(self, content: Any, *, system: str = "", affinity: str | None = None, **more: Any) -> Reply:
        """One reply to a few words, with as little room as they need unless more is asked for."""
        messages = [{"role": "system", "content": system}] if system else []
        messages.append({"role": "user", "content": content})
        body = {"messages": messages, "max_completion_tokens": _ROOM, **_OFF, **more}
        body = {name: value for name, value in body.items() if value is not None}
        read = _streamed if body.get("stream") else parse_reply
        return self.counted(self._exchange("POST", "native", body, read, affinity or ""))

    def queue(self, body: Mapping[str, Any]) -> Batch:
        """Submit a batch, or ask how far one is."""
        return self._exchange("POST", "batch", body, parse_batch)

    def entry(self) -> ModelEntry | None:
        """The model's entry in the catalogue."""
        return self._exchange("GET", "models", {}, _entry)

    def close(self) -> None:
        self._background.run(self._recorder.aclose())
        self._background.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _exchange(
        self, method: str, route: Route, body: Mapping[str, Any], read: Callable[..., T], affinity: str = ""
    ) -> T:
        path = url(DEFAULT_BASE_URL, "", self.endpoint.model, route=route).partition("/ai/")[2]
        known = {"price": self.endpoint.price, "model": self.endpoint.model}
        request, most, waits = Request(body), _most(body), iter(_WAITS)
        while True:
            self._ledger.reserve(request.key, most)
            outcome: Outcome = None  # which is also that of a batch: its answers are not here yet
            try:
                one = self._background.run(self._recorder.send(method, path, body or None, affinity=affinity))
                found = read(one.status, one.headers, one.reply.encode(), **known)
                outcome = found if isinstance(found, Reply) else None
                return found
            except ServiceError as error:
                outcome, seconds = error, next(waits, None)
                self.usage += error.usage or Usage()
                if seconds is None or not isinstance(error, Busy | Unreachable):
                    raise
                seconds = error.retry_after or seconds
            finally:
                self._ledger.settle(request, most, outcome)
            time.sleep(pause(seconds))

    def counted(self, reply: Reply) -> Reply:
        """The reply, once its usage is added up."""
        self.usage += reply.usage or Usage(cost_usd=None)
        return reply


def examine(probe: Probe, *, seen: Callable[[Finding], None] = lambda finding: None) -> list[Finding]:
    """Every check in turn; a check whose request fails is a finding as well.

    AccountError where nobody may ask at all, Blocked where a firewall is on the way,
    BudgetExceeded where the next request could pass the cap.
    """
    findings: list[Finding] = []
    for name, (check, expected, remedy) in _CHECKS.items():
        try:
            found = check(probe)
        except Blocked:
            raise
        except AccountError:
            if not findings:
                raise
            found, expected = Finding("the account was refused", False, "look at the account's rights"), "taken"
        except ServiceError as error:
            found = Finding(f"refused: {error}", ok=False)
        remedy = remedy if found.ok is False else ""
        findings.append(replace(found, check=name, expected=expected, remedy=found.remedy or remedy))
        seen(findings[-1])
    return findings


def facts_of(findings: Sequence[Finding]) -> dict[str, Any]:
    """The facts of all findings together: lists are joined, other values are the last one's."""
    facts: dict[str, Any] = {}
    for finding in findings:
        for name, value in finding.facts.items():
            facts[name] = [*facts.get(name, []), *value] if isinstance(value, list) else value
    return facts


def most_usd(endpoint: Endpoint) -> float | None:
    """What all checks together can cost at most; None where the price is not known."""
    if endpoint.price is None:
        return None
    prefix = Usage(len(_prefix("0" * 32)) + 400, 0, _ROOM)
    small = Usage(1_000, 0, _ROOM)
    thoughtful, long = Usage(1_000, 0, _THOUGHT), Usage(1_000, 0, _LONG)
    image = Usage(7_000, 0, _ROOM)
    return sum(map(endpoint.price.cost, (*[prefix] * 4, *[small] * 9, thoughtful, long, image)))


def _most(body: Mapping[str, Any]) -> Usage:
    """The most that a request, or a batch of them, can use."""
    if not body or "request_id" in body:
        return Usage()
    return sum(map(_most, body["requests"]), Usage()) if "requests" in body else upper_bound(body)


def _streamed(status: int, headers: Mapping[str, str], body: bytes, *, price: Price | None, model: str) -> Reply:
    if status != 200:
        return parse_reply(status, headers, body, price=price, model=model)
    reader = StreamReader(price=price)
    reader.feed(body)
    return reader.reply()


def _entry(status: int, headers: object, body: bytes, *, price: object, model: str) -> ModelEntry | None:
    return read_entry(body, model) if status == 200 else None


# ---------------------------------------------------------------------- the checks


def _rights(probe: Probe) -> Finding:
    return Finding(f"an answer ({probe.ask(_YES).content.strip()[:20]!r})")


def _catalogue(probe: Probe) -> Finding:
    entry, price = probe.entry(), probe.endpoint.price
    if entry is None:
        return Finding("no entry could be read", ok=None)
    window = f"a window of {entry.window:,} tokens" if entry.window else "no window stated"
    batch = "not told" if entry.batch is None else "yes" if entry.batch else "no"
    warnings = list(entry.warnings(price, batch=True, today=today()))
    came = f"{window}, {entry.price or 'no price stated'}, batches: {batch}"
    return Finding(came, ok=not warnings, remedy="; ".join(warnings))


def _formatted(probe: Probe, rung: str) -> Finding:
    format_ = _FORMATS[rung]
    try:
        reply = probe.ask(**_COLOUR, response_format=format_)
    except (FormatRefused, Rejected) as error:
        left_out = "none is needed: later runs leave this form out"
        return Finding(f"refused: {error}", rung == "bare_schema", left_out, {"refused": [rung]})
    fits, came = _fits(reply.content)
    if fits and probe.format is None:
        probe.format = format_
    return Finding(came, ok=fits)


def _format_and_thinking(probe: Probe) -> Finding:
    if probe.format is None:
        return _NO_FORMAT
    switch: dict[str, Any] = {"chat_template_kwargs": thinking(True), "reasoning_effort": None}
    reply = probe.ask(**_COLOUR, response_format=probe.format, max_completion_tokens=_THOUGHT, **switch)
    fits, came = _fits(reply.content)
    if not reply.content.strip() and _fits(reply.reasoning)[0]:
        came = "the JSON came as the reasoning"
    return Finding(f"{came}, {'thought about first' if reply.reasoning else 'without any thought'}", ok=fits)


def _format_and_stream(probe: Probe) -> Finding:
    if probe.format is None:
        return _NO_FORMAT
    reply = probe.ask(**_COLOUR, response_format=probe.format, stream=True, stream_options={"include_usage": True})
    fits, came = _fits(reply.content)
    return Finding(f"{came}, {'with' if reply.usage else 'without'} its usage", ok=fits)


def _tools(probe: Probe) -> Finding:
    question = "Which colour has the article K-17? Use the tool."
    reply = probe.ask(question, tools=[_TOOL], tool_choice="required", max_completion_tokens=2 * _ROOM)
    names = ", ".join(call.name for call in reply.tool_calls)
    return Finding(f"a call of {names}" if names else "no call", ok=bool(names))


def _switch(probe: Probe) -> Finding:
    try:
        reply = probe.ask("Which is the third word of this sentence? Answer with the word alone.")
    except (FormatRefused, Rejected) as error:
        if "reasoning_effort" not in str(error):
            raise
        left_out = "none is needed: the parameter is left out"
        return Finding(f"refused: {error}", False, left_out, {"dropped": ["reasoning_effort"]})
    return Finding("it thought although thinking was off" if reply.reasoning else "no thought", ok=not reply.reasoning)


def _repeated(probe: Probe, *, session: bool) -> Finding:
    """Two requests that begin alike, one after the other: whether the second found a part cached."""
    beginning, affinity = _prefix(secrets.token_hex(16)), secrets.token_hex(16) if session else None
    replies = [probe.ask(f"Answer with {word}.", system=beginning, affinity=affinity) for word in ("yes", "no")]
    usage = replies[1].usage or Usage()
    return Finding(f"{usage.cached_tokens:,} of {usage.prompt_tokens:,} tokens cached the second time", ok=None)


def _image(probe: Probe) -> Finding:
    parts = [text_part("Which colour is this picture? Answer with one word."), image_part(_RED_SQUARE)]
    content = probe.ask(parts).content
    return Finding(f"{content.strip()[:30]!r}", ok="red" in content.lower())


def _data_uri(probe: Probe) -> Finding:
    probe.ask(f"The note says: data:image/png;base64,bm8gcGljdHVyZQ== . {_YES}")
    return Finding("taken as text")


def _long(probe: Probe) -> Finding:
    words = "Write the numbers from 1 to 1200 as digits, each on a line of its own, and nothing else. Leave none out."
    reply = probe.ask(words, max_completion_tokens=_LONG)
    seconds, tokens = probe.exchanges[-1].seconds, (reply.usage or Usage()).completion_tokens
    speed = tokens / max(seconds, 0.001)
    longest = int(speed * _SERVICE_SECONDS * _MARGIN)
    remedy = "" if longest >= _LONG else f"set max_output_tokens to {max(longest // 100 * 100, 100):,} or less"
    return Finding(f"{tokens:,} tokens in {seconds:.0f} s ({speed:.0f} a second)", ok=longest >= _LONG, remedy=remedy)


def _rate(probe: Probe) -> Finding:
    rate = read_rate({"ratelimit-policy": probe.rates[-1]}) if probe.rates else None
    if rate is None or rate.per_minute is None:
        return Finding(f"the replies state none: {SERVICE_RPM} requests a minute are assumed", ok=None)
    enough = True if rate.per_minute >= SERVICE_RPM else None
    return Finding(f"{rate.per_minute:g} requests a minute", enough, facts={"rpm": rate.per_minute})


def _batch(probe: Probe) -> Finding:
    item = {"messages": [{"role": "user", "content": _YES}], "max_completion_tokens": _ROOM, **_OFF}
    batch = probe.queue({"requests": [{**item, "external_reference": "doctor"}]})
    polls = 0
    while batch.status != "done" and polls < _POLLS and batch.request_id:
        time.sleep(pause(_POLL_SECONDS))
        batch, polls = probe.queue(poll_body(batch.request_id)), polls + 1
    if batch.status != "done":
        return Finding(f"taken, and not done after {_POLLS * _POLL_SECONDS:.0f} s", ok=None)
    outcome = batch.items[0].outcome if batch.items else None
    if not isinstance(outcome, Reply):
        return Finding(f"it failed: {outcome}", ok=False)
    probe.counted(outcome)
    return Finding(f"answered at poll {polls}")


_FITS = "JSON that fits the schema"
_READ = "none is needed: what comes is read without it, and asked for again where it cannot be"
_NO_FORMAT = Finding("not asked: no format was answered as it should be", ok=None)
_YES = "Answer with the one word: yes"
_COLOUR = {
    "content": "The kettle is blue. Which colour has the kettle?",
    "system": "Answer with one JSON object that follows this schema, and nothing else: "
    + orjson.dumps(_SCHEMA).decode(),
}

_CHECKS: Mapping[str, tuple[Callable[[Probe], Finding], str, str]] = {
    "credentials": (_rights, "an answer", ""),
    "catalogue": (_catalogue, "the model's price and window, and that it takes batches", ""),
    "schema, envelope": (partial(_formatted, rung="json_schema"), _FITS, _READ),
    "schema, bare": (partial(_formatted, rung="bare_schema"), f"{_FITS}, or a refusal", _READ),
    "json_object": (partial(_formatted, rung="json_object"), "a JSON object", _READ),
    "format, thinking": (
        _format_and_thinking,
        "JSON that fits, after a thought",
        "leave thinking off; an answer in the reasoning is read too",
    ),
    "format, stream": (
        _format_and_stream,
        "JSON that fits, with its usage",
        "take whole answers: use extract in place of stream",
    ),
    "tools": (_tools, "a call", "do without tools: this deployment does not call them when it must"),
    "thinking off": (_switch, "no thought", "set thinking_tokens, so that thinking takes no room from answers"),
    "cache, affinity": (partial(_repeated, session=True), "part of the second prompt is cached (not promised)", ""),
    "cache, no affinity": (partial(_repeated, session=False), "nothing, or a hit by luck", ""),
    "image": (_image, "the colour red", "give text: pages that are only pictures need OCR first"),
    "data URI in text": (_data_uri, "taken as text", "none is needed: such text is broken before it is sent"),
    "long answer": (
        _long,
        f"{_LONG:,} tokens within {_SERVICE_SECONDS:.0f} s",
        "set max_output_tokens to 2,000 or less",
    ),
    "rate limit": (_rate, f"{SERVICE_RPM} requests a minute or more, if the service states a limit", ""),
    "batch": (_batch, "queued, then answered", "leave --batch out: requests are sent one by one"),
}
"""Of each check: what asks, what is expected, and what to do where something else came."""


def _fits(text: str) -> tuple[bool, str]:
    """Whether a text is the object that was asked for, and what it is in words."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return False, f"no bare JSON: {' '.join(text.split())[:40]!r}" if text.strip() else "nothing"
    fits = isinstance(value, dict) and isinstance(value.get("colour"), str)
    return fits, "JSON that fits" if fits else "JSON of another shape"


def _prefix(seed: str) -> str:
    """Some 2,400 tokens that no other request begins with."""
    return f"{seed}\n{_PREFIX * _REPEATS}"
