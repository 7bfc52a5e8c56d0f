"""The options of several commands, each declared once, and what they are read as."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from extractor.pipeline.config import Config
    from extractor.wire.options import Options

__all__ = [
    *("Asking", "BaseUrl", "File", "Instructions", "Job", "Json", "Log", "Model", "Modelled", "Output", "Password"),
    *("PipelineSpec", "Quiet", "Retry", "Run", "Spec", "Timeout", "configured", "folder", "request_options"),
    *("schema_names", "source_names"),
]


def schema_names(incomplete: str) -> list[str]:
    """For completion: ready-made schemas, and files that may hold others."""
    return [*_ready_made("schemas", incomplete), *_files(incomplete, ".py", ".json")]


def pipeline_names(incomplete: str) -> list[str]:
    """For completion: ready-made pipelines, and files that may hold others."""
    return [*_ready_made("pipelines", incomplete), *_files(incomplete, ".py")]


def source_names(incomplete: str) -> list[str]:
    """For completion: all files and folders."""
    return _files(incomplete, "")


def model_names(incomplete: str) -> list[str]:
    """For completion: the default model and the embedded ones."""
    from extractor.local.catalog import MODELS
    from extractor.wire.requests import DEFAULT_MODEL

    names = [DEFAULT_MODEL, "local", *(f"local:{model.name}" for model in MODELS)]
    return [name for name in names if name.startswith(incomplete)]


def format_names(incomplete: str) -> list[str]:
    """For completion: the formats of tables."""
    from extractor.pipeline.sinks import FORMATS

    return [name for name in FORMATS if name.startswith(incomplete)]


def _ready_made(kind: str, incomplete: str) -> list[str]:
    from extractor.pipeline.specs import ready_made

    return sorted(file.stem for file in (ready_made() / kind).glob(f"{incomplete}*.py"))


def _files(incomplete: str, *endings: str) -> list[str]:
    found = sorted(Path().glob(f"{incomplete}*")) if incomplete and not Path(incomplete).is_absolute() else []
    return [
        f"{path}/" if path.is_dir() else str(path) for path in found if path.is_dir() or path.name.endswith(endings)
    ]


def _text(value: str | None) -> str | None:
    """The text itself, or that of the file named after an @."""
    from extractor.errors import UsageError

    if value is None or not value.startswith("@"):
        return value
    try:
        return Path(value[1:]).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"--instructions {value} cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from error


def _prompted(password: str | None) -> str | None:
    return typer.prompt("Password", hide_input=True, err=True) if password == "-" else password


def folder(text: str) -> Path:
    """The folder of this machine that an option names."""
    from extractor.pipeline.outputs import output_folder

    return output_folder(text)


File = Annotated[
    str, typer.Argument(metavar="FILE", autocompletion=source_names, help="The document to read, by path or URL.")
]
Output = Annotated[Path, typer.Argument(metavar="OUT", parser=folder, help="The output folder of a run.")]
Spec = Annotated[
    str | None,
    typer.Option(
        "--schema",
        "-s",
        metavar="SPEC",
        autocompletion=schema_names,
        help="A ready-made name, package.module:Model, file.py:Model or a JSON Schema file. Several, separated by "
        "commas: each document is of one of them.",
    ),
]
PipelineSpec = Annotated[
    str | None,
    typer.Option(
        "--pipeline",
        "-p",
        metavar="SPEC",
        autocompletion=pipeline_names,
        help="A ready-made name, package.module:NAME or file.py:NAME.",
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME",
        autocompletion=model_names,
        help="A Workers AI model, or local, local:NAME, local:PATH.gguf.",
    ),
]
BaseUrl = Annotated[str | None, typer.Option(metavar="URL", help="Replaces Cloudflare's API root.")]
Instructions = Annotated[
    str | None,
    typer.Option(
        "--instructions",
        "-i",
        metavar="TEXT|@FILE",
        callback=_text,
        help="Text for the model in addition to the schema, or @FILE to read it from a file.",
    ),
]
Password = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT|-",
        envvar="EXTRACTOR_PASSWORD",
        callback=_prompted,
        help="Opens encrypted documents; - prompts for it.",
    ),
]
Timeout = Annotated[
    float | None,
    typer.Option(metavar="S", help="Seconds for one question, with its retries and repairs. Default: 900."),
]
Json = Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors, and JSON with --json.")]
Log = Annotated[
    Path | None, typer.Option(metavar="FILE", readable=False, help="Append a JSON line for each request to FILE.")
]


class Modelled(TypedDict, total=False):
    """Which model is asked, and for how much. A command takes such options as `**chosen: Unpack[Modelled]`."""

    model: Model
    base_url: BaseUrl
    max_cost: Annotated[float | None, typer.Option(metavar="USD", help="A hard cap on spending.")]
    thinking_tokens: Annotated[
        int | None,
        typer.Option(metavar="N", help="Let the model think for up to N tokens before it answers. Default: 0."),
    ]
    password: Password


class Asking(Modelled, total=False):
    """How the model is asked."""

    instructions: Instructions
    examples: Annotated[
        Path | None,
        typer.Option(
            metavar="GOLD",
            readable=False,
            help="A gold file whose documents and answers are shown to the model as examples.",
        ),
    ]
    max_output_tokens: Annotated[int | None, typer.Option(metavar="N", help="The most tokens of one answer.")]
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Set a parameter of the request, such as temperature=0.6 or seed=7; can be repeated.",
        ),
    ]


class _Source(TypedDict, total=False):
    """What is read."""

    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SOURCE",
            autocompletion=source_names,
            help="Files and folders to read, by path or URL: s3://, gs://, az://, https://.",
        ),
    ]
    column: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Read the rows of one CSV, JSON Lines or Parquet file, or of a --query: the texts in this column.",
        ),
    ]
    key: Annotated[
        str | None, typer.Option(metavar="NAME", help="The column that names the rows. Default: their numbers.")
    ]
    query: Annotated[
        str | None,
        typer.Option(metavar="SQL", help="Selects the rows of a postgresql://, sqlite:// or duckdb:// URL as SOURCE."),
    ]
    follow_links: Annotated[
        bool, typer.Option("--follow-links", help="Follow links that lead out of the source folders.")
    ]
    split: Annotated[
        bool, typer.Option("--split", help="Each file holds several documents: write a record for each of them.")
    ]


class _Shared(TypedDict, total=False):
    """What is extracted, and how fast."""

    schema: Spec
    pipeline: PipelineSpec
    rpm: Annotated[int | None, typer.Option(metavar="N", help="A hard limit on requests a minute.")]
    passes: Annotated[
        int | None,
        typer.Option(metavar="N", help="Readings of each part of a document; the later ones look for what was missed."),
    ]


class _Writing(TypedDict, total=False):
    """How a run goes on."""

    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            "-f",
            metavar="FORMAT",
            autocompletion=format_names,
            help="Also write tables: csv, parquet, sqlite, duckdb or postgresql://...; can be repeated.",
        ),
    ]
    concurrency: Annotated[
        int | None, typer.Option("--concurrency", "-j", metavar="N", help="The most requests in flight.")
    ]


class Job(_Source, _Shared, Asking, total=False):
    """What `run` and `plan` are about."""

    tpm: Annotated[
        int | None, typer.Option(metavar="N", help="A hard limit on tokens a minute, prompts and answers together.")
    ]
    view_tokens: Annotated[
        int | None,
        typer.Option(metavar="N", help="Show documents of up to N tokens whole in each request. Default: 12000."),
    ]


class Run(Job, _Writing, total=False):
    """The same, and how a run goes on."""

    timeout: Timeout
    batch: Annotated[bool, typer.Option("--batch", help="Queue the requests; answers may take up to a day.")]


class Retry(Modelled, _Shared, _Writing, total=False):
    """What a retry does in another way than the run did."""


def configured(config: Config, options: Mapping[str, Any]) -> Config:
    """A configuration with what the options of a command set, by name; names that it does not have are ignored."""
    from dataclasses import fields, replace

    values = {name: value for name, value in options.items() if value is not None and value is not False}
    changed = {field.name: values[field.name] for field in fields(config) if field.name in values}
    return replace(config, **changed, options=request_options(values.get("settings"), config.options))


def request_options(settings: list[str] | None, base: Options | None = None) -> Options:
    """`base` with the parameters that `--set` names. A value is JSON, or else text.

    >>> request_options(["temperature=0.6", "stop=END"])
    Options(stop='END', temperature=0.6)
    """
    from dataclasses import replace

    from extractor.wire.options import Options

    return replace(base or Options(), **dict(map(_parameter, settings or ())))


def _parameter(setting: str) -> tuple[str, Any]:
    from dataclasses import fields
    from difflib import get_close_matches

    import orjson

    from extractor.errors import UsageError
    from extractor.wire.options import Options

    name, separator, value = setting.partition("=")
    if not separator:
        raise UsageError(f"--set {setting}: write NAME=VALUE, such as temperature=0.6")
    names = [field.name for field in fields(Options)]
    if name not in names:
        near = get_close_matches(name, names, n=1)
        hint = f"did you mean {near[0]}?" if near else f"it is one of {', '.join(names)}"
        raise UsageError(f"--set {setting}: no parameter has the name {name!r}; {hint}")
    try:
        return name, orjson.loads(value)
    except orjson.JSONDecodeError:
        return name, value
