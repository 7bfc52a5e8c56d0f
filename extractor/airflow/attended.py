"""A pipeline that stops once only batches are left to wait for, so that the triggerer can wait for them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from extractor.pipeline.config import Session
from extractor.pipeline.job import Job
from extractor.pipeline.pipeline import Pipeline
from extractor.sources.files import Entry

__all__ = ["Attended", "StillOut"]

_WAITING = "stopped while batches were out: the next try takes them up"


class StillOut(Exception):
    """Nothing is left to do but to wait for batches; no error, so nothing of ours may catch it."""

    def __init__(self, request_ids: Sequence[str]) -> None:
        super().__init__(_WAITING)
        self.request_ids = list(request_ids)


@dataclass(frozen=True)
class Attended(Pipeline):
    """A pipeline that raises StillOut once it has only waited for batches for `patience` seconds."""

    patience: float = 60.0

    async def _run(self, job: Job, session: Session, found: Iterator[Entry]) -> None:
        work = asyncio.ensure_future(Pipeline._run(self, job, session, found))
        try:
            while not work.done():
                seen = _news(job)
                await asyncio.wait({work}, timeout=self.patience)
                out = list(job.journal.note("batches") or ())
                if not work.done() and out and seen == _news(job):
                    raise StillOut(out)
            await work
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)


def _news(job: Job) -> tuple[Any, ...]:
    """Changes with every batch that goes out, every answer and every document that ends."""
    return (*(job.journal.note("batches") or ()), job.journal.spent(), job.totals.documents)
