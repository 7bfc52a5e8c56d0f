"""The folder job: documents in, the files of an output directory out, resumable at any point."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, closing, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from extractor.call.background import Background, run_on_loop, uninterrupted
from extractor.call.batching import Batching
from extractor.call.endpoint import is_local
from extractor.call.facts import look
from extractor.call.form import Ladder
from extractor.call.http import HttpTransport
from extractor.call.ledger import Purse
from extractor.call.remember import Remembering
from extractor.documents.document import Document
from extractor.documents.names import name_of
from extractor.errors import StorageError, UsageError
from extractor.extraction.kinds import kind_layout
from extractor.extraction.plan import Plan, plan
from extractor.pipeline.config import Config, Session
from extractor.pipeline.corrections import read_corrections
from extractor.pipeline.engine import AHEAD
from extractor.pipeline.identity import library_version
from extractor.pipeline.job import Job, Progress, Totals, apart
from extractor.pipeline.journal import Batches, Journal, open_journal, opened_journal, rescued
from extractor.pipeline.outputs import forget, journal_of, locked, output_directory, output_folder, tidy
from extractor.pipeline.published import Published, named_apart
from extractor.pipeline.sinks import named, open_sinks
from extractor.pipeline.stages import STAGES, Context, Stage, as_seen, extract
from extractor.pipeline.store import Damaged
from extractor.schema.compiler import Schema, compile_schema
from extractor.schema.sources import list_of
from extractor.sources.files import Entry, Files, Origin
from extractor.sources.rows import Rows
from extractor.sources.urls import public_url
from extractor.wire.prices import price_of
from extractor.wire.requests import SERVICE_RPM

__all__ = ["Pipeline"]

_QUEUED = 500
"""Documents open at once where requests are queued: one batch holds the first request of each."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What to extract, from where, by which stages. The same value runs from code, the command line and Airflow.

    `schema` is anything that `compile_schema` takes; `source` files and folders, by path or URL (s3://, gs://, az://,
    https://), or the Rows of a table; `config` how the model is asked; `sink` names the forms of the records beside
    records.jsonl: csv, parquet, sqlite, duckdb or a URL postgresql://...
    `spec` is what the command line knows the schema or the pipeline by: ("schema", "receipt").
    `follow_links` reads what links in a folder lead to outside of it as well. `origin` finds documents in the place of
    `source`; a `purse` is a budget that this job shares with others.
    Where the schema is a union of classes, each document is of one of them: a short question tells which, and then that
    one is asked. With `split`, a file holds several documents: each becomes a record, `scan.pdf#1`, `scan.pdf#2`, ...
    Its repr is the same in every process, so that schedulers see when a job has changed.

    >>> from extractor import Config, Pipeline
    >>> from schemas.receipt import Receipt
    >>> job = Pipeline(Receipt, "samples/receipts", config=Config(max_cost=1.00), sink="csv")
    >>> job.run("out").documents
    18
    """

    schema: Any
    source: str | Path | Rows | Sequence[str | Path] = ()
    stages: tuple[Stage, ...] = field(default=STAGES, repr=False)
    config: Config = Config()
    sink: str | Sequence[str] = field(default=(), repr=False)
    spec: tuple[str, str] | None = None
    follow_links: bool = False
    split: bool = False
    origin: Origin | None = field(default=None, repr=False)
    purse: Purse | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        named(self.sink)

    @property
    def file_schema(self) -> Schema[Any]:
        """The schema that files are asked for."""
        return compile_schema(list_of(self.schema) if self.split else self.schema, counts=True)

    @property
    def record_schema(self) -> Schema[Any]:
        """The schema that records are of."""
        return compile_schema(self.schema, counts=True)

    def run(
        self,
        out: str | Path,
        *,
        fresh: bool = False,
        prune: bool = False,
        limit: int | None = None,
        progress: Progress | None = None,
    ) -> Totals:
        """Do the whole job, or what is left of it, and write the files of the output directory `out`.

        `fresh` forgets what the directory's journal holds; `limit` reads only so many documents, the first ones of the
        source; `progress` is called after each document. A stop by the budget or the account is raised once everything
        finished so far has been written. Results can be read while the run goes on: each file is replaced as a whole.
        UsageError where no document is found, and for a directory that holds the records of another schema.

        Records change only by documents that end in this run. A document that it does not reach keeps the line in
        which it ended earlier, and so does one that is gone from the source, unless `prune` drops it, from databases
        too; both lines have the number of their run in `run`.
        """
        if limit is not None and limit < 1:
            raise UsageError(f"limit is {limit}: give 1 or more")
        return self._do(output_folder(out), self.config, progress, fresh=fresh, prune=prune, limit=limit)

    def retry(
        self,
        out: str | Path,
        *,
        model: str | None = None,
        thinking_tokens: int | None = None,
        doubtful: bool = False,
        progress: Progress | None = None,
    ) -> Totals:
        """Repeat the documents of the last run into `out` that did not end ok, by `model` where one is named.

        A stored answer that fell short is asked for again; good ones are used as they are, and so are the documents
        that ended ok. With `doubtful`, only the values that were not found in their source are asked about, in
        documents of any status; nothing else changes. Otherwise as `run`.
        """
        journal_of(out)
        if doubtful and extract not in self.stages:
            raise UsageError("a pipeline without the stage `extract` asks nothing: there is no question to repeat")
        changed: dict[str, Any] = {"model": model, "thinking_tokens": thinking_tokens}
        using = replace(self.config, **{name: value for name, value in changed.items() if value is not None})
        return self._do(Path(out), using, progress, retry=True, doubt=doubtful)

    def _do(
        self,
        out: Path,
        using: Config,
        progress: Progress | None = None,
        *,
        retry: bool = False,
        fresh: bool = False,
        **options: Any,
    ) -> Totals:
        """A run over the source, or over the dead letters of the last run, if `retry`; `options` are those of a Job."""
        skipped: list[dict[str, str]] = []
        origin = self.opened_source()
        found = iter(()) if retry else self._found(origin, out, skipped)
        compiled = self.file_schema
        with closing(using.endpoint()) as endpoint, locked(output_directory(out)) as folder:
            tidy(folder)
            sinks = open_sinks(self.sink, folder, self.record_schema, carries=isinstance(self.source, Rows))
            read_corrections(folder)  # a line that cannot be read is named before any work is done
            forgotten = _forgotten(folder) if fresh else []
            with closing(open_journal(folder / "journal.sqlite")) as journal:
                journal.take_up(compiled)
                if forgotten:
                    journal.keep_note("pruned", forgotten)
                rungs = Ladder(journal.note("ladder"))
                session = Session(using, endpoint, job=journal, ladder=rungs, purse=self.purse)
                context = session.context(compiled, split=self.split)
                job = Job(
                    context,
                    self.stages,
                    Published(journal, self.record_schema, self.split),
                    self.config.identity(compiled, self.schema, self.stages),
                    folder,
                    sinks=sinks,
                    facts=self._facts(context, origin),
                    progress=progress,
                    skipped=skipped,
                    **options,
                )
                entries = job.retry(origin) if retry else job.begin(found)
                if isinstance(origin, Files):
                    entries = apart(entries, journal)
                try:
                    _on_a_loop(self._run(job, session, entries))
                except StorageError as error:
                    job.stopped = job.stopped or error
                finally:
                    job.end_live()
                    session.keep_facts()
                    # What cannot be written down is not published either: the next run does that.
                    if job.number and not isinstance(job.stopped, StorageError):
                        journal.keep_note("ladder", rungs.export())
                        with uninterrupted():
                            job.publish()
        if isinstance(job.stopped, Damaged):
            raise StorageError(rescued(Path(out) / "journal.sqlite", job.stopped)) from job.stopped
        if job.stopped:
            raise job.stopped
        return job.totals

    def plan(self, out: str | Path | None = None, *, sample: int = 0) -> Plan:
        """What a run would send and cost; reads every document and sends nothing.

        With `out`, documents that the journal of that folder holds are free. With `sample`, so many documents are asked
        about for real, into `out` where it is named, and the prices follow from what they cost.
        """
        if sample < 0:
            raise UsageError(f"sample is {sample}: give 0 or more")
        folder, origin = output_folder(out) if out else None, self.opened_source()
        found = list(self._found(origin, folder, []))
        planned = self._planned(found, folder)
        if not sample:
            return planned
        chosen = found[:: max(1, len(found) // sample)][:sample]
        costs: list[float | None] = []
        with TemporaryDirectory() as scratch:
            replace(self, sink=(), origin=origin)._do(
                folder or Path(scratch),
                self.config,
                lambda row, _: costs.append(row["usage"]["cost_usd"]),
                only=frozenset(entry.name for entry in chosen),
            )
        known = [cost for cost in costs if cost is not None]
        paid = sum(known) if len(known) == len(costs) else None
        return planned.by_sample(len(chosen), self._planned(chosen, None), paid)

    def _planned(self, found: Iterable[Entry], folder: Path | None) -> Plan:
        config, schema = self.config, self.file_schema
        with opened_journal(folder) as journal:
            context = config.context(schema, split=self.split)
            first = partial(kind_layout, schema.kinds, sizes=context.sizes) if context.kinds else None
            identity = config.identity(schema, self.schema, self.stages)
            return plan(
                [(each.schema, each.sizes) for each in context.kinds.values() or [context]],
                ((entry.name, partial(self._seen, entry, journal, identity)) for entry in found),
                first=first,
                price=price_of(config.model),
                rpm=None if is_local(config.model) else config.rpm or SERVICE_RPM,
                passes=config.passes,
                held=journal.held if journal else None,
            )

    def _seen(self, entry: Entry, journal: Journal | None, identity: str) -> Document | None:
        """A document as the model can be shown it; None where an earlier run has finished it."""
        last = journal.last(entry.name) if journal else None
        done = last if last and last.identity == identity else None
        if done and entry.stamped().stamp == done.stamp is not None:
            return None
        document = entry.load(password=self.config.password)
        if done and document.sha256 == done.sha256:
            return None
        return as_seen(document, self.config.model)[0]

    def opened_source(self) -> Origin:
        """The source, of which object storage is listed once, however often it is counted and run."""
        if self.origin:
            return self.origin
        if isinstance(self.source, Rows):
            return self.source
        places = [self.source] if isinstance(self.source, str | Path) else self.source
        return Files(map(str, places), follow_links=self.follow_links)

    def count(self, out: Path, *, most: int | None = None) -> int | None:
        """How many documents a run into the folder `out` would find, counted up to `most`; None for rows."""
        origin = self.opened_source()
        return None if isinstance(origin, Rows) else sum(1 for _ in islice(origin.found(without=out), most))

    def _found(self, origin: Origin, out: Path | None, skipped: list[dict[str, str]]) -> Iterator[Entry]:
        """The documents of a source, of which there is one at least."""
        if out and isinstance(origin, Files) and any(path.resolve() == out.resolve() for path in origin.paths):
            raise UsageError(f"{out} is a source too, so its output would be read as documents; name another --out")
        found = origin.found(without=out, skip=lambda name, why: skipped.append({"name": name, "why": why}))
        if self.split:
            found = map(named_apart, found)
            found = found if isinstance(origin, Rows) else iter(list(found))  # before anything is paid for
        first = next(found, None)
        if first is None:
            where = ", ".join(origin.places)
            raise UsageError(f"no document in {where}: hidden files and gold*.jsonl are not read; check the path")
        return chain([first], found)

    async def _run(self, job: Job, session: Session, found: Iterator[Entry]) -> None:
        async with HttpTransport(session.endpoint, limits=session.limits) as http, AsyncExitStack() as stack:
            out = Batches(job.journal)
            batch = await look(http, session.endpoint, batch=self.config.batch, out=out, warn=job.warn)
            batching = Batching(http, out, ledger=session.ledger, queue=batch)
            remembering = Remembering(await stack.enter_async_context(batching), job.journal, job.outdated)
            at_once = _QUEUED if batch else self.config.concurrency + AHEAD
            await job.run(found, remembering, at_once=at_once)

    def _facts(self, context: Context, origin: Origin) -> dict[str, Any]:
        """What run.json has of the settings: none of them is a secret. `options` are as they are sent."""
        schema, settings = context.schema, context.settings
        return {
            "spec": self.spec,
            "split": self.split,
            "schema": schema.name,
            "fingerprint": schema.fingerprint,
            "version": library_version(),
            "source": [name_of(public_url(place)) for place in origin.places],
            **({"rows": self.source.settings} if isinstance(self.source, Rows) else {}),
            **self.config.facts(),
            "options": settings.options.body(),
            "tools": [tool.name for tool in settings.tools],
            "sink": [public_url(name) for name in named(self.sink)],
        }


def _forgotten(folder: Path) -> list[str]:
    """Forget all earlier runs into a folder; returns the documents that they published, in a database perhaps."""
    names: set[str] = set()
    path = folder / "journal.sqlite"
    with (
        suppress(FileNotFoundError, ValueError, LookupError, TypeError),
        (folder / "records.jsonl").open("rb") as lines,
    ):
        names.update(orjson.loads(line)["document"] for line in lines)
    if path.is_file():
        with suppress(StorageError, UsageError), closing(Journal(path)) as journal:  # one that is damaged, or newer
            names.update(journal.places(), journal.pruned(), journal.note("published") or ())
    forget(folder)
    return sorted(names)


def _on_a_loop(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end in this thread, to which the source and the callbacks of a user may belong, as a connection of
    SQLite does; where a loop already runs in it, as in a notebook, on one in another thread.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        run_on_loop(work)
    else:
        with closing(Background()) as background:
            background.run(work)
