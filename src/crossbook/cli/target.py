"""The file that a command writes."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from crossbook.cli.showing import utf8
from crossbook.cli.signals import unfinished
from crossbook.errors import InvalidInput


@contextmanager
def target(path: str, *, force: bool, bom: bool = False, private: bool = False) -> Generator[TextIO]:
    """The file to write into. It takes its name when all of it is there; what was there before stays until then.

    A `private` file is readable by its owner alone; any other is as the user's umask says.

    Raises:
        InvalidInput: it is there already, or cannot be there; nobody was asked for anything yet.
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
        raise InvalidInput(f"the file {path!r} is a folder: name a file in it", field="to")
    if not final.parent.is_dir():
        raise InvalidInput(f"the file {path!r} cannot be made: its folder does not exist", field="to")
    if final.exists() and not final.is_file():
        # A device or a named pipe: it has readers of its own, and another file in its place would not reach them.
        with final.open("w", encoding=encoding, newline="") as file:
            yield file
        return
    if final.exists() and not force:
        raise InvalidInput(f"the file {path!r} is there already: --force writes over it", field="to")
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
