"""The HTTP server: uvicorn, which also stops when its parent process ends and stops quietly on a signal."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from .connection import TRANSPORT

_STDIN = 0


class Protocol(H11Protocol):
    """uvicorn's HTTP protocol, which also gives the application the transport of a request's connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Put the transport of a new connection into the state of its requests."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, TRANSPORT: transport}


class Server(uvicorn.Server):
    """A uvicorn server that serves an application until `stop` is called.

    Args:
        app: The application.
        ready: A callback, called once when the server accepts connections.
    """

    def __init__(self, app: ASGIApp, ready: Callable[[], None]) -> None:
        config = uvicorn.Config(
            app,
            http=Protocol,
            ws="none",
            lifespan="off",
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=60,
            timeout_graceful_shutdown=10,
        )
        super().__init__(config)
        self._ready = ready
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to accept connections, then call the `ready` callback."""
        await super().startup(sockets)
        self._loop = asyncio.get_running_loop()
        self._ready()

    async def main_loop(self) -> None:
        """Run uvicorn's tick once a second until `stop` is called, at which this loop ends without a delay."""
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self._stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the server, and cancel requests that still wait for a response."""
        for task in list(self.server_state.tasks):
            task.cancel()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Stop on SIGINT and SIGTERM. Unlike uvicorn's own handler, do not end the process by the signal afterwards."""
        in_main = threading.current_thread() is threading.main_thread()
        signals = (signal.SIGINT, signal.SIGTERM) if in_main else ()
        before = {number: signal.signal(number, self._on_signal) for number in signals}
        yield
        for number, handler in before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop the server soon. May be called from any thread."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed: the server has stopped
                self._loop.call_soon_threadsafe(self._stopping.set)


def listen(host: str, port: int) -> socket.socket:
    """Return a listening TCP socket on this address. Port 0 means any free port.

    Raises:
        OSError: The host is unknown, or the port is in use.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener


def stop_with_parent(stop: Callable[[], None]) -> None:
    """Call `stop` when the parent process ends, or when standard input ends if it is a pipe. Watches in threads."""

    def watch_parent() -> None:
        parent = os.getppid()
        while os.getppid() == parent:
            time.sleep(0.5)
        stop()

    def watch_input() -> None:
        while os.read(_STDIN, 1024):
            pass
        stop()

    watches: list[Callable[[], Any]] = [watch_parent]
    with suppress(OSError):  # standard input may be closed
        if stat.S_ISFIFO(os.fstat(_STDIN).st_mode):
            watches.append(watch_input)
    for watch in watches:
        threading.Thread(target=watch, daemon=True).start()
