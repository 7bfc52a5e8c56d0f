"""`extractor retry`, `export` and `show`: what is done with a run that is over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from extractor.cli import options
from extractor.cli.run import logged, show_run

if TYPE_CHECKING:
    from extractor.pipeline.pipeline import Pipeline

__all__ = ["export", "retry", "show"]

Out = Annotated[Path, typer.Argument(metavar="OUT", readable=False, help="The output folder of a run.")]


def retry(
    out: Annotated[str, typer.Argument(metavar="OUT", help="The output folder of a run, or its s3:// or other URL.")],
    model: options.Model = None,
    max_cost: options.MaxCost = None,
    base_url: options.BaseUrl = None,
    rpm: options.Rpm = None,
    concurrency: options.Concurrency = None,
    passes: options.Passes = None,
    password: options.Password = None,
    formats: options.Formats = None,
    schema: options.Spec = None,
    pipeline: options.PipelineSpec = None,
    thinking_tokens: options.ThinkingTokens = None,
    doubtful: Annotated[
        bool, typer.Option("--doubtful", help="Ask only about the values that were not found in the source.")
    ] = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    log: options.Log = None,
) -> None:
    """Repeat the documents that are not ok.

    Good answers are reused; only bad ones are asked for again. With --doubtful, asks about the values that were not
    found in the source, and changes nothing else: by another model or with more thought, for a second opinion.
    """
    from dataclasses import replace

    from extractor.pipeline.runs import pipeline_of_run
    from extractor.review.files import read_run
    from extractor.shards.index import read_index
    from extractor.shards.retry import pipeline_of_output
    from extractor.sources.storage import is_remote

    folder, divided = Path(out), is_remote(out) or bool(read_index(out))
    found = pipeline_of_output(out, schema=schema, pipeline=pipeline) if divided else None
    job = found or pipeline_of_run(folder, schema=schema, pipeline=pipeline)
    limits = {"max_cost": max_cost, "rpm": rpm, "concurrency": concurrency}
    changed = options.set_options(base_url=base_url, passes=passes, password=password, **limits)
    job = replace(job, config=replace(job.config, **changed), sink=tuple(formats) if formats else job.sink)
    if divided:
        _retry_shards(out, job if model is None else replace(job, config=replace(job.config, model=model)), json=json)
    totals = read_run(folder)["totals"]
    if doubtful and not totals["flagged"]:
        typer.echo(f"every value of {out} was found in its source: there is nothing to ask about")
        raise typer.Exit
    if not doubtful and totals["ok"] + totals["gone"] == totals["documents"]:
        typer.echo(f"all {totals['documents']} documents of {out} are ok: there is nothing to do again")
        raise typer.Exit
    how: dict[str, Any] = {"model": model, "thinking_tokens": thinking_tokens, "doubtful": doubtful}
    with logged(job, log) as job:
        show_run(
            totals["documents"],
            folder,
            lambda progress: job.retry(folder, **how, progress=progress),
            json=json,
            quiet=quiet,
        )


def _retry_shards(out: str, job: Pipeline, *, json: bool) -> NoReturn:
    """Retry an output that tasks wrote, shard by shard; exit code 0 if all that was retried is ok."""
    import orjson

    from extractor.cli.signals import stopped_politely
    from extractor.shards.retry import retry_output

    def show(manifest: dict[str, Any]) -> None:
        name = f"shard {manifest['shard']}" if manifest["shard"] else out
        typer.echo(f"{name}: {manifest['ok']} of {manifest['documents']} documents are ok now", err=True)

    with stopped_politely():
        manifest = retry_output(out, job, max_cost=job.config.max_cost, tell=show)
    if manifest is None:
        typer.echo(f"all documents of {out} are ok: there is nothing to do again")
        raise typer.Exit
    typer.echo(orjson.dumps(manifest).decode() if json else f"see {manifest['records']}")
    raise typer.Exit(0 if manifest["ok"] == manifest["documents"] else 1)


def export(
    out: Out,
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
    out: Out,
    document: Annotated[str, typer.Argument(metavar="DOCUMENT", help="The name of a document, as in records.jsonl.")],
    schema: options.Spec = None,
    pipeline: options.PipelineSpec = None,
    json: Annotated[bool, typer.Option("--json", help="Print a JSON line for each request, with its reply.")] = False,
) -> None:
    """Print what was sent and answered about a document.

    Nothing is sent. The requests are made again from the file, and matched with the replies in the journal.
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
