"""Pipelines by what people call them: a SPEC on a command line, or the output folder of a run that used one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from extractor.errors import UsageError
from extractor.pipeline.pipeline import Pipeline
from extractor.pipeline.specs import lasting, resolve_pipeline, resolve_schema
from extractor.sources.rows import Rows

__all__ = ["declared", "pipeline_of_run"]

_OPTIONS = (
    "model",
    "base_url",
    "instructions",
    "examples",
    "max_output_tokens",
    "thinking_tokens",
    "view_tokens",
    "passes",
    "batch",
    "rpm",
    "concurrency",
)
"""What run.json tells in the words of Config. A batch that is still out would be paid twice if it were not."""


def declared(*, schema: str | None = None, pipeline: str | None = None) -> Pipeline:
    """The pipeline that one SPEC names: of a schema, the usual one with that schema."""
    if (schema is None) == (pipeline is None):
        raise UsageError("give either --schema SPEC or --pipeline SPEC")
    if pipeline is None:
        return Pipeline(resolve_schema(str(schema)), spec=("schema", lasting(str(schema))))
    job = resolve_pipeline(pipeline)
    if not isinstance(job, Pipeline):
        raise UsageError(f"{pipeline!r} is a {type(job).__name__}, not a Pipeline: name one that the file declares")
    return replace(job, spec=("pipeline", lasting(pipeline)))


def pipeline_of_run(out: Path, *, schema: str | None = None, pipeline: str | None = None) -> Pipeline:
    """The pipeline of the last run into `out`, as run.json tells it; a SPEC stands in where that tells none."""
    settings = _run_json(out / "run.json")
    if schema is None and pipeline is None:
        kind, spec = settings.get("spec") or (None, None)
        if kind not in ("schema", "pipeline"):
            raise UsageError(f"{out} was not written by a command line: give its --schema or --pipeline")
        schema, pipeline = (spec, None) if kind == "schema" else (None, spec)
    job = declared(schema=schema, pipeline=pipeline)
    options = {name: settings[name] for name in _OPTIONS if name in settings}
    config = replace(job.config, **options, max_cost=settings.get("max_cost_usd"))
    sink = tuple(settings.get("sink", ()))
    source: Rows | tuple[str, ...] = tuple(settings.get("source", ()))
    if rows := settings.get("rows"):
        source = Rows(settings["source"][0], **rows)
    return replace(job, source=source, config=config, sink=sink, split=settings.get("split", job.split))


def _run_json(path: Path) -> dict[str, Any]:
    try:
        return dict(orjson.loads(path.read_bytes()))
    except FileNotFoundError:
        raise UsageError(f"no file {path}: name the --out folder of a run that has ended") from None
    except (OSError, orjson.JSONDecodeError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}; give the command of the run again") from error
