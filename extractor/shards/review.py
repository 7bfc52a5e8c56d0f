"""What a person should look at in an output, and the corrections that come of it, wherever the output is.

They are those of `extractor review`: lines of corrections.jsonl, which publishing applies to records and tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import orjson

from extractor.pipeline.corrections import CORRECTIONS, Step, as_extracted, read_corrections, reviewed
from extractor.pipeline.result import is_flagged, reviewed_above
from extractor.review.server import Run
from extractor.review.steps import step_of
from extractor.review.view import as_text, flagged_in
from extractor.schema.pointer import JSON, get
from extractor.shards.lease import hold
from extractor.shards.publish import published_schema, read_results
from extractor.shards.work import Manifest
from extractor.sources.storage import exists, fetch, is_remote, join, local, read, send

__all__ = ["Doubt", "doubts", "flagged_documents", "store_review", "under_review"]


class Doubt(NamedTuple):
    """A place in a record to look at, as a pointer, and why. `value` is its text; None where it is not one value."""

    path: str
    value: str | None
    reason: str


def flagged_documents(where: str | Path | Manifest, *, most: int = 100) -> list[str]:
    """Documents of an output place, or of a manifest, that a person should look at: up to `most` names.

    They have a value, but did not end ok, or a value was not found in its source, and nobody has reviewed that yet.
    """
    flagged = (row["document"] for row in read_results(where) if row["value"] is not None and is_flagged(row))
    return [name for name, _ in zip(flagged, range(most), strict=False)]


@contextmanager
def under_review(out: str | Path, *, schema: Any = None) -> Iterator[Run]:
    """The records of an output place, to correct; steps are in its corrections.jsonl once this is left.

    `schema` is a type, a JSON Schema or a SPEC, by default the one that run.json names. Workers take turns.
    """
    out = str(out)
    with hold(out, "desk") as lease, TemporaryDirectory(prefix="extractor-") as scratch:
        folder = Path(scratch) if is_remote(out) else local(out)
        steps = folder / CORRECTIONS
        for path in (folder / "records.jsonl", steps) if is_remote(out) else ():
            if exists(join(out, path.name)):
                fetch(join(out, path.name), path)
        before = steps.stat().st_size if steps.exists() else 0
        settings = orjson.loads(read(join(out, "run.json")))
        yield Run(folder, published_schema(schema, settings, needed=False))
        if is_remote(out) and steps.exists() and steps.stat().st_size > before:
            lease.check()
            send(steps, join(out, CORRECTIONS))


def doubts(run: Run, document: str) -> list[Doubt]:
    """What is doubtful in a document and was not reviewed, each place once."""
    record = run.record(document)
    plain, steps = as_extracted(record), read_corrections(run.out).of(record)
    review = reviewed(plain["value"], steps)
    problems = [each for each in plain["problems"] if not reviewed_above(each["path"], review.states)]
    reasons: dict[str, list[str]] = {}
    found = [(path, "not found in the source") for path in flagged_in(plain, review)]
    for path, reason in [*found, *((each["path"], each["message"]) for each in problems)]:
        reasons.setdefault(_present(review.whole, path), []).append(reason)
    return [Doubt(path, _text(get(review.whole, path)), "; ".join(each)) for path, each in reasons.items()]


def store_review(run: Run, document: str, texts: Mapping[str, str | None]) -> list[str]:
    """Accept doubtful values of a document, those in `texts`, by pointer, with these in place of those that differ.

    Others stay doubtful, and so does an object or list that holds one of them. Returns the pointers of the values that
    were corrected. UsageError for a text that the schema refuses; nothing is stored then.
    """
    record = run.record(document)
    schema = run.schema and run.schema.of_kind(record.get("kind"))
    before, new, requests = read_corrections(run.out).of(record), list[Step](), list[dict[str, str]]()
    places = doubts(run, document)
    left = [path for path, value, _ in places if value is not None and path not in texts]
    for path, value, _ in places:
        text = texts.get(path) or ""
        if not any(f"{each}/".startswith(f"{path}/") for each in left):
            change = {"action": "accept"} if value in (None, text) else {"action": "correct", "text": text}
            requests.append({"path": path, **change})
            new.append(step_of(record, [*before, *new], requests[-1], schema))
    for request in requests:
        run.take({"document": document, **request})
    return [step.path for step in new if step.action == "correct"]


def _present(value: JSON, path: str) -> str:
    """The pointer, or that of the nearest thing above it that is there."""
    while path:
        try:
            get(value, path)
        except (LookupError, ValueError, TypeError):
            path = path.rpartition("/")[0]
        else:
            break
    return path


def _text(value: JSON) -> str | None:
    if isinstance(value, dict | list):
        return None
    return "" if value is None else as_text(value)
