"""The checks one by one, and the tests on every Python of the classifiers: `nox -l` lists them.

A Python that is not on this machine is named as skipped at the end of nox's list, and an error in CI.
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

nox.options.sessions = ["tests", "lint", "types", "specs", "generated", "imports", "docs", "build"]


def install(session: nox.Session) -> None:
    session.install("--require-hashes", "-r", "requirements/dev.txt")
    session.install("--no-deps", "--no-build-isolation", "--editable", ".")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The whole test suite."""
    install(session)
    session.run("pytest", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """ruff: rules and format."""
    install(session)
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session
def types(session: nox.Session) -> None:
    """mypy and pyright, both strict."""
    install(session)
    session.run("mypy")
    session.run("pyright")


@nox.session
def specs(session: nox.Session) -> None:
    """The specs are valid and keep our own rules."""
    install(session)
    session.run("python", "specs/codegen/rules.py")


@nox.session
def generated(session: nox.Session) -> None:
    """The generated code is what the specs give."""
    install(session)
    session.run("python", "specs/codegen/generate.py", "--check")


@nox.session
def imports(session: nox.Session) -> None:
    """Who may import whom."""
    install(session)
    session.run("lint-imports")


@nox.session
def docs(session: nox.Session) -> None:
    """The site, strictly."""
    install(session)
    session.run("python", "-m", "docs.site")


@nox.session
def build(session: nox.Session) -> None:
    """Wheel and sdist, tried in fresh environments, each extra alone."""
    install(session)
    session.run("python", "-m", "release")
