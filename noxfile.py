"""Every check, and the tests on every Python of the classifiers: `nox -l` lists them.

`make` runs a session in .venv, which it has prepared (`--no-venv`). nox by itself makes an environment for each. A
Python that is not on this machine is named as skipped at the end of nox's list, and an error in CI.
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
CHECK = "check"  # the tag of what `make check` runs, in the order of this file: what takes seconds comes first


def install(session: nox.Session) -> None:
    """Installs what every session needs, unless `make` has done so."""
    if session.virtualenv.venv_backend == "none":
        return
    session.install("--require-hashes", "-r", "requirements/dev.txt")
    session.install("--no-deps", "--no-build-isolation", "--editable", ".")


def run_tests(session: nox.Session) -> None:
    """Two at a time, a file each: many wait for a server more than they compute. `-n0` is one after another."""
    install(session)
    command = ("python", "-m", "pytest", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
    session.run(*command, *session.posargs, interrupt_timeout=30)  # seconds for pytest's summary after Ctrl-C


@nox.session(tags=[CHECK])
def lint(session: nox.Session) -> None:
    """ruff: rules and format."""
    install(session)
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session(tags=[CHECK])
def specs(session: nox.Session) -> None:
    """The specs are valid and keep our own rules."""
    install(session)
    session.run("python", "specs/codegen/rules.py")


@nox.session(tags=[CHECK])
def generated(session: nox.Session) -> None:
    """The generated code is what the specs give."""
    install(session)
    session.run("python", "specs/codegen/generate.py", "--check")


@nox.session(tags=[CHECK])
def imports(session: nox.Session) -> None:
    """Who may import whom."""
    install(session)
    session.run("lint-imports", "--no-cache")


@nox.session(name="grid-check", tags=[CHECK])
def grid_check(session: nox.Session) -> None:
    """The capability grid and the table of repeats are what the vendors' profiles give."""
    install(session)
    session.run("python", "-m", "docs.grid", "--check")


@nox.session(tags=[CHECK])
def types(session: nox.Session) -> None:
    """mypy and pyright, both strict."""
    install(session)
    session.run("mypy")
    session.run("pyright")


@nox.session(tags=[CHECK])
def docs(session: nox.Session) -> None:
    """The site, strictly."""
    install(session)
    session.run("python", "-m", "docs.site")


@nox.session(tags=[CHECK], default=False)
def test(session: nox.Session) -> None:
    """Every test, on this Python."""
    run_tests(session)


@nox.session(python=PYTHONS)
def pythons(session: nox.Session) -> None:
    """Every test, on every Python of the classifiers."""
    run_tests(session)


@nox.session
def build(session: nox.Session) -> None:
    """Wheel and sdist, each extra alone in fresh environments, with the lowest and the newest dependencies."""
    install(session)
    session.run("python", "-m", "release", *session.posargs)
