"""Fills the pages that are written from the code: the command line, the options, the errors."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import typer
from typer.testing import CliRunner


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace each `<!-- name -->` of a generated part by what it is generated from."""
    return re.sub(r"<!-- (commands|options|errors) -->", lambda found: _PARTS[found[1]](), markdown)


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

    shown = CliRunner().invoke(
        app, [*words[1:], "--help"], prog_name="extractor", env={"COLUMNS": "100", "TERM": "dumb"}
    )
    return shown.output.strip()


def options() -> str:
    """The docstring of Config: a heading for each group, a definition for each option."""
    from extractor.pipeline.config import Config

    fields = Config.__dataclass_fields__
    lines = []
    for line in inspect.cleandoc(Config.__doc__ or "").splitlines()[2:]:
        names = re.match(r"    (\w+(?:, \w+)*): (.*)", line)
        if names:
            shown = ", ".join(f"`{name}`" for name in names[1].split(", "))
            default = fields[names[1].split(", ")[0]].default
            usual = f" (default `{default!r}`)" if isinstance(default, int | float | str) and default != "" else ""
            lines.append(f"\n**{shown}**{usual}: {names[2]}")
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
        if isinstance(found, type) and issubclass(found, module.ExtractorError)
    ]
    return "\n\n".join((f"```text\n{inspect.cleandoc(tree)}\n```", *classes))


_PARTS: dict[str, Callable[[], str]] = {"commands": commands, "options": options, "errors": errors}
