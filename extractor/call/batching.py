"""Requests sent in batches: whatever is asked for at about the same time is queued in one post, and polled for.

The service answers within minutes, and does not count batches against the limits of other requests. The caller stores
which batches are out, so that a run that was killed takes up their answers and does not pay twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Coroutine, Iterable, Mapping, MutableMapping, Sequence
from copy import copy
from typing import Any, Self, TypeGuard

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    stop_before_delay,
)

from extractor.call.clock import pause
from extractor.call.deliver import PASSING, backoff
from extractor.call.http import HttpTransport
from extractor.call.ledger import Ledger, Outcome
from extractor.call.limits import Claim
from extractor.errors import AccountError, BrokenReply, ExtractorError, Rejected, ServiceError, Unreached
from extractor.wire.batches import Batch, batch_bodies, poll_body
from extractor.wire.values import Reply, Request

__all__ = ["BATCH_SECONDS", "Batching"]

BATCH_SECONDS = 24 * 3600.0
"""How long a batch is waited for: the service speaks of minutes and sets no limit, so this is what others allow."""

_LOG = logging.getLogger("extractor")
_ATTEMPTS = 12
_GONE = 404
_SLOWER = 1.5


class Batching:
    """A transport that queues. Drive as many flows at once as a batch should hold; use it in an `async with`.

    A batch is submitted once nothing was asked for `linger` seconds. It is polled for after `pauses[0]` seconds, then
    less and less often, up to every `pauses[1]`, in seconds. What the service will not queue is sent by itself; the
    requests of a batch that it knows no more are broken replies, which it may bill. With `queue` False only what is out
    already is waited for, and all else is sent by itself.

    `out` has the batches that are out: the keys of the requests of each, by the service's id for it. Those of earlier
    runs are asked for at once. They are dropped when this is closed: by then whoever asked has kept the replies, and
    the ledger has those that nobody asked for. One that cannot be polled for, or is not done after a day, stays out,
    and is followed when asked for again; until then the ledger has it as reserved.
    """

    def __init__(
        self,
        transport: HttpTransport,
        out: MutableMapping[str, Sequence[str]],
        *,
        ledger: Ledger | None = None,
        queue: bool = True,
        linger: float = 1.0,
        pauses: tuple[float, float] = (2.0, 30.0),
    ) -> None:
        self._transport, self._batches, self._ledger = transport, out, ledger
        self._queues, self._linger, self._pauses = queue, linger, pauses
        self._askers: Counter[str] = Counter()
        self._requests_out: dict[str, asyncio.Future[Reply]] = {}
        self._waiting: dict[str, Claim] = {}
        self._out = {key: request_id for request_id, keys in out.items() for key in keys}
        self._ready: dict[str, Reply | Exception] = {}
        self._attached: set[str] = set()
        self._done: dict[str, Sequence[str]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def send(self, request: Request) -> Reply:
        """One reply, once the batch that it is in has come back. Raises what became of this one request."""
        if not self._queues and request.key not in self._out:
            return await self._transport.send(request)
        try:
            return await self._queued(request)
        except _Alone:
            return await self._transport.send(request)

    async def _queued(self, request: Request) -> Reply:
        ledger, claim = self._ledger, Claim(request)
        if ledger:
            claim.most = ledger.most(request.body)
            while not ledger.reserve(request.key, claim.most, sent=False):
                await asyncio.sleep(self._linger)
        outcome: Outcome = None
        self._askers[request.key] += 1
        try:
            outcome = reply = await asyncio.shield(self._answer(claim))
            return reply if reply.usage else self._transport.estimated(reply, claim)
        except asyncio.CancelledError:
            if self._askers[request.key] == 1 and request.key in self._waiting:
                del self._waiting[request.key], self._requests_out[request.key]
                outcome = _Alone("it was not submitted")
            raise
        except ServiceError as error:
            outcome = error
            raise
        finally:
            self._askers[request.key] -= 1
            if request.key in self._out and not isinstance(outcome, Reply):  # its reply may come yet
                if ledger:
                    ledger.postpone(request, claim.most)
            else:
                if ledger:
                    ledger.settle(request, claim.most, outcome)
                if isinstance(outcome, ServiceError):
                    self._transport.charge(outcome, claim)

    async def aclose(self) -> None:
        """Stop polling. What is still out stays so."""
        if self._timer:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for request_id, keys in self._done.items():
            unclaimed = {key: self._ready[key] for key in keys if key in self._ready}
            if self._ledger:
                self._ledger.unclaimed(unclaimed)
            if self._ledger or not any(isinstance(outcome, Reply) for outcome in unclaimed.values()):
                del self._batches[request_id]

    async def __aenter__(self) -> Self:
        for request_id in self._batches:
            self._attach(request_id, earlier=True)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def _answer(self, claim: Claim) -> asyncio.Future[Reply]:
        key = claim.request.key
        if key in self._requests_out:
            return self._requests_out[key]
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._requests_out[key] = future
        if key in self._ready:
            self._resolve(key, self._ready.pop(key))
            return future
        if key in self._out:
            self._attach(self._out[key])
        else:
            self._wait_for_more(key, claim)
        return future

    def _wait_for_more(self, key: str, claim: Claim) -> None:
        if not self._queues:
            self._fail([key], _Alone("requests are not queued"))
            return
        self._waiting[key] = claim
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(self._linger, self._submit)

    def _submit(self) -> None:
        waiting, self._waiting = self._waiting, {}
        try:
            bodies = list(batch_bodies((key, claim.request.body) for key, claim in waiting.items()))
            for key, claim in waiting.items():
                if self._ledger:
                    self._ledger.write(key, claim.most, claim.request.document)
        except ExtractorError as error:
            self._fail(waiting, error)
            return
        for body in bodies:
            keys = [item["external_reference"] for item in body["requests"]]
            self._begin(self._submitted(body, keys), keys)

    def _begin(self, work: Coroutine[Any, Any, None], keys: Sequence[str]) -> None:
        """Do work in a task of its own. Whatever breaks it, as a full disk may, breaks the requests that it is for."""

        async def done() -> None:
            try:
                await work
            except Exception as error:
                self._fail([key for key in keys if key in self._requests_out], error)

        task = asyncio.create_task(done())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _submitted(self, body: Mapping[str, Any], keys: Sequence[str]) -> None:
        try:
            request_id = (await self._queue(body, billed=True)).request_id
        except Rejected:
            self._fail(keys, _Alone("the service does not queue this request"))
            return
        except ServiceError as error:
            self._fail(keys, error)
            return
        if request_id is None:
            self._fail(keys, BrokenReply("the service took a batch and gave no id for it: a retry may help"))
            return
        self._batches[request_id] = keys
        self._out |= dict.fromkeys(keys, request_id)
        self._attach(request_id)

    def _attach(self, request_id: str, *, earlier: bool = False) -> None:
        if request_id not in self._attached:
            self._attached.add(request_id)
            keys = [key for key, batch in self._out.items() if batch == request_id]
            self._begin(self._taken_up(request_id, keys, earlier), keys)

    async def _taken_up(self, request_id: str, keys: Sequence[str], earlier: bool) -> None:
        """Follow a batch to its end; where the service knows it no more, its requests may be billed all the same."""
        try:
            await self._followed(request_id, keys, 0.0 if earlier else self._pauses[0])
        except ServiceError as error:
            if not _forgotten(error):
                self._attached.discard(request_id)
                self._fail([key for key in keys if key in self._requests_out], error)
                return
            _LOG.warning("the service has lost batch %s (%s): retrying its requests", request_id, error)
            self._done[request_id] = keys
            self._fail(keys, BrokenReply("the service lost the batch with this request, and may bill it"))
        for key in keys:
            del self._out[key]

    async def _followed(self, request_id: str, keys: Sequence[str], seconds: float) -> None:
        """Poll for a batch, first after some seconds, and hand out what it came back with."""
        waited, batch = 0.0, Batch("queued", request_id)
        while batch.status != "done":
            if waited >= BATCH_SECONDS:
                raise _StillOut(
                    f"batch {request_id} is not done after {BATCH_SECONDS / 3600:g} h:"
                    " run the same again to take its answers when they come"
                )
            await _sleep(seconds)
            waited, seconds = waited + seconds, min(max(seconds * _SLOWER, self._pauses[0]), self._pauses[1])
            batch = await self._queue(poll_body(request_id))
        found: dict[str, Reply | ServiceError] = {}
        for item in batch.items:
            place = keys[item.index] if 0 <= item.index < len(keys) else ""
            found.setdefault(item.reference or place, item.outcome)
        for key in keys:
            self._resolve(key, found.get(key) or BrokenReply("the batch came back without this request"))
        self._done[request_id] = keys

    async def _queue(self, body: Mapping[str, Any], *, billed: bool = False) -> Batch:
        """Submit or poll. What may be `billed` is not sent again here where it may have arrived."""
        retried = retry_if_exception(lambda error: _passes(error) and not (billed and error.billable))
        stop = stop_after_attempt(_ATTEMPTS) | stop_before_delay(BATCH_SECONDS)
        retrying = AsyncRetrying(sleep=_sleep, retry=retried, wait=_pause, stop=stop, reraise=True)
        return await retrying(self._transport.queue, body)

    def _fail(self, keys: Iterable[str], error: Exception) -> None:
        for key in keys:
            self._resolve(key, copy(error))  # each says what its own request can have cost

    def _resolve(self, key: str, outcome: Reply | Exception) -> None:
        """Hand an outcome to whoever asked; one that nobody asked for yet is kept until somebody does."""
        future = self._requests_out.pop(key, None)
        if future is None or not self._askers[key]:  # whoever asked may have been cancelled
            self._ready[key] = outcome
        elif future.done():
            return
        elif isinstance(outcome, Reply):
            future.set_result(outcome)
        else:
            future.set_exception(outcome)


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    return backoff(error, state.attempt_number) if isinstance(error, ServiceError) else 0.0


async def _sleep(seconds: float) -> None:
    await asyncio.sleep(pause(seconds))


def _passes(error: BaseException) -> TypeGuard[ServiceError]:
    return isinstance(error, PASSING) and not isinstance(error, Unreached)


def _forgotten(error: ServiceError) -> bool:
    """Whether a poll says that there is no such batch, or that it ended without answers; a lost route is one, too."""
    if isinstance(error, AccountError):
        return error.status == _GONE
    return not isinstance(error, (_StillOut, *PASSING))


class _Alone(ServiceError):
    """A request that is not queued: it is sent by itself."""


class _StillOut(ServiceError):
    """A batch that was waited for long enough. It may yet be done, so that none of it is asked anew."""
