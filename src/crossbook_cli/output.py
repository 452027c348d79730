"""What commands print: results on standard output, everything else on standard error."""

from __future__ import annotations

import os
import re
import secrets
import sys
import textwrap
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from shutil import get_terminal_size
from typing import Any, TextIO

import msgspec
import typer

from crossbook.errors import InvalidInputError
from crossbook.models import Contact, Group
from crossbook_cli.signals import unfinished

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
    known = item.known_fields | {"id"}
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


# The file that a command writes.


@contextmanager
def target(path: str, *, force: bool, bom: bool = False, private: bool = False) -> Generator[TextIO]:
    """The file to write into. It takes its name when all of it is there; what was there before stays until then.

    A `private` file is readable by its owner alone; any other is as the user's umask says.

    Raises:
        InvalidInputError: it is there already, or cannot be there; nobody was asked for anything yet.
    """
    if path == "-":
        utf8()
        yield sys.stdout
        sys.stdout.flush()
        return
    # With the mark that tells spreadsheets that it is UTF-8.
    encoding = "utf-8-sig" if bom else "utf-8"
    final = Path(path)
    if final.is_dir():
        raise InvalidInputError(f"the file {path!r} is a folder: name a file in it", field="to")
    if not final.parent.is_dir():
        raise InvalidInputError(f"the file {path!r} cannot be made: its folder does not exist", field="to")
    if final.exists() and not final.is_file():
        # A device or a named pipe: it has readers of its own, and another file in its place would not reach them.
        with final.open("w", encoding=encoding, newline="") as file:
            yield file
        return
    if final.exists() and not force:
        raise InvalidInputError(f"the file {path!r} is there already: --force writes over it", field="to")
    final = final.resolve()  # what a link names is written, and the link stays
    # A name that nobody has: what is called after the file alone, or after a process, may be what another one left.
    part = final.with_name(f"{final.name}.{secrets.token_hex(4)}.part")
    unfinished.add(part)
    mode = 0o600 if private else 0o666
    opened = open(  # noqa: SIM115
        part, "x", encoding=encoding, newline="", opener=lambda name, flags: os.open(name, flags, mode)
    )
    try:
        with opened as file:
            yield file
        part.replace(final)
    finally:
        part.unlink(missing_ok=True)
        unfinished.discard(part)
