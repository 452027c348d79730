"""`crossbook books` and `crossbook capabilities`."""

from __future__ import annotations

import pytest
from command import Run
from control import Server

import crossbook

PATIENT = ("--timeout", "60")  # a busy machine may be slow


def test_books_all_respond(run: Run) -> None:
    ran = run("books", *PATIENT)
    assert (ran.code, ran.err) == (0, "")
    assert [line.split("\t")[:3] for line in ran.out.splitlines()] == [
        [name, name, "healthy"] for name in ("serwersms", "atom", "filemail", "vercom")
    ]


def test_books_of_named_accounts(run: Run, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in server.credentials["vercom"].items():
        monkeypatch.setenv(f"CROSSBOOK_OUR_EU_{name.upper()}", value)
    monkeypatch.setenv("CROSSBOOK_OUR_EU_BASE_URL", server.base_urls["vercom"])
    monkeypatch.setenv("CROSSBOOK_OUR_EU_VENDOR", "vercom")
    monkeypatch.setenv("CROSSBOOK_OLD_VENDOR", "pigeon")
    lines = {line["book"]: line for line in run("books", "--json", *PATIENT).lines}
    assert (lines["our-eu"]["vendor"], lines["our-eu"]["healthy"]) == ("vercom", True)
    assert (lines["old"]["vendor"], lines["old"]["configured"]) == (None, False)
    assert "CROSSBOOK_OLD_VENDOR" in lines["old"]["error"]["message"]
    made = run("groups", "create", "our-eu", "Friends", "--json").lines[0]["id"]
    assert run("groups", "get", "vercom", made).code == 0
    assert run("groups", "get", "our_eu", made).code == 2
    monkeypatch.delenv("CROSSBOOK_OUR_EU_AUTHORIZATION")
    assert "set the environment variable CROSSBOOK_OUR_EU_AUTHORIZATION" in run("groups", "list", "our-eu").err


def test_books_that_do_not_respond(run: Run, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USERNAME", "PASSWORD", "API_KEY", "BASE_URL"):
        monkeypatch.delenv(f"CROSSBOOK_FILEMAIL_{name}")
    server.fault("status", "atom", status=500, count=10)
    ran = run("books", "--json", *PATIENT)
    assert ran.code == 4
    states = {line["book"]: (line["configured"], line["healthy"]) for line in ran.lines}
    assert states == {
        "serwersms": (True, True), "atom": (True, False), "filemail": (False, False), "vercom": (True, True),
    }  # fmt: skip
    monkeypatch.setenv("CROSSBOOK_VERCOM_AUTHORIZATION", "wrong")
    assert run("books", *PATIENT).code == 3


def test_books_without_configuration(run: Run, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in server.env:
        monkeypatch.delenv(name)
    ran = run("books", *PATIENT)
    assert ran.code == 2
    assert "crossbook sandbox --env" in ran.err
    assert "set the environment variable CROSSBOOK_ATOM_TOKEN" in ran.out


def test_capabilities(run: Run, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in server.env:
        monkeypatch.delenv(name)
    grid = crossbook.capabilities()
    lines = {line["verb"]: line for line in run("capabilities", "--json").lines}
    assert list(lines) == list(grid)
    assert lines["contacts.unsubscribe"]["atom"] == {"support": "unsupported", "note": "", "bulk": 1}
    shown = run("capabilities").out.splitlines()
    assert shown[0].split("\t") == ["", "SerwerSMS", "Atom", "Filemail", "Vercom"]
    assert "contacts.get\t●\t●\t◐\t●" in shown
    assert "◐ contacts.get" in run("capabilities", "filemail").out
