"""Kill imports repeatedly and check the result: `python -m tests.batch.crash`.

Each vendor's import runs in a process of its own, with a journal. It is killed at random moments (SIGKILL) and started
again until it is done. Meanwhile the sandbox loses responses, and processes those requests up to 0.4 s later. Then the
sandbox's database is compared with the input: each contact must be there exactly once. The input has contacts that
share a key. The account has contacts before the import: some with the key of an input, some equal to an input.

With `--opt-outs`, some inputs opted out; with `--listed`, only a suppression list says so. In the end no contact with
the phone of such an input may be subscribed. After no kill may the contact of such an input be subscribed and in a
group.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
from attrs import asdict, frozen

import crossbook_sandbox
from crossbook import AddressBook, Contact, SuppressionList
from crossbook.registry import load_vendor

OPT_OUT_VENDORS = ("serwersms", "vercom")
VENDORS = ("serwersms", "filemail", "vercom", "atom")
ATOM_RATE = 1000
LATE = 0.1
SETTLE = 4.0  # the vendor or its machine may pause for most of this time
MATCH: dict[str, Any] = {"serwersms": "phone", "filemail": "email", "vercom": "phone", "atom": "phone"}
CREATE = {"vercom": "createContacts"}
LOST = {"vercom": 0.03}  # of the responses to creates; a bulk call of Vercom has 5 contacts


@frozen
class Case:
    """One import.

    Args:
        vendor: the vendor of the book.
        count: the number of contacts.
        kills: the number of kills.
        seed: makes contacts, faults and kills reproducible.
        opt_outs: whether one input of five opted out of SMS, and is written with on_opted_out="unsubscribe".
        listed: whether a suppression list says that, and the input does not.
    """

    vendor: str
    count: int = 20_000
    kills: int = 20
    seed: int = 0
    opt_outs: bool = False
    listed: bool = False

    def people(self, groups: Sequence[str]) -> Iterator[Contact]:
        """Return the input. One contact of twenty has the key of an earlier contact."""
        dice = random.Random(self.seed)
        for number in range(self.count):
            key = dice.randrange(number) if number and dice.random() < 0.05 else number
            grouped = self.vendor == "atom" or dice.random() < 0.1
            person = self._person(f"P{number}", key, dice.choice(groups) if grouped or self.opt_outs else None)
            yield replace(person, opted_out=frozenset({"sms"})) if self.opt_outs and number % 5 == 0 else person

    def before(self, groups: Sequence[str]) -> Iterator[Contact]:
        """Return the contacts before the import: some with the key of an input, some equal to an input."""
        dice = random.Random(self.seed + 1)
        for number in range(max(4, self.count // 200)):
            yield self._person(f"B{number}", dice.randrange(self.count), groups[0])
        twins = self.twins()
        yield from (
            replace(contact, opted_out=None) for number, contact in enumerate(self.people(groups)) if number in twins
        )

    def twins(self) -> set[int]:
        """Return the inputs that equal a contact of the account before the import."""
        return set(random.Random(self.seed + 2).sample(range(self.count), max(2, self.count // 500)))

    def _person(self, name: str, key: int, group: str | None) -> Contact:
        phone = f"+6149{key:07}" if self.vendor == "atom" else f"+48500{key:06}"
        more: dict[str, Any] = {"groups": (group,) if group else None}
        if self.vendor == "filemail":
            return Contact(name=f"{name} Example", email=f"person.{key}@example.com", phone=phone, **more)
        if self.vendor != "atom":
            more["email"] = f"{name.lower()}@example.com"
        return Contact(first_name=name, last_name="Example", phone=phone, company="ABC", **more)


@frozen
class Row:
    """The result of one import."""

    case: Case
    kills: int
    written: int
    lost: list[str]
    doubled: list[str]
    uncertain: int
    seconds: float
    leaked: list[str]


# The import, in a process of its own


async def write(case: Case, base_url: str, credentials: dict[str, str], groups: list[str], journal: str) -> int:
    people: Iterator[Contact] = case.people(groups)
    suppressions = _open_list(case, journal)
    if suppressions is not None:
        people = (replace(person, opted_out=None) for person in people)
    async with _book(case, base_url, credentials, suppressions=suppressions) as book:
        batch = book.contacts.create_many(
            people, journal=journal, match=MATCH[case.vendor], settle_timeout=SETTLE,
            on_opted_out="unsubscribe" if case.opt_outs else "skip",
        )  # fmt: skip
        found: dict[str, list[int]] = {}
        done = 0
        async with batch as run:
            async for result in run:
                found.setdefault(result.status, []).append(result.index)
                done += 1
                if done % 20 == 0:
                    print(done, flush=True)
                    sys.stdin.readline()  # the parent has read the line: it may be slower than this process
        print(json.dumps({"uncertain": found.get("uncertain", []), "counts": run.summary.counts}), flush=True)
        return int(bool(found.keys() - {"created", "uncertain"}))


def _open_list(case: Case, journal: str) -> SuppressionList | None:
    return SuppressionList(f"{journal}.list") if case.listed else None


async def _fill_list(case: Case, groups: Sequence[str], journal: str) -> None:
    suppressions = _open_list(case, journal)
    if suppressions is not None:
        off = [(person, person.opted_out) for person in case.people(groups) if person.opted_out]
        phones = [(Contact(phone=person.phone), channels) for person, channels in off]
        async with suppressions:
            await suppressions.record_opt_outs(phones, reason="STOP", source="test", region="PL")


def _book(case: Case, base_url: str, credentials: dict[str, str], **more: Any) -> AddressBook:
    # Without a finished item, only this name identifies the account of a killed run.
    options: Any = {"account": "crash", **more, **({"rate": ATOM_RATE} if case.vendor == "atom" else {})}
    if case.vendor == "serwersms":
        credentials = {name: value for name, value in credentials.items() if name != "token"}
    book: AddressBook = load_vendor(case.vendor)(base_url=base_url, **credentials, **options)
    return book


# The parent process, which kills the import


def crash(case: Case, sandbox: crossbook_sandbox.Running, database: Path, folder: Path) -> Row:
    """Run one import to its end, and compare the account with the input."""
    vendor, began = case.vendor, time.monotonic()
    url, credentials = sandbox.base_urls[vendor], sandbox.credentials[vendor]
    groups = anyio.run(prepare, case, url, credentials)
    arm_faults(sandbox, case)
    arguments = [json.dumps(asdict(case)), url, json.dumps(credentials), json.dumps(groups), str(folder / vendor)]
    anyio.run(_fill_list, case, groups, str(folder / vendor))
    dice = random.Random(case.seed + 3)
    moments = sorted(dice.randrange(case.count) for _ in range(case.kills))
    kills, report, leaked = 0, None, list[str]()
    # The next runs retry the failures of the vendor.
    for moment in [*moments, *[None] * 5]:
        killed, report = _until(moment, dice, arguments)
        kills += killed
        leaked += _subscribed(case, database, in_group=True)
        if report is not None:
            break
    ask(sandbox, "/settle")
    seconds = time.monotonic() - began
    leaked += _subscribed(case, database, in_group=False)
    there = Counter(names(database, vendor))
    uncertain = set(report["uncertain"]) if report else set()
    lost, doubled = [], []
    for number in range(case.count):
        times = there[f"P{number}"] - (number in case.twins())
        if times > 1:
            doubled.append(f"P{number}")
        if times < 1 and (number not in uncertain or times < 0):
            lost.append(f"P{number}")
    written = sum(times for name, times in there.items() if name.startswith("P")) - len(case.twins())
    return Row(case, kills, written, lost, doubled, len(uncertain), seconds, leaked)


async def prepare(case: Case, url: str, credentials: dict[str, str]) -> list[str]:
    async with _book(case, url, credentials) as book:
        groups = [(await book.groups.create(name)).id for name in ("Friends", "Family")]
        summary = await book.contacts.create_many(case.before(groups)).run()
        assert set(summary.counts) == {"created"}, summary
        return groups


def arm_faults(sandbox: crossbook_sandbox.Running, case: Case) -> None:
    create, lost = CREATE.get(case.vendor, "createContact"), LOST.get(case.vendor, 0.005)
    ask(sandbox, "/faults", fault="late_commit", vendor=case.vendor, operation=create, seconds=LATE,
         probability=lost, seed=case.seed)  # fmt: skip
    ask(sandbox, "/faults", fault="reset", when="after", vendor=case.vendor, operation=create,
         probability=lost, seed=case.seed + 1)  # fmt: skip
    if case.vendor == "filemail":
        ask(sandbox, "/faults", fault="reset", when="before", vendor="filemail", operation="addToGroup",
             probability=0.05, seed=case.seed)  # fmt: skip


def _until(moment: int | None, dice: random.Random, arguments: Sequence[str]) -> tuple[bool, Any]:
    """Kill the import after `moment` results. Return whether it was killed, and its report if it ended before."""
    alarm: threading.Timer | None = None
    report = None
    with subprocess.Popen(
        [sys.executable, __file__, "--import", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        if moment is not None and dice.random() < 0.2:
            # A kill soon after the start: while the import reads the journal, looks up, or waits.
            alarm = threading.Timer(dice.uniform(0.2, 3), process.kill)
            alarm.start()
        for line in process.stdout:
            if line.startswith("{"):
                report = json.loads(line)
                continue
            with suppress(BrokenPipeError):  # the alarm was faster
                os.write(process.stdin.fileno(), b"\n")
            if moment is not None and alarm is None and int(line) >= moment:
                time.sleep(dice.uniform(0, 0.05))
                process.kill()
                break
        if alarm is not None:
            alarm.cancel()
    return process.returncode == -signal.SIGKILL, report if process.returncode == 0 else None


def ask(sandbox: crossbook_sandbox.Running, path: str, **settings: Any) -> None:
    request = urllib.request.Request(
        f"{sandbox.url}/_sandbox{path}",
        json.dumps(settings).encode() if settings else b"",
        {"Content-Type": "application/json"},
        method="POST",
    )
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).close()


def names(database: Path, vendor: str) -> list[str]:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as db:
        rows = db.execute("SELECT coalesce(name, first_name) FROM contact WHERE vendor = ?", (vendor,)).fetchall()
    db.close()
    return [name.split()[0] for (name,) in rows]


def _subscribed(case: Case, database: Path, *, in_group: bool) -> list[str]:
    """Return the contacts that opted out in the input and are subscribed.

    Args:
        case: the import.
        database: the sandbox's.
        in_group: only contacts of the inputs themselves, if they are in a group. Otherwise all contacts with a phone of
            such an input.
    """
    if not case.opt_outs:
        return []
    off = [each for number, each in enumerate(case.people(["1"])) if each.opted_out and number not in case.twins()]
    names, phones = {each.first_name for each in off}, {(each.phone or "").lstrip("+") for each in off}
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as db:
        rows = db.execute(
            "SELECT first_name, phone, EXISTS (SELECT 1 FROM membership WHERE contact_id = contact.id) FROM contact "
            "WHERE vendor = ? AND id NOT IN (SELECT contact_id FROM suppression WHERE channel = 'sms')",
            (case.vendor,),
        ).fetchall()
    db.close()
    if in_group:
        return [str(name) for name, _, grouped in rows if name in names and grouped]
    return [str(name) for name, phone, _ in rows if phone.lstrip("+") in phones]


def main() -> int:
    parser = argparse.ArgumentParser("python -m tests.batch.crash", description=__doc__)
    parser.add_argument("--vendors", nargs="+", choices=VENDORS, default=VENDORS)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--opt-outs", action="store_true")
    parser.add_argument("--listed", action="store_true")
    parser.add_argument("--import", nargs=5, dest="imported", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.imported:
        case, url, credentials, groups, journal = options.imported
        return anyio.run(write, Case(**json.loads(case)), url, json.loads(credentials), json.loads(groups), journal)
    vendors = [each for each in options.vendors if each in OPT_OUT_VENDORS or not (options.opt_outs or options.listed)]
    print(f"Imports of {options.count:,} people, each killed {options.kills} times; seed {options.seed}")
    print(f"{'vendor':<12}{'kills':>6}{'written':>9}{'lost':>6}{'doubled':>9}{'uncertain':>11}{'seconds':>9}")
    bad = False
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder, "sandbox.sqlite")
        with crossbook_sandbox.running(db=database, rates={"atom": ATOM_RATE}) as sandbox:
            for vendor in vendors:
                opt_outs = options.opt_outs or options.listed
                case = Case(vendor, options.count, options.kills, options.seed, opt_outs, options.listed)
                row = crash(case, sandbox, database, Path(folder))
                print(
                    f"{vendor:<12}{row.kills:>6}{row.written:>9,}{len(row.lost):>6}{len(row.doubled):>9}"
                    f"{row.uncertain:>11}{row.seconds:>9.0f}",
                    flush=True,
                )
                if row.lost or row.doubled or row.leaked:
                    bad = True
                    print(f"  lost: {row.lost[:10]}  doubled: {row.doubled[:10]}  leaked: {row.leaked[:10]}")
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
