"""Watching one value grow while the model writes it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from extractor.call.drivers import AsyncTransport
from extractor.errors import InvalidValue
from extractor.pipeline.result import Result
from extractor.schema.compiler import Schema
from extractor.schema.text import partial_from_text
from extractor.wire.disarm import armed_value
from extractor.wire.values import Reply, Request

__all__ = ["Growing", "InTurn", "Partial"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Partial(Generic[T]):
    """What has arrived so far: `data` is JSON in the declared shape, not validated. The last one has the `result`."""

    data: Any
    result: Result[T] | None = None


class Growing:
    """Hears the pieces of an answer and tells the value so far, in the declared shape, as it grows.

    It tells after each piece at first and after each twentieth part more of a long answer, so that all the telling
    together, for which the text is read from its start, takes time in proportion to the answer.
    """

    def __init__(self, schema: Schema[Any], tell: Callable[[Partial[Any]], None]) -> None:
        self._schema, self._tell = schema, tell
        self._pieces: list[str] = []
        self._heard = self._reported = 0

    def __call__(self, piece: str | None) -> None:
        """Take a piece of text; None when an answer begins anew."""
        if piece is None:
            self._pieces, self._heard, self._reported = [], 0, 0
            return
        self._pieces.append(piece)
        self._heard += len(piece)
        if self._heard < 1.05 * self._reported:
            return
        self._reported = self._heard
        try:
            value = partial_from_text("".join(self._pieces))
        except InvalidValue:
            return  # near-JSON is mended once it is whole
        if value is not None:
            self._tell(Partial(self._schema.unwrap(armed_value(value)).value))


class InTurn:
    """A transport that sends one request at a time, so that the pieces of two answers never mix."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport, self._lock = transport, asyncio.Lock()

    async def send(self, request: Request) -> Reply:
        async with self._lock:
            return await self._transport.send(request)
