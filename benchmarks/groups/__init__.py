"""The rows, with a module for each group: `ROWS` lists them, `run(bench)` measures them."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Protocol, cast

from benchmarks.bench import Bench
from benchmarks.row import Result, Row

NAMES = (
    "server",
    "facade",
    "before",
    "overhead",
    "telemetry",
    "transports",
    "growth",
    "away",
    "burst",
    "calls",
    "decode",
    "files",
    "file_import",
    "paging",
    "memory",
    "many",
    "bulk",
    "lookups",
    "rate",
    "imports",
    "consent",
    "contexts",
)


class Group(Protocol):
    ROWS: tuple[Row, ...]

    def run(self, bench: Bench) -> Iterator[Result]: ...


def group(name: str) -> Group:
    return cast("Group", import_module(f"benchmarks.groups.{name}"))
