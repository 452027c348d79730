"""Generate the reference of the command `crossbook` from the application."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer
from rich.text import Text

from crossbook_cli.app import app
from docs.site.markup import table


def commands() -> str:
    """Return every command with its arguments and options."""
    return "\n\n".join(part for part in _describe_command(typer.main.get_command(app), None, ()) if part)


def _describe_command(command: Any, parent: Any, path: tuple[str, ...]) -> Iterator[str]:
    name = command.name or "crossbook"
    context = command.make_context(name, [], parent=parent, resilient_parsing=True)
    path = (*path, name)
    line = " ".join(path)
    yield f"{'#' * min(len(path) + 1, 4)} {line} {{#{'-'.join(path)}}}"
    yield f"```sh\n{line} {' '.join(command.collect_usage_pieces(context))}\n```"
    yield _plain(command.help or "")
    yield table(
        ("argument or option", "what it does", "default"),
        (
            _describe_parameter(parameter, context)
            for parameter in command.params
            if not getattr(parameter, "hidden", False)
        ),
    )
    for child in getattr(command, "commands", {}).values():
        if not child.hidden:
            yield from _describe_command(child, context, path)


def _describe_parameter(parameter: Any, context: Any) -> tuple[str, str, str]:
    text = " ".join((getattr(parameter, "help", None) or "").split())
    if parameter.param_type_name == "argument":
        return f"`{parameter.make_metavar(context)}`", _plain(text) or "required", ""
    names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
    metavar = "" if parameter.is_flag else f" `{parameter.make_metavar(context).replace(' range', '')}`"
    default = parameter.default
    shown = "" if default is None or parameter.is_flag or callable(default) else f"`{default}`"
    return f"{names}{metavar}", _plain(text), shown


def _plain(text: str) -> str:
    """Return a help text without terminal colours; an example becomes inline code, several examples become a block."""
    plain, several, examples = Text.from_markup(text).plain.replace("\b", "").partition("\nExamples:\n")
    lines = "\n".join(line for line in examples.splitlines() if line)
    block = f"{several}\n```sh\n{lines}\n```" if several else ""
    return re.sub(r"^Example: (.*)$", r"Example: `\1`", plain, flags=re.MULTILINE) + block
