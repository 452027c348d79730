"""What an editor infers in a user's own tests. Never run: mypy and pyright read it."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from typing import Any, assert_type

from crossbook import AddressBook, Atom, Contact, Filemail, Group, SerwerSMS, Vercom
from crossbook_testing import BookFactory, Call, Clock, InjectedFault, Sandbox, SeededData


async def fixtures(crossbook_sandbox: Sandbox, crossbook_book: BookFactory, crossbook_clock: Clock, name: str) -> None:
    assert_type(crossbook_book("serwersms"), SerwerSMS)
    assert_type(crossbook_book("atom", default_group="1"), Atom)
    assert_type(crossbook_book("filemail", timeout=3), Filemail)
    assert_type(crossbook_book(name), AddressBook)
    async with crossbook_book("vercom") as book:
        assert_type(book, Vercom)
    crossbook_book("vercom", timeuot=3)  # type: ignore[call-overload]

    seeded = crossbook_sandbox.seed("vercom", contacts=50, groups=("Friends", "Family"))
    assert_type(seeded, SeededData)
    assert_type(seeded.contacts, tuple[Contact, ...])
    assert_type(seeded.groups[0], Group)
    crossbook_sandbox.seed("atom", contacts=5, groups=2)
    crossbook_sandbox.seed("twilio")  # type: ignore[arg-type]

    assert_type(crossbook_sandbox.inject_fault("create", kind=429, retry_after=30, vendor="atom"), InjectedFault)
    crossbook_sandbox.inject_fault("create", kind="reset", when="body", times=2)
    crossbook_sandbox.inject_fault("create", kind="explosion")  # type: ignore[arg-type]
    crossbook_sandbox.inject_fault("create", kind="reset", when="never")  # type: ignore[arg-type]
    crossbook_sandbox.inject_fault("create", kind="reset", secs=3)  # type: ignore[call-arg]

    assert_type(crossbook_sandbox.calls("vercom", "create"), list[Call])
    assert_type(crossbook_sandbox.calls()[0].status, int | None)
    assert_type(crossbook_sandbox.calls()[0].body, Any)
    assert_type(crossbook_sandbox.contacts("filemail"), tuple[Contact, ...])
    assert_type(crossbook_sandbox.settle(), int)
    crossbook_sandbox.assert_called("create", vendor="vercom", times=1)
    crossbook_sandbox.configure(rates={"atom": 10}, filemail_token_lifetime=60)
    crossbook_sandbox.configure(vercom_mood="bad")  # type: ignore[call-arg]

    assert_type(crossbook_clock.elapsed, float)
    crossbook_clock.advance(30)
    crossbook_clock.autojump = False


def without_pytest() -> None:
    with Sandbox(socket=True, rates={"atom": 10}) as sandbox:
        assert_type(sandbox, Sandbox)
        assert_type(sandbox.book("vercom"), Vercom)
    Sandbox(sokcet=True)  # type: ignore[call-arg]
