"""The data of the page: a light line for each document, and one document at a time in full.

The page in a file and the page of the server are one template, one style and one script; they get the same data.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.resources import files
from typing import Any

import orjson

from extractor.pipeline.corrections import Check, Step, applied, as_extracted, reviewed
from extractor.pipeline.result import flags, is_flagged
from extractor.review.leaves import evidence_of, rows, values_of
from extractor.review.passages import passages

__all__ = ["all_evidence", "document_of", "encoded", "index_of", "is_gold", "line_of", "template", "version_of"]


def line_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """The line in the list of documents of a record that corrections have been applied to."""
    columns = Counter(column for column, _ in values_of(record["value"]))
    return {
        "name": record["document"],
        "sha256": record.get("sha256", ""),
        "version": version_of(record),
        "status": record["status"],
        "values": sum(columns.values()),
        "flags": len(flags(record)),
        "flagged": is_flagged(record),
        "confidence": min((record.get("confidence") or {}).values(), default=None),
        "reviewed": len(record.get("reviewed") or ()),
        "corrected": bool(record.get("corrected")),
        "columns": list(columns),
        **{name: record.get(name, 0) for name in ("chunks", "attempts")},
        "repairs": len(record.get("repairs") or ()),
        "usage": record.get("usage") or {},
    }


def version_of(record: Mapping[str, Any]) -> str:
    """A digest of the document and of what was extracted from it: in another version a path may be another value."""
    return sha256(encoded([record.get("sha256", ""), as_extracted(record)["value"]])).hexdigest()


def document_of(
    record: Mapping[str, Any], steps: Sequence[Step], text: str | None, *, cap: int, check: Check | None = None
) -> dict[str, Any]:
    """A record in full: its line, rows, problems and steps, and the text in pieces, at most about `cap` characters."""
    plain, corrected = as_extracted(record), applied(record, steps, check)
    extracted = plain.get("evidence") or []
    review = reviewed(plain["value"], steps, extracted)
    evidence, marks = evidence_of(extracted, review)
    still = [line for line in extracted if not review.replaced(line["path"])]
    flagged = flags({"evidence": still, "reviewed": [{"path": path} for path in review.states]})
    return {
        "line": line_of(corrected),
        "fields": rows(review, evidence, plain.get("confidence") or {}, set(flagged)),
        "problems": corrected.get("problems") or [],
        "steps": list(map(_named, steps)),
        "stale": list(map(_named, review.stale)),
        "pieces": None if text is None else passages(text, marks, cap=cap),
        "length": None if text is None else len(text),
    }


def all_evidence(record: Mapping[str, Any], steps: Sequence[Step]) -> list[Mapping[str, Any]]:
    """The lines of evidence of a record, as it was extracted and of its steps, in the order of their marks."""
    plain = as_extracted(record)
    extracted = plain.get("evidence") or []
    return [*extracted, *reviewed(plain["value"], steps, extracted).evidence]


def _named(step: Step) -> dict[str, str]:
    return {"id": step.id, "action": step.action, "path": step.path}


def is_gold(record: Mapping[str, Any]) -> bool:
    """Whether a corrected record can be a line of gold: somebody reviewed it, and nothing of it is flagged."""
    return bool(record.get("reviewed")) and not is_flagged(record)


def index_of(lines: Sequence[dict[str, Any]], run: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """The list of documents with the fields that they have, and what of run.json a reader wants at the top."""
    columns = dict.fromkeys(column for line in lines for column in line.pop("columns"))
    names = ("model", "schema", "finished", "stopped")
    about = {name: run[name] for name in names if isinstance(run.get(name), str)}
    return {"documents": lines, "run": about, "columns": list(columns), **more}


def encoded(value: Any) -> bytes:
    """What the page gets, as JSON."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:  # half of a surrogate pair, which JSON can escape and UTF-8 cannot write
        return json.dumps(value).encode()


def template() -> tuple[str, str, str]:
    """The page, its style and its script."""
    folder = files(__package__) / "page"
    page, style, script = ((folder / name).read_text("utf-8") for name in ("page.html", "page.css", "page.js"))
    return page, style, script
