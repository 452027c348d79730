"""`crossbook contacts` and `crossbook groups`."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from command import Run
from control import Server


@pytest.fixture
def group(run: Run) -> str:
    made: str = run("groups", "create", "vercom", "Friends", "--json").lines[0]["id"]
    return made


def test_contact_create_update_find_delete(run: Run, group: str) -> None:
    made = run(
        "contacts", "create", "vercom", "phone=+48 500 600 700", "first_name=Łucja", f"groups={group}",
        "external_id=crm-1", "fields.city=Łódź", "--json",
    )  # fmt: skip
    assert made.code == 0
    (outcome,) = made.lines
    id = outcome["id"]
    assert outcome == {"id": id, "status": "created", "dropped_fields": [], "write_only_fields": []}
    (contact,) = run("contacts", "get", "vercom", id, "--json").lines
    assert (contact["phone"], contact["first_name"], contact["last_name"]) == ("+48500600700", "Łucja", None)
    assert contact["fields"] == {"city": "Łódź"}
    assert "groups" not in contact  # the vendor's response does not include them
    assert run("contacts", "update", "vercom", id, "company=A=B", "first_name=").code == 0
    assert run("contacts", "update", "vercom", "crm-1", "last_name=Próbna", "--external").code == 0
    (contact,) = run("contacts", "find", "vercom", "--phone", "500 600 700", "--json").lines
    assert (contact["company"], contact["first_name"], contact["last_name"]) == ("A=B", None, "Próbna")
    assert run("contacts", "delete", "vercom", id, "--yes").code == 0
    assert run("contacts", "get", "vercom", id).code == 5
    assert run("contacts", "find", "vercom", "--external-id", "crm-1").code == 5


def test_upsert_count_and_limit(run: Run, group: str) -> None:
    fields = "phone=+48500600700", "company=ABC", f"groups={group}"
    assert run("contacts", "count", "vercom").out.strip() == "0"
    (made,) = run("contacts", "upsert", "vercom", *fields, "--match", "phone", "--json").lines
    assert made["status"] == "created"
    (same,) = run("contacts", "upsert", "vercom", *fields, "--match", "phone", "--json").lines
    assert (same["id"], same["status"]) == (made["id"], "unchanged")
    (new,) = run("contacts", "upsert", "vercom", "phone=500600700", "company=DEF", "--match", "phone", "--json").lines
    assert (new["id"], new["status"]) == (made["id"], "updated")
    assert run("contacts", "create", "vercom", "phone=+48500600701").code == 0
    assert run("contacts", "count", "vercom", "--json").lines == [{"count": 2}]
    assert run("contacts", "count", "vercom", "--group", group).out.strip() == "1"
    assert [each["id"] for each in run("contacts", "list", "vercom", "--limit", "1", "--json").lines] == [made["id"]]
    assert run("groups", "create", "vercom", "Family").code == 0
    (groups,) = run("groups", "count", "vercom", "--json").lines
    assert len(run("groups", "list", "vercom", "--json").lines) == groups["count"]
    assert len(run("groups", "list", "vercom", "--limit", "1", "--json").lines) == 1


def test_misspelled_field_gets_a_suggestion(run: Run) -> None:
    refused = run("contacts", "create", "vercom", "phonne=+48500600700")
    assert refused.code == 2
    assert "did you mean 'phone'?" in refused.err.replace("\n", " ")
    assert "did you mean 'vercom'?" in run("contacts", "count", "vercon").err.replace("\n", " ")


def test_unsubscribe_and_resubscribe(run: Run) -> None:
    (made,) = run("contacts", "create", "vercom", "phone=+48500600700", "--json").lines
    for command, channels in (("unsubscribe", ["sms"]), ("resubscribe", [])):
        assert run("contacts", command, "vercom", made["id"], "sms").code == 0
        assert run("export", "vercom", "--to", "-", "--format", "jsonl").lines[0]["opted_out"] == channels
    ran = run("contacts", "resubscribe", "vercom", made["id"], "sms", "--shared-phone")
    assert ran.code == 0, "Vercom stores opt-outs by contact, so the option changes nothing"
    refused = run("contacts", "unsubscribe", "atom", "1", "sms")
    assert (refused.code, "Atom does not support" in refused.err) == (2, True)
    assert run("contacts", "unsubscribe", "vercom", made["id"], "pigeon").code == 2


def test_resubscribe_of_shared_phone(run: Run) -> None:
    one, two = [run("contacts", "create", "serwersms", "phone=+48500600700", "--json").lines[0]["id"] for _ in range(2)]
    assert run("contacts", "unsubscribe", "serwersms", one, "sms").code == 0
    listed = run("contacts", "list", "serwersms", "--opted-out", "sms", "--json").lines
    assert [(contact["id"], contact["opted_out"]) for contact in listed] == [(one, ["sms"]), (two, ["sms"])]
    refused = run("contacts", "resubscribe", "serwersms", one, "sms")
    assert (refused.code, two in refused.err, "pass --shared-phone" in refused.err) == (6, True, True)
    assert run("contacts", "resubscribe", "serwersms", one, "sms", "--shared-phone").code == 0
    assert run("contacts", "list", "serwersms", "--opted-out", "sms").out == ""


def test_unsupported_field(run: Run) -> None:
    arguments = ("contacts", "create", "filemail", "email=a@example.com", "name=Anna", "company=ABC")
    refused = run(*arguments)
    assert (refused.code, "pass --on-loss drop" in refused.err) == (2, True)
    ran = run(*arguments, "--on-loss", "drop")
    assert ran.code == 0
    assert "the vendor does not support them: company" in ran.err
    hidden = run("contacts", "create", "filemail", "email=b@example.com", "name=Bo", "phone=+48500600700")
    assert "the vendor never shows them: phone" in hidden.err


@pytest.mark.parametrize(
    "fields", [["id=1"], ["nothing=1"], ["=1"], ["phone=1", "phone=2"], ["created_at=now"], ["fields.=1"], ["phone"]]
)
def test_invalid_assignment_is_refused(run: Run, server: Server, fields: list[str]) -> None:
    assert run("contacts", "create", "vercom", *fields).code == 2
    assert not server.requests("vercom")


def test_contacts_list(run: Run, group: str) -> None:
    for number in range(5):
        run("contacts", "create", "vercom", f"phone=+4850060070{number}", f"groups={group}" if number % 2 else "name=")
    lines = run("contacts", "list", "vercom").out.splitlines()
    assert [line.split("\t")[1] for line in lines] == [f"+4850060070{number}" for number in range(5)]
    assert len(run("contacts", "list", "vercom", "--group", group, "--json").lines) == 2
    assert len(run("contacts", "list", "vercom", "--limit", "3", "--page-size", "2").out.splitlines()) == 3
    assert run("contacts", "list", "vercom", "--archived").out == ""


def test_failed_list_prints_cursor(run: Run, server: Server) -> None:
    for number in range(4):
        run("contacts", "create", "vercom", f"phone=+4850060070{number}")
    server.fault("html", "vercom", "listContacts", skip=1, count=10)
    ran = run("contacts", "list", "vercom", "--page-size", "2")
    assert (ran.code, len(ran.out.splitlines())) == (4, 2)
    cursor = ran.err.rpartition("--after ")[2].strip()
    server.calm()
    rest = run("contacts", "list", "vercom", "--page-size", "2", "--after", cursor)
    assert (rest.code, len(rest.out.splitlines())) == (0, 2)


def test_control_characters_are_escaped(run: Run) -> None:
    run("contacts", "create", "vercom", "phone=+48500600700", "company=\x1b]0;x\x07\tA\nB")
    ran = run("contacts", "list", "vercom")
    assert len(ran.out.splitlines()) == 1
    assert "\\x1b]0;x\\x07\\tA\\nB" in ran.out


def test_groups_commands(run: Run, group: str) -> None:
    assert any(line.startswith(f"{group}\tFriends") for line in run("groups", "list", "vercom").out.splitlines())
    assert run("groups", "rename", "vercom", group, "Old friends").code == 0
    assert run("groups", "get", "vercom", group, "--json").lines[0]["name"] == "Old friends"
    contact = run("contacts", "create", "vercom", "phone=+48500600700", "--json").lines[0]["id"]
    assert run("groups", "add", "vercom", group, contact).code == 0
    assert len(run("contacts", "list", "vercom", "--group", group).out.splitlines()) == 1
    assert run("groups", "remove", "vercom", group, contact, "--json").lines == [{"id": contact, "status": "removed"}]
    assert run("contacts", "list", "vercom", "--group", group).out == ""
    assert run("groups", "delete", "vercom", group, "-y").code == 0
    assert run("groups", "get", "vercom", group).code == 5


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that types a line in a terminal, which is the standard input of the next command."""

    def type_line(text: str) -> None:
        terminal = io.StringIO(text + "\n")
        terminal.isatty = lambda: True  # type: ignore[method-assign]
        monkeypatch.setattr("sys.stdin", terminal)

    return type_line


@pytest.mark.parametrize("what", ["contacts", "groups", "with contacts"])
def test_delete_asks_first(run: Run, typed: Callable[[str], None], group: str, what: str) -> None:
    """Without a terminal the command is refused; any answer but yes deletes nothing."""
    command, more = ("contacts", ()) if what == "contacts" else ("groups", ("--with-contacts",) * (what != "groups"))
    book, id = ("atom", "1") if more else ("vercom", group)
    if command == "contacts":
        id = run("contacts", "create", "vercom", "phone=+48500600700", "--json").lines[0]["id"]
    elif more:
        id = run("groups", "create", book, "Fair", "--json").lines[0]["id"]
    delete = (command, "delete", book, id, *more)
    ran = run(*delete)
    assert (ran.code, ran.out) == (2, "")
    assert "pass --yes to confirm" in ran.err
    for answer in ("", "n", "nope\nn"):
        typed(answer)
        ran = run(*delete)
        assert (ran.code, ran.out) == (2, "")
        assert f"Delete the {command.removesuffix('s')} {id}" in ran.err
        assert ("all its contacts" in ran.err) == bool(more)
        assert "Nothing was done." in ran.err
    assert run(command, "get", book, id).code == 0
    typed("y")
    assert run(*delete).code == 0
    assert run(command, "get", book, id).code == 5
