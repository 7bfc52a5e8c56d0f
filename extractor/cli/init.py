"""`extractor init DIR`: a new project, around one of the ready-made schemas."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["init"]

_README = """\
# {title}

`schemas/{name}.py` declares what to extract, `pipelines/{name}.py` from where and how. `samples/{folder}` has
documents with known answers in `gold.jsonl`.

    make test     tests the pipeline on the samples; offline, without credentials
    make plan     prices a run; sends nothing
    make run      asks the model
    make eval     compares the records with gold.jsonl

The tests need extractor with the extras `documents` and `testing`: in a checkout of it, `pip install
'.[documents,testing]'`. A project of plain text alone does without `documents`.

`make run` asks Kimi K2.6 on Cloudflare: copy `.env.example` to `.env` and fill it in. `make run MODEL=local` asks a
model on this machine, which needs the extra `local`. No reply is paid for twice: run the same command again to
continue where it stopped.

To make it yours, edit the schema, replace the samples by documents of your own, and correct `gold.jsonl` until it has
the answers that you want. `extractor schema check schemas/{name}.py` reports what the model cannot be asked.
"""

_MAKEFILE = """\
-include .env
export

MODEL ?= @cf/moonshotai/kimi-k2.6
OUT   ?= out/{name}
JOB    = --pipeline pipelines/{name}.py --model $(MODEL)

.PHONY: test plan run eval

test:
	python -m pytest

plan:
	extractor plan $(JOB)

run:
	extractor run $(JOB) --out $(OUT)

eval:
	extractor eval $(OUT) --gold samples/{folder}/gold.jsonl
"""

_ENVIRONMENT = """\
# Copy this file to .env, which `make` reads and git ignores.
# The account's id, and a token with the permissions Workers AI Read and Edit:
CLOUDFLARE_ACCOUNT_ID=
CLOUDFLARE_AUTH_TOKEN=
"""

_PIPELINE = '''\
"""What to extract from where.

extractor run --pipeline pipelines/{name}.py --out out/{name}
"""

from pathlib import Path

from extractor import Config, Pipeline, resolve_schema

PROJECT = Path(__file__).resolve().parents[1]

PIPELINE = Pipeline(
    schema=resolve_schema(str(PROJECT / "schemas" / "{name}.py")),
    source=PROJECT / "samples" / "{folder}",
    config=Config(max_cost=1.00),  # US dollars, over all runs into one folder
)
'''

_TEST = '''\
"""The pipeline on the samples, offline: an endpoint on this machine answers in the place of the model."""

from pathlib import Path

from extractor import resolve_pipeline
from extractor.testing import assert_records

PROJECT = Path(__file__).resolve().parents[1]
SAMPLES = PROJECT / "samples" / "{folder}"
PIPELINE = resolve_pipeline(str(PROJECT / "pipelines" / "{name}.py"))


def test_right_answers(extractor_endpoint, tmp_path):
    """Right answers become records with the values of gold.jsonl, every one of them ok."""
    extractor_endpoint.gold(PIPELINE.schema, SAMPLES)
    PIPELINE.run(tmp_path)
    assert_records(tmp_path, SAMPLES / "gold.jsonl")


def test_no_answers(extractor_endpoint, tmp_path):
    """An answer that holds no data makes no record that is ok."""
    extractor_endpoint.otherwise("I cannot read this.")
    totals = PIPELINE.run(tmp_path)
    assert totals.failed == totals.documents > 0
'''


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
    for place, content in {
        "README.md": _README,
        "Makefile": _MAKEFILE,
        ".env.example": _ENVIRONMENT,
        ".gitignore": "/.env\n/out/\n",
        f"pipelines/{name}.py": _PIPELINE,
        f"tests/test_{name}.py": _TEST,
    }.items():
        path = directory / place
        path.parent.mkdir(exist_ok=True)
        path.write_text(content.format(**words), encoding="utf-8")
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
