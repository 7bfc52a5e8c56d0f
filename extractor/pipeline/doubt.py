"""A second opinion on doubtful values: asked alone, about the whole document, by another model or with more thought.

A value is doubtful that was not found in the source. The question does not say what the first answer was. Of an item of
a list it says what else is known, so that the model knows which one is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from extractor.call.asking import Answer, Asking
from extractor.call.conversation import converse_whole
from extractor.call.effects import Flow
from extractor.errors import DocumentError
from extractor.extraction.evidence import regrounded
from extractor.pipeline.result import evidence_lines, flags
from extractor.pipeline.stages import Paid, Stage, Work, extract, step
from extractor.schema.pointer import JSON, found_at, get
from extractor.text.tokens import count_tokens

__all__ = ["doubtful", "second_opinion"]


def doubtful(row: Mapping[str, Any]) -> tuple[str, ...]:
    """The pointers of the values of a record that were not found in the source."""
    return () if row["value"] is None else tuple(dict.fromkeys(flags(row)))


def second_opinion(work: Work, stages: Sequence[Stage], row: dict[str, Any], paid: Paid) -> Flow[dict[str, Any]]:
    """Ask about the doubtful values of a record, and put what comes in their place; returns the record.

    What it costs is added to `paid`, and is not in the record.

    The document passes the stages before `extract`, so that what they hide stays hidden. What the schema refuses
    changes nothing, and neither does a document that does not fit one request. A kind that is known is not asked for.
    DocumentError where the file is not the one that the record is of.
    """
    work = replace(work, context=work.context.kinds.get(row.get("kind", ""), work.context))
    for stage in stages[: stages.index(extract)]:
        work = yield from step(work, stage)
    schema, document, value, paths = work.context.schema, work.source, row["value"], doubtful(row)
    if document.sha256 not in ("", row["sha256"]):  # a stage may have made a document of its own
        raise DocumentError("the file has changed since it was read: run the job again", kind="changed")
    if count_tokens(document.text) > work.context.sizes.room:
        return row
    subset = schema.subset(paths)
    settings = work.context.settings
    known = "\n".join([settings.instructions, *_known_items(value, paths)]).strip()
    asking = Asking(subset, document.text, name=work.name, images=document.images, rank=work.rank)
    answer: Answer = yield from paid.counting(converse_whole(asking, settings.with_instructions(known)))
    if answer.value is None or answer.problems:
        return row
    newer = subset.patch(value, answer.value)
    if len(schema.problems(newer)) > len(schema.problems(value)):
        return row
    agreed = [path for path in paths if found_at(newer, path) == found_at(value, path)]
    evidence, confidence = regrounded(schema, document, newer, paths, agreed=agreed)
    changes = [f"{settings.model}: {_change(path, value, newer)}" for path in paths]
    lines = [line for line in row["evidence"] if line["path"] not in paths]
    lines += [line for path, spans in evidence.items() for line in evidence_lines(path, spans)]
    others = {path: likely for path, likely in row["confidence"].items() if path not in paths}
    repair = {"rung": "opinion", "changes": changes, "lossy": False, "paths": list(paths)}
    updated = {"value": newer, "evidence": lines, "confidence": {**others, **confidence}}
    return {**row, **updated, "repairs": [*row["repairs"], repair]}


def _known_items(value: JSON, paths: Iterable[str]) -> list[str]:
    """For each item of a list that is asked about, a line with what else is known of it."""
    items: dict[str, set[str]] = {}
    for path in paths:
        above, _, name = path.rpartition("/")
        if above.rpartition("/")[2].isdecimal():
            items.setdefault(above, set()).add(name)
    lines = []
    for pointer, names in items.items():
        known = {name: each for name, each in get(value, pointer).items() if name not in names and each is not None}
        lines.append(f"{pointer} is the item of which this is known: {orjson.dumps(known).decode()}")
    return lines


def _change(path: str, older: JSON, newer: JSON) -> str:
    before, after = found_at(older, path), found_at(newer, path)
    return f"{before!r} was confirmed @ {path}" if before == after else f"{before!r} became {after!r} @ {path}"
