"""Contracts: who agreed with whom, from when until when, under which law and on what terms."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from extractor import Key, Merge

__all__ = ["SCHEMA", "Contract", "Party", "Section"]


class Party(BaseModel):
    """One side of the contract."""

    name: Annotated[str, Key()] = Field(description="Full legal name, as printed where the parties are introduced")
    role: str | None = Field(None, description="Short name the contract gives this party, such as Lessor")
    address: str | None = Field(None, description="Registered office or residence on one line, as printed")
    signatory: str | None = Field(None, description="Person who signs for this party; for a person, null")


class Section(BaseModel):
    """One numbered section of the main text, at the highest level only."""

    number: str = Field(description="Its number as printed, without a full stop, such as 7 or IV")
    heading: str = Field(description="Its heading, as printed")


class Contract(BaseModel):
    """A contract between two or more parties."""

    title: Annotated[str, Merge.FIRST] = Field(description="Title of the contract, as printed at its head")
    parties: list[Party] = Field(description="The parties, in the order in which they are introduced")
    effective: Annotated[dt.date | None, Merge.FIRST] = Field(
        None, description="Day on which the contract takes effect"
    )
    ends: Annotated[dt.date | None, Merge.FIRST] = Field(
        None, description="Day on which the term ends, only where a date is stated; null for an open term"
    )
    notice_days: Annotated[int | None, Merge.FIRST] = Field(
        None, description="Days of notice for ending the contract without cause; null if it cannot be so ended"
    )
    governing_law: Annotated[str | None, Merge.FIRST] = Field(
        None, description="Whose law governs the contract, such as England and Wales"
    )
    currency: Annotated[str | None, Field(pattern="^[A-Z]{3}$"), Merge.FIRST] = Field(
        None, description="ISO 4217 code of the amounts"
    )
    liability_cap: Annotated[Decimal | None, Merge.FIRST] = Field(
        None, description="Highest amount for which a party is liable, where an amount is stated"
    )
    sections: list[Section] = Field(description="Every numbered section at the highest level, in order")

    @model_validator(mode="after")
    def _check(self) -> Self:
        """There are two sides, and the term ends after it begins."""
        if len(self.parties) < 2:
            raise ValueError(f"a contract has at least two parties, not {len(self.parties)}")
        if self.effective and self.ends and self.effective > self.ends:
            raise ValueError(f"takes effect on {self.effective}, after its end on {self.ends}")
        return self


SCHEMA = Contract
