"""Write people: one `upsert_many` for each vendor, with a journal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from crossbook import AddressBook, Contact, CrossbookError, InvalidInputError, MatchKey, RejectedError, Result

Status = Literal["created", "there", "updated", "skipped", "refused", "failed"]


@dataclass(frozen=True, slots=True)
class Stored:
    """The result of storing one person.

    Args:
        person: the person, as a contact.
        status: `created` by this run; `there`: an earlier run stored the same contact; `updated`: an earlier run stored
            it with other values, which this run corrected; `skipped`: an earlier person has the same phone or e-mail;
            `refused`, by crossbook before any I/O or by the vendor; `failed`: the contact may have been created.
        id: the vendor's id of the contact.
        compared: whether this run has read all fields of the person, and found them at the vendor.
        error: why the contact was refused, or why storing it failed.
    """

    person: Contact
    status: Status
    id: str = ""
    compared: bool = False
    error: CrossbookError | None = None


async def store(
    book: AddressBook,
    people: Sequence[Contact],
    group: str,
    *,
    workers: int,
    journal: Path,
    done: Callable[[], None],
    other_writers: bool = True,
) -> list[Stored]:
    """Write people to a group: create missing contacts and update different ones.

    An interrupted run is resumed by its journal. The journal is deleted when all people are written.

    Args:
        book: the book to write to.
        people: the people.
        group: the group's id.
        workers: the number of concurrent writes.
        journal: the journal file of the run.
        done: called after each person.
        other_writers: whether others may write to the account meanwhile.
    """
    results: list[Stored] = []
    stopped = False
    for match, batch in _by_key(book, people):
        async with book.contacts.upsert_many(
            [replace(person, groups=(group,)) for person in batch],
            match=match,
            journal=journal,
            run=match,
            item_key=lambda person: person.external_id,
            on_unsupported_field="drop",
            on_duplicate="skip",
            concurrency=workers,
            other_writers=other_writers,
            settle_timeout=2,
        ) as run:
            async for result in run:
                results.append(_stored(batch[result.index], result))
                done()
        stopped |= run.summary.stopped is not None
    if not stopped and all(result.status != "failed" for result in results):
        for file in journal.parent.glob(f"{journal.name}*"):
            file.unlink()
    return results


def _by_key(book: AddressBook, people: Sequence[Contact]) -> Iterator[tuple[MatchKey, Sequence[Contact]]]:
    """Return the people by the first key that the vendor can search by and the person has."""
    left = list(people)
    *first, last = book.profile.match_keys
    for match in first:
        yield match, [person for person in left if getattr(person, match)]
        left = [person for person in left if not getattr(person, match)]
    yield last, left


def _stored(person: Contact, result: Result) -> Stored:
    status: Status = _STATUS.get(result.status, "failed")
    if result.status == "failed" and isinstance(result.error, (InvalidInputError, RejectedError)) and not result.id:
        status = "refused"
    if status == "created" and result.replayed:
        status = "there"  # written by the interrupted run
    compared = result.status == "unchanged" and not result.replayed
    return Stored(person, status, result.id or "", compared, result.error)


_STATUS: dict[str, Status] = {
    "created": "created",
    "unchanged": "there",
    "updated": "updated",
    "skipped": "skipped",
}
