"""Plays exchanges that were recorded: the same request gets the reply that it got then."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from extractor.emulator.refusals import envelope
from extractor.emulator.values import Refusal
from extractor.errors import UsageError

__all__ = ["Player"]

_SEED = re.compile(rb"\b[0-9a-f]{32}\b")


@dataclass(slots=True)
class Player:
    """The replies of a recording, by what was asked; equal requests get theirs in the order of the recording, and the
    last of them for ever. Random ids of 32 hexadecimal digits in a request are all the same to it. `missing` are the
    requests without a reply."""

    missing: list[str] = field(default_factory=list)
    _replies: dict[bytes, deque[Refusal]] = field(default_factory=lambda: defaultdict(deque))

    @classmethod
    def of(cls, path: Path) -> Player:
        """The player of a file of JSON lines, as `extractor doctor --record` writes it. UsageError names a bad line."""
        player = cls()
        try:
            lines = path.read_bytes().splitlines()
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}; --play takes a file that `doctor --record` wrote") from None
        for number, line in enumerate(lines, 1):
            try:
                player._take(orjson.loads(line))
            except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
                raise UsageError(f"{path}, line {number}: no recorded exchange: {error}") from None
        return player

    def __call__(self, method: str, path: str, affinity: str, body: Any) -> Refusal:
        """The recorded reply to a request; 400 where none was recorded."""
        replies = self._replies.get(_key(method, path, affinity, body))
        if not replies:
            self.missing.append(f"{method} {path}")
            return envelope(8001, "nothing was recorded for this request")
        return replies.popleft() if len(replies) > 1 else replies[0]

    def _take(self, line: Mapping[str, Any]) -> None:
        found = dict(line["headers"])
        kind = found.pop("content-type", "application/json")
        reply = Refusal(int(line["status"]), line["reply"].encode(), kind, found)
        self._replies[_key(line["method"], line["path"], line["affinity"], line["body"])].append(reply)


def _key(method: str, path: str, affinity: str, body: Any) -> bytes:
    request = orjson.dumps((method, path, affinity, body), option=orjson.OPT_SORT_KEYS)
    return _SEED.sub(b"0", request)
