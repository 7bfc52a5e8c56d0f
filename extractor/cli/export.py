"""`extractor export OUT --format ...`: tables of a run that is over."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from extractor.cli import options

__all__ = ["export"]


def export(
    out: Annotated[Path, typer.Argument(metavar="OUT", readable=False, help="The output folder of a run.")],
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
    from extractor.pipeline.export import export as write

    with stopped_politely():
        written = write(out, formats, schema=schema, pipeline=pipeline)
    for name in written:
        typer.echo(name if "://" in name else out / name)
