"""Where a declaration comes from, and the one judge of its values. Types have theirs in `typed.py`: pydantic."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from extractor.errors import InvalidValue, Problem
from extractor.schema.pointer import JSON, get
from extractor.schema.text import from_text
from extractor.schema.validator import Validator

__all__ = ["DocumentSource", "ExcerptSource", "PartSource", "Source", "identifier"]


class Source(Protocol):
    """A declaration: its JSON Schema (2020-12, references local) and what judges its values."""

    document: JSON
    name: str
    description: str

    def validate_json(self, text: str | bytes) -> Any:
        """The declared value that a JSON text holds; InvalidValue."""

    def validate(self, value: JSON) -> Any:
        """The declared value that declared JSON stands for; InvalidValue."""

    def dump(self, value: Any) -> JSON:
        """Declared JSON of a declared value."""


class DocumentSource:
    """A JSON Schema document, of which the values are plain JSON."""

    def __init__(self, document: JSON) -> None:
        self.document = document
        self.validator = Validator(document)
        said = document if isinstance(document, Mapping) else {}
        self.name = identifier(str(said.get("title") or said.get("x-name") or "record"))
        self.description = str(said.get("description") or "")

    def validate_json(self, text: str | bytes) -> JSON:
        return self.validate(from_text(text))

    def validate(self, value: JSON) -> JSON:
        problems = tuple(self.validator.problems(value, self.document))
        if problems:
            raise InvalidValue(problems)
        return value

    def dump(self, value: JSON) -> JSON:
        return value


class PartSource:
    """Some fields of another source, as JSON. They are judged in the whole, so here every value is taken as it is."""

    def __init__(self, whole: Source) -> None:
        self.document, self.name, self.description = whole.document, whole.name, whole.description

    def validate_json(self, text: str | bytes) -> JSON:
        return from_text(text)

    def validate(self, value: JSON) -> JSON:
        return value

    def dump(self, value: JSON) -> JSON:
        return value


class ExcerptSource:
    """The judge of a whole over JSON that holds some of it: what the excerpt need not state is not missing.

    `asks` tells whether the excerpt asks for a place, `within` whether it asks for some of an object there; `loose`
    whether what it asks for may be missing too. A list without items is never too short.
    """

    def __init__(
        self, whole: Source, *, asks: Callable[[str], bool], within: Callable[[str], bool], loose: bool
    ) -> None:
        self.whole, self.asks, self.within, self.loose = whole, asks, within, loose
        self.document, self.name, self.description = whole.document, whole.name, whole.description

    def validate_json(self, text: str | bytes) -> JSON:
        return self.validate(from_text(text))

    def validate(self, value: JSON) -> JSON:
        try:
            self.whole.validate(value)
        except InvalidValue as error:
            if problems := tuple(problem for problem in error.problems if self.counts(problem, value)):
                raise InvalidValue(problems) from error
        return value

    def counts(self, problem: Problem, value: JSON) -> bool:
        """Whether a problem of the whole is one of the excerpt."""
        try:
            found = get(value, problem.path)
        except (KeyError, IndexError, ValueError, TypeError):
            found = None
        if found is None:
            return not self.loose and self.asks(problem.path)
        return found != [] and not (isinstance(found, dict) and self.within(problem.path))

    def dump(self, value: JSON) -> JSON:
        return value


def identifier(words: str) -> str:
    """A name that response formats take: letters, digits, `_` and `-`, 64 at most."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", words).strip("_")[:64] or "record"
