"""Purchase orders: what a buyer orders from a supplier, where it goes and by when."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

__all__ = ["SCHEMA", "Item", "PurchaseOrder"]


class Item(BaseModel):
    """One row of the order: goods, a service, or freight, never a subtotal, a tax or a total."""

    sku: str | None = Field(None, description="Article or part number, as printed; null for a row without one")
    description: str = Field(description="What is ordered, as printed")
    quantity: Decimal = Field(description="How many are ordered; 1 for a lump sum")
    unit: str | None = Field(None, description="Unit of the quantity, as printed, such as pcs, kg, box")
    unit_price: Decimal | None = Field(None, description="Price of one unit before tax; null if not printed")
    amount: Decimal | None = Field(None, description="Price of the whole row before tax; null if not printed")


class PurchaseOrder(BaseModel):
    """An order that a buyer places with a supplier."""

    number: str = Field(description="Number of the order, as printed")
    ordered: dt.date = Field(description="Date of the order")
    buyer: str = Field(description="Company that orders")
    supplier: str = Field(description="Company that is to deliver")
    deliver_to: str | None = Field(None, description="Address for the delivery on one line, parts separated by commas")
    deliver_by: dt.date | None = Field(None, description="Last day for the delivery; null if none is printed")
    terms: str | None = Field(None, description="Terms of payment or delivery, as printed, such as Net 30 or DAP")
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = Field(description="ISO 4217 code, such as EUR, USD, GBP")
    items: list[Item] = Field(description="Every row of the order, in the order printed")
    tax: Decimal | None = Field(None, description="All tax in the total as one number; null if not printed")
    total: Decimal | None = Field(None, description="Total of the order, as printed; null for an order without prices")

    @model_validator(mode="after")
    def _check(self) -> Self:
        """Priced rows and tax give the total, to a cent a row; nothing is to be delivered before it is ordered."""
        amounts = [item.amount for item in self.items if item.amount is not None]
        if self.total is not None and amounts and len(amounts) == len(self.items):
            rest, cents = self.total - sum(amounts), Decimal("0.01") * (len(amounts) + 1)  # each may have been rounded
            if min(abs(rest), abs(rest - (self.tax or 0))) > cents:  # tax may be in the rows
                raise ValueError(f"rows of {sum(amounts)} and tax of {self.tax or 0} do not give {self.total}")
        if self.deliver_by and self.deliver_by < self.ordered:
            raise ValueError(f"to be delivered by {self.deliver_by}, before the order of {self.ordered}")
        return self


SCHEMA = PurchaseOrder
