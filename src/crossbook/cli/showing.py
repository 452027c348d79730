"""What commands print: results on standard output, everything else on standard error."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from io import TextIOWrapper
from shutil import get_terminal_size
from typing import Any

import msgspec
import typer

from crossbook.models import Contact, Group

# What would move the cursor, colour the screen or turn the line round in somebody's terminal.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_json = False


def use_json(value: bool) -> bool:
    """The callback of --json: from here on errors are JSON too."""
    global _json
    _json = value
    if value:
        utf8()
    return value


def utf8() -> None:
    """Standard output in UTF-8, wherever the terminal lives, and with line ends as they are: for JSON and files."""
    stdout: object = sys.stdout
    if isinstance(stdout, TextIOWrapper):
        stdout.reconfigure(encoding="utf-8", newline="")


def say(text: str) -> None:
    """A message for the person, on standard error."""
    width = get_terminal_size().columns if sys.stderr.isatty() else 0
    text = "\n".join(textwrap.fill(line, width, break_on_hyphens=False) if width else line for line in text.split("\n"))
    typer.echo(text, err=True)


def say_json(value: object) -> bool:
    """The same for a machine, if it asked for JSON; whether it did."""
    if _json:
        typer.echo(msgspec.json.encode(value, enc_hook=_plain).decode(), err=True)
    return _json


def out(value: object) -> None:
    """One JSON value on a line of standard output."""
    sys.stdout.write(msgspec.json.encode(value, enc_hook=_plain).decode() + "\n")


def flush() -> None:
    """What was printed reaches its reader now; a reader that went away is noticed."""
    sys.stdout.flush()


def record(item: Contact | Group) -> dict[str, Any]:
    """A contact or a group as JSON: what the vendor told, null for what is empty; what it did not tell is not there."""
    known = item.known | {"id"}
    return {f.name: getattr(item, f.name) for f in fields(item) if f.name in known}


def row(values: Sequence[object]) -> None:
    """A line of a list: for a person in columns that fit the terminal, for a pipe separated by tabs."""
    cells = [cell(value) for value in values]
    if not sys.stdout.isatty():
        sys.stdout.write("\t".join(cells) + "\n")
        return
    sys.stdout.write(_fitted(cells) + "\n")


def facts(pairs: Iterable[tuple[str, object]]) -> None:
    """One thing with its fields, a line each."""
    listed = [(name, cell(value)) for name, value in pairs]
    width = max((len(name) for name, _ in listed), default=0)
    for name, value in listed:
        sys.stdout.write(f"{name:<{width}}  {value}".rstrip() + "\n")


def done(id: str, status: str, *, json: bool) -> None:
    """What became of one thing whose verb answers nothing."""
    if json:
        out({"id": id, "status": status})
    else:
        say(f"{status.capitalize()} {id}.")


def cell(value: object) -> str:
    """A value as text on one line, harmless to a terminal."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.isoformat()
    elif isinstance(value, Mapping):
        value = msgspec.json.encode(value, enc_hook=_plain).decode()
    elif isinstance(value, (tuple, list, frozenset, set)):
        texts = [str(each) for each in value]  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        value = ", ".join(texts if isinstance(value, (tuple, list)) else sorted(texts))
    return _CONTROL.sub(lambda match: match.group().encode("unicode_escape").decode(), str(value))


def _fitted(cells: Sequence[str]) -> str:
    from rich.cells import cell_len, set_cell_size

    width = get_terminal_size().columns
    each = max(8, (width - 10) // max(1, len(cells) - 1) - 2)
    sizes = [10, *[each] * (len(cells) - 1)]
    shown = [
        set_cell_size(text, size) if cell_len(text) <= size else f"{set_cell_size(text, size - 1)}…"
        for text, size in zip(cells, sizes, strict=True)
    ]
    return "  ".join(shown).rstrip()


def _plain(value: object) -> object:
    if isinstance(value, (frozenset, set)):
        return sorted(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    raise TypeError(f"no JSON for {type(value).__name__}")
