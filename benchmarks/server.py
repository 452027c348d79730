"""A fast vendor on loopback that is not the bottleneck: `python -m benchmarks.server`.

It prints its port and stops when its standard input ends.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from typing import cast

import httptools

from benchmarks import pinning
from benchmarks.responses import respond

_HEAD = b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


class Vendor:
    """The state that all connections share."""

    def __init__(self, delay: float, total: int) -> None:
        self.delay = delay
        self.total = total
        self.arrivals: list[float] = []

    def respond(self, method: bytes, target: bytes, body: bytes) -> bytes:
        if target == b"/arrivals":
            # The arrival times since the last such request, by a clock that all processes share.
            times, self.arrivals = self.arrivals, []
            status, content = 200, f"[{','.join(map(repr, times))}]".encode()
        else:
            self.arrivals.append(time.monotonic())
            status, content = respond(method, target, body, self.total)
        return _HEAD % (status, len(content)) + content


class Connection(asyncio.Protocol):
    """One connection with sequential requests."""

    def __init__(self, vendor: Vendor) -> None:
        self._vendor = vendor
        self._parser = httptools.HttpRequestParser(self)
        self._target = b""
        self._body: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transport does not inherit from asyncio.Transport.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        reply = self._vendor.respond(self._parser.get_method(), self._target, b"".join(self._body))
        self._target = b""
        self._body.clear()
        if self._vendor.delay:
            asyncio.get_running_loop().call_later(self._vendor.delay, self._transport.write, reply)
        else:
            self._transport.write(reply)


async def serve(vendor: Vendor) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(vendor), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each response")
    parser.add_argument("--total", type=int, default=100_000, help="number of contacts in the account")
    arguments = parser.parse_args()
    pinning.take("server")
    pinning.run(serve(Vendor(arguments.delay, arguments.total)), fast=True)
