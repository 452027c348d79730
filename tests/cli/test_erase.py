"""`crossbook erase` and `crossbook person`."""

from __future__ import annotations

import json
import stat
from pathlib import Path

from command import Run

PHONE = "+48500600700"
KEYS = ("--phone", PHONE, "--email", "anna@example.com")


def create(run: Run, book: str, email: str) -> str:
    ran = run("contacts", "create", book, f"phone={PHONE}", f"email={email}", "first_name=A", "--json")
    assert ran.code == 0, ran.err
    return str(ran.lines[0]["id"])


def test_person_is_exported_and_erased(run: Run) -> None:
    id, other = create(run, "vercom", "anna@example.com"), create(run, "vercom", "eva@example.com")
    assert run("person", "vercom", *KEYS, "--to", "anna.json").code == 0
    (contact,) = json.loads(Path("anna.json").read_text())["books"]["vercom"]["contacts"]
    assert (contact["id"], stat.S_IMODE(Path("anna.json").stat().st_mode)) == (id, 0o600)
    assert run("erase", "vercom", *KEYS).code == 2, "there is no terminal to confirm in"
    ran = run("erase", "vercom", "serwersms", *KEYS, "--dry-run", "--suppressions", "stop.sqlite")
    assert (ran.code, "no suppression list stop.sqlite" in ran.err) == (2, True)
    ran = run("erase", "vercom", "serwersms", *KEYS, "--dry-run")
    assert (ran.code, ran.out.splitlines()[0].split("\t")[:5]) == (0, ["book", "vercom", "1", "0", id])
    options = ("--yes", "--suppressions", "stop.sqlite", "--report", "report.json")
    ran = run("erase", "vercom", "serwersms", *KEYS, *options, "--json")
    assert (ran.code, ran.lines[0]["is_complete"], PHONE[3:] in ran.out) == (0, True, False)
    assert json.loads(Path("report.json").read_text()) == ran.lines[0]
    assert [each["id"] for each in run("contacts", "list", "vercom", "--json").lines] == [other]
    Path("a.csv").write_text(f"phone,email,first_name\n{PHONE},anna@example.com,Anna\n")
    ran = run("import", "a.csv", "--to", "vercom", "--suppressions", "stop.sqlite")
    assert len(run("contacts", "list", "vercom", "--json").lines) == 1


def test_shared_phone_needs_ids(run: Run) -> None:
    id, other = create(run, "serwersms", "anna@example.com"), create(run, "serwersms", "eva@example.com")
    ran = run("erase", "serwersms", "--phone", PHONE, "--yes")
    assert (ran.code, id in ran.err, other in ran.err) == (6, True, True)
    assert run("erase", "serwersms", "--phone", PHONE, "--yes", "--id", id).code == 2
    assert run("erase", "serwersms", "--phone", PHONE, "--yes", "--id", f"serwersms:{id}").code == 0
    assert [each["id"] for each in run("contacts", "list", "serwersms", "--json").lines] == [other]


def test_unsearched_book_is_not_complete(run: Run) -> None:
    ran = run("erase", "filemail", "--phone", PHONE, "--yes")
    assert (ran.code, "cannot be searched by phone" in ran.out) == (1, True)
    assert run("erase", "filemail", "--yes").code == 2
    assert run("erase", "filemail", "--phone", PHONE, "--yes", "--journal", "missing.sqlite").code == 2
