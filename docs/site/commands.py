"""The reference of the command `crossbook`, from the application itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer
from rich.text import Text

from crossbook_cli.app import app
from docs.site.markup import table


def commands() -> str:
    """Every command with its arguments and options."""
    return "\n\n".join(part for part in _command(typer.main.get_command(app), None, ()) if part)


def _command(command: Any, parent: Any, path: tuple[str, ...]) -> Iterator[str]:
    name = command.name or "crossbook"
    context = command.make_context(name, [], parent=parent, resilient_parsing=True)
    inside = (*path, name)
    words = " ".join(inside)
    yield f"{'#' * min(len(inside) + 1, 4)} {words} {{#{'-'.join(inside)}}}"
    yield f"```sh\n{words} {' '.join(command.collect_usage_pieces(context))}\n```"
    yield _plain(command.help or "")
    yield table(
        ("argument or option", "what it does", "default"),
        (_parameter(each, context) for each in command.params if not getattr(each, "hidden", False)),
    )
    for below in getattr(command, "commands", {}).values():
        if not below.hidden:
            yield from _command(below, context, inside)


def _parameter(parameter: Any, context: Any) -> tuple[str, str, str]:
    said = " ".join((getattr(parameter, "help", None) or "").split())
    if parameter.param_type_name == "argument":
        return f"`{parameter.make_metavar(context)}`", _plain(said) or "required", ""
    names = ", ".join(f"`{each}`" for each in (*parameter.opts, *parameter.secondary_opts))
    takes = "" if parameter.is_flag else f" `{parameter.make_metavar(context).replace(' range', '')}`"
    default = parameter.default
    shown = "" if default is None or parameter.is_flag or callable(default) else f"`{default}`"
    return f"{names}{takes}", _plain(said), shown


def _plain(text: str) -> str:
    """Without the marks that colour a terminal; an example becomes code, several, which come last, a block of it."""
    plain, several, examples = Text.from_markup(text).plain.replace("\b", "").partition("\nExamples:\n")
    lines = "\n".join(line for line in examples.splitlines() if line)
    block = f"{several}\n```sh\n{lines}\n```" if several else ""
    return re.sub(r"^Example: (.*)$", r"Example: `\1`", plain, flags=re.MULTILINE) + block
