"""Print the files of ours that one call runs through: `python -m benchmarks.call_path`.

The figure is how many files a reader opens to follow a call. It fails above the bounds.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import FrameType

import crossbook_sandbox
from crossbook import Contact, Vercom

ROOT = Path(__file__).resolve().parents[1]
OURS = tuple(f"{ROOT / folder}/" for folder in ("src/crossbook", "generated"))
CREATE_BOUND = 22
ITEM_BOUND = 40


async def trace(call: Callable[[], Awaitable[object]]) -> list[str]:
    """Return the files whose functions a call runs, in the order in which the call first enters each."""
    files: dict[str, None] = {}

    def note(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and (name := frame.f_code.co_filename).startswith(OURS):
            files[name.removeprefix(f"{ROOT}/")] = None

    sys.setprofile(note)
    try:
        await call()
    finally:
        sys.setprofile(None)
    return list(files)


async def trace_calls(sandbox: crossbook_sandbox.Running) -> dict[str, tuple[list[str], int]]:
    """Return each call's files and its bound on their number. Each call runs once before it is traced."""
    keys = sandbox.credentials["vercom"]
    async with Vercom(
        keys["authorization"], keys["application_key"], base_url=sandbox.base_urls["vercom"], transport="httpx"
    ) as book:

        async def create() -> None:
            await book.contacts.create(Contact(email="anna@example.com"))

        async def create_one_item() -> None:
            await book.contacts.create_many([Contact(email="jan@example.com")]).run()

        paths: dict[str, tuple[list[str], int]] = {}
        for name, call, bound in (
            ("contacts.create", create, CREATE_BOUND),
            ("one item of contacts.create_many", create_one_item, ITEM_BOUND),
        ):
            await call()
            paths[name] = (await trace(call), bound)
        return paths


def main() -> int:
    """Print each path and return 1 if one is above its bound."""
    with crossbook_sandbox.running(rates={}) as sandbox:
        paths = asyncio.run(trace_calls(sandbox))
    for name, (files, bound) in paths.items():
        print(f"{name}: {len(files)} files, at most {bound}")
        print("".join(f"  {number:2} {file}\n" for number, file in enumerate(files, 1)))
    return int(any(len(files) > bound for files, bound in paths.values()))


if __name__ == "__main__":
    sys.exit(main())
