"""`crossbook journal`, and import with a journal that may belong to another account."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from command import Run
from control import Server

PEOPLE = "phone,first_name,last_name\n+48500600700,Anna,Sample\n+48500600701,Jan,Sample\n"
IMPORT = ("import", "people.csv", "--to", "vercom", "--journal", "import.sqlite")
UNMATCHED = (*IMPORT, "--match", "none")  # without match keys no stored contact can prove which account it is


@pytest.fixture(autouse=True)
def people(tmp_path: Path) -> None:
    Path("people.csv").write_text(PEOPLE, encoding="utf-8")


def test_journal_show_and_archive(run: Run) -> None:
    assert run(*IMPORT).code == 0
    ran = run("journal", "show", "import.sqlite")
    assert (ran.code, ran.out) == (0, "-\tvercom\tcontacts.create_many\tfinished\t2 created\n")
    ran = run("journal", "archive", "import.sqlite", "--yes", "--run", "typo")
    assert (ran.code, "The journal has no run 'typo'" in ran.err) == (2, True), ran.err
    ran = run("journal", "archive", "import.sqlite", "--yes")
    assert (ran.code, "import.sqlite holds outcomes only" in ran.err) == (0, True), ran.err
    (record,) = run("journal", "show", "import.sqlite", "--json").lines
    assert (record["name"], record["state"], record["counts"], record["match"]) == (
        "",
        "archived",
        {"created": 2},
        "auto",
    )
    assert run("journal", "archive", "import.sqlite", "--yes", "--json").lines == [{"run": "", "state": "archived"}]
    again = run(*IMPORT)
    assert (again.code, "the journal is archived" in again.err) == (2, True), again.err
    assert "journal=" not in again.err
    missing = run("journal", "show", "typo.sqlite")
    assert (missing.code, "There is no journal typo.sqlite" in missing.err) == (2, True), missing.err
    assert not Path("typo.sqlite").exists()
    with closing(sqlite3.connect("import.sqlite")) as db:
        db.execute("update run set name = 'nightly'")
        db.commit()
    assert run("journal", "show", "import.sqlite").out.startswith("nightly\tvercom\t")


def test_same_account_is_required_without_name(run: Run, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CROSSBOOK_VERCOM_ACCOUNT")
    assert run(*UNMATCHED).code == 0
    refused = run(*UNMATCHED)
    assert (refused.code, refused.out) == (2, "")
    assert "may belong to another account" in refused.err
    assert "pass --same-account in every run, or once if the book's ACCOUNT variable has" in refused.err
    record = json.loads(run(*UNMATCHED, "--json").err.splitlines()[-1])["error"]
    assert "pass --same-account in every run, or once if the book's ACCOUNT variable has" in record["message"]
    assert (record["kind"], record["field"]) == ("JournalMismatchError", "account")
    assert "another file" not in refused.err
    ran = run(*UNMATCHED, "--same-account")
    assert (ran.code, "2 replayed from the journal" in ran.out) == (0, True), ran.err
    assert run(*UNMATCHED).code == 2
    monkeypatch.setenv("CROSSBOOK_VERCOM_ACCOUNT", "ours")
    refused = run(*UNMATCHED)
    assert (refused.code, "pass --same-account once" in refused.err) == (2, True), refused.err
    assert run(*UNMATCHED, "--same-account").code == 0
    assert run(*UNMATCHED).code == 0
    assert server.contacts("vercom") == 2


def test_copy_resumes_the_same_account(run: Run, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("import", "people.csv", "--to", "serwersms").code == 0
    monkeypatch.delenv("CROSSBOOK_VERCOM_ACCOUNT")
    copy = ("copy", "serwersms", "vercom", "--journal", "copy.sqlite", "--match", "none")
    assert run(*copy).code == 0
    assert (run(*copy).code, run(*copy, "--same-account").code) == (2, 0)
    assert server.contacts("vercom") == 2


def test_journal_key_comes_from_the_environment(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSBOOK_JOURNAL_KEY", "short")
    ran = run(*IMPORT)
    assert (ran.code, "CROSSBOOK_JOURNAL_KEY must be text or bytes, at least 16" in ran.err) == (2, True), ran.err
    for command in (IMPORT, ("copy", "vercom", "serwersms", "--journal", "copy.sqlite")):
        monkeypatch.setenv("CROSSBOOK_JOURNAL_KEY", "a phrase of sixteen\n")
        assert (run(*command).code, run(*command).code) == (0, 0)
        monkeypatch.setenv("CROSSBOOK_JOURNAL_KEY", "a phrase of seventeen")
        wrong = run(*command)
        assert (wrong.code, "CROSSBOOK_JOURNAL_KEY: pass the key" in wrong.err) == (2, True), wrong.err
        monkeypatch.setenv("CROSSBOOK_JOURNAL_KEY", "")
        assert run(*command).code == 2
