"""The command `crossbook` (extra `cli`).

Each command is a file, added to the application in `app`. Shared: `options` (arguments, options, opening a book),
`output` (printing), `errors` (messages and exit codes), `signals` (Ctrl-C), `batch_output` (progress and results).
"""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper

from crossbook_cli import signals


def main() -> None:
    """Run the command with the arguments of this process, and exit with its exit code."""
    # Open a stream that the parent process closed, so that no other file gets its number. Standard output is opened for
    # reading only: then a result that cannot be written raises an error.
    for name, mode, access in (
        ("stdin", "r", os.O_RDONLY), ("stdout", "w", os.O_RDONLY), ("stderr", "w", os.O_WRONLY)
    ):  # fmt: skip
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.open(os.devnull, access), mode))  # noqa: SIM115  (a descriptor, not a path)
    signals.install()
    try:
        _run()
    except KeyboardInterrupt as error:
        sys.stderr.write("Interrupted.\n")
        sys.exit(128 + signals.signal_number(error))
    finally:
        signals.exit_at_once()


def _run() -> None:
    try:
        from crossbook_cli.app import app
    except ModuleNotFoundError as error:
        sys.exit(f"The command crossbook needs {error.name}: pip install 'crossbook[cli]'")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # print letters that the terminal's encoding does not have
    app(prog_name="crossbook")
