"""A loopback server between a client and the sandbox: it records the requests byte for byte, and misbehaves."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import canaries

_SANDBOX = """
import json, sys
from crossbook_sandbox import credentials
for vendor, given in json.loads(sys.argv.pop(1)).items():
    credentials.CREDENTIALS[vendor].update(given)
from crossbook_sandbox.__main__ import main
sys.exit(main())
"""


@contextmanager
def sandbox() -> Iterator[int]:
    """Run a sandbox that accepts the canaries as credentials; yield its port."""
    command = [sys.executable, "-c", _SANDBOX, json.dumps(canaries.CREDENTIALS), "--json", "--exit-with-parent"]
    with subprocess.Popen([*command, "--rate=none"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield int(json.loads(process.stdout.readline())["url"].rpartition(":")[2])
        process.terminate()


@dataclass(frozen=True)
class Seen:
    """A request as it was received."""

    head: bytes
    body: bytes

    @property
    def target(self) -> bytes:
        return self.head.split(b"\r\n", 1)[0].split(b" ")[1]

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Return the headers by lower-case name."""
        lines = [line.decode("latin-1").partition(":") for line in self.head.split(b"\r\n")[1:] if line]
        return [(name.lower(), value.removeprefix(" ")) for name, _, value in lines]


Behaviour = Callable[[Seen, asyncio.StreamWriter], Awaitable[None]]


class Relay:
    """Listens on a free port, in its own thread.

    Attributes:
        seen: the received requests.
        tokens: the login tokens that were issued.
        behaviour: responds instead of the sandbox; None passes requests on.
        spoil_login: whether it responds to logins too.
        deaf: whether requests are not even read.
    """

    def __init__(self, upstream: int) -> None:
        self._upstream = upstream
        self.seen: list[Seen] = []
        self.tokens: list[str] = []
        self.behaviour: Behaviour | None = None
        self.spoil_login = False
        self.deaf = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._port = listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._serve(listener)))
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()

    async def _serve(self, listener: socket.socket) -> None:
        server = await asyncio.start_server(self._answer, sock=listener, limit=1 << 24)
        await self._stop.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            if self.deaf:
                await asyncio.sleep(5)
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
            seen = Seen(head, await reader.readexactly(int(length[1]) if length else 0))
            self.seen.append(seen)
            login = b"/authentication/login" in seen.target
            answer = self._forward if self.behaviour is None or (login and not self.spoil_login) else self.behaviour
            await answer(seen, writer)
            await writer.drain()
        writer.close()

    async def _forward(self, seen: Seen, writer: asyncio.StreamWriter) -> None:
        reader, upstream = await asyncio.open_connection("127.0.0.1", self._upstream)
        upstream.write(
            re.sub(rb"(?i)\r\nconnection:[^\r]*", b"", seen.head[:-2]) + b"Connection: close\r\n\r\n" + seen.body
        )
        answer = await reader.read()
        upstream.close()
        self.tokens += [token.decode() for token in re.findall(rb'"logintoken":"(\w+)"', answer)]
        writer.write(answer)


def say(make: Callable[[Seen], bytes]) -> Behaviour:
    """Respond with these raw bytes."""

    async def behaviour(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(make(seen))

    return behaviour


async def hang(seen: Seen, writer: asyncio.StreamWriter) -> None:
    """Never respond."""
    await asyncio.sleep(5)


async def reset(seen: Seen, writer: asyncio.StreamWriter) -> None:
    """End the connection with a reset."""
    raw: socket.socket = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def response(status: int, body: bytes, *headers: str, content_type: str = "application/json") -> bytes:
    """Return a complete HTTP/1.1 response that ends the connection."""
    lines = [f"HTTP/1.1 {status} Said", f"Content-Type: {content_type}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body
