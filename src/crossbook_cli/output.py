"""Print results to standard output and messages to standard error; write files atomically."""

from __future__ import annotations

import os
import re
import secrets
import sys
import textwrap
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from shutil import get_terminal_size
from typing import TextIO

import msgspec
import typer

from crossbook._pagination.pager import Pager
from crossbook.errors import InvalidInputError
from crossbook.models import Contact, Group, known_values
from crossbook_cli.signals import unfinished_files

# Characters that move the cursor, colour the screen or reverse the direction of text.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_json = False


def use_json(value: bool) -> bool:
    """Make later errors print as JSON if `value`, the value of --json, is True; return `value`. typer calls this."""
    global _json
    _json = value
    if value:
        _use_utf8()
    return value


def _use_utf8() -> None:
    """Switch standard output to UTF-8 and line ends as written, whatever the locale: for JSON and files."""
    stdout: object = sys.stdout
    if isinstance(stdout, TextIOWrapper):
        stdout.reconfigure(encoding="utf-8", newline="")


def print_message(text: str) -> None:
    """Print a message to standard error, wrapped to the width of a terminal."""
    width = get_terminal_size().columns if sys.stderr.isatty() else 0
    text = "\n".join(textwrap.fill(line, width, break_on_hyphens=False) if width else line for line in text.split("\n"))
    typer.echo(text, err=True)


def print_error_json(error: object) -> bool:
    """Print {"error": …} to standard error and return True if --json was given; else return False."""
    if _json:
        typer.echo(_encode({"error": error}), err=True)
    return _json


def print_json(value: object) -> None:
    """Print a value as one line of JSON."""
    sys.stdout.write(_encode(value) + "\n")


def flush() -> None:
    """Flush standard output; raise BrokenPipeError if the reader has closed the pipe."""
    sys.stdout.flush()


def print_row(values: Sequence[object]) -> None:
    """Print one row of a list: columns that fit the terminal, or values separated by tabs in a pipe."""
    cells = [format_cell(value) for value in values]
    sys.stdout.write((_fit_columns(cells) if sys.stdout.isatty() else "\t".join(cells)) + "\n")


def print_fields(pairs: Iterable[tuple[str, object]], *, json: bool) -> None:
    """Print the fields of one contact or group: one line for each field, or one line of JSON for all."""
    if json:
        print_json(dict(pairs))
        return
    cells = [(name, format_cell(value)) for name, value in pairs]
    width = max((len(name) for name, _ in cells), default=0)
    for name, value in cells:
        sys.stdout.write(f"{name:<{width}}  {value}".rstrip() + "\n")


def print_item(item: Contact | Group, *, json: bool) -> None:
    """Print one contact or group: an empty field is empty or null, a field that the vendor did not report is absent."""
    print_fields(known_values(item).items(), json=json)


async def print_pages(pager: Pager[Contact] | Pager[Group], columns: Sequence[str], *, json: bool) -> None:
    """Print the items of a vendor's list as its pages arrive: these columns, or JSON with all reported fields.

    Args:
        pager: the list.
        columns: the names of the fields to print.
        json: whether to print JSON.
    """
    async for page in pager.pages():
        for item in page.items:
            print_json(known_values(item)) if json else print_row([getattr(item, name) for name in columns])
        flush()


def print_count(count: int, *, json: bool) -> None:
    print_json({"count": count}) if json else print_row([str(count)])


def print_status(id: str, status: str, *, json: bool) -> None:
    """Print what was done to the item with this id, such as `Deleted 123.`"""
    if json:
        print_json({"id": id, "status": status})
    else:
        print_message(f"{status.capitalize()} {id}.")


def format_cell(value: object) -> str:
    """Return a value as one line of text, with control characters escaped."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.isoformat()
    elif isinstance(value, Mapping):
        value = _encode(value)  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(value, (tuple, list, frozenset, set)):
        texts = [str(each) for each in value]  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        value = ", ".join(texts if isinstance(value, (tuple, list)) else sorted(texts))
    return _CONTROL.sub(lambda match: match.group().encode("unicode_escape").decode(), str(value))


def _fit_columns(cells: Sequence[str]) -> str:
    from rich.cells import cell_len, set_cell_size

    width = get_terminal_size().columns
    rest = max(8, (width - 10) // max(1, len(cells) - 1) - 2)
    shown = [
        set_cell_size(text, size) if cell_len(text) <= size else f"{set_cell_size(text, size - 1)}…"
        for text, size in zip(cells, [10, *[rest] * (len(cells) - 1)], strict=True)
    ]
    return "  ".join(shown).rstrip()


def _encode(value: object) -> str:
    return msgspec.json.encode(value, enc_hook=_encode_set).decode()


def _encode_set(value: object) -> object:
    if isinstance(value, (frozenset, set)):
        return sorted(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    raise TypeError(f"cannot encode {type(value).__name__} as JSON")


@contextmanager
def open_output(path: str, *, force: bool, bom: bool = False, private: bool = False) -> Generator[TextIO]:
    """Open a file for atomic writing: the file appears, or replaces an earlier file, only when it is complete.

    Args:
        path: the file; "-" is standard output.
        force: whether to replace an earlier file.
        bom: whether to begin with the byte order mark by which spreadsheets recognise UTF-8.
        private: whether only the owner can read the file; otherwise the user's umask decides.

    Raises:
        InvalidInputError: the file exists, or cannot be made there.
    """
    if path == "-":
        _use_utf8()
        yield sys.stdout
        sys.stdout.flush()
        return
    encoding = "utf-8-sig" if bom else "utf-8"
    final = Path(path)
    if final.is_dir():
        raise InvalidInputError(f"the file {path!r} cannot be written: it is a folder. Name a file in it", field="to")
    if not final.parent.is_dir():
        raise InvalidInputError(f"the file {path!r} cannot be created: create its folder first", field="to")
    if final.exists() and not final.is_file():
        # A device or a named pipe. Another file in its place would not reach its readers.
        with final.open("w", encoding=encoding, newline="") as file:
            yield file
        return
    if final.exists() and not force:
        raise InvalidInputError(f"the file {path!r} exists: replace it with --force", field="to")
    final = final.resolve()  # write the target of a link, and keep the link
    # A random name, because any other name may belong to the unfinished file of another process.
    part = final.with_name(f"{final.name}.{secrets.token_hex(4)}.part")
    unfinished_files.add(part)
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
        unfinished_files.discard(part)
