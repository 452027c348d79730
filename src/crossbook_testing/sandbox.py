"""The four vendors for one test: their accounts, what reached them, and how they shall misbehave."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from ipaddress import IPv4Address
from types import TracebackType
from typing import Any, Literal, Self, TypeVar, Unpack, get_args

from crossbook import registry
from crossbook._http.request import Transport
from crossbook.book import AddressBook, BookOptions
from crossbook.errors import UsageError
from crossbook.models import Contact, Group
from crossbook.vendor import VendorProfile
from crossbook_sandbox import Options, Store, create_app
from crossbook_sandbox.credentials import CREDENTIALS
from crossbook_sandbox.options import VENDORS
from crossbook_sandbox.routing import Vendors
from crossbook_sandbox.sandbox import ReceivedCall
from crossbook_testing.accounts import Books, Switches, VendorName, card_of, environment_of, operations_of
from crossbook_testing.calls import Call, call_of, unlike
from crossbook_testing.clock import Clock
from crossbook_testing.faults import Armed, FaultKind, FaultSettings, Spoiled, Troubles
from crossbook_testing.guard import guarded
from crossbook_testing.inside import Inside
from crossbook_testing.storage import Seeded, contacts_of, fill, groups_of, named

T = TypeVar("T")
_NUMBERS = itertools.count(1)
_UNLIMITED = 1e6


class Sandbox:
    """SerwerSMS, Atom, Filemail and Vercom with fresh, empty accounts, for as long as a `with` block lasts.

    Inside of it `CROSSBOOK_…` variables hold the sandbox's credentials, so that an application which opens its books
    by itself (`from_env`, `crossbook.open`, `crossbook.fastapi.lifespan`) reaches the sandbox; a book that would reach
    anything else is refused with `UsageError`. In pytest it is the fixture `crossbook_sandbox`, and the arguments are
    those of `@pytest.mark.crossbook_sandbox(…)`.

    Args:
        socket: whether it listens on a port of this machine, which an application in another process needs. By default
            books call it in their own process, in asyncio and trio, without a socket.
        clock: the time that it goes by; the real one by default.
        switches: see `Switches`.

    Attributes:
        base_urls: where each vendor is, by its name.
        env: the variables that are set, for a process of your own with an environment of its own.

    Raises:
        UsageError: both a socket and a clock: what comes through a socket takes real time.
        ValueError: a switch that is unknown or has a wrong value.

    Example:
        ```python
        async def sign_up(email: str) -> None:
            async with crossbook.open("filemail") as book:
                await book.contacts.create(Contact(name="Anna", email=email))


        with Sandbox() as sandbox:
            await sign_up("anna@example.com")
            sandbox.assert_called("create", vendor="filemail", times=1)
        ```
    """

    base_urls: Mapping[str, str]
    env: Mapping[str, str]

    def __init__(self, *, socket: bool = False, clock: Clock | None = None, **switches: Unpack[Switches]) -> None:
        if socket and clock is not None:
            raise UsageError("a sandbox behind a socket needs real time: take the clock, or socket=True, not both")
        self._clock = clock
        self._socket = socket
        self._store = Store(clock=clock.unix) if clock else Store()
        self._app = create_app(self._store, Options(rates={}).changed(dict(switches)))
        self._inner = self._app.state.sandbox
        self._heard: list[ReceivedCall] = []
        self._inner.on_call = self._heard.append
        self._vendors = Vendors(self._app, self._inner)
        self._troubles = Troubles(self._inner.faults)
        self._do: Callable[[Callable[[], Any]], Any] = lambda work: work()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        # An address that no other sandbox had: what crossbook learns of an account's limits is kept by its origin.
        # Loopback needs no https; no server listens there.
        origin = f"http://{IPv4Address('127.1.0.0') + next(_NUMBERS)}"
        if self._socket:
            from crossbook_testing.served import Served

            served = Served(self._app)
            self._stack.callback(served.close)
            origin, self._do = served.url, served.call
        self._stack.callback(self._store.close)
        self.base_urls = {name: f"{origin}/{name}" for name in VENDORS}
        self.env = environment_of(self.base_urls)
        self._stack.enter_context(guarded(origin, self.env, self._transport))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._do(lambda: [self._inner.reset(name) for name in VENDORS])
        self._stack.close()

    @property
    def book(self) -> Books:
        """Makes a book on one of the accounts, still to be opened with `async with`.

        It is not held to the vendor's rate, unless `rate=` says so or the sandbox limits that vendor (`rates=`).

        Example:
            ```python
            (group,) = crossbook_sandbox.seed("atom", groups=1).groups
            async with crossbook_sandbox.book("atom", default_group=group.id) as atom:
                await atom.contacts.create(Contact(phone="+61491570006"))
            ```
        """
        return self._book  # type: ignore[return-value]  # the overloads say whose

    def _book(self, vendor: str, **options: Unpack[BookOptions]) -> AddressBook:
        self._install_clock()
        if vendor not in self._inner.options.rates:
            options = {"rate": _UNLIMITED, **options}
        return registry.open(vendor, **options)

    @property
    def credentials(self) -> Mapping[str, Mapping[str, str]]:
        """What each vendor's account takes, by vendor and by the name of the argument."""
        return CREDENTIALS

    def seed(self, vendor: VendorName, contacts: int = 0, groups: int | Iterable[str] = ()) -> Seeded:
        """Stores made-up people: always the same ones, with phones of ranges that are kept for fiction.

        Args:
            vendor: in whose account.
            contacts: how many; a second time the next ones.
            groups: how many groups, or their names; the people are dealt out to them in turn. At Atom, where everybody
                is in a group, there is always one.

        Returns:
            What was stored, with the ids.

        Example:
            ```python
            friends, family = crossbook_sandbox.seed("vercom", contacts=50, groups=("Friends", "Family")).groups
            ```
        """
        return self._at(vendor, lambda book, profile: fill(book, profile, contacts, named(groups)))

    def contacts(self, vendor: VendorName) -> tuple[Contact, ...]:
        """Every contact that is stored, with all that is stored of it, whatever the vendor's answers would tell.

        Example:
            ```python
            await book.contacts.delete(contact.id)
            assert crossbook_sandbox.contacts("vercom") == ()
            ```
        """
        return self._at(vendor, contacts_of)

    def groups(self, vendor: VendorName) -> tuple[Group, ...]:
        """Every group that is stored; at Vercom the first is the vendor's own, of all contacts."""
        return self._at(vendor, groups_of)

    def inject_fault(
        self,
        what: str = "*",
        *,
        kind: FaultKind | int,
        vendor: VendorName | None = None,
        times: int | None = None,
        **settings: Unpack[FaultSettings],
    ) -> Armed:
        """Spoils the next call of a kind; faults strike in the order in which they were armed.

        Args:
            what: our verb ("create", "groups.create"; without a dot it is about contacts, where they have it), an
                operation of the vendor's spec ("createContacts", "login"), or "*", whatever comes next.
            kind: a status, for instance 429 or 503, that the vendor answers without doing anything; or
                `refused`, `unresolved`: no connection comes about; `no_room`: none becomes free;
                `timeout`: the vendor does it, and no answer comes in time, at once and without waiting;
                `vendor_error`: a status of 200 with the vendor's error inside;
                `reset`, `close`: the connection ends by RST or FIN, `when`: "before" the vendor does it (default),
                "after", or in the middle of the "body"; `late_commit`: so, and it is done up to `seconds` later;
                `cut`: it ends in the middle of the body; `truncated`, `empty`, `garbage`, `html`: the body is half,
                nothing, noise, a proxy's page; `slow`: it comes byte by byte, `seconds` apart;
                `delay`: the answer takes `seconds`; `expire_tokens`: every login token is dead;
                `window`: 429 for what exceeds `rate` a second;
                `rewrite`: the answer of a vendor that is not as described.
            vendor: at whom; by default at each vendor that has it.
            times: how many calls; by default one, and no end for `window`, `rewrite` and with a `probability`.
            settings: see `FaultSettings`.

        Returns:
            The fault; `.struck` tells how often it did.

        Raises:
            UsageError: nobody has such a call, or the fault cannot be so.

        Example:
            ```python
            crossbook_sandbox.inject_fault("create", kind="reset", when="after")  # stored, and nobody hears of it
            crossbook_sandbox.inject_fault("list", kind=429, retry_after=30, times=2)
            ```
        """
        given: dict[str, Any] = {"status": kind, **settings} if isinstance(kind, int) else dict(settings)
        if times is not None:
            given["count"] = times
        effect = "status" if isinstance(kind, int) else kind
        if effect != "status" and effect not in (kinds := get_args(FaultKind)):
            raise UsageError(f"inject_fault: kind is a status, or one of {', '.join(kinds)}")

        operations = operations_of(what, vendor)

        def arm() -> list[Any]:
            return [self._troubles.add(effect, name, operation, given) for name, operation in operations.items()]

        try:
            return Armed(self._do(arm))
        except ValueError as error:
            raise UsageError(f"inject_fault: {error}") from None

    def calls(self, vendor: VendorName | None = None, what: str = "*") -> list[Call]:
        """What reached the vendors, in its order.

        Args:
            vendor: whom; all by default.
            what: as `inject_fault` takes it.

        Example:
            ```python
            await book.contacts.create(Contact(email="anna@example.com"))
            (call,) = crossbook_sandbox.calls("vercom", "create")
            assert call.body[0]["email"] == "anna@example.com"
            ```
        """
        operations = operations_of(what, vendor)
        calls: list[Call] = self._do(lambda: [call_of(heard) for heard in self._heard])
        return [call for call in calls if operations.get(call.vendor) in ("*", call.operation)]

    def assert_called(self, what: str, *, vendor: VendorName | None = None, times: int | None = None) -> None:
        """Fails the test unless this reached the vendors; what was refused before it left did not.

        Args:
            what: as `inject_fault` takes it.
            vendor: whom; all together by default.
            times: how often, repeats included; None, the default, for at least once.

        Raises:
            AssertionError: it did not; the message lists what did.

        Example:
            ```python
            await book.contacts.delete(contact.id)
            crossbook_sandbox.assert_called("delete", vendor="vercom", times=1)
            ```
        """
        __tracebackhide__ = True
        found = self.calls(vendor, what)
        if len(found) != times if times is not None else not found:
            named = f"{vendor}: {what}" if vendor else what
            raise AssertionError(unlike(named, times, found, self.calls(vendor)))

    def configure(self, **switches: Unpack[Switches]) -> None:
        """Turns switches of the vendors; see `Switches`."""
        self._do(lambda: self._inner.configure(self._inner.options.changed(dict(switches))))

    def settle(self) -> int:
        """Does at once what a `late_commit` put off; returns how many calls that were."""
        settled: int = self._do(lambda: self._inner.settle())
        return settled

    def opt_out(self, vendor: VendorName, contact: str, *channels: Literal["sms", "email", "push"]) -> None:
        """Notes that a contact, by its id, wants nothing more through these channels, as the vendor's panel would."""
        self._at(vendor, lambda book, _: book.opt_out(int(contact), channels))

    def reset(self) -> None:
        """Makes all accounts fresh and empty, disarms every fault and forgets the calls."""

        def reset() -> None:
            self._troubles.clear()
            self._inner.faults.clear()
            for name in VENDORS:
                self._inner.reset(name)
            self._heard.clear()

        self._do(reset)

    def _at(self, vendor: str, work: Callable[[Any, VendorProfile], T]) -> T:
        profile = card_of(vendor)
        done: T = self._do(lambda: work(self._inner.vendors[vendor].book, profile))
        return done

    def _transport(self, asked: Callable[[], Transport]) -> Transport:
        transport = asked() if self._socket else Inside(self._vendors)
        return Spoiled(transport, self._troubles, self._vendors.find_operation, self._install_clock)

    def _install_clock(self) -> None:
        if self._clock is not None:
            self._clock.install()
