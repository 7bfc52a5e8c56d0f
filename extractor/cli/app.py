"""The command line: `extractor COMMAND ...`. Nothing heavy is imported until a command runs."""

from __future__ import annotations

import logging
from errno import EPIPE
from typing import Annotated, Any

import typer

from extractor.cli import init, review, run, schema, service
from extractor.cli.help import App, Group, one_line
from extractor.cli.signals import INTERRUPTED
from extractor.errors import ExtractorError

__all__ = ["app"]

_RESUMED = ("run", "retry", "local")
_NOISY = ("azure", "gcsfs")  # they log what they raise, on many lines


class _Commands(Group):
    """Prints errors of this library as one line."""

    def invoke(self, ctx: Any) -> Any:
        for name in _NOISY:
            logging.getLogger(name).setLevel(logging.CRITICAL)
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


app = App(cls=_Commands, name="extractor", add_completion=True)


def _version(wanted: bool) -> None:
    if wanted:
        from extractor.pipeline.identity import library_version

        typer.echo(f"extractor {library_version()}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", "-V", is_eager=True, callback=_version, help="Show the version and exit.")
    ] = False,
) -> None:
    """Documents in, validated data out: every value checked against its source."""


app.add(
    run.run,
    "extractor run invoices -s invoice -o out",
    "extractor run mail -s order.py:Order -o out -f csv",
    "extractor run invoices -s invoice -o out --max-cost 5",
    "extractor run invoices -s invoice -o out --dry-run",
    "extractor run s3://bucket/invoices -s invoice -o out",
    "extractor run mails.csv --column body -s invoice -o out",
)
app.add(
    run.extract, "extractor extract invoice.pdf -s invoice", "cat note.txt | extractor extract - -s receipt -m local"
)
app.add(run.plan, "extractor plan invoices -s invoice", "extractor plan invoices -s invoice --sample 5")
app.add(run.retry, "extractor retry out", "extractor retry out --doubtful --thinking-tokens 4000")
app.add(run.export, "extractor export out -f parquet", "extractor export out -f csv -f duckdb")
app.add(run.show, "extractor show out invoice.pdf", "extractor show out invoice.pdf --json")
app.add(
    review.evaluate,
    "extractor eval out -g gold.jsonl",
    "extractor eval old new -g gold.jsonl",
    "extractor eval out -g gold.jsonl --min-f1 0.95",
    name="eval",
)
app.add(review.report, "extractor report out --pictures")
app.add_typer(schema.app, name="schema")
app.add(review.review, "extractor review out --open", "extractor review out --gold gold.jsonl")
app.add(run.text, "extractor text invoice.pdf")
app.add(service.doctor, "extractor doctor", "extractor doctor --record exchanges.jsonl")
app.add(
    service.emulate,
    "extractor emulate --script replies.jsonl",
    "extractor emulate --model local --fault busy:0.1",
    "extractor emulate --fault list",
)
app.add_typer(service.local, name="local")
app.add(init.init, "extractor init my-project")
