"""The command `crossbook` (extra `cli`): the address books in a terminal.

One command is one file; it is added to the application in `app`. What they share: `words` (arguments and options),
`asking` (a book opened by name), `showing` (results on standard output, messages on standard error), `failing` (errors
as a paragraph and an exit code).
"""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper

from crossbook_cli import signals


def main() -> None:
    """Runs the command with this process's arguments, and ends the process with its exit code."""
    # What was closed by who started this is open for as long as the process, so that no other file gets its number.
    # Standard output is open for reading only: a result that cannot be written is an error, and not lost in silence.
    for name, mode, access in (
        ("stdin", "r", os.O_RDONLY), ("stdout", "w", os.O_RDONLY), ("stderr", "w", os.O_WRONLY)
    ):  # fmt: skip
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.open(os.devnull, access), mode))  # noqa: SIM115  (it is no path)
    signals.install()
    try:
        _run()
    except KeyboardInterrupt as error:
        sys.stderr.write("Interrupted.\n")
        sys.exit(128 + signals.number_of(error))
    finally:
        signals.close()


def _run() -> None:
    try:
        from crossbook_cli.app import app
    except ModuleNotFoundError as error:
        sys.exit(f"The command crossbook needs {error.name}: pip install 'crossbook[cli]'")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that cannot show a letter is no reason to stop
    app(prog_name="crossbook")
