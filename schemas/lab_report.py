"""Laboratory reports: a sample, and what was measured in it, beside the reference ranges."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, InvalidOperation
from typing import Literal, Self

from pydantic import BaseModel, Field, model_validator

__all__ = ["SCHEMA", "LabReport", "Measurement"]


class Measurement(BaseModel):
    """One analyte, as measured."""

    analyte: str = Field(description="What was measured, as printed, such as Haemoglobin")
    value: str = Field(description="The result as printed, without unit and flag: a number, < 0.3, or negative")
    unit: str | None = Field(None, description="Unit, as printed; null if there is none")
    low: Decimal | None = Field(None, description="Lower end of the reference range; null if there is none")
    high: Decimal | None = Field(None, description="Upper end of the reference range; null if there is none")
    flag: Literal["low", "high"] | None = Field(
        None, description="What the report marks the result as (L, -, H, +); null if it is not marked"
    )


class LabReport(BaseModel):
    """A report of a medical laboratory on one sample."""

    laboratory: str = Field(description="Name of the laboratory, as printed")
    patient: str = Field(description="Full name of the patient, as printed")
    born: dt.date | None = Field(None, description="Date of birth of the patient")
    requested_by: str | None = Field(None, description="Physician or practice that requested the report")
    sample: str = Field(description="Number of the sample or order, as printed")
    material: str | None = Field(None, description="Material of the sample, as printed, such as serum or EDTA blood")
    collected: dt.date = Field(description="Day on which the sample was taken")
    reported: dt.date = Field(description="Day of the report")
    measurements: list[Measurement] = Field(description="Every result, in the order printed")

    @model_validator(mode="after")
    def _check(self) -> Self:
        """Flags agree with values and ranges, and the dates are in order."""
        for one in self.measurements:
            if one.low is not None and one.high is not None and one.low > one.high:
                raise ValueError(f"{one.analyte}: the range from {one.low} to {one.high} is upside down")
            if one.flag and _flag(one) not in (one.flag, None):
                raise ValueError(f"{one.analyte}: {one.value} is {_flag(one)} by its range, and marked {one.flag}")
        if self.collected > self.reported or (self.born and self.born > self.collected):
            raise ValueError(
                f"born {self.born}, collected {self.collected} and reported {self.reported} are out of order"
            )
        return self


def _flag(measured: Measurement) -> str | None:
    """What a value is by its reference range; None where that cannot be told."""
    try:
        value = Decimal(measured.value)
        if measured.low is not None and value < measured.low:
            return "low"
        if measured.high is not None and value > measured.high:
            return "high"
    except InvalidOperation:  # words, or no number at all: NaN
        return None
    return None if measured.low is None or measured.high is None else "normal"


SCHEMA = LabReport
