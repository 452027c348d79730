"""Run the demo as its user does: a command in a separate folder."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
import python_path

ROOT = Path(__file__).parents[2]
TITLES = ("SerwerSMS", "Atom", "Filemail", "Vercom")
# Enough people to include all that a vendor refuses, and the two that share a phone.
PEOPLE = 64
COMMAND = (sys.executable, "-m", "examples.demo", "--people", str(PEOPLE))
LABELS = ("Created", "Already there", "Corrected", "Skipped", "Refused", "Read back", "Lost", "Requests")


class Row(NamedTuple):
    """The numbers of a vendor's column in the table."""

    written: int
    there: int
    set_right: int
    skipped: int
    refused: int
    read_back: int
    lost: int
    requests: int


class Ended(NamedTuple):
    """The result of a demo run."""

    status: int
    output: str

    @property
    def rows(self) -> dict[str, Row]:
        """Return the table by vendor."""
        lines = self.output.splitlines()
        header = next(line.split() for line in lines if line.split() and set(line.split()) <= set(TITLES))
        found = {
            label: line.removeprefix(label).replace(",", "").split()
            for label in LABELS
            for line in lines
            if re.match(rf"{label} +[\d–]", line)
        }
        columns = [[found[label][at] for label in LABELS] for at in range(len(header))]
        return {  # a vendor whose run ended early has no count of what was read back
            title: Row(*map(int, column)) for title, column in zip(header, columns, strict=True) if "–" not in column
        }


Demo = Callable[..., Ended]


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment variables of a demo process."""
    return {**os.environ, "PYTHONPATH": python_path.prepend(ROOT), "COLUMNS": "80", **(more or {})}


def run(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> Ended:
    """Run the demo in a folder, without a terminal."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=540,
    )
    assert done.stderr == ""
    return Ended(done.returncode, done.stdout)


@pytest.fixture
def demo(tmp_path: Path) -> Demo:
    """Return a function that runs the demo in this test's folder."""
    return partial(run, tmp_path)


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ended, Path]:
    folder = tmp_path_factory.mktemp("first")
    return run(folder), folder


@pytest.fixture
def first(first_run: tuple[Ended, Path], tmp_path: Path) -> Ended:
    """Return the result of a first run in this test's folder."""
    ended, folder = first_run
    shutil.copytree(folder / ".demo", tmp_path / ".demo")
    return ended
