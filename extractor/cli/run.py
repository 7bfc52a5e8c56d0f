"""`extractor run`, `extract`, `plan` and `text`: a pipeline is built from options, run, and its outcome printed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Unpack

import typer

from extractor.cli import options

if TYPE_CHECKING:
    from extractor.call.asking import Event
    from extractor.documents.document import Document
    from extractor.pipeline.job import Progress, Totals
    from extractor.pipeline.pipeline import Pipeline
    from extractor.sources.rows import Rows

__all__ = ["extract", "logged", "plan", "run", "show_run", "text"]


def run(
    out: Annotated[
        Path,
        typer.Option(
            "--out", "-o", metavar="DIR", parser=options.folder, help="The folder of the results and the journal."
        ),
    ],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Print the price of the job; send nothing.")] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Discard the journal and the results of earlier runs.")
    ] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Remove the records of documents that are no longer in the source.")
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="Read only the first N documents.")] = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
    log: options.Log = None,
    **chosen: Unpack[options.Run],
) -> None:
    """Extract from every document; run it again to continue.

    Writes records.jsonl, failures.jsonl, run.json, report.html and journal.sqlite to the folder of --out. Exit code 0
    if every document is ok, 1 if some are not, 3 if the budget stopped the run. Results can be read while it runs.
    """
    job = _pipeline(**chosen)
    if dry_run:
        _show_plan(job, out=out, json=json)
        return
    with logged(replace(job, origin=job.opened_source()), log) as job:

        def do(progress: Progress) -> Totals:
            return job.run(out, fresh=fresh, prune=prune, limit=limit, progress=progress)

        show_run(job.count(out, most=limit), out, do, json=json, quiet=quiet)


def plan(
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR",
            parser=options.folder,
            help="The output folder of a run: replies in its journal are free.",
        ),
    ] = None,
    sample: Annotated[
        int, typer.Option(metavar="N", help="Ask about N documents for real, and scale the price by what they cost.")
    ] = 0,
    json: options.Json = False,
    **chosen: Unpack[options.Job],
) -> None:
    """Print what a run would send and cost.

    Reads every document and sends nothing, unless --sample is set.
    """
    _show_plan(_pipeline(**chosen), out=out, sample=sample, json=json)


def extract(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE|-",
            autocompletion=options.source_names,
            help="A file, by path or URL, or - to read text from standard input.",
        ),
    ],
    schema: Annotated[
        str,
        typer.Option(
            "--schema", "-s", metavar="SPEC", autocompletion=options.schema_names, help="As for `extractor run`."
        ),
    ],
    *,
    timeout: options.Timeout = None,
    **chosen: Unpack[options.Asking],
) -> None:
    """Extract from one document, and print its record.

    The record is a line of records.jsonl, as indented JSON.
    """
    import orjson

    from extractor.cli.signals import stopped_politely
    from extractor.documents.text import decode
    from extractor.pipeline.config import Config
    from extractor.pipeline.extractor import Extractor
    from extractor.pipeline.specs import resolve_schema

    config, declared = options.configured(Config(), {"timeout": timeout, **chosen}), resolve_schema(schema)
    source = decode(typer.get_binary_stream("stdin").read()).text if file == "-" else _source_of(file, config.password)
    with stopped_politely(), Extractor(config) as extractor:
        result = extractor.extract(declared, source)
    typer.echo(orjson.dumps(result.row(), option=orjson.OPT_INDENT_2).decode())
    raise typer.Exit(0 if result.status == "ok" else 1)


def text(file: options.File, password: options.Password = None) -> None:
    """Print the text of a document, which spans refer to."""
    from extractor.sources.files import Entry

    document = Entry(Path(file).name, file).load(password=password)
    typer.get_binary_stream("stdout").write(document.text.encode("utf-8"))


def _source_of(file: str, password: str | None) -> Path | Document:
    """A file of this machine, or the document at a URL."""
    from extractor.sources.files import Entry
    from extractor.sources.storage import is_remote
    from extractor.sources.urls import public_url

    return Entry(public_url(file), file).load(password=password) if is_remote(file) else _existing(Path(file))


def _existing(path: Path) -> Path:
    from extractor.errors import UsageError

    if path.is_dir():
        raise UsageError(f"{path} is a folder: name one file, or read all of it with `extractor run`")
    if not path.exists():
        raise UsageError(f"no such file: {path}; check the path, or give - to read standard input")
    return path


def _pipeline(**chosen: Unpack[options.Run]) -> Pipeline:
    """The pipeline of a schema, or a declared one, with the options of a command applied."""
    from extractor.pipeline.runs import declared

    job, source = declared(schema=chosen.get("schema"), pipeline=chosen.get("pipeline")), _source(chosen)
    return replace(
        job,
        source=job.source if source is None else source,
        config=options.configured(job.config, chosen),
        sink=chosen.get("formats") or job.sink,
        follow_links=chosen.get("follow_links") or job.follow_links,
        split=chosen.get("split") or job.split,
    )


def _source(chosen: options.Run) -> Rows | tuple[str, ...] | None:
    """Files and folders, or the rows of a table, as the options say; None for the source of a declared pipeline."""
    from extractor.errors import UsageError
    from extractor.sources.rows import Rows

    sources, column, key, query = chosen["sources"], chosen["column"], chosen["key"], chosen["query"]
    if column is None:
        if key or query:
            raise UsageError(f"{'--key' if key else '--query'} is about rows: name their text with --column")
        return tuple(sources) if sources else None
    if not sources or len(sources) > 1:
        raise UsageError("--column reads the rows of one table: name one file or one database as SOURCE")
    return Rows(sources[0], column=column, key=key, query=query)


@contextmanager
def logged(job: Pipeline, log: Path | None) -> Iterator[Pipeline]:
    """The job, with a JSON line for each of its requests appended to a file, if one is named.

        {"at": "2026-11-30T08:12:01.123+00:00", "document": "a.pdf", "model": ..., "attempt": 1, "seconds": 2.1,
         "outcome": "reply", "detail": ..., "request_id": ..., "prompt_tokens": 900, ..., "cost_usd": 0.00123}

    `outcome` is "reply" or the name of an error; tokens and cost are null where the service did not report them. A
    reply that is used from the journal was no request. Secrets are masked.
    """
    from threading import Lock

    from extractor.errors import UsageError

    if log is None:
        yield job
        return
    try:
        file = log.open("ab", buffering=0)
    except OSError as error:
        raise UsageError(f"cannot write to {log}: {error.strerror or error}; name another --log file") from error
    writing = Lock()

    def write(event: Event) -> None:
        if event.kind in ("reply", "failure") and not event.reused:
            with writing:
                file.write(_log_line(event))

    with file:
        yield replace(job, config=replace(job.config, listeners=(*job.config.listeners, write)))


def _log_line(event: Event) -> bytes:
    from datetime import UTC, datetime

    import orjson

    usage = event.usage
    line = {
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "document": event.name,
        "model": event.model,
        "attempt": event.attempt,
        "seconds": event.seconds and round(event.seconds, 3),
        "outcome": event.error or "reply",
        "detail": event.detail,
        "request_id": event.request_id,
        "prompt_tokens": usage and usage.prompt_tokens,
        "cached_tokens": usage and usage.cached_tokens,
        "completion_tokens": usage and usage.completion_tokens,
        "cost_usd": usage and usage.cost_usd,
    }
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def show_run(
    documents: int | None, out: Path, do: Callable[[Progress], Totals], *, json: bool, quiet: bool = False
) -> None:
    """Run a job and print its progress and outcome; exit code 0 if every document is ok."""
    from extractor.cli.show import Screen
    from extractor.cli.signals import stopped_politely
    from extractor.errors import StorageError
    from extractor.review.report import write_report

    with stopped_politely(), Screen(documents, json=json, quiet=quiet) as screen:
        try:
            totals = do(screen.progress)
        except (StorageError, OSError):  # such a run publishes nothing that could be shown
            raise
        except BaseException:
            if screen.begun:
                write_report(out)
                screen.outcome(out)
            raise
        write_report(out)
        screen.outcome(out)
    raise typer.Exit(0 if totals.whole else 1)


def _show_plan(job: Pipeline, *, out: Path | None, sample: int = 0, json: bool) -> None:
    from extractor.cli.show import show_plan

    show_plan(job.plan(out, sample=sample), json=json)
