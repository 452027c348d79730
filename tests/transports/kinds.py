"""Which transports there are to test: ours by name, and ours over a client that is brought."""

from __future__ import annotations

from importlib import import_module

import pytest

from crossbook import _transports
from crossbook.errors import InvalidInputError

BROUGHT = tuple(f"{library}, user client" for library in _transports.NAMES)
ASYNCIO_ONLY = frozenset({"aiohttp"})


def needs(name: str, backend: str) -> None:
    """Skips, by name, what is not installed here or cannot live in this event loop."""
    library = name.partition(",")[0]
    if library in ASYNCIO_ONLY and backend != "asyncio":
        pytest.skip(f"transport {name!r} lives on asyncio alone")
    try:
        if library in _transports.NAMES:
            _transports.make(library, "http://127.0.0.1:9", 1)
        import_module(library)
    except (ModuleNotFoundError, InvalidInputError) as error:
        pytest.skip(f"transport {library!r} is not tested: its extra is not installed ({error})")
