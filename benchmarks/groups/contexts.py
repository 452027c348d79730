"""SSL contexts: one per process for any number of open books."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from importlib import import_module
from typing import Any
from unittest.mock import patch

from benchmarks import pinning
from benchmarks.bench import Bench
from benchmarks.clients import AUTHORIZATION, KEY, missing
from benchmarks.row import Result, Row
from crossbook import Vercom

BOOKS = 10
ROWS = tuple(
    Row(f"contexts.{name}", f"{BOOKS} books opened over {name}: SSL contexts built", "≤", 1, "")
    for name in ("httpx", "httpx2", "aiohttp")
)


async def _built(name: str) -> int:
    import_module(name)  # aiohttp makes its own contexts at import
    built, make = 0, ssl.SSLContext.__new__

    def counted(cls: Any, *args: Any, **kwargs: Any) -> ssl.SSLContext:
        nonlocal built
        built += 1
        context: ssl.SSLContext = make(cls, *args, **kwargs)
        return context

    with patch.object(ssl.SSLContext, "__new__", counted):
        for _ in range(BOOKS):
            async with Vercom(AUTHORIZATION, KEY, transport=name):  # type: ignore[arg-type]
                pass
    return built


def run(bench: Bench) -> Iterator[Result]:
    for row in ROWS:
        name = row.key.partition(".")[2]
        bench.step(name)
        if reason := missing(name):
            yield Result(row, reason=reason)
            continue
        note = "aiohttp has its own, made when it is imported" if name == "aiohttp" else ""
        yield Result(row, [pinning.run(_built(name))], reason=note)
