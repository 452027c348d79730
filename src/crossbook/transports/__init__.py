"""Transports by name. A library is imported when a book that uses it is made, not before."""

from __future__ import annotations

from crossbook.core.exchange import Transport
from crossbook.errors import InvalidInput


def make(name: str, origin: str) -> Transport:
    match name:
        case "httpx":
            from crossbook.transports.httpx import HttpxTransport

            return HttpxTransport(origin)
        case _:
            raise InvalidInput(f"there is no transport {name!r}: take 'httpx'", field="transport")
