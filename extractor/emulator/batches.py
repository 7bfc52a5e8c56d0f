"""The batch queue: submit many requests at once, then ask for the answers until they are there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import uuid4

import orjson
from starlette.requests import Request

from extractor.emulator import refusals
from extractor.emulator.checks import check_edge
from extractor.emulator.faults import FAULTS
from extractor.emulator.service import Service, enveloped, fitting
from extractor.emulator.values import Exchange, Outcome, Refused
from extractor.wire.values import Usage

__all__ = ["Queue"]

_LARGEST = 10_000_000  # bytes of one submission
_BARE: Mapping[str, Any] = {"messages": []}
_SYNCHRONOUS = {"busy", "timeout", "gateway_timeout"}
"""Faults that only a request has whose answer is waited for."""


@dataclass(slots=True)
class _Batch:
    submission: Exchange
    work: asyncio.Task[list[dict[str, Any]]]
    polls: int = 0


@dataclass(slots=True)
class Queue:
    """The batches of a service, kept as long as it runs."""

    service: Service
    _batches: dict[str, _Batch] = field(default_factory=dict)

    async def answer(self, request: Request) -> Outcome:
        """Take a submission (`requests`) or a poll (`request_id`)."""
        raw = await request.body()
        exchange = self.service.arrived(request)
        try:
            body = self.service.open(exchange, request, raw)
            drawn = [FAULTS[name] for name in self.service.dice.roll(body) if name not in _SYNCHRONOUS]
            fits = [each for each in drawn if each.where == "batch" or (each.where == "refusal" and each.needs(_BARE))]
            exchange.faults = tuple(fault.name for fault in fits)
            result = self._result(len(raw), body, exchange)
        except Refused as refused:
            return self.service.close(exchange, refused.refusal)
        exchange.status = 200
        return Outcome(200, self.service.headers(exchange), orjson.dumps(enveloped(result)))

    def _result(self, size: int, body: Any, exchange: Exchange) -> dict[str, Any]:
        if self.service.catalogue().batch is False:
            raise Refused(refusals.envelope(5006, "This model does not support the batch queue"))
        if name := next((name for name in exchange.faults if FAULTS[name].where == "refusal"), None):
            raise Refused(FAULTS[name].act)
        if isinstance(body, Mapping) and "request_id" in body:
            return self._poll(str(body["request_id"]), exchange)
        if size >= _LARGEST:
            raise Refused(refusals.envelope(3006, "Request is too large", status=413))
        text = check_edge(body) or ("" if "requests" in body else "required properties at '/' are 'requests'")
        if text:
            raise Refused(refusals.bad_input(text))
        batch_id = str(uuid4())
        self._batches[batch_id] = _Batch(exchange, asyncio.create_task(self._work(body["requests"], exchange)))
        return self._status("queued", batch_id)

    def _poll(self, batch_id: str, exchange: Exchange) -> dict[str, Any]:
        batch = self._batches.get(batch_id)
        if batch is None or "batch_forgotten" in batch.submission.faults:
            raise Refused(refusals.bad_input(f"no batch has the request_id '{batch_id}'"))
        faults = exchange.faults = batch.submission.faults
        batch.polls += 1
        if not batch.work.done() or ("batch_slow" in faults and batch.polls <= 5):
            return self._status("queued" if batch.polls == 1 else "running", batch_id)
        items = list(batch.work.result())
        if "batch_shuffled" in faults:
            Random(self.service.dice.seed).shuffle(items)
        billed = batch.submission.usage or Usage()
        prompt, completion = billed.prompt_tokens, billed.completion_tokens
        usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
        return {"results" if "batch_results" in faults else "responses": items, "usage": usage}

    def _status(self, status: str, batch_id: str) -> dict[str, Any]:
        return {"status": status, "request_id": batch_id, "model": self.service.model}

    async def _work(self, requests: list[dict[str, Any]], exchange: Exchange) -> list[dict[str, Any]]:
        """Every item's answer, in order; what they are billed together stands in the submission's exchange."""
        items = [Exchange(exchange.path, exchange.headers, request) for request in requests]
        done = await asyncio.gather(*(self._item(index, item) for index, item in enumerate(items)))
        exchange.usage = sum((item.usage for item in items if item.usage), Usage())
        return list(done)

    async def _item(self, index: int, item: Exchange) -> dict[str, Any]:
        body = {name: value for name, value in item.body.items() if name != "external_reference"}
        drawn = self.service.dice.roll(body)
        item.faults = tuple(name for name in fitting(drawn, body) if FAULTS[name].where in {"answer", "reply"})
        row = {"id": index, "external_reference": item.body.get("external_reference")}
        if "batch_item" in drawn:
            return {**row, "success": False, "result": None, "errors": [{"code": 3043, "message": "AiError: failed"}]}
        try:
            return {**row, "success": True, "result": await self.service.settle(body, item)}
        except Refused as refused:
            return {**row, "success": False, "result": None, "errors": orjson.loads(refused.refusal.body)["errors"]}
