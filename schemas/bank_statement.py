"""Bank statements: the account, its balances, and every booking between them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from extractor import Merge

__all__ = ["SCHEMA", "BankStatement", "Booking"]


class Booking(BaseModel):
    """One booking on the account: never a balance carried forward, a page total or a heading."""

    booked: dt.date = Field(description="Day of the booking; the year is that of the statement where none is printed")
    text: str = Field(description="Who was paid or paid, and what for, as printed, on one line")
    amount: Decimal = Field(description="Amount with its sign: negative for money that leaves the account (debit)")
    balance: Decimal | None = Field(None, description="Balance printed after this booking; null if there is none")


class BankStatement(BaseModel):
    """A statement of one bank account for one period."""

    bank: Annotated[str, Merge.FIRST] = Field(description="Name of the bank, as printed")
    holder: Annotated[str, Merge.FIRST] = Field(description="Holder of the account, as printed")
    account: Annotated[str, Merge.FIRST] = Field(description="IBAN, or the number of the account, as printed")
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$"), Merge.FIRST] = Field(
        description="ISO 4217 code, such as EUR, USD, GBP"
    )
    start: Annotated[dt.date, Merge.FIRST] = Field(description="First day of the period")
    end: Annotated[dt.date, Merge.FIRST] = Field(description="Last day of the period")
    opening: Annotated[Decimal, Merge.FIRST] = Field(description="Balance before the first booking; negative if owed")
    closing: Annotated[Decimal, Merge.LAST] = Field(description="Balance after the last booking; negative if owed")
    bookings: list[Booking] = Field(description="Every booking, in the order printed")

    @model_validator(mode="after")
    def _check(self) -> Self:
        """The bookings lead from one balance to the other, and lie within the period."""
        booked = sum((booking.amount for booking in self.bookings), Decimal())
        if self.opening + booked != self.closing:
            raise ValueError(f"opening {self.opening} and bookings of {booked} do not give closing {self.closing}")
        if self.start > self.end:
            raise ValueError(f"the period starts on {self.start}, after its end on {self.end}")
        for booking in self.bookings:
            if not self.start <= booking.booked <= self.end:
                raise ValueError(f"the booking of {booking.booked} is not between {self.start} and {self.end}")
        return self


SCHEMA = BankStatement
