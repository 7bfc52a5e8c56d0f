"""Filings: what a company must tell the public, such as a half-year report or a notice of an event."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from extractor import Merge

__all__ = ["SCHEMA", "Event", "Figure", "Filing"]


class Figure(BaseModel):
    """One figure of the accounts, for one period."""

    name: str = Field(description="What is measured, as printed, such as Revenue")
    period: str = Field(description="The period or day it is for, as printed, such as H1 2026")
    value: Decimal = Field(description="The number as printed, without thousands marks; negative for a loss")
    unit: str | None = Field(None, description="Unit as printed, such as EUR million, % or employees")


class Event(BaseModel):
    """One thing that happened and that the filing reports."""

    date: dt.date = Field(description="Day of the event")
    kind: Literal[
        "appointment", "resignation", "acquisition", "disposal", "financing", "dividend", "litigation", "other"
    ] = Field(description="What kind of event it is; other for one that fits no other word")
    statement: str = Field(description="The sentence that reports it, word for word")


class Filing(BaseModel):
    """A report or notice of a company to a regulator or to the public."""

    company: Annotated[str, Merge.FIRST] = Field(description="Full name of the company that files")
    identifier: Annotated[str | None, Merge.FIRST] = Field(
        None, description="Its registration number, LEI or ticker, as printed"
    )
    form: Annotated[str, Merge.FIRST] = Field(description="Kind of filing, as printed, such as Half-Year Report")
    filed: Annotated[dt.date, Merge.FIRST] = Field(description="Day of the filing")
    figures: list[Figure] = Field(
        description="Every figure stated, those in running text too; a row of a table has one for each of its periods"
    )
    events: list[Event] = Field(description="Every dated event that the filing reports; empty if there are none")


SCHEMA = Filing
