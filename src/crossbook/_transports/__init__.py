"""Make the transport of a book by the transport's name, and import the transport's HTTP library only then."""

from __future__ import annotations

from crossbook._http.request import Transport
from crossbook.errors import InvalidInputError

NAMES = ("httpx", "httpx2", "aiohttp")
EXTRAS = {"httpx2": "httpx2", "aiohttp": "fast"}


def make_transport(name: str, origin: str, concurrency: int, client: object = None) -> Transport:
    """Return the transport with this name, or a transport over the user's own HTTP client.

    Raises:
        InvalidInputError: there is no such transport, or its extra is not installed.
    """
    if client is not None:
        from crossbook._transports.user_client import make_user_transport

        return make_user_transport(client, origin, concurrency)
    if name not in NAMES:
        raise InvalidInputError(
            f"unknown transport {str(name)[:40]!r}: use one of {', '.join(NAMES)}", field="transport"
        )
    try:
        if name == "aiohttp":
            from crossbook._transports.aiohttp import AiohttpTransport

            return AiohttpTransport(origin, concurrency)
        from crossbook._transports.httpx import HttpxTransport

        return HttpxTransport(name, origin, concurrency)
    except ModuleNotFoundError as error:
        raise InvalidInputError(
            f"transport {name!r} needs {error.name}: pip install 'crossbook[{EXTRAS[name]}]'", field="transport"
        ) from None
