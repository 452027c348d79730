"""The trials: one for each extra, in a new environment without the other extras."""

from __future__ import annotations

import os
from pathlib import Path

from attrs import frozen


@frozen
class Trial:
    """One trial of an extra in a new environment.

    Args:
        packages: modules that must be importable there, with all below them.
        commands: what must run there and succeed, with the variables of an empty sandbox; the first word is a program
            of the environment.
        refuses: programs that must say what they lack, in one line, instead of a traceback.
    """

    packages: tuple[str, ...] = ()
    commands: tuple[tuple[str, ...], ...] = ()
    refuses: tuple[tuple[str, ...], ...] = ()


_SCRIPTS = Path(__file__).parent / "scripts"
_PEOPLE = str(_SCRIPTS / "people.csv")
# If standard error is a terminal, the command draws a progress bar.
_IN_A_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"


def _script(name: str, *arguments: str) -> tuple[str, ...]:
    return "python", "-P", str(_SCRIPTS / name), *arguments


# The packages of each extra. All others belong to the core and are imported in every environment.
TRIALS = {
    "core": Trial(
        commands=(_script("calls.py", "httpx"),),
        refuses=(("crossbook", "--version"), ("crossbook-sandbox", "--help")),
    ),
    "cli": Trial(
        packages=("crossbook_cli", "crossbook_verify", "crossbook._batch.progress_bar"),
        commands=(
            ("crossbook", "--version"),
            ("crossbook", "--help"),
            ("crossbook", "import", "--help"),
            ("crossbook", "capabilities", "atom"),
            ("crossbook", "books"),
            ("crossbook", "profile", "list"),
            ("python", "-c", _IN_A_TERMINAL, "crossbook", "import", _PEOPLE, "--to", "vercom", "--match", "phone"),
            ("crossbook", "export", "vercom", "--to", "people.vcf", "--force"),
            ("crossbook", "import", "people.vcf", "--to", "filemail", "--on-loss", "drop"),
            ("crossbook", "verify", "vercom"),
            ("python", "-m", "crossbook", "--version"),
        ),
    ),
    "fast": Trial(
        packages=("crossbook._transports.aiohttp",),
        commands=(_script("calls.py", "aiohttp"), _script("calls.py", "aiohttp", "uvloop")),
    ),
    "fastapi": Trial(packages=("crossbook.fastapi",), commands=(_script("application.py"),)),
    "files": Trial(commands=(_script("workbook.py"),)),
    "httpx2": Trial(commands=(_script("calls.py", "httpx2"),)),
    "keyring": Trial(packages=("keyring",), commands=(("crossbook", "profile", "list"),)),
    "otel": Trial(packages=("crossbook.otel",), commands=(_script("instrumented.py"),)),
    "sandbox": Trial(packages=("crossbook_sandbox",), commands=(("crossbook-sandbox", "--help"), _script("server.py"))),
    "testing": Trial(
        packages=("crossbook_testing.pytest_plugin", "crossbook_sandbox", "crossbook_testing"),
        commands=(
            ("crossbook-sandbox", "--help"),
            ("python", "-m", "pytest", "--fixtures", "-q", "-p", "no:cacheprovider"),
            ("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, str(_SCRIPTS / "test_kit.py")),
        ),
    ),
}
