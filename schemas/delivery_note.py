"""Delivery notes: what was sent to whom, on which order, and what is still to come."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Self

from pydantic import BaseModel, Field, model_validator

__all__ = ["SCHEMA", "DeliveryNote", "Item"]


class Item(BaseModel):
    """One row of the delivery."""

    sku: str | None = Field(None, description="Article or part number, as printed; null if not printed")
    description: str = Field(description="What is delivered, as printed")
    ordered: Decimal | None = Field(None, description="Quantity ordered; null if not printed")
    delivered: Decimal = Field(description="Quantity in this delivery; 0 for an item that is only announced")
    outstanding: Decimal | None = Field(None, description="Quantity still to come (back order); null if not printed")
    unit: str | None = Field(None, description="Unit of the quantities, as printed, such as pcs, kg, box")


class DeliveryNote(BaseModel):
    """A note that comes with goods: a delivery note or packing slip, without prices."""

    number: str = Field(description="Number of the delivery note, as printed")
    delivered: dt.date = Field(description="Date of the delivery note or of the dispatch")
    order: str | None = Field(None, description="Number of the order that is delivered, as printed")
    ordered: dt.date | None = Field(None, description="Date of that order; null if not printed")
    supplier: str = Field(description="Company that delivers")
    recipient: str = Field(description="Company or person that receives the goods")
    deliver_to: str | None = Field(None, description="Address of delivery on one line, parts separated by commas")
    carrier: str | None = Field(None, description="Who transports the goods, as printed")
    packages: int | None = Field(None, description="Number of packages, pallets or parcels")
    weight_kg: Decimal | None = Field(None, description="Gross weight in kilograms")
    items: list[Item] = Field(description="Every row of the delivery, in the order printed")
    received_by: str | None = Field(None, description="Who signed for the goods, if the name can be read")

    @model_validator(mode="after")
    def _check(self) -> Self:
        """No more is outstanding than was ordered and not delivered, and no order is later than its delivery."""
        for item in self.items:  # earlier deliveries may have brought a part
            if item.ordered is not None and item.outstanding and item.delivered + item.outstanding > item.ordered:
                raise ValueError(
                    f"{item.description}: {item.delivered} delivered and {item.outstanding} outstanding"
                    f" are more than the {item.ordered} ordered"
                )
        if self.ordered and self.ordered > self.delivered:
            raise ValueError(f"ordered on {self.ordered}, after the delivery on {self.delivered}")
        return self


SCHEMA = DeliveryNote
