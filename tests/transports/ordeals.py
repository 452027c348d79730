"""Puts a hostile server before a book in a process of its own, and holds it to what is promised of any answer."""

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

from bombs import MIB
from hostile import turning
from server import Behaviour, Peer, serve

PROGRAM = Path(__file__).with_name("ordeal.py")
ALLOWED = 64 * MIB
# A process's peak of memory is measured as Linux tells it.
MEASURABLE = Path("/proc/self/clear_refs").exists()

Ordeal = Callable[..., dict[str, Any]]


@contextmanager
def running() -> Generator[Ordeal, None, None]:
    """The program that forks for each case, as a function of a behaviour, a vendor and the book's options."""
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
                told: dict[str, Any] = json.loads(answers.readline() or "{}")
            words.seek(0)
            said = words.read()
            words.seek(0)
            words.truncate()  # what one case says is no fault of the next
            assert not said, said
            assert told["seconds"] < timeout + 1
            assert told["extra"] <= ALLOWED, f"{told['extra'] / MIB:.0f} MiB"
            return told | {"met": met.is_set()}

        yield run
        requests.close()
