"""Write, opt out, erase and kill in random order, over books of all vendors and one list: `make consent`.

The state machine of hypothesis drives four accounts of the sandbox, in this process, and one suppression list in a
file. Its people share phones. After every step it reads all accounts and checks:

- no step made a contact of a listed person subscribed, at a vendor that can hold its opt-out, or stored it anew at a
  vendor that cannot;
- no contact is lost, but for contacts of a person who was erased;
- no contact with a key of an erased person appears;
- no contact was opted out at a vendor, unless it is listed, or shares the phone with such a contact at a vendor that
  works by number.

A contact that was there when its person opted out elsewhere may stay subscribed until `push`: the guide on consent
names this window.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from crossbook import AddressBook, Contact, CrossbookError, SuppressionList, copy, erase

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from tests.batch.local_vendor import LocalVendor

VENDORS = ("serwersms", "vercom", "atom", "filemail")
HOLDING = ("serwersms", "vercom")
CHANNELS: tuple[Any, ...] = ("sms", "email", "push")
_SHARED = {3: 0, 4: 1}  # of five people two have the phone of another person

vendors = st.sampled_from(VENDORS)
holding = st.sampled_from(HOLDING)
numbers = st.integers(0, 4)
modes = st.sampled_from(["skip", "unsubscribe", "error"])
channels = st.sampled_from(["sms", "email", "all"])


def person(number: int) -> Contact:
    return Contact(
        phone=f"+4850060070{_SHARED.get(number, number)}", email=f"person{number}@example.com", first_name=f"P{number}"
    )


def no_fault(operation: str) -> None:
    """Let the vendor answer."""


def fit(contact: Contact, vendor: str, group: str) -> Contact:
    """Return the contact with the fields that the vendor stores."""
    if vendor == "filemail":
        return replace(contact, name=contact.first_name, first_name=None)
    if vendor == "atom":
        return replace(contact, groups=(group,))
    return contact


class Consent(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.list = SuppressionList(self.folder / "list.sqlite")
        self.accounts = {vendor: LocalVendor(vendor, name=vendor) for vendor in VENDORS}
        self.groups = {vendor: account.group() for vendor, account in self.accounts.items()}
        self.ids: dict[str, set[str]] = {vendor: set() for vendor in VENDORS}
        self.open: set[tuple[str, str, str]] = set()  # vendor, id, channel: listed and subscribed
        self.off: dict[tuple[str, str], frozenset[str]] = {}  # at the vendor
        self.addresses: dict[tuple[str, str], set[str | None]] = {}
        self.marked: set[str | None] = set()  # addresses of inputs that the last step recorded as opted out
        self.may_open = False  # whether the last step may list people whose contacts are subscribed
        self.by_hand = False  # whether the last step opted out at a vendor, without the list
        self.runs = 0
        self.erased: set[str | None] = set()  # keys that a tombstone blocks
        self.may_go: set[tuple[str, str]] = set()  # vendor, id: contacts of the person whom the last step erased

    def teardown(self) -> None:
        anyio.run(self.list.close)
        shutil.rmtree(self.folder)

    def work(self, vendor: str, call: Callable[[AddressBook], Awaitable[Any]], *, listed: bool = True) -> Any:
        """Call with an open book of a vendor. An error of the input is an outcome like others."""

        async def run() -> Any:
            options: dict[str, Any] = {"suppressions": self.list} if listed else {}
            async with self.accounts[vendor].book(default_region="PL", **options) as book:
                try:
                    return await call(book)
                except CrossbookError:
                    return None

        return anyio.run(run)

    def pick(self, vendor: str, number: int) -> str | None:
        ids = sorted(self.ids[vendor])
        return ids[number % len(ids)] if ids else None

    # The steps.

    @rule(vendor=vendors, number=numbers, mode=st.sampled_from(["error", "unsubscribe"]))
    def create(self, vendor: str, number: int, mode: Any) -> None:
        contact = fit(person(number), vendor, self.groups[vendor])
        self.work(vendor, lambda book: book.contacts.create(contact, on_unsupported_field="drop", on_opted_out=mode))

    @rule(
        vendor=vendors, people=st.lists(st.tuples(numbers, st.booleans()), min_size=1, max_size=6), mode=modes,
        match=st.sampled_from([None, "auto"]), kill=st.none() | st.integers(1, 12), gone=st.none() | numbers,
    )  # fmt: skip
    def import_people(
        self,
        vendor: str,
        people: list[tuple[int, bool]],
        mode: Any,
        match: Any,
        kill: int | None,
        gone: int | None,
    ) -> None:
        """Import people, of whom some are marked as opted out.

        Args:
            kill: the request at which the run is killed.
            gone: the person who is erased before the run resumes.
        """
        self.may_open = mode == "unsubscribe" and any(marked for _, marked in people)
        if self.may_open:
            self.marked = {
                each
                for number, is_marked in people
                if is_marked
                for each in (person(number).phone, person(number).email)
            }
        if vendor == "vercom" and mode == "unsubscribe":
            match = "auto"  # without it the batch is refused: a resumed run could not find whom it must still opt out
        contacts = [fit(person(number), vendor, self.groups[vendor]) for number, _ in people]
        marked = [
            replace(contact, opted_out=frozenset(("sms",)) if is_marked else None)
            for contact, (_, is_marked) in zip(contacts, people, strict=True)
        ]
        self.runs += 1
        path = self.folder / f"journal{self.runs}.sqlite"
        options: dict[str, Any] = {
            "match": match, "on_duplicate": "update" if match else None, "on_unsupported_field": "drop",
            "on_opted_out": mode, "concurrency": 2, "settle_timeout": 0,
        }  # fmt: skip
        if kill is not None:
            path = self.kill(vendor, marked, path, kill, options)
            self.read(vendor)  # notes the addresses of the contacts that the killed import created
            if gone is not None:
                self.erase(gone, ["phone", "email"], [path] if path.exists() else [])
        self.work(vendor, lambda book: book.contacts.create_many(marked, journal=path, **options).run())

    def kill(self, vendor: str, contacts: list[Contact], path: Path, at: int, options: dict[str, Any]) -> Path:
        """Run an import until its n-th request. Return its journal as that moment left it on disk."""
        left = path.with_name(f"{path.name}.left")
        account, count = self.accounts[vendor], 0
        scope: list[anyio.CancelScope] = []

        def choose_fault(operation: str) -> None:
            nonlocal count
            count += 1
            if count == at and scope and path.exists():
                for suffix in ("", "-wal"):
                    if (file := path.with_name(f"{path.name}{suffix}")).exists():
                        shutil.copy(file, left.with_name(f"{left.name}{suffix}"))
                scope[0].cancel()

        async def run(book: AddressBook) -> None:
            with anyio.CancelScope() as own:
                scope.append(own)
                await book.contacts.create_many(contacts, journal=path, **options).run()

        account.choose_fault = choose_fault
        try:
            self.work(vendor, run)
        finally:
            account.choose_fault = no_fault
        return left if left.exists() else path

    @rule(vendor=vendors, at=st.integers(0, 9), number=numbers, field=st.sampled_from(["phone", "email"]), mode=modes)
    def update(self, vendor: str, at: int, number: int, field: str, mode: Any) -> None:
        self.may_open = True  # a new address may be another listed person's, if only the vendor hides the old one
        id = self.pick(vendor, at)
        if id is not None:
            changes = [(id, {field: getattr(person(number), field)})]
            self.by_hand = vendor == "serwersms"  # it blacklists the new phone of an opted-out contact
            self.work(vendor, lambda book: book.contacts.update_many(changes, on_opted_out=mode).run())

    @rule(source=vendors, to=vendors, mode=modes)
    def copy(self, source: str, to: str, mode: Any) -> None:
        if source == to:
            return
        self.may_open = mode == "unsubscribe"  # a mark of the source is recorded in the list

        async def run(book: AddressBook) -> None:
            options: dict[str, Any] = {} if to != "atom" else {"groups": "none"}
            async with self.accounts[source].book(default_region="PL") as old:
                await copy(
                    old,
                    book,
                    match="auto",
                    on_duplicate="skip",
                    on_unsupported_field="drop",
                    on_opted_out=mode,
                    **options,
                ).run()

        self.work(to, run)

    @rule(vendor=st.sampled_from(["serwersms", "vercom", "filemail"]), at=st.integers(0, 9), mode=modes)
    def add_to_group(self, vendor: str, at: int, mode: Any) -> None:
        id = self.pick(vendor, at)
        if id is not None:
            pairs = [(self.groups[vendor], id)]
            self.work(vendor, lambda book: book.groups.add_many(pairs, on_opted_out=mode).run())

    @rule(vendor=vendors, at=st.integers(0, 9), channel=channels)
    def unsubscribe(self, vendor: str, at: int, channel: Any) -> None:
        self.may_open = True  # contacts of the person in other books
        id = self.pick(vendor, at)
        if id is not None:
            self.work(vendor, lambda book: book.contacts.unsubscribe(id, channel))

    @rule(vendor=vendors, at=st.integers(0, 9), channel=channels, reason=st.sampled_from([None, "asked"]))
    def resubscribe(self, vendor: str, at: int, channel: Any, reason: str | None) -> None:
        self.may_open = True  # a refused call lists the contact again
        id = self.pick(vendor, at)
        if id is not None:
            self.work(vendor, lambda book: book.contacts.resubscribe(id, channel, reason=reason, shared_phone=True))

    @rule(number=numbers, channel=channels, key=st.sampled_from(["phone", "email"]))
    def webhook(self, number: int, channel: Any, key: str) -> None:
        self.may_open = True
        anyio.run(lambda: self.list.add(**{key: getattr(person(number), key)}, channel=channel, source="webhook"))

    @rule(number=numbers, kinds=st.sampled_from([["phone"], ["email"], ["phone", "email"]]))
    def erase_person(self, number: int, kinds: list[str]) -> None:
        self.erase(number, kinds, [])

    def erase(self, number: int, kinds: list[str], journals: list[Path]) -> None:
        """Erase a person from all books, or nobody if it is unclear which contacts are the person's."""
        keys: Any = {kind: getattr(person(number), kind) for kind in kinds}

        async def run() -> bool:
            async with AsyncExitStack() as stack:
                books = [
                    await stack.enter_async_context(each.book(default_region="PL", suppressions=self.list))
                    for each in self.accounts.values()
                ]
                try:
                    report = await erase(books, **keys, journals=journals, settle_timeout=0)
                except CrossbookError:
                    return False
                searched = [place for place in report.places if place.searched]
                assert all(place.verified_at is not None and not place.remaining for place in searched)
                return True

        if anyio.run(run):
            self.erased |= set(keys.values())
            own = set(keys.values())
            self.may_go |= {place for place, known in self.addresses.items() if own <= known or None in known}

    @rule(number=numbers)
    def allow_again(self, number: int) -> None:
        """End the tombstones of a person. This ends the person's opt-outs in the list too."""
        keys: Any = {kind: getattr(person(number), kind) for kind in ("phone", "email")}
        anyio.run(lambda: self.list.remove(**keys, reason="came back"))
        self.erased -= set(keys.values())

    @rule(vendor=holding, at=st.integers(0, 9))
    def opt_out_at_vendor(self, vendor: str, at: int) -> None:
        """A person opts out at the vendor, without the list."""
        self.by_hand = True
        id = self.pick(vendor, at)
        if id is not None:
            self.work(vendor, lambda book: book.contacts.unsubscribe(id, "sms"), listed=False)

    @rule(vendor=holding)
    def collect(self, vendor: str) -> None:
        self.may_open = True
        self.work(vendor, lambda book: self.list.collect(book).run())
        _, off, listed = self.read(vendor)
        for id, channel in ((id, channel) for id, known in off.items() for channel in known):
            assert channel in listed[id], (vendor, id, channel, "was not collected")

    @rule(vendor=holding)
    def push(self, vendor: str) -> None:
        self.work(vendor, lambda book: self.list.push(book).run())
        assert not self.find_open(vendor), "push leaves no listed contact subscribed"

    # What must hold.

    def read(self, vendor: str) -> tuple[set[str], dict[str, frozenset[str]], dict[str, frozenset[str]]]:
        """Return the ids of a vendor's contacts, the channels that each opted out of there, and those of the list."""

        async def run(book: AddressBook) -> Any:
            contacts = [contact async for contact in book.contacts.list(unique=True)]
            off: dict[str, set[str]] = {contact.id: set() for contact in contacts}
            for channel in CHANNELS:
                if channel in book.profile.channels:
                    async for contact in book.contacts.list(opted_out=channel, unique=True):
                        off[contact.id].add(channel)
            listed = await self.list.check_many(contacts, region="PL")
            known = {contact.id: frozenset(status.channels) for contact, status in zip(contacts, listed, strict=True)}
            self.addresses |= {(vendor, contact.id): {contact.phone, contact.email} for contact in contacts}
            return set(off), {id: frozenset(channels) for id, channels in off.items()}, known

        found: tuple[set[str], dict[str, frozenset[str]], dict[str, frozenset[str]]] = self.work(
            vendor, run, listed=False
        )
        return found

    def find_open(self, vendor: str) -> set[tuple[str, str, str]]:
        """Return the contacts that are listed and subscribed: vendor, id, channel."""
        ids, off, listed = self.read(vendor)
        held = {"serwersms": {"sms"}, "vercom": {"sms", "email"}}.get(vendor, set(CHANNELS))
        return {(vendor, id, channel) for id in ids for channel in (listed[id] & held) - off[id]}

    @invariant()
    def check(self) -> None:
        found: set[tuple[str, str, str]] = set()
        for vendor in VENDORS:
            ids, off, listed = self.read(vendor)
            lost = {id for id in self.ids[vendor] - ids if (vendor, id) not in self.may_go}
            assert not lost, (vendor, lost, "were lost")
            new = ids - self.ids[vendor]
            back = {id for id in new if self.addresses[vendor, id] & self.erased - {None}}
            assert not back, (vendor, back, "were created for erased people")
            opened = self.find_open(vendor)
            # An earlier row of the same import may have created a contact with the phone of a row that opted out.
            created = {
                each for each in opened if each[1] in new and not self.addresses[each[:2]] & self.marked - {None}
            }
            assert not created, (created, "were created for listed people")
            for id in ids & self.ids[vendor]:
                more = off[id] - self.off.get((vendor, id), frozenset())
                own = self.addresses[vendor, id] - {None}
                sharing = {each for each in ids if vendor == "serwersms" and self.addresses[vendor, each] & own}
                allowed = listed[id].union(*(listed[each] for each in sharing))  # its blacklist works by number
                assert self.by_hand or more <= allowed, (vendor, id, more, "was opted out and is not listed")
            self.off |= {(vendor, id): channels for id, channels in off.items()}
            self.ids[vendor] = ids
            found |= opened
        assert self.may_open or found <= self.open, (found - self.open, "were subscribed")
        self.open, self.marked, self.may_open, self.by_hand = found, set(), False, False
        self.may_go = set()


def run_machine(runs: int, steps: int, **more: Any) -> None:
    """Run the machine `runs` times, with at most `steps` steps each."""
    slow = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)
    chosen = settings(
        max_examples=runs, stateful_step_count=steps, deadline=None, suppress_health_check=slow, print_blob=True, **more
    )
    run_state_machine_as_test(Consent, settings=chosen)


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.suppressions.machine", description=__doc__)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--steps", type=int, default=50)
    options = parser.parse_args()
    run_machine(options.runs, options.steps, database=None)
    sys.stdout.write(f"{options.runs} runs of up to {options.steps} steps: no opt-out was lost, and no contact.\n")


if __name__ == "__main__":
    main()
