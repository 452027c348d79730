"""Starts the server and says what it can."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager

import psutil
from attrs import frozen


@frozen
class Served:
    """A running server."""

    origin: str
    process: psutil.Process

    def cpu(self) -> float:
        """Seconds of CPU that it has had."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


@contextmanager
def server(*, delay: float = 0.0, total: int = 100_000) -> Generator[Served]:
    """A server in a process of its own, for as long as the block lasts.

    Args:
        delay: seconds before each answer.
        total: contacts that its account lists.
    """
    command = [sys.executable, "-m", "benchmarks.server", f"--delay={delay}", f"--total={total}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            port = int(process.stdout.readline())
            yield Served(f"http://127.0.0.1:{port}", psutil.Process(process.pid))
        finally:
            process.stdin.close()
            process.wait(10)
