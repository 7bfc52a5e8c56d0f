"""What comes back, read leniently: whole or in the frames of a stream, in either envelope, in older shapes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from extractor.errors import BrokenReply, ServiceError
from extractor.schema.text import joined_halves, read_json, write_json
from extractor.wire.calls import Calls, part_calls
from extractor.wire.faults import classify, page_title
from extractor.wire.prices import Price
from extractor.wire.values import Reply, Usage

__all__ = ["Completion", "broken", "parse_completion", "parse_reply", "part_thinking", "refusal", "unwrapped"]

_TOKENS = re.compile(r"\d{1,9}(\.0+)?", re.ASCII)
"""A count of tokens: 128 answers of the largest window come to 34 million."""

_OPEN, _CLOSE = "<think>", "</think>"
_THOUGHTS = ("reasoning", "thinking")


def parse_reply(status: int, headers: Mapping[str, str], body: bytes, *, price: Price | None, model: str = "") -> Reply:
    """The reply in a response body, or the ServiceError that it stands for.

    `headers` is any mapping of lower-case names; `price` puts a cost on the usage, None where it is unknown;
    `model` is who was asked, for an error to name.
    """
    result = unwrapped(status, headers, body, price=price, model=model)
    return parse_completion(result, request_id=headers.get("cf-ai-req-id") or headers.get("cf-ray"), price=price)


def unwrapped(status: int, headers: Mapping[str, str], body: bytes, *, price: Price | None, model: str = "") -> Any:
    """What a response body holds, out of its envelope where it has one, or the ServiceError that it stands for."""
    whole, what = None, "the body is not a JSON object"
    try:
        whole = read_json(body)
    except ValueError as error:
        page = page_title(body)
        what = f"a web page came, {page!r}," if page is not None else f"the body is not whole JSON ({error})"
        what = f"{what} in {len(body)} bytes"
    found = whole if isinstance(whole, dict) else {}
    if not 200 <= status < 300 or found.get("success") is False or found.get("errors") or found.get("error"):
        raise refusal(status, headers, body, found, price=price, model=model)
    if not isinstance(whole, dict):
        raise broken(what, status, headers.get("cf-ai-req-id") or headers.get("cf-ray"))
    return whole if whole.get("result") is None else whole["result"]


def refusal(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    content: Mapping[str, Any],
    *,
    price: Price | None,
    model: str = "",
) -> ServiceError:
    """The error in a body, of some content, with what it tells of its cost; one beside an answer may be billed."""
    error, result = classify(status, headers, body, model=model), content.get("result") or content
    if isinstance(result, Mapping):
        error.usage = _usage(result.get("usage"), price=price)
        error.billable = error.billable or bool(result.get("choices"))
    return error


def parse_completion(completion: Any, *, request_id: str | None = None, price: Price | None) -> Reply:
    """The reply in a chat completion (`choices`), or in the older `{"response", "usage"}`; BrokenReply for neither."""
    reader = Completion(price=price, request_id=request_id)
    if not isinstance(completion, dict):
        raise reader.broken("the result is no object")
    reader.take(completion, whole=True)
    choices = completion.get("choices")
    if isinstance(choices, list) and not all(isinstance(choice, dict) for choice in choices):
        raise reader.broken("a choice of the reply is not an object")
    if not reader.begun and not completion.keys() & {"response", "tool_calls"}:
        raise reader.broken("the reply has no choices")
    return reader.reply()


@dataclass(slots=True, kw_only=True)
class Completion:
    """One completion as it comes, in one piece or in the frames of a stream.

    `usage` is what the service has told of its cost so far, by the `price`.
    """

    price: Price | None
    request_id: str | None = None
    usage: Usage | None = None
    _choices: dict[int, _Choice] = field(default_factory=dict)

    @property
    def begun(self) -> bool:
        """Whether anything of an answer has come."""
        return bool(self._choices)

    @property
    def ended(self) -> bool:
        """Whether every choice that has begun has a finish reason, so that what still comes is no part of it."""
        return self.begun and all(choice.finish for choice in self._choices.values())

    def take(self, frame: Mapping[str, Any], *, whole: bool = False) -> str:
        """Take in a frame, or a whole completion; the text that it adds to the first choice.

        The older form has its text in `response`.
        """
        self.count(frame.get("usage"))
        choices = frame.get("choices")
        found = [one for one in choices if isinstance(one, dict)] if isinstance(choices, list) else []
        if not found and (frame.get("response") is not None or frame.get("tool_calls")):
            message = {**frame, "content": frame.get("response")}
            found = [{"message" if whole else "delta": message, "finish_reason": frame.get("finish_reason")}]
        places = [place if isinstance(place := choice.get("index"), int) else 0 for choice in found]
        if len(set(places)) < len(places) and not any("delta" in choice for choice in found):
            places = list(range(len(places)))  # whole ones whose indices do not tell them apart
        try:
            pieces = [self._choices.setdefault(at, _Choice()).take(one) for at, one in zip(places, found, strict=True)]
        except RecursionError:
            raise self.broken("the answer is nested too deeply") from None
        return "".join(piece for at, piece in zip(places, pieces, strict=True) if at == 0)

    def count(self, usage: Any) -> None:
        """Keep the largest of each count: the last frame comes twice, and its copy may hold zeros or lack a field."""
        latest = _usage(usage, price=self.price)
        if latest and self.usage:
            names = ("prompt_tokens", "cached_tokens", "completion_tokens")
            largest = {name: max(getattr(latest, name), getattr(self.usage, name)) for name in names}
            latest = _usage(largest, price=self.price)
        self.usage = latest or self.usage

    def reply(self) -> Reply:
        """The whole reply. BrokenReply where the engine gave the answer up."""
        first, *rest = [choice for _, choice in sorted(self._choices.items())] or [_Choice()]
        if first.finish == "abort":
            raise self.broken("the engine gave the answer up before its end")
        content, reasoning = first.answer()
        calls = first.calls.made() if first.calls else ()
        content, leaked = part_calls(content) if "<" in content else (content, ())
        if not (content or leaked or calls):
            reasoning, leaked = part_calls(reasoning)
        return Reply(
            content=content,
            finish=first.finish or "stop",
            usage=self.usage,
            reasoning=reasoning,
            tool_calls=calls or leaked,
            request_id=self.request_id,
            logprobs=tuple(first.logprobs),
            others=tuple(choice.answer()[0] for choice in rest),
            refusal=joined_halves(first.refusal) if first.refusal else "",
        )

    def broken(self, why: str) -> BrokenReply:
        """A reply that cannot be used, with what it told of its cost."""
        return broken(why, 200, self.request_id, self.usage)


@dataclass(slots=True)
class _Choice:
    """One answer as it grows."""

    content: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    refusal: str = ""
    finish: str = ""
    calls: Calls | None = None
    logprobs: list[tuple[str, float]] = field(default_factory=list)

    def take(self, choice: Mapping[str, Any]) -> str:
        """Take in what one frame says of the choice; the text that it adds. A whole message replaces what came."""
        whole = not isinstance(choice.get("delta"), Mapping)
        found = choice.get("message" if whole else "delta")
        message: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
        if not message and isinstance(choice.get("text"), str):  # an older form, in a stream as in one piece
            whole, message = False, {"content": choice["text"]}
        if whole and message:
            self.content, self.reasoning, self.refusal, self.calls = [], [], "", None
        content = message.get("content")
        text, thought = (content, "") if isinstance(content, str) else _texts(content, whole=whole)
        self.content.append(text)
        # Both spellings of one thought may come, in the same frame or in different ones.
        thoughts = (message.get("reasoning_content"), message.get("reasoning"), thought)
        self.reasoning += [one for one in thoughts if one and isinstance(one, str)][:1]
        if isinstance(refusal := message.get("refusal"), str):
            self.refusal += refusal
        if message.get("tool_calls") or message.get("function_call"):
            self.calls = self.calls or Calls()
            self.calls.take(message, whole=whole)
        if logprobs := choice.get("logprobs"):
            self.logprobs += _logprobs(logprobs)
        if isinstance(finish := choice.get("finish_reason"), str):
            self.finish = finish or self.finish
        return text

    def answer(self) -> tuple[str, str]:
        """The text and the reasoning, apart."""
        content, leaked = joined_halves("".join(self.content)), ""
        if "think>" in content:
            content, leaked = part_thinking(content)
        return content, joined_halves("".join(self.reasoning)) or leaked


def part_thinking(content: str) -> tuple[str, str]:
    """The answer and the thinking that leaked in before it. Thinking that never ends leaves no answer.

    Text that starts as JSON is left as it is: a marker in there may be the document's own words.
    """
    if content.lstrip()[:1] in ("{", "["):
        return content, ""
    before, marker, after = content.partition(_CLOSE)
    if marker:
        return after.lstrip(), before.replace(_OPEN, "").strip()
    if content.lstrip().startswith(_OPEN):
        return "", content.replace(_OPEN, "").strip()
    return content, ""


def _usage(usage: Any, *, price: Price | None) -> Usage | None:
    """Tokens and their cost; None where the service told none, or none that can be. Cached ones are the prompt's."""
    if not isinstance(usage, Mapping):
        return None
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, Mapping) else usage.get("cached_tokens")
    texts = (str(count) for count in (usage.get("prompt_tokens"), cached, usage.get("completion_tokens")))
    prompt, cached, completion = (int(float(text)) if _TOKENS.fullmatch(text) else None for text in texts)
    if not prompt or completion is None:
        return None
    found = Usage(prompt, cached if cached and cached <= prompt else 0, completion, None)
    return found if price is None else replace(found, cost_usd=price.cost(found))


def broken(why: str, status: int, request_id: str | None, usage: Usage | None = None) -> BrokenReply:
    """A reply that cannot be used, with what it told of its cost where it did."""
    return BrokenReply(f"{why} (HTTP {status}): a retry may help", status=status, request_id=request_id, usage=usage)


def _texts(content: Any, *, whole: bool) -> tuple[str, str]:
    """Content as text, and the thinking in it: nothing, a list of parts, or JSON that was already parsed.

    A token that is a number or a word of JSON comes bare in the service's own streams. What a frame adds is never
    parsed JSON, so that its parts need no type.
    """
    if content is None:
        return "", ""
    named = {"type"} if whole else {"type", "text"}
    parts: list[Any] = content if isinstance(content, list) and content else [None]
    if all(isinstance(part, str) for part in parts):
        return "".join(parts), ""
    if not all(isinstance(part, dict) and part.keys() & named for part in parts):
        return write_json(content), ""
    texts = [(_part_text(part), part.get("type") in _THOUGHTS) for part in parts]
    return "".join(text for text, thought in texts if not thought), "".join(text for text, thought in texts if thought)


def _part_text(part: Mapping[str, Any]) -> str:
    """The text of a part: under `text`, as it is or in a `value` of its own, or under the name of its type."""
    found = [part.get(name) for name in ("text", *_THOUGHTS)]
    texts = [one.get("value") if isinstance(one, dict) else one for one in found]
    own = part.get(str(part.get("type")))
    return next(
        (one for one in texts if one and isinstance(one, str)), write_json(own) if isinstance(own, dict) else ""
    )


def _logprobs(logprobs: Any) -> list[tuple[str, float]]:
    found = logprobs.get("content") if isinstance(logprobs, Mapping) else None
    tokens = found if isinstance(found, list) else []
    pairs = [(token.get("token"), token.get("logprob")) for token in tokens if isinstance(token, Mapping)]
    return [
        (joined_halves(token), float(chance))
        for token, chance in pairs
        if isinstance(token, str) and isinstance(chance, int | float) and not isinstance(chance, bool)
    ]
