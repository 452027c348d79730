"""A sandbox in a process of its own, for as long as a `with` block lasts."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .options import Options


@dataclass(frozen=True, slots=True)
class Running:
    """A sandbox that is open.

    Args:
        url: Where it listens, without a vendor; `/_sandbox/…` is below it.
        pid: Its process.
        base_urls: Each vendor's base URL, by vendor name.
        credentials: Each vendor's credentials by their names, by vendor name.
        env: The same as environment variables.
    """

    url: str
    pid: int
    base_urls: dict[str, str]
    credentials: dict[str, dict[str, str]]
    env: dict[str, str]


@contextmanager
def running(
    *, db: str | Path = ":memory:", seed: int = 0, port: int = 0, timeout: float = 30, **switches: Any
) -> Generator[Running, None, None]:
    """Start a sandbox on the loopback interface, and stop it at the end of the block.

    It also stops by itself when this process dies, whatever the way.

    Args:
        db: A file to keep the accounts in, or `":memory:"`.
        seed: How many made-up contacts an empty account gets.
        port: The port; 0 takes any that is free.
        timeout: Seconds that the start may take, and the end.
        switches: The arguments of `Options`.

    Raises:
        RuntimeError: It did not start; its own words are on standard error.
        ValueError: A switch is unknown or has a wrong value.

    Example:
        `with running(rates={"atom": 200}) as sandbox: print(sandbox.base_urls["atom"])`
    """
    options = Options().changed(switches)
    command = [sys.executable, "-m", "crossbook_sandbox", "--json", "--exit-with-parent", f"--db={db}"]
    command += [f"--seed={seed}", f"--port={port}", "--rate=none"]
    command += [f"--rate={vendor}={rate}" for vendor, rate in options.rates.items()]
    command += [f"--set={name}={value}" for name, value in switches.items() if name != "rates"]
    # The program is this Python, and there is no shell.
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603
        assert process.stdout is not None
        alarm = threading.Timer(timeout, process.kill)
        alarm.start()
        try:
            line = process.stdout.readline()
            alarm.cancel()
            if not line:
                raise RuntimeError("the sandbox did not start")
            yield Running(**json.loads(line))
        finally:
            alarm.cancel()
            process.terminate()
            try:
                process.wait(timeout)
            except subprocess.TimeoutExpired:
                process.kill()
