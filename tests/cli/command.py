"""Run the command in tests."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Ran:
    """The exit code and the output of a command."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[Any]:
        """The values of standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Ran]


def start(*arguments: str, code: str | None = None, **options: Any) -> subprocess.Popen[str]:
    """Start the command, or code that calls it, in a process of its own, with pipes."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(
        [sys.executable, *(["-m", "crossbook"] if code is None else ["-c", code]), *arguments],
        text=True,
        encoding="utf-8",
        **{**pipes, **options},
    )
