"""The data of the page: a light line for each document, and one document at a time in full.

A document in full is the rows of its record (each field, its value, where it stands, with what confidence, and its
review) and its text, cut into marked and unmarked pieces. Offsets are resolved here, where they are Python string
indices: a browser counts in other units. The page in a file and the page of the server are one template, one style and
one script; they get the same data.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from itertools import pairwise
from typing import Any

import orjson

from extractor.pipeline.corrections import Check, Review, Step, applied, as_extracted, reviewed
from extractor.pipeline.result import flags, is_flagged
from extractor.schema.pointer import JSON, join

__all__ = [
    "Mark", "Piece", "all_evidence", "as_text", "document_of", "encoded", "flagged_in", "index_of", "is_gold",
    "line_of", "page", "passages", "placed", "values_of", "version_of",
]  # fmt: skip

Mark = tuple[int, int, int]
"""start, end, and the number that a page knows the evidence by."""

Piece = str | list[object] | int
"""Plain text, `[text, [mark numbers]]`, or the count of characters left out at this point."""

Evidence = Mapping[str, list[dict[str, Any]]]
"""Pointer -> the lines of `evidence` that a record has for it."""

_TIERS = ("exact", "normalised", "fuzzy", "choice", "page", "none")
_ROOM = 240
_GAP = 400
_SNAP = 40


def line_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """The line in the list of documents of a record that corrections have been applied to."""
    columns = Counter(column for column, _ in values_of(record["value"]))
    return {
        "name": record["document"],
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
    rows = _Rows(review, evidence, plain.get("confidence") or {}, set(flagged_in(plain, review)))
    return {
        "line": line_of(corrected),
        "fields": list(rows.of(review.whole, "", "", 0)),
        "problems": corrected.get("problems") or [],
        "steps": list(map(_named, steps)),
        "stale": list(map(_named, review.stale)),
        "pieces": None if text is None else passages(text, marks, cap=cap),
        "length": None if text is None else len(text),
    }


def flagged_in(record: Mapping[str, Any], review: Review) -> list[str]:
    """The flagged values of a record under review, by pointer into the value with all its rows."""
    still = [line for line in record.get("evidence") or () if not review.replaced(line["path"])]
    return flags({"evidence": still, "reviewed": [{"path": path} for path in review.states]})


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


def page(more: str = "") -> tuple[str, str]:
    """The page around the documents, and its Content-Security-Policy.

    The policy lets the page's own style and script in, by their hashes, and what `more` adds.
    """
    folder = files(__package__) / "page"
    html, style, script = ((folder / name).read_text("utf-8") for name in ("page.html", "page.css", "page.js"))
    policy = f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'{more}"
    return html.replace("{policy}", policy).replace("{style}", style).replace("{script}", script), policy


def _hash(source: str) -> str:
    return f"sha256-{b64encode(sha256(source.encode()).digest()).decode()}"


# ---------------------------------------------------------------------- a record as rows


def evidence_of(lines: Sequence[Mapping[str, Any]], review: Review) -> tuple[Evidence, list[Mark]]:
    """The evidence of the reviewed values by pointer, and all as marks: first what was extracted, in its order."""
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    marks: list[Mark] = []
    for number, line in enumerate([*lines, *review.evidence]):
        numbered = dict(line)
        if line["start"] is not None:
            numbered["mark"] = len(marks)
            marks.append((line["start"], line["end"], len(marks)))
        if number >= len(lines) or not review.replaced(line["path"]):
            found[line["path"]].append(numbered)
    return found, marks


def placed(lines: Iterable[Mapping[str, Any]]) -> list[tuple[int | None, Mark]]:
    """The marks of `evidence_of`, each with the page that its line names."""
    found = [line for line in lines if line["start"] is not None]
    return [(line["page"], (line["start"], line["end"], number)) for number, line in enumerate(found)]


def values_of(value: JSON, column: str = "") -> Iterator[tuple[str, str]]:
    """Every value in a record as text, with its field: a pointer with `*` for the numbers of items."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from values_of(inner, join(column, name))
    elif isinstance(value, list):
        for inner in value:
            yield from values_of(inner, f"{column}/*")
    elif value is not None:
        yield column, as_text(value)


def as_text(leaf: JSON) -> str:
    """A scalar as a page shows it: a browser would round numbers."""
    return leaf if isinstance(leaf, str) else orjson.dumps(leaf).decode()


@dataclass(frozen=True, slots=True)
class _Rows:
    """A value as a flat list of rows, outermost first; `depth` is how deep they nest."""

    review: Review
    evidence: Evidence
    confidence: Mapping[str, float]
    flagged: set[str]

    def of(self, value: JSON, name: str, pointer: str, depth: int) -> Iterator[dict[str, Any]]:
        if not isinstance(value, dict | list):
            if pointer or value is not None:
                yield self._leaf(value, name, pointer, depth)
            return
        if pointer:
            holds = {"holds": len(value), "list": isinstance(value, list)}
            yield {"name": name, "path": pointer, "depth": depth, **holds, **self._state(pointer)}
            depth += 1
        if isinstance(value, dict):
            for inner, item in value.items():
                yield from self.of(item, inner, join(pointer, inner), depth)
        else:
            for number, index in enumerate(self.review.rows(pointer), 1):
                yield from self.of(value[index], str(number), join(pointer, index), depth)

    def _leaf(self, value: JSON, name: str, pointer: str, depth: int) -> dict[str, Any]:
        row = {"name": name, "path": pointer, "depth": depth, "value": None if value is None else as_text(value)}
        row |= {"number": True} if isinstance(value, int | float) and not isinstance(value, bool) else {}
        row |= self._state(pointer)
        if value is None:
            return row
        lines = self.evidence.get(pointer, [])
        if lines:
            row["tier"] = min((line["tier"] for line in lines), key=_TIERS.index)
        names = ("mark", "page", "box")  # the number of a mark in the text, a page, a box on the picture of that page
        places = [{name: line[name] for name in names if line.get(name) is not None} for line in lines]
        row["places"] = [place for place in places if place]
        row |= {"flagged": True} if pointer in self.flagged else {}
        if pointer in self.confidence and not self.review.replaced(pointer):
            row["confidence"] = self.confidence[pointer]
        return row

    def _state(self, pointer: str) -> dict[str, Any]:
        """What a person decided about just this place."""
        step = self.review.states.get(pointer)
        if step is None:
            return {}
        was = None if step.was is None or isinstance(step.was, dict | list) else as_text(step.was)
        return {"state": step.action, "step": step.id, "was": was}


# ---------------------------------------------------------------------- a text in pieces


def passages(text: str, marks: Sequence[Mark], *, cap: int) -> list[Piece]:
    """The whole text or, where it is longer than `cap` characters, its opening and what surrounds the marks.

    Marks may overlap; text is cut wherever one begins or ends. Marks outside the text are left out.
    """
    inside = [(start, min(end, len(text)), number) for start, end, number in marks if 0 <= start < min(end, len(text))]
    windows = _windows(text, inside, cap)
    begins: defaultdict[int, set[int]] = defaultdict(set)
    ends: defaultdict[int, set[int]] = defaultdict(set)
    for start, end, number in inside:
        begins[start].add(number)
        ends[end].add(number)
    opened, closed = {start for start, _ in windows}, {end for _, end in windows}
    pieces: list[Piece] = []
    active: set[int] = set()
    visible = False
    for start, end in pairwise(sorted({0, len(text), *begins, *ends, *opened, *closed})):
        visible = start in opened or (visible and start not in closed)
        active = (active | begins[start]) - ends[start]
        piece = text[start:end]
        pieces.append(([piece, sorted(active)] if active else piece) if visible else end - start)
    return pieces


def _windows(text: str, marks: Sequence[Mark], cap: int) -> list[tuple[int, int]]:
    """The ranges that are shown, in order and apart from each other."""
    if len(text) <= cap:
        return [(0, len(text))]
    windows = [(0, _snap(text, min(cap // 4, len(text))))]
    for start, end, _ in sorted(marks):
        low, high = _snap(text, max(0, start - _ROOM)), _snap(text, min(len(text), end + _ROOM))
        if low <= windows[-1][1] + _GAP:
            windows[-1] = (windows[-1][0], max(high, windows[-1][1]))
        else:
            windows.append((low, high))
    return windows


def _snap(text: str, at: int) -> int:
    """The end of the white space nearest before `at`, so that no word is cut; `at` itself where there is none."""
    if at in (0, len(text)):
        return at
    found = max(text.rfind(space, max(0, at - _SNAP), at) for space in " \n")
    return at if found < 0 else found + 1
