"""Registers and bulletins: a very long document with hundreds of records whose facts may stand far apart.

A company may be entered in one part, change its capital in another and be struck off in a third. Each part of the text
gives what it states; the records are joined on their number. Only the number and the name are required for that reason.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from extractor import Key, Merge

__all__ = ["SCHEMA", "Bulletin", "Company", "Officer"]


class Officer(BaseModel):
    """A person who acts for a company."""

    name: Annotated[str, Key()] = Field(description="Full name, as printed")
    role: str = Field(description="Office held, as printed, such as director, secretary or liquidator")


class Company(BaseModel):
    """One company, with the facts that this part of the text states about it."""

    number: Annotated[str, Key()] = Field(description="Number under which the company is entered, as printed")
    name: str = Field(description="Name of the company, as printed")
    district: str | None = Field(None, description="District from the heading above its entry; null elsewhere")
    seat: Annotated[str | None, Merge.LAST] = Field(None, description="Town in which the company has its seat")
    trade: str | None = Field(None, description="What the company does, in the few words of its entry")
    entered: dt.date | None = Field(None, description="Day on which it was entered")
    capital: Annotated[Decimal | None, Merge.LAST] = Field(
        None, description="Capital as a plain number; after a change, the new capital"
    )
    officers: list[Officer] = Field(description="Persons said to hold an office; empty where none is named")
    dissolved: dt.date | None = Field(None, description="Day on which it was struck off")


class Bulletin(BaseModel):
    """A register or official bulletin of companies."""

    companies: list[Company] = Field(description="Every company named in the text, each once, in order of appearance")

    @model_validator(mode="after")
    def _check(self) -> Self:
        """No company is struck off before it is entered."""
        for company in self.companies:
            if company.entered and company.dissolved and company.dissolved < company.entered:
                raise ValueError(
                    f"{company.number}: struck off on {company.dissolved}, before its entry on {company.entered}"
                )
        return self


SCHEMA = Bulletin
