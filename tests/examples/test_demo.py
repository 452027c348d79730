"""The demo as its user runs it: a command, its words, its exit status."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.request import Request, urlopen

import anyio
import crossbook_sandbox
import pytest

import crossbook

ROOT = Path(__file__).parents[2]
TITLES = ("SerwerSMS", "Atom", "Filemail", "Vercom")
COUNTS = re.compile(r"^(\w+) +([\d,]+) +([\d,]+) +([\d,]+) .*? {2,}([\d,]+) +([\d,]+) ", re.MULTILINE)
# Covers the people who are there to be refused, and the two who share a phone.
COMMAND = [sys.executable, "-m", "examples.demo", "--people", "64"]

Demo = Callable[..., tuple[int, str]]


@pytest.fixture
def demo(tmp_path: Path) -> Demo:
    def run(*arguments: str, env: Mapping[str, str] = {}) -> tuple[int, str]:  # noqa: B006 - only read
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.stderr == ""
        return done.returncode, done.stdout

    return run


@pytest.fixture
def vercom(tmp_path: Path) -> Callable[[Callable[[crossbook.Vercom, str], object]], None]:
    """Lets a test do something to the Vercom contacts of the demo's group, between its runs."""

    def change(act: Callable[[crossbook.Vercom, str], object]) -> None:
        async def main() -> None:
            with crossbook_sandbox.running(db=tmp_path / ".demo" / "sandbox.sqlite") as sandbox:
                credentials, url = sandbox.credentials["vercom"], sandbox.base_urls["vercom"]
                async with crossbook.Vercom(**credentials, base_url=url) as book:  # type: ignore[arg-type]
                    found = await book.contacts.find(external_id="P0001")
                    assert found is not None
                    await act(book, found.id)  # type: ignore[misc]

        anyio.run(main)

    return change


def rows(output: str) -> dict[str, tuple[int, int, int, int, int]]:
    """Vendor → written, already there, refused, read back, lost."""
    found = {title: tuple(int(count.replace(",", "")) for count in counts) for title, *counts in COUNTS.findall(output)}
    assert tuple(found) == TITLES, output
    return found  # type: ignore[return-value]


def test_first_run_writes_all_who_can_be_written_and_finds_them_again(demo: Demo) -> None:
    status, output = demo()
    assert status == 0, output
    for written, there, refused, read_back, lost in rows(output).values():
        assert written + refused == 64
        assert read_back == written >= 50
        assert refused >= 7
        assert there == lost == 0
    assert "raised to 200" in output
    assert re.search(r"Filemail +1 – Filemail stores no contact without email", output)
    assert re.search(r"SerwerSMS +3 ✗ .*code 1006", output)
    assert "earlier one" not in output


def test_second_run_creates_nobody_again(demo: Demo) -> None:
    first = rows(demo()[1])
    status, output = demo()
    assert status == 0, output
    for title, (written, there, refused, read_back, lost) in rows(output).items():
        assert (written, lost) == (0, 0)
        assert there == read_back == first[title][0]
        assert refused == first[title][2]
    left = sum(row[0] for row in first.values())
    assert f"This run worked on what an earlier one left: {left:,} contacts were there already" in output


def test_who_was_deleted_since_is_written_again(demo: Demo, vercom: Callable[..., None]) -> None:
    demo()
    vercom(lambda book, id: book.contacts.delete(id))
    status, output = demo()
    assert status == 0, output
    assert rows(output)["Vercom"][:2] == (1, rows(output)["Vercom"][3] - 1)


def test_contact_that_is_not_what_was_written_is_lost(demo: Demo, vercom: Callable[..., None]) -> None:
    demo()
    vercom(lambda book, id: book.contacts.update(id, company="Another"))
    status, output = demo()
    assert status == 1
    assert [row[4] for row in rows(output).values()] == [0, 0, 0, 1]
    assert re.search(r"Vercom +P0001 Contact\(phone='\+48\*+00', email='s\*\*\*@e\*\*\*'\): differs in company", output)
    assert "sandra" not in output


def test_clean_leaves_nothing(demo: Demo) -> None:
    demo()
    status, output = demo("--clean")
    assert status == 0, output
    assert output.count("contacts deleted, and the group") == 4
    assert all(row[1] == 0 for row in rows(demo()[1]).values())


def test_live_without_accounts_says_what_to_set(demo: Demo) -> None:
    unset = {name: "" for vendor in TITLES for name in getattr(crossbook, vendor).card.environment.values()}
    status, output = demo("--live", env=unset)
    assert status == 1
    assert "CROSSBOOK_ATOM_TOKEN" in output
    assert "nothing to do" in output


def test_live_writes_nothing_without_a_terminal_to_ask_on(demo: Demo) -> None:
    with crossbook_sandbox.running() as sandbox:
        status, output = demo("--live", env=sandbox.env)
        assert status == 1
        assert "no terminal" in output
        assert contacts(sandbox.url) == [0, 0, 0, 0]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_live_asks_and_finds_the_contact_that_a_vendor_lost(tmp_path: Path) -> None:
    with crossbook_sandbox.running() as sandbox:
        lie = {"fault": "status", "vendor": "serwersms", "operation": "createContact", "status": 200}
        lie |= {"content_type": "application/json", "body": '{"success":true,"id":987654}'}
        control(sandbox.url, "/faults", lie)
        status, output = on_terminal(["--live"], "no", tmp_path, sandbox.env)
        assert (status, contacts(sandbox.url)) == (1, [0, 0, 0, 0]), output
        status, output = on_terminal(["--live"], "yes", tmp_path, sandbox.env)
        assert status == 1, output
        assert re.search(r"SerwerSMS +P00\d\d Contact\(.*\): did not come back", output), output
        assert "--live --clean" in output
        status, output = on_terminal(["--live", "--clean"], "yes", tmp_path, sandbox.env)
        assert (status, contacts(sandbox.url)) == (0, [0, 0, 0, 0]), output


def test_vendor_that_does_not_let_us_in_is_one_line(tmp_path: Path) -> None:
    with crossbook_sandbox.running() as sandbox:
        env = {**sandbox.env, "CROSSBOOK_ATOM_TOKEN": "wrong"}
        status, output = on_terminal(["--live"], "yes", tmp_path, env)
    assert status == 1
    assert re.search(r"Atom +AuthError: ", output)
    assert "Traceback" not in output
    assert rows(output)["Vercom"][0] >= 50


def contacts(url: str) -> list[int]:
    with urlopen(f"{url}/_sandbox/state") as answer:
        return [vendor["contacts"] for vendor in json.load(answer)["vendors"].values()]


def control(url: str, path: str, settings: Mapping[str, object]) -> None:
    with urlopen(Request(f"{url}/_sandbox{path}", json.dumps(settings).encode())):
        pass


def on_terminal(arguments: list[str], answer: str, folder: Path, env: Mapping[str, str]) -> tuple[int, str]:
    """Runs the demo on a terminal of its own and answers its question; ended after two minutes."""
    import pty

    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", **env}
    with subprocess.Popen([*COMMAND, *arguments], cwd=folder, env=environment, stdin=theirs, stdout=theirs) as process:
        os.close(theirs)
        alarm = threading.Timer(120, process.kill)
        alarm.start()
        # What is typed before the question waits for it.
        os.write(ours, f"{answer}\n".encode())
        output = bytearray()
        # The end of a terminal is an error on Linux, and empty elsewhere.
        with suppress(OSError):
            while piece := os.read(ours, 65_536):
                output += piece
        status = process.wait()
        alarm.cancel()
        os.close(ours)
    return status, re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", output.decode()).replace("\r", "")
