"""Run a book in its own process against a hostile server, and check what is promised for any response."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from decompression_bombs import MIB
from hostile_vendor import turning
from server import Behaviour, Peer, serve

PROGRAM = Path(__file__).with_name("hostile_call.py")
ALLOWED = 64 * MIB
# Only Linux reports a process's peak memory this way.
MEASURABLE = Path("/proc/self/clear_refs").exists()

Ordeal = Callable[..., dict[str, Any]]


@contextmanager
def running() -> Generator[Ordeal, None, None]:
    """Return a function that runs a case: a behaviour, a vendor and the book's options."""
    with tempfile.TemporaryFile("w+") as words, subprocess.Popen(
        [sys.executable, "-W", "error", str(PROGRAM)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=words, text=True, bufsize=1,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        requests, answers = process.stdin, process.stdout

        def run(behaviour: Behaviour, vendor: str = "vercom", timeout: float = 20, **options: Any) -> dict[str, Any]:
            met = threading.Event()

            def noted(peer: Peer) -> None:
                met.set()
                behaviour(peer)

            settings = {"timeout": timeout, "read_timeout": timeout, "max_attempts": 1, **options}
            with serve(turning(vendor, noted)) as server:
                case = {"vendor": vendor, "base_url": server.origin, "options": settings}
                if process.poll() is None:
                    requests.write(json.dumps(case) + "\n")
                outcome: dict[str, Any] = json.loads(answers.readline() or "{}")
            words.seek(0)
            said = words.read()
            words.seek(0)
            words.truncate()  # the error output of one case is not the next one's
            assert not said, said
            assert outcome["seconds"] < timeout + 1
            assert outcome["extra"] <= ALLOWED, f"{outcome['extra'] / MIB:.0f} MiB"
            return outcome | {"met": met.is_set()}

        yield run
        requests.close()
