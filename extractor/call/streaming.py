"""Answers that are heard while they are written: a transport whose `send` streams, for any flow."""

from __future__ import annotations

from extractor.call.http import HttpTransport
from extractor.call.receiving import Heard
from extractor.wire.values import Reply, Request

__all__ = ["Streaming"]


class Streaming:
    """Sends as the transport it is made of does, and lets `heard` hear whole answers grow; repairs are not heard."""

    def __init__(self, transport: HttpTransport, heard: Heard) -> None:
        self._transport, self._heard = transport, heard

    async def send(self, request: Request) -> Reply:
        return await self._transport.send(request, heard=None if request.purpose == "repair" else self._heard)
