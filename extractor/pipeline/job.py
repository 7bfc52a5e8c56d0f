"""One run over one output directory: what is finished is kept, what is left is done, what went wrong is told."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain, islice
from pathlib import Path
from threading import Lock
from typing import Any

from extractor.call.effects import Flow, Run, Transport
from extractor.call.remember import NotStored
from extractor.documents.document import Document
from extractor.documents.load import sha256_of
from extractor.errors import STOPPING, DocumentError, ExtractorError, Problem, StorageError
from extractor.pipeline.doubt import doubtful, second_opinion
from extractor.pipeline.engine import finished
from extractor.pipeline.identity import library_version
from extractor.pipeline.journal import Journal, Last
from extractor.pipeline.published import Published
from extractor.pipeline.result import Result, flags
from extractor.pipeline.sinks import Sink
from extractor.pipeline.stages import Context, Paid, Stage, Work, process
from extractor.sources.files import Entry, Origin, longer_names
from extractor.wire.values import Usage, nano, usd

__all__ = ["Job", "Progress", "Totals", "apart", "begun"]

_LOG = logging.getLogger("extractor")


@dataclass(frozen=True, slots=True)
class Totals:
    """A run so far. `usage` is what the documents cost, earlier runs included; `pending` were not reached.

    Of those, `earlier` ended ok in an earlier run, and keep its line. `gone` are no longer in the source and keep
    theirs too; `pruned` were dropped from all that is written, and are no part of `documents`.
    `values` counts the leaves that were extracted and `flagged` those that were not found in the source.

    >>> from extractor import Pipeline
    >>> from schemas.receipt import Receipt
    >>> totals = Pipeline(Receipt, "samples/receipts/kebab_hamburg.txt").run("out")
    >>> totals.documents, totals.ok, totals.whole
    (1, 1, True)
    """

    documents: int = 0
    ok: int = 0
    partial: int = 0
    failed: int = 0
    pending: int = 0
    earlier: int = 0
    gone: int = 0
    pruned: int = 0
    reused: int = 0
    chunks: int = 0
    attempts: int = 0
    repairs: int = 0
    values: int = 0
    flagged: int = 0
    usage: Usage = field(default_factory=Usage)
    seconds: float = 0.0

    @property
    def whole(self) -> bool:
        """Whether every document of the source ended ok, in this run or an earlier one."""
        return self.ok + self.earlier + self.gone == self.documents

    def plus(self, row: dict[str, Any], *, reused: bool = False) -> Totals:
        """With one finished document more."""
        status = row["status"]
        return replace(
            self,
            documents=self.documents + 1,
            **{status: getattr(self, status) + 1},
            reused=self.reused + reused,
            chunks=self.chunks + row["chunks"],
            attempts=self.attempts + row["attempts"],
            repairs=self.repairs + len(row["repairs"]),
            values=self.values + len({line["path"] for line in row["evidence"]}),
            flagged=self.flagged + len(flags(row)),
            usage=self.usage + Usage(**row["usage"]),
        )

    def plus_left(self, row: dict[str, Any], *, gone: bool) -> Totals:
        """With one document more that did not end in this run."""
        names = ("gone",) if gone else ("pending", "earlier") if row["status"] == "ok" else ("pending",)
        counts = {name: getattr(self, name) + 1 for name in names}
        return replace(self, documents=self.documents + 1, usage=self.usage + Usage(**row["usage"]), **counts)


_LIVE_SECONDS, _LIVE_SHARE = 1.0, 0.05
"""How often results are published while a run goes on: no sooner, and in no more than this share of its time."""


Progress = Callable[[dict[str, Any], Totals], None]
"""Called after each document with its line of records.jsonl and the totals so far."""


Ended = tuple[dict[str, Any] | None, Entry, bool]
"""The line of a document, None where it was not reached, and whether it is that of an earlier run."""


@dataclass(slots=True)
class Job:
    """Runs documents through stages into a journal. `identity` changes when finished documents must be done again.

    A document that ended ok by another version of the library is in `outdated`: it is done again from the replies that
    are kept, at no cost, or stays as it is where the new version asks something else. With `doubt`, a retry asks about
    the doubtful values of all documents, and about nothing else.

    What is `published` goes to the folder `out` and to `sinks`, with `facts` in run.json: while the job is `live` in a
    thread, soon after a document has ended, so that results can be read while a run goes on.
    """

    context: Context
    stages: Sequence[Stage]
    published: Published
    identity: str
    out: Path
    sinks: Sequence[Sink] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    progress: Progress | None = None
    prune: bool = False
    only: frozenset[str] | None = None
    limit: int | None = None
    doubt: bool = False
    skipped: list[dict[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    totals: Totals = field(default_factory=Totals)
    stopped: ExtractorError | None = None
    number: int = 0
    live: bool = True
    before: int | None = None
    open: dict[str, Entry] = field(default_factory=dict)
    outdated: set[str] = field(default_factory=set)
    doubted: dict[str, dict[str, Any]] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    writing: Lock = field(default_factory=Lock)

    @property
    def journal(self) -> Journal:
        return self.published.journal

    @property
    def settings(self) -> str:
        """What a finished document is kept under: the identity of the job, and the version that did it."""
        return f"{self.identity}@{library_version()}"

    def begin(self, found: Iterable[Entry]) -> Iterator[Entry]:
        """Begin a run; returns the documents of the source that it reads."""
        self.number = (self.journal.note("run") or 0) + 1
        self.journal.keep_note("run", self.number)
        return self._walked(found)

    def _walked(self, found: Iterable[Entry]) -> Iterator[Entry]:
        """The documents of the source; once all of them were seen, the others are known to be gone."""
        whole = self.only is None and self.limit is None
        for entry in islice(found, self.limit):
            whole = whole and not (entry.path and entry.path.is_dir())  # a folder that cannot be listed
            if self.only is None or entry.name in self.only:
                yield entry
        if whole:
            self.journal.keep_note("walked", self.number)

    def retry(self, origin: Origin) -> Iterator[Entry]:
        """Go on with the last run; returns its dead letters. Their replies that fell short are set aside."""
        self.number = self.journal.note("run") or 0
        left, dead = self.journal.left(), dict[str, str]()
        for row, place in self.journal.rows():
            name = row["document"]
            if left.get(name) or (self.doubt and "run" in row):  # it is gone, or no document of that run
                continue
            if self.doubt and doubtful(row):
                self.doubted[name] = row
                dead[name] = place
            elif self.doubt or (row["status"] == "ok" and "run" not in row):
                self._count(row, reused=True)
            else:
                dead[name] = place
                if row["status"] != "ok":
                    self.journal.set_aside(name)
        return origin.named(dead)

    async def run(self, found: Iterable[Entry], transport: Transport, *, at_once: int) -> None:
        """Do all documents. A stop by the budget or the account lets what is in flight end; `stopped` keeps it."""
        began, left = time.monotonic(), iter(found)
        live = asyncio.create_task(self._live())
        try:
            async with aclosing(finished(self._flows(left), transport, at_once=at_once)) as documents:
                async for row, entry, reused in documents:
                    if row is not None:
                        self._settle(row, entry, reused, seconds=time.monotonic() - began)
        finally:  # a run that is interrupted tells of the rest too
            live.cancel()
            for entry in (*self.open.values(), *left):
                self._leave(entry)
            if not isinstance(self.stopped, StorageError):
                self._count_all(seconds=time.monotonic() - began)

    async def _live(self) -> None:
        """Publish what has ended so far, whenever that is more than before, in a small share of the run's time."""
        while self.live:
            await self.changed.wait()
            self.changed.clear()
            began = time.monotonic()
            with suppress(ExtractorError, OSError):  # what cannot be written is told at the end
                await asyncio.to_thread(self.publish, finished=False)
            await asyncio.sleep(max(_LIVE_SECONDS, (time.monotonic() - began) / _LIVE_SHARE))

    def end_live(self) -> None:
        """Publish nothing more while the run goes on, and wait for what is being published."""
        with self.writing:
            self.live = False

    def _flows(self, found: Iterator[Entry]) -> Iterator[Flow[Ended]]:
        for rank, entry in enumerate(found):
            self.open[entry.name] = entry
            yield self._document(entry, rank)
            if self.stopped:
                return

    def _opinion(self, entry: Entry, rank: int, row: dict[str, Any]) -> Flow[Ended]:
        """A record with its doubtful values asked about again, and with what that cost; that is counted once."""
        name, ended = entry.name, True
        counted = self.journal.note(f"opinion {name}") or []
        paid = Paid(dict.fromkeys(counted))
        try:
            row = yield from second_opinion(*begun(entry, self.context, self.stages, rank), row, paid)
        except STOPPING as error:
            self.stopped, ended = self.stopped or error, False
        except Exception as error:  # the file is gone or changed, or a stage of the user's own failed
            self.warn(f"{name}: its doubtful values were not asked about: {error}")
            if not paid.attempts:
                return row, entry._replace(stamp=None), True  # the record may be of an older content
        spent = paid.replies + paid.failed
        new = list(paid.keys) != counted or spent != Usage()
        if new and not isinstance(self.stopped, StorageError):
            usage = Usage(**row["usage"]) + spent
            usage = replace(usage, perhaps_usd=self.journal.in_all(name, usage).perhaps_usd)
            row = {**row, "usage": asdict(usage), "attempts": row["attempts"] + paid.attempts}
            opinion = f"opinion {name}", list(paid.keys)
            self.journal.keep_row(row, place=entry.lasting_place, settings=self.settings, run=self.number, note=opinion)
        if ended:
            return row, entry, False
        self._leave(entry)
        return None, entry, False

    def _document(self, entry: Entry, rank: int) -> Flow[Ended]:
        name = entry.name
        if entry.is_elsewhere and entry.stamp is None:
            entry = yield Run(entry.stamped)
        if name in self.doubted:
            return (yield from self._opinion(entry, rank, self.doubted[name]))
        columns = {"columns": entry.columns} if entry.columns else {}
        found, paid = entry, Paid()
        if last := self.journal.last(name):
            found, digest = yield from self._looked_at(entry, last)
            if digest == last.sha256 and last.settings == self.settings:
                done = self.journal.adopt(name, self.number)
                return {**done, **columns}, entry, done.get("columns") == entry.columns
            if digest == last.sha256 and last.identity == self.identity:
                self.outdated.add(name)
        try:
            result = yield from process(*begun(found, self.context, (*self.stages, self._keep_text), rank), paid)
        except NotStored:  # its questions are others now, and what was paid for is a good answer still
            older = self.journal.adopt(name, self.number)
            return older, entry, True
        except STOPPING as error:
            self.stopped = self.stopped or error
            self._leave(entry)
            return None, entry, False
        if not result.sha256 and self._fell_short(name):  # a record that fell short says more than one of nothing
            self.warn(f"{name} could not be read, and its record stays as it was: {result.problems[0].message}")
            self._leave(entry)
            return None, entry, False
        self.journal.keep_note(f"retry {name}", result.retry if result.status != "ok" else ())
        aside, attempts = self.journal.aside(name)
        usage = self.journal.in_all(name, paid.replies + aside) + replace(paid.failed, cost_usd=0.0, perhaps_usd=0.0)
        result = replace(result, usage=usage, attempts=result.attempts + attempts)
        return {**result.row(), **columns}, entry, False

    def _fell_short(self, name: str) -> bool:
        """Whether an earlier run found a value in a document, and it was not ok."""
        line = self.journal.line(name)
        return line is not None and line["status"] != "ok" and line["value"] is not None

    @staticmethod
    def _looked_at(entry: Entry, last: Last) -> Flow[tuple[Entry, str]]:
        """A document with what was read of it, and its SHA-256; nothing is read that is known to be as it was."""
        if entry.stamp is not None and entry.stamp == last.stamp:
            return entry, last.sha256
        if path := entry.path:
            digest: str = yield Run(lambda: sha256_of(path))
            return entry, digest
        if entry.content is None:
            with suppress(DocumentError):  # the stages fail with it as well
                entry = entry._replace(content=(yield Run(entry.read)))
        return entry, entry.digest()

    def _keep_text(self, work: Work) -> Work:
        """The last stage: the review page shows values in the text that they refer to."""
        if work.data is not None:
            self.journal.keep_text(work.name, work.source.text)
        return work

    def _settle(self, row: dict[str, Any], entry: Entry, reused: bool, *, seconds: float) -> None:
        self.open.pop(row["document"], None)
        records = self._count(row, reused=reused)
        if not reused:
            self.journal.keep_row(row, place=entry.lasting_place, settings=self.settings, run=self.number)
        if entry.is_elsewhere:  # after the line: a kill between the two must not leave this stamp with an older line
            self.journal.keep_note(f"stamp {entry.name}", entry.stamp)
        self.totals = replace(self.totals, seconds=seconds)
        self.changed.set()
        for record in records:
            if self.progress:
                self.progress(record, self.totals)

    def _count(self, row: dict[str, Any], *, reused: bool) -> list[dict[str, Any]]:
        """Count the records of a line that has ended; returns them."""
        records = list(self.published.records(row))
        for record in records:
            self.totals = self.totals.plus(record, reused=reused)
        return records

    def _count_all(self, *, seconds: float) -> None:
        """Count what is published, whether it ended in this run or not; what is gone is dropped first, if `prune`."""
        totals = Totals(pruned=self.journal.prune() if self.prune else 0, seconds=seconds)
        left = self.journal.left()
        for line, _ in self.journal.rows():
            gone = left.get(line["document"])
            for row in self.published.records(line):
                totals = totals.plus(row) if gone is None else totals.plus_left(row, gone=gone)
        done = self.totals.documents - self.totals.reused
        self.totals = replace(totals, reused=totals.ok + totals.partial + totals.failed - done)

    def _leave(self, entry: Entry) -> None:
        """Tell that a document was not reached; the next run takes it up.

        The line in which it ended earlier stays; where it never ended, a line says so, and what was paid so far.
        """
        name = entry.name
        self.open.pop(name, None)
        if isinstance(self.stopped, StorageError) or self.journal.leave_row(name, self.number):
            return
        row = _unread(name, f"not read: {self.stopped or 'the run was interrupted'}", self.journal.cost(name))
        self.journal.keep_row(row, place=entry.lasting_place, settings="", run=self.number)

    def warn(self, warning: str) -> None:
        """Tell of what a person should know, in the log and in run.json."""
        _LOG.warning(warning)
        self.warnings.append(warning)

    def publish(self, *, finished: bool = True) -> None:
        """Write the files of the output. `finished` is the last time of a run; before it, run.json has no such time."""
        with self.writing:
            if finished or (self.live and self._grows()):
                self.published.write(self.out, partial(self._run_json, finished), self.sinks)

    def _grows(self) -> bool:
        """Whether there are as many records as before the run: what is missing may be lost, and the end tells of it."""
        if self.before is None:
            path = self.out / "records.jsonl"
            self.before = path.read_bytes().count(b"\n") if path.exists() else 0
        return len(self.journal.places()) >= self.before

    def _run_json(self, finished: bool) -> dict[str, Any]:
        return {
            "run": self.number,
            "finished": datetime.now(UTC).isoformat(timespec="seconds") if finished else None,
            **self.facts,
            **({"stopped": str(self.stopped)} if self.stopped else {}),
            "tables": [],
            "skipped": self.skipped,
            "warnings": self.warnings,
            "totals": asdict(self.totals),
            "ledger": self._ledger(),
        }

    def _ledger(self) -> dict[str, Any]:
        """The money of all runs into the folder, as run.json tells it."""
        heads, documents = self.journal.heads(), self.totals.usage.cost_usd
        spent = heads.spent
        known = spent is not None and documents is not None
        return {
            "spent_usd": None if spent is None else usd(spent),
            "documents_usd": documents,
            "elsewhere_usd": usd((spent or 0) - nano(documents or 0)) if known else None,
            "lost_usd": usd(heads.lost),
            "perhaps_usd": usd(heads.perhaps),
            "reserved_usd": usd(heads.reserved),
            "reused_usd": self.journal.reused.cost_usd,
        }


def _unread(name: str, why: str, usage: Usage) -> dict[str, Any]:
    problems = (Problem("", why),)
    unread: Result[Any] = Result(document=name, sha256="", status="failed", problems=problems, usage=usage)
    return unread.row()


def apart(found: Iterable[Entry], journal: Journal) -> Iterator[Entry]:
    """Entries under the names that earlier runs read their files by, and others under names that no other file has.

    Another file is one of this run, or one that an earlier run read in another folder, where it still is. Before the
    name of such an entry come as many folders of its path as are needed.
    """
    places, taken = journal.places(), set[str]()
    for entry in found:
        names = list(longer_names(entry.name, entry.lasting_place)) if entry.path else [entry.name]
        own = (name for name in names if places.get(name) == entry.lasting_place)
        free = (name for name in names if name not in taken and not _is_another(places.get(name), entry.path))
        name = next(chain(own, free), entry.name)
        taken.add(name)
        yield entry._replace(name=name)


def _is_another(place: str | None, path: Path | None) -> bool:
    if place is None or path is None:
        return False
    with suppress(OSError):  # it is gone
        return not Path(place).samefile(path)
    return False


def begun(entry: Entry, context: Context, stages: Sequence[Stage], rank: int = 0) -> tuple[Work, tuple[Stage, ...]]:
    """A document at the beginning of its way, and its stages: the first one gets content that is on no disk here."""

    def read(work: Work) -> Flow[Work]:
        return replace(work, content=(yield Run(entry.read)))

    text = Document.from_text(entry.content, name=entry.name) if isinstance(entry.content, str) else None
    work = Work(entry.name, context, entry.path, rank=rank, document=text)
    return work, (*(() if entry.path or text else (read,)), *stages)
