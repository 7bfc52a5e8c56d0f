"""The outcome of one document."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Generic, Literal, TypeVar

from extractor import notebook
from extractor.call.asking import Repair
from extractor.call.tools import Called
from extractor.errors import Problem
from extractor.extraction.ground import Span
from extractor.schema.pointer import leaves
from extractor.wire.prices import dollars
from extractor.wire.values import Usage

__all__ = ["Result", "Status", "evidence_lines", "flags", "is_flagged", "many", "reviewed_above"]

T = TypeVar("T")

Status = Literal["ok", "partial", "failed"]


@dataclass(frozen=True, slots=True, repr=False)
class Result(Generic[T]):
    """The outcome of one document, and everything that is known about it.

    `status` is "ok" if the value validates and nothing is known to be missing or in conflict, "partial" if there is a
    value and a problem, "failed" if there is no value. `value` is the validated instance, None if the data does not
    validate; `data` is the same as JSON, for partial results too.

    `evidence` maps the JSON pointer of each leaf of `data` to its spans, () where none was found; `confidence` maps it
    to 0..1. `problems` say what is wrong, each with its pointer. `chunks` counts the parts that the document was read
    in, `attempts` the requests sent. `repairs` are the steps that changed or replaced an answer, with what they
    changed; `tool_calls` the calls that the model made. `usage` adds up tokens and cost; a cost of None is unknown.
    `retry` are the keys of the requests that a retry sends again. `kind` names the class of a union that the document
    is of: "other" where it is of none, None for any other schema, and where no answer says it. `pages` are the numbers
    of the first and the last page of a file that holds several documents.

    >>> from extractor import Extractor
    >>> from schemas.receipt import Receipt
    >>> with Extractor() as extractor:
    ...     result = extractor.extract(Receipt, "Kebab Haus, 1 March 2026, total 9.50 EUR")
    >>> result.status, result.value.total, result.evidence["/total"][0].tier, result.problems
    ('ok', Decimal('9.50'), 'exact', ())
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
    kind: str | None = None
    pages: tuple[int, int] | None = None

    def __repr__(self) -> str:
        cost = "unknown cost" if self.usage.cost_usd is None else dollars(self.usage.cost_usd)
        counts = many(len(self.evidence), "value"), many(len(self.problems), "problem"), cost
        return f"<Result {self.document!r}: {self.status}, {', '.join(counts)}>"

    def row(self) -> dict[str, Any]:
        """The line of records.jsonl, as JSON values."""
        return {
            "document": self.document,
            "sha256": self.sha256,
            "status": self.status,
            **({"kind": self.kind} if self.kind else {}),
            **({"pages": list(self.pages)} if self.pages else {}),
            "value": self.data,
            "evidence": [line for path, spans in self.evidence.items() for line in evidence_lines(path, spans)],
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
                **({"perhaps_usd": self.usage.perhaps_usd} if self.usage.perhaps_usd else {}),
            },
        }

    def _repr_html_(self) -> str:
        """A notebook's view: every value with its evidence and confidence, and what is wrong."""
        cost = "cost unknown" if self.usage.cost_usd is None else dollars(self.usage.cost_usd)
        rows = (
            (path, leaf, _places(self.evidence.get(path, ())), _percent(self.confidence.get(path)))
            for path, leaf in leaves(self.data)
            if leaf is not None
        )
        found = notebook.table(rows, head=("path", "value", "evidence", "confidence"))
        return notebook.panel(f"{self.document}: {self.status}, {cost}", notebook.lines(self.problems), found)


def many(number: int, what: str) -> str:
    """A count with its noun: `1 value`, `2,000 values`."""
    return f"{number:,} {what}{'s' * (number != 1)}"


def _places(spans: tuple[Span, ...]) -> str:
    """Where a value stands: `exact, page 2; fuzzy, page 3`."""
    return "; ".join(f"{span.tier}, page {span.page}" if span.page else span.tier for span in spans) or "none"


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{share:.0%}"


def flags(record: Mapping[str, Any]) -> list[str]:
    """The flagged values of a line of records.jsonl, by pointer: not found in the source, and reviewed by nobody."""
    reviewed = {place["path"] for place in record.get("reviewed") or ()}
    unfound = dict.fromkeys(line["path"] for line in record.get("evidence") or () if line["tier"] == "none")
    return [path for path in unfound if not reviewed_above(path, reviewed)]


def is_flagged(record: Mapping[str, Any]) -> bool:
    """Whether a person should look at a document: it did not end ok, or a value of it is flagged."""
    return record["status"] != "ok" or bool(flags(record))


def reviewed_above(pointer: str, reviewed: Collection[str]) -> bool:
    """Whether a pointer, or anything that it is part of, is among those that were reviewed."""
    while pointer and pointer not in reviewed:
        pointer = pointer.rpartition("/")[0]
    return pointer in reviewed


def _repair(repair: Repair) -> dict[str, Any]:
    return {
        "rung": repair.rung,
        "changes": list(repair.changes),
        "lossy": repair.lossy,
        "paths": list(repair.paths),
    }


def evidence_lines(path: str, spans: tuple[Span, ...]) -> list[dict[str, Any]]:
    """One line per span; the tiers `choice` and `page` have no place in the text. A leaf without spans has `none`.

    A line has a `box` only if its text was read from a picture.
    """
    if not spans:
        return [{"path": path, "start": None, "end": None, "page": None, "tier": "none"}]
    return [
        {"path": path, "start": span.start, "end": span.end, "page": span.page, "tier": span.tier}
        | ({"box": [round(side, 4) for side in span.box]} if span.box else {})
        for span in spans
    ]
