"""What extracting from one document comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Generic, Literal, TypeVar

from extractor.call.asking import Repair
from extractor.call.tools import Called
from extractor.errors import Problem
from extractor.extraction.ground import Span
from extractor.wire.values import Usage

__all__ = ["Result", "Status", "is_flagged"]

T = TypeVar("T")

Status = Literal["ok", "partial", "failed"]


@dataclass(frozen=True, slots=True)
class Result(Generic[T]):
    """One document's outcome: nothing about it is told anywhere else.

    `status` is "ok" when the value validates and nothing is known to be missing, "partial" when there is a
    value and a problem, "failed" when there is no value. `value` is the validated instance, or None where the
    data never validated; `data` is the same as JSON, kept for partial results too. Keys of `evidence` and
    `confidence` are JSON pointers into `data`; a leaf without a place in the source has no spans. `repairs` are
    the steps that changed or replaced an answer, each with what it changed; `tool_calls` the calls that the model made
    of functions it was given; `retry` the keys of the requests that a retry sends again.
    """

    document: str
    sha256: str
    status: Status
    value: T | None = None
    data: Any = None
    evidence: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    confidence: Mapping[str, float] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    chunks: int = 0
    attempts: int = 0
    repairs: tuple[Repair, ...] = ()
    tool_calls: tuple[Called, ...] = ()
    usage: Usage = field(default_factory=Usage)
    retry: tuple[str, ...] = field(default=(), repr=False, compare=False)

    def row(self) -> dict[str, Any]:
        """The line of records.jsonl, as JSON-ready values."""
        return {
            "document": self.document,
            "sha256": self.sha256,
            "status": self.status,
            "value": self.data,
            "evidence": [line for path, spans in self.evidence.items() for line in _evidence(path, spans)],
            "confidence": dict(self.confidence),
            "problems": [{"path": problem.path, "message": problem.message} for problem in self.problems],
            "chunks": self.chunks,
            "attempts": self.attempts,
            "repairs": [_repair(repair) for repair in self.repairs],
            "tool_calls": [asdict(call) for call in self.tool_calls],
            "usage": {
                "prompt_tokens": self.usage.prompt_tokens,
                "cached_tokens": self.usage.cached_tokens,
                "completion_tokens": self.usage.completion_tokens,
                "cost_usd": self.usage.cost_usd,
            },
        }


def is_flagged(line: Mapping[str, Any]) -> bool:
    """Whether a line of evidence says that its value was not found in the source, so that a person should look."""
    return bool(line["tier"] == "none")


def _repair(repair: Repair) -> dict[str, Any]:
    return {
        "rung": repair.rung,
        "changes": list(repair.changes),
        "lossy": repair.lossy,
        "paths": list(repair.paths),
    }


def _evidence(path: str, spans: tuple[Span, ...]) -> list[dict[str, Any]]:
    """One line a span, of which the tiers `choice` and `page` have no place; a leaf without any says `none`.

    A line has a `box` only where its text was read from a picture.
    """
    if not spans:
        return [{"path": path, "start": None, "end": None, "page": None, "tier": "none"}]
    return [
        {"path": path, "start": span.start, "end": span.end, "page": span.page, "tier": span.tier}
        | ({"box": [round(side, 4) for side in span.box]} if span.box else {})
        for span in spans
    ]
