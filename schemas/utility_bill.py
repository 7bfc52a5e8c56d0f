"""Utility bills: electricity, gas, water, heat or telephone, with meter readings and charges."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

__all__ = ["SCHEMA", "Charge", "Reading", "UtilityBill"]


class Reading(BaseModel):
    """One meter over the period of the bill."""

    meter: str = Field(description="Number of the meter, as printed")
    start: Decimal = Field(description="Reading at the start of the period")
    end: Decimal = Field(description="Reading at the end of the period")
    used: Decimal | None = Field(None, description="Difference of the readings, in the unit of the meter")
    unit: str | None = Field(None, description="Unit of the meter, as printed, such as kWh or m³")


class Charge(BaseModel):
    """One row of the charges, never a subtotal, a tax or a total."""

    description: str = Field(description="What is charged, as printed")
    amount: Decimal = Field(description="Amount before tax; negative for a credit")


class UtilityBill(BaseModel):
    """A bill for electricity, gas, water, heat or telephone."""

    provider: str = Field(description="Company that bills, as printed")
    customer: str = Field(description="Name of the customer, as printed")
    account: str | None = Field(None, description="Customer or contract number, as printed")
    supply_address: str | None = Field(None, description="Address that is supplied, on one line")
    number: str | None = Field(None, description="Number of the bill, as printed")
    issued: dt.date = Field(description="Date of the bill")
    due: dt.date | None = Field(None, description="Last day for payment, or day of the direct debit")
    start: dt.date = Field(description="First day of the period billed")
    end: dt.date = Field(description="Last day of the period billed")
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = Field(description="ISO 4217 code, such as EUR, USD, GBP")
    readings: list[Reading] = Field(description="Every meter reading; empty if there are none")
    charges: list[Charge] = Field(description="Every charge and credit, in the order printed")
    tax: Decimal | None = Field(None, description="All tax as one number; null if not printed")
    total: Decimal = Field(description="Total of this bill, tax included")

    @model_validator(mode="after")
    def _check(self) -> Self:
        """Charges and tax give the total, readings their difference, and the dates are in order."""
        charged, tax = sum((charge.amount for charge in self.charges), Decimal()), self.tax or Decimal()
        cents = Decimal("0.01") * (len(self.charges) + 1)  # each amount may have been rounded
        rest = self.total - charged
        if self.charges and min(abs(rest), abs(rest - tax)) > cents:  # tax may be in the charges
            raise ValueError(f"charges of {charged} and tax of {tax} do not give the total of {self.total}")
        for reading in self.readings:
            if reading.used is not None and reading.end - reading.start != reading.used:
                raise ValueError(
                    f"meter {reading.meter}: from {reading.start} to {reading.end} is not {reading.used} used"
                )
        if self.start > self.end:
            raise ValueError(f"the period starts on {self.start}, after its end on {self.end}")
        if self.due and self.due < self.issued:
            raise ValueError(f"due on {self.due}, before the bill of {self.issued}")
        return self


SCHEMA = UtilityBill
