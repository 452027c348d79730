"""Test the files of a journal: private, checked on opening, and only outcomes when archived."""

from __future__ import annotations

import os
import random
import sqlite3
import stat
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import anyio
import pytest
from attrs import evolve
from journals import HEADING, done, intent, open_journal

from crossbook import InvalidInputError, SqliteJournal
from crossbook.journal import StoredRun

pytestmark = pytest.mark.anyio
KEY, HASH, PRINT, SEEN, MARK = b"k3y" * 10 + b"xy", "f1e2d3c4" * 4, "0a1b2c3d" * 4, "seen-77", "cursor-of-page-2"
# Windows has no POSIX modes: a file there inherits the access list of its folder.
ONLY_OWNER = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no POSIX file modes")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "import.sqlite"


@pytest.fixture
def wide_umask() -> Iterator[None]:
    was = os.umask(0o022)
    yield
    os.umask(was)


def modes(folder: Path) -> dict[str, int]:
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


def content(path: Path) -> bytes:
    return path.read_bytes()


def put(path: Path, data: bytes, mode: int = 0o600) -> None:
    path.write_bytes(data)
    path.chmod(mode)


@ONLY_OWNER
async def test_files_are_readable_by_owner_only(path: Path, wide_umask: None) -> None:
    async with open_journal(path) as journal:
        await journal.record_intents([intent(0)])
        assert modes(path.parent) == {path.name: 0o600, f"{path.name}-wal": 0o600}


@ONLY_OWNER
async def test_wider_modes_are_reset_on_opening(path: Path, wide_umask: None) -> None:
    put(path, b"", 0o644)
    async with open_journal(path):
        assert modes(path.parent)[path.name] == 0o600
    os.chmod(path, 0o664)
    async with open_journal(path) as journal:
        await journal.record_intents([intent(0)])
        assert modes(path.parent) == {path.name: 0o600, f"{path.name}-wal": 0o600}
    os.chmod(path, 0o400)
    if os.geteuid() == 0:
        async with open_journal(path):
            assert modes(path.parent)[path.name] == 0o400  # the mode is not widened


@ONLY_OWNER
async def test_file_of_another_program_keeps_its_mode(path: Path) -> None:
    put(path, b"name,phone\n" * 100, 0o644)
    with pytest.raises(InvalidInputError, match="pass the path of the journal"):
        await SqliteJournal(path).open("")
    assert modes(path.parent) == {path.name: 0o644}


async def test_damaged_page_is_found_on_opening(path: Path) -> None:
    async with open_journal(path) as journal:
        for begin in range(0, 4000, 1000):
            entries = [
                done(index, key=f"{index * 7919 % 100003:032x}", id=str(index)) for index in range(begin, begin + 1000)
            ]
            await journal.record_outcomes(entries)
    whole, size = content(path), 4096
    pages = len(whole) // size
    assert pages > 50
    chooser = random.Random(7)
    for number in [1, 2, 3, *chooser.sample(range(4, pages), 12)]:
        for junk in (bytes(size), chooser.randbytes(size)):
            put(path, whole[: number * size] + junk + whole[(number + 1) * size :])
            with pytest.raises(InvalidInputError, match="it is damaged: restore a copy") as caught:
                await SqliteJournal(path).open("")
            assert caught.value.field == "journal"
    put(path, whole)
    async with open_journal(path) as journal:
        assert await journal.find_first_open() == 4000


async def filled(path: Path, finished: int | None = 2, run: str = "") -> None:
    async with open_journal(path, run) as journal:
        await journal.begin(evolve(HEADING, key=KEY, tag=b"t4g" * 5, account="acc0unt" * 4))
        entries = [
            done(index, item_key=f"ref-{index}", fingerprint=PRINT, key=HASH, id=str(90 + index), existing_ids=(SEEN,))
            for index in range(2)
        ]
        await journal.record_intents([evolve(entry, state="intent", status=None) for entry in entries])
        await journal.checkpoint(MARK, 1)
        await journal.record_outcomes(entries)
        if finished is not None:
            await journal.finish(finished)


async def test_archive_keeps_outcomes_only(path: Path) -> None:
    await filled(path)
    await filled(path, run="other")
    secrets = [KEY, HASH.encode(), PRINT.encode(), SEEN.encode(), MARK.encode(), b"t4g" * 5, b"acc0unt" * 4]
    assert all(secret in content(path) for secret in secrets)
    async with open_journal(path, "other") as journal:  # another run of the file keeps its key
        assert (await journal.find_samples(1))[0].key == HASH
    for _ in range(2):
        await SqliteJournal(path).archive()
    await SqliteJournal(path).archive("other")
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    left = content(path)
    assert [secret for secret in secrets if secret in left] == []
    assert b"ref-1" in left
    journal = SqliteJournal(path)
    heading = evolve(HEADING, key=b"", tag=None, account=None)
    assert await journal.open("") == StoredRun(heading, "archived", empty=False)
    entry = await journal.find_entry(1)
    await journal.close()
    assert entry == done(1, item_key="ref-1", fingerprint="", id="91")


async def test_archive_does_not_change_other_runs(path: Path) -> None:
    await filled(path)
    await filled(path, run="other")
    await SqliteJournal(path).archive("other")
    journal = SqliteJournal(path)
    assert await journal.open("") == StoredRun(
        evolve(HEADING, key=KEY, tag=b"t4g" * 5, account="acc0unt" * 4), "finished", empty=False
    )
    assert [entry.key for entry in await journal.find_samples(2)] == [HASH, HASH]
    assert await journal.find_checkpoints() == ((MARK, 1),)
    await journal.close()


async def test_unfinished_run_is_not_archived(path: Path) -> None:
    await filled(path, finished=None)
    before = content(path)
    for run, why in (("", "is not finished: resume it"), ("typo", "has no run 'typo'")):
        with pytest.raises(InvalidInputError, match=why) as caught:
            await SqliteJournal(path).archive(run)
        assert caught.value.field == "run"
    assert before[100:] == content(path)[100:]  # the header counts how often the file was opened


async def test_finished_run_with_open_items_is_not_archived(path: Path) -> None:
    """A later run that was about to settle its uncertain items was killed."""
    await filled(path)
    async with open_journal(path) as journal:
        await journal.record_intents([intent(0)])
    with pytest.raises(InvalidInputError, match="is not finished: resume it"):
        await SqliteJournal(path).archive()


async def test_run_with_uncertain_results_is_not_archived(path: Path) -> None:
    await filled(path)
    async with open_journal(path) as journal:
        await journal.record_outcomes([done(1, status="uncertain", key=HASH)])
    with pytest.raises(
        InvalidInputError, match=r"has 1 uncertain.*with match=, or decide with uncertain='retry'"
    ) as caught:
        await SqliteJournal(path).archive()
    assert caught.value.field == "run"
    async with open_journal(path) as journal:
        assert await journal.find_first_uncertain() == 1
        assert (await journal.find_samples(1))[0].key == HASH
        await journal.record_outcomes([done(1, status="skipped")])
    await SqliteJournal(path).archive()


async def test_runs_are_listed_by_status(path: Path) -> None:
    await filled(path)
    async with open_journal(path, "second") as journal:
        await journal.record_outcomes([done(0), done(1, status="failed")])
        await journal.record_intents([intent(2)])
    async with open_journal(path, "third"):
        pass
    await SqliteJournal(path).archive()
    runs = await SqliteJournal(path).runs()
    assert [(run.name, run.state, run.counts) for run in runs] == [
        ("", "archived", {"created": 2}),
        ("second", "begun", {"created": 1, "failed": 1, "open": 1}),
        ("third", "begun", {}),
    ]
    assert (runs[0].vendor, runs[0].operation, runs[0].match, runs[0].base_url) == (
        HEADING.vendor, HEADING.operation, HEADING.match, HEADING.base_url,
    )  # fmt: skip


async def test_listing_and_archiving_create_no_file(path: Path) -> None:
    for work in (SqliteJournal(path).runs, SqliteJournal(path).archive):
        with pytest.raises(InvalidInputError, match="there is no journal") as caught:
            await work()
        assert caught.value.field == "journal"
    assert list(path.parent.iterdir()) == []


def test_journal_of_older_version_is_refused(path: Path) -> None:
    anyio.run(filled, path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("pragma user_version = 1")
    with pytest.raises(InvalidInputError, match="was written by an older crossbook"):
        anyio.run(filled, path)
