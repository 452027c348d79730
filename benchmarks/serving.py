"""Start the loopback server in a separate process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager

import psutil
from attrs import frozen


@frozen
class Served:
    """The loopback server, while it runs."""

    origin: str
    process: psutil.Process

    def cpu(self) -> float:
        """Return the CPU seconds that the server has used."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


@contextmanager
def server(*, delay: float = 0.0, total: int = 100_000) -> Generator[Served]:
    """Run a server in a separate process for the time of the block.

    Args:
        delay: seconds before each response.
        total: number of contacts in its account.
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
