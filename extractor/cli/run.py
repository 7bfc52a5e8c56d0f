"""`extractor run`, `extract` and `plan`: a pipeline built from options, run, and shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from extractor.pipeline.job import Progress, Totals
    from extractor.pipeline.pipeline import Pipeline

__all__ = ["extract", "given", "plan", "run", "show_run"]

Sources = Annotated[
    list[Path] | None, typer.Argument(metavar="SOURCE...", readable=False, help="Files and folders to read.")
]
Spec = Annotated[
    str | None,
    typer.Option(
        "--schema", metavar="SPEC", help="A ready-made name, package.module:Model, file.py:Model or a JSON Schema file."
    ),
]
PipelineSpec = Annotated[
    str | None,
    typer.Option("--pipeline", metavar="SPEC", help="A ready-made name, package.module:NAME or file.py:NAME."),
]
Out = Annotated[
    Path, typer.Option("--out", metavar="DIR", readable=False, help="Where results and the journal are kept.")
]
Model = Annotated[
    str | None,
    typer.Option("--model", metavar="NAME", help="A Workers AI model; or local, local:NAME, local:PATH.gguf."),
]
BaseUrl = Annotated[str | None, typer.Option("--base-url", metavar="URL", help="Replaces Cloudflare's API root.")]
MaxCost = Annotated[float | None, typer.Option("--max-cost", metavar="USD", help="A hard cap on money.")]
Rpm = Annotated[int | None, typer.Option("--rpm", metavar="N", help="Requests a minute, at the most.")]
Concurrency = Annotated[int | None, typer.Option("--concurrency", metavar="N", help="Requests in flight, at the most.")]
MaxOutput = Annotated[
    int | None, typer.Option("--max-output-tokens", metavar="N", help="Tokens that one answer may have.")
]
ViewTokens = Annotated[
    int | None,
    typer.Option(
        "--view-tokens",
        metavar="N",
        help="A document of up to N tokens is shown whole in each request; longer ones in views. Default: 12000.",
    ),
]
Passes = Annotated[
    int | None,
    typer.Option("--passes", metavar="N", help="Readings of each chunk, the later ones for what was missed."),
]


def _prompted(password: str | None) -> str | None:
    return typer.prompt("Password", hide_input=True, err=True) if password == "-" else password


Password = Annotated[
    str | None,
    typer.Option(
        "--password",
        metavar="TEXT|-",
        envvar="EXTRACTOR_PASSWORD",
        callback=_prompted,
        help="Opens documents that are encrypted; - asks for it on the terminal.",
    ),
]
Formats = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="Tables beside records.jsonl: csv, parquet, sqlite, duckdb or postgresql://...; may be given again.",
    ),
]
FollowLinks = Annotated[
    bool, typer.Option("--follow-links", help="Read what links in a folder lead to outside of it as well.")
]
Json = Annotated[bool, typer.Option("--json", help="The outcome as JSON on standard output.")]


def run(
    out: Out,
    sources: Sources = None,
    schema: Spec = None,
    pipeline: PipelineSpec = None,
    model: Model = None,
    base_url: BaseUrl = None,
    max_cost: MaxCost = None,
    rpm: Rpm = None,
    concurrency: Concurrency = None,
    max_output_tokens: MaxOutput = None,
    view_tokens: ViewTokens = None,
    passes: Passes = None,
    password: Password = None,
    formats: Formats = None,
    batch: Annotated[bool, typer.Option("--batch", help="Queue requests; the answers take minutes.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Price the job; send nothing.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget what the output folder's journal holds.")] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Drop the records of documents that are no longer in the source.")
    ] = False,
    follow_links: FollowLinks = False,
    json: Json = False,
) -> None:
    """Extract from every document; the same command again goes on where it stopped."""
    job = _pipeline(
        sources,
        schema=schema,
        pipeline=pipeline,
        model=model,
        base_url=base_url,
        max_cost=max_cost,
        rpm=rpm,
        concurrency=concurrency,
        max_output_tokens=max_output_tokens,
        view_tokens=view_tokens,
        passes=passes,
        password=password,
        batch=batch or None,
        sink=formats,
        follow_links=follow_links,
    )
    if dry_run:
        _show_plan(job, out=out, json=json)
    else:
        show_run(
            job.count(out), out, lambda progress: job.run(out, fresh=fresh, prune=prune, progress=progress), json=json
        )


def plan(
    sources: Sources = None,
    schema: Spec = None,
    pipeline: PipelineSpec = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="What the journal of this folder holds is free.")
    ] = None,
    sample: Annotated[
        int, typer.Option("--sample", metavar="N", help="Ask about N documents for real, and price by what they cost.")
    ] = 0,
    model: Model = None,
    base_url: BaseUrl = None,
    max_cost: MaxCost = None,
    rpm: Rpm = None,
    max_output_tokens: MaxOutput = None,
    view_tokens: ViewTokens = None,
    passes: Passes = None,
    password: Password = None,
    follow_links: FollowLinks = False,
    json: Json = False,
) -> None:
    """Say what would be sent and what it would cost; sends nothing, unless --sample says so."""
    job = _pipeline(
        sources,
        schema=schema,
        pipeline=pipeline,
        model=model,
        base_url=base_url,
        max_cost=max_cost,
        rpm=rpm,
        max_output_tokens=max_output_tokens,
        view_tokens=view_tokens,
        passes=passes,
        password=password,
        follow_links=follow_links,
    )
    _show_plan(job, out=out, sample=sample, json=json)


def extract(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="A file, or - for text on standard input.")],
    schema: Annotated[str, typer.Option("--schema", metavar="SPEC", help="As for `extractor run`.")],
    model: Model = None,
    base_url: BaseUrl = None,
    max_cost: MaxCost = None,
    max_output_tokens: MaxOutput = None,
    password: Password = None,
) -> None:
    """Extract from one document; its line of records.jsonl goes to standard output, indented."""
    import orjson

    from extractor.cli.signals import stopped_politely
    from extractor.documents.text import decode
    from extractor.pipeline.extractor import Extractor
    from extractor.pipeline.specs import resolve_schema

    limits = given(max_cost=max_cost, max_output_tokens=max_output_tokens)
    options = given(model=model, base_url=base_url, password=password, **limits)
    source = decode(typer.get_binary_stream("stdin").read()).text if file == "-" else _existing(Path(file))
    asked = resolve_schema(schema)
    with stopped_politely(), Extractor(**options) as extractor:
        result = extractor.extract(asked, source)
    typer.echo(orjson.dumps(result.row(), option=orjson.OPT_INDENT_2).decode())
    raise typer.Exit(0 if result.status == "ok" else 1)


def _existing(path: Path) -> Path:
    from extractor.errors import UsageError

    if path.is_dir():
        raise UsageError(f"{path} is a folder: name one file, or read all of it with `extractor run`")
    if not path.exists():
        raise UsageError(f"no such file: {path}; check the path, or give - to read standard input")
    return path


def given(**options: Any) -> dict[str, Any]:
    """The options that a person set; the rest keep the defaults of Config."""
    return {name: value for name, value in options.items() if value is not None}


def _pipeline(
    sources: list[Path] | None,
    *,
    schema: str | None,
    pipeline: str | None,
    sink: list[str] | None = None,
    follow_links: bool = False,
    **options: Any,
) -> Pipeline:
    """The pipeline that the options describe, or the named one with what the options change about it."""
    from dataclasses import replace

    from extractor.pipeline.declared import declared

    job = declared(schema=schema, pipeline=pipeline)
    config = replace(job.config, **given(**options))
    follow_links = follow_links or job.follow_links
    job = replace(job, source=tuple(sources or job.paths()), follow_links=follow_links)
    return replace(job, config=config, sink=tuple(sink or job.sink))


def show_run(documents: int, out: Path, do: Callable[[Progress], Totals], *, json: bool) -> None:
    """Run a job and show it; the exit code says whether every document ended ok."""
    from extractor.cli.show import Shown
    from extractor.cli.signals import stopped_politely
    from extractor.review.report import write_report

    with stopped_politely(), Shown(documents, json=json) as shown:
        try:
            totals = do(shown.progress)
        except BaseException:
            if shown.begun:
                write_report(out)
                shown.outcome(out)
            raise
        write_report(out)
        shown.outcome(out)
    raise typer.Exit(0 if totals.whole else 1)


def _show_plan(job: Pipeline, *, out: Path | None, sample: int = 0, json: bool) -> None:
    from extractor.cli.show import show_plan

    show_plan(job.plan(out, sample=sample), json=json)
