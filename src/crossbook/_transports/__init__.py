"""Transports by name. A library is imported when a book that uses it is made, not before."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from crossbook._http.request import Transport
from crossbook.errors import InvalidInput

NAMES = ("httpx", "httpx2", "aiohttp")
EXTRAS = {"httpx2": "httpx2", "aiohttp": "fast"}


def make(name: str, origin: str, concurrency: int, client: object = None) -> Transport:
    """The transport of this name, or one over a client that the user brings.

    Raises:
        InvalidInput: there is no such transport, or its extra is not installed.
    """
    if client is not None:
        from crossbook._transports.user_client import brought

        return brought(client, origin, concurrency)
    if name not in NAMES:
        raise InvalidInput(
            f"there is no transport {str(name)[:40]!r}: take one of {', '.join(NAMES)}", field="transport"
        )
    try:
        module: Any = import_module(f"crossbook._transports.{name}")
        transport: Transport = module.make(origin, concurrency)
    except ModuleNotFoundError as error:
        raise InvalidInput(
            f"transport {name!r} needs {error.name}: pip install 'crossbook[{EXTRAS[name]}]'", field="transport"
        ) from None
    return transport
