"""The one place where people are written: those who are not there yet are created, many at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

import anyio

from crossbook import AddressBook, Contact, CrossbookError, InvalidInput, Outcome, Rejected

from .compare import pair

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of one person.

    Args:
        person: who.
        status: `created` now, or `there` from an earlier run; `refused` by crossbook before any I/O or by the vendor,
            or `failed`: it may have been created.
        id: the vendor's id of the contact.
        outcome: what crossbook said of the write, if there was one.
        error: why it was refused or failed.
    """

    person: Contact
    status: Literal["created", "there", "refused", "failed"]
    id: str = ""
    outcome: Outcome | None = None
    error: CrossbookError | None = None


async def store(
    book: AddressBook, people: Sequence[Contact], group: str, *, workers: int, done: Callable[[], None]
) -> list[Stored]:
    """Writes people into a group, but for those who are in it already.

    A person whom the vendor refuses stops nobody else. Any other error does: the calls under way end as they end, no
    new one is begun, and the next run finds what this one wrote.

    Args:
        book: whose contacts they become.
        people: who.
        group: the group's id.
        workers: how many are written at the same time.
        done: called after each person.
    """
    pairs = pair(book, people, [contact async for contact in book.contacts.list(group=group)])
    results: list[Stored] = []

    async def write(person: Contact) -> bool:
        found = pairs.get(person.external_id or "")
        result = Stored(person, "there", found.id) if found else await _create(book, person, group)
        results.append(result)
        done()
        return result.status != "failed"

    await share(people, write, workers)
    return results


async def share(items: Iterable[T], work: Callable[[T], Awaitable[bool]], workers: int) -> None:
    """Does the work for each item, many at a time, until it is done or one says False: what is under way then ends."""
    waiting = iter(items)
    going = True

    async def worker() -> None:
        nonlocal going
        # All workers share one iterator, so each item is taken once.
        for item in waiting:
            going = await work(item) and going
            if not going:
                return

    async with anyio.create_task_group() as tasks:
        for _ in range(workers):
            tasks.start_soon(worker)


async def _create(book: AddressBook, person: Contact, group: str) -> Stored:
    try:
        outcome = await book.contacts.create(replace(person, groups=(group,)), on_loss="drop")
    except (InvalidInput, Rejected) as error:
        # With an id it is there, and a later step was refused.
        return Stored(person, "failed" if error.id else "refused", error.id or "", error=error)
    except CrossbookError as error:
        return Stored(person, "failed", error.id or "", error=error)
    return Stored(person, "created", outcome.id, outcome=outcome)
