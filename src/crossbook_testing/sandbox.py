"""`Sandbox`: the four vendors for one test, with their accounts, received calls and faults."""

from __future__ import annotations

import itertools
import os
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
from crossbook.vendor import VendorProfile, environment_variable
from crossbook_sandbox import Options, Store, create_app
from crossbook_sandbox.credentials import CREDENTIALS, environment
from crossbook_sandbox.options import VENDORS
from crossbook_sandbox.routing import Vendors
from crossbook_sandbox.sandbox import ReceivedCall
from crossbook_sandbox.vendor import Vendor
from crossbook_testing.accounts import (
    BookFactory,
    Switches,
    VendorName,
    build_environment,
    find_operations,
    get_profile,
)
from crossbook_testing.calls import Call, describe_mismatch, make_call
from crossbook_testing.clock import Clock
from crossbook_testing.faults import FaultKind, FaultSettings, InjectedFault
from crossbook_testing.guard import guard_books, replace_environment
from crossbook_testing.storage import SeededData, make_group_names, read_contacts, read_groups, store_people
from crossbook_testing.transports import ConnectionFaults, FaultyTransport, InProcessTransport

T = TypeVar("T")
_ORIGIN_NUMBERS = itertools.count(1)
_UNLIMITED = 1e6


class Sandbox:
    """SerwerSMS, Atom, Filemail and Vercom with new, empty accounts, for the time of a `with` block.

    Inside the block the `CROSSBOOK_…` variables hold the sandbox's credentials. An application that opens its own
    books (`from_env`, `crossbook.open`, `crossbook.fastapi.lifespan`) therefore reaches the sandbox. A book that would
    reach another server raises `UsageError`. In pytest the fixture `crossbook_sandbox` is a sandbox, with the
    arguments of `@pytest.mark.crossbook_sandbox(…)`.

    Args:
        socket: whether the sandbox listens on a port of this machine, as an application in another process needs. By
            default books call it in their own process, under asyncio and trio, without a socket.
        clock: the clock of the sandbox; real time by default.
        switches: see `Switches`.

    Attributes:
        base_urls: the base URLs by vendor name.
        env: the variables that are set, for the environment of another process.

    Raises:
        UsageError: both a socket and a clock: calls through a socket take real time.
        ValueError: a switch is unknown or has an invalid value.

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
            raise UsageError("a sandbox with socket=True needs real time: pass either clock or socket=True")
        self._clock = clock
        self._socket = socket
        self._store = Store(clock=clock.unix) if clock else Store()
        self._app = create_app(self._store, Options(rates={}).changed(dict(switches)))
        self._inner = self._app.state.sandbox
        self._received: list[ReceivedCall] = []
        self._inner.on_call = self._received.append
        self._vendors = Vendors(self._app, self._inner)
        self._connection_faults = ConnectionFaults(self._inner.faults)
        # Runs a function between two requests; the server replaces it if there is a socket.
        self._do: Callable[[Callable[[], Any]], Any] = lambda work: work()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        # A new address for each sandbox, since crossbook keeps what it learns of an account's limits by origin.
        # Loopback needs no https. No server listens at this address.
        origin = f"http://{IPv4Address('127.1.0.0') + next(_ORIGIN_NUMBERS)}"
        if self._socket:
            from crossbook_testing.server_thread import ServerThread

            server = ServerThread(self._app)
            self._stack.callback(server.close)
            origin, self._do = server.url, server.call
        self._stack.callback(self._store.close)
        self.base_urls = {name: f"{origin}/{name}" for name in VENDORS}
        self.env = build_environment(self.base_urls)
        self._stack.enter_context(guard_books(origin, self.env, self._transport))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._do(lambda: [self._inner.reset(name) for name in VENDORS])
        self._do(self._inner.remove_accounts)
        self._stack.close()

    @property
    def book(self) -> BookFactory:
        """Return a book on one of the sandbox's accounts. Open the book with `async with`.

        The book has no rate limit, unless `rate=` is given or the sandbox limits the vendor (`rates=`).

        Example:
            ```python
            (group,) = crossbook_sandbox.seed("atom", groups=1).groups
            async with crossbook_sandbox.book("atom", default_group=group.id) as atom:
                await atom.contacts.create(Contact(phone="+61491570006"))
            ```
        """
        return self._book  # type: ignore[return-value]  # the overloads name the class

    def _book(self, name: str, **options: Unpack[BookOptions]) -> AddressBook:
        self._install_clock()
        account = self._inner.accounts.get(name)
        if (account.name if account else name) not in self._inner.options.rates:
            options = {"rate": _UNLIMITED, **options}
        return registry.open(name, **options)

    @property
    def credentials(self) -> Mapping[str, Mapping[str, str]]:
        """The credentials of the accounts, by vendor and by argument name."""
        return CREDENTIALS

    def add_account(self, name: str, vendor: VendorName) -> SandboxAccount:
        """Add an empty account of a vendor, with credentials, contacts and groups of its own.

        The variables `CROSSBOOK_<NAME>_…` then name it, so that `crossbook.open(name)` opens a book on it. The methods
        of the sandbox that take a vendor read and write the vendor's first account. `calls` and faults are about all
        accounts of a vendor.

        Args:
            name: a name for the account: small letters, digits and dashes. An account of this name and vendor that
                exists is returned again.
            vendor: the vendor.

        Raises:
            UsageError: the name is invalid, or an account of another vendor has it.

        Example:
            ```python
            europe = crossbook_sandbox.add_account("eu", "vercom")
            async with crossbook_book("vercom") as first, europe.book() as second:
                await second.contacts.create(Contact(email="anna@example.com"))
            assert [contact.email for contact in europe.contacts()] == ["anna@example.com"]
            ```
        """
        get_profile(vendor)
        try:
            added: Vendor = self._do(lambda: self._inner.add_account(name, vendor))
        except ValueError as error:
            raise UsageError(f"add_account: {error}") from None
        prefix = environment_variable(name, "")
        variables = {
            key: value for key, value in environment(self.base_urls, {name: vendor}).items() if key.startswith(prefix)
        }
        before = {key: value for key, value in os.environ.items() if key.startswith(prefix)}
        replace_environment(before, variables)
        self._stack.callback(replace_environment, variables, before)
        self.env = {**self.env, **variables}
        return SandboxAccount(self, name, vendor, added.credentials)

    def seed(self, vendor: VendorName, contacts: int = 0, groups: int | Iterable[str] = ()) -> SeededData:
        """Store made-up contacts in the accounts: always the same, with phone numbers reserved for fiction.

        Args:
            vendor: the vendor of the account.
            contacts: the number of contacts. A second call stores the next people.
            groups: the number of groups, or their names. The people are divided among them in turn. At Atom, where
                each contact is in a group, there is always one.

        Returns:
            The stored contacts and groups, with their ids.

        Example:
            ```python
            friends, family = crossbook_sandbox.seed("vercom", contacts=50, groups=("Friends", "Family")).groups
            ```
        """
        return self._at(vendor, lambda book, profile: store_people(book, profile, contacts, make_group_names(groups)))

    def contacts(self, vendor: VendorName) -> tuple[Contact, ...]:
        """Return every stored contact with all its fields, also those that the vendor's API does not show.

        Example:
            ```python
            await book.contacts.delete(contact.id)
            assert crossbook_sandbox.contacts("vercom") == ()
            ```
        """
        return self._at(vendor, read_contacts)

    def groups(self, vendor: VendorName) -> tuple[Group, ...]:
        """Return every stored group. At Vercom the first is the vendor's own group of all contacts."""
        return self._at(vendor, read_groups)

    def inject_fault(
        self,
        operation: str = "*",
        *,
        kind: FaultKind | int,
        vendor: VendorName | None = None,
        times: int | None = None,
        **settings: Unpack[FaultSettings],
    ) -> InjectedFault:
        """Make the next call of an operation fail. Faults strike in the order in which they were injected.

        Args:
            operation: a verb of crossbook ("create", "groups.create"; without a dot it is about contacts if they have
                it), an operationId of the vendor's spec ("createContacts", "login"), or "*" for the next call.
            kind: a status, for instance 429 or 503, with which the vendor responds without doing the operation; or
                `refused`, `unresolved`: no connection can be made; `no_room`: no connection becomes free;
                `timeout`: the operation is done, and the response does not come in time (at once, without waiting);
                `vendor_error`: status 200 with the vendor's error in the body;
                `reset`, `close`: the connection ends by RST or FIN, `when`: "before" the operation (default), "after"
                it, or in the middle of the "body"; `late_commit`: the same, and the operation is done up to `seconds`
                later;
                `cut`: the connection ends in the middle of the body; `truncated`, `empty`, `garbage`, `html`: the body
                is half, empty, noise, a proxy's page; `slow`: the body comes byte by byte, `seconds` apart;
                `delay`: the response takes `seconds`; `expire_tokens`: every login token has expired;
                `window`: 429 for what exceeds `rate` a second;
                `rewrite`: a response that differs from the vendor's documentation.
            vendor: the vendor; by default every vendor that has the operation.
            times: how many calls; by default one, and no end for `window`, `rewrite` and with a `probability`.
            settings: see `FaultSettings`.

        Returns:
            The fault. `.hits` is the number of affected calls.

        Raises:
            UsageError: no vendor has the operation, or a setting is invalid.

        Example:
            ```python
            crossbook_sandbox.inject_fault("create", kind="reset", when="after")  # stored, and the response is lost
            crossbook_sandbox.inject_fault("list", kind=429, retry_after=30, times=2)
            ```
        """
        given: dict[str, Any] = {"status": kind, **settings} if isinstance(kind, int) else dict(settings)
        if times is not None:
            given["count"] = times
        if not isinstance(kind, int) and kind not in get_args(FaultKind):
            raise UsageError(f"inject_fault: kind must be an HTTP status, or one of {', '.join(get_args(FaultKind))}")
        name = "status" if isinstance(kind, int) else kind
        operations = find_operations(operation, vendor)

        def add() -> list[Any]:
            return [self._connection_faults.add(name, each, its, given) for each, its in operations.items()]

        try:
            return InjectedFault(self._do(add))
        except ValueError as error:
            raise UsageError(f"inject_fault: {error}") from None

    def calls(self, vendor: VendorName | None = None, operation: str = "*") -> list[Call]:
        """Return the calls that reached the vendors, in order.

        Args:
            vendor: the vendor; all by default.
            operation: as in `inject_fault`.

        Example:
            ```python
            await book.contacts.create(Contact(email="anna@example.com"))
            (call,) = crossbook_sandbox.calls("vercom", "create")
            assert call.body[0]["email"] == "anna@example.com"
            ```
        """
        operations = find_operations(operation, vendor)
        calls: list[Call] = self._do(lambda: [make_call(received) for received in self._received])
        return [call for call in calls if operations.get(call.vendor) in ("*", call.operation)]

    def assert_called(self, operation: str, *, vendor: VendorName | None = None, times: int | None = None) -> None:
        """Fail the test unless calls of this operation reached the vendors.

        Args:
            operation: as in `inject_fault`.
            vendor: the vendor; all together by default.
            times: the number of calls, retries included; None, the default, for at least one.

        Raises:
            AssertionError: the number differs. The message lists all calls.

        Example:
            ```python
            await book.contacts.delete(contact.id)
            crossbook_sandbox.assert_called("delete", vendor="vercom", times=1)
            ```
        """
        __tracebackhide__ = True
        found = self.calls(vendor, operation)
        if len(found) != times if times is not None else not found:
            name = f"{vendor}: {operation}" if vendor else operation
            raise AssertionError(describe_mismatch(name, times, found, self.calls(vendor)))

    def configure(self, **switches: Unpack[Switches]) -> None:
        """Set switches of the vendors; see `Switches`."""
        self._do(lambda: self._inner.configure(self._inner.options.changed(dict(switches))))

    def settle(self) -> int:
        """Run the operations that the fault `late_commit` has delayed, and return their number."""
        settled: int = self._do(lambda: self._inner.settle())
        return settled

    def opt_out(self, vendor: VendorName, contact: str, *channels: Literal["sms", "email", "push"]) -> None:
        """Unsubscribe the contact with this id from these channels, as an operator can in the vendor's web panel."""
        self._opt_out(vendor, contact, channels)

    def reset(self) -> None:
        """Empty all accounts, remove every fault and clear the recorded calls."""

        def reset() -> None:
            self._connection_faults.clear()
            self._inner.faults.clear()
            for name in [*VENDORS, *self._inner.accounts]:
                self._inner.reset(name)
            self._received.clear()

        self._do(reset)

    def _at(self, vendor: str, work: Callable[[Any, VendorProfile], T], account: str = "") -> T:
        profile = get_profile(vendor)
        done: T = self._do(lambda: work(self._inner.find(account or vendor).book, profile))
        return done

    def _opt_out(self, key: str, contact: str, channels: Iterable[str]) -> None:
        self._do(lambda: self._inner.find(key).opt_out(int(contact), channels))

    def _transport(self, make: Callable[[], Transport]) -> Transport:
        transport = make() if self._socket else InProcessTransport(self._vendors)
        return FaultyTransport(transport, self._connection_faults, self._vendors.find_operation, self._install_clock)

    def _install_clock(self) -> None:
        if self._clock is not None:
            self._clock.install()


class SandboxAccount:
    """A further account of a vendor in the sandbox, which `Sandbox.add_account` made.

    Attributes:
        name: the account's name, for `crossbook.open` and the variables `CROSSBOOK_<NAME>_…`.
        vendor: the vendor's name.
        credentials: the account's credentials, by argument name.
    """

    def __init__(self, sandbox: Sandbox, name: str, vendor: VendorName, credentials: Mapping[str, str]) -> None:
        self.name = name
        self.vendor: VendorName = vendor
        self.credentials = credentials
        self._sandbox = sandbox

    def __repr__(self) -> str:
        return f"<SandboxAccount {self.name} of {self.vendor}>"

    def book(self, **options: Unpack[BookOptions]) -> AddressBook:
        """Return a book on this account; see `Sandbox.book`."""
        return self._sandbox.book(self.name, **options)

    def seed(self, contacts: int = 0, groups: int | Iterable[str] = ()) -> SeededData:
        """Store made-up contacts in this account; see `Sandbox.seed`."""
        return self._sandbox._at(  # pyright: ignore[reportPrivateUsage]
            self.vendor,
            lambda book, profile: store_people(book, profile, contacts, make_group_names(groups)),
            self.name,
        )

    def contacts(self) -> tuple[Contact, ...]:
        """Return every contact stored in this account; see `Sandbox.contacts`."""
        return self._sandbox._at(self.vendor, read_contacts, self.name)  # pyright: ignore[reportPrivateUsage]

    def groups(self) -> tuple[Group, ...]:
        """Return every group stored in this account; see `Sandbox.groups`."""
        return self._sandbox._at(self.vendor, read_groups, self.name)  # pyright: ignore[reportPrivateUsage]

    def calls(self, operation: str = "*") -> list[Call]:
        """Return the calls that reached this account, in order; see `Sandbox.calls`."""
        return [call for call in self._sandbox.calls(self.vendor, operation) if call.account == self.name]

    def opt_out(self, contact: str, *channels: Literal["sms", "email", "push"]) -> None:
        """Unsubscribe the contact with this id from these channels; see `Sandbox.opt_out`."""
        self._sandbox._opt_out(self.name, contact, channels)  # pyright: ignore[reportPrivateUsage]
