"""Start the gateway example in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import python_path

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "examples.gateway", "--port", "0")
WATCHED = (sys.executable, str(Path(__file__).with_name("watched_gateway.py")))


@contextmanager
def started(command: tuple[str, ...], env: Mapping[str, str] = {}) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run a gateway and yield its URL and process. Send Ctrl-C at the end of the block."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("CROSSBOOK_", "GATEWAY_"))}
    with subprocess.Popen(
        command, cwd=ROOT, env={**clean, "PYTHONPATH": python_path.prepend(ROOT), **env},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            output = ""
            for line in process.stdout:
                output += line
                if found := re.search(r"running on (http://\S+)", line):
                    yield found[1], process
                    break
            else:
                raise RuntimeError(f"the gateway did not start: {output}")
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
