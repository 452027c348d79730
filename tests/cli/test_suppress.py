"""`crossbook suppress`, and `--suppressions` of the commands that write contacts."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from command import Run

LIST = "stop.sqlite"
PHONE = "+48500600700"
PEOPLE = f"phone,first_name,last_name\n{PHONE},Anna,Sample\n+48500600701,Jan,Sample\n"
USE = ("--suppressions", LIST)


def create(run: Run, book: str, number: int) -> str:
    ran = run("contacts", "create", book, f"phone=+4850060070{number}", "first_name=A", "last_name=B", "--json")
    assert ran.code == 0, ran.err
    (record,) = ran.lines
    return str(record["id"])


def test_add_check_and_remove(run: Run) -> None:
    added = run("suppress", "add", LIST, "--phone", "500 600 700", "--channel", "sms", "--reason", "STOP")
    assert (added.code, added.out, added.err) == (0, "", "Added.\n")
    assert stat.S_IMODE(Path(LIST).stat().st_mode) == 0o600
    ran = run("suppress", "check", LIST, "--phone", PHONE)
    channel, action, _, reason, source = ran.out.rstrip("\n").split("\t")
    assert (channel, action, reason, source) == ("sms", "opt_out", "STOP", "command line")
    (record,) = run("suppress", "check", LIST, "--phone", PHONE, "--json").lines
    assert (record["channel"], record["kind"]) == ("sms", "phone")
    assert run("suppress", "remove", LIST, "--phone", PHONE).code == 2, "there is no reason"
    assert run("suppress", "remove", LIST, "--phone", PHONE, "--reason", "asked").code == 0
    ran = run("suppress", "check", LIST, "--phone", PHONE)
    assert (ran.code, ran.out, ran.err) == (0, "", "Not listed.\n")
    assert len(run("suppress", "check", LIST, "--phone", PHONE, "--history").out.splitlines()) == 2


def test_time_and_missing_list(run: Run) -> None:
    ran = run("suppress", "add", LIST, "--email", "a@example.com", "--time", "2026-05-02T10:00:00+02:00")
    assert ran.code == 0
    (first, *_) = run("suppress", "check", LIST, "--email", "A@example.com", "--json").lines
    assert first["time"] == "2026-05-02T08:00:00+00:00"
    assert run("suppress", "add", LIST, "--email", "a@example.com", "--time", "yesterday").code == 2
    assert run("suppress", "check", LIST).code == 2
    for command in (("suppress", "check", "typo.sqlite", "--phone", PHONE), ("import", "a.csv", "--to", "vercom")):
        Path("a.csv").write_text(PEOPLE)
        ran = run(*command, *(("--suppressions", "typo.sqlite") if command[0] == "import" else ()))
        assert (ran.code, "no suppression list typo.sqlite" in ran.err) == (2, True), ran.err
    assert not Path("typo.sqlite").exists()


def test_list_is_exported_and_imported(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("stop.csv").write_text("phone\n500600700\n500600701\n")
    assert run("suppress", "import", LIST, "stop.csv", "--channel", "sms", "--json").lines == [{"added": 2}]
    assert "0 entries" in run("suppress", "import", LIST, "stop.csv", "--channel", "sms").err
    assert run("suppress", "export", LIST, "--to", "copy.jsonl", "--json").lines == [{"exported": 2}]
    assert len(Path("copy.jsonl").read_text().splitlines()) == 2
    Path("bad.csv").write_text("phone\nnobody\n")
    ran = run("suppress", "import", LIST, "bad.csv")
    assert (ran.code, "Line 2" in ran.err) == (2, True), ran.err
    monkeypatch.setenv("CROSSBOOK_SUPPRESSIONS_KEY", "a secret of the test suite")
    ran = run("suppress", "check", LIST, "--phone", PHONE)
    assert (ran.code, "another key" in ran.err) == (2, True), ran.err
    assert run("suppress", "add", "hashed.sqlite", "--phone", PHONE).code == 0
    assert b"500600700" not in Path("hashed.sqlite").read_bytes()


def test_import_honours_list(run: Run) -> None:
    Path("people.csv").write_text(PEOPLE)
    assert run("suppress", "add", LIST, "--phone", PHONE, "--channel", "sms").code == 0
    ran = run("import", "people.csv", "--to", "vercom", *USE, "--json")
    assert sorted(row["result"]["status"] for row in ran.lines if "result" in row) == ["created", "skipped"]
    ran = run("import", "people.csv", "--to", "vercom", *USE, "--on-opted-out", "unsubscribe", "--json")
    assert sorted(row["result"]["status"] for row in ran.lines if "result" in row) == ["created", "skipped"]
    assert len(run("contacts", "list", "vercom", "--opted-out", "sms", "--json").lines) == 1


def test_copy_honours_list(run: Run) -> None:
    for number in range(2):
        create(run, "serwersms", number)
    assert run("suppress", "add", LIST, "--phone", PHONE, "--channel", "sms").code == 0
    ran = run("copy", "serwersms", "vercom", *USE, "--json")
    assert sorted(row["result"]["status"] for row in ran.lines if "result" in row) == ["created", "skipped"]


def test_single_commands_honour_list(run: Run) -> None:
    id = create(run, "vercom", 1)
    assert run("contacts", "unsubscribe", "vercom", id, "sms", *USE).code == 2, "there is no list yet"
    assert run("suppress", "add", LIST, "--phone", PHONE).code == 0
    ran = run("contacts", "create", "vercom", f"phone={PHONE}", *USE)
    assert (ran.code, "opted out" in ran.err) == (2, True), ran.err
    ran = run("contacts", "update", "vercom", id, f"phone={PHONE}", *USE)
    assert (ran.code, "suppression list" in ran.err) == (2, True), ran.err
    assert run("contacts", "unsubscribe", "vercom", id, "sms", *USE).code == 0
    (group,) = run("groups", "create", "vercom", "Friends", "--json").lines
    assert run("groups", "add", "vercom", group["id"], id, *USE).code == 2
    ran = run("contacts", "resubscribe", "vercom", id, "sms", *USE)
    assert (ran.code, "--reason" in ran.err) == (2, True), ran.err
    assert run("contacts", "resubscribe", "vercom", id, "sms", *USE, "--reason", "asked").code == 0


def test_opt_out_that_vendor_cannot_hold(run: Run) -> None:
    ran = run("contacts", "create", "filemail", "email=anna@example.com", "name=Anna", "--json")
    (record,) = ran.lines
    assert run("suppress", "add", LIST, "--email", "other@example.com").code == 0
    ran = run("contacts", "unsubscribe", "filemail", record["id"], "email", *USE)
    assert (ran.code, "Only the suppression list" in ran.err) == (0, True), ran.err
    assert run("suppress", "check", LIST, "--email", "anna@example.com").out.startswith("email\t")


def test_collect_and_push(run: Run) -> None:
    ids = [create(run, "vercom", number) for number in range(2)]
    assert run("contacts", "unsubscribe", "vercom", ids[0], "sms").code == 0
    ran = run("suppress", "collect", LIST, "vercom", "--json")
    assert ran.lines[-1]["summary"]["counts"] == {"done": 1}, ran.err
    assert run("suppress", "add", LIST, "--phone", "+48500600701", "--channel", "sms").code == 0
    assert run("suppress", "push", LIST, "vercom", "--dry-run").code == 0
    assert len(run("contacts", "list", "vercom", "--opted-out", "sms", "--json").lines) == 1
    ran = run("suppress", "push", LIST, "vercom", "--journal", "push.sqlite")
    assert ran.code == 0, ran.err
    assert len(run("contacts", "list", "vercom", "--opted-out", "sms", "--json").lines) == 2
    ran = run("suppress", "collect", LIST, "atom")
    assert (ran.code, "stores no opt-outs" in ran.err) == (2, True), ran.err
