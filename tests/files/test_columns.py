"""`map_columns`: exports of Google and Outlook, corrections, and titles that may be a person's data."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossbook import Contact, InvalidInputError, files
from crossbook.files.columns import map_columns

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "files"


def read(name: str) -> list[tuple[int, Contact | None, tuple[str, ...] | None]]:
    with files.read(SAMPLES / name) as people:
        return [(row.line, row.contact, row.groups) for row in people]


def test_columns_of_google() -> None:
    assert read("google.csv") == [
        (
            2,
            Contact(
                first_name="Łucja",
                last_name="Przykładowa",
                company="ABC Example",
                email="lucja@example.com",
                phone="+48 500 600 701",  # the mobile number; of two in one cell the first
            ),
            ("Friends", "Klienci"),
        ),
        (4, Contact(first_name="Jan", email="jan@example.com", phone="500 600 703"), None),
    ]


def test_columns_of_google_before_2024() -> None:
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


def test_columns_of_outlook_in_english() -> None:
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


def test_columns_of_outlook_in_polish() -> None:
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
def test_title_maps_to_field(title: str, target: str | None) -> None:
    assert map_columns(["id", title])[1].target == target


def test_corrections_replace_detected_columns() -> None:
    columns = map_columns(
        ["Telefon", "Handy", "E-mail", "NIP"], {"Handy": "phone", "E-mail": "", "NIP": "fields.tax_id"}
    )
    assert [column.target for column in columns] == [None, "phone", None, "fields.tax_id"]


HIDDEN = r" \(a title that may belong to a person is not shown\)"


def test_invalid_correction_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="the file has no column 'Fon'; its columns are 'Telefon', 'Handy'"):
        map_columns(["Telefon", "Handy"], {"Fon": "phone"})
    with pytest.raises(
        InvalidInputError,
        match=r"no field 'telephone' \(did you mean 'phone'\?\); its fields are id, external_id",
    ):
        map_columns(["Telefon", "Handy"], {"Handy": "telephone"})


def test_map_columns_of_40_000_titles() -> None:
    # A search in all titles for each title would keep a gateway busy for minutes.
    titles = [f"Phone {number} - {kind}" for number in range(1, 20_001) for kind in ("Label", "Value")]
    found = map_columns(titles)
    assert [column.label for column in found[1::2]] == [*range(0, 40_000, 2)]


PERSON = ["Anna Kowalska", "+48 500 600 700", "anna@example.com", "Example GmbH", "Friends"]


@pytest.mark.parametrize("row", [PERSON, PERSON[:1], PERSON[1:2], ["Anna", "Kowalska"], ["Anna", ""]])
def test_first_row_without_titles_not_shown(row: list[str]) -> None:
    with pytest.raises(InvalidInputError) as caught:
        map_columns(row)
    assert caught.value.message == (
        "no column title is known: the first row must hold titles. It is not shown, since it may hold a person's "
        "data. Add a row such as phone,email,first_name above it, or map columns by "
        'corrections={"COLUMN": "FIELD"}'
    )


@pytest.mark.parametrize(
    "cell",
    [
        "+48500600700", "500 600 700", "(500) 600-700", "Telefon domowy: 22 123 45 67", "Phone 50060", "٥٠٠٦٠٠٧٠٠",
        "anna@example.com", "Anna <anna@example.com>", "29.2.24", "2/9/24", "5006", "1", "00-1", "Pok\udcff",
    ],
)  # fmt: skip
def test_title_next_to_value_not_shown(cell: str) -> None:
    columns = map_columns(["Phone", "Anna", cell, "fields.Größe"], {"Anna": "name"})
    assert [(column.title, column.target) for column in columns] == [
        ("Phone", "phone"), ("column 2", "name"), ("column 3", None), ("fields.Größe", "fields.Größe"),
    ]  # fmt: skip
    with pytest.raises(InvalidInputError, match=f"its columns are 'Phone', column 2, column 3, 'fields.Größe'{HIDDEN}"):
        map_columns(["Phone", "Anna", cell, "fields.Größe"], {"Fon": "phone"})


@pytest.mark.parametrize(
    "title", ["Year 2024", "Phone 12 - Extension", "Straße", "A/B", "fields.12345", "Nr.", "#", ""]
)
def test_title_next_to_known_title_shown(title: str) -> None:
    assert [column.title for column in map_columns(["Phone", title])] == ["Phone", title]


@pytest.mark.parametrize("title", ["Mobile", "cell", "Komórka", "Firma", "Organization"])
def test_title_next_to_word_of_cells_not_shown(title: str) -> None:
    assert [column.title for column in map_columns(["Anna Kowalska", title])] == ["column 1", title]


def test_title_shown_where_only_named_ones_are_known() -> None:
    columns = map_columns(["Spalte A", "Spalte B", "Anna"], {"Spalte A": "phone", "Spalte B": ""})
    assert [column.title for column in columns] == ["Spalte A", "Spalte B", "column 3"]


def test_value_named_by_correction_not_shown() -> None:
    columns = map_columns(["Anna", "+48500600700"], {"+48500600700": "phone"})
    assert [(column.title, column.target) for column in columns] == [("column 1", None), ("column 2", "phone")]
    with pytest.raises(
        InvalidInputError, match=r"the file has no column '\+48\*+99'; its columns are column 1, column 2"
    ):
        map_columns(["Anna", "+48500600700"], {"+48500600799": "phone"})


def test_error_lists_twelve_titles() -> None:
    with pytest.raises(InvalidInputError) as caught:
        map_columns(["phone", *(f"t{number}" for number in range(1, 12))], {"Fon": "phone"})
    assert caught.value.message.endswith("'t10', 't11'")


def test_error_counts_further_titles() -> None:
    with pytest.raises(InvalidInputError, match="'phone', 't1', 't2'") as caught:
        map_columns(["phone", *(f"t{number}" for number in range(1, 15))], {"Fon": "phone"})
    assert caught.value.message.endswith("'t10', 't11' and 3 more")


def test_lowest_number_of_phone_titles_wins(tmp_path: Path) -> None:
    path = tmp_path / "google.csv"
    path.write_text("Phone 2 - Value,Phone 1 - Value\n2,1\n3,\n")
    with files.read(path) as people:
        assert [row.contact for row in people] == [Contact(phone="1"), Contact(phone="3")]


def test_first_of_corrected_phone_columns_wins(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("Work,Mobile\n1,2\n,3\n")
    with files.read(path, corrections={"Work": "phone", "Mobile": "phone"}) as people:
        assert [row.contact for row in people] == [Contact(phone="1"), Contact(phone="3")]


@pytest.mark.parametrize(
    "title", ["anna@example.com", "anna%40example.com", "anna%2540example.com", "anna\uff20example.com"]
)
def test_address_in_any_spelling_is_value(title: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        map_columns(("phone", title), {"other": "email"})
    assert "example" not in str(caught.value)


@pytest.mark.parametrize("title", ["ur. 1.2.93", "born 1/2/93", "b. 1-2-93"])
def test_short_date_in_title_is_value(title: str) -> None:
    """It has no more digits than a title may have."""
    with pytest.raises(InvalidInputError) as caught:
        map_columns(("phone", title), {"other": "email"})
    assert "93" not in str(caught.value)
