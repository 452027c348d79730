"""Test that the journal of a chunk does what every journal does, and that only its claimant writes it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from journal_conformance import JournalConformance, Reopen
from journals import HEADING, done, intent

import crossbook_fleet
from crossbook import JournalBusyError
from crossbook.journal import Journal, StoredRun
from crossbook_fleet import _runs
from crossbook_fleet._database import Database
from crossbook_fleet._journal import PostgresJournal

pytestmark = pytest.mark.anyio
MakeJournal = Callable[[], PostgresJournal]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # a fleet runs on asyncio only


@pytest.fixture
async def make_journal(database: str) -> AsyncIterator[MakeJournal]:
    """Yield a function that makes a journal of the same chunk, as each worker has one."""
    connections = Database(database, 4)
    async with crossbook_fleet.Postgres(database) as fleet:
        await fleet.limit("vercom", "https://vendor.example.com", "main").reserve(None)  # makes the account
    run = await _runs.begin_run(connections, "spring", 1, "contacts.delete_many", {}, 10, 0)
    await _runs.store_chunk(connections, run, 0, [("1", ())], b"salt")
    yield lambda: PostgresJournal(connections, run.id, 0, "worker")
    await connections.close()


class TestPostgres(JournalConformance):
    @pytest.fixture
    def reopen(self, make_journal: MakeJournal) -> Reopen:
        @asynccontextmanager
        async def reopen() -> AsyncIterator[tuple[Journal, StoredRun | None]]:
            journal = make_journal()
            assert await journal.claim(30) is not None
            try:
                yield journal, await journal.open("")
            finally:
                await journal.close()
                await journal.release()

        return reopen


async def test_claimed_chunk_is_not_claimed_again(make_journal: MakeJournal) -> None:
    first, second = make_journal(), make_journal()
    assert (await first.claim(30), await second.claim(30)) == (1, None)
    await first.release()
    assert await second.claim(30) == 2


async def test_ended_lease_is_claimed_and_counted(make_journal: MakeJournal) -> None:
    """The claim after a lease that nobody gave back is a failure of the chunk: its worker died or went silent."""
    first, second = make_journal(), make_journal()
    await first.claim(0)
    assert (first.is_held, await second.claim(30), second.failures) == (False, 2, 1)


async def test_lost_lease_stores_no_intent(make_journal: MakeJournal) -> None:
    first, second = make_journal(), make_journal()
    await first.claim(0)
    await first.open("")
    with pytest.raises(JournalBusyError, match="another worker has taken over chunk 0"):
        await first.begin(HEADING)
    assert await second.claim(30) == 2
    assert await second.open("") is None
    assert await first.renew(30) is False


async def test_late_outcome_is_stored_without_new_owner(make_journal: MakeJournal) -> None:
    """A response that comes after the end of the lease is kept, unless another worker looks the input up."""
    for claimed in (False, True):
        first, second = make_journal(), make_journal()
        await first.claim(30)
        await first.open("")
        await first.begin(HEADING)
        await first.record_intents([intent(0)])
        await first.renew(0)
        if claimed:
            await second.claim(30)
        await first.record_outcomes([done(0)])
        if claimed:
            with pytest.raises(JournalBusyError):
                await first.close()
        else:
            await first.close()
            await second.claim(30)
        await second.open("")
        found = await second.find_entry(0)
        assert found is not None
        assert found.state == ("intent" if claimed else "done")
        await second.release()
