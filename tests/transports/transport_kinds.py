"""The transports to test: by name, and over a user's client."""

from __future__ import annotations

from importlib import import_module

import pytest

from crossbook import _transports
from crossbook.errors import InvalidInputError

USER_CLIENTS = tuple(f"{library}, user client" for library in _transports.NAMES)
ASYNCIO_ONLY = frozenset({"aiohttp"})


def needs(name: str, backend: str) -> None:
    """Skip a transport that is not installed, or does not support this event loop."""
    library = name.partition(",")[0]
    if library in ASYNCIO_ONLY and backend != "asyncio":
        pytest.skip(f"transport {name!r} lives on asyncio alone")
    try:
        if library in _transports.NAMES:
            _transports.make_transport(library, "http://127.0.0.1:9", 1)
        import_module(library)
    except (ModuleNotFoundError, InvalidInputError) as error:
        pytest.skip(f"transport {library!r} is not tested: its extra is not installed ({error})")
