"""What a request weighs: prompt tokens, the part of them that is cached, where an answer is cut, and neurons."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import orjson

from extractor.emulator.checks import picture_size, pictures
from extractor.emulator.values import Body
from extractor.text.tokens import count_tokens
from extractor.wire.images import image_tokens
from extractor.wire.values import Usage

__all__ = ["CONTEXT", "DEFAULT_MAX_TOKENS", "Meter", "allowance"]

CONTEXT = 256_000
"""Tokens of prompt and completion together."""

DEFAULT_MAX_TOKENS = 256
"""What the platform allows an answer that was asked for without a limit: a trap worth emulating."""

_BLOCK = 256  # characters; a cached prefix is matched in whole blocks
_GRAIN = 64  # tokens; cached counts come in multiples of it
_PER_MESSAGE = 4  # special tokens and role
_WORKERS = 256  # affinities whose prefixes are remembered
_NEURONS = (86_364, 14_545, 363_636)  # per million tokens: fresh, cached, completion


def allowance(body: Body) -> int:
    """The most tokens that this answer may have."""
    asked = body.get("max_completion_tokens") or body.get("max_tokens")
    return int(float(asked)) if asked else DEFAULT_MAX_TOKENS


@dataclass(slots=True)
class Meter:
    """Counts tokens, by the real vocabulary where the extra `tokens` is there, and remembers prefixes."""

    count: Callable[[str], int] = count_tokens
    _prefixes: OrderedDict[str, set[bytes]] = field(default_factory=OrderedDict)

    def prompt(self, body: Body) -> int:
        """Tokens of everything that is asked, tools included."""
        sizes = map(picture_size, pictures(body))
        seen = sum(image_tokens(*size) for size in sizes if size)
        return self.count("".join(_parts(body))) + seen + _PER_MESSAGE * len(_messages(body))

    def cached(self, body: Body, affinity: str | None, prompt_tokens: int) -> int:
        """How many of the prompt's tokens an earlier request of the same affinity began with."""
        if affinity is None:
            return 0
        text = "".join(_parts(body))
        seen = self._prefixes.setdefault(affinity, set())
        self._prefixes.move_to_end(affinity)
        if len(self._prefixes) > _WORKERS:
            self._prefixes.popitem(last=False)
        blocks = list(_chain(text))
        known = sum(block in seen for block in blocks)
        seen.update(blocks)
        return int(prompt_tokens * known * _BLOCK / max(len(text), 1)) // _GRAIN * _GRAIN

    def cut(self, text: str, limit: int) -> str:
        """The longest beginning of `text` that has no more than `limit` tokens."""
        if self.count(text) <= limit:
            return text
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.count(text[:middle]) <= limit else (low, middle - 1)
        return text[:low]

    @staticmethod
    def neurons(usage: Usage) -> float:
        """The platform's own unit of account."""
        amounts = (usage.prompt_tokens - usage.cached_tokens, usage.cached_tokens, usage.completion_tokens)
        return sum(amount * price for amount, price in zip(amounts, _NEURONS, strict=True)) / 1_000_000


def _messages(body: Body) -> list[Any]:
    return list(body["messages"]) if "messages" in body else [body["prompt"]]


def _parts(body: Body) -> Iterator[str]:
    """The text of the prompt, in order."""
    if body.get("tools"):
        yield orjson.dumps(body["tools"]).decode()
    for message in _messages(body):
        yield from _message(message)


def _message(message: Any) -> Iterator[str]:
    if isinstance(message, str):
        yield message
        return
    yield f"{message['role']}\n"
    content = message.get("content") or ""
    for part in [{"text": content}] if isinstance(content, str) else content:
        yield str(part.get("text") or "")
    if message.get("tool_calls"):
        yield orjson.dumps(message["tool_calls"]).decode()


def _chain(text: str) -> Iterator[bytes]:
    """A hash for each whole block, of the block and of all before it."""
    rolling = blake2b(digest_size=16)
    for start in range(0, len(text) - _BLOCK + 1, _BLOCK):
        rolling.update(text[start : start + _BLOCK].encode("utf-8", "surrogatepass"))
        yield rolling.digest()
