"""Errors as people and scripts want them: a paragraph without a traceback, an exit code that says whose turn it is."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from crossbook import errors
from crossbook.errors import CrossbookError
from crossbook_cli.output import say, say_json
from crossbook_cli.signals import interruptible, number_of

OK, SOME_FAILED, USAGE, AUTH, UNAVAILABLE, NOT_FOUND, REFUSED, UNCERTAIN, OURS, LOCAL = 0, 1, 2, 3, 4, 5, 6, 7, 70, 74
CLOSED = 141
CODES = (
    "0 done; 1 some items failed; 2 wrong usage or input, nothing was sent; 3 credentials; 4 the vendor is not "
    "available: try again later; 5 not found; 6 refused by the vendor, or ambiguous; 7 the answer was lost: it may "
    "have happened; 70 a bug; 74 a file or standard output could not be written; 130 interrupted (143 by SIGTERM, "
    "129 by SIGHUP); 141 the reader of a pipe went away."
)
_HINTS: dict[type[CrossbookError], str] = {
    errors.AuthError: "The vendor does not accept the credentials: compare the variables of `crossbook books`.",
    errors.UnsupportedError: "`crossbook capabilities` shows what each vendor can.",
    errors.NoResponseError: "It may have happened: look before you repeat it.",
    errors.RateLimitError: "Nothing was done: try again later.",
    errors.VendorUnavailableError: "Try again later.",
    errors.ConnectError: "Nothing was sent: look at the network, and at the book's BASE_URL variable.",
    errors.InvalidResponseError: "Is the book's BASE_URL variable right?",
}
# What the library calls by its arguments, as the command's user knows it.
_OPTIONS = {
    'pass on_unsupported_field="drop"': "pass --on-loss drop",
    "uncertain='retry', 'skip' or 'done'": "--uncertain retry, skip or done",
    "uncertain=": "--uncertain",
    "match=": "--match",
    "journal=": "--journal",
    "same_account=True": "--same-account",
    "account= in the book": "the book's ACCOUNT variable",
    "journal_key": "CROSSBOOK_JOURNAL_KEY",
}


class Stopped(Exception):
    """A command ends here with this exit code; whoever raised it has said why."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Commands(TyperGroup):
    """The commands; whatever one of them raises ends in a message and an exit code."""

    def make_context(self, *args: Any, **extra: Any) -> Any:
        with _told():  # --help and --version print already here
            return super().make_context(*args, **extra)

    def invoke(self, ctx: Any) -> Any:
        with _told():
            return super().invoke(ctx)


@contextmanager
def _told() -> Generator[None]:
    try:
        with interruptible():
            try:
                yield
            finally:
                sys.stdout.flush()  # here one still can say that it could not be written
        return
    except Exception as error:
        code = _failed(error)
        if code is None:
            raise
    except KeyboardInterrupt as error:
        say("Interrupted.")
        code = 128 + number_of(error)
    raise typer.Exit(code)


def _failed(error: Exception) -> int | None:
    """Says what is the matter, and answers the exit code; None for what is typer's own."""
    if isinstance(error, Stopped):
        return error.code
    if isinstance(error, CrossbookError):
        tell(error)
        return error.exit_code
    if isinstance(error, OSError):
        lost = _output_lost()
        if isinstance(error, BrokenPipeError):
            return CLOSED  # nobody reads on, `head` for instance
        where = error.filename or ("standard output" if lost else "")
        _say("OSError", f"{where}: {(error.strerror or type(error).__name__).lower()}".removeprefix(": "))
        # A file that cannot be opened is named: that is before anything is sent. A full disk may come at any time.
        return USAGE if error.filename else LOCAL
    if type(error).__module__.startswith(("typer.", "click.")):  # below 0.26, typer's errors are those of click
        return None
    trace, at = error.__traceback__, ""
    while trace is not None:
        at, trace = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}", trace.tb_next
    # Its text is left out, since nobody knows what of a person's data is in it.
    what = f"this is a bug of crossbook, {type(error).__name__} at {at}"
    _say(type(error).__name__, f"{what}. Please report it with the command's name")
    return OURS


def _output_lost() -> bool:
    """Whether there is output that cannot be written; if so it is given up, or it would raise again at the very end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    return False


def _say(kind: str, message: str) -> None:
    """An error that is none of the address book, as `tell` says those that are."""
    if not say_json({"error": {"kind": kind, "message": message}}):
        say(f"Error: {message}.")


def in_options(text: str) -> str:
    """Name the options of the command instead of the library's arguments."""
    for argument, option in _OPTIONS.items():
        text = text.replace(argument, option)
    return text


def spoken(error: CrossbookError) -> str:
    """The error in words for who types options."""
    return in_options(str(error))


def record(error: CrossbookError) -> dict[str, Any]:
    """The error as JSON, in words for who types options."""
    told = errors.to_record(error)
    return {**told, "message": in_options(told["message"])}


def tell(error: CrossbookError) -> None:
    """Says the error on standard error: a paragraph, or with --json a line {"error": {…}}."""
    if say_json({"error": record(error)}):
        return
    said = spoken(error)
    if not (error.vendor or (error.field and said.startswith(error.field))):  # a name stays as it is written
        said = f"{said[:1].upper()}{said[1:]}"
    hint = next((text for kind, text in _HINTS.items() if isinstance(error, kind)), "")
    if error.cursor:
        hint = f"{hint} The list goes on with --after {error.cursor}".strip()
    said = said if said.endswith((".", "!", "?")) else f"{said}."
    say(f"Error: {said} {hint}".strip())
