"""Every fault, with and without a socket: the caller gets the same error and the vendor has the same effect."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any

import anyio
import pytest

from crossbook import AddressBook, Contact, CrossbookError, UsageError
from crossbook_sandbox.faults import KINDS
from crossbook_testing import Clock, Sandbox
from tests.chaos.stalls import detect_stalls

pytestmark = pytest.mark.anyio


@dataclass
class Case:
    """A fault, and what a create and a list under it come to: the error, whether it left, its status and cause."""

    kind: Any
    error: str
    sent: str
    settings: dict[str, Any] = field(default_factory=dict)
    status: int | None = None
    cause: str | None = None
    committed: int = 0
    options: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return "-".join([str(self.kind), *(str(value) for value in self.settings.values())])


def lost(kind: str, cause: str, status: int | None = None, committed: int = 1, **more: Any) -> Case:
    return Case(kind, "NoResponseError", "maybe", cause=cause, status=status, committed=committed, **more)


def no_answer(kind: str, cause: str | None, committed: int = 1, **settings: Any) -> Case:
    return Case(kind, "InvalidResponseError", "yes", settings, 200, cause, committed)


CASES = [
    Case("refused", "ConnectError", "no", cause="ConnectError"),
    Case("unresolved", "ConnectError", "no", cause="ConnectError"),
    Case("no_room", "ConnectError", "no", cause="PoolTimeout"),
    lost("timeout", "ReadTimeout"),
    lost("timeout", "ReadTimeout", committed=0, settings={"committed": False}),
    lost("reset", "ReadError", committed=0),
    lost("reset", "ReadError", settings={"when": "after"}),
    lost("reset", "ReadError", status=200, settings={"when": "body"}),
    lost("close", "RemoteProtocolError", committed=0),
    lost("close", "RemoteProtocolError", settings={"when": "after"}),
    lost("close", "RemoteProtocolError", status=200, settings={"when": "body"}),
    lost("late_commit", "ReadError", settings={"seconds": 600}),
    lost("cut", "RemoteProtocolError", status=200),
    lost("slow", "ReadTimeout", status=200, settings={"seconds": 0.3}, options={"read_timeout": 0.1}),
    lost("delay", "ReadTimeout", settings={"seconds": 0.3, "when": "after"}, options={"read_timeout": 0.1}),
    lost("delay", "ReadTimeout", settings={"seconds": 0.3}, options={"read_timeout": 0.1}),
    lost("delay", "deadline", settings={"seconds": 0.6}, options={"timeout": 0.3}),
    no_answer("truncated", "DecodeError"),
    no_answer("garbage", None),
    no_answer("html", "DecodeError"),
    no_answer("empty", None),
    Case("empty", "InvalidResponseError", "yes", {"committed": False}, 200),
    Case("html", "VendorUnavailableError", "yes", {"status": 502, "committed": False}, 502),
    Case("cut", "VendorUnavailableError", "yes", {"status": 503}, 503, committed=1),
    # An error with status 200 does not say whether the create happened: it is to be looked up.
    Case("vendor_error", "InvalidResponseError", "yes", status=200),
    *(Case(status, "VendorUnavailableError", "yes", status=status) for status in (500, 503, 520)),
    Case(500, "VendorUnavailableError", "yes", {"committed": True}, 500, committed=1),
    Case(202, "VendorUnavailableError", "yes", {"retry_after": 1}, 202),
    Case(429, "RateLimitError", "yes", status=429),
    Case(429, "RateLimitError", "yes", {"retry_after": 600}, 429),
    no_answer("rewrite", None, drop=["data"]),
    Case("window", "RateLimitError", "yes", {"rate": 0.0001, "burst": 1, "retry_after": True}, 429),
]


def test_every_kind_of_the_sandbox_is_tested() -> None:
    # A status is a number here, tokens have a test below, and what a rewritten answer says is no fault of a bad day.
    others = {"status", "expire_tokens", "rewrite"}
    assert {case.kind for case in CASES if isinstance(case.kind, str)} >= KINDS.keys() - others


async def outcome(sandbox: Sandbox, case: Case) -> tuple[Any, ...]:
    """What a create under this fault comes to."""
    async with sandbox.book("vercom", max_attempts=1, **case.options) as book:
        if case.kind == "window":
            sandbox.inject_fault("create", kind="window", **case.settings)
            await book.contacts.create(Contact(email="first@example.com"))
        else:
            sandbox.inject_fault("create", kind=case.kind, **case.settings)
        before = len(sandbox.contacts("vercom"))
        error = await failure(book.contacts.create(Contact(email="anna@example.com")))
        if case.kind == "delay":
            with anyio.fail_after(60):
                while len(sandbox.contacts("vercom")) == before:
                    await anyio.sleep(0.05)  # the vendor works on, in its own time
                    sandbox.settle()
        sandbox.settle()
        stored = len(sandbox.contacts("vercom")) - before
        arrived = len(sandbox.calls("vercom", "create"))
    reported = error and (error.sent, error.status, error.cause, error.retry_after is not None)
    return type(error).__name__, *(reported or (None,) * 4), stored, arrived


async def failure(call: Awaitable[object]) -> CrossbookError | None:
    try:
        await call
    except CrossbookError as error:
        return error
    return None


async def undisturbed(case: Case, *, socket: bool) -> tuple[Any, ...]:
    """The same, and again if it came to something else while the machine stood still: some faults are short."""
    for _ in range(5):
        with Sandbox(socket=socket) as sandbox:
            async with detect_stalls() as stalls:
                found = await outcome(sandbox, case)
        if found[:3] == (case.error, case.sent, case.status) or stalls.is_regular:
            break
    return found


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_fault_is_equal_without_socket(case: Case) -> None:
    inside, outside = await undisturbed(case, socket=False), await undisturbed(case, socket=True)
    assert inside == outside
    error, sent, status, cause, _, stored, _ = inside
    assert (error, sent, status, stored) == (case.error, case.sent, case.status, case.committed)
    if case.kind != "garbage":
        assert cause == case.cause


async def test_expire_tokens() -> None:
    with Sandbox() as sandbox:
        async with sandbox.book("filemail") as book:
            await book.groups.list()
            sandbox.inject_fault("groups.list", kind="expire_tokens")
            await book.groups.list()
        sandbox.assert_called("login", times=2)


async def test_list_is_retried(vendor: str, crossbook_clock: Clock) -> None:
    with Sandbox(clock=crossbook_clock) as sandbox:
        seeded = sandbox.seed(vendor, contacts=3, groups=1)
        for kind in ("refused", "no_room", "timeout", "reset", "cut", "html", "empty", 503):
            fault = sandbox.inject_fault("list", vendor=vendor, kind=kind)
            async with sandbox.book(vendor) as book:
                found = [contact.id async for contact in book.contacts.list()]
            assert found == [contact.id for contact in seeded.contacts]
            assert fault.hits == 1


async def test_faults_strike_in_order(crossbook_clock: Clock) -> None:
    with Sandbox(clock=crossbook_clock) as sandbox:
        kinds = ["reset", "refused", 429, "no_room", "cut"]
        for kind in kinds:
            sandbox.inject_fault("create", kind=kind, vendor="vercom")
        seen: list[tuple[str | None, int | None]] = []
        async with sandbox.book("vercom", max_attempts=1) as book:
            for _ in kinds:
                with pytest.raises(CrossbookError) as caught:
                    await book.contacts.create(Contact(email="anna@example.com"))
                seen.append((caught.value.cause, caught.value.status))
        assert seen == [
            ("ReadError", None),
            ("ConnectError", None),
            (None, 429),
            ("PoolTimeout", None),
            ("RemoteProtocolError", 200),
        ]


async def test_times_and_probability() -> None:
    async def failures(sandbox: Sandbox, calls: int) -> int:
        failed = 0
        async with sandbox.book("vercom", max_attempts=1) as book:
            for _ in range(calls):
                try:
                    await book.groups.list()
                except CrossbookError:
                    failed += 1
        return failed

    with Sandbox() as sandbox:
        fault = sandbox.inject_fault("groups.list", kind=500, times=2, skip=1)
        assert (await failures(sandbox, 5), fault.hits) == (2, 2)
        by_chance = [sandbox.inject_fault("groups.list", kind="refused", vendor="vercom", probability=0.5, seed=7)]
        first = await failures(sandbox, 40)
        assert 0 < first < 40
        assert by_chance[0].hits == first
        sandbox.reset()
        assert await failures(sandbox, 5) == 0
        sandbox.inject_fault("groups.list", kind="refused", vendor="vercom", probability=0.5, seed=7)
        assert await failures(sandbox, 40) == first


@pytest.mark.parametrize(
    ("what", "settings", "says"),
    [
        ("destroy", {"kind": 500}, "no operation 'destroy': take a verb"),
        ("unsubscribe", {"kind": 500, "vendor": "atom"}, "Atom has no operation 'unsubscribe'"),
        ("create", {"kind": "explosion"}, "kind must be an HTTP status, or one of refused, .*, rewrite$"),
        ("create", {"kind": 700}, "status cannot be 700"),
        ("create", {"kind": "reset", "seconds": 3}, "reset has no setting 'seconds'"),
        ("create", {"kind": "refused", "retry_after": 3}, "has no setting 'retry_after'"),
        ("create", {"kind": 500, "vendor": "twilio"}, "no vendor 'twilio'"),
        ("create", {"kind": 500, "times": 0}, "count cannot be 0"),
    ],
)
async def test_invalid_fault_raises(what: str, settings: dict[str, Any], says: str) -> None:
    with Sandbox() as sandbox, pytest.raises(UsageError, match=says):
        sandbox.inject_fault(what, **settings)


async def test_body_larger_than_max_response_bytes() -> None:
    found: list[Any] = []
    for socket in (False, True):
        with Sandbox(socket=socket) as sandbox:
            sandbox.seed("vercom", contacts=50)
            book: AddressBook
            async with sandbox.book("vercom", max_response_bytes=1000, max_attempts=1) as book:
                with pytest.raises(CrossbookError) as caught:
                    await book.contacts.list()
                error = caught.value
                found.append((type(error).__name__, error.sent, error.cause, error.status))
    assert found[0] == found[1]
    assert found[0][0] == "ResponseTooLargeError"
