"""Payslips: what an employee earned in a period, what was deducted, and what was paid out."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

__all__ = ["SCHEMA", "Component", "Payslip"]


class Component(BaseModel):
    """One row of the earnings or of the deductions, never a total."""

    description: str = Field(description="What it is, as printed, such as Basic pay or Income tax")
    amount: Decimal = Field(description="Amount for this period, positive in both lists; not that of the year to date")


class Payslip(BaseModel):
    """A payslip of one employee for one pay period."""

    employer: str = Field(description="Name of the employer, as printed")
    employee: str = Field(description="Full name of the employee, as printed")
    employee_number: str | None = Field(None, description="Personnel or payroll number, as printed")
    start: dt.date = Field(description="First day of the pay period; of a whole month, its first day")
    end: dt.date = Field(description="Last day of the pay period; of a whole month, its last day")
    paid: dt.date | None = Field(None, description="Day of payment; null if not printed")
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = Field(description="ISO 4217 code, such as EUR, USD, GBP")
    earnings: list[Component] = Field(description="Every row that adds to the gross pay, in the order printed")
    gross: Decimal = Field(description="Gross pay of this period")
    deductions: list[Component] = Field(description="Every row deducted from the gross pay: taxes, insurance, others")
    deducted: Decimal = Field(description="Total of the deductions of this period")
    net: Decimal = Field(description="Net pay: the gross pay less the deductions, before any other payments")

    @model_validator(mode="after")
    def _check(self) -> Self:
        """Rows give their totals, gross less deductions is net, and the dates are in order."""
        earned = sum((row.amount for row in self.earnings), Decimal())
        deducted = sum((row.amount for row in self.deductions), Decimal())
        if self.earnings and earned != self.gross:
            raise ValueError(f"the earnings are {earned} together, not the gross pay of {self.gross}")
        if self.deductions and deducted != self.deducted:
            raise ValueError(f"the deductions are {deducted} together, not {self.deducted}")
        if self.gross - self.deducted != self.net:
            raise ValueError(f"gross {self.gross} less {self.deducted} is not the net pay of {self.net}")
        if self.start > self.end:
            raise ValueError(f"the pay period starts on {self.start}, after its end on {self.end}")
        if self.paid and self.paid < self.start:
            raise ValueError(f"paid on {self.paid}, before the pay period starts on {self.start}")
        return self


SCHEMA = Payslip
