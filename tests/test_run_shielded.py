"""`run_shielded` runs the work to its end, and then raises its error or the cancellation."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import anyio
import pytest

from crossbook._concurrency import run_shielded


async def fail() -> None:
    await anyio.lowlevel.checkpoint()
    raise OSError("no space left")


@pytest.mark.anyio
async def test_run_shielded_raises_the_error_of_the_work() -> None:
    with pytest.raises(OSError, match="no space left"):
        await run_shielded(fail)


@pytest.mark.anyio
async def test_cancelled_scope_waits_for_the_work() -> None:
    done: list[bool] = []

    async def work() -> None:
        await anyio.lowlevel.checkpoint()
        done.append(True)

    with anyio.CancelScope() as scope:
        scope.cancel()
        await run_shielded(work)
    assert done == [True]


def test_repeatedly_cancelled_task_waits_for_the_work() -> None:
    async def main() -> None:
        begun, may_end = asyncio.Event(), asyncio.Event()
        done: list[bool] = []

        async def work() -> None:
            begun.set()
            await may_end.wait()
            done.append(True)

        task = asyncio.create_task(run_shielded(work))
        await begun.wait()
        for _ in range(3):
            task.cancel()
            await anyio.lowlevel.checkpoint()
        assert not task.done()
        may_end.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (task.cancelled(), done) == (True, [True])

    asyncio.run(main())


def test_failed_work_of_a_cancelled_task_logs_nothing() -> None:
    logged: list[dict[str, Any]] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: logged.append(context))
        begun = asyncio.Event()

        async def work() -> None:
            begun.set()
            await fail()

        task = asyncio.create_task(run_shielded(work))
        await begun.wait()
        task.cancel()
        await asyncio.wait((task,))
        assert task.cancelled()

    asyncio.run(main())
    gc.collect()
    assert logged == []
