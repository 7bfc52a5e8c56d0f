"""What a job publishes of its journal: a line for each document, or for each of the documents that a file holds.

With `split`, a file is asked for a list, and its line in the journal has that list as its value. Each item is published
as a record of its own:

    scan.pdf      value [A, B], pages [1, 4]
    scan.pdf#1    value A, pages [1, 2]
    scan.pdf#2    value B, pages [3, 4]

Pointers in evidence, confidence and problems are into the item. A problem of the whole file is one of each record. What
the file took (parts, attempts, repairs, usage) is in the line of the first, so that sums agree. A file without items is
published as it is. Records.jsonl, failures.jsonl, tables, totals and the review page all have these lines, with what
people corrected.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from extractor.documents.names import name_of
from extractor.errors import UsageError
from extractor.pipeline.corrections import read_corrections
from extractor.pipeline.journal import Journal
from extractor.pipeline.outputs import as_line, write_json
from extractor.pipeline.sinks import Sink
from extractor.schema.compiler import Schema
from extractor.schema.pointer import join, parts
from extractor.sources.files import Entry
from extractor.sources.storage import whole_file
from extractor.sources.urls import public_url

__all__ = ["Published", "failure", "named_apart"]

Line = dict[str, Any]

Place = tuple[int, int]
"""An offset, and its page."""

_PUBLISHED = "published"
_RECORD = re.compile(r".*#\d+", re.DOTALL)
_NOTHING = {
    **{"chunks": 0, "attempts": 0, "repairs": [], "tool_calls": []},
    "usage": {"prompt_tokens": 0, "cached_tokens": 0, "completion_tokens": 0, "cost_usd": 0.0},
}


@dataclass(frozen=True, slots=True)
class Published:
    """The lines of a job, of records of a schema; `split` where a file holds several documents.

    Without a schema, of one document a file, corrections are not checked.
    """

    journal: Journal
    schema: Schema[Any] | None
    split: bool = False

    def records(self, line: Line) -> Iterator[Line]:
        """The records that a line of the journal is published as."""
        items = line["value"]
        if not (self.split and self.schema and isinstance(items, list) and items):
            yield line
            return
        pages = _pages(line, len(items))
        for index, item in enumerate(items):
            yield _record(line, index, item, self.schema, pages[index])

    def rows(self) -> Iterator[tuple[Line, str]]:
        """All records with the places of their files."""
        for line, place in self.journal.rows():
            yield from ((record, place) for record in self.records(line))

    def dropped(self) -> list[str]:
        """Records that were published and are no more, whose rows a database may still hold."""
        if not self.split:
            return self.journal.pruned()
        now = {record["document"] for record, _ in self.rows()}
        ever = now.union(self.journal.note(_PUBLISHED) or ())
        self.journal.keep_note(_PUBLISHED, sorted(ever))
        return sorted(ever - now)

    def write(self, out: Path, facts: Callable[[], Mapping[str, Any]], sinks: Sequence[Sink]) -> None:
        """Write records.jsonl, failures.jsonl and run.json, and after them tables, which run.json then names.

        The facts for run.json are those of the time after the records: they count all that is in these.
        """
        corrections = read_corrections(out, self.schema.problems if self.schema else None)
        with whole_file(out / "records.jsonl") as records, whole_file(out / "failures.jsonl") as failures:
            for row, place in self.rows():
                record = corrections.applied(row)
                records.write(as_line(record))
                if record["status"] != "ok":
                    failures.write(as_line(failure(record, place)))
        run = dict(facts())
        write_json(out / "run.json", run)
        dropped = self.dropped() if sinks else []
        for sink in sinks:
            sink.write((corrections.applied(row) for row, _ in self.rows()), dropped)
            run["tables"] = list(dict.fromkeys([*run["tables"], *sink.written]))
            write_json(out / "run.json", run)


def named_apart(entry: Entry) -> Entry:
    """The entry; UsageError for a file with a name that a document inside another file may have."""
    if _RECORD.fullmatch(entry.name):
        raise UsageError(f"{entry.name} is named like a document inside another file: rename it, without the #")
    return entry


def failure(row: Mapping[str, Any], place: str) -> Line:
    """The line of failures.jsonl for a record that is not ok."""
    reasons = [f"{problem['message']} @ {problem['path'] or '/'}" for problem in row["problems"]]
    known = {name: row[name] for name in ("document", "sha256", "status")}
    return {**known, "path": name_of(public_url(place)), "reasons": reasons}


def _record(line: Line, index: int, item: Any, schema: Schema[Any], pages: list[int] | None) -> Line:
    kind, value = schema.by_kind(item)
    at = join("", index)
    whole = [each for each in line["problems"] if _index(each["path"]) is None]
    problems = [*whole, *_inside(line["problems"], at)]
    return {
        **line,
        **({} if index == 0 else _NOTHING),
        "document": f"{line['document']}#{index + 1}",
        "status": "partial" if problems else "ok",
        **({"kind": kind.name} if schema.kinds else {}),
        **({"pages": pages} if pages else {}),
        "value": value,
        "evidence": _inside(line["evidence"], at),
        "confidence": {path[len(at) :]: each for path, each in line["confidence"].items() if _is_in(path, at)},
        "problems": problems,
    }


def _inside(places: Sequence[Mapping[str, Any]], at: str) -> list[Line]:
    """The places below a pointer, by pointers from there."""
    return [{**place, "path": place["path"][len(at) :]} for place in places if _is_in(place["path"], at)]


def _is_in(path: str, at: str) -> bool:
    return f"{path}/".startswith(f"{at}/")


def _index(path: str) -> int | None:
    """The item that a pointer into a list is about."""
    first = next(iter(parts(path)), "")
    return int(first) if first.isdecimal() else None


def _pages(line: Line, count: int) -> list[list[int] | None]:
    """The first and the last page of each item: from where its first value is to where the next item begins."""
    if "pages" not in line:
        return [None] * count
    places: list[list[Place]] = [[] for _ in range(count)]
    for place in line["evidence"]:
        if place["page"] is not None and (index := _index(place["path"])) is not None:
            places[index].append((place["start"] or 0, place["page"]))
    neighbours = zip([[], *places], places, [*places[1:], []], strict=False)
    found = [_own_pages(above, own, below) for above, own, below in neighbours]
    ranges: list[list[int] | None] = []
    after = line["pages"][1] + 1
    for own in reversed(found):
        if not own:
            ranges.append(None)
            continue
        first = min(own)
        ranges.append([first, max(first, after - 1, *(page for page in own if page <= after))])
        after = first
    return ranges[::-1]


def _own_pages(above: Sequence[Place], own: Sequence[Place], below: Sequence[Place]) -> set[int]:
    """The pages of an item's values, each with its offset. One among the values of a neighbour was found in that."""
    if not own:
        return set()
    middle = sorted(start for start, _ in own)[len(own) // 2]
    low = max((start for start, _ in above if start < middle), default=-1)
    high = min((start for start, _ in below if start > middle), default=max(own)[0] + 1)
    return {page for start, page in own if low < start < high} or {page for _, page in own}
