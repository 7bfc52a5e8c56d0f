"""`extractor schema list | show | check | copy`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from extractor.cli.help import App
from extractor.cli.options import schema_names

if TYPE_CHECKING:
    from extractor.schema.compiler import Schema

__all__ = ["app"]

app = App(help="List, show, check and copy schemas.")

Spec = Annotated[
    str,
    typer.Argument(
        metavar="SPEC", autocompletion=schema_names, help="A name, module:Model, file.py:Model or .json file."
    ),
]


def list_() -> None:
    """List the ready-made schemas."""
    from extractor.pipeline.specs import ready_made, resolve_schema
    from extractor.schema.compiler import compile_schema

    for file in sorted((ready_made() / "schemas").glob("[!_]*.py")):
        description = compile_schema(resolve_schema(file.stem)).description
        typer.echo(f"{file.stem:<16} {description.splitlines()[0] if description else ''}")


def show(spec: Spec) -> None:
    """Print the response format that the model receives.

    Of several schemas, those of the question about the kind and of each kind, as a list.
    """
    import orjson

    found = [schema.response_format for schema in _asked(spec)]
    typer.echo(orjson.dumps(found if len(found) > 1 else found[0], option=orjson.OPT_INDENT_2).decode())


def check(spec: Spec) -> None:
    """Check whether the model can be asked for a schema; print each problem with its path."""
    from extractor.schema.check import check_dialect

    schemas = _asked(spec)
    problems = [str(problem) for schema in schemas for problem in check_dialect(schema.wire, schema.dialect)]
    for problem in problems:
        typer.echo(problem)
    if problems:
        raise typer.Exit(1)
    for schema in schemas:
        groups = len(schema.groups())
        split = f", asked in {groups} groups" if groups > 1 else ""
        typer.echo(f"{schema.name}: ok for {schema.dialect.name}{split}; fingerprint {schema.fingerprint[:16]}")


def _asked(spec: str) -> list[Schema[Any]]:
    """What the model is asked for: a schema, or the question about the kind and the schema of each kind."""
    from extractor.extraction.kinds import kind_question
    from extractor.pipeline.specs import resolve_schema
    from extractor.schema.compiler import compile_schema

    schema = compile_schema(resolve_schema(spec))
    return [kind_question(schema.kinds), *schema.kinds] if schema.kinds else [schema]


def copy(name: Annotated[str, typer.Argument(metavar="NAME", help="A ready-made schema.")]) -> None:
    """Copy a ready-made schema to ./schemas, for you to edit."""
    import shutil

    from extractor.errors import UsageError
    from extractor.pipeline.specs import ready_made

    source, target = ready_made() / "schemas" / f"{name}.py", Path("schemas") / f"{name}.py"
    if not source.is_file():
        raise UsageError(f"no ready-made schema {name!r}: `extractor schema list` names them")
    if target.exists():
        raise UsageError(f"{target} is there already: move it away first")
    target.parent.mkdir(exist_ok=True)
    shutil.copyfile(source, target)
    typer.echo(f"wrote {target}; use it with --schema {target}")


app.add(list_, "list", examples="extractor schema list")
app.add(show, examples="extractor schema show invoice")
app.add(check, examples="extractor schema check schemas/order.py:Order")
app.add(copy, examples="extractor schema copy invoice")
