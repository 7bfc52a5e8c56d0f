"""What every parser is given beside the bytes, and how much of a stranger's file is taken on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from extractor.errors import DocumentError

__all__ = ["LIMITS", "Limits", "Source", "too_large"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`bytes`: of the file; `unpacked`: bytes of what its archive holds; `memory` (bytes): of the process that parses
    it; `seconds`: that this takes, for each page where a format has pages; `pages`: of a PDF; `pictures`: shown to the
    model; `depth`: of files within files.
    """

    bytes: int = 256 << 20
    unpacked: int = 1 << 30
    seconds: float = 120.0
    memory: int = 2 << 30
    pages: int = 5_000
    pictures: int = 1_000
    depth: int = 5


LIMITS = Limits()


def too_large(what: str, limit: int, unit: str) -> DocumentError:
    """The error of a file past a limit: it says which one, and what to do."""
    return DocumentError(f"{what} is over the limit of {limit:,} {unit}; split the file first", kind="too_large")


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
