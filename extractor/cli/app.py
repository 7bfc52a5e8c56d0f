"""The command line: `extractor COMMAND ...`. Nothing heavy is imported until a command runs."""

from __future__ import annotations

from errno import EPIPE
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from extractor.cli import doctor, emulate, exchanges, export, init, local, retry, review, run, schema, text
from extractor.cli.lines import one_line
from extractor.cli.signals import INTERRUPTED
from extractor.errors import ExtractorError

__all__ = ["app"]

_RESUMED = ("run", "retry", "local")


class _Commands(TyperGroup):
    """Lists commands in the order of use, and prints errors of this library as one line."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except ExtractorError as error:
            typer.echo(one_line(f"extractor: {error}"), err=True)
            raise typer.Exit(error.exit_code) from None
        except OSError as error:
            if error.errno == EPIPE:  # nobody reads on: typer ends in silence
                raise
            place = f"{error.filename}: " if error.filename else ""
            typer.echo(one_line(f"extractor: {place}{error.strerror or error}"), err=True)
            raise typer.Exit(2) from None
        except KeyboardInterrupt:
            resumed = "; the same command continues where it stopped" if ctx.invoked_subcommand in _RESUMED else ""
            typer.echo(f"extractor: interrupted{resumed}", err=True)
            raise typer.Exit(INTERRUPTED) from None


app = typer.Typer(
    cls=_Commands,
    name="extractor",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"extractor {version('extractor')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Show the version.")
    ] = False,
) -> None:
    """Documents in, validated data out: every value checked against its source."""


app.command()(run.run)
app.command()(run.extract)
app.command()(run.plan)
app.command()(retry.retry)
app.command()(export.export)
app.command()(exchanges.show)
app.add_typer(schema.app, name="schema")
app.command()(text.text)
app.command("eval")(review.evaluate)
app.command()(review.report)
app.command()(doctor.doctor)
app.command()(emulate.emulate)
app.add_typer(local.app, name="local")
app.command()(init.init)
