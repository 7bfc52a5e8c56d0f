"""Résumés: a person, where they worked and what they studied."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from extractor import Merge

__all__ = ["SCHEMA", "Job", "Resume", "Study"]

Month = Annotated[str, Field(pattern=r"^\d{4}(-(0[1-9]|1[0-2]))?$")]
"""A year, or a year and a month: what people write on a résumé."""


class Job(BaseModel):
    """One position held."""

    employer: str = Field(description="Company or institution, as written")
    title: str = Field(description="Title of the position, as written")
    place: str | None = Field(None, description="Town or country, as written")
    start: Month | None = Field(None, description="First month as YYYY-MM, or YYYY where only the year is given")
    end: Month | None = Field(None, description="Last month as YYYY-MM, or YYYY; null for the present position")


class Study(BaseModel):
    """One course of study or training."""

    school: str = Field(description="University, school or institute, as written")
    degree: str | None = Field(None, description="Degree or certificate with its subject, as written")
    year: int | None = Field(None, description="Year in which it ended")


class Resume(BaseModel):
    """A résumé or curriculum vitae of one person."""

    name: Annotated[str, Merge.FIRST] = Field(description="The person's full name")
    email: str | None = Field(None, description="E-mail address")
    phone: str | None = Field(None, description="Telephone number, as written")
    residence: str | None = Field(None, description="Town and country where the person lives, as written")
    jobs: list[Job] = Field(description="Every position, in the order written")
    studies: list[Study] = Field(description="Every course of study, in the order written")
    languages: Annotated[list[str], Merge.UNION] = Field(description="Languages spoken, without the level")
    skills: Annotated[list[str], Merge.UNION] = Field(description="Skills, tools and methods named in a list of skills")

    @model_validator(mode="after")
    def _check(self) -> Self:
        """No position ends before it begins, as far as both dates go: a year is compared with a year."""
        for job in self.jobs:
            if job.start and job.end and job.end < job.start[: len(job.end)]:
                raise ValueError(f"{job.employer}: ends {job.end}, before it starts {job.start}")
        return self


SCHEMA = Resume
