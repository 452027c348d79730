"""Serve an application with uvicorn in a thread, and make books on the sandbox for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from control import Server
from fastapi import FastAPI

from crossbook import AddressBook
from crossbook.registry import load_vendor


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Serve the application and run its lifespan until the end of the block; give its URL."""
    config = uvicorn.Config(
        app, port=0, lifespan="on", ws="none", log_level="error", access_log=False, timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                raise RuntimeError("the application did not start")
            time.sleep(0.005)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(60)
        assert not thread.is_alive(), "the application did not stop"


def book_on(sandbox: Server, vendor: str, **options: Any) -> Callable[[], AddressBook]:
    """Return a function that makes a book on the sandbox, so that the book belongs to the application's event loop."""
    arguments = {"base_url": sandbox.base_urls[vendor], "rate": 1e6, **sandbox.credentials[vendor], **options}
    return lambda: load_vendor(vendor)(**arguments)
