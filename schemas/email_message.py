"""E-mail messages: who wrote to whom and when, and what is asked of whom by which day."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from extractor import Key

__all__ = ["SCHEMA", "EmailMessage", "Mailbox", "Task"]


class Mailbox(BaseModel):
    """A person or a list that sends or receives mail."""

    name: str | None = Field(None, description="Name beside the address; null if there is only an address")
    address: Annotated[str, Key()] = Field(description="The address, such as ada@example.org")


class Task(BaseModel):
    """One thing that the message asks somebody to do."""

    task: str = Field(description="What is to be done, in the words of the message")
    owner: str | None = Field(None, description="Who is to do it, by the name the message uses; null if not said")
    due: dt.date | None = Field(
        None, description="Last day for it, on or after the day of the message; null if none is named"
    )


class EmailMessage(BaseModel):
    """One e-mail message, without the older messages quoted below it."""

    sender: Mailbox = Field(description="Who sent it")
    recipients: list[Mailbox] = Field(description="Everybody under To and then under Cc, in order")
    sent: dt.date = Field(description="Day on which it was sent")
    subject: str = Field(description="The subject line, as written")
    tasks: list[Task] = Field(description="What is asked of the reader or of others; empty if nothing is")
    attachments: list[str] = Field(description="File names of the attachments; empty if there are none")

    @model_validator(mode="after")
    def _check(self) -> Self:
        """Nothing is asked for by a day that is past: then its year was misread."""
        for task in self.tasks:
            if task.due and task.due < self.sent:
                raise ValueError(f"due on {task.due}, before the message of {self.sent}: {task.task}")
        return self


SCHEMA = EmailMessage
