"""Print errors as a paragraph without a traceback, and exit with a code that says who has to act."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from crossbook import errors
from crossbook.errors import CrossbookError
from crossbook_cli.output import print_error_json, print_message
from crossbook_cli.signals import raise_on_signal, signal_number

# The exit code of a CrossbookError is an attribute of its class.
SOME_FAILED, USAGE, AUTH, UNAVAILABLE, NOT_FOUND, BUG, LOCAL, PIPE_CLOSED = 1, 2, 3, 4, 5, 70, 74, 141
EXIT_CODES = (
    "0 done; 1 some items failed; 2 wrong usage or input, nothing was sent; 3 credentials were rejected; 4 the vendor "
    "is unavailable: retry later; 5 not found; 6 rejected by the vendor, or ambiguous; 7 the response was lost: the "
    "request may have been processed; 70 a bug; 74 a file or standard output cannot be written; 130 interrupted (143 "
    "by SIGTERM, 129 by SIGHUP); 141 the reader of a pipe closed it."
)
_HINTS: dict[type[CrossbookError], str] = {
    errors.AuthError: 'The vendor rejected the credentials: check the variables that "crossbook books" lists.',
    errors.UnsupportedError: '"crossbook capabilities" shows what each vendor supports.',
    errors.NoResponseError: "The request may have been processed: check before you repeat it.",
    errors.RateLimitError: "Try again later.",
    errors.VendorUnavailableError: "Try again later.",
    errors.ConnectError: "Nothing was sent: check the network and the book's BASE_URL variable.",
    errors.InvalidResponseError: "Check the book's BASE_URL variable.",
}


def _make_option(found: re.Match[str]) -> str:
    return f"--{found[1].replace('_', '-')}" + (f" {found[2]}" if found[2] else "")


def _make_on_option(found: re.Match[str]) -> str:
    return f"--on-{found[1].replace('_', '-')} {found[2]}"


# Arguments of the library in its messages → options of the command. The first that matches wins.
_ARGUMENTS = (
    "encoding|format|journal|lookup|match|names|reason|region|same_account|shared_phone|uncertain|with_contacts"
)
_OPTIONS: list[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]] = [
    (re.compile(pattern), option)
    for pattern, option in (
        (r'corrections=\{"(.*?)": "(.*?)"\}', r'--map "\1=\2"'),
        (r"corrections=", "--map"),
        (r'on_unsupported_field="drop"', "--on-loss drop"),
        (r"\buncertain='retry', 'skip' or 'done'", "--uncertain retry, skip or done"),
        (r'crossbook\.files\.read\(…, names="split"\) makes', "crossbook import has --names split, which makes"),
        (r"\bon_(duplicate|opted_out)='(\w+)'", _make_on_option),
        (rf"\b({_ARGUMENTS})=(?:True|[\"'](\w+)[\"'])?", _make_option),
        (r"\bmax_wait\b", "--max-wait"),
        (r"\baccount= in the book", "the book's ACCOUNT variable"),
        (r"\bjournal_key\b", "CROSSBOOK_JOURNAL_KEY"),
        (r"\bpage_size must", "--page-size must"),
        (r"\blookup is for", "--lookup is for"),
        (r"\bother_writers is for", "--no-other-writers is for"),
        (r"pass exactly one of phone, email and external_id", "pass exactly one of --phone, --email and --external-id"),
        (r"set groups to one id, or give the book a default_group", "name one group"),
        (r"leave sort and descending out, and sort the contacts in your code", "leave --sort and --descending out"),
        (r", and filter the contacts in your code", ""),
        (r"the source that the run began with", "the file or book that the run began with"),
        (r"\bthis source has", "it has now"),
    )
]
_NO_FIELDS = ("map", "source", "yes", "file")  # what the message is about, and no field of a contact


_MISSING = re.compile(r"set the environment variable (CROSSBOOK_\w+)")
_profile: str | None = None  # the profile that this command uses


class CommandGroup(TyperGroup):
    """A group of commands that prints an error of a command as a message and exits with its code."""

    def make_context(self, *args: Any, **extra: Any) -> Any:
        with _handle_errors():  # --help and --version print here
            return super().make_context(*args, **extra)

    def invoke(self, ctx: Any) -> Any:
        with _handle_errors():
            return super().invoke(ctx)


@contextmanager
def _handle_errors() -> Generator[None]:
    try:
        with raise_on_signal():
            try:
                yield
            finally:
                sys.stdout.flush()  # while an error can still be printed
        return
    except Exception as error:
        # Errors of typer; before typer 0.26 they were those of click.
        if type(error).__module__.startswith(("typer.", "click.")):
            raise
        code = _print_any_error(error)
    except KeyboardInterrupt as error:
        print_message("Interrupted.")
        code = 128 + signal_number(error)
    raise typer.Exit(code)


def _print_any_error(error: Exception) -> int:
    """Print an error of a command and return the exit code for it."""
    if isinstance(error, CrossbookError):
        _print_error(error)
        return error.exit_code
    if isinstance(error, OSError):
        lost = _discard_lost_output()
        if isinstance(error, BrokenPipeError):
            return PIPE_CLOSED  # by `head`, for instance
        where = error.filename or ("standard output" if lost else "")
        message = f"{where}: {(error.strerror or type(error).__name__).lower()}".removeprefix(": ")
        # An error with a file name comes from opening a file, before anything is sent. A disk may fill up at any time.
        kind, code = "OSError", USAGE if error.filename else LOCAL
    else:
        trace, at = error.__traceback__, ""
        while trace is not None:
            at, trace = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}", trace.tb_next
        kind, code = type(error).__name__, BUG
        # The text of the error is not shown, because it may contain personal data.
        message = f"this is a bug of crossbook, {kind} at {at}. Please report it with the command's name"
    if not print_error_json({"kind": kind, "message": message}):
        print_message(f"Error: {message}.")
    return code


def _discard_lost_output() -> bool:
    """Discard standard output if writing it fails, since Python would raise at exit; return whether writing failed."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    return False


def name_profile(profile: str | None) -> None:
    """Let messages name the profile that this command uses; None: it uses none."""
    global _profile
    _profile = profile


def name_options(text: str) -> str:
    """Replace Python arguments in a message by the options of the command, such as `match=` by `--match`.

    With a profile the environment does not count, so a missing variable is a parameter that the profile lacks.
    """
    if _profile is not None:
        text = _MISSING.sub(rf"the profile {_profile} lacks \1: run crossbook profile set {_profile} BOOK", text)
    for pattern, option in _OPTIONS:
        text = pattern.sub(option, text)
    return text


def format_error(error: CrossbookError) -> str:
    """Return the text of an error for the terminal.

    It has the options of the command instead of Python arguments, and no names of the library: neither the operation
    nor the field, which the message names in words. --json has both.
    """
    named = error.field is None or error.field in error.message or error.field in _NO_FIELDS
    shown = {"operation": None, "cause": None} | ({"field": None} if named else {})
    if error.vendor and error.vendor in error.message.casefold():
        shown["vendor"] = None
    return name_options(str(errors.from_record({**errors.to_record(error), **shown})))


def error_to_dict(error: CrossbookError) -> dict[str, Any]:
    """Return the error as a dictionary for JSON, with options of the command in its message."""
    record = errors.to_record(error)
    return {**record, "message": name_options(record["message"])}


def _print_error(error: CrossbookError) -> None:
    if print_error_json(error_to_dict(error)):
        return
    text = format_error(error)
    if not (error.vendor or (error.field and text.startswith(error.field))):  # names are not capitalised
        text = f"{text[:1].upper()}{text[1:]}"
    hint = next((hint for kind, hint in _HINTS.items() if isinstance(error, kind)), "")
    if error.cursor:
        hint = f"{hint} Resume the list with --after {error.cursor}".strip()
    text = text if text.endswith((".", "!", "?")) else f"{text}."
    print_message(f"Error: {text} {hint}".strip())
