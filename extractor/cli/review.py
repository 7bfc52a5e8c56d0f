"""`extractor review`, `extractor report` and `extractor eval`: a run as a page, and compared with gold answers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from extractor.cli import options
from extractor.cli.help import one_line

__all__ = ["evaluate", "report", "review"]


def evaluate(
    gold: Annotated[
        Path,
        typer.Option(
            "--gold", "-g", metavar="GOLD.jsonl", readable=False, help="JSON lines with `document` and `value`."
        ),
    ],
    out: options.Output,
    other: Annotated[
        Path | None,
        typer.Argument(metavar="OTHER", parser=options.folder, help="Another run: show what it does better and worse."),
    ] = None,
    min_f1: Annotated[
        float | None,
        typer.Option("--min-f1", min=0, max=1, metavar="F1", help="Exit with code 1 if the overall F1 is lower."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", readable=False, help="Also write the result as a page.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Compare records with gold answers: precision, recall, F1, and every error.

    Names each value that is wrong, missing or invented, with its document and its place. With OTHER, a later run or one
    by another model, shows the errors that are gone and those that are new.
    """
    import orjson

    from extractor.pipeline.corrections import as_extracted
    from extractor.review import tables
    from extractor.review.evaluate import compare
    from extractor.review.evaluate import evaluate as judge
    from extractor.review.files import read_gold, read_records

    judged = [judge(map(as_extracted, read_records(folder)), read_gold(gold)) for folder in (out, other) if folder]
    last = judged[-1]
    if other is None:
        result, text = tables.as_json(last), tables.as_text(last)
    else:
        comparison = compare(*judged)
        result, text = tables.comparison_as_json(comparison), tables.comparison_as_text(comparison)
    if html:
        html.write_text(tables.as_html(last, f"{other or out}, compared with {gold}"), encoding="utf-8")
    typer.echo(
        orjson.dumps(result, option=orjson.OPT_INDENT_2).decode()
        if json
        else "\n".join(map(one_line, text.splitlines()))
    )
    if min_f1 is not None and (last.total.f1 or 0.0) < min_f1:
        f1 = "there is nothing to compare" if last.total.f1 is None else f"F1 is {last.total.f1:.3f}"
        typer.echo(f"extractor: {f1}, and --min-f1 is {min_f1:g}", err=True)
        raise typer.Exit(1)


def report(
    out: options.Output,
    pictures: Annotated[
        bool, typer.Option("--pictures", help="Embed the pages of scans that values were read from.")
    ] = False,
) -> None:
    """Write OUT/report.html: every value beside its source."""
    from extractor.cli.signals import stopped_politely
    from extractor.review.report import write_report

    with stopped_politely():
        path = write_report(out, pictures=pictures)
    typer.echo(path)


def review(
    out: options.Output,
    schema: options.Spec = None,
    pipeline: options.PipelineSpec = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port on 127.0.0.1; any free one by default.")] = 0,
    show: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    take: Annotated[
        Path | None,
        typer.Option("--import", metavar="FILE", help="Import corrections that report.html exported, and exit."),
    ] = None,
    gold: Annotated[
        Path | None, typer.Option("--gold", metavar="FILE", help="Write what was reviewed as gold answers, and exit.")
    ] = None,
) -> None:
    """Review a run in the browser: accept and correct values beside their source.

    Each step is stored at once, in OUT/corrections.jsonl, which no run changes.
    """
    import contextlib
    import webbrowser

    from extractor.cli.signals import stopped_politely
    from extractor.pipeline.outputs import write_lines
    from extractor.pipeline.result import many
    from extractor.review.files import read_records, read_steps
    from extractor.review.server import ReviewServer, Run

    next(read_records(out), None)  # that there are none is more to the point than that there is no schema
    run = Run(out, _schema(out, schema, pipeline))
    if take:
        count = sum(bool(run.take(request)) for request in read_steps(take))
        typer.echo(f"{many(count, 'correction')} taken into {out / 'corrections.jsonl'}")
    if gold:
        count = write_lines(gold, run.gold())
        typer.echo(f"{many(count, 'reviewed document')} written to {gold}")
    if take or gold:
        return
    with ReviewServer(run, port=port) as server:
        typer.echo(f"{server.url}\nreview the run at this address; stop with Ctrl-C")
        if show:
            webbrowser.open(server.url)
        with contextlib.suppress(KeyboardInterrupt), stopped_politely():
            server.serve_forever()


def _schema(out: Path, schema: str | None, pipeline: str | None) -> Any:
    """The schema of a run; None where none is named and run.json knows of none, which is said."""
    from extractor.errors import UsageError
    from extractor.review.files import schema_of_run

    try:
        return schema_of_run(out, schema=schema, pipeline=pipeline)
    except UsageError as error:
        if schema or pipeline:
            raise
        typer.echo(f"corrections are not checked, as the schema is not known: {error}", err=True)
        return None
