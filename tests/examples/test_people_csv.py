"""people.csv: its generator makes it, and it has what the demo needs."""

from __future__ import annotations

import csv
import runpy
from collections import Counter
from pathlib import Path

import phonenumbers
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def people() -> list[dict[str, str]]:
    with (EXAMPLES / "people.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def number(person: dict[str, str]) -> str | None:
    try:
        parsed = phonenumbers.parse(person["phone"], person["country"])
    except phonenumbers.NumberParseException:
        return None
    return str(parsed) if phonenumbers.is_valid_number(parsed) else None


def test_generator_is_reproducible(people: list[dict[str, str]]) -> None:
    made = runpy.run_path(str(EXAMPLES / "make_people.py"))["people"]()
    assert made == people


def test_people_are_distinct(people: list[dict[str, str]]) -> None:
    assert len({person["id"] for person in people}) == 1000
    addresses = [person["email"] for person in people if person["email"]]
    assert len(set(addresses)) == len(addresses)


def test_one_couple_shares_phone(people: list[dict[str, str]]) -> None:
    numbers = Counter(found for person in people if (found := number(person)))
    assert sorted(numbers.values())[-2:] == [1, 2]
    assert len(numbers) > 950


def test_phones_have_several_spellings(people: list[dict[str, str]]) -> None:
    shapes = {"".join("0" if char.isdigit() else char for char in p["phone"]) for p in people if number(p)}
    assert len(shapes) >= 12
