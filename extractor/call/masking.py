"""Secrets, and texts in which they are masked."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from extractor.wire.values import Reply, ToolCall

__all__ = ["Secrets"]


class Secrets:
    """What must not be shown, whoever repeats it."""

    def __init__(self, *secrets: str | None) -> None:
        self._secrets = tuple(secret for secret in secrets if secret and len(secret) >= _SHORTEST)
        pieces = {one[at : at + _SHORTEST] for one in self._secrets for at in range(len(one) - _SHORTEST + 1)}
        self._pieces = sorted(pieces)
        self._piece = re.compile(f"(?=({'|'.join(map(re.escape, self._pieces))}))")

    def hidden(self, text: str) -> str:
        """A text with the secrets masked, and with every piece of one, as where a message was cut."""
        if not any(map(text.__contains__, self._pieces)):  # which is faster than to look for all of them at once
            return text
        parts: list[str] = []
        end = 0
        for piece in self._piece.finditer(text):
            if piece.start() > end or not parts:  # not the next letter of the same piece
                parts += [text[end : piece.start()], "***"]
            end = piece.start() + _SHORTEST
        return "".join([*parts, text[end:]])

    def hidden_in(self, reply: Reply) -> Reply:
        """A reply with the secrets masked, wherever it repeats one."""
        calls = (word for call in reply.tool_calls for word in (call.id, call.name, call.arguments))
        texts = (reply.content, reply.reasoning, reply.refusal, reply.finish, reply.request_id or "", *reply.others)
        words = "\0".join((*texts, *calls))
        if self.hidden(words) == words:
            return reply
        # A token of the vocabulary is shorter than a secret, and tells only together with the others.
        changed = {name: self._masked(getattr(reply, name)) for name in _WORDS}
        return replace(reply, **{**changed, "logprobs": ()})

    def _masked(self, value: Any) -> Any:
        match value:
            case str():
                return self.hidden(value)
            case tuple():
                return tuple(map(self._masked, value))
            case ToolCall():
                return ToolCall(*map(self.hidden, (value.id, value.name, value.arguments)))
        return value

    def heard(self, hear: Callable[[str | None], None]) -> Callable[[str | None], None]:
        """What hears the pieces of a text in place of `hear`, which hears them with the secrets masked.

        What may be the beginning of a secret waits for the next piece, or for None, with which another text begins.
        """
        held = ""

        def listen(piece: str | None) -> None:
            nonlocal held
            if piece is None:
                held = ""
                hear(None)
                return
            text = held + piece
            held = self._open_end(text)
            if masked := self.hidden(text.removesuffix(held)):
                hear(masked)

        return listen

    def _open_end(self, text: str) -> str:
        """The longest end of a text that a secret has somewhere."""
        most = max(map(len, self._secrets), default=0)
        ends = (text[-size:] for size in range(min(most, len(text)), 0, -1))
        return next((end for end in ends if any(end in secret for secret in self._secrets)), "")


_WORDS = ("content", "reasoning", "refusal", "finish", "request_id", "others", "tool_calls")
_SHORTEST = 8
"""Characters; what is shorter is no token, and may well be part of other words."""
