"""Read people.csv as contacts."""

from __future__ import annotations

import csv
from itertools import islice
from pathlib import Path

import phonenumbers

from crossbook import Contact

FILE = Path(__file__).parents[1] / "people.csv"


def read_people(first: int | None = None) -> list[Contact]:
    """Return the people of examples/people.csv.

    Args:
        first: how many rows to take; all by default.
    """
    with FILE.open(encoding="utf-8", newline="") as file:
        return [_contact(row) for row in islice(csv.DictReader(file), first)]


def _contact(row: dict[str, str]) -> Contact:
    first, last = row["first_name"], row["last_name"]
    return Contact(
        external_id=row["id"],
        phone=_phone(row["phone"], row["country"]) or None,
        email=row["email"] or None,
        first_name=first or None,
        last_name=last or None,
        # One vendor stores full names; the others make them of the halves.
        name=" ".join(half for half in (first, last) if half) or None,
        company=row["company"] or None,
        fields={"city": row["city"]} if row["city"] else None,
    )


def _phone(text: str, country: str) -> str:
    """Return the number with its country code. A book reads national numbers by one region; this file has two.

    What is no number is left as it is, for the vendors to refuse.
    """
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return text
    if not phonenumbers.is_valid_number(number):
        return text
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
