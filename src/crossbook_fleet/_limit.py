"""`PostgresLimit`: the rate limit of one account in one row, for all processes."""

from __future__ import annotations

import asyncio
import math
from typing import Any

from crossbook.shared import Permits
from crossbook.vendor import Rate
from crossbook_fleet._database import Database, logger

_LOT_SECONDS = 0.02  # how much of the rate one process reserves at a time
_UNKNOWN_RATE = 10_000.0  # requests a second, until the vendor throttles
_GIVE_BACK_SECONDS = 1.0
_GIVE_BACK = """
    update crossbook.account set next_at = next_at - make_interval(secs => $2 / greatest(0.5, least($3, learned)))
    where id = $1
"""


class PostgresLimit:
    """The rate limit of an account, as `SharedLimit`.

    A lot is a fiftieth of a second of the rate: a slow rate is reserved permit by permit, and a fast rate costs fifty
    updates a second, whatever the number of processes.

    Args:
        database: where the account's row is.
        find_account: returns the id of the row.
    """

    def __init__(self, database: Database, find_account: Any) -> None:
        self._database, self._find_account = database, find_account
        self._known = _UNKNOWN_RATE
        self._reports: set[asyncio.Task[None]] = set()

    async def reserve(self, rate: Rate | None) -> Permits:
        self._known = _UNKNOWN_RATE if rate is None else rate.per_second
        id = await self._find_account()
        count = max(1, math.floor(_LOT_SECONDS * self._known))
        sql = "select * from crossbook.reserve($1, $2, $3, $4)"
        row = await self._database.run(lambda db: db.fetchrow(sql, id, count, self._known, _LOT_SECONDS))
        if row["jumped"]:
            logger.warning("the database's clock was set back: waits for permits were shortened")
        return Permits(row["granted"], row["ready_in"], 1 / row["rate"], row["closed"])

    async def give_back(self, count: int) -> None:
        id = await self._find_account()
        try:
            async with asyncio.timeout(_GIVE_BACK_SECONDS):
                await self._database.run(lambda db: db.execute(_GIVE_BACK, id, float(count), self._known))
        except TimeoutError:
            pass  # the others lose a fiftieth of a second

    def throttled(self, retry_after: float | None) -> None:
        task = asyncio.ensure_future(self._report(retry_after or 0.0))
        self._reports.add(task)
        task.add_done_callback(self._reports.discard)

    async def _report(self, wait: float) -> None:
        id = await self._find_account()
        sql = "select crossbook.throttled($1, $2, $3)"
        await self._database.run(lambda db: db.execute(sql, id, self._known, wait))
