"""Minutes of meetings: who met, what was decided, and who does what by when."""

from __future__ import annotations

import datetime as dt
from typing import Self

from pydantic import BaseModel, Field, model_validator

__all__ = ["SCHEMA", "Action", "Decision", "MeetingMinutes"]


class Decision(BaseModel):
    """One resolution or decision."""

    text: str = Field(description="What was decided, in the words of the minutes")
    in_favour: int | None = Field(None, description="Votes in favour; null if they were not counted")
    against: int | None = Field(None, description="Votes against; null if they were not counted")
    abstained: int | None = Field(None, description="Abstentions; null if they were not counted")


class Action(BaseModel):
    """One task that the meeting gave somebody."""

    task: str = Field(description="What is to be done, in the words of the minutes")
    owner: str | None = Field(None, description="Who is to do it, by the name the minutes use")
    due: dt.date | None = Field(None, description="Last day for it; null if no day is named")


class MeetingMinutes(BaseModel):
    """The minutes of one meeting."""

    title: str = Field(description="Name of the meeting or of the body that met, as written")
    held: dt.date = Field(description="Day of the meeting")
    began: dt.time | None = Field(None, description="Time at which it began")
    ended: dt.time | None = Field(None, description="Time at which it ended")
    place: str | None = Field(None, description="Where it was held, as written")
    chair: str | None = Field(None, description="Who chaired the meeting")
    minutes_by: str | None = Field(None, description="Who took the minutes")
    present: list[str] = Field(description="Everybody present, by name, the chair among them")
    absent: list[str] = Field(description="Everybody who sent apologies or was absent, by name")
    decisions: list[Decision] = Field(description="Every decision, in order; empty if nothing was decided")
    actions: list[Action] = Field(description="Every task given, in order; empty if there are none")
    next_meeting: dt.date | None = Field(None, description="Day of the next meeting")

    @model_validator(mode="after")
    def _check(self) -> Self:
        """The next meeting and all that is due come after this meeting."""
        if self.next_meeting and self.next_meeting <= self.held:
            raise ValueError(f"the next meeting on {self.next_meeting} is not after this one on {self.held}")
        for action in self.actions:
            if action.due and action.due < self.held:
                raise ValueError(f"due on {action.due}, before the meeting on {self.held}: {action.task}")
        return self


SCHEMA = MeetingMinutes
