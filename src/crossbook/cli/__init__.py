"""The command `crossbook` (extra `cli`): the address books in a terminal.

One command is one file; it is added to the application in `app`. What they share: `words` (arguments and options),
`asking` (a book opened by name), `showing` (results on standard output, messages on standard error), `failing` (errors
as a paragraph and an exit code).
"""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from pathlib import Path


def main() -> None:
    """Runs the command with this process's arguments, and ends the process with its exit code."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # closed by who started this
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115  (for as long as the process)
    try:
        from crossbook.cli.app import app
    except ModuleNotFoundError as error:
        sys.exit(f"The command crossbook needs {error.name}: pip install 'crossbook[cli]'")
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.exit(130)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that cannot show a letter is no reason to stop
    app(prog_name="crossbook")
