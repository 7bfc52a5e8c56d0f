"""Invoices: who bills whom, for what, and how much is due when."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, Field

__all__ = ["SCHEMA", "Invoice", "Line", "Party"]


class Party(BaseModel):
    """A company or a person named on the invoice."""

    name: str = Field(description="Name as printed, with its legal form (Ltd, GmbH, S.A.)")
    address: str | None = Field(
        None, description="Postal address on one line, parts separated by commas, without the name"
    )
    tax_id: str | None = Field(None, description="VAT, GST or tax number, as printed")


class Line(BaseModel):
    """One thing that is billed: a row of the table of items, never a subtotal, a tax or a total."""

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
    lines: list[Line] = Field(description="Every row of the table of items, in the order printed")
    subtotal: Decimal | None = Field(None, description="Sum before tax; null if not printed")
    tax: Decimal | None = Field(None, description="All tax as one number; null if not printed")
    total: Decimal = Field(description="Amount to be paid, tax included")


SCHEMA = Invoice
