"""`extractor run`, `extract`, `plan` and `text`; of a run that is over, `retry`, `export` and `show`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, Unpack

import typer

from extractor.cli import options

if TYPE_CHECKING:
    from extractor.call.asking import Event
    from extractor.documents.document import Document
    from extractor.pipeline.config import Config
    from extractor.pipeline.job import Progress, Totals
    from extractor.pipeline.pipeline import Pipeline
    from extractor.sources.rows import Rows

__all__ = ["export", "extract", "plan", "retry", "run", "show", "text"]


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
    from extractor.cli.show import show_plan

    job = _pipeline(**chosen)
    if dry_run:
        show_plan(job.plan(out), json=json)
        return
    with _logged(replace(job, origin=job.opened_source()), log) as job:

        def do(progress: Progress) -> Totals:
            return job.run(out, fresh=fresh, prune=prune, limit=limit, progress=progress)

        _show_run(job.count(out, most=limit), out, do, json=json, quiet=quiet)


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
    from extractor.cli.show import show_plan

    show_plan(_pipeline(**chosen).plan(out, sample=sample), json=json)


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
def _logged(job: Pipeline, log: Path | None) -> Iterator[Pipeline]:
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

    usage = ("prompt_tokens", "cached_tokens", "completion_tokens", "cost_usd")
    line = {
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "document": event.name,
        "model": event.model,
        "attempt": event.attempt,
        "seconds": event.seconds and round(event.seconds, 3),
        "outcome": event.error or "reply",
        "detail": event.detail,
        "request_id": event.request_id,
        **{name: event.usage and getattr(event.usage, name) for name in usage},
    }
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def _show_run(
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


# ------------------------------------------------------------------------- runs that are over


def retry(
    out: Annotated[str, typer.Argument(metavar="OUT", help="The output folder of a run, or its s3:// or other URL.")],
    *,
    doubtful: Annotated[
        bool, typer.Option("--doubtful", help="Ask only about the values that were not found in the source.")
    ] = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    log: options.Log = None,
    **chosen: Unpack[options.Retry],
) -> None:
    """Repeat the documents that are not ok.

    Good answers are reused; only bad ones are asked for again. With --doubtful, asks about the values that were not
    found in the source, and changes nothing else: a second opinion, for example by another model or with more thinking.
    """
    from extractor.errors import UsageError
    from extractor.pipeline.runs import pipeline_of_run
    from extractor.review.files import read_run
    from extractor.shards.index import read_index
    from extractor.sources.storage import is_remote

    how: dict[str, Any] = {"model": chosen.pop("model"), "thinking_tokens": chosen.pop("thinking_tokens")}
    formats, divided = chosen["formats"] or (), is_remote(out) or bool(read_index(out))
    job = pipeline_of_run(out, schema=chosen["schema"], pipeline=chosen["pipeline"])
    job = replace(job, config=options.configured(job.config, chosen))
    if divided and doubtful:
        raise UsageError(f"{out} was written by shards, and --doubtful asks about the output of one run")
    if divided:
        with _logged(job, log) as job:
            _retry_shards(out, job, options.configured(job.config, how), formats, json=json, quiet=quiet)
    folder, job = options.folder(out), replace(job, sink=tuple(formats or job.sink))
    totals = read_run(folder)["totals"]
    if doubtful and not totals["flagged"]:
        typer.echo(f"every value of {out} was found in its source: there is nothing to ask about")
        raise typer.Exit
    if not doubtful and totals["ok"] + totals["gone"] == totals["documents"]:
        typer.echo(f"all {totals['documents']} documents of {out} are ok: there is nothing to do again")
        raise typer.Exit
    with _logged(job, log) as job:

        def do(progress: Progress) -> Totals:
            return job.retry(folder, **how, doubtful=doubtful, progress=progress)

        _show_run(totals["documents"], folder, do, json=json, quiet=quiet)


def _retry_shards(
    out: str, job: Pipeline, using: Config, formats: Sequence[str], *, json: bool, quiet: bool
) -> NoReturn:
    """Retry an output that tasks wrote, shard by shard; exit code 0 if all that was retried is ok."""
    import orjson

    from extractor.cli.signals import stopped_politely
    from extractor.shards.publish import retry_output

    def show(manifest: dict[str, Any]) -> None:
        name = f"shard {manifest['shard']}" if manifest["shard"] else out
        if not quiet:
            typer.echo(f"{name}: {manifest['ok']} of {manifest['documents']} documents are ok now", err=True)

    with stopped_politely():
        manifest = retry_output(out, job, using, sink=formats, tell=show)
    if manifest is None:
        typer.echo(f"all documents of {out} are ok: there is nothing to do again")
        raise typer.Exit
    if json or not quiet:
        typer.echo(orjson.dumps(manifest).decode() if json else f"see {manifest['records']}")
    raise typer.Exit(0 if manifest["ok"] == manifest["documents"] else 1)


def export(
    out: options.Output,
    formats: Annotated[
        list[str],
        typer.Option("--format", "-f", metavar="FORMAT", help="As for `extractor run`, and jsonl; can be repeated."),
    ],
    schema: options.Spec = None,
    pipeline: options.PipelineSpec = None,
) -> None:
    """Write tables of a finished run.

    Needs no credentials and sends nothing. Prints what was written.
    """
    from extractor.cli.signals import stopped_politely
    from extractor.pipeline.runs import export as write

    with stopped_politely():
        written = write(out, formats, schema=schema, pipeline=pipeline)
    for name in written:
        typer.echo(name if "://" in name else out / name)


def show(
    out: options.Output,
    document: Annotated[str, typer.Argument(metavar="DOCUMENT", help="The name of a document, as in records.jsonl.")],
    schema: options.Spec = None,
    pipeline: options.PipelineSpec = None,
    json: Annotated[bool, typer.Option("--json", help="Print a JSON line for each request, with its reply.")] = False,
) -> None:
    """Print what was sent and answered about a document.

    Nothing is sent. The requests are rebuilt from the file, and matched with the replies in the journal.
    """
    from dataclasses import asdict

    import orjson

    from extractor.pipeline.runs import as_text, exchanges

    found = exchanges(out, document, schema=schema, pipeline=pipeline)
    if not json:
        typer.echo(as_text(found))
        return
    for exchange in found:
        line = {"request": exchange.request.body, "reply": asdict(exchange.reply)}
        typer.echo(orjson.dumps(line).decode())
