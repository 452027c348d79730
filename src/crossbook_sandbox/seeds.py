"""Made-up contacts for the accounts: always the same, with phones from ranges that are reserved for fiction."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice
from typing import Any

from .sandbox import Sandbox
from .vendors.serwersms import contact_columns as serwersms_columns

_FIRST = ("Anna", "Łukasz", "Zoë", "Jan", "Małgorzata", "Chloé", "Piotr", "Żaneta", "Jack", "Ewa", "Święty")
_LAST = ("Sample", "Próbka", "Example", "Przykład", "Specimen", "Wzór", "Trial")
_COMPANIES = ("ABC Example", "Sample & Co", "Próbka sp. z o.o.", "")
# Mobiles that Australia's regulator reserves for films, and American area codes, each with 555-0100 to 555-0199.
_AUSTRALIAN = ("570006", "570156", "570157", "570158", "570159", "570110", "570313", "570737", "571266", "571491")
_AREAS = (
    "201", "202", "203", "205", "206", "207", "208", "209", "210", "212", "213", "214", "215", "216", "217", "218",
    "219", "224", "225", "228", "229", "231", "234", "239", "240", "248", "251", "252", "253", "254", "256", "260",
    "262", "267", "269", "270", "276", "281", "301", "302", "303", "304", "305", "307", "308", "309", "310", "312",
    "313", "314", "315", "316", "317", "318", "319", "320", "321", "323", "325", "330", "334", "336", "337", "339",
    "347", "351", "352", "360", "361", "386", "401", "402", "404", "405", "406", "407", "408", "409", "410", "412",
    "413", "414", "415", "417", "419", "423", "424", "425", "432", "434", "435", "440", "443", "469", "478", "479",
    "480", "484", "501", "502",
)  # fmt: skip


def people(first: int = 0) -> Iterator[dict[str, str]]:
    """Yield made-up people without end. The first ten thousand have different phones.

    Args:
        first: The number of the first person. The same number is always the same person.
    """
    for number in count(first):
        phone = f"+1{_AREAS[number // 100 % len(_AREAS)]}55501{number % 100:02}"
        if number < 100 and number % 10 == 9:
            phone = f"+61491{_AUSTRALIAN[number // 10]}"
        yield {
            "phone": phone,
            "email": f"person-{number}@example.com",
            "first_name": _FIRST[number % len(_FIRST)],
            "last_name": f"{_LAST[number % len(_LAST)]} {number}",
            "company": _COMPANIES[number % len(_COMPANIES)],
        }


def seed(sandbox: Sandbox, number: int) -> None:
    """Store contacts in every account that has none, in one group.

    Args:
        sandbox: The vendors.
        number: The number of contacts for each account.
    """
    for name, vendor in sandbox.vendors.items():
        if vendor.book.count("SELECT count(*) FROM contact WHERE vendor = ?", name):
            continue
        with sandbox.store.transaction():
            group = vendor.book.add_group({"name": "Seeds", "external_id": "SEEDS"})
            for person in islice(people(), number):
                vendor.book.add_contact(columns(name, person), [group])


def columns(vendor: str, person: dict[str, str]) -> dict[str, Any]:
    """Return a person's columns for the store, without the fields that this vendor cannot hold."""
    if vendor == "serwersms":
        return serwersms_columns(person)
    if vendor == "atom":
        return {name: text for name, text in person.items() if name != "email"}
    if vendor == "filemail":
        name = f"{person['first_name']} {person['last_name']}"
        return {"name": name, "email": person["email"], "phone": person["phone"]}
    return {**person, "external_id": person["email"].partition("@")[0]}
