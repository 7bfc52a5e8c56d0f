"""JSON values as text and back. Integers of any size are kept; NaN and infinities go by the names of JavaScript."""

from __future__ import annotations

import pydantic_core

from extractor.errors import InvalidValue, Problem
from extractor.schema.pointer import JSON

__all__ = ["from_text", "to_text"]


def from_text(text: str | bytes) -> JSON:
    """JSON text read; InvalidValue where it is none."""
    try:
        return pydantic_core.from_json(text)
    except ValueError as error:
        raise InvalidValue((Problem("", f"is not JSON: {error}"),)) from error


def to_text(value: JSON) -> str:
    """JSON text of a value; InvalidValue where it cannot be said in JSON (a lone surrogate, say)."""
    try:
        return pydantic_core.to_json(value, inf_nan_mode="constants").decode()
    except ValueError as error:
        raise InvalidValue((Problem("", f"cannot be said in JSON: {error}"),)) from error
