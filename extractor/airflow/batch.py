"""`ExtractBatchOperator`: requests wait in the service's queue, and the task in the triggerer, at no worker's cost.

Each time the task wakes it runs its pipeline again: what was answered is in the journal, batches that are out are
taken up by their ids, which the journal holds too, and new questions go out in a new batch.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import fields, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent
from asgiref.sync import sync_to_async

from extractor.airflow.hook import WorkersAIHook
from extractor.airflow.operators import ExtractOperator
from extractor.errors import ServiceError, UsageError

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from extractor.call.endpoint import Endpoint
    from extractor.call.http import HttpTransport
    from extractor.pipeline.pipeline import Pipeline
    from extractor.shards.work import Manifest

__all__ = ["BatchTrigger", "ExtractBatchOperator"]

_LEAST_PATIENCE = 5.0


class ExtractBatchOperator(ExtractOperator):
    """ExtractOperator with queued requests. The task waits in the triggerer, without a worker slot.

    Batches that are not done after a day fail the task; a retry, or clearing it, takes them up without new requests.

    :param patience: seconds without news after which the task gives up its worker slot; 5 or more, as taking the
        answers of a finished batch takes a few.
    :param poll_seconds: how often the triggerer asks for the batches that are out.
    """

    def __init__(self, *, patience: float = 60.0, poll_seconds: float = 30.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if patience < _LEAST_PATIENCE:
            raise UsageError(f"{self.task_id}: patience is {patience}: give {_LEAST_PATIENCE} or more")
        self.patience, self.poll_seconds = patience, poll_seconds

    def execute(self, context: Context) -> Manifest:
        """Run until the answers are there or only batches are waited for; then the triggerer waits."""
        from extractor.airflow.attended import StillOut
        from extractor.call.batching import BATCH_SECONDS

        try:
            return super().execute(context)
        except StillOut as out:
            config = self._job().config
            trigger = BatchTrigger(self.workersai_conn_id, config.model, out.request_ids, self.poll_seconds)
            self.log.info("%d batches are out: deferred until they are done", len(out.request_ids))
        self.defer(trigger=trigger, method_name="resume", timeout=timedelta(seconds=BATCH_SECONDS))
        raise AssertionError("defer always raises")

    def resume(self, context: Context, event: Any) -> Manifest:
        """Go on once the batches are done. What failed is asked about again when a task begins, and not here."""
        self.redo = "none"
        return self.execute(context)

    def _job(self) -> Pipeline:
        from extractor.airflow.attended import Attended

        job = super()._job()
        parts = {field.name: getattr(job, field.name) for field in fields(job)}
        return Attended(**{**parts, "config": replace(job.config, batch=True)}, patience=self.patience)


class BatchTrigger(BaseTrigger):
    """Fires once none of some batches is under way any more. It carries the connection's id, never what is in it."""

    def __init__(self, conn_id: str | None, model: str, request_ids: Sequence[str], poll_seconds: float) -> None:
        super().__init__()
        self.conn_id, self.model = conn_id, model
        self.request_ids, self.poll_seconds = list(request_ids), poll_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """What the triggerer makes the trigger of again."""
        names = ("conn_id", "model", "request_ids", "poll_seconds")
        return f"{__name__}.BatchTrigger", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """One event, with the ids; the task itself takes the answers, or deals with a batch that was lost."""
        from extractor.call.http import HttpTransport

        endpoint = await sync_to_async(self._endpoint)()
        async with HttpTransport(endpoint) as transport:
            left = list(self.request_ids)
            while left := [request_id for request_id in left if await _under_way(transport, request_id)]:
                await asyncio.sleep(self.poll_seconds)
        yield TriggerEvent({"request_ids": self.request_ids})

    def _endpoint(self) -> Endpoint:
        from extractor.pipeline.config import Config

        if self.conn_id is None:
            return Config(model=self.model).endpoint()
        return WorkersAIHook(self.conn_id).config(model=self.model).endpoint()


async def _under_way(transport: HttpTransport, request_id: str) -> bool:
    from extractor.call.deliver import PASSING
    from extractor.wire.batches import poll_body

    try:
        return (await transport.queue(poll_body(request_id))).status != "done"
    except PASSING:
        return True
    except ServiceError:
        return False
