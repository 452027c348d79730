"""Make the transport of a book by the transport's name, and import the transport's HTTP library only then."""

from __future__ import annotations

from importlib.util import find_spec
from logging import INFO

from sniffio import current_async_library

from crossbook._http.logs import logger
from crossbook._http.request import Transport
from crossbook._suggestions import did_you_mean
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
            f"unknown transport {str(name)[:40]!r}{did_you_mean(name, NAMES)}: use one of {', '.join(NAMES)}",
            field="transport",
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


def log_faster_transport(vendor: str, name: str) -> None:
    """Log that a faster transport than the one with this name is installed, if it is and the event loop can run it."""
    if name not in ("httpx", "httpx2") or current_async_library() != "asyncio" or not logger.isEnabledFor(INFO):
        return
    if find_spec("aiohttp") is not None:
        logger.info(
            "%s book: the transport aiohttp is installed and faster than %s; to use it, pass transport='aiohttp'",
            vendor, name, extra={"vendor": vendor, "transport": name},
        )  # fmt: skip
