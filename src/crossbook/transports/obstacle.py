"""Why no connection came about, in the words of the system and of TLS, which hold nothing of the user's."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator


def obstacle(error: BaseException, host: str | None, port: int | None) -> str:
    """Where it failed, and why: "127.0.0.1:1, connection refused"; empty if it is not known.

    The libraries' own words are left out, since they may show a proxy's password.

    Args:
        error: what a library raised.
        host: whom it tried to reach, the vendor or a proxy.
        port: where.
    """
    why = next((words for each in _below(error) if (words := _words(each))), "")
    where = f"{f'[{host}]' if ':' in host else host}:{port}" if host and port else ""
    return f"{where}, {why}" if why and where else why


def _words(error: BaseException) -> str:
    if type(error).__name__ == "ConnectTimeout" or (isinstance(error, TimeoutError) and error.errno is None):
        return "no answer in time"
    if type(error).__module__ not in ("builtins", "socket", "ssl"):
        return ""  # a library's, which may look like one of these and have none of its members
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate refused: {error.verify_message.rstrip('.')}"
    if isinstance(error, ssl.SSLError):
        return f"no TLS: {(error.reason or 'it ended early').replace('_', ' ').lower()}"
    if isinstance(error, socket.gaierror):
        return "name not known"
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno).lower()
    return ""


def _below(error: BaseException) -> Iterator[BaseException]:
    """An error, and all that it came from."""
    seen: set[int] = set()
    left: list[BaseException | None] = [error]
    while left:
        each = left.pop(0)
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        left += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            left += each.exceptions  # pyright: ignore[reportUnknownMemberType]
