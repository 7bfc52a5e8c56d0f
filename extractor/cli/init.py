"""`extractor init DIR`: a new project, around one of the ready-made schemas."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["init"]

_FILES = {
    "README.md": "README.md",
    "Makefile": "Makefile",
    "env.example": ".env.example",
    "pipeline.py.txt": "pipelines/{name}.py",
    "test.py.txt": "tests/test_{name}.py",
}
"""The files in `project/`, and what each becomes; `{name}` in them is that of the schema."""


def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    schema: Annotated[str, typer.Option("--schema", "-s", metavar="NAME", help="A ready-made schema.")] = "receipt",
    airflow: Annotated[bool, typer.Option("--airflow", help="Also write a DAG for the schema, to adapt.")] = False,
) -> None:
    """Write a new project: a schema, a pipeline, samples with gold answers, and tests that pass offline."""
    from extractor.errors import UsageError
    from extractor.pipeline.specs import ready_made

    ready = ready_made()
    if not (schema.isidentifier() and (ready / "schemas" / f"{schema}.py").is_file()):
        raise UsageError(f"no ready-made schema {schema!r}: `extractor schema list` names them")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if any(directory.iterdir()):
            raise UsageError(f"{directory} is not empty: name a new folder")
        _fill(directory, ready, schema, airflow=airflow)
    except OSError as error:
        raise UsageError(f"cannot write to {directory}: {error.strerror or error}; name another folder") from error
    typer.echo(f"{directory} is ready: read {directory / 'README.md'}")


def _fill(directory: Path, ready: Path, name: str, *, airflow: bool) -> None:
    import shutil

    samples = next(path for path in (ready / "samples" / f"{name}s", ready / "samples" / name) if path.is_dir())
    words = {"name": name, "folder": samples.name, "title": directory.resolve().name}
    (directory / ".gitignore").write_text("/.env\n/out/\n", encoding="utf-8")
    for template, place in _FILES.items():
        path = directory / place.format(**words)
        path.parent.mkdir(exist_ok=True)
        text = (Path(__file__).parent / "project" / template).read_text(encoding="utf-8")
        path.write_text(text.format(**words), encoding="utf-8")
    (directory / "schemas").mkdir()
    shutil.copyfile(ready / "schemas" / f"{name}.py", directory / "schemas" / f"{name}.py")
    shutil.copytree(samples, directory / "samples" / samples.name)
    if airflow:
        (directory / "dags").mkdir()
        dag = (ready / "pipelines" / "airflow_receipts.py").read_text(encoding="utf-8")
        (directory / "dags" / f"{samples.name}.py").write_text(_dag_of(dag, name, samples.name), encoding="utf-8")


def _dag_of(receipts: str, name: str, folder: str) -> str:
    """The DAG of receipts as one of another schema, which is that of the project."""
    for old, new in {
        'SCHEMA = "receipt"': f'SCHEMA = str(Path(__file__).resolve().parents[1] / "schemas" / "{name}.py")',
        "from datetime import timedelta\n": "from datetime import timedelta\nfrom pathlib import Path\n",
        "/data/expenses": f"/data/{folder}_records",
        "receipts": folder,
        "RECEIPTS": folder.upper(),
    }.items():
        receipts = receipts.replace(old, new)
    return receipts
