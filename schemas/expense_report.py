"""Expense reports: what an employee spent on a trip or a project and is to be paid back."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

__all__ = ["SCHEMA", "Expense", "ExpenseReport"]


class Expense(BaseModel):
    """One row of the report, never a subtotal or a total."""

    date: dt.date = Field(description="Day of the expense")
    category: str | None = Field(None, description="Category, as written, such as Travel or Meals")
    description: str = Field(description="What was bought, as written")
    amount: Decimal = Field(description="Amount in the currency of the report, converted if it was paid in another")


class ExpenseReport(BaseModel):
    """A claim of an employee for expenses."""

    employee: str = Field(description="Full name of the employee")
    department: str | None = Field(None, description="Department or cost centre, as written")
    purpose: str = Field(description="Purpose of the trip or of the expenses, as written")
    start: dt.date | None = Field(None, description="First day of the trip or period")
    end: dt.date | None = Field(None, description="Last day of the trip or period")
    submitted: dt.date | None = Field(None, description="Day on which the report was submitted or signed")
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = Field(description="ISO 4217 code of the report")
    expenses: list[Expense] = Field(description="Every expense, in the order written")
    total: Decimal = Field(description="Total of the expenses")
    advance: Decimal | None = Field(
        None, description="Advances received, and what the company has paid itself; null if none"
    )
    reimbursed: Decimal | None = Field(None, description="Amount to be paid out; negative if the employee pays back")

    @model_validator(mode="after")
    def _check(self) -> Self:
        """Expenses give the total, less the advance the amount paid out, and the dates are in order."""
        spent = sum((expense.amount for expense in self.expenses), Decimal())
        if self.expenses and abs(spent - self.total) > Decimal("0.01") * len(self.expenses):  # converted and rounded
            raise ValueError(f"the expenses are {spent} together, not the total of {self.total}")
        if self.reimbursed is not None and self.total - (self.advance or 0) != self.reimbursed:
            raise ValueError(f"{self.total} less the advance of {self.advance or 0} is not {self.reimbursed}")
        if self.start and self.end and self.start > self.end:
            raise ValueError(f"starts on {self.start}, after its end on {self.end}")
        latest = max((expense.date for expense in self.expenses), default=None)
        if self.submitted and latest and latest > self.submitted:
            raise ValueError(f"an expense of {latest} is later than the report of {self.submitted}")
        return self


SCHEMA = ExpenseReport
