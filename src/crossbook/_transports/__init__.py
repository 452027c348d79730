"""Transports by name. A library is imported when a book that uses it is made, not before."""

from __future__ import annotations

from crossbook._http.request import Transport
from crossbook.errors import InvalidInputError

NAMES = ("httpx", "httpx2", "aiohttp")
CORES = {"httpx": "httpcore", "httpx2": "httpcore2"}
EXTRAS = {"httpx2": "httpx2", "aiohttp": "fast"}


def make(name: str, origin: str, concurrency: int, client: object = None) -> Transport:
    """The transport of this name, or one over a client that the user brings.

    Raises:
        InvalidInputError: there is no such transport, or its extra is not installed.
    """
    if client is not None:
        from crossbook._transports.user_client import brought

        return brought(client, origin, concurrency)
    if name not in NAMES:
        raise InvalidInputError(
            f"there is no transport {str(name)[:40]!r}: take one of {', '.join(NAMES)}", field="transport"
        )
    try:
        if name == "aiohttp":
            from crossbook._transports.aiohttp import make as make_aiohttp

            return make_aiohttp(origin, concurrency)
        from crossbook._transports.httpx import Pooled

        return Pooled(name, CORES[name], origin, concurrency=concurrency)
    except ModuleNotFoundError as error:
        raise InvalidInputError(
            f"transport {name!r} needs {error.name}: pip install 'crossbook[{EXTRAS[name]}]'", field="transport"
        ) from None
