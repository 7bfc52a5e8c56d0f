"""`extractor show OUT DOCUMENT`: what was sent and answered about one document."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from extractor.cli import options

__all__ = ["show"]


def show(
    out: Annotated[Path, typer.Argument(metavar="OUT", readable=False, help="The output folder of a run.")],
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

    from extractor.pipeline.exchanges import as_text, exchanges

    found = exchanges(out, document, schema=schema, pipeline=pipeline)
    if not json:
        typer.echo(as_text(found))
        return
    for exchange in found:
        line = {"request": exchange.request.body, "reply": asdict(exchange.reply)}
        typer.echo(orjson.dumps(line).decode())
