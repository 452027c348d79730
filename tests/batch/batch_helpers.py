"""Make contacts for a batch, run it to its end, and read what the book contains then."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from virtual import virtually

from crossbook import AddressBook, Contact
from crossbook._batch.batch import Batch
from crossbook._batch.results import Result
from crossbook.vendor import VendorProfile


def person(profile: VendorProfile, number: int, group: str | None = None, **more: Any) -> Contact:
    """Return a contact that every vendor can store, with a phone number and e-mail address of its own."""
    country = "+61491" if profile.default_region == "AU" else "+48500"
    values: dict[str, Any] = {
        "phone": f"{country}{number:06}",
        "email": f"person.{number}@example.com",
        "first_name": f"Żółw {number}",
        "last_name": "Example",
        "name": f"Żółw {number} Example",
        "groups": (group,) if group else None,
        **more,
    }
    if profile.name_format == "full":
        values["name"] = values["name"].replace("Żółw", values["first_name"].split()[0])
        del values["first_name"], values["last_name"]
    else:
        del values["name"]
    held = {name: value for name, value in values.items() if name == "fields" or "w" in access(profile, name)}
    return Contact(**held)


def people(profile: VendorProfile, count: int, group: str | None = None, begin: int = 0) -> list[Contact]:
    return [person(profile, number, group) for number in range(begin, begin + count)]


def access(profile: VendorProfile, name: str) -> str:
    return profile.contact_fields[name].access if name in profile.contact_fields else ""


def get_match_key(profile: VendorProfile) -> Any:
    """Return the match key that tests use with this vendor."""
    return next(iter(profile.match_keys))


async def run_batch(batch: Batch[Any], into: list[Result] | None = None) -> list[Result]:
    """Run the batch and return its results. `into` gets the results before an error too."""
    results = [] if into is None else into
    async with batch as run:
        async for result in run:
            results.append(result)
    return results


def statuses(results: Sequence[Result]) -> dict[str, int]:
    return dict(Counter(result.status for result in results))


async def stored(book: AddressBook) -> list[Contact]:
    """Return every contact of the book once, in the order of ids."""
    listed = {contact.id: contact async for contact in book.contacts.list()}
    return sorted(listed.values(), key=lambda contact: int(contact.id))


def in_virtual_time(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run the test in virtual time. Only journals in memory work with this clock."""

    @functools.wraps(test)
    def run(**fixtures: Any) -> None:
        virtually(lambda: test(**fixtures))

    return run
