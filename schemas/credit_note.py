"""Credit notes: what a seller takes back from an invoice, and why."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
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
        """Lines and tax give the total, and no invoice is later than its credit note."""
        net = sum((line.amount for line in self.lines), Decimal())
        if self.lines and self.subtotal is not None and net != self.subtotal:
            raise ValueError(f"the lines are {net} together, not the subtotal of {self.subtotal}")
        if self.lines and self.total not in (net, net + (self.tax or 0)):  # tax may be in the lines
            raise ValueError(f"lines of {net} and tax of {self.tax or 0} do not give the total of {self.total}")
        if self.invoiced and self.invoiced > self.issued:
            raise ValueError(f"the invoice of {self.invoiced} is later than the credit note of {self.issued}")
        return self


SCHEMA = CreditNote
