"""The look at the service before a run spends money: what its catalogue says of the model, and what is still out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sized

from extractor.call.endpoint import Endpoint
from extractor.call.http import HttpTransport
from extractor.wire.models import today

__all__ = ["look"]


_WARN: Callable[[str], None] = logging.getLogger("extractor").warning


async def look(
    http: HttpTransport,
    endpoint: Endpoint,
    *,
    batch: bool,
    out: Sized = (),
    warn: Callable[[str], None] = _WARN,
) -> bool:
    """Warn of what a person should know before the run begins; whether requests can be queued, where `batch` asks so.

    `out` are the batches of an earlier run that are not done. A catalogue that cannot be had is no failure.
    """
    entry = None if endpoint.bound else await http.look()
    for warning in entry.warnings(endpoint.price, batch=batch, today=today()) if entry else ():
        warn(warning)
    if out and not batch:
        warn(f"batches of an earlier run are still out ({len(out)}): their answers are waited for")
    return batch and not (entry and entry.batch is False)
