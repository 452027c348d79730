"""`PostgresSuppressions`: the store of a suppression list that all processes of a fleet share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import astuple, fields
from typing import Any

from crossbook.suppressions import SuppressionEntry
from crossbook_fleet._database import Database, Rows

_NAMES = [column.name for column in fields(SuppressionEntry)]
_COLUMNS = ", ".join(_NAMES)
_PAGE = 1000
_OPEN = """
    insert into crossbook.suppression_tag values (true, $1)
    on conflict (single) do update set single = true returning tag
"""
_RECEIPT = "insert into crossbook.suppression_receipt values ($1) on conflict do nothing returning 1"
_APPEND = f"""
    insert into crossbook.suppression ({_COLUMNS}, lookup_keys)
    values ({", ".join(f"${number}" for number in range(1, len(_NAMES) + 1))}, ${len(_NAMES) + 1})
"""  # noqa: S608
_FIND = f"select {_COLUMNS} from crossbook.suppression where lookup_keys && $1 order by id"  # noqa: S608
_LIST = f"select id, {_COLUMNS} from crossbook.suppression where id > $1 order by id limit {_PAGE}"  # noqa: S608


class PostgresSuppressions:
    """A `SuppressionStore` in the database of a fleet, as `Postgres.suppressions` returns it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, tag: str) -> str:
        stored: str = await self._database.run(lambda db: db.fetchval(_OPEN, tag))
        return stored

    async def append(self, entries: Sequence[SuppressionEntry], receipt: str | None = None) -> bool:
        rows = [(*astuple(entry), list(entry.lookup_keys)) for entry in entries]

        async def append(db: Any) -> bool:
            async with db.transaction():
                # Ids follow the order of the commits, so that a reader of the list by pages misses no entry.
                await db.execute("lock table crossbook.suppression in exclusive mode")
                if receipt is not None and not await db.fetchval(_RECEIPT, receipt):
                    return False
                await db.executemany(_APPEND, rows)
                return True

        return await self._database.run(append)

    async def find(self, keys: Collection[str]) -> Mapping[str, Sequence[SuppressionEntry]]:
        asked = set(keys)
        rows: Rows = await self._database.run(lambda db: db.fetch(_FIND, list(asked)))
        found: dict[str, list[SuppressionEntry]] = {}
        for row in rows:
            entry = SuppressionEntry(**row)
            for key in asked.intersection(entry.lookup_keys):
                found.setdefault(key, []).append(entry)
        return found

    async def entries(self) -> AsyncIterator[SuppressionEntry]:
        last = 0
        while rows := await self._list_page(last):
            for row in rows:
                values = dict(row)
                last = values.pop("id")
                yield SuppressionEntry(**values)

    async def _list_page(self, after: int) -> Rows:
        rows: Rows = await self._database.run(lambda db: db.fetch(_LIST, after))
        return rows

    async def close(self) -> None:
        """Do nothing: the fleet closes its connections."""
