"""Make one call to a hostile server, in a process of its own, and measure its time and memory.

The program reads cases as JSON, one in a line, and prints a line for each. It forks for each, so that each begins
with the same memory and imports nothing. The peak is counted after one healthy call.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import anyio

from crossbook import CrossbookError, InvalidInputError, _transports
from crossbook._transports import NAMES
from crossbook.registry import VENDORS, load_vendor

LONGEST = 50  # seconds until a case is given up
BEAT = 0.02
CREDENTIALS: dict[str, dict[str, str]] = {
    "serwersms": {"username": "user", "password": "fake-password"},
    "atom": {"token": "fake-token"},
    "filemail": {"username": "user@example.com", "password": "fake-password"},
    "vercom": {"authorization": "fake-authorization", "application_key": "fake-key"},
}


def peak() -> int:
    """Return the peak memory of this process since the last reset, in bytes."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


class Spent:
    """Measures the seconds that the case computed or waited, by regular ticks of the event loop.

    A busy machine that stops this process for seconds adds to neither.
    """

    def __init__(self) -> None:
        self._computed, self._before = time.process_time(), 0.0

    async def beat(self) -> None:
        while True:
            await anyio.sleep(BEAT)
            self._before += max(BEAT, self._lately())
            self._computed = time.process_time()

    def seconds(self) -> float:
        return self._before + self._lately()

    def _lately(self) -> float:
        return time.process_time() - self._computed


async def suffer(vendor: str, base_url: str, options: dict[str, Any]) -> dict[str, Any]:
    if "http_client" in options:
        options["http_client"] = import_module(options["http_client"]).AsyncClient()
    book = load_vendor(vendor)(**CREDENTIALS[vendor], base_url=base_url, rate=1e6, **options)
    async with book:
        await book.with_options(timeout=LONGEST, read_timeout=LONGEST).contacts.list()
        gc.collect()
        forget_peak()
        before, spent = peak(), Spent()
        outcome: dict[str, Any] = {"error": None}
        async with anyio.create_task_group() as group:
            group.start_soon(spent.beat)
            try:
                outcome["items"] = len((await book.contacts.list()).items)
            except CrossbookError as error:
                said = {"message": str(error), "sent": error.sent, "status": error.status, "wait": error.retry_after}
                outcome = {"error": type(error).__name__, "attempts": error.attempts, **said}
            outcome |= {"seconds": spent.seconds(), "extra": peak() - before}
            group.cancel_scope.cancel()
    gc.collect()
    return outcome


def main() -> None:
    for name in VENDORS:
        load_vendor(name)
    for name in NAMES:
        with suppress(InvalidInputError):  # its extra is not installed
            _transports.make_transport(name, "http://127.0.0.1:9", 1)
    gc.collect()
    gc.freeze()  # the collector skips what was imported
    for line in sys.stdin:
        case = json.loads(line)
        if not os.fork():
            signal.alarm(LONGEST)
            outcome = anyio.run(suffer, case["vendor"], case["base_url"], case["options"])
            os.write(1, json.dumps(outcome).encode() + b"\n")
            os._exit(0)
        if os.wait()[1]:
            os.write(1, b'{"error": "it died"}\n')


if __name__ == "__main__":
    main()
