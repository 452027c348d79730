"""A port that refuses connections until it is opened, then forwards them to another port of this machine.

It lives in threads, so it serves a client in any event loop.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

TIMEOUT = 60.0  # seconds for each wait of a thread


class Forwarder:
    """The forwarder, for the time of a `with` block.

    Args:
        target: the port to pass on to.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        # Bound but not listening: no other process can take the port, and connections are refused.
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def open(self) -> None:
        if not self._threads:
            self._listener.listen(16)
            self._run(self._accept)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for each in (self._listener, *self._sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join(TIMEOUT)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target), TIMEOUT)
                self._sockets += [client, server]
                self._run(pump, client, server)
                self._run(pump, server, client)

    def _run(self, work: object, *arguments: socket.socket) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()


def pump(source: socket.socket, target: socket.socket) -> None:
    """Copy bytes from one socket to the other until the end."""
    with suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
