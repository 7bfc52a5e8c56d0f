"""What every parser is given beside the bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from extractor.documents.limits import LIMITS, Limits

__all__ = ["Source"]


def _nothing() -> None:
    """Nobody waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The file's name (for messages, and for what its bytes do not tell), its password, and the limits.

    A file that is a folder of an OLE container comes as that, with its path as `storage`. `ocr` names the engine that
    reads pictures, "" where none does. `page` asks for the look of one page. A parser calls `step` after each page: the
    time limit holds for one.
    """

    name: str
    password: str | None = field(default=None, repr=False)
    limits: Limits = LIMITS
    storage: tuple[str, ...] = ()
    ocr: str = ""
    page: int | None = None
    step: Callable[[], None] = field(default=_nothing, repr=False, compare=False)
