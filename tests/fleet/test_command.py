"""Test `crossbook fleet …` against a real database."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from control import Server

import crossbook
import crossbook_fleet
from crossbook import Contact
from crossbook_cli.app import app


@pytest.fixture(autouse=True)
def environment(server: Server, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in server.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("CROSSBOOK_VERCOM_ACCOUNT", "main")
    monkeypatch.setenv("CROSSBOOK_FLEET_URL", database)
    monkeypatch.setenv("CROSSBOOK_FLEET_LEASE", "1")


@pytest.fixture
def submitted(environment: None) -> None:
    async def submit() -> None:
        async with crossbook_fleet.Postgres.from_env() as fleet, crossbook.open("vercom", shared=fleet) as book:
            people = [Contact(email=f"p{n}@example.com", external_id=f"CRM-{n}") for n in range(25)]
            await fleet.submit(book.contacts.upsert_many(people, match="external_id"), run="spring", chunk=10)

    asyncio.run(submit())


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    return run_command(capsys, "fleet", *arguments)


def run_command(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        app(list(arguments), prog_name="crossbook")
    captured = capsys.readouterr()
    return int(ended.value.code or 0), captured.out, captured.err


def test_init_says_what_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "init") == (0, "", "The tables were there already.\n")


@pytest.mark.usefixtures("submitted")
def test_work_processes_the_run(capsys: pytest.CaptureFixture[str], server: Server) -> None:
    code, out, _ = run(capsys, "status", "spring")
    assert (code, out) == (0, "spring: open, 0 of 25 inputs (nothing yet)\n")
    assert run(capsys, "work", "vercom")[0] == 0
    assert server.contacts("vercom") == 25
    found = json.loads(run(capsys, "status", "spring", "--watch", "--json")[1])
    assert (found["state"], found["done"], found["counts"]) == ("finished", 25, {"created": 25})


@pytest.mark.usefixtures("submitted")
def test_run_is_paused_resumed_and_cancelled(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, state in ((["pause"], "paused"), (["resume"], "open"), (["cancel", "--yes"], "cancelled")):
        assert run(capsys, arguments[0], "spring", *arguments[1:])[0] == 0
        assert run(capsys, "status", "spring")[1].startswith(f"spring: {state}, 0 of 25 inputs")
    code, _, err = run(capsys, "resume", "spring")
    assert code == 2
    assert "run 'spring' is cancelled" in err


def test_unknown_run_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "status", "autumn")
    assert code == 2
    assert "has no run 'autumn'" in err


@pytest.mark.usefixtures("submitted")
def test_parked_chunks_are_shown_and_retried(capsys: pytest.CaptureFixture[str], server: Server) -> None:
    server.fault("status", "vercom", "createContacts", status=401, count=None)
    assert run(capsys, "work", "vercom")[0] == 0
    code, out, _ = run(capsys, "status", "spring")
    assert code == 1
    assert out.count("failed: the vendor does not accept the credentials") == 3
    server.calm()
    assert run(capsys, "retry", "spring")[2] == "3 chunks will be processed again.\n"
    assert run(capsys, "work", "vercom")[0] == 0
    assert run(capsys, "status", "spring")[0] == 0


def test_missing_url_is_named(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CROSSBOOK_FLEET_URL")
    code, _, err = run(capsys, "init")
    assert code == 2
    assert "CROSSBOOK_FLEET_URL" in err


CSV = "first name,email,phone,external id\n" + "".join(
    f"Anna,a{n}@example.com,500600{n:03},CRM-{n}\n" for n in range(30)
)


def test_import_is_shared(capsys: pytest.CaptureFixture[str], tmp_path: Path, database: str, server: Server) -> None:
    """The same command on each machine: the second one finds the run done, and prints the same results."""
    file = tmp_path / "people.csv"
    file.write_text(CSV)
    command = ("import", str(file), "--to", "vercom", "--match", "external_id", "--fleet", database, "--run", "spring")
    for _ in range(2):
        code, out, err = run_command(capsys, *command)
        assert (code, out.splitlines()[0]) == (0, "30 inputs: 30 created"), err
        assert server.contacts("vercom") == 30


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--run", "spring"], "--run needs --fleet"),
        (["--fleet", "postgresql://localhost/x"], "--fleet needs --run"),
        (
            ["--fleet", "postgresql://localhost/x", "--run", "spring", "--dry-run"],
            "--dry-run does not work with --fleet",
        ),
    ],
)
def test_options_that_exclude_each_other_are_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str], message: str
) -> None:
    file = tmp_path / "people.csv"
    file.write_text(CSV)
    code, _, err = run_command(capsys, "import", str(file), "--to", "vercom", *arguments)
    assert code == 2
    assert message in err
