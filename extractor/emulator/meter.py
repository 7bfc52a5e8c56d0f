"""What a request weighs: prompt tokens, the part of them that is cached, where an answer is cut, and neurons."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from extractor.emulator.checks import picture_size
from extractor.emulator.values import Body
from extractor.text.tokens import count_tokens, encoder
from extractor.wire.images import image_tokens
from extractor.wire.values import Usage

__all__ = ["CONTEXT", "DEFAULT_MAX_TOKENS", "Meter", "Prompt", "allowance"]

CONTEXT = 256_000
"""Tokens of prompt and completion together."""

DEFAULT_MAX_TOKENS = 256
"""What the platform allows an answer that was asked for without a limit: a trap worth emulating."""

_BLOCK = 64  # tokens; a cached prefix is matched in whole blocks
_NEURONS = (86_364, 14_545, 363_636)  # per million tokens: fresh, cached, completion
_ROUGH = re.compile(r"\s?[^\W\d_]{1,6}|\d{1,3}|\s+|[\W_]")


def allowance(body: Body) -> int:
    """The most tokens that this answer may have."""
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    return int(float(limit)) if limit else DEFAULT_MAX_TOKENS


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt as the cache sees it: its tokens, how many of them a block has, and a hash for each whole block, of
    the block and of all before it."""

    tokens: int
    block: float = _BLOCK
    blocks: tuple[int, ...] = field(default=(), repr=False)


@dataclass(slots=True)
class Meter:
    """Counts tokens and remembers prefixes, as exactly as the vocabulary of the extra `tokens` allows.

    Without it counts are estimates, and a prefix is matched in blocks of rough pieces.
    """

    count: Callable[[str], int] = count_tokens
    _encode: Callable[[str], Sequence[Hashable]] | None = field(default_factory=encoder)
    _prefixes: dict[str, set[int]] = field(default_factory=dict)

    def prompt(self, body: Body) -> Prompt:
        """The weight of everything that a request shows, tools and pictures included."""
        pieces: list[Hashable] = []
        estimate = 0
        for part in _parts(body):
            found = (self._encode or _ROUGH.findall)(part) if isinstance(part, str) else part
            estimate += self.count(part) if isinstance(part, str) and self._encode is None else len(found)
            pieces += found
        block = _BLOCK * estimate / max(len(pieces), 1)
        return Prompt(estimate, block, tuple(_chain(pieces)))

    def cached(self, prompt: Prompt, affinity: str | None) -> int:
        """How many of the prompt's tokens an earlier request of the same affinity began with, in whole blocks.

        At least one token is always computed, so that a prompt is never cached whole.
        """
        seen = self._prefixes.get(affinity or "", set())
        known = next((place for place, block in enumerate(prompt.blocks) if block not in seen), len(prompt.blocks))
        return min(int(known * prompt.block), prompt.tokens - 1) // _BLOCK * _BLOCK

    def remember(self, prompt: Prompt, affinity: str | None) -> None:
        """Keep a prompt's prefixes for later requests of the same affinity; without one they are out of reach."""
        if affinity:
            self._prefixes.setdefault(affinity, set()).update(prompt.blocks)

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


def _parts(body: Body) -> Iterator[str | Sequence[Hashable]]:
    """The prompt in the order of the model's template: texts, and what is a token already."""
    if body.get("tools"):
        yield orjson.dumps(body["tools"]).decode()
    if "messages" not in body:
        yield str(body["prompt"])
        return
    for message in body["messages"]:
        yield ("<|im_begin|>", message["role"], "<|im_middle|>")
        content = message.get("content") or ""
        for part in [{"text": content}] if isinstance(content, str) else content:
            yield from _part(part)
        if message.get("tool_calls"):
            yield orjson.dumps(message["tool_calls"]).decode()
        yield ("<|im_end|>",)


def _part(part: Any) -> Iterator[str | Sequence[Hashable]]:
    """A part of a message; a picture's tokens are known by the bytes that they come from."""
    yield str(part.get("text") or "")
    picture = part.get("image_url")
    url = picture.get("url") if isinstance(picture, dict) else picture
    size = picture_size(url) if isinstance(url, str) and url.startswith("data:") else None
    if size:
        yield (hash(url),) * image_tokens(*size)


def _chain(pieces: Sequence[Hashable]) -> Iterator[int]:
    rolling = 0
    for start in range(0, len(pieces) - _BLOCK + 1, _BLOCK):
        rolling = hash((rolling, *pieces[start : start + _BLOCK]))
        yield rolling
