"""Support tickets: who has which problem with what, how urgent it is, and what was tried."""

from __future__ import annotations

import datetime as dt
from typing import Literal, Self

from pydantic import BaseModel, Field, model_validator

__all__ = ["SCHEMA", "SupportTicket"]


class SupportTicket(BaseModel):
    """A customer's request to a help desk: a message, a form or a transcript."""

    number: str | None = Field(None, description="Number of the ticket or case, as written; null before it has one")
    opened: dt.date = Field(description="Day of the request")
    customer: str = Field(description="Full name of the person who asks for help")
    company: str | None = Field(None, description="Company of that person, as written")
    email: str | None = Field(None, description="E-mail address of that person")
    subject: str = Field(description="Subject line or heading, as written")
    product: str | None = Field(None, description="Product or service, as written, without its version")
    version: str | None = Field(None, description="Version, model or serial number, as written")
    category: Literal["fault", "question", "order", "billing", "complaint", "request"] = Field(
        description="What the customer wants; fault where something that worked does not"
    )
    priority: Literal["low", "normal", "high", "urgent"] | None = Field(
        None, description="Urgency that the customer states; null if none is stated"
    )
    occurred: dt.date | None = Field(None, description="Day on which the problem began; null if not stated")
    problem: str = Field(description="The problem in the customer's words, in one or two sentences")
    error: str | None = Field(None, description="Error message or code, word for word; null if there is none")
    tried: list[str] = Field(description="What the customer has tried, item by item, as written")
    answer_by: dt.date | None = Field(None, description="Day by which the customer wants an answer")
    attachments: list[str] = Field(description="File names of the attachments; empty if there are none")

    @model_validator(mode="after")
    def _check(self) -> Self:
        """The problem begins, the request is made, and the answer is due, in that order."""
        dates = [day for day in (self.occurred, self.opened, self.answer_by) if day]
        if dates != sorted(dates):
            raise ValueError(
                f"began {self.occurred}, opened {self.opened}, answer by {self.answer_by}: the dates are out of order"
            )
        return self


SCHEMA = SupportTicket
