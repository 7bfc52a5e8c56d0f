"""Receipts: what a till, a ticket machine or a web shop hands over once something is paid.

Flat and short, so that even a small model on a laptop can fill it.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

__all__ = ["SCHEMA", "Receipt"]


class Receipt(BaseModel):
    """A receipt for one purchase that has been paid."""

    merchant: str = Field(description="Name of the shop or company that was paid, as printed, without its address")
    address: str | None = Field(
        None, description="Street, number and town of the merchant on one line, as printed; null if not printed"
    )
    number: str | None = Field(
        None,
        description="Number of the receipt or bill, without the word before it (No., Bill, Check); null if not printed",
    )
    date: dt.date = Field(description="Day of the purchase; numbers alone are day first, but month first in the USA")
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = Field(
        description="ISO 4217 code, such as EUR, USD, GBP, JPY; worked out from the sign and the country if not printed"
    )
    tax: Decimal | None = Field(
        None,
        description="All tax in the total (VAT, GST, sales tax) as one number; null if no tax is printed",
    )
    total: Decimal = Field(description="Amount paid, tax included, as a plain number; not the cash given or the change")

    @model_validator(mode="after")
    def _check(self) -> Self:
        """The tax is part of the total; both are negative for a refund."""
        if self.tax is not None and abs(self.tax) > abs(self.total):
            raise ValueError(f"tax of {self.tax} is more than the total of {self.total}")
        return self


SCHEMA = Receipt
