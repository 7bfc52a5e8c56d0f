"""A file with a line for each request that was sent, for whoever wants to follow a run or look at it later."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Self

import orjson

from extractor.call.events import Event
from extractor.errors import UsageError

__all__ = ["RequestLog"]


class RequestLog:
    """A listener that appends a JSON line for each request, as soon as its reply or failure is there.

        {"at": "2026-11-30T08:12:01.123+00:00", "document": "a.pdf", "model": ..., "attempt": 1, "seconds": 2.1,
         "outcome": "reply", "detail": ..., "request_id": ..., "prompt_tokens": 900, ..., "cost_usd": 0.00123}

    `outcome` is "reply" or the name of an error; tokens and cost are null where the service did not tell them. A reply
    that is used from the journal was no request. Secrets are masked. UsageError where the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = path.open("ab")
        except OSError as error:
            raise UsageError(f"cannot write to {path}: {error.strerror or error}; name another --log file") from error
        self._lock = Lock()

    def __call__(self, event: Event) -> None:
        """Write the line of a request that has ended."""
        if event.kind not in ("reply", "failure") or event.reused:
            return
        usage = event.usage
        line: dict[str, Any] = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "document": event.name,
            "model": event.model,
            "attempt": event.attempt,
            "seconds": event.seconds and round(event.seconds, 3),
            "outcome": event.error or "reply",
            "detail": event.detail,
            "request_id": event.request_id,
            "prompt_tokens": usage and usage.prompt_tokens,
            "cached_tokens": usage and usage.cached_tokens,
            "completion_tokens": usage and usage.completion_tokens,
            "cost_usd": usage and usage.cost_usd,
        }
        with self._lock:
            self._file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
            self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
