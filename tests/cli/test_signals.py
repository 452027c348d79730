"""Ctrl-C, SIGTERM and SIGHUP: the first ends a command in order, the second at once, without a traceback."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import termios
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from command import Run, start
from control import Server

COUNT = 200
IMPORT = ("import", "people.csv", "--to", "serwersms", "--json", "--journal", "import.sqlite")
COPY = ("copy", "vercom", "serwersms", "--json", "--journal", "import.sqlite")
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.fixture(autouse=True)
def people() -> None:
    rows = "".join(f"+4850060{number:04},P{number}\n" for number in range(COUNT))
    Path("people.csv").write_text(f"phone,first_name\n{rows}")


def slow(server: Server, seconds: float = 0.5) -> None:
    """The vendor stores at once and responds later, so that each worker has an item in flight."""
    server.fault("delay", "serwersms", "createContact", seconds=seconds, when="after", count=10_000)


class Silent:
    """A vendor that accepts a request and never responds."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._sockets = [self._listener]

    def wait_for_request(self) -> None:
        """Wait until a request arrives."""
        self._listener.settimeout(60)
        client, _ = self._listener.accept()
        self._sockets.append(client)
        assert client.recv(1)

    def close(self) -> None:
        for each in self._sockets:
            each.close()


@pytest.fixture
def silent() -> Iterator[Silent]:
    silent = Silent()
    yield silent
    silent.close()


def storm(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Send Ctrl-C again and again until the process is gone; return what it wrote."""
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            return process.communicate(timeout=0.02)
        except subprocess.TimeoutExpired:
            continue
    return process.communicate()


@pytest.mark.parametrize(
    ("command", "number"), [*((IMPORT, number) for number in SIGNALS), (COPY, signal.SIGTERM)], ids=str
)
def test_signal_settles_items_in_flight(
    run: Run, server: Server, command: tuple[str, ...], number: signal.Signals
) -> None:
    if command is COPY:
        assert run("import", "people.csv", "--to", "vercom").code == 0
    slow(server)
    with start(*command) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        process.send_signal(number)
        out, err = process.communicate()
    assert process.returncode == 128 + number
    summary = [json.loads(line) for line in [*lines, *out.splitlines()]][-1]["summary"]
    assert summary["stopped"] == f"interrupted ({number.name})"
    # Without a match key, an item left in flight would be uncertain below. Cancelled items were not started.
    assert summary["counts"].keys() <= {"created", "cancelled"}
    assert summary["counts"]["created"] == server.contacts("serwersms")
    assert 0 < summary["counts"]["created"] < COUNT
    assert err.endswith(
        "Interrupted. Run the same command again to resume: import.sqlite has recorded what was done.\n"
    )
    assert "Traceback" not in err
    server.calm()
    ran = run(*command)
    assert (ran.code, ran.lines[-1]["summary"]["counts"]) == (0, {"created": COUNT})
    assert ran.lines[-1]["summary"]["replayed"] == summary["counts"]["created"]
    assert server.contacts("serwersms") == COUNT


def test_signal_does_not_wait_for_a_silent_vendor(server: Server) -> None:
    slow(server, 3600)
    code = "from crossbook_cli import main, signals; signals.GRACE = 0.5; main()"
    with start(*IMPORT, code=code) as process:
        server.await_contacts("serwersms", 32)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate()
    assert (process.returncode, "Traceback" in err) == (143, False)
    assert json.loads(out.splitlines()[-1])["summary"]["counts"] == {"cancelled": 32}


def test_second_signal_ends_the_command_at_once(server: Server) -> None:
    slow(server, 3600)
    with start(*IMPORT) as process:
        server.await_contacts("serwersms", 32)
        out, err = storm(process)
    # There is no result, and the summary would wait for the vendor.
    assert (process.returncode, out.count("\n"), err) == (130, 1, "")


def test_interrupted_login_shows_no_traceback(silent: Silent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSBOOK_FILEMAIL_BASE_URL", silent.url)
    Path("mails.csv").write_text("email,name\nanna@example.com,Anna\n")
    with start("import", "mails.csv", "--to", "filemail", "--journal", "import.sqlite") as process:
        silent.wait_for_request()
        _, err = storm(process)
    assert (process.returncode, "Traceback" in err, "ExceptionGroup" in err) == (130, False, False)


@pytest.mark.parametrize("lines", [1, 2, COUNT, COUNT + 2], ids=["opening", "first result", "last", "closing"])
def test_interrupted_at_any_moment_shows_no_traceback(lines: int) -> None:
    with start(*IMPORT) as process:
        assert process.stdout is not None
        for _ in range(lines):
            assert process.stdout.readline()
        _, err = storm(process)
    assert "Traceback" not in err
    assert "Error" not in err
    # While the interpreter ends there is no handler.
    assert process.returncode in (130, -signal.SIGINT, *([0] if lines >= COUNT else []))


@pytest.mark.parametrize(
    ("command", "number"),
    [
        (("contacts", "create", "serwersms", "phone=+48500600700"), signal.SIGINT),
        (("export", "serwersms", "--to", "out.csv"), signal.SIGTERM),
        (("import", "people.csv", "--to", "serwersms", "--group", "Friends"), signal.SIGHUP),
        (("books",), signal.SIGINT),
    ],
    ids=str,
)
def test_signal_cancels_before_or_without_a_batch(
    silent: Silent, number: signal.Signals, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROSSBOOK_SERWERSMS_BASE_URL", silent.url)
    before = set(Path().iterdir())
    with start(*command) as process:
        silent.wait_for_request()
        process.send_signal(number)
        _, err = process.communicate()
    assert (process.returncode, err.splitlines()[-1], "Traceback" in err) == (128 + number, "Interrupted.", False)
    assert set(Path().iterdir()) == before


def test_signal_before_the_event_loop(server: Server) -> None:
    with start("import", "-", "--format", "csv", "--to", "serwersms") as process:
        assert process.stdin is not None
        process.stdin.write("phone\n" * 100_000)  # more than a pipe holds: the command reads
        process.stdin.flush()
        process.send_signal(signal.SIGTERM)
        with suppress(BrokenPipeError):  # Python handles a signal that comes just before a read only after the read
            process.stdin.write("phone\n")
            process.stdin.flush()
        process.wait()
        assert process.stderr is not None
        assert (process.returncode, process.stderr.read()) == (143, "Interrupted.\n")


def test_ignored_signal_stays_ignored(run: Run, server: Server) -> None:
    slow(server, 0.1)
    ignore: Any = lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)  # noqa: E731  (as nohup does)
    with start(*IMPORT, preexec_fn=ignore) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        process.communicate()
    assert process.returncode == 0
    assert server.contacts("serwersms") == COUNT


def test_closed_terminal_settles_items_in_flight(run: Run, server: Server) -> None:
    slow(server)
    terminal, theirs = os.openpty()

    def adopt() -> None:
        os.setsid()
        fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)

    command = tuple(word for word in IMPORT if word != "--json")
    with start(*command, stdin=theirs, stdout=theirs, stderr=theirs, preexec_fn=adopt) as process:
        os.close(theirs)
        server.await_contacts("serwersms", 40)
        os.close(terminal)
        process.wait()
    assert process.returncode == 129
    stored = server.contacts("serwersms")
    assert stored < COUNT
    server.calm()
    ran = run(*IMPORT)
    assert ran.lines[-1]["summary"]["counts"] == {"created": COUNT}
    assert ran.lines[-1]["summary"]["replayed"] == stored


def test_second_signal_deletes_unfinished_files() -> None:
    Path("out.csv.part").touch()
    code = """
import os, signal, sys
from pathlib import Path
from crossbook_cli import signals
signals.install()
signals.unfinished_files |= {Path("out.csv.part"), Path("gone")}
signals.exit_at_once()
os.kill(os.getpid(), signal.SIGTERM)
signal.pause()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (143, "")
    assert not Path("out.csv.part").exists()
    assert Counter(path.name for path in Path().iterdir()) == {"people.csv": 1}


_WHILE = """
import builtins, os, sys
import typer.main
from crossbook_cli import main

number = int(sys.argv[2])

def once(wrapped, *names):
    def call(*args, **extra):
        if not names or args[0] in names and not done:
            done.append(0)
            os.kill(os.getpid(), number)
            print("noted")  # an exception here could be swallowed
        return wrapped(*args, **extra)
    done = []
    return call

if sys.argv[1] == "build":
    typer.main.get_command = once(typer.main.get_command)
else:
    builtins.__import__ = once(builtins.__import__, "crossbook_cli.app", "anyio")
sys.argv = ["crossbook", "books"]
main()
"""


@pytest.mark.parametrize("number", SIGNALS, ids=str)
@pytest.mark.parametrize("moment", ["build", "import"])
def test_signal_while_command_is_built(moment: str, number: signal.Signals) -> None:
    command = [sys.executable, "-c", _WHILE, moment, str(int(number))]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (128 + number, "noted\n", "Interrupted.\n")
