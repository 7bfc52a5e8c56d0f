"""The catalogue's entry of a model, read leniently."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.wire.models import ModelEntry, entry_row, read_entry
from extractor.wire.prices import Price

NAME = "@cf/maker/model-1"


def page(*rows: Any) -> bytes:
    return json.dumps({"result": list(rows), "success": True, "errors": [], "messages": []}).encode()


prices = st.builds(Price, *[st.floats(0, 100)] * 3)
entries = st.builds(
    ModelEntry,
    name=st.just(NAME),
    price=st.none() | prices,
    window=st.none() | st.integers(1, 10**7),
    batch=st.none() | st.booleans(),
    retires=st.none() | st.dates(),
)


@given(entries)
def test_what_is_written_is_read(entry: ModelEntry) -> None:
    """A row of the catalogue gives back all that it was made of, whatever stands around it."""
    assert read_entry(page({"name": "@cf/maker/model-10"}, entry_row(entry), 5), NAME) == entry
    assert read_entry(page(entry_row(entry)), f"workers-ai/{NAME}") == entry


@pytest.mark.parametrize(
    ("properties", "entry"),
    [
        (None, {}),
        ([5, {"property_id": "context_window", "value": 262144}], {"window": 262144}),
        ([{"property_id": "planned_deprecation_date", "value": "2026-10-01 00:00:00"}], {"retires": date(2026, 10, 1)}),
        ([{"property_id": "planned_deprecation_date", "value": "soon"}], {}),
        ([{"property_id": "price", "value": [{"unit": "per M input tokens", "price": 1, "currency": "USD"}]}], {}),
        ([{"property_id": "async_queue", "value": True}], {"batch": True}),
    ],
)
def test_what_is_not_there_is_not_known(properties: Any, entry: dict[str, Any]) -> None:
    """A property that is missing, or that cannot be read, is None; half a price is none."""
    assert read_entry(page({"name": NAME, "properties": properties}), NAME) == ModelEntry(name=NAME, **entry)


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"result": null}', b'{"result": []}', b'{"result": [null]}'])
def test_a_page_that_says_nothing(body: bytes) -> None:
    """A page without the model is no entry, and no error."""
    assert read_entry(body, NAME) is None
