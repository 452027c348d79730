"""The gateway with a route that counts its tasks and open files; a program that uses the books of the environment."""

from __future__ import annotations

import asyncio
import gc
import os
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

import uvicorn
from fastapi import Request

import crossbook
from crossbook.fastapi import health
from examples.gateway.app import create_app
from examples.gateway.books import Checked
from examples.gateway.settings import Settings

LISTENING = "0A"
# The default time-outs are too short for a busy test machine.
crossbook.open = partial(crossbook.open, connect_timeout=60)
folder = TemporaryDirectory()
app = create_app(
    Settings(rates=dict.fromkeys(("serwersms", "atom", "filemail", "vercom"), 1e6), timeout=60, jobs=Path(folder.name))
)
app.dependency_overrides[get_args(Checked)[1].dependency] = health(60)


@app.get("/_held", include_in_schema=False)
async def held(request: Request) -> dict[str, int]:
    gc.collect()
    return {"tasks": len(asyncio.all_tasks()), **open_files(request.scope["server"][1])}


@app.get("/_broken", include_in_schema=False)
async def broken() -> None:
    raise RuntimeError("a fault of the gateway itself")


def open_files(port: int) -> dict[str, int]:
    """Count connections from clients, connections to vendors, and other open files."""
    ours: set[str] = set()
    for number in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):
            ours.add(os.readlink(f"/proc/self/fd/{number}"))
    ours = {name for name in ours if not name.startswith("/proc/")}
    lines = [line.split() for line in Path("/proc/self/net/tcp").read_text().splitlines()[1:]]
    ports = [int(line[1][9:], 16) for line in lines if f"socket:[{line[9]}]" in ours and line[3] != LISTENING]
    clients = ports.count(port)
    return {"clients": clients, "vendors": len(ports) - clients, "others": len(ours) - len(ports)}


if __name__ == "__main__":
    with folder:
        uvicorn.run(app, port=0, access_log=False, timeout_graceful_shutdown=2)
