"""Serve an application with uvicorn in a thread, and make books on the sandbox for it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from control import Server as Sandbox
from fastapi import FastAPI

from crossbook import AddressBook
from crossbook.registry import load_vendor


class Server(uvicorn.Server):
    """uvicorn, which stops at once instead of at the next of its ticks."""

    async def main_loop(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        await self.on_tick(0)
        await self._stopping.wait()

    def stop(self) -> None:
        self.should_exit = True
        self._loop.call_soon_threadsafe(self._stopping.set)


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Serve the application and run its lifespan until the end of the block; give its URL."""
    config = uvicorn.Config(
        app, port=0, lifespan="on", ws="none", log_level="error", access_log=False, timeout_graceful_shutdown=2
    )
    server = Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                raise RuntimeError("the application did not start")
            time.sleep(0.005)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.stop()
        thread.join(60)
        assert not thread.is_alive(), "the application did not stop"


def book_on(sandbox: Sandbox, vendor: str, **options: Any) -> Callable[[], AddressBook]:
    """Return a function that makes a book on the sandbox, so that the book belongs to the application's event loop."""
    arguments = {"base_url": sandbox.base_urls[vendor], "rate": 1e6, **sandbox.credentials[vendor], **options}
    return lambda: load_vendor(vendor)(**arguments)
