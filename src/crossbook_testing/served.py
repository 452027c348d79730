"""The sandbox on a port of this machine, in a thread: for an application that runs in another thread or process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from crossbook.errors import UsageError
from crossbook_sandbox.server import Server, listen

T = TypeVar("T")
_LONGEST = 30.0  # seconds that a start, a call or an end may take
_SOON = 20  # looks, 10 ms apart, in which a request ends that is not made to last


class Served:
    """An ASGI application served until `close`.

    Raises:
        UsageError: it did not start.
    """

    def __init__(self, app: Any) -> None:
        self._listener = listen("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._ready = threading.Event()
        self._server = Server(app, self._started)
        self._thread = threading.Thread(target=self._server.run, args=([self._listener],), daemon=True)
        self._thread.start()
        if not self._ready.wait(_LONGEST):
            raise UsageError("the sandbox did not start")

    def _started(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ready.set()

    def call(self, work: Callable[[], T]) -> T:
        """Does something where the server does: between two requests, never in the middle of one."""

        async def done() -> T:
            # A client knows of a lost connection before the server has noted it down.
            for _ in range(_SOON):  # not a time: what the machine stands still for brings no request to its end
                if not self._server.server_state.tasks:
                    break
                await asyncio.sleep(0.01)
            return work()

        return asyncio.run_coroutine_threadsafe(done(), self._loop).result(_LONGEST)

    def close(self) -> None:
        """Ends the server, and whatever it was about."""
        self._server.stop()
        self._thread.join(_LONGEST)
        self._listener.close()
