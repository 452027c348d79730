"""The one place where people are written: one `upsert_many` a vendor, with a journal beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from crossbook import AddressBook, Contact, CrossbookError, InvalidInput, Rejected


Status = Literal["created", "there", "updated", "skipped", "refused", "failed"]


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of one person.

    Args:
        person: who.
        status: `created` now; `there` from an earlier run, as it should be; `updated`: there, and set right; `skipped`:
            somebody before had the same phone or e-mail; `refused` by crossbook before any I/O or by the vendor;
            `failed`: it may have been created.
        id: the vendor's id of the contact.
        error: why it was refused or failed.
    """

    person: Contact
    status: Status
    id: str = ""
    error: CrossbookError | None = None


async def store(
    book: AddressBook, people: Sequence[Contact], group: str, *, workers: int, journal: Path, done: Callable[[], None]
) -> list[Stored]:
    """Writes people into a group: who is not there is created, who differs is set right.

    A run that was interrupted goes on where it was, by its journal; when all is done the journal is of no more use.

    Args:
        book: whose contacts they become.
        people: who.
        group: the group's id.
        workers: how many are written at the same time.
        journal: where the run keeps its intents and outcomes.
        done: called after each person.
    """
    match = next(iter(book.card.match_keys))
    results: list[Stored] = []
    async with book.contacts.upsert_many(
        [replace(person, groups=(group,)) for person in people],
        match=match,  # type: ignore[arg-type]  # the card names it
        journal=journal,
        ref=lambda person: person.external_id,
        on_loss="drop",
        on_duplicate="skip",
        concurrency=workers,
        settle=2,
    ) as run:
        async for result in run:
            status: Status = _STATUS.get(result.status, "failed")
            if result.status == "failed" and isinstance(result.error, (InvalidInput, Rejected)) and not result.id:
                status = "refused"
            results.append(Stored(people[result.index], status, result.id or "", result.error))
            done()
    if run.summarised().stopped is None and all(result.status != "failed" for result in results):
        for file in journal.parent.glob(f"{journal.name}*"):
            file.unlink()
    return results


_STATUS: dict[str, Status] = {
    "created": "created",
    "unchanged": "there",
    "updated": "updated",
    "skipped": "skipped",
}
