"""`extractor retry`, `export` and `show`: what is done with a run that is over."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, Unpack

import typer

from extractor.cli import options
from extractor.cli.run import logged, show_run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.pipeline.config import Config
    from extractor.pipeline.job import Progress, Totals
    from extractor.pipeline.pipeline import Pipeline

__all__ = ["export", "retry", "show"]


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
        with logged(job, log) as job:
            _retry_shards(out, job, options.configured(job.config, how), formats, json=json, quiet=quiet)
    folder, job = options.folder(out), replace(job, sink=tuple(formats or job.sink))
    totals = read_run(folder)["totals"]
    if doubtful and not totals["flagged"]:
        typer.echo(f"every value of {out} was found in its source: there is nothing to ask about")
        raise typer.Exit
    if not doubtful and totals["ok"] + totals["gone"] == totals["documents"]:
        typer.echo(f"all {totals['documents']} documents of {out} are ok: there is nothing to do again")
        raise typer.Exit
    with logged(job, log) as job:

        def do(progress: Progress) -> Totals:
            return job.retry(folder, **how, doubtful=doubtful, progress=progress)

        show_run(totals["documents"], folder, do, json=json, quiet=quiet)


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
