"""The CPU time of imports in new interpreters, without the start of the interpreter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec

from benchmarks.bench import Bench
from benchmarks.row import Result, Row, ratios

ROWS = (
    Row("imports.vercom", "`from crossbook import Vercom` against `import httpx`: CPU time", "≤", 1.0),
    Row("imports.book", "import, make and open a book, against `import httpx`: CPU time", "≤", 2.2),
    Row("imports.start", "from process start to an open book, against an open `httpx.AsyncClient`: CPU time", "≤", 1.2),
    Row("imports.unused", "after `from crossbook import Vercom`: HTTP libraries and other vendors loaded", "≤", 0, ""),
    Row("imports.in-loop", "modules of a HTTP library that the first call loads inside the loop", "≤", 0, ""),
)
_STARTED = ("open book", "open httpx.AsyncClient")
_HTTPX = "import httpx"
_VERCOM = "from crossbook import Vercom"
# What a book is built upon, with nothing of ours: shown beside the book's row. It is less ready than that: its first
# request loads anyio's part for this event loop, inside of it.
_CLIENT = """
import asyncio, httpx

async def main():
    async with httpx.AsyncClient():
        return time.process_time() - began

figure = asyncio.run(main())
"""
_BOOK = """
import asyncio
from crossbook import Vercom

async def main():
    async with Vercom("a" * 128, "k" * 40):
        return time.process_time() - began

figure = asyncio.run(main())
"""
_LOADED = """
import sys
from crossbook import Vercom
names = ("httpx", "httpx2", "aiohttp", "httpcore", "h11", "phonenumbers", "sqlite3", "crossbook._batch.assemble")
names += tuple(f"crossbook{where}.{vendor}" for where in (".vendors", "_wire") for vendor in
               ("atom", "filemail", "serwersms"))
figure = sum(name in sys.modules for name in names)
"""
_IN_LOOP = """
import asyncio, sys
from crossbook import Vercom, NoResponseError, ConnectError
LIBRARIES = ("httpx", "httpcore", "h11", "anyio")

async def main():
    book = Vercom("a" * 128, "k" * 40, base_url="http://127.0.0.1:9", max_attempts=1)
    before = set(sys.modules)
    async with book:
        try:
            await book.contacts.get("1")
        except (ConnectError, NoResponseError):
            pass
    return [name for name in set(sys.modules) - before if name.partition(".")[0] in LIBRARIES]

figure = len(asyncio.run(main()))
"""
# As installed: pip compiles modules to bytecode, so a checkout may use its bytecode files too.
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _child(code: str) -> float:
    """Run code in a new interpreter and return its `figure`, or its CPU time."""
    timed = f"import time\nfigure = None\nbegan = time.process_time()\nexec({json.dumps(code)})\n"
    timed += "print(time.process_time() - began if figure is None else figure)"
    done = subprocess.run([sys.executable, "-c", timed], capture_output=True, text=True, check=True, env=_ENVIRONMENT)
    return float(done.stdout)


def run(bench: Bench) -> Iterator[Result]:
    sides = {"httpx": _HTTPX, "Vercom": _VERCOM, "open book": _BOOK, "open httpx.AsyncClient": _CLIENT}
    sides |= {f"{name}, from start": sides[name].replace(" - began", "") for name in _STARTED}
    found: dict[str, list[float]] = {name: [] for name in sides}
    count = 2 * bench.rounds + 1
    for code in sides.values():
        _child(code)  # writes the bytecode files
    for number in range(count):
        bench.step(f"fresh interpreters, round {number + 1} of {count}")
        for name in list(sides)[:: -1 if number % 2 else 1]:
            found[name].append(1000 * _child(sides[name]))
    note = "" if find_spec("trio") is None else "trio is installed here, which anyio imports too"
    for row, name in zip(ROWS, ("Vercom", "open book"), strict=False):
        beside = ("open httpx.AsyncClient", "httpx") if name == "open book" else ("httpx",)
        figures = {f"{side}, ms": found[side] for side in (name, *beside)}
        yield Result(row, ratios(found[name], found["httpx"]), figures, note)
    started = {f"{name}, ms": found[f"{name}, from start"] for name in _STARTED}
    yield Result(ROWS[2], ratios(*started.values()), started, note)
    yield Result(ROWS[3], [_child(_LOADED)])
    yield Result(ROWS[4], [_child(_IN_LOOP)])
