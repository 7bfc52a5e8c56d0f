"""The folder job: documents in, the files of an output directory out, resumable at any point."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack, closing, suppress
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from extractor.call.background import run_on_loop
from extractor.call.batching import Batching
from extractor.call.endpoint import is_local
from extractor.call.http import HttpTransport
from extractor.call.interrupts import uninterrupted
from extractor.call.ladder import Ladder
from extractor.call.ledger import Purse
from extractor.call.look import look
from extractor.documents.discover import absent, discover
from extractor.documents.document import Document
from extractor.documents.load import load
from extractor.documents.names import name_of
from extractor.errors import StorageError, UsageError
from extractor.extraction.kinds import kind_layout
from extractor.extraction.plan import Plan, plan
from extractor.pipeline.config import Config, Session
from extractor.pipeline.corrections import read_corrections
from extractor.pipeline.engine import AHEAD
from extractor.pipeline.gold import lasting_path
from extractor.pipeline.job import Job, Progress, Totals
from extractor.pipeline.journal import Journal, open_journal, rescued
from extractor.pipeline.lock import locked
from extractor.pipeline.outputs import forget, output_directory, tidy
from extractor.pipeline.remember import Batches, Remembering
from extractor.pipeline.sight import as_seen
from extractor.pipeline.sinks.formats import named, open_sinks
from extractor.pipeline.sinks.urls import public_url
from extractor.pipeline.stages import STAGES, extract
from extractor.pipeline.store import Damaged
from extractor.pipeline.work import Origin, Stage
from extractor.schema.compiler import Schema, compile_schema
from extractor.schema.sources import list_of
from extractor.wire.prices import price_of
from extractor.wire.requests import SERVICE_RPM

__all__ = ["Pipeline"]

_QUEUED = 500
"""Documents open at once where requests are queued: one batch holds the first request of each."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What to extract, from where, by which stages. The same value runs from code, the command line and Airflow.

    `schema` is anything that `compile_schema` takes; `source` files and folders; `config` how the model is asked;
    `sink` names the forms of the records beside records.jsonl: csv, parquet, sqlite, duckdb or a URL postgresql://...
    `spec` is what the command line knows the schema or the pipeline by: ("schema", "receipt").
    `follow_links` reads what links in a folder lead to outside of it as well. `origin` finds and fetches documents in
    the place of `source`; a `purse` is a budget that this job shares with others.
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
    source: str | Path | Sequence[str | Path] = ()
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
        options: dict[str, Any] = {"fresh": fresh, "prune": prune, "limit": limit}
        return self._do(Path(out), self.config, self._existing(), **options, progress=progress)

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
        if not (Path(out) / "journal.sqlite").is_file():
            raise UsageError(f"{out} holds no run: name the --out folder of one")
        if doubtful and extract not in self.stages:
            raise UsageError("a pipeline without the stage `extract` asks nothing: there is no question to repeat")
        changed: dict[str, Any] = {"model": model, "thinking_tokens": thinking_tokens}
        using = replace(self.config, **{name: value for name, value in changed.items() if value is not None})
        return self._do(Path(out), using, None, doubt=doubtful, progress=progress)

    def _do(
        self,
        out: Path,
        using: Config,
        sources: Sequence[Path] | None,
        *,
        fresh: bool = False,
        prune: bool = False,
        only: frozenset[str] | None = None,
        limit: int | None = None,
        doubt: bool = False,
        progress: Progress | None = None,
    ) -> Totals:
        """A run over sources, or over the dead letters where there are none."""
        if any(path.resolve() == out.resolve() for path in sources or ()):
            raise UsageError(f"{out} is a source, and would be read with all that is written there; name another --out")
        if sources is not None and not self.count(out, most=1):
            where = ", ".join(map(str, sources))
            raise UsageError(f"no document in {where}: hidden files and gold*.jsonl are not read; check the path")
        compiled = self.file_schema
        with closing(using.endpoint()) as endpoint, locked(output_directory(out)) as folder:
            tidy(folder)
            sinks = open_sinks(self.sink, folder, self.record_schema)
            read_corrections(folder)  # a line that cannot be read is named before any work is done
            forgotten = _forgotten(folder) if fresh else []
            with closing(open_journal(folder / "journal.sqlite")) as journal:
                journal.take_up(compiled)
                if forgotten:
                    journal.keep_note("pruned", forgotten)
                rungs = Ladder(journal.note("ladder"))
                session = Session(using, endpoint, job=journal, ladder=rungs, purse=self.purse)
                job = replace(self._job(compiled, session, journal, progress), prune=prune, only=only)
                job.limit, job.doubt = limit, doubt
                publish = partial(Job.write, out=folder, settings=self._settings_of(job), sinks=sinks)
                job.publish = partial(publish, finished=False)
                try:
                    _on_a_loop(self._run(job, session, sources))
                except StorageError as error:
                    job.stopped = job.stopped or error
                finally:
                    job.end_live()
                    session.keep_facts()
                    # What cannot be written down is not published either: the next run does that.
                    if job.number and not isinstance(job.stopped, StorageError):
                        journal.keep_note("ladder", rungs.export())
                        with uninterrupted():
                            publish(job)
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
        folder = Path(out) if out else None
        found = list(discover(self._existing(), without=folder, follow_links=self.follow_links))
        planned = self._planned(found, folder)
        if not sample or not found:
            return planned
        chosen = found[:: max(1, len(found) // sample)][:sample]
        costs: list[float | None] = []
        with TemporaryDirectory() as scratch:
            replace(self, sink=())._do(
                folder or Path(scratch),
                self.config,
                self._existing(),
                only=frozenset(name for _, name in chosen),
                progress=lambda row, _: costs.append(row["usage"]["cost_usd"]),
            )
        known = [cost for cost in costs if cost is not None]
        paid = sum(known) if len(known) == len(costs) else None
        return planned.by_sample(len(chosen), self._planned(chosen, None), paid)

    def _planned(self, found: Iterable[tuple[Path, str]], folder: Path | None) -> Plan:
        config, schema = self.config, self.file_schema
        path = folder / "journal.sqlite" if folder else None
        with ExitStack() as stack:
            done = held = None
            if path and path.is_file():
                journal = stack.enter_context(closing(Journal(path, read_only=True)))
                identity = config.identity(schema, self.schema, self.stages)
                done, held = partial(journal.finished, identity=identity), journal.held
            context = config.context(schema, split=self.split)
            first = partial(kind_layout, schema.kinds, sizes=context.sizes) if context.kinds else None
            return plan(
                [(each.schema, each.sizes) for each in context.kinds.values() or [context]],
                found,
                first=first,
                read=self._seen,
                price=price_of(config.model),
                rpm=None if is_local(config.model) else config.rpm or SERVICE_RPM,
                passes=config.passes,
                done=done,
                held=held,
            )

    def _seen(self, path: Path, name: str) -> Document:
        """A document as the model can be shown it."""
        return as_seen(load(path, name=name, password=self.config.password), self.config.model)[0]

    def count(self, out: Path, *, most: int | None = None) -> int:
        """How many documents a run into the folder `out` would find, counted up to `most`."""
        walked = discover(self._existing(), without=out, follow_links=self.follow_links)
        found = self.origin.found() if self.origin else walked
        return sum(1 for _ in islice(found, most))

    def paths(self) -> list[Path]:
        """The declared files and folders."""
        return [Path(self.source)] if isinstance(self.source, str | Path) else [Path(one) for one in self.source]

    def _existing(self) -> list[Path]:
        if self.origin:
            return []
        paths = self.paths()
        if not paths:
            raise UsageError("no source: name the files or folders to read")
        for path in paths:
            if not path.exists():
                raise absent(path)
        return paths

    def _job(self, schema: Schema[Any], session: Session, journal: Journal, progress: Progress | None) -> Job:
        identity = self.config.identity(schema, self.schema, self.stages)
        return Job(
            session.context(schema, split=self.split),
            self.stages,
            journal,
            identity,
            progress,
            origin=self.origin,
            split=self.record_schema if self.split else None,
        )

    async def _run(self, job: Job, session: Session, sources: Sequence[Path] | None) -> None:
        async with HttpTransport(session.endpoint, limits=session.limits) as http, AsyncExitStack() as stack:
            out = Batches(job.journal)
            batch = await look(http, session.endpoint, batch=self.config.batch, out=out.batches(), warn=job.warn)
            batching = Batching(http, out, ledger=session.ledger, queue=batch)
            remembering = Remembering(await stack.enter_async_context(batching), job.journal, job.outdated)
            at_once = _QUEUED if batch else self.config.concurrency + AHEAD
            if sources is None:
                await job.retry(remembering, at_once=at_once)
            else:
                out_folder, follow = job.journal.path.parent, self.follow_links
                walked = discover(sources, without=out_folder, follow_links=follow, skip=job.skip)
                await job.run(self.origin.found() if self.origin else walked, remembering, at_once=at_once)

    def _settings_of(self, job: Job) -> dict[str, Any]:
        """The settings that run.json tells: none of them is a secret. `options` are as they are sent."""
        config, schema, settings = self.config, job.context.schema, job.context.settings
        return {
            "spec": self.spec,
            "split": self.split,
            "schema": schema.name,
            "fingerprint": schema.fingerprint,
            "model": config.model,
            "base_url": config.base_url and public_url(config.base_url),
            "source": [name_of(path) for path in self.paths()],
            "instructions": config.instructions,
            "examples": lasting_path(config.examples),
            "options": settings.options.body(),
            "max_output_tokens": config.max_output_tokens,
            "thinking_tokens": config.thinking_tokens,
            "tools": [tool.name for tool in settings.tools],
            "view_tokens": config.view_tokens,
            "passes": config.passes,
            "batch": config.batch,
            "max_cost_usd": config.max_cost,
            "rpm": config.rpm,
            "tpm": config.tpm,
            "concurrency": config.concurrency,
            "sink": [public_url(name) for name in named(self.sink)],
        }


def _forgotten(folder: Path) -> list[str]:
    """Forget all earlier runs into a folder; returns the documents that they published, in a database perhaps."""
    names: list[str] = []
    path = folder / "journal.sqlite"
    if path.is_file():
        with suppress(StorageError, UsageError), closing(Journal(path)) as journal:  # one that is damaged, or newer
            names = sorted({*journal.names(), *journal.pruned(), *(journal.note("published") or ())})
    forget(folder)
    return names


def _on_a_loop(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end; where a loop already runs in this thread, as in a notebook, on one in another thread."""
    if not _on_one_already():
        run_on_loop(work)
        return
    with ThreadPoolExecutor(1) as pool:
        pool.submit(copy_context().run, run_on_loop, work).result()


def _on_one_already() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
