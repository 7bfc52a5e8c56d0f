"""How commands speak: help in whole sentences at any width, with examples.

Text of strangers (names of files, words of errors) is one line that does nothing to the terminal.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, Signature, signature
from operator import attrgetter
from typing import Any, get_args, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup

__all__ = ["SETTINGS", "App", "Group", "one_line"]

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 120}
_LONGEST = 1_000  # characters of a command's first sentence


class Group(TyperGroup):
    """A command of commands; each is listed with its whole first sentence."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        rows = [(name, command.get_short_help_str(_LONGEST)) for name, command in self.commands.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


class Command(TyperCommand):
    """A command whose arguments are called by their metavar alone: neither `{OUT}` nor `OUT <Path>`."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return [piece.replace("{", "").replace("}", "") for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        for title, kind in (("Arguments", "argument"), ("Options", "option")):
            described = [
                (each, each.get_help_record(ctx)) for each in self.get_params(ctx) if each.param_type_name == kind
            ]
            rows = [(each.metavar if kind == "argument" else row[0], row[1]) for each, row in described if row]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


class App(typer.Typer):
    """A typer app of such commands. `add` adds one, with command lines that show its use."""

    def __init__(self, **options: Any) -> None:
        settings = {"no_args_is_help": True, "add_completion": False, "context_settings": SETTINGS, "cls": Group}
        super().__init__(rich_markup_mode=None, pretty_exceptions_enable=False, **{**settings, **options})

    def add(self, function: Callable[..., Any], *examples: str, name: str | None = None) -> None:
        self.command(name, cls=Command, epilog="\b\nExamples:\n  " + "\n  ".join(examples))(_spread(function))


def _spread(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with the options that its `**chosen: Unpack[Group]` stands for in its signature."""
    parameters = signature(function, eval_str=True).parameters
    if "chosen" in parameters:
        group = get_type_hints(get_args(parameters["chosen"].annotation)[0], include_extras=True)
        shared = [_option(name, annotation) for name, annotation in group.items()]
        own = [each for name, each in parameters.items() if name != "chosen"]
        function.__signature__ = Signature(sorted([*shared, *own], key=attrgetter("kind")))  # type: ignore[attr-defined]
    return function


def _option(name: str, annotation: Any) -> Parameter:
    default = False if get_args(annotation)[0] is bool else None
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def one_line(text: str) -> str:
    """The text with what would end the line or steer the terminal written as escapes."""
    return text if text.isprintable() else "".join(map(_escaped, text))


def _escaped(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()
