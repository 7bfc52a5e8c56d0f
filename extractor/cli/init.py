"""`extractor init DIR`: a new project."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["init"]

_README = """\
# {name}

`schemas/` declares what to extract, `pipelines/` how and from where. `samples/` has documents to try it on.

    extractor run samples/receipts --schema schemas/receipt.py --out out/receipts --model local
    extractor run --pipeline pipelines/folder_job.py --out out/folder_job --model local
    extractor eval out/receipts --gold samples/receipts/gold.jsonl

Set CLOUDFLARE_ACCOUNT_ID and CLOUDFLARE_AUTH_TOKEN, and leave out `--model local`, to use Kimi K2.6.
"""


def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    airflow: Annotated[bool, typer.Option("--airflow", help="With a DAG for Airflow's folder of DAGs.")] = False,
) -> None:
    """Write a new project: a schema, a pipeline, samples."""
    from extractor.errors import UsageError
    from extractor.pipeline.specs import ready_made

    try:
        directory.mkdir(parents=True, exist_ok=True)
        if any(directory.iterdir()):
            raise UsageError(f"{directory} is not empty: name a new folder")
        _fill(directory, ready_made(), airflow=airflow)
    except OSError as error:
        raise UsageError(f"cannot write to {directory}: {error.strerror or error}; name another folder") from error
    typer.echo(f"{directory} is ready: read {directory / 'README.md'}")


def _fill(directory: Path, ready: Path, *, airflow: bool) -> None:
    import shutil

    for folder, file in (("schemas", "receipt.py"), ("pipelines", "folder_job.py")):
        (directory / folder).mkdir()
        shutil.copyfile(ready / folder / file, directory / folder / file)
    if airflow:
        (directory / "dags").mkdir()
        shutil.copyfile(ready / "pipelines" / "airflow_receipts.py", directory / "dags" / "receipts.py")
    shutil.copytree(ready / "samples" / "receipts", directory / "samples" / "receipts")
    (directory / "README.md").write_text(_README.format(name=directory.resolve().name), encoding="utf-8")
    (directory / ".gitignore").write_text("/out/\n", encoding="utf-8")
