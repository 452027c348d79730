"""What the columns of a file mean: exports of Google and Outlook as they are, and corrections."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossbook import Contact, InvalidInput, files
from crossbook.files.columns import columns_of

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "files"


def read(name: str) -> list[tuple[int, Contact | None, tuple[str, ...] | None]]:
    with files.read(SAMPLES / name) as people:
        return [(row.line, row.contact, row.groups) for row in people]


def test_google() -> None:
    assert read("google.csv") == [
        (
            2,
            Contact(
                first_name="Łucja",
                last_name="Przykładowa",
                company="ABC Example",
                email="lucja@example.com",
                phone="+48 500 600 701",  # the mobile one, and of two in a cell the first
            ),
            ("Friends", "Klienci"),
        ),
        (4, Contact(first_name="Jan", email="jan@example.com", phone="500 600 703"), None),
    ]


def test_google_before_2024() -> None:
    ((line, contact, groups),) = read("google_before_2024.csv")
    assert (line, groups) == (2, ("Friends",))
    assert contact == Contact(
        name="Łucja Maria Przykładowa",
        first_name="Łucja",
        last_name="Przykładowa",
        company="ABC Example",
        email="lucja@example.com",
        phone="+48 500 600 701",
    )


def test_outlook_in_english() -> None:
    assert read("outlook_en.csv") == [
        (
            2,
            Contact(
                first_name="Zoë",
                last_name="Sample",
                company="Sample & Co",
                email="zoe@example.com",
                phone="+61 491 570 006",
            ),
            ("Friends", "Key Customer"),
        ),
        (3, Contact(first_name="Bob", email="bob@example.com", phone="+61 491 570 156"), None),
    ]


def test_outlook_in_polish() -> None:
    assert read("outlook_pl.csv") == [
        (
            2,
            Contact(
                first_name="Żaneta",
                last_name="Próbna-Kowalska",
                company="Zażółć sp. z o.o.",
                email="zaneta@example.com",
                phone="500 600 704",
            ),
            ("Rodzina", "Klienci"),
        ),
        (4, Contact(first_name="Święty", email="swiety@example.com", phone="22 123 45 68"), None),
    ]


@pytest.mark.parametrize(
    ("title", "target"),
    [
        ("Telefon komórkowy", "phone"), ("Nr telefonu", "phone"), ("MSISDN", "phone"), ("phone_number", "phone"),
        ("Adres e-mail", "email"), ("E-Mail", "email"), ("Imię", "first_name"), ("IMIĘ", "first_name"),
        ("Nazwisko", "last_name"), ("Imię i nazwisko", "name"), ("Firma", "company"), ("External ID", "external_id"),
        ("fields.Größe", "fields.Größe"), ("Birthday", None), ("E-mail 1 - Label", None), ("", None),
    ],
)  # fmt: skip
def test_guesses(title: str, target: str | None) -> None:
    assert columns_of(["id", title])[1].target == target


def test_corrections() -> None:
    columns = columns_of(
        ["Telefon", "Handy", "E-mail", "NIP"], {"Handy": "phone", "E-mail": "", "NIP": "fields.tax_id"}
    )
    assert [column.target for column in columns] == [None, "phone", None, "fields.tax_id"]


def test_wrong_corrections() -> None:
    with pytest.raises(InvalidInput, match="there is no column 'Fon'; there are 'Telefon', 'Handy'"):
        columns_of(["Telefon", "Handy"], {"Fon": "phone"})
    with pytest.raises(InvalidInput, match="a contact has no field 'telephone'; there are id, external_id, phone"):
        columns_of(["Telefon", "Handy"], {"Handy": "telephone"})


def test_a_hostile_row_of_titles_is_read_too() -> None:
    # Were each looked for among all, this alone would keep a gateway busy for minutes.
    titles = [f"Phone {number} - {kind}" for number in range(1, 20_001) for kind in ("Label", "Value")]
    found = columns_of(titles)
    assert [column.label for column in found[1::2]] == [*range(0, 40_000, 2)]


def test_a_file_without_titles_shows_nobody() -> None:
    with pytest.raises(InvalidInput) as caught:
        columns_of(["+48500600700", "anna@example.com"])
    assert "500600700" not in str(caught.value)
    assert "anna@" not in str(caught.value)


def test_the_first_of_several_numbers_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "google.csv"
    path.write_text("Phone 2 - Value,Phone 1 - Value\n2,1\n3,\n")
    with files.read(path) as people:
        assert [row.contact for row in people] == [Contact(phone="1"), Contact(phone="3")]


def test_of_numbers_in_columns_that_were_named_the_first_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("Work,Mobile\n1,2\n,3\n")
    with files.read(path, corrections={"Work": "phone", "Mobile": "phone"}) as people:
        assert [row.contact for row in people] == [Contact(phone="1"), Contact(phone="3")]
