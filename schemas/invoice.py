"""Invoices: who bills whom, for what, and how much is due when."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import accumulate
from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

__all__ = ["SCHEMA", "Invoice", "Line", "Party"]


class Party(BaseModel):
    """A company or a person named on the invoice."""

    name: str = Field(description="Name as printed, with its legal form (Ltd, GmbH, S.A.)")
    address: str | None = Field(
        None, description="Postal address on one line, parts separated by commas, without the name"
    )
    tax_id: str | None = Field(None, description="VAT, GST or tax number, as printed")


class Line(BaseModel):
    """One thing that is billed, or a discount, freight or other charge: never a subtotal, a tax or a total."""

    description: str = Field(description="What is billed, as printed, without its position number")
    quantity: Decimal | None = Field(None, description="How many; null if not printed")
    unit_price: Decimal | None = Field(None, description="Price of one, before tax; null if not printed")
    amount: Decimal = Field(description="Amount of this row before tax; negative for a discount")


class Invoice(BaseModel):
    """An invoice or a credit note."""

    number: str = Field(description="Number of the invoice, as printed")
    issued: dt.date = Field(description="Date of the invoice")
    due: dt.date | None = Field(None, description="Last day for payment, only where a date is printed")
    order: str | None = Field(None, description="The customer's order or reference number; null if there is none")
    seller: Party = Field(description="Who sends the invoice and is to be paid")
    buyer: Party = Field(description="Who is billed")
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = Field(description="ISO 4217 code, such as EUR, USD, GBP")
    lines: list[Line] = Field(description="Every row of the table of items, and the charges and discounts below it")
    subtotal: Decimal | None = Field(None, description="Sum before tax; null if not printed")
    tax: Decimal | None = Field(None, description="All tax as one number, less tax withheld; null if not printed")
    total: Decimal = Field(description="Total of the invoice, tax included, before payments already made are deducted")

    @model_validator(mode="after")
    def _check(self) -> Self:
        """Lines give the subtotal, and with tax the total, to a cent a line; nothing is due before it is billed."""
        cents = Decimal("0.01") * (len(self.lines) + 1)  # each amount may have been rounded
        tax, sums = self.tax or Decimal(), list(accumulate(line.amount for line in self.lines))
        # Tax may be in the lines.
        if sums and min(abs(self.total - sums[-1]), abs(self.total - tax - sums[-1])) > cents:
            raise ValueError(f"lines of {sums[-1]} and tax of {tax} do not give the total of {self.total}")
        # Freight and discounts may follow the subtotal.
        if self.subtotal is not None and min(abs(self.subtotal - net) for net in (*sums, self.total - tax)) > cents:
            raise ValueError(f"the lines, or total less tax, do not give the subtotal of {self.subtotal}")
        if self.due and self.due < self.issued:
            raise ValueError(f"due on {self.due}, before the invoice of {self.issued}")
        return self


SCHEMA = Invoice
