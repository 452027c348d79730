"""The one place where people are written: those who are not there yet are created, many at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import anyio

from crossbook import AddressBook, Contact, CrossbookError, InvalidInput, Outcome, Rejected

from .compare import pair


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

    A person whom the vendor refuses stops nobody else. Any other error does: the calls under way are ended in peace,
    no new one is begun, and the next run finds what this one wrote.

    Args:
        book: whose contacts they become.
        people: who.
        group: the group's id.
        workers: how many are written at the same time.
        done: called after each person.
    """
    pairs = pair(book, people, [contact async for contact in book.contacts.list(group=group)])
    results: list[Stored] = []
    # The workers share one iterator, so each person is taken once.
    waiting = iter(people)
    stopped = False

    async def work() -> None:
        nonlocal stopped
        for person in waiting:
            found = pairs.get(person.external_id or "")
            result = Stored(person, "there", found.id) if found else await _create(book, person, group)
            results.append(result)
            done()
            stopped = stopped or result.status == "failed"
            if stopped:
                return

    async with anyio.create_task_group() as tasks:
        for _ in range(workers):
            tasks.start_soon(work)
    return results


async def _create(book: AddressBook, person: Contact, group: str) -> Stored:
    try:
        outcome = await book.contacts.create(replace(person, groups=(group,)), on_loss="drop")
    except (InvalidInput, Rejected) as error:
        return Stored(person, "refused", error=error)
    except CrossbookError as error:
        return Stored(person, "failed", error.id or "", error=error)
    return Stored(person, "created", outcome.id, outcome=outcome)
