"""What every parser is given beside the bytes."""

from __future__ import annotations

from dataclasses import dataclass, field

from extractor.documents.limits import LIMITS, Limits

__all__ = ["Source"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The file's name (for messages, and for what its bytes do not tell), its password, and the limits."""

    name: str
    password: str | None = field(default=None, repr=False)
    limits: Limits = LIMITS
