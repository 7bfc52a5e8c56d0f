"""`extractor eval` and `extractor report`: a run compared with gold answers, and as a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["evaluate", "report"]

Out = Annotated[Path, typer.Argument(metavar="OUT", readable=False, help="The output folder of a run.")]


def evaluate(
    out: Out,
    gold: Annotated[
        Path,
        typer.Option("--gold", metavar="GOLD.jsonl", readable=False, help="JSON lines with `document` and `value`."),
    ],
    json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Compare records with gold answers: precision, recall, F1."""
    import orjson

    from extractor.review import tables
    from extractor.review.evaluate import evaluate as compare
    from extractor.review.files import read_gold, read_records

    evaluation = compare(read_records(out), read_gold(gold))
    if json:
        typer.echo(orjson.dumps(tables.as_json(evaluation), option=orjson.OPT_INDENT_2).decode())
    else:
        typer.echo(tables.as_text(evaluation))


def report(
    out: Out,
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
