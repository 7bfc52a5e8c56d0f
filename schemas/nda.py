"""Non-disclosure agreements: between whom, about what, for how long, and what is exempt."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from extractor import Key, Merge

__all__ = ["NDA", "SCHEMA", "Party", "Signature"]


class Party(BaseModel):
    """One side of the agreement."""

    name: Annotated[str, Key()] = Field(description="Full legal name, as printed where the parties are introduced")
    role: str | None = Field(None, description="Short name the agreement gives this party, such as Discloser")
    address: str | None = Field(None, description="Registered office or residence on one line, as printed")


class Signature(BaseModel):
    """One signature at the end of the agreement."""

    name: str = Field(description="Who signs")
    title: str | None = Field(None, description="Office of the person who signs, as printed")
    signed: dt.date | None = Field(None, description="Day of the signature; null if not printed")


class NDA(BaseModel):
    """A non-disclosure or confidentiality agreement."""

    title: Annotated[str, Merge.FIRST] = Field(description="Title of the agreement, as printed at its head")
    parties: list[Party] = Field(description="The parties, in the order in which they are introduced")
    mutual: Annotated[bool, Merge.FIRST] = Field(description="True if both sides disclose, false if one side does")
    purpose: Annotated[str | None, Merge.FIRST] = Field(
        None, description="What the information is exchanged for, as printed"
    )
    effective: Annotated[dt.date | None, Merge.FIRST] = Field(
        None, description="Day on which the agreement takes effect"
    )
    ends: Annotated[dt.date | None, Merge.FIRST] = Field(
        None, description="Day on which the agreement ends, only where a date is stated"
    )
    survival_years: Annotated[Decimal | None, Merge.FIRST] = Field(
        None, description="Years for which secrecy lasts after the agreement ends; null if without limit or not stated"
    )
    exclusions: list[str] = Field(description="What is not confidential, item by item, as printed, without its letter")
    penalty: Annotated[Decimal | None, Merge.FIRST] = Field(
        None, description="Contractual penalty for a breach; null if none is agreed"
    )
    currency: Annotated[str | None, Field(pattern="^[A-Z]{3}$"), Merge.FIRST] = Field(
        None, description="ISO 4217 code of the penalty"
    )
    governing_law: Annotated[str | None, Merge.FIRST] = Field(
        None, description="Whose law governs the agreement, such as England and Wales"
    )
    courts: Annotated[str | None, Merge.FIRST] = Field(None, description="Which courts decide, as printed")
    signatures: list[Signature] = Field(description="Every signature, in order; empty if it is not signed")

    @model_validator(mode="after")
    def _check(self) -> Self:
        """There are two sides, and the dates are in order."""
        if len(self.parties) < 2:
            raise ValueError(f"an agreement has at least two parties, not {len(self.parties)}")
        if self.effective and self.ends and self.effective > self.ends:
            raise ValueError(f"takes effect on {self.effective}, after its end on {self.ends}")
        for signature in self.signatures:
            if signature.signed and self.ends and signature.signed > self.ends:
                raise ValueError(f"signed on {signature.signed}, after its end on {self.ends}")
        return self


SCHEMA = NDA
