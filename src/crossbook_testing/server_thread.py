"""An HTTP server in a thread, so that applications in other threads and processes reach the sandbox."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from crossbook.errors import UsageError
from crossbook_sandbox.server import Server, listen

T = TypeVar("T")
_TIMEOUT = 30.0  # seconds for the start, a call, or the end
_POLLS = 20  # checks, 10 ms apart, until the open requests end


class ServerThread:
    """A thread that serves an ASGI application on a port of this machine until `close` is called.

    Raises:
        UsageError: the server did not start.
    """

    def __init__(self, app: Any) -> None:
        self._listener = listen("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._ready = threading.Event()
        self._server = Server(app, self._started)
        self._thread = threading.Thread(target=self._server.run, args=([self._listener],), daemon=True)
        self._thread.start()
        if not self._ready.wait(_TIMEOUT):
            raise UsageError("the server of the sandbox did not start within 30 seconds: the machine may be overloaded")

    def _started(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ready.set()

    def call(self, work: Callable[[], T]) -> T:
        """Run a function in the server's event loop, so that no request runs at the same time."""

        async def run() -> T:
            # A client sees a lost connection before the server has logged the call.
            # Counts polls, not seconds: on a machine that stalls, time passes while no request ends.
            for _ in range(_POLLS):
                if not self._server.server_state.tasks:
                    break
                await asyncio.sleep(0.01)
            return work()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(_TIMEOUT)

    def close(self) -> None:
        """Stop the server and its open requests."""
        self._server.stop()
        self._thread.join(_TIMEOUT)
        self._listener.close()
