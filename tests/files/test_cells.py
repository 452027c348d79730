"""Cells are safe in a spreadsheet, and are read back unchanged."""

from __future__ import annotations

import csv
import io
from datetime import UTC

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crossbook import Contact
from crossbook.files import cells
from crossbook.files.csv import CsvReader, CsvWriter
from crossbook.files.encodings import detect_encoding
from crossbook.registry import load_vendor

ANY = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
HOSTILE = st.text(st.sampled_from("'=+-@\t\r\n; ,|\"\\a\u00a0\uff1d"), min_size=1, max_size=8)
TEXT = ANY | HOSTILE
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@given(TEXT)
@example("'+48500600700")
@example("''=1")
@example("'s-Hertogenbosch")
@example("' ")
def test_cell_round_trips_and_is_not_formula(text: str) -> None:
    cell = cells.escape_cell(text)
    assert cells.unescape_cell(cell) == text
    assert not cell.startswith(FORMULA)


@pytest.mark.parametrize("text", ["+48500600700", "-1+1", "=HYPERLINK(1)", "@SUM(1)", "\tx", "\rx", "＝1"])
def test_escape_cell_of_formula_adds_apostrophe(text: str) -> None:
    assert cells.escape_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["Anna", "'s-Hertogenbosch", "O'Neil", "500", "''"])
def test_escape_cell_keeps_other_text(text: str) -> None:
    assert cells.escape_cell(text) == text


def test_unescape_cell_strips_foreign_cell() -> None:
    assert cells.unescape_cell("  anna@example.com ") == "anna@example.com"


@given(st.lists(TEXT, max_size=4).map(tuple))
def test_join_names_round_trips(names: tuple[str, ...]) -> None:
    assert cells.split_names(cells.join_names(names)) == names


def test_split_names_written_by_hand() -> None:
    assert cells.split_names("Friends; Family ;;x") == ("Friends", "Family", "x")


VALUES = st.none() | TEXT
PEOPLE = st.builds(
    Contact,
    external_id=VALUES,
    phone=VALUES,
    email=VALUES,
    first_name=VALUES,
    last_name=VALUES,
    name=VALUES,
    company=TEXT,
    fields=st.none() | st.dictionaries(TEXT, TEXT | st.integers(0, 99) | st.booleans(), min_size=1),
    opted_out=st.none() | st.sets(st.sampled_from(["sms", "email", "push"])).map(frozenset),
    archived=st.none() | st.booleans(),
    created_at=st.none() | st.datetimes(timezones=st.just(UTC)),
)
GROUPS = st.none() | st.lists(TEXT, min_size=1, max_size=3, unique=True).map(tuple)


@settings(max_examples=200)
@given(st.lists(st.tuples(PEOPLE, GROUPS), min_size=1, max_size=4), st.sampled_from(",;\t|"))
def test_csv_round_trips(people: list[tuple[Contact, tuple[str, ...] | None]], separator: str) -> None:
    file = io.StringIO(newline="")
    writer = CsvWriter(file, load_vendor("vercom").profile, separator)
    for contact, groups in people:
        writer.write(contact, groups)
    written = file.getvalue()
    assert not any(
        cell.startswith(FORMULA) for row in csv.reader(io.StringIO(written), delimiter=separator) for cell in row
    )
    read = list(CsvReader(detect_encoding(io.BytesIO(written.encode("utf-8-sig"))), None, None))
    assert [row.error for row in read] == [None] * len(people)
    assert [(row.contact, row.groups) for row in read] == people


def test_csv_has_column_per_named_field() -> None:
    file = io.StringIO(newline="")
    writer = CsvWriter(file, load_vendor("serwersms").profile)
    person = Contact(phone="+48500600700", fields={"city": "Łódź", "tax_id": "=1"})
    writer.write(person, None)
    assert file.getvalue().splitlines()[0].split(",")[-4:] == [
        "fields.tax_id", "fields.address", "fields.city", "fields.description",
    ]  # fmt: skip
    (row,) = CsvReader(detect_encoding(io.BytesIO(file.getvalue().encode())), None, None)
    assert row.contact == person
