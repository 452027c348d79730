"""A server on a real loopback socket that sends exactly the bytes that a test gives.

It runs in threads, so that it serves clients in any event loop and process.
"""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

OK = b'{"status":"success"}'
LONGEST = 60.0  # the longest wait in seconds; a passing test never waits this long


def reply(body: bytes = OK, status: str = "200 OK", *headers: str) -> bytes:
    """Return a well-formed response."""
    lines = (f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers)
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


@dataclass(frozen=True)
class Seen:
    """A request as it was received."""

    method: bytes
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def header(self, name: bytes) -> bytes | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class Peer:
    """One connection, as a behaviour gets it."""

    def __init__(self, server: Server, sock: socket.socket) -> None:
        self.server = server
        self.sock = sock
        self._buffer = b""

    def request(self) -> Seen | None:
        """Return the next complete request; None if the client left."""
        head = self._until(b"\r\n\r\n")
        if head is None:
            return None
        first, *lines = head.split(b"\r\n")
        method, target, _ = first.split(b" ", 2)
        headers = tuple((key, value.strip()) for key, _, value in (line.partition(b":") for line in lines))
        seen = Seen(method, target, headers, b"")
        body = self._exactly(int(seen.header(b"content-length") or 0))
        if body is None:
            return None
        seen = Seen(method, target, headers, body)
        self.server.saw(seen)
        return seen

    def requests(self) -> Iterator[Seen]:
        """Yield every request until the client leaves."""
        while (seen := self.request()) is not None:
            yield seen

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def reset(self) -> None:
        """End the connection with an RST instead of a FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def until_gone(self) -> None:
        """Wait until the client closes its side, without sending more."""
        while self.sock.recv(65536):
            pass

    def _until(self, mark: bytes) -> bytes | None:
        while mark not in self._buffer:
            if not self._more():
                return None
        found, _, self._buffer = self._buffer.partition(mark)
        return found

    def _exactly(self, size: int) -> bytes | None:
        while len(self._buffer) < size:
            if not self._more():
                return None
        found, self._buffer = self._buffer[:size], self._buffer[size:]
        return found

    def _more(self) -> bool:
        piece = self.sock.recv(65536)
        self._buffer += piece
        return bool(piece)


Behaviour = Callable[[Peer], object]


class Server:
    """A running server: its address, its requests, its open connections."""

    def __init__(self, behaviour: Behaviour, tls: ssl.SSLContext | None) -> None:
        self.behaviour = behaviour
        self.seen: list[Seen] = []
        self.accepted = 0
        self._tls = tls
        self._peers: dict[int, socket.socket] = {}
        self._changed = threading.Condition()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        self.origin = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def open(self) -> int:
        """Return the number of open connections."""
        with self._changed:
            return len(self._peers)

    def wait_open(self, count: int) -> bool:
        """Return whether the number of open connections fell to this in time: a client's FIN takes a moment."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._peers) <= count, LONGEST)

    def saw(self, seen: Seen) -> None:
        with self._changed:
            self.seen.append(seen)
            self._changed.notify_all()

    def wait_seen(self, count: int) -> bool:
        """Return whether this number of requests came in time: the thread may be behind a client that gave up."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.seen) >= count, LONGEST)

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(LONGEST)
        with self._changed:
            left = list(self._peers.values())
        for sock in left:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self.wait_open(0)

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.settimeout(LONGEST)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._changed:
                self.accepted += 1
                self._peers[id(sock)] = sock
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, raw: socket.socket) -> None:
        sock = raw
        try:
            with suppress(OSError, ValueError):  # the client left, or did not shake hands
                if self._tls is not None:
                    sock = self._tls.wrap_socket(raw, server_side=True)
                    with self._changed:
                        self._peers[id(raw)] = sock
                self.behaviour(Peer(self, sock))
        finally:
            sock.close()
            raw.close()
            with self._changed:
                del self._peers[id(raw)]
                self._changed.notify_all()


@contextmanager
def serve(behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> Generator[Server, None, None]:
    """Run a server for the duration of the block."""
    server = Server(behaviour, tls)
    try:
        yield server
    finally:
        server.close()


def answering(*answers: bytes) -> Behaviour:
    """Return a healthy behaviour: one response after another, and the last one for all further requests."""
    left = list(answers or (reply(),))
    lock = threading.Lock()

    def behave(peer: Peer) -> None:
        for _ in peer.requests():
            with lock:
                answer = left.pop(0) if len(left) > 1 else left[0]
            peer.send(answer)

    return behave


def closed_port() -> int:
    """Return a port without a listener."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
