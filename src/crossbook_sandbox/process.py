"""Run a sandbox server in a separate process until the end of a `with` block."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .credentials import make_credentials
from .options import Options


@dataclass(frozen=True, slots=True)
class Running:
    """A sandbox that runs in a separate process: how to reach it.

    Args:
        url: The server's URL, without a vendor. The control routes are below `/_sandbox/`.
        pid: The id of its process.
        base_urls: The base URLs by vendor name.
        credentials: The credentials by vendor name or account name, then by their own names.
        env: The base URLs and credentials as environment variables.
    """

    url: str
    pid: int
    base_urls: dict[str, str]
    credentials: dict[str, dict[str, str]]
    env: dict[str, str]


@contextmanager
def running(
    *,
    db: str | Path = ":memory:",
    seed: int = 0,
    port: int = 0,
    timeout: float = 30,
    accounts: Mapping[str, str] | None = None,
    **switches: Any,
) -> Generator[Running, None, None]:
    """Start a sandbox on the loopback interface and stop it at the end of the block.

    The sandbox also stops if this process ends in any other way.

    Args:
        db: A file for the accounts, or `":memory:"`.
        seed: The number of made-up contacts for each empty account of `db`.
        port: The port; 0 means any free port.
        timeout: The most seconds for the start, and for the end.
        accounts: Further accounts, in memory: the vendor of each, by the account's name, for instance
            `{"eu": "vercom"}`. Their credentials are in `credentials` and `env`.
        switches: The arguments of `Options`.

    Raises:
        RuntimeError: The sandbox did not start. Its messages are on standard error.
        ValueError: A switch is unknown or has a wrong value, or an account has an invalid name.

    Example:
        `with running(rates={"atom": 200}) as sandbox: print(sandbox.base_urls["atom"])`
    """
    options = Options().changed(switches)
    for name, vendor in (accounts or {}).items():
        make_credentials(vendor, name)
    command = [sys.executable, "-m", "crossbook_sandbox", "--json", "--exit-with-parent", f"--db={db}"]
    command += [f"--seed={seed}", f"--port={port}", "--rate=none"]
    command += [f"--rate={vendor}={rate}" for vendor, rate in options.rates.items()]
    command += [f"--account={name}={vendor}" for name, vendor in (accounts or {}).items()]
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
                raise RuntimeError("the sandbox process did not start: read its error on standard error")
            yield Running(**json.loads(line))
        finally:
            alarm.cancel()
            process.terminate()
            try:
                process.wait(timeout)
            except subprocess.TimeoutExpired:
                process.kill()
