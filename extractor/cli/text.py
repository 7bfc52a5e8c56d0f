"""`extractor text FILE`: the text that spans refer to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from extractor.cli.options import Password

__all__ = ["text"]


def text(
    file: Annotated[Path, typer.Argument(readable=False, help="The document to read.")],
    password: Password = None,
) -> None:
    """Print the text of a document, which spans refer to."""
    from extractor.documents.load import load

    document = load(file, password=password)
    typer.get_binary_stream("stdout").write(document.text.encode("utf-8"))
