"""The folder job: documents in, the files of an output directory out, resumable at any point."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, get_args

from extractor.call.batching import AsyncBatching
from extractor.call.endpoint import is_local
from extractor.call.http import AsyncHttpTransport
from extractor.call.ladder import Ladder
from extractor.documents.discover import discover
from extractor.errors import StorageError, UsageError
from extractor.pipeline.config import Config, Session
from extractor.pipeline.engine import AHEAD
from extractor.pipeline.forecast import Forecast, forecast
from extractor.pipeline.job import Job, Progress, Totals
from extractor.pipeline.journal import Journal, open_journal, rescued
from extractor.pipeline.lock import locked
from extractor.pipeline.outputs import forget, output_directory, told_path
from extractor.pipeline.remember import AsyncRemembering, Batches
from extractor.pipeline.sinks.formats import named, open_sinks
from extractor.pipeline.sinks.urls import shown
from extractor.pipeline.stages import STAGES
from extractor.pipeline.store import Damaged
from extractor.pipeline.wide import groups_of
from extractor.pipeline.work import Context, Stage
from extractor.schema.compiler import Schema, compile_schema
from extractor.wire.prices import price_of

__all__ = ["Pipeline"]

_QUEUED = 500
"""Documents open at once where requests are queued: one batch holds the first request of each."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What to extract, from where, by which stages. The same value runs from code, the command line and Airflow.

    `schema` is anything that `compile_schema` takes; `source` files and folders; `config` how the model is asked;
    `sink` names the forms of the records beside records.jsonl: csv, parquet, sqlite, duckdb or a URL postgresql://...
    `spec` is what the command line knows the schema or the pipeline by: ("schema", "receipt").
    Its repr is the same in every process, so that schedulers see when a job has changed.
    """

    schema: Any
    source: str | Path | Sequence[str | Path] = ()
    stages: tuple[Stage, ...] = field(default=STAGES, repr=False)
    config: Config = Config()
    sink: str | Sequence[str] = field(default=(), repr=False)
    spec: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        named(self.sink)

    def run(self, out: str | Path, *, fresh: bool = False, progress: Progress | None = None) -> Totals:
        """Do the whole job, or what is left of it, and write the files of the output directory `out`.

        `fresh` forgets what the directory's journal holds; `progress` is called after each document. A stop by
        the budget or the account is raised once everything finished so far has been written.
        """
        return self._do(Path(out), self.config, self._existing(), fresh=fresh, progress=progress)

    def retry(self, out: str | Path, *, model: str | None = None, progress: Progress | None = None) -> Totals:
        """Do the documents of the last run into `out` that did not end ok once more, by `model` where one is named.

        A kept answer that fell short is asked for anew; good ones are used as they are, and so are the documents
        that ended ok. Otherwise as `run`.
        """
        if not (Path(out) / "journal.sqlite").is_file():
            raise UsageError(f"{out} holds no run: name the --out folder of one")
        asked = self.config if model is None else replace(self.config, model=model)
        return self._do(Path(out), asked, None, progress=progress)

    def _do(
        self,
        out: Path,
        asked: Config,
        sources: Sequence[Path] | None,
        *,
        fresh: bool = False,
        progress: Progress | None = None,
    ) -> Totals:
        """A run over sources, or over the dead letters where there are none."""
        if any(path.resolve() == out.resolve() for path in sources or ()):
            raise UsageError(f"{out} is a source, and would be read with all that is written there; name another --out")
        compiled = compile_schema(self.schema, counts=True)
        with closing(asked.endpoint()) as endpoint, locked(output_directory(out)) as folder:
            sinks = open_sinks(self.sink, folder, compiled)
            if fresh:
                forget(folder)
            with closing(open_journal(folder / "journal.sqlite")) as journal:
                kept = Ladder(journal.note("ladder"))
                session = Session(asked, endpoint, job=journal, ladder=kept)
                job = self._job(compiled, session, journal, progress, anew=sources is None)
                try:
                    _on_a_loop(self._run(job, session, sources))
                except StorageError as error:
                    job.stopped = job.stopped or error
                finally:
                    # What cannot be written down is not published either: the next run does that.
                    if not isinstance(job.stopped, StorageError):
                        journal.keep_note("ladder", kept.export())
                        job.write(folder, settings=self._told(job), sinks=sinks)
        if isinstance(job.stopped, Damaged):
            raise StorageError(rescued(Path(out) / "journal.sqlite", job.stopped)) from job.stopped
        if job.stopped:
            raise job.stopped
        return job.totals

    def plan(self) -> Forecast:
        """What a run from the beginning would send and cost. Reads every document and sends nothing."""
        schema, sources = compile_schema(self.schema, counts=True), self._existing()
        return forecast(
            discover(sources),
            self.config.planner(schema),
            price_of(self.config.model),
            groups=len(groups_of(schema)),
            rpm=None if is_local(self.config.model) else self.config.rpm,
            password=self.config.password,
        )

    def count(self, out: Path) -> int:
        """How many documents a run into the folder `out` would find."""
        return sum(1 for _ in discover(self._existing(), without=out))

    def paths(self) -> list[Path]:
        """The declared files and folders."""
        return [Path(self.source)] if isinstance(self.source, str | Path) else [Path(one) for one in self.source]

    def _existing(self) -> list[Path]:
        paths = self.paths()
        if not paths:
            raise UsageError("no source: name the files or folders to read")
        for path in paths:
            if not path.exists():
                raise UsageError(f"no such file or folder: {path}; check the path")
        return paths

    def _job(
        self, schema: Schema[Any], session: Session, journal: Journal, progress: Progress | None, *, anew: bool
    ) -> Job:
        planner = self.config.planner(schema, window=session.endpoint.window)
        context = Context(schema, session.settings, planner, journal, self.config.password, anew)
        identity = self.config.identity(schema, _code(self.schema, *self.stages, *self.config.tools))
        return Job(context, self.stages, journal, identity, progress)

    async def _run(self, job: Job, session: Session, sources: Sequence[Path] | None) -> None:
        async with (
            AsyncHttpTransport(session.endpoint, limits=session.limits) as http,
            AsyncBatching(http, Batches(job.journal), ledger=session.ledger) as queue,
        ):
            remembering = AsyncRemembering(queue if self.config.batch else http, job.journal)
            at_once = _QUEUED if self.config.batch else self.config.concurrency + AHEAD
            if sources is None:
                await job.retry(remembering, at_once=at_once)
            else:
                await job.run(discover(sources, without=job.journal.path.parent), remembering, at_once=at_once)

    def _told(self, job: Job) -> dict[str, Any]:
        """The settings that run.json tells: none of them is a secret. `options` are as they are sent."""
        config, schema, settings = self.config, job.context.schema, job.context.settings
        return {
            "spec": self.spec,
            "schema": schema.name,
            "fingerprint": schema.fingerprint,
            "model": config.model,
            "base_url": config.base_url and shown(config.base_url),
            "source": [told_path(path) for path in self.paths()],
            "instructions": config.instructions,
            "options": settings.options.body(),
            "max_output_tokens": config.max_output_tokens,
            "thinking_tokens": config.thinking_tokens,
            "tools": [tool.name for tool in settings.tools],
            "passes": config.passes,
            "batch": config.batch,
            "max_cost_usd": config.max_cost,
            "rpm": config.rpm,
            "tpm": config.tpm,
            "concurrency": config.concurrency,
            "sink": [shown(name) for name in named(self.sink)],
        }


def _code(*parts: Any) -> str:
    """A digest of the files that define a schema and its stages, so that a changed rule is applied anew."""
    files = sorted({file for part in parts for file in _files(part)})
    return sha256(b"".join(Path(file).read_bytes() for file in files if Path(file).is_file())).hexdigest()


def _files(part: Any) -> Iterator[str]:
    """The files that define a class or a function, or what stands in brackets behind it: list[Model]."""
    for inner in get_args(part):
        yield from _files(inner)
    with suppress(TypeError):  # what is built in, or no code at all
        yield inspect.getsourcefile(part) or ""


def _on_a_loop(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end; where a loop already runs in this thread, as in a notebook, on one in another thread."""
    if not _on_one_already():
        asyncio.run(work)
        return
    with ThreadPoolExecutor(1) as pool:
        pool.submit(copy_context().run, asyncio.run, work).result()


def _on_one_already() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
