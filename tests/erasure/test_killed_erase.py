"""Kill the process in the middle of `crossbook.erase`, and repeat the call."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest
from control import Server

import crossbook
from crossbook import Contact, SuppressionList

PERSON: Any = {"phone": "+48500600700", "email": "anna@example.com"}
CHILD = """
import os, signal, sys
import anyio, crossbook
from crossbook.journal import SqliteJournal
from crossbook.vendors.serwersms.adapter import SerwerSMSAdapter
from crossbook.vendors.vercom.adapter import VercomAdapter

owner, name, when = {
    "tombstone": (crossbook.SuppressionList, "add_tombstone", "after"),
    "journal": (SqliteJournal, "erase_person", "after"),
    "first delete": (SerwerSMSAdapter, "delete_contact", "after"),
    "second delete": (VercomAdapter, "delete_contact", "before"),
    "last delete": (VercomAdapter, "delete_contact", "after"),
}[sys.argv[1]]
call = getattr(owner, name)

async def die(*args, **options):
    if when == "after":
        await call(*args, **options)
    os.kill(os.getpid(), signal.SIGKILL)

async def main():
    setattr(owner, name, die)
    async with crossbook.SuppressionList("list.sqlite") as suppressions:
        async with crossbook.open("serwersms") as one, crossbook.open("vercom") as two:
            await crossbook.erase(
                [one, two], phone="+48500600700", email="anna@example.com", journals=["import.sqlite"],
                suppressions=suppressions, report="report.json",
            )

anyio.run(main)
"""


@pytest.mark.parametrize("moment", ["tombstone", "journal", "first delete", "second delete", "last delete"])
def test_killed_erase_resumes(moment: str, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the second call everything is gone, the report is complete, and a resumed import creates nobody again."""
    monkeypatch.chdir(tmp_path)
    for name, value in server.env.items():
        monkeypatch.setenv(name, value)
    people = [Contact(**PERSON), Contact(phone=PERSON["phone"], email="eva@example.com")]

    async def fill() -> None:
        async with crossbook.open("serwersms") as one, crossbook.open("vercom") as two:
            await one.contacts.create_many(people, match="email", journal="import.sqlite").run()
            await two.contacts.create_many(people).run()

    async def repeat() -> None:
        async with (
            SuppressionList("list.sqlite") as suppressions,
            crossbook.open("serwersms") as one,
            crossbook.open("vercom") as two,
        ):
            report = await crossbook.erase(
                [one, two], **PERSON, journals=["import.sqlite"], suppressions=suppressions, report="report.json"
            )
            assert report.is_complete
            assert [(each.found, each.done) for each in report.places if each.kind == "book"] == [(1, 1), (1, 1)]
            assert (await suppressions.check(people[0])).erased
            summary = await one.contacts.create_many(people, match="email", journal="import.sqlite").run()
            assert summary.counts == {"erased": 1, "created": 1}
            for book in (one, two):
                assert [contact.email async for contact in book.contacts.list()] == ["eva@example.com"]

    anyio.run(fill)
    ran = subprocess.run([sys.executable, "-c", CHILD, moment], capture_output=True, text=True, check=False)
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    anyio.run(repeat)
