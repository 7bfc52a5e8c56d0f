"""Purchase orders: what a buyer orders from a supplier, where it goes and by when."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, Field

__all__ = ["SCHEMA", "Item", "PurchaseOrder"]


class Item(BaseModel):
    """One row of the order."""

    sku: str = Field(description="Article or part number, as printed")
    description: str = Field(description="What is ordered, as printed")
    quantity: Decimal = Field(description="How many are ordered")
    unit: str | None = Field(None, description="Unit of the quantity, as printed, such as pcs, kg, box")
    unit_price: Decimal | None = Field(None, description="Price of one unit")
    amount: Decimal | None = Field(None, description="Price of the row")


class PurchaseOrder(BaseModel):
    """An order that a buyer places with a supplier."""

    number: str = Field(description="Number of the order, as printed")
    ordered: dt.date = Field(description="Date of the order")
    buyer: str = Field(description="Company that orders")
    supplier: str = Field(description="Company that is to deliver")
    deliver_to: str | None = Field(None, description="Address for the delivery on one line, parts separated by commas")
    deliver_by: dt.date | None = Field(None, description="Last day for the delivery")
    terms: str | None = Field(None, description="Terms of payment or delivery, as printed, such as Net 30 or DAP")
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = Field(description="ISO 4217 code, such as EUR, USD, GBP")
    items: list[Item] = Field(description="Every row of the order, in the order printed")
    total: Decimal | None = Field(None, description="Total of the order, as printed")


SCHEMA = PurchaseOrder
