"""Run a vendor of the sandbox in the test's process: without a socket, in real or virtual time."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import anyio
import anyio.lowlevel
from attrs import define, field
from fakes import BASE_URL, book_over, named
from starlette.datastructures import Headers

from crossbook import AddressBook
from crossbook._http.request import TIMED_OUT, PreparedRequest, TransportFailure, TransportResponse
from crossbook_sandbox.credentials import CREDENTIALS
from crossbook_sandbox.options import Options
from crossbook_sandbox.sandbox import Sandbox
from crossbook_sandbox.store import Store
from crossbook_sandbox.vendor import Call, Operation, decode_pairs

Answer = TransportResponse | TransportFailure
Run = Callable[[], TransportResponse]
LOST = TransportFailure("lost", "maybe", "ReadError")
REFUSED = TransportFailure("connect", "no", "ConnectError")


@define(slots=False)
class LocalVendor:
    """A transport to one vendor's account.

    Args:
        vendor: the vendor's name.
        choose_fault: gets the operation's name before each call, and returns a fault or None. The fault gets the vendor
            and a function that processes the call and returns the true response.
    """

    vendor: str
    choose_fault: Callable[[str], Callable[[LocalVendor, Run], Any] | None] = field(default=lambda _: None)
    name: str = "local"
    count: Counter[str] = field(factory=Counter)
    in_flight: int = 0
    peak: int = 0
    _due: list[tuple[float, Run]] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.sandbox = Sandbox(Store(), Options(rates={}, vercom_segment_wait=0))
        self.account = self.sandbox.vendors[self.vendor]

    def book(self, **options: Any) -> AddressBook:
        credentials = {k: v for k, v in CREDENTIALS[self.vendor].items() if (self.vendor, k) != ("serwersms", "token")}
        arguments = {"rate": 1e6, **credentials, **named(self.vendor), **options}
        return book_over(self.vendor, self, **arguments)  # type: ignore[arg-type, no-any-return]

    async def send(self, call: PreparedRequest) -> Answer:
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        try:
            await anyio.lowlevel.checkpoint()
            self._catch_up()
            operation, received = self._received(call)
            self.count[operation.name] += 1
            fault = self.choose_fault(operation.name)
            run = self._run(received, operation)
            with anyio.CancelScope(deadline=call.deadline):
                return await fault(self, run) if fault else run()
            return TIMED_OUT
        finally:
            self.in_flight -= 1

    async def aclose(self) -> None: ...

    def later(self, seconds: float, run: Run) -> None:
        """Process a call after a delay, although its client is gone."""
        self._due.append((anyio.current_time() + seconds, run))

    def settle(self) -> None:
        """Process all delayed calls now."""
        due, self._due = self._due, []
        for _, run in due:
            run()

    def group(self) -> str:
        """Create a group and return its id."""
        number = self.account.book.add_group({"name": "Friends"})
        row = self.account.book.group(number)
        assert row is not None
        return str(row["key"] if self.vendor == "filemail" else number)

    def contacts(self) -> list[Any]:
        """Return the rows of all stored contacts."""
        self.settle()
        return self.account.book.rows("SELECT * FROM contact WHERE vendor = ? ORDER BY id", self.vendor)

    def _catch_up(self) -> None:
        now = anyio.current_time()
        due = [run for at, run in self._due if at <= now]
        self._due = [late for late in self._due if late[0] > now]
        for run in due:
            run()

    def _received(self, call: PreparedRequest) -> tuple[Operation, Call]:
        parts = urlsplit(call.target.decode())
        headers = Headers(raw=[(name.lower(), value) for name, value in call.headers])
        for operation in self.account.operations:
            for path in operation.paths:
                found = re.fullmatch(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path)), parts.path)
                if found and call.method in operation.methods:
                    query = decode_pairs(parts.query.encode())
                    received = Call(call.method, parts.path, found.groupdict(), headers, query, [], call.body)
                    return operation, received
        raise AssertionError(f"{call.method} {parts.path} is no operation of {self.vendor}")

    def _run(self, call: Call, operation: Operation) -> Run:
        def run() -> TransportResponse:
            true = self.account.respond(call, operation)
            return TransportResponse(true.status, {"content-type": true.content_type, **true.headers}, true.body)

        return run


assert BASE_URL.count("/") == 2  # the URL has no path
