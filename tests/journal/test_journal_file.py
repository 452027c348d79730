"""Test the journal's file: other files are refused and not changed, and one process at a time has it open."""

from __future__ import annotations

import os
import random
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import anyio
import pytest
from journals import child, done, intent, open_journal, read_line, send_line

from crossbook import InvalidInputError, JournalBusyError
from crossbook.journal import JournalEntry, SqliteJournal, _sqlite_file


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "import.sqlite"


async def fill(path: Path, count: int = 0) -> list[JournalEntry | None]:
    """Open the journal, record some outcomes, and return the entries."""
    async with open_journal(path) as journal:
        await journal.record_outcomes([done(index, item_key="r" * 200) for index in range(count)])
        return [await journal.find_entry(index) for index in range(300)]


def assert_refused(path: Path, why: str) -> None:
    with pytest.raises(InvalidInputError, match=why) as caught:
        anyio.run(fill, path)
    assert caught.value.field == "journal"


def test_file_of_another_program_is_not_changed(path: Path) -> None:
    for content in (b"name,phone\n", b"\0" * 5000, b"SQLite format 3\0" + b"\xff" * 4080):
        path.write_bytes(content)
        assert_refused(path, "a file of another program|damaged")
        assert path.read_bytes() == content
    path.unlink()
    for mode in ("delete", "wal"):
        with closing(sqlite3.connect(path)) as db:
            db.execute(f"pragma journal_mode = {mode}")
            db.execute("create table if not exists people (name)")
            db.commit()
        before = path.read_bytes()
        assert_refused(path, "an SQLite file of another program")
        assert path.read_bytes() == before


def test_journal_of_newer_version_is_refused(path: Path) -> None:
    anyio.run(fill, path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("pragma user_version = 99")
    assert_refused(path, "a newer crossbook")


def test_impossible_paths_are_refused(tmp_path: Path) -> None:
    assert_refused(tmp_path, "it is a folder")
    assert_refused(tmp_path / "no" / "import.sqlite", "its folder does not exist")
    assert_refused(tmp_path / "a\0b", "null")
    (tmp_path / "loop").symlink_to("loop")
    assert_refused(tmp_path / "loop", "a symbolic link that leads back to itself")
    assert_refused(tmp_path / "loop" / "import.sqlite", "a symbolic link that leads back to itself")
    anyio.run(fill, tmp_path / ":memory:")
    assert (tmp_path / ":memory:").exists()


@pytest.fixture
def unprivileged_folder() -> Iterator[Path]:
    """Yield a folder of an unprivileged user, and become that user: permissions do not apply to root."""
    was, other = os.geteuid(), os.geteuid() or 65534
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, other, -1)
        os.seteuid(other)
        try:
            yield Path(folder)
        finally:
            os.seteuid(was)


def test_path_without_permission_is_refused(unprivileged_folder: Path) -> None:
    path = unprivileged_folder / "import.sqlite"
    path.parent.chmod(0o500)
    assert_refused(path, "permissions")
    path.parent.chmod(0o700)
    anyio.run(fill, path)
    path.chmod(0o400)
    assert_refused(path, "permissions")


def test_damaged_file_is_refused(path: Path) -> None:
    anyio.run(fill, path, 500)
    content = path.read_bytes()
    path.write_bytes(content[:4096] + random.Random(1).randbytes(len(content) - 4096))
    assert_refused(path, "damaged")


def test_empty_file_and_link_become_journals(path: Path) -> None:
    path.touch()
    link = path.with_name("link.sqlite")
    link.symlink_to(path)
    before = anyio.run(fill, link, 9)
    assert anyio.run(fill, path) == before
    assert before[8] is not None


def test_killed_process_releases_the_file(path: Path) -> None:
    async def run() -> None:
        with child(path, "hold") as other:
            send_line(other)
            assert [read_line(other), read_line(other)] == ["ready", "open"]
            with pytest.raises(JournalBusyError, match="open in another run"):
                await SqliteJournal(path).open("")
            other.kill()
            other.wait()
            async with open_journal(path) as journal:
                await journal.record_intents([intent(0)])
                # A second journal of this process, which is refused, must not release the first journal's lock.
                with pytest.raises(JournalBusyError):
                    await SqliteJournal(path).open("")
                with child(path, "hold") as third:
                    send_line(third)
                    assert [read_line(third), read_line(third)] == ["ready", "busy"]

    anyio.run(run)


def test_one_of_several_openers_gets_the_file(path: Path) -> None:
    with ExitStack() as stack:
        others = [stack.enter_context(child(path, "hold")) for _ in range(4)]
        assert {read_line(other) for other in others} == {"ready"}
        for other in others:
            send_line(other)
        assert sorted(read_line(other) for other in others) == ["busy", "busy", "busy", "open"]


async def copy_open_journal(path: Path, copy: Path, fold: bool) -> None:
    """Copy both files of an open journal, as a killed process leaves them."""
    async with open_journal(path) as journal:
        await journal.record_intents([intent(index) for index in range(3 if not fold else 300)])
        for name in ("", "-wal"):
            copy.with_name(copy.name + name).write_bytes(path.with_name(path.name + name).read_bytes())


@pytest.mark.parametrize("fold", [False, True], ids=["short", "folded"])
def test_journal_without_its_log_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch, fold: bool) -> None:
    if fold:
        monkeypatch.setattr(_sqlite_file, "_LOG_LIMIT", 0)
    copy = path.with_name("copy.sqlite")
    log, kept = copy.with_name("copy.sqlite-wal"), path.with_name("kept")
    anyio.run(copy_open_journal, path, copy, fold)
    log.rename(kept)
    for lost in (None, b""):
        if lost is not None:
            log.write_bytes(lost)
        before = copy.read_bytes()
        assert_refused(copy, r"its log .*copy\.sqlite-wal is missing.*copy both files together")
        with pytest.raises(InvalidInputError, match="is missing"):
            anyio.run(SqliteJournal(copy).runs)
        assert copy.read_bytes() == before
    kept.rename(log)
    assert anyio.run(fill, copy)[2] == intent(2)
    assert not log.exists()
    assert anyio.run(fill, copy)[2] == intent(2)  # closed properly, the journal is one file


def test_kill_while_the_log_is_merged(path: Path) -> None:
    """After a kill between any two steps of the merge, the journal opens."""
    left: list[dict[str, bytes]] = []

    def look(_: str) -> None:
        left.append({file.name: file.read_bytes() for file in path.parent.glob("import.sqlite*")})

    db, log = _sqlite_file.connect(path)
    db.set_trace_callback(look)
    _sqlite_file.restart_log(db)
    db.set_trace_callback(None)
    look("")
    os.close(log)
    db.close()
    assert len(left) >= 4
    for files in left:
        for name, content in files.items():
            path.with_name(name).write_bytes(content)
        assert anyio.run(fill, path)[0] is None
