"""Run by pytest in a new environment: use crossbook's fixtures."""

from __future__ import annotations

import pytest

import crossbook
from crossbook import Contact
from crossbook_testing import BookFactory, Clock, Sandbox


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.anyio
async def test_the_fixtures(crossbook_sandbox: Sandbox, crossbook_book: BookFactory, crossbook_clock: Clock) -> None:
    crossbook_sandbox.inject_fault("create", kind=429, retry_after=30)
    async with crossbook_book("vercom") as book:
        await book.contacts.create(Contact(phone="+48500600700"))
        crossbook_sandbox.inject_fault("create", kind="reset", when="after")
        with pytest.raises(crossbook.NoResponseError):
            await book.contacts.create(Contact(phone="+48500600701"))
    assert [contact.phone for contact in crossbook_sandbox.contacts("vercom")] == ["+48500600700", "+48500600701"]
    assert crossbook_clock.elapsed >= 30


@pytest.mark.anyio
@pytest.mark.crossbook_sandbox(socket=True)
async def test_the_sandbox_as_a_server(crossbook_sandbox: Sandbox, crossbook_book: BookFactory) -> None:
    async with crossbook_book("atom", default_group=crossbook_sandbox.seed("atom", groups=1).groups[0].id) as book:
        await book.contacts.create(Contact(phone="+48500600700"))
    crossbook_sandbox.assert_called("create", vendor="atom", times=1)
