"""Watching one value grow while the model writes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from reprlib import repr as shortened
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from extractor.errors import InvalidValue
from extractor.pipeline.result import Result
from extractor.schema.compiler import Schema
from extractor.schema.pointer import join
from extractor.schema.text import partial_from_text
from extractor.wire.disarm import arm

__all__ = ["Growing", "Partial"]

T = TypeVar("T")

_TYPES: dict[str, TypeAdapter[Any]] = {
    "date": TypeAdapter(date),
    "datetime": TypeAdapter(datetime),
    "decimal": TypeAdapter(Decimal),
    "duration": TypeAdapter(timedelta),
    "time": TypeAdapter(time),
}


@dataclass(frozen=True, slots=True, repr=False)
class Partial(Generic[T]):
    """What has arrived so far. The last one has the `result`.

    >>> from pathlib import Path
    >>> from extractor import Extractor
    >>> from schemas.receipt import Receipt
    >>> with Extractor() as extractor:
    ...     for partial in extractor.stream(Receipt, Path("samples/receipts/kebab_hamburg.txt")):
    ...         shown = partial.data
    >>> partial.result.status, partial.data == shown
    ('ok', True)

    `data` has the declared shape, and is not validated: dates, times and decimals are such objects as soon as they can
    be read, and everything else is JSON.
    """

    data: Any
    result: Result[T] | None = None

    def __repr__(self) -> str:
        return f"Partial({shortened(self.data)}, result={self.result!r})"


class Growing:
    """Hears the pieces of an answer and tells the value so far, in the declared shape, as it grows.

    `hidden` masks the secrets in a text. It tells after each piece at first and after each twentieth part more of a
    long answer, so that all the telling together, for which the text is read from its start, takes time in proportion
    to the answer.
    """

    def __init__(
        self, schema: Schema[Any], tell: Callable[[Partial[Any]], None], hidden: Callable[[str], str] = str
    ) -> None:
        self._schema, self._tell, self._hidden = schema, tell, hidden
        self._pieces: list[str] = []
        self._heard = self._reported = 0
        self._kinds: dict[str, TypeAdapter[Any] | None] = {}
        self._classified = not schema.kinds

    def __call__(self, piece: str | None) -> None:
        """Take a piece of text; None when an answer begins anew."""
        if piece is None:
            self._pieces, self._heard, self._reported = [], 0, 0
            return
        self._pieces.append(piece)
        self._heard += len(piece)
        if self._heard < 1.05 * self._reported:
            return
        self._reported = self._heard
        try:
            value = partial_from_text(self._hidden("".join(self._pieces)))
        except InvalidValue:
            return  # near-JSON is mended once it is whole
        if not self._classified:
            self._know(value.get("kind") if isinstance(value, dict) else None)
        elif value is not None:
            self._tell(Partial(self._typed(self._schema.unwrap(arm(value)).value, "")))

    def last(self, result: Result[T]) -> Partial[T]:
        """The last partial value: that of the result."""
        self._know(result.kind)
        return Partial(self._typed(result.data, ""), result)

    def _know(self, kind: str | None) -> None:
        """Go on with the schema of a kind, once an answer has named it."""
        known = self._schema.of_kind(kind)
        self._classified = self._classified or known is not self._schema
        self._schema = known

    def _typed(self, value: Any, path: str) -> Any:
        """A value with its leaves as the types that the schema declares, as far as they can be read."""
        if isinstance(value, dict):
            return {name: self._typed(inner, join(path, name)) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._typed(inner, join(path, 0)) for inner in value]
        if path not in self._kinds:
            field = self._schema.field(path)
            self._kinds[path] = _TYPES.get(field.kind) if field else None
        kind = self._kinds[path]
        try:
            return value if kind is None or value is None else kind.validate_python(value)
        except ValidationError:
            return value
