"""The command as a process: pipes, interruptions, killed imports that resume."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from command import Run, start
from control import Server

from crossbook_cli.options import run_with_book

PEOPLE = "phone,first_name\n" + "".join(f"+4850060{number:04},P{number}\n" for number in range(150))
IMPORT = ("import", "people.csv", "--to", "serwersms", "--json", "--journal", "import.sqlite", "--match", "phone")
# Only Linux has a device that is always full.
needs_full_device = pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write a file; and have a resumed run settle items in flight after 1 s instead of the read time-out."""
    Path("people.csv").write_text(PEOPLE)

    def hurried(name: str, work: Any, *others: Any, **options: Any) -> Any:
        async def soon(book: Any) -> Any:
            monkeypatch.setattr(book.contacts, "create_many", partial(book.contacts.create_many, settle_timeout=1))
            return await work(book)

        return run_with_book(name, soon, *others, **options)

    monkeypatch.setattr("crossbook_cli.import_.run_with_book", hurried)


def stored(run: Run) -> list[str]:
    return [each["first_name"] for each in run("contacts", "list", "serwersms", "--json").lines]


def silent_after(server: Server, creates: int) -> None:
    """After `creates` requests the vendor stores contacts without a response, so that no run ends on its own."""
    server.fault("delay", "serwersms", "createContact", seconds=3600, when="after", skip=creates, count=10_000)


def test_import_from_pipe(run: Run) -> None:
    text = "phone;first_name\r\n+48500600700;Żaneta\r\n".encode("cp1250")
    done = subprocess.run(
        [sys.executable, "-m", "crossbook", "import", "-", "--to", "serwersms", "--format", "csv"],
        input=text, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert stored(run) == ["Żaneta"]


def test_export_to_standard_output(run: Run) -> None:
    run("contacts", "create", "serwersms", "phone=+48500600700", "first_name=Żaneta")
    exported = start("export", "serwersms", "--to", "-", "--format", "csv")
    out, err = exported.communicate()
    assert exported.returncode == 0, err
    assert out.splitlines()[1].split(",")[1:4] == ["'+48500600700", "", "Żaneta"]
    assert err == "Wrote 1 contact to standard output.\n"


def test_closed_pipe_is_exit_code_141(run: Run, people: None) -> None:
    # More than a pipe holds, so that the writer notices.
    Path("people.csv").write_text("phone,company\n" + "".join(f"+4850060{n:04},{'x' * 140}\n" for n in range(900)))
    assert run("import", "people.csv", "--to", "vercom").code == 0
    for arguments in (
        ("contacts", "list", "vercom", "--json"),
        ("export", "vercom", "--to", "-", "--format", "csv"),
    ):
        with start(*arguments) as process:
            assert process.stdout is not None
            assert process.stdout.readline()
            process.stdout.close()
            assert process.stderr is not None
            assert process.stderr.read() == ""
        assert process.returncode == 141


def test_interrupted_import_resumes(run: Run, server: Server, people: None) -> None:
    silent_after(server, 60)
    with start(*IMPORT) as process:
        assert process.stdout is not None
        for _ in range(20):
            process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, err = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "Interrupted. Run the same command again to resume: import.sqlite has recorded what was done." in err
    summary = json.loads(rest.splitlines()[-1])["summary"]
    assert 0 < summary["counts"]["created"] < 150
    server.calm()
    ran = run(*IMPORT)
    assert (ran.code, ran.lines[-1]["summary"]["counts"]) == (0, {"created": 150})
    assert ran.lines[-1]["summary"]["replayed"] >= summary["counts"]["created"]
    assert sorted(stored(run)) == sorted(f"P{number}" for number in range(150))


def test_killed_import_resumes(run: Run, server: Server, people: None) -> None:
    silent_after(server, 80)
    with start(*IMPORT) as process:
        assert process.stdout is not None
        for _ in range(40):
            process.stdout.readline()
        process.kill()
    server.calm()
    ran = run(*IMPORT)
    assert (ran.code, ran.lines[-1]["summary"]["counts"]) == (0, {"created": 150})
    assert sorted(stored(run)) == sorted(f"P{number}" for number in range(150))


ROWS = {
    "serwersms": ("phone,first_name", "+4850060{0:04},P{0}"),
    "atom": ("phone,first_name", "+6149157{0:04},P{0}"),
    "filemail": ("email,name", "person.{0}@example.com,P{0}"),
    "vercom": ("email,first_name", "person.{0}@example.com,P{0}"),
}
LOST = 20  # of 30 contacts, which the vendor stores without a response


def import_killed(server: Server, vendor: str) -> tuple[tuple[str, ...], int]:
    """Kill an import without a match key; return the command and the least number of contacts in flight.

    A response of the last milliseconds may not be in the journal.
    """
    title, row = ROWS[vendor]
    Path("people.csv").write_text("\n".join([title, *(row.format(number) for number in range(30))]))
    command = (
        "import", "people.csv", "--to", vendor, "--match", "none", "--json", "--journal", "import.sqlite",
        *(("--group", "Friends") if vendor == "atom" else ()),
    )  # fmt: skip
    many = vendor == "vercom"  # one bulk request
    server.fault(
        "delay", vendor, "createContacts" if many else "createContact",
        seconds=3600, when="after", skip=0 if many else 30 - LOST, count=10_000,
    )  # fmt: skip
    with start(*command) as process:
        server.await_contacts(vendor, 30)
        process.kill()
        process.communicate()
    server.calm()
    return command, 30 if many else LOST


def stored_once(run: Run, vendor: str) -> bool:
    listed = run("contacts", "list", vendor, "--json").lines
    return sorted(each.get("first_name") or each["name"] for each in listed) == sorted(f"P{n}" for n in range(30))


@pytest.mark.parametrize("vendor", ROWS)
def test_killed_import_is_resolved_by_match(run: Run, server: Server, people: None, vendor: str) -> None:
    command, lost = import_killed(server, vendor)
    ran = run(*command)
    summary = ran.lines[-1]["summary"]
    assert (ran.code, summary["counts"]["uncertain"] >= lost) == (1, True)
    lost = summary["counts"]["uncertain"]
    way = "run the same journal again with --match to look the contact up, or decide with --uncertain retry, skip or"
    assert way in summary["uncertain_remedy"]
    errors = [line["result"]["error"] for line in ran.lines[1:-1]]
    assert sum(error is not None and way in error["message"] for error in errors) == lost
    shown = run(*(word for word in command if word != "--json"))
    assert f"to resolve uncertain inputs: {way}" in shown.out
    assert f"{lost} row{'' if lost == 1 else 's'}" in shown.err
    assert shown.err.count(way) == 1
    ran = run(*command, "--match", "email" if "email" in ROWS[vendor][0] else "phone")
    summary = ran.lines[-1]["summary"]
    counts = {"created": 30 - lost, "skipped": lost} if lost < 30 else {"skipped": 30}
    assert (ran.code, summary["counts"], summary["uncertain_remedy"]) == (0, counts, None)
    assert stored_once(run, vendor)


@pytest.mark.parametrize(("decision", "status"), [("retry", "created"), ("skip", "skipped"), ("done", "done")])
@pytest.mark.parametrize("vendor", ["serwersms", "vercom"])
def test_killed_import_is_resolved_by_decision(
    run: Run, server: Server, vendor: str, decision: str, status: str
) -> None:
    command, lost = import_killed(server, vendor)
    ran = run(*command, "--uncertain", decision)
    statuses = [line["result"]["status"] for line in ran.lines[1:-1]]
    assert ran.code == 0
    assert set(statuses) <= {"created", status}
    assert statuses.count(status) >= lost
    doubled = server.contacts(vendor) - 30
    assert doubled >= lost if decision == "retry" else doubled == 0
    again = run(*command)
    assert (again.code, again.lines[-1]["summary"]["replayed"]) == (0, 30)


def test_uncertain_without_journal_is_refused(run: Run, people: None) -> None:
    ran = run("import", "people.csv", "--to", "serwersms", "--uncertain", "skip")
    assert ran.code == 2
    assert "--uncertain needs --journal" in ran.err


def test_sandbox_command() -> None:
    with start("sandbox", "--json", "--exit-with-parent") as process:
        assert process.stdout is not None
        printed = json.loads(process.stdout.readline())
        assert set(printed["base_urls"]) == {"serwersms", "atom", "filemail", "vercom"}
        process.terminate()
    with start("sandbox", "--port", "x") as refused:
        assert refused.wait() == 2


def test_ascii_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    run("contacts", "create", "vercom", "phone=+48500600700", "first_name=Żółw")
    shown, _ = start("contacts", "list", "vercom").communicate()
    assert "\\u017b\\xf3\\u0142w" in shown
    printed, _ = start("contacts", "list", "vercom", "--json").communicate()
    assert json.loads(printed)["first_name"] == "Żółw"
    exported, _ = start("export", "vercom", "--to", "-", "--format", "csv").communicate()
    assert "Żółw" in exported


@needs_full_device
@pytest.mark.parametrize("command", [("groups", "create", "vercom", "Friends"), ("capabilities",), ("--help",)])
def test_full_disk_is_exit_code_74(monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]) -> None:
    # Without PYTHONUNBUFFERED, as most users run it, the write fails at the very end.
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    with Path("/dev/full").open("w") as full, start(*command, stdout=full) as process:
        _, err = process.communicate()
    assert (process.returncode, err) == (74, "Error: standard output: no space left on device.\n")


@needs_full_device
def test_journal_on_full_disk_is_exit_code_74(run: Run, people: None) -> None:
    ran = run("import", "people.csv", "--to", "serwersms", "--journal", "/dev/full", "--match", "phone")
    assert (ran.code, "The journal /dev/full cannot be written: the disk is full" in ran.err) == (74, True), ran.err
    assert not stored(run)


@pytest.mark.parametrize(("stream", "code"), [(0, 2), (1, 74), (2, 5)])
def test_closed_streams(monkeypatch: pytest.MonkeyPatch, stream: int, code: int) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    arguments = {
        0: ("import", "-", "--format", "csv", "--to", "vercom"),
        1: ("capabilities",),  # a lost result is an error
        2: ("contacts", "get", "vercom", "1"),
    }
    with start(*arguments[stream], preexec_fn=lambda: os.close(stream)) as process:
        _, err = process.communicate()
    assert (process.returncode, "bug" in err) == (code, False), err


@pytest.mark.parametrize(
    "command", [("import", "people.csv", "--to", "vercom"), ("export", "vercom", "--to", "out.csv")], ids=lambda c: c[0]
)
def test_progress_bar_in_terminal(
    run: Run, people: None, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    if command[0] == "export":
        assert run("import", "people.csv", "--to", "vercom").code == 0
    monkeypatch.setenv("TERM", "xterm")
    terminal, theirs = os.openpty()
    with start(*command, stderr=theirs) as process:
        os.close(theirs)
        drawn = b""
        with suppress(OSError):  # raised when the last writer has closed the terminal
            while piece := os.read(terminal, 65536):
                drawn += piece
    os.close(terminal)
    assert process.returncode == 0
    assert ("150 of 150" if command[0] == "import" else "from vercom") in drawn.decode()
