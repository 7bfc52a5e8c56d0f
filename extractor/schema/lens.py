"""A lens: the way to the wire and the way back. `None` is the identity, so that what needs no change costs nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from extractor.errors import InvalidValue, Problem
from extractor.schema.pointer import JSON

__all__ = ["Found", "Lens", "Maybe", "from_wire", "no_form", "to_wire"]


@dataclass(slots=True)
class Found:
    """What is met on the way back, beside the value: pointers are into the declared JSON."""

    counts: dict[str, int] = field(default_factory=dict)
    quotes: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def misfit(self, at: str, expected: str) -> None:
        """Note a wire value that is not of the shape that was asked for."""
        self.problems.append(Problem(at, f"expected {expected}"))


Encode = Callable[[JSON], JSON]
Decode = Callable[[JSON, str, Found], JSON]


@dataclass(frozen=True, slots=True)
class Lens:
    """A value there and back. What does not fit is passed through as it is; the declaration judges it."""

    encode: Encode
    decode: Decode


Maybe = Lens | None


def to_wire(lens: Maybe, value: JSON) -> JSON:
    """The wire form of a declared value."""
    return value if lens is None else lens.encode(value)


def from_wire(lens: Maybe, value: JSON, at: str, found: Found) -> JSON:
    """The declared value of a wire one; `at` is its declared pointer, `found` takes what is met beside it."""
    return value if lens is None else lens.decode(value, at, found)


def no_form(what: str) -> InvalidValue:
    """The wire takes this for something else, so that a wrong value would come back as a right one."""
    return InvalidValue((Problem("", f"{what} is not declared, and has no wire form"),))
