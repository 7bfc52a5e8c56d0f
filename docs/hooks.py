"""Fills the pages that are written from the code: the command line, the options, the errors, what is ready-made."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import typer
from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor
from typer.testing import CliRunner


class _Examples(Preprocessor):
    """Fences the examples of docstrings, from `>>>` to the next empty line, so that they are shown as code."""

    def run(self, lines: list[str]) -> list[str]:
        fenced: list[str] = []
        inside = False
        for line in [*lines, ""]:
            if not inside and line.startswith(">>> "):
                fenced.append("```pycon")
                inside = True
            elif inside and not line.strip():
                fenced.append("```")
                inside = False
            fenced.append(line)
        return fenced


class _ExamplesExtension(Extension):
    def extendMarkdown(self, md: Markdown) -> None:
        md.preprocessors.register(_Examples(md), "examples", 100)  # before fences are read


def on_config(config: Any) -> Any:
    """Let docstrings show their examples."""
    config["markdown_extensions"].append(_ExamplesExtension())
    return config


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace each `<!-- name -->` of a generated part by what it is generated from."""
    return re.sub(r"<!-- (commands|options|errors|schemas|pipelines) -->", lambda found: _PARTS[found[1]](), markdown)


def commands() -> str:
    """Every command with its help, as the terminal shows it."""
    from extractor.cli.app import app

    return "\n\n".join(
        f"## `{' '.join(words)}`\n\n```text\n{_help(words)}\n```" for words in _walk(app, ("extractor",))
    )


def _walk(app: typer.Typer, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name, command in getattr(typer.main.get_command(app), "commands", {}).items():
        inner = getattr(command, "commands", {})
        yield from (((*words, name, below) for below in inner) if inner else ((*words, name),))


def _help(words: tuple[str, ...]) -> str:
    from extractor.cli.app import app

    result = CliRunner().invoke(
        app, [*words[1:], "--help"], prog_name="extractor", terminal_width=100, env={"TERM": "dumb"}
    )
    return result.output.strip()


def options() -> str:
    """The docstring of Config: a heading for each group, a definition for each option."""
    from extractor.pipeline.config import Config

    fields = Config.__dataclass_fields__
    lines = []
    _, first, rest = inspect.cleandoc(Config.__doc__ or "").partition("Where to ask:")
    for line in (first + rest).splitlines():
        names = re.match(r"    (\w+(?:, \w+)*): (.*)", line)
        if names:
            title = ", ".join(f"`{name}`" for name in names[1].split(", "))
            default = fields[names[1].split(", ")[0]].default
            usual = f" (default `{default!r}`)" if isinstance(default, int | float | str) and default != "" else ""
            lines.append(f"\n**{title}**{usual}: {names[2]}")
        elif line.endswith(":") and not line.startswith(" "):
            lines.append(f"\n## {line[:-1]}")
        else:
            lines.append(line.strip())
    return "\n".join(lines)


def errors() -> str:
    """The error tree, and each class with its exit code and its docstring."""
    from extractor import errors as module

    tree = inspect.cleandoc(module.__doc__ or "").split("\n\n")[1]
    classes = [
        f"### `{name}`\n\nExit code {found.exit_code}. {inspect.cleandoc(found.__doc__ or '')}"
        for name, found in vars(module).items()
        if name in module.__all__ and isinstance(found, type) and issubclass(found, module.ExtractorError)
    ]
    return "\n\n".join((f"```text\n{inspect.cleandoc(tree)}\n```", *classes))


def schemas() -> str:
    """Every ready-made schema with the first line of its docstring."""
    from extractor.pipeline.specs import ready_made, resolve_schema

    names = [file.stem for file in sorted((ready_made() / "schemas").glob("[!_]*.py"))]
    return _table("schema", ((name, resolve_schema(name).__doc__) for name in names))


def pipelines() -> str:
    """Every ready-made pipeline with the first line of its module's docstring."""
    from extractor.pipeline.specs import ready_made

    files = sorted((ready_made() / "pipelines").glob("[!_]*.py"))
    return _table("pipeline", ((file.stem, ast.get_docstring(ast.parse(file.read_text("utf-8")))) for file in files))


def _table(what: str, rows: Iterable[tuple[str, str | None]]) -> str:
    lines = (f"| `{name}` | {(doc or '').strip().splitlines()[0]} |" for name, doc in rows)
    return "\n".join((f"| {what} | what it is |", "|---|---|", *lines))


_PARTS: dict[str, Callable[[], str]] = {
    "commands": commands,
    "options": options,
    "errors": errors,
    "schemas": schemas,
    "pipelines": pipelines,
}
