"""Job advertisements: the position, what it pays, what is asked, and by when to apply."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

__all__ = ["SCHEMA", "JobAd"]


class JobAd(BaseModel):
    """An advertisement for one position."""

    title: str = Field(description="Title of the position, as written")
    employer: str = Field(description="Company or institution that hires, as written")
    place: str | None = Field(None, description="Place of work, as written")
    workplace: Literal["on-site", "hybrid", "remote"] | None = Field(
        None, description="Where the work is done; null if the advertisement does not tell"
    )
    contract: Literal["permanent", "fixed-term", "freelance", "internship", "apprenticeship"] | None = Field(
        None, description="Kind of contract; null if the advertisement does not tell"
    )
    hours_per_week: Decimal | None = Field(None, description="Hours a week; null if no number is given")
    salary_low: Decimal | None = Field(None, description="Pay, or the lower end of its range, as a plain number")
    salary_high: Decimal | None = Field(None, description="Upper end of the range; null if there is only one number")
    salary_period: Literal["hour", "day", "month", "year"] | None = Field(None, description="What the pay is for")
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = Field(None, description="ISO 4217 code of the pay")
    posted: dt.date | None = Field(None, description="Day of the advertisement")
    apply_by: dt.date | None = Field(None, description="Last day for applications; null if none is named")
    starts: dt.date | None = Field(None, description="First day of work; null if no date is named")
    reference: str | None = Field(None, description="Reference number of the position, as written")
    contact: str | None = Field(None, description="E-mail address for applications")
    tasks: list[str] = Field(description="What the work consists of, item by item, as written")
    requirements: list[str] = Field(description="What applicants must have, item by item, as written")
    benefits: list[str] = Field(description="What is offered beside the pay, item by item, as written")

    @model_validator(mode="after")
    def _check(self) -> Self:
        """The range of the pay is in order, and no date is before the advertisement."""
        if self.salary_low is not None and self.salary_high is not None and self.salary_low > self.salary_high:
            raise ValueError(f"the pay from {self.salary_low} to {self.salary_high} is upside down")
        for day in (self.apply_by, self.starts):  # work may start before the last day for applications
            if day and self.posted and day < self.posted:
                raise ValueError(f"{day} is before the advertisement of {self.posted}")
        return self


SCHEMA = JobAd
