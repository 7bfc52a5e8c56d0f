"""Credit notes: what a seller takes back from an invoice, and why."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import accumulate
from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

__all__ = ["SCHEMA", "CreditNote", "Line"]


class Line(BaseModel):
    """One thing that is credited, never a subtotal, a tax or a total."""

    description: str = Field(description="What is credited, as printed")
    quantity: Decimal | None = Field(None, description="How many; null if not printed")
    unit_price: Decimal | None = Field(None, description="Price of one, before tax; null if not printed")
    amount: Decimal = Field(description="Amount credited before tax, as a positive number")


class CreditNote(BaseModel):
    """A credit note to an earlier invoice. All amounts are positive, whatever signs are printed."""

    number: str = Field(description="Number of the credit note, as printed")
    issued: dt.date = Field(description="Date of the credit note")
    invoice: str | None = Field(None, description="Number of the invoice that is credited, as printed")
    invoiced: dt.date | None = Field(None, description="Date of that invoice; null if not printed")
    seller: str = Field(description="Company that grants the credit")
    buyer: str = Field(description="Company or person that is credited")
    reason: str | None = Field(None, description="Why, in the words of the credit note; null if not stated")
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = Field(description="ISO 4217 code, such as EUR, USD, GBP")
    lines: list[Line] = Field(description="Every row, in the order printed")
    subtotal: Decimal | None = Field(None, description="Sum before tax; null if not printed")
    tax: Decimal | None = Field(None, description="All tax as one number; null if not printed")
    total: Decimal = Field(description="Amount credited, tax included")

    @model_validator(mode="after")
    def _check(self) -> Self:
        """Lines give the subtotal, and with tax the total, to a cent a line; no invoice is later than it."""
        cents = Decimal("0.01") * (len(self.lines) + 1)  # each amount may have been rounded
        tax, sums = self.tax or Decimal(), list(accumulate(line.amount for line in self.lines))
        # Tax may be in the lines.
        if sums and min(abs(self.total - sums[-1]), abs(self.total - tax - sums[-1])) > cents:
            raise ValueError(f"lines of {sums[-1]} and tax of {tax} do not give the total of {self.total}")
        # Freight and discounts may follow the subtotal.
        if self.subtotal is not None and min(abs(self.subtotal - net) for net in (*sums, self.total - tax)) > cents:
            raise ValueError(f"the lines, or total less tax, do not give the subtotal of {self.subtotal}")
        if self.invoiced and self.invoiced > self.issued:
            raise ValueError(f"the invoice of {self.invoiced} is later than the credit note of {self.issued}")
        return self


SCHEMA = CreditNote
