"""Made-up contacts to fill the accounts with: always the same, from number ranges that belong to nobody."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from .sandbox import Sandbox
from .serwersms.contacts import columns as serwersms_columns

_FIRST = ("Anna", "Łukasz", "Zoë", "Jan", "Małgorzata", "Chloé", "Piotr", "Żaneta", "Jack", "Ewa", "Święty")
_LAST = ("Sample", "Próbka", "Example", "Przykład", "Specimen", "Wzór", "Trial")
_COMPANIES = ("ABC Example", "Sample & Co", "Próbka sp. z o.o.", "")
_AUSTRALIAN = ("570006", "570156", "570157", "570158", "570159", "570110", "570313", "570737", "571266", "571491")


def people() -> Iterator[dict[str, str]]:
    """Make up people without end; mostly with Polish phones, every tenth with a fictional Australian one."""
    number = 0
    while True:
        last = f"{_LAST[number % len(_LAST)]} {number}"
        phone = f"+485006{number % 100_000:05d}"
        if number % 10 == 9:
            phone = f"+61491{_AUSTRALIAN[number // 10 % len(_AUSTRALIAN)]}"
        yield {
            "phone": phone,
            "email": f"person-{number}@example.com",
            "first_name": _FIRST[number % len(_FIRST)],
            "last_name": last,
            "company": _COMPANIES[number % len(_COMPANIES)],
        }
        number += 1


def seed(sandbox: Sandbox, number: int) -> None:
    """Fill every vendor's account that has no contacts, in one group each.

    Args:
        sandbox: The vendors.
        number: How many contacts each gets.
    """
    for name, vendor in sandbox.vendors.items():
        if vendor.book.count("SELECT count(*) FROM contact WHERE vendor = ?", name):
            continue
        with sandbox.store.transaction():
            group = vendor.book.add_group({"name": "Seeds", "external_id": "SEEDS"})
            for person in islice(people(), number):
                vendor.book.add_contact(_columns(name, person), [group])


def _columns(vendor: str, person: dict[str, str]) -> dict[str, Any]:
    if vendor == "serwersms":
        return serwersms_columns(person)
    if vendor == "atom":
        return {name: text for name, text in person.items() if name != "email"}
    if vendor == "filemail":
        name = f"{person['first_name']} {person['last_name']}"
        return {"name": name, "email": person["email"], "phone": person["phone"]}
    return {**person, "external_id": person["email"].partition("@")[0]}
