"""Write people.csv: 1,000 made-up people, always the same.

    python examples/make_people.py

Faker gives the names, companies and places; the phones are from a number range that the country reserves for
fiction (Australia), or are made up. The e-mail addresses end in example.com, example.org or example.net. Twelve of the
first rows are invalid on purpose: each is refused by a vendor, for a different reason.
"""

from __future__ import annotations

import csv
import random
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from faker import Faker

PEOPLE = 1000
COLUMNS: tuple[str, ...] = ("id", "first_name", "last_name", "phone", "country", "email", "company", "city")
FILE = Path(__file__).with_name("people.csv")
SEED = 2026

# Mobile and landline numbers that Australia's regulator reserves for fiction.
AU_MOBILES = (
    "570006", "570156", "570157", "570158", "570159", "570110", "570313", "570737", "571266", "571491", "571804",
    "572549", "572665", "572983", "573770", "573087", "574118", "574632", "575254", "575789", "576398", "576801",
    "577426", "577644", "578957", "578148", "578888", "579212", "579760", "579455",
)  # fmt: skip
AU_LANDLINES = tuple(f"{area}{block}" for area in "2378" for block in ("5550", "7010"))
# Faker's Australian names are all ASCII, so some names are replaced.
AU_NAMES = {"first_name": ("Zoë", "Chloé", "Renée", "Siân"), "last_name": ("Nguyễn", "Müller", "O'Connor", "D'Arcy")}

# The spellings of a number. a, b, c and d are its parts.
POLISH = (
    "{a}{b}{c}", "{a} {b} {c}", "{a}-{b}-{c}", "+48{a}{b}{c}", "+48 {a} {b} {c}", "0048 {a} {b} {c}", "48{a}{b}{c}",
    "(+48) {a}-{b}-{c}",
)  # fmt: skip
AUSTRALIAN_MOBILE = ("0{a}{b}{c}", "0{a} {b} {c}", "+61{a}{b}{c}", "+61 {a} {b} {c}", "61{a}{b}{c}")
AUSTRALIAN_LANDLINE = ("(0{a}) {b} {c}", "0{a} {b} {c}", "0{a}{b}{c}", "+61 {a} {b} {c}", "+61 (0){a} {b} {c}")

Row = dict[str, str]


def people() -> list[Row]:
    """Return all rows. Each phone is unique, except for one couple."""
    rows = list(ordinary(PEOPLE - len(REFUSED)))
    # A couple with one phone in two spellings.
    rows[4] |= {"last_name": "Wieczorek", "phone": "500-600-004", "city": "Łódź"}
    rows[5] |= {"last_name": "Wieczorek", "phone": "+48 500 600 004", "city": "Łódź"}
    for number, row in enumerate(REFUSED, 1):
        rows.insert(5 * number, dict(row))
    for number, row in enumerate(rows, 1):
        row["id"] = f"P{number:04d}"
    return rows


def ordinary(count: int) -> Iterator[Row]:
    """Yield people, some with empty fields."""
    dice = random.Random(SEED)
    polish, australian = Faker("pl_PL"), Faker("en_AU")
    polish.seed_instance(SEED)
    australian.seed_instance(SEED)
    for number in range(count):
        country = "AU" if number % 5 in (1, 3) else "PL"
        fake = australian if country == "AU" else polish
        woman = dice.random() < 0.5
        row = {
            "first_name": fake.first_name_female() if woman else fake.first_name_male(),
            "last_name": fake.last_name_female() if woman else fake.last_name_male(),
            "phone": australian_phone(number, dice) if country == "AU" else polish_phone(number, dice),
            "country": country,
            "company": fake.company(),
            "city": fake.city(),
        }
        if country == "AU" and dice.random() < 0.15:
            half = dice.choice(tuple(AU_NAMES))
            row[half] = dice.choice(AU_NAMES[half])
        row["email"] = email(row, number, dice)
        for column, share in (("company", 0.4), ("city", 0.15), ("email", 0.04), ("last_name", 0.02), ("phone", 0.015)):
            if dice.random() < share:
                row[column] = ""
        yield row


def polish_phone(number: int, dice: random.Random) -> str:
    digits = f"500600{number:03d}"
    return dice.choice(POLISH).format(a=digits[:3], b=digits[3:6], c=digits[6:])


def australian_phone(number: int, dice: random.Random) -> str:
    place = number // 5 * 2 + number % 5 // 2  # 0, 1, 2 … among the Australians
    if place < len(AU_MOBILES):
        digits = f"491{AU_MOBILES[place]}"
        return dice.choice(AUSTRALIAN_MOBILE).format(a=digits[:3], b=digits[3:6], c=digits[6:])
    landline = AU_LANDLINES[place % len(AU_LANDLINES)]
    return dice.choice(AUSTRALIAN_LANDLINE).format(a=landline[0], b=landline[1:], c=f"{1000 + place}")


def email(row: Row, number: int, dice: random.Random) -> str:
    name = f"{row['first_name']}.{row['last_name']}".lower().translate(str.maketrans("łøđß", "lods"))
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if c.isascii() and (c.isalnum() or c == "."))
    return f"{plain}{number}@{dice.choice(('example.com', 'example.org', 'example.net'))}"


def refused(phone: str, country: str = "PL", **columns: str) -> Row:
    """Return a row that a vendor must refuse."""
    usual = {"first_name": "Łucja", "last_name": "Przykład", "email": "", "company": "", "city": "Łódź"}
    return {**usual, "phone": phone, "country": country, **columns}


REFUSED = (
    refused("500 601 001", email="lucja.przyklad"),
    refused("500 601 002", email="lucja@"),
    refused("(02) 5550 9003", "AU", first_name="Zoë", last_name="Sample", email="zoe@localhost", city=""),
    refused("ask the reception", "AU", first_name="Jack", last_name="Sample", email="jack@example.com", city=""),
    refused("brak", email="brak.telefonu@example.org"),
    refused("+48 500", email="za.krotki@example.org"),
    refused("+4850060", email="o.wiele.za.krotki@example.org"),
    refused("+48 500 601 008 500 601 009", email="za.dlugi@example.org"),
    refused("500 601 010", first_name="Maria-" * 26 + "Anna", email="dlugie.imie@example.com"),
    refused("500 601 011", company="Przedsiębiorstwo-" * 16, email="dluga.firma@example.com"),
    refused("500 601 012", first_name="", last_name="", email="bez.nazwiska@example.com"),
    refused("", first_name="Nikt", last_name="Nigdzie"),
)


def main() -> None:
    """Write the file next to this script."""
    with FILE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(people())


if __name__ == "__main__":
    main()
