"""The gateway, and beside it what it holds: its tasks, its open files. Run as a program, on the environment's books."""

from __future__ import annotations

import asyncio
import gc
import os

import uvicorn

from examples.gateway.app import create_app
from examples.gateway.settings import Settings

app = create_app(Settings(rates=dict.fromkeys(("serwersms", "atom", "filemail", "vercom"), 1e6)))


@app.get("/_held", include_in_schema=False)
async def held() -> dict[str, int]:
    gc.collect()
    return {"tasks": len(asyncio.all_tasks()), "files": len(os.listdir("/proc/self/fd"))}


if __name__ == "__main__":
    uvicorn.run(app, port=0, access_log=False, timeout_graceful_shutdown=2)
