"""`extractor local`: list and download the embedded models."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from extractor.cli.help import App
from extractor.cli.signals import stopped_politely

__all__ = ["app"]

app = App(help="List and download embedded models.")


def list_models() -> None:
    """List the embedded models, the best first."""
    from extractor.local.catalog import MODELS, cache_folder

    for model in MODELS:
        here = "here" if model.is_here else "not here"
        sizes = f"{model.size / 1e6:6,.0f} MB on disk, {model.memory / 1e9:4.2f} GB in memory"
        typer.echo(f"{model.name:<20} {sizes}  {here:<8}  {model.title}, Apache-2.0")
    typer.echo(f"in {cache_folder()}")


def pull(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A name from the list, or `local` for the best that fits in memory.")
    ],
) -> None:
    """Download a model to your cache, and verify its hash."""
    from extractor.local.catalog import choose_model
    from extractor.local.pull import pull as fetch

    model = choose_model(name)
    with stopped_politely():
        path = fetch(model, say=lambda line: typer.echo(line, err=True), progress=_draw)
    typer.echo(f"{model.name} is here: {path}")


def _draw(done: int, total: int) -> None:
    if sys.stderr.isatty():
        typer.echo(f"\r{done / 1e6:,.0f} of {total / 1e6:,.0f} MB ", err=True, nl=done >= total)


app.add(list_models, "list", examples="extractor local list")
app.add(pull, examples="extractor local pull local")
