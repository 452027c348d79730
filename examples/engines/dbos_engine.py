"""Process the chunks of a fleet with DBOS 3.4 instead of PgQueuer: `python dbos_engine.py RUN`."""

from __future__ import annotations

import asyncio
import os
import sys

from dbos import DBOS, SetWorkflowID

import crossbook
import crossbook_fleet

fleet = crossbook_fleet.Postgres.from_env()


class LaterError(Exception):
    """Another worker has the chunk, or an earlier chunk with one of its match keys is not done."""


@DBOS.step(retries_allowed=True, interval_seconds=1, max_attempts=100, backoff_rate=1.2)
async def process(run: str, number: int) -> None:
    if await crossbook_fleet.chunk(fleet, run, number) == "later":
        raise LaterError


@DBOS.workflow()
async def process_chunk(run: str, number: int) -> None:
    await process(run, number)


async def main(run: str) -> None:
    # A workflow belongs to the process with its executor id: a killed process resumes its own when it starts again.
    DBOS(config={"name": "crossbook", "system_database_url": os.environ["CROSSBOOK_FLEET_URL"]})
    DBOS.launch()
    try:
        async with fleet, fleet.books({"main": crossbook.Vercom.from_env}):
            handles = []
            for number in range((await fleet.status(run)).chunks):
                with SetWorkflowID(f"{run} {number}"):
                    handles.append(await DBOS.start_workflow_async(process_chunk, run, number))
            for handle in handles:
                await handle.get_result()
            print(await fleet.status(run))
    finally:
        DBOS.destroy()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
