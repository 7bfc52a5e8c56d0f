"""`extractor schema list | show | check | copy | infer`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Unpack

import typer

from extractor.cli import options
from extractor.cli.help import App, one_line

if TYPE_CHECKING:
    from extractor.pipeline.infer import Inferred
    from extractor.schema.compiler import Schema

__all__ = ["app"]

app = App(help="List, show, check, copy and infer schemas.")

Spec = Annotated[
    str,
    typer.Argument(
        metavar="SPEC",
        autocompletion=options.schema_names,
        help="A name, module:Model, file.py:Model or .json file; or several, as a,b.",
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

    found = [schema.response_format for schema in _schemas(spec)]
    typer.echo(orjson.dumps(found if len(found) > 1 else found[0], option=orjson.OPT_INDENT_2).decode())


def check(spec: Spec) -> None:
    """Check whether the model can be asked for a schema; print what cannot be asked, with its path."""
    from extractor.schema.rewrite import excesses

    schemas = _schemas(spec)
    problems = [
        f"{schema.name}: {size} {what}, at most {limit} are taken"
        for schema in schemas
        for group in schema.groups()
        for what, (size, limit) in excesses(group.wire).items()
    ]
    for problem in problems:
        typer.echo(problem)
    if problems:
        raise typer.Exit(1)
    for schema in schemas:
        groups = len(schema.groups())
        split = f", asked in {groups} groups" if groups > 1 else ""
        typer.echo(f"{schema.name}: ok{split}; fingerprint {schema.fingerprint[:16]}")


def _schemas(spec: str) -> list[Schema[Any]]:
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


def infer(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", readable=False, help="A few documents of one kind.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FILE", readable=False, help="The file to write. Default: schemas/NAME.py."
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check/--no-check", help="Extract from the same documents by the new schema.")
    ] = True,
    instructions: options.Instructions = None,
    **chosen: Unpack[options.Modelled],
) -> None:
    """Propose a pydantic schema for documents that have none yet.

    Asks the model for the fields, extracts them from the same documents, leaves out those that no document states, and
    makes those optional that some lack. Edit the file afterwards: better descriptions give better answers.
    """
    from extractor.cli.signals import stopped_politely
    from extractor.errors import UsageError
    from extractor.pipeline.config import Config
    from extractor.pipeline.infer import infer as propose
    from extractor.schema.words import unused

    if out and out.exists():
        raise UsageError(f"{out} exists: name another file with --out")
    config = options.configured(Config(), {"instructions": instructions, **chosen})
    with stopped_politely():
        inferred = propose(files, config, check=check)
    taken = {path.stem for path in Path("schemas").glob("*.py")}
    path = out or Path("schemas") / f"{unused(inferred.name, taken)}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(inferred.source, encoding="utf-8")
    _show_inferred(inferred, path)


def _show_inferred(inferred: Inferred, path: Path) -> None:
    from extractor.pipeline.result import many
    from extractor.wire.prices import dollars

    for result in inferred.results:
        typer.echo(one_line(f"{result.document}: {result.status}, {many(len(result.evidence), 'value')}"))
        for problem in result.problems:
            typer.echo(one_line(f"  {problem}"))
    count = len(inferred.results)
    for field, number in inferred.found.items():
        if number < count:
            typer.echo(f"{field}: in {number} of {count} documents")
    if inferred.dropped:
        typer.echo(f"left out, since no document states it: {', '.join(inferred.dropped)}")
    cost = "at unknown cost" if inferred.cost_usd is None else f"for {dollars(inferred.cost_usd)}"
    typer.echo(f"wrote {path} {cost}; edit it, and use it with --schema {path}")


app.add(list_, "extractor schema list", name="list")
app.add(show, "extractor schema show invoice")
app.add(check, "extractor schema check schemas/order.py:Order")
app.add(copy, "extractor schema copy invoice")
app.add(infer, "extractor schema infer invoice1.pdf invoice2.pdf", "extractor schema infer lab/*.pdf -o schemas/lab.py")
