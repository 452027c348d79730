"""What all commands share: help, exit codes, printed errors, completion."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
import pytest
import python_path
import typer
from command import Run
from control import Server

import crossbook
from crossbook_cli.app import app
from crossbook_sandbox.credentials import CREDENTIALS

GET = ("contacts", "get", "vercom", "1")
CREATE = ("contacts", "create", "vercom", "phone=+48500600700")


def test_help(run: Run) -> None:
    ran = run("--help")
    assert ran.code == 0
    for word in ("BOOK", "CROSSBOOK_EU_VENDOR", "--json", "130", "import", "export", "copy", "sandbox"):
        assert word in ran.out
    for command in ("books", "capabilities", "import", "export", "copy"):
        assert "--json" in run(command, "-h").out
    for command in ("contacts", "groups"):
        assert "create" in run(command).out + run(command).err
    assert run("--version").out == f"crossbook {version('crossbook')}\n"
    assert crossbook.__version__ == version("crossbook")


def list_commands(command: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the words of every command, and its object."""
    command = typer.main.get_command(app) if command is None else command
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from list_commands(child, (*path, name))


def test_help_is_whole_at_80_columns(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """No line is longer than the terminal, and no word of a text or of an option is cut."""
    monkeypatch.setenv("COLUMNS", "80")
    for path, command in list_commands():
        if path == ("sandbox",):  # another program prints its help
            continue
        out = run(*path, "--help").out
        assert max(map(len, out.splitlines())) <= 80, path
        words = " ".join(out.split())
        texts = [command.help.replace("\b", "")]
        texts += [
            child.help.partition("\n")[0].partition(". ")[0] for child in getattr(command, "commands", {}).values()
        ]
        for parameter in command.params:
            texts += [getattr(parameter, "help", None) or "", parameter.metavar or "", *parameter.opts]
            texts += parameter.secondary_opts
        assert [text for text in texts if " ".join(text.split()) not in words] == []
        names = [each.metavar for each in command.params if each.param_type_name == "argument"]
        assert len(names) == len(set(names))
        assert "<bool>" not in words
        assert "<str>" not in words.partition("Options:")[2]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("contacts", "get", "vercom", "1"), 5, "contact not found"),
        (("contacts", "get", "vercom", "x"), 2, "invalid Vercom contact id"),
        (("contacts", "get", "unknown", "1"), 2, "use one of serwersms, atom, filemail, vercom"),
        (("contacts", "list", "atom", "--search", "x"), 2, "cannot list by search"),
        (("groups", "add", "atom", "1", "2"), 2, "crossbook capabilities"),
        (("contacts", "get", "vercom"), 2, "Missing argument"),
        (("contacts", "bget", "vercom"), 2, "get"),
        (("import", "none.csv", "--to", "vercom"), 2, "none.csv: no such file"),
        (("import", ".", "--to", "vercom", "--format", "csv"), 2, "directory"),
        (("contacts", "create", "vercom", "500600700"), 2, "Write FIELD=VALUE"),
        (("contacts", "create", "vercom", "fields.a=1", "fields.a=2"), 2, "fields.a is given twice"),
        (
            ("contacts", "create", "vercom", "created_at=2024-01-01"),
            2,
            "Error: created_at must be a time with a time zone",
        ),
    ],
)
def test_error_is_paragraph_and_exit_code(run: Run, arguments: tuple[str, ...], code: int, words: str) -> None:
    ran = run(*arguments)
    assert (ran.code, ran.out) == (code, "")
    assert words in " ".join(ran.err.split())
    assert "Traceback" not in ran.err
    assert "500600700" not in ran.err


def test_click_exit_is_not_bug(run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    # Before typer 0.26 its errors were those of click. The installed typer does not catch errors of click.
    monkeypatch.setattr("typer.Exit", click.exceptions.Exit)
    with pytest.raises(click.exceptions.Exit):
        run("--version")
    assert not capsys.readouterr().err


def test_missing_variable_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CROSSBOOK_VERCOM_APPLICATION_KEY")
    ran = run(*GET)
    assert (ran.code, ran.out) == (2, "")
    assert "set the environment variable CROSSBOOK_VERCOM_APPLICATION_KEY" in ran.err


def test_wrong_credentials_are_exit_code_3(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSBOOK_VERCOM_APPLICATION_KEY", "wrong-key")
    ran = run(*GET)
    assert ran.code == 3
    assert "crossbook books" in ran.err
    assert "wrong-key" not in ran.err


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"kind": "status", "status": 503}, 4),
        ({"kind": "status", "status": 429, "retry_after": 3600}, 4),
        ({"kind": "html"}, 4),
        ({"kind": "reset", "when": "after"}, 7),
        ({"kind": "status", "status": 422, "body": "{}", "content_type": "application/json"}, 6),
    ],
)
def test_vendor_failure_exit_code(run: Run, server: Server, fault: dict[str, object], code: int) -> None:
    settings = dict(fault)
    server.fault(str(settings.pop("kind")), "vercom", "createContacts", count=10, **settings)
    ran = run(*CREATE)
    assert (ran.code, ran.out) == (code, ""), ran.err
    assert ran.err.startswith("Error: vercom")
    assert "500600700" not in ran.err


def test_unreachable_vendor_is_exit_code_4(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSBOOK_VERCOM_BASE_URL", "http://127.0.0.1:9/vercom")
    monkeypatch.setattr("anyio.sleep", _no_sleep)
    ran = run("contacts", "get", "vercom", "1")
    assert ran.code == 4
    assert "Nothing was sent" in ran.err


async def _no_sleep(_seconds: float) -> None:
    """Do not wait between attempts."""


def test_ambiguous_match_is_exit_code_6(run: Run) -> None:
    for _ in range(2):
        run(*CREATE)
    ran = run("contacts", "find", "vercom", "--phone", "500600700")
    assert (ran.code, ran.out) == (6, "")
    assert "2 contacts have this phone" in ran.err


def test_error_as_json(run: Run) -> None:
    ran = run(*GET, "--json")
    assert (ran.code, ran.out) == (5, "")
    error = json.loads(ran.err)["error"]
    assert (error["kind"], error["vendor"], error["sent"]) == ("NotFoundError", "vercom", "yes")


def test_oserror_as_json(run: Run) -> None:
    ran = run("import", "none.csv", "--to", "vercom", "--json")
    assert (ran.code, json.loads(ran.err)) == (
        2, {"error": {"kind": "OSError", "message": "none.csv: no such file or directory"}},
    )  # fmt: skip


def test_bug_shows_no_data(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("+48500600700")

    monkeypatch.setattr("crossbook_cli.contacts.run_with_book", broken)
    ran = run(*GET)
    assert ran.code == 70
    assert "a bug of crossbook, RuntimeError at test_app.py:" in ran.err
    assert "500600700" not in ran.err + ran.out


def test_no_secret_is_shown(run: Run, server: Server) -> None:
    server.fault("html", "vercom", count=10)
    output = "".join(run(*arguments).err for arguments in (GET, CREATE, ("books",), ("groups", "list", "vercom")))
    for credentials in CREDENTIALS.values():
        for name, secret in credentials.items():
            assert name == "brand" or secret not in output


def test_shell_completion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSBOOK_VERCOM_EU_VENDOR", "vercom")

    def complete(line: str) -> list[str]:
        asked = {"_CROSSBOOK_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split()))}
        done = subprocess.run(
            [sys.executable, "-m", "crossbook"],
            env={**os.environ, **asked}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.stdout.split()

    assert complete("crossbook groups list ") == ["serwersms", "atom", "filemail", "vercom", "vercom-eu"]
    assert complete("crossbook contacts create vercom ")[:3] == ["external_id=", "phone=", "email="]


def with_typer(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Run the command with a typer that executes this code when imported."""
    (folder / "typer.py").write_text(code + "\n")
    return subprocess.run(
        [sys.executable, "-m", "crossbook"],
        env={**os.environ, "PYTHONPATH": python_path.prepend(folder)}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_missing_extra_is_named(tmp_path: Path) -> None:
    done = with_typer(tmp_path, "raise ModuleNotFoundError('no', name='typer')")
    assert done.returncode == 1
    assert done.stderr == "The command crossbook needs typer: pip install 'crossbook[cli]'\n"


def test_interrupt_during_import(tmp_path: Path) -> None:
    done = with_typer(tmp_path, "raise KeyboardInterrupt")
    assert (done.returncode, done.stderr) == (130, "Interrupted.\n")
