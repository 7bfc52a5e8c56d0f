"""Batches: many requests queued in one post, asked for later, answered in any order, each item by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from extractor.errors import Rejected, ServiceError, UsageError
from extractor.schema.text import write_json
from extractor.wire.prices import Price
from extractor.wire.replies import broken, parse_completion, refusal, unwrapped
from extractor.wire.values import Reply

__all__ = ["MAX_BYTES", "Batch", "BatchItem", "batch_bodies", "parse_batch", "poll_body"]

MAX_BYTES = 9_500_000
"""What one post may hold: the service takes less than 10 MB."""

_UNFIT = ("stream", "options")
_ENDED = ("failed", "error", "errored", "cancelled", "expired", "not_found", "unknown")


@dataclass(frozen=True, slots=True)
class BatchItem:
    """The outcome of one request of a batch, by the reference it was sent under (None where it came back without)."""

    reference: str | None
    index: int
    outcome: Reply | ServiceError


@dataclass(frozen=True, slots=True)
class Batch:
    """Where a batch stands; `items` are there once it is done, in no promised order."""

    status: Literal["queued", "running", "done"]
    request_id: str | None = None
    items: tuple[BatchItem, ...] = ()


def batch_bodies(
    requests: Iterable[tuple[str, Mapping[str, Any]]], *, limit: int = MAX_BYTES
) -> Iterator[dict[str, Any]]:
    """Bodies to submit, each under `limit` bytes, from pairs of a reference and a native request body.

    UsageError for a request that cannot be queued: one that streams, refuses to wait, or is too large by itself.
    """
    packed: list[dict[str, Any]] = []
    size = 0
    for reference, body in requests:
        item = {**body, "external_reference": reference}
        weight = _weight(item, limit)
        if packed and size + weight > limit:
            yield {"requests": packed}
            packed, size = [], 0
        packed.append(item)
        size += weight
    if packed:
        yield {"requests": packed}


def poll_body(request_id: str) -> dict[str, str]:
    """The body that asks how far a batch is."""
    return {"request_id": request_id}


def parse_batch(status: int, headers: Mapping[str, str], body: bytes, *, price: Price | None, model: str = "") -> Batch:
    """Where the batch stands after a submit or a poll, or the ServiceError that the response stands for."""
    result = unwrapped(status, headers, body, price=price, model=model)
    if not isinstance(result, Mapping):
        raise broken("the state of the batch is no object", status, None)
    found = next((result[name] for name in ("responses", "results") if isinstance(result.get(name), list)), None)
    request_id = result.get("request_id")
    state = result.get("status")
    if found is not None and state not in ("queued", "running"):
        return Batch("done", request_id, tuple(_item(entry, place, price) for place, entry in enumerate(found)))
    if state in _ENDED:
        raise Rejected(f"the batch ended as {state}, without answers", status=status)
    return Batch("queued" if state == "queued" else "running", request_id)


def _weight(item: Mapping[str, Any], limit: int) -> int:
    for name in _UNFIT:
        if item.get(name):
            raise UsageError(f"{name}: a batch cannot carry it; leave it out of the options")
    weight = len(orjson.dumps(item)) + 1
    if weight > limit:
        raise UsageError(
            f"{item['external_reference']}: {weight:,} bytes is more than a batch takes ({limit:,}); split it"
        )
    return weight


def _item(entry: Any, place: int, price: Price | None) -> BatchItem:
    whole = entry if isinstance(entry, Mapping) else {"success": False, "error": "an item that is not an object"}
    reference, index = whole.get("external_reference"), str(whole.get("id"))
    outcome = _outcome(whole, price)
    where = int(index) if index.isdecimal() else place
    return BatchItem(reference if isinstance(reference, str) else None, where, outcome)


def _outcome(whole: Mapping[str, Any], price: Price | None) -> Reply | ServiceError:
    result = whole.get("result")
    if whole.get("success") is False or whole.get("error") or whole.get("errors") or result is None:
        return refusal(200, {}, write_json(whole).encode(), whole, price=price)
    try:
        return parse_completion(result, price=price)
    except ServiceError as error:
        return error
