"""What `crossbook import` reports when the vendor fails in the middle, and how the user continues."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from command import Ran, Run, start
from control import Server

EMAILS = "email\n" + "".join(f"person.{number}@example.com\n" for number in range(1_200))


@pytest.fixture(autouse=True)
def people() -> None:
    Path("people.csv").write_text(EMAILS)


def summary(ran: Ran) -> dict[str, Any]:
    """Return the summary of --json, after a check that it counts each printed result."""
    results = [line["result"] for line in ran.lines if "result" in line]
    found: dict[str, Any] = ran.lines[-1]["summary"]
    assert sum(found["counts"].values()) == len(results)
    assert len({result["line"] for result in results}) == len(results)
    return found


def test_one_503_costs_its_array_only(run: Run, server: Server) -> None:
    server.fault("status", "vercom", "createContacts", status=503)
    ran = run("import", "people.csv", "--to", "vercom", "--match", "none")
    assert ran.code == 1
    assert ran.out.startswith("1,200 inputs: ")
    assert set(ran.out.splitlines()[0].partition(": ")[2].split(", ")) == {"1,000 uncertain", "200 created"}
    assert "Nothing was done" not in ran.err
    assert "run it with --match auto and --on-duplicate skip" in ran.err
    ran = run("import", "people.csv", "--to", "vercom", "--json")
    assert (ran.code, summary(ran)["counts"]) == (0, {"created": 1000, "skipped": 200})
    assert server.contacts("vercom") == 1_200


@pytest.mark.parametrize("status", [429, 503])
def test_too_long_wait_stops_and_counts_everything(run: Run, server: Server, status: int) -> None:
    server.fault("status", "vercom", "createContacts", status=status, retry_after=3600, skip=1, count=100)
    ran = run("import", "people.csv", "--to", "vercom", "--match", "none", "--max-wait", "5", "--json")
    assert ran.code == 4
    found = summary(ran)
    # Which of the two arrays the vendor gets first is open.
    assert found["counts"].pop("created") == server.contacts("vercom") in (1000, 200)
    assert found["counts"].keys() == {"failed" if status == 429 else "uncertain"}
    assert found["stopped"] == "the vendor asks for a wait of 60.0 minutes, longer than the limit of 5 s (--max-wait)"
    assert "Nothing was done" not in ran.err
    assert json.loads(ran.err.splitlines()[-1])["error"]["status"] == status


def test_stopped_import_resumes_from_journal(run: Run, server: Server) -> None:
    server.fault("status", "vercom", "createContacts", status=429, retry_after=3600, skip=1, count=100)
    command = ("import", "people.csv", "--to", "vercom", "--match", "none", "--journal", "import.sqlite", "--json")
    ran = run(*command, "--max-wait", "5")
    created = summary(ran)["counts"]["created"]
    assert (ran.code, created) == (4, server.contacts("vercom"))
    assert "Run the same command again to resume: import.sqlite has recorded what was done." in ran.err
    server.calm()
    ran = run(*command)
    assert (ran.code, summary(ran)["counts"], summary(ran)["replayed"]) == (0, {"created": 1200}, created)
    assert server.contacts("vercom") == 1_200


def test_nothing_done_is_said_if_true(run: Run, server: Server) -> None:
    server.fault("status", "serwersms", "createContact", status=429, retry_after=3600, count=100)
    Path("people.csv").write_text("phone\n+48500600700\n")
    ran = run("import", "people.csv", "--to", "serwersms", "--max-wait", "5")
    assert ran.code == 4
    assert ran.out.startswith("1 input: 1 failed\n")
    assert "Nothing was done." in ran.err
    ran = run("import", "people.csv", "--to", "serwersms", "--max-wait", "5", "--group", "Fair")
    assert "Nothing was done." not in ran.err, "the group was created"


def test_wait_is_announced(run: Run, server: Server) -> None:
    server.fault("status", "vercom", "createContacts", status=429, retry_after=2)
    ran = run("import", "people.csv", "--to", "vercom", "--match", "none")
    assert ran.code == 0
    assert "The vendor is not available: waiting for 2 s. --max-wait limits such waits." in ran.err


def test_wait_is_counted_down_in_terminal(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.fault("status", "vercom", "createContacts", status=503, retry_after=2)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "160")
    terminal, theirs = os.openpty()
    with start("import", "people.csv", "--to", "vercom", "--match", "none", stderr=theirs) as process:
        os.close(theirs)
        drawn = b""
        with suppress(OSError):  # raised when the last writer has closed the terminal
            while piece := os.read(terminal, 65536):
                drawn += piece
    os.close(terminal)
    assert "s for the vendor" in drawn.decode()
    assert process.returncode == 1


@pytest.mark.parametrize("book", ["serwersms", "atom", "filemail", "vercom"])
def test_rejected_credentials_midway(run: Run, server: Server, book: str) -> None:
    """Each contact that was answered is counted, and the exit code is that of rejected credentials."""
    create = "createContacts" if book == "vercom" else "createContact"
    # Vercom takes 1,000 contacts at once.
    skip, count = (1, 1500) if book == "vercom" else (3, 400)
    server.fault("status", book, create, status=403, skip=skip, count=10_000)
    Path("people.csv").write_text(
        "phone,email,name\n"
        + "".join(f"+4850060{number:04},person.{number}@example.com,P {number}\n" for number in range(count))
    )
    options = ["--group", "Fair", "--on-loss", "drop", "--region", "PL", "--json"]
    ran = run("import", "people.csv", "--to", book, *options)
    assert ran.code == 3
    found = summary(ran)
    assert found["counts"]["created"] == server.contacts(book) > 0
    assert book == "vercom" or server.contacts(book) == 3
    assert found["stopped"] == "the vendor does not accept the credentials"


def test_match_none_says_what_it_means(run: Run) -> None:
    ran = run("import", "people.csv", "--to", "vercom", "--match", "none", "--dry-run")
    assert "--match none: contacts that exist already are not found." in ran.err
    assert run("import", "people.csv", "--to", "vercom", "--match", "none", "--dry-run").code == 0


def test_max_wait_is_checked(run: Run, server: Server) -> None:
    ran = run("import", "people.csv", "--to", "vercom", "--max-wait", "0")
    assert (ran.code, "--max-wait must be a number of seconds" in ran.err) == (2, True)
    assert server.contacts("vercom") == 0


@pytest.mark.parametrize("book", ["serwersms", "atom", "filemail", "vercom"])
def test_same_file_twice_doubles_nothing(run: Run, server: Server, book: str) -> None:
    Path("people.csv").write_text(
        "phone,email,first_name,last_name\n"
        "+48500600700,anna@example.com,Anna,Example\n"
        "+48500600700,anna@example.com,Jan,Example\n"
        "+48500600700,anna@example.com,Anna,Example\n"
    )
    command = ("import", "people.csv", "--to", book, "--group", "Fair", "--on-loss", "drop", "--region", "PL")
    assert run(*command, "--dry-run").out.startswith("3 inputs: 2 would be created, 1 would be skipped\n")
    assert run(*command).out.startswith("3 inputs: 2 created, 1 skipped\n")
    assert run(*command).out.startswith("3 inputs: 3 skipped\n")
    assert server.contacts(book) == 2
