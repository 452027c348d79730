"""Every check, and the tests on every Python of the classifiers: `nox -l` lists them.

`make` runs a session in its own .venv (`--no-venv`). nox alone creates an environment for each session. A missing
Python is listed as skipped at the end, and is an error in CI.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import nox

nox.options.default_venv_backend = "venv"
nox.options.reuse_existing_virtualenvs = True

_PROJECT = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
_PREFIX = "Programming Language :: Python :: 3."
PYTHONS = [f"3.{name.removeprefix(_PREFIX)}" for name in _PROJECT["classifiers"] if name.startswith(_PREFIX)]
CHECK = "check"  # the tag of the sessions that `make check` runs, in the order of this file: fast checks first


def install(session: nox.Session) -> None:
    """Install what every session needs, unless `make` has done so."""
    if session.virtualenv.venv_backend == "none":
        return
    session.install("--require-hashes", "-r", "requirements/dev.txt")
    session.install("--no-deps", "--no-build-isolation", "--editable", ".")


def run_tests(session: nox.Session) -> None:
    """Run the tests in four processes, one file at a time each; `-n0` runs them one after another.

    Two would leave half of two cores idle: many tests wait for a server, a process or a deadline.
    """
    install(session)
    command = ("python", "-m", "pytest", "-n", "4", "--dist", "loadfile", "--no-loadscope-reorder")
    session.run(*command, *session.posargs, interrupt_timeout=30)  # seconds for pytest's summary after Ctrl-C


@nox.session(tags=[CHECK])
def lint(session: nox.Session) -> None:
    """Check the code with ruff: rules and format."""
    install(session)
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session(tags=[CHECK])
def specs(session: nox.Session) -> None:
    """Check the specs with our rules, then with Redocly CLI."""
    install(session)
    session.run("python", "specs/codegen/rules.py")
    session.run("python", "specs/codegen/lint.py")


@nox.session(tags=[CHECK])
def generated(session: nox.Session) -> None:
    """Check that the generated code matches the specs."""
    install(session)
    session.run("python", "specs/codegen/generate.py", "--check")


@nox.session(tags=[CHECK])
def imports(session: nox.Session) -> None:
    """Check which package imports which."""
    install(session)
    session.run("lint-imports", "--no-cache")


@nox.session(name="grid-check", tags=[CHECK])
def grid_check(session: nox.Session) -> None:
    """Check that the capability grid and the retry table are up to date."""
    install(session)
    session.run("python", "-m", "docs.grid", "--check")


@nox.session(tags=[CHECK])
def types(session: nox.Session) -> None:
    """Check the types with mypy and pyright, both strict."""
    install(session)
    session.run("mypy")
    session.run("pyright")


@nox.session(tags=[CHECK])
def docs(session: nox.Session) -> None:
    """Build the site, strictly."""
    install(session)
    session.run("python", "-m", "docs.site")


@nox.session(default=False)
def truth(session: nox.Session) -> None:
    """Check each fact about the vendors' wire with raw requests to the sandbox; the tests check them, too."""
    install(session)
    session.run("python", "-m", "tests.truth", *session.posargs)


@nox.session(tags=[CHECK], default=False)
def test(session: nox.Session) -> None:
    """Run every test on this Python."""
    run_tests(session)


@nox.session(python=PYTHONS)
def pythons(session: nox.Session) -> None:
    """Run every test on every Python of the classifiers."""
    run_tests(session)


@nox.session
def build(session: nox.Session) -> None:
    """Build wheel and sdist, and test each extra alone with the lowest and the newest dependencies."""
    install(session)
    session.run("python", "-m", "release", *session.posargs)
