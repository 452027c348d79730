"""The demo with the sandbox: a first run, later runs, and lost contacts between runs."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import anyio
import pytest

import crossbook
import crossbook_sandbox

from .conftest import COMMAND, PEOPLE, TITLES, Demo, Ended, environment

Change = Callable[[crossbook.Vercom, str], Any]


@pytest.fixture
def between(tmp_path: Path) -> Callable[[Change], None]:
    """Change a contact at Vercom between two runs: one of the couple with one phone."""

    async def main(change: Change) -> None:
        with crossbook_sandbox.running(db=tmp_path / ".demo" / "sandbox.sqlite") as sandbox:
            keys: dict[str, Any] = sandbox.credentials["vercom"]
            async with crossbook.Vercom(**keys, base_url=sandbox.base_urls["vercom"]) as book:
                found = await book.contacts.find(external_id="P0005")
                assert found is not None
                await change(book, found.id)

    return lambda change: anyio.run(main, change)


def test_first_run_writes_and_reads_back(first: Ended) -> None:
    assert first.status == 0, first.output
    assert tuple(first.rows) == TITLES
    for row in first.rows.values():
        assert row.written + row.skipped + row.refused == PEOPLE
        assert row.read_back == row.written >= 50
        assert row.refused >= 5
        assert row.there == row.set_right == row.lost == 0
    assert [row.skipped for row in first.rows.values()] == [1, 1, 0, 1]  # two share a phone
    assert "raised to 200" in first.output
    assert "earlier run" not in first.output


def test_table_has_reasons_and_losses(first: Ended) -> None:
    assert re.search(r"^  Filemail +1 – Filemail requires email", first.output, re.MULTILINE)
    assert re.search(r"^  SerwerSMS +3 ✗ [^✗–]*\(code\s+1006\)", first.output, re.MULTILINE)
    assert re.search(r"^  Vercom +1 – first_name is longer than 150", first.output, re.MULTILINE)
    assert re.search(r"^Cannot hold .*company", first.output, re.MULTILINE)
    assert re.search(r"^Does not show .*phone", first.output, re.MULTILINE)


def test_table_fits_80_columns_in_pipe(first: Ended) -> None:
    assert max(len(line.rstrip()) for line in first.output.splitlines()) <= 80
    assert "…" not in first.output.partition("Refused by crossbook")[0]


def test_second_run_creates_no_contact(first: Ended, demo: Demo) -> None:
    second = demo()
    assert second.status == 0, second.output
    for title, row in second.rows.items():
        assert (row.written, row.lost) == (0, 0)
        assert row.there == row.read_back == first.rows[title].written
        assert row.refused == first.rows[title].refused
        assert row.skipped == first.rows[title].skipped
    left = sum(row.written for row in first.rows.values())
    assert f"This run worked on what an earlier run left: {left} contacts existed already" in " ".join(
        second.output.split()
    )


@pytest.mark.usefixtures("first")
def test_second_run_sends_few_requests(demo: Demo) -> None:
    """Groups, contacts and members are read once and again at the end; the rest is creates that are refused again."""
    rows = demo().rows
    assert rows["SerwerSMS"].requests <= 4 + 5
    assert rows["Filemail"].requests <= 3 + 5
    assert rows["Vercom"].requests <= 2 + 2 * 4 + 2 + 5  # with the pages after the last, and two batches
    assert rows["Atom"].requests <= rows["Atom"].there + 5  # not two detail calls for a contact


def test_deleted_contact_is_written_again(first: Ended, between: Callable[[Change], None], demo: Demo) -> None:
    between(lambda book, who: book.contacts.delete(who))
    second = demo()
    assert second.status == 0, second.output
    assert second.rows["Vercom"].written == 1
    assert second.rows["Vercom"].there == first.rows["Vercom"].written - 1


@pytest.mark.usefixtures("first")
def test_changed_contact_is_corrected(between: Callable[[Change], None], demo: Demo) -> None:
    between(lambda book, who: book.contacts.update(who, company="Another"))
    second = demo()
    assert second.status == 0, second.output
    assert [row.set_right for row in second.rows.values()] == [0, 0, 0, 1]
    assert [row.lost for row in second.rows.values()] == [0, 0, 0, 0]


@pytest.mark.usefixtures("first")
def test_clean_leaves_nothing(demo: Demo) -> None:
    cleaned = demo("--clean")
    assert cleaned.status == 0, cleaned.output
    assert cleaned.output.count("contacts deleted, and the group") == 4
    assert all(row.there == 0 for row in demo().rows.values())


def test_interrupted_run_is_resumed(demo: Demo, tmp_path: Path) -> None:
    command = [*COMMAND[:-1], "300"]  # more than it could write while this test stood still
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        url = re.search(r"http://[\d.:]+", process.stdout.readline())
        assert url
        # In the middle of it: some are written, by far not all.
        while _written(url[0]) < 60:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.05)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Interrupted." in said
    assert "Traceback" not in said
    if sys.platform != "win32":
        files = {file.name: file.stat().st_mode & 0o077 for file in (tmp_path / ".demo").iterdir()}
        assert any(name.endswith(".journal") for name in files)
        assert set(files.values()) == {0}
    with pytest.raises(URLError):
        urlopen(url[0])
    following = demo("--people", "300")
    assert following.status == 0, following.output
    assert sum(row.there for row in following.rows.values()) > 0


def _written(url: str) -> int:
    with urlopen(f"{url}/_sandbox/state") as answer:
        return sum(account["contacts"] for account in json.load(answer)["vendors"].values())
