"""Process the chunks of a fleet with procrastinate 3.10 instead of PgQueuer: `python procrastinate_engine.py RUN`."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress

import procrastinate

import crossbook
import crossbook_fleet

app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=os.environ["CROSSBOOK_FLEET_URL"]))
fleet = crossbook_fleet.Postgres.from_env()


class LaterError(Exception):
    """Another worker has the chunk, or an earlier chunk with one of its match keys is not done."""


@app.task(name="crossbook.chunk", retry=procrastinate.RetryStrategy(wait=2, retry_exceptions=[LaterError]))
async def process(run: str, number: int) -> None:
    if await crossbook_fleet.chunk(fleet, run, number) == "later":
        raise LaterError


async def enqueue(run: str) -> None:
    """Give each chunk of a run to procrastinate, once."""
    for number in range((await fleet.status(run)).chunks):
        with suppress(procrastinate.exceptions.AlreadyEnqueued):
            await process.configure(queueing_lock=f"{run} {number}").defer_async(run=run, number=number)


async def retry_stalled() -> None:
    """Give the jobs of killed workers out again: procrastinate leaves them as they are."""
    for job in await app.job_manager.get_stalled_jobs():
        await app.job_manager.retry_job(job)


async def main(run: str) -> None:
    async with app.open_async(), fleet, fleet.books({"main": crossbook.Vercom.from_env}):
        await enqueue(run)
        while (await fleet.status(run)).state == "open":
            await retry_stalled()
            await app.run_worker_async(wait=False, install_signal_handlers=False)
        print(await fleet.status(run))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
