"""Insurance claims: what happened to whom and when, what was lost, and what is claimed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

__all__ = ["SCHEMA", "InsuranceClaim", "Loss"]


class Loss(BaseModel):
    """One thing that was damaged, lost or stolen, or one cost of it."""

    item: str = Field(description="What it is, as written")
    amount: Decimal = Field(description="Amount claimed for it")


class InsuranceClaim(BaseModel):
    """A report of a loss to an insurer."""

    insurer: str = Field(description="Name of the insurance company")
    policy: str = Field(description="Number of the policy, as written")
    claim: str | None = Field(None, description="Number of the claim, as written; null before one is given")
    claimant: str = Field(description="Full name of the insured person or company")
    occurred: dt.date = Field(description="Day on which the loss happened or was discovered")
    reported: dt.date = Field(description="Day of this report")
    place: str | None = Field(None, description="Where it happened, as written, on one line")
    kind: Literal["fire", "water", "storm", "theft", "accident", "liability", "illness", "other"] = Field(
        description="What caused the loss; other where no word fits"
    )
    cause: str = Field(description="What happened, in the words of the report, in one or two sentences")
    police_report: str | None = Field(None, description="Number of the police report, as written; null if none")
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = Field(description="ISO 4217 code, such as EUR, USD, GBP")
    losses: list[Loss] = Field(description="Every item claimed, in the order written")
    claimed: Decimal = Field(description="Total amount claimed, before any deductible")
    deductible: Decimal | None = Field(None, description="Deductible or excess of the policy; null if not stated")

    @model_validator(mode="after")
    def _check(self) -> Self:
        """The losses give the amount claimed, and nothing is reported before it happens."""
        lost = sum((loss.amount for loss in self.losses), Decimal())
        if self.losses and lost != self.claimed:
            raise ValueError(f"the losses are {lost} together, not the {self.claimed} claimed")
        if self.occurred > self.reported:
            raise ValueError(f"happened on {self.occurred}, after the report of {self.reported}")
        return self


SCHEMA = InsuranceClaim
