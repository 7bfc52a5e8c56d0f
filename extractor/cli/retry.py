"""`extractor retry`: the documents of a run that are not ok, done again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from extractor.cli import run as options
from extractor.cli.options import ThinkingTokens

__all__ = ["retry"]


def retry(
    out: Annotated[Path, typer.Argument(metavar="OUT", readable=False, help="The output folder of a run.")],
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
    thinking_tokens: ThinkingTokens = None,
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

    from extractor.pipeline.declared import pipeline_of_run
    from extractor.review.files import read_run

    job = pipeline_of_run(out, schema=schema, pipeline=pipeline)
    limits = {"max_cost": max_cost, "rpm": rpm, "concurrency": concurrency}
    changed = options.set_options(base_url=base_url, passes=passes, password=password, **limits)
    job = replace(job, config=replace(job.config, **changed), sink=tuple(formats or job.sink))
    totals = read_run(out)["totals"]
    if doubtful and not totals["flagged"]:
        typer.echo(f"every value of {out} was found in its source: there is nothing to ask about")
        raise typer.Exit
    if not doubtful and totals["ok"] + totals["gone"] == totals["documents"]:
        typer.echo(f"all {totals['documents']} documents of {out} are ok: there is nothing to do again")
        raise typer.Exit
    how: dict[str, Any] = {"model": model, "thinking_tokens": thinking_tokens, "doubtful": doubtful}
    with options.logged(job, log) as job:
        options.show_run(
            totals["documents"],
            out,
            lambda progress: job.retry(out, **how, progress=progress),
            json=json,
            quiet=quiet,
        )
