"""A value that grows while the model writes it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from extractor.call.connections import Secrets
from extractor.pipeline.streaming import Growing, Partial
from extractor.schema.compiler import compile_schema


class Line(BaseModel):
    """A line."""

    sku: str
    amount: Decimal


class Bill(BaseModel):
    """A bill."""

    issued: dt.date
    lines: list[Line]


@pytest.mark.parametrize("size", [1, 3, 5, 100])
def test_no_secret_is_repeated(size: int) -> None:
    """However a stream cuts a token into pieces, no partial value holds eight letters of it, and all have the rest."""
    seen: list[Partial[Any]] = []
    growing = Growing(compile_schema(Bill), seen.append, Secrets("s3cr3t-t0ken-0123456789").hidden)
    text = '{"lines": [{"sku": "the token is s3cr3t-t0ken-0123456789, s3cr3t ends"}]}'
    for at in range(0, len(text), size):
        growing(text[at : at + size])
    assert not [partial for partial in seen if "s3cr3t-t" in str(partial.data)]
    assert seen[-1].data == {"lines": [{"sku": "the token is ***, s3cr3t ends"}]}


def test_leaves_have_their_types_as_soon_as_they_can_be_read() -> None:
    """Dates and decimals are such objects once they are whole, and text until then."""
    seen: list[Partial[Any]] = []
    growing = Growing(compile_schema(Bill), seen.append)
    for piece in ('{"issued": "2026-0', '3-01", "lines": [{"sku": "A", "amount": "1.50', '"}, {"sku": "B"'):
        growing(piece)
    assert [partial.data for partial in seen] == [
        {"issued": "2026-0"},
        {"issued": dt.date(2026, 3, 1), "lines": [{"sku": "A", "amount": Decimal("1.50")}]},
        {"issued": dt.date(2026, 3, 1), "lines": [{"sku": "A", "amount": Decimal("1.50")}, {"sku": "B"}]},
    ]
