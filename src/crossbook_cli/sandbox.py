"""`crossbook sandbox`: serve the four vendors on loopback, to try crossbook without an account."""

from __future__ import annotations

import typer

from crossbook.errors import InvalidInputError


def sandbox(context: typer.Context) -> None:
    """Serve the four vendors on loopback, to try everything.

    No account is needed, but the extra sandbox is. The command takes the options of crossbook-sandbox: see crossbook
    sandbox --help. With --env it prints the variables that the other commands read. With --seed 100 its accounts have
    100 contacts each.
    """
    try:
        from crossbook_sandbox.__main__ import main
    except ModuleNotFoundError as error:
        raise InvalidInputError(f"the sandbox needs {error.name}: pip install 'crossbook[sandbox]'") from None
    code = main(context.args)
    if code:
        raise typer.Exit(code)
