"""`crossbook sandbox`: the four vendors on loopback, for trying things out."""

from __future__ import annotations

import typer

from crossbook.errors import InvalidInputError
from crossbook_cli.errors import Stopped


def sandbox(context: typer.Context) -> None:
    """Serves the four vendors on loopback, to try everything without an account (extra `sandbox`).

    It is the command crossbook-sandbox and takes its options: crossbook sandbox --help. With --env it prints the
    variables that every other command reads, with --seed 100 its accounts are not empty.
    """
    try:
        from crossbook_sandbox.__main__ import main
    except ModuleNotFoundError as error:
        raise InvalidInputError(f"the sandbox needs {error.name}: pip install 'crossbook[sandbox]'") from None
    code = main(context.args)
    if code:
        raise Stopped(code)
