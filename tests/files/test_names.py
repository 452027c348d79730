"""Whole names that are split for vendors which store first and last name."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crossbook import Contact, files
from crossbook.files.names import split_name

Rows = Callable[..., list[files.Row]]


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Anna Nowak", "Anna", "Nowak"),
        ("Anna Maria Nowak", "Anna Maria", "Nowak"),
        ("Nowak, Anna", "Anna", "Nowak"),
        ("Nowak , Anna Maria", "Anna Maria", "Nowak"),
        ("Anna", "Anna", None),
        ("Nowak,", "Nowak", None),
        ("  Anna   Nowak ", "Anna", "Nowak"),
        ("Anna Nowak-Kowalska", "Anna", "Nowak-Kowalska"),
        ("Anna Nowak - Kowalska", "Anna", "Nowak-Kowalska"),
        ("Ludwig van Beethoven", "Ludwig", "van Beethoven"),
        ("Jan van den Berg", "Jan", "van den Berg"),
        ("van den Berg, Jan", "Jan", "van den Berg"),
        ("Maria de la Cruz", "Maria", "de la Cruz"),
        ("Vincent Van Gogh", "Vincent Van", "Gogh"),
        ("van Gogh", "van", "Gogh"),
        ("Jan Kowalski jr", "Jan", "Kowalski jr"),
        ("John Smith, Jr.", "John", "Smith, Jr."),
        ("Anna Nowak (praca)", "Anna", "Nowak (praca)"),
        ("李小龙", "李小龙", None),
        (",", None, None),
        ("", None, None),
    ],
)
def test_name_is_split(name: str, first: str | None, last: str | None) -> None:
    assert split_name(name) == (first, last)


CONTENTS = {
    "people.csv": "Name,Phone\nAnna Nowak,+48500600700\n",
    "people.jsonl": '{"name": "Anna Nowak", "phone": "+48500600700"}\n',
    "people.vcf": "BEGIN:VCARD\nVERSION:4.0\nFN:Anna Nowak\nTEL:+48500600700\nEND:VCARD\n",
}


@pytest.mark.parametrize("file", CONTENTS)
def test_names_are_split_on_request_only(rows: Rows, file: str) -> None:
    (row,) = rows(CONTENTS[file], file)
    assert row.contact == Contact(name="Anna Nowak", phone="+48500600700")
    (row,) = rows(CONTENTS[file], file, names="split")
    assert row.contact == Contact(first_name="Anna", last_name="Nowak", phone="+48500600700")


def test_halves_of_the_file_win(rows: Rows) -> None:
    """A whole name next to a last name may be anything: a nickname, a company."""
    (row,) = rows("full name,last_name\nOla Ptak,Kowalska\n", names="split")
    assert row.contact == Contact(name="Ola Ptak", last_name="Kowalska")
