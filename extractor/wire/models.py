"""The catalogue's entry of a model: its price and window, whether it takes batches, when it is retired."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import orjson

from extractor.wire.prices import Price

__all__ = ["ModelEntry", "entry_row", "read_entry", "today"]

_UNITS = {
    "per M input tokens": "prompt",
    "per M cached input tokens": "cached",
    "per M output tokens": "completion",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """What the catalogue says of a model. None is what it does not say.

    `price` is in USD per million tokens, `window` in tokens; `batch` tells whether requests can be queued.
    """

    name: str
    price: Price | None = None
    window: int | None = None
    batch: bool | None = None
    retires: date | None = None

    def warnings(self, price: Price | None, *, batch: bool, today: date) -> Iterator[str]:
        """What a person should know before a run begins that reckons with `price`, and queues requests with `batch`."""
        if self.retires is not None:
            when = "was retired" if self.retires <= today else "is to be retired"
            yield f"{self.name} {when} on {self.retires}; choose another model from Cloudflare's model catalogue"
        if self.price is not None and price is not None and self.price != price:
            yield (
                f"{self.name} now costs {self.price} per million tokens, and costs are reckoned at {price}:"
                " update the library before you trust a cost or a budget"
            )
        if batch and self.batch is False:
            yield f"{self.name} takes no batches at present: requests are sent one by one"


def read_entry(body: bytes, model: str) -> ModelEntry | None:
    """The entry of a model in a page of `models/search`; None where the page has none that can be read."""
    try:
        rows = orjson.loads(body)["result"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    name = model.removeprefix("workers-ai/")
    found = [row for row in rows if isinstance(row, Mapping) and row.get("name") == name] if rows else []
    return _entry(found[0], name) if found else None


def entry_row(entry: ModelEntry) -> dict[str, Any]:
    """The row of `models/search` that says what an entry does."""
    values: dict[str, Any] = {
        "context_window": entry.window and str(entry.window),
        "async_queue": None if entry.batch is None else str(entry.batch).lower(),
        "planned_deprecation_date": entry.retires and entry.retires.isoformat(),
        "price": entry.price
        and [{"unit": unit, "price": getattr(entry.price, name), "currency": "USD"} for unit, name in _UNITS.items()],
    }
    properties = [{"property_id": name, "value": value} for name, value in values.items() if value is not None]
    return {"name": entry.name, "task": {"name": "Text Generation"}, "properties": properties}


def today() -> date:
    """The date that retirements are measured by."""
    return datetime.now(UTC).date()


def _entry(row: Mapping[str, Any], name: str) -> ModelEntry:
    listed = row.get("properties")
    properties = {
        one.get("property_id"): one.get("value")
        for one in (listed if isinstance(listed, list) else ())
        if isinstance(one, Mapping)
    }
    window = str(properties.get("context_window", ""))
    return ModelEntry(
        name=name,
        price=_price(properties.get("price")),
        window=int(window) if window.isdigit() else None,
        batch={"true": True, "false": False}.get(str(properties.get("async_queue")).lower()),
        retires=_date(properties.get("planned_deprecation_date")),
    )


def _price(listed: Any) -> Price | None:
    """The price where all three of its parts are listed, in dollars."""
    rows = [row for row in listed if isinstance(row, Mapping)] if isinstance(listed, list) else []
    found = {_UNITS.get(str(row.get("unit"))): row.get("price") for row in rows if row.get("currency") == "USD"}
    prompt, cached, completion = (found.get(name) for name in ("prompt", "cached", "completion"))
    if not all(isinstance(amount, int | float) for amount in (prompt, cached, completion)):
        return None
    return Price(float(prompt), float(cached), float(completion))  # type: ignore[arg-type]


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
