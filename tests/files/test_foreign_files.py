"""Files as other programs and people write them, in `tests/samples/files/foreign`: what is read from each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crossbook import Contact, files

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "files" / "foreign"
OLA_NOWAK = {"first_name": "Ola", "last_name": "Nowak"}
ABC = {"company": "ABC"}
OUT = {"opted_out": frozenset({"sms", "email", "push"})}

# File → the contact of each row, with the names of its groups as "groups".
EXPECTED: dict[str, list[dict[str, Any]]] = {
    "separator_at_the_end.csv": [
        {"first_name": "Ola", "phone": "+48500600742"},
        {"first_name": "Ela", "phone": "+48500600743"},
    ],
    "space_before_quotes.csv": [
        {"email": "a@example.com", "first_name": "Ala", "phone": "+48500600716"},
        {"email": "b@example.com", "first_name": "Bea, Maria", "phone": "+48500600717"},
    ],
    "formula_guard.csv": [
        {"name": "Ola", "email": "ola@example.com", "external_id": "00123", "phone": "500600702"},
        {"name": "Ela", "email": "ela@example.com", "phone": "500600703"},
    ],
    "thunderbird_en.csv": [
        {"first_name": "Ola", "last_name": "Ptak", "name": "Ola Ptak", "email": "ola@example.com", **ABC}
        | {"phone": "+48 500 600 708"}
    ],
    "thunderbird_de.csv": [
        {"first_name": "Jörg", "last_name": "Groß", "name": "Jörg Groß", "email": "joerg@example.com"}
        | {"company": "ABC GmbH", "phone": "+49 151 23020522"}
    ],
    "outlook_de.csv": [
        {"first_name": "Björn", "last_name": "Köhler", "company": "ABC GmbH", "phone": "+49 151 23020522"}
        | {"email": "bjoern@example.com", "groups": ("Kunden", "VIP")}
    ],
    "outlook_fr.csv": [
        {"first_name": "Hélène", "last_name": "Crèmebrûlée", "company": "ABC SARL", "phone": "+33 6 39 98 12 34"}
        | {"email": "helene@example.com", "groups": ("Clients", "VIP")}
    ],
    "hubspot.csv": [{**OLA_NOWAK, **ABC, "email": "ola@example.com", "phone": "+48 500 600 709"}],
    "mailchimp.csv": [
        {**OLA_NOWAK, "email": "ola@example.com", "phone": "+48500600710", "groups": ("VIP", "Newsletter, PL")}
    ],
    "pipedrive.csv": [
        {"name": "Ola Nowak", **ABC, "email": "ola@example.com", "phone": "+48500600711", "groups": ("VIP", "PL")} | OUT
    ],
    "brevo.csv": [{**OLA_NOWAK, "email": "ola@example.com", "phone": "48500600712", "opted_out": frozenset()}],
    "mailerlite.csv": [{**OLA_NOWAK, **ABC, "email": "ola@example.com", "opted_out": frozenset()}],
    "freshmail.csv": [
        {**OLA_NOWAK, "email": "ola@example.com", "phone": "500 600 713", **OUT},
        {
            **OLA_NOWAK,
            "first_name": "Ela",
            "email": "ela@example.com",
            "phone": "500 600 714",
            "opted_out": frozenset(),
        },
    ],
    "klaviyo.csv": [
        {**OLA_NOWAK, "email": "ola@example.com", "phone": "+48500600715", "opted_out": frozenset({"email"})}
    ],
    "constant_contact.csv": [
        {**OLA_NOWAK, **ABC, "email": "ola@example.com", "phone": "+48500600718", "groups": ("News", "VIP")}
        | {"opted_out": frozenset()}
    ],
    "zoho.csv": [
        {**OLA_NOWAK, **ABC, "email": "ola@example.com", "phone": "+48500600719", "opted_out": frozenset({"email"})}
    ],
    "yahoo.csv": [{**OLA_NOWAK, "email": "ola@example.com", "phone": "+48500600720", "groups": ("VIP",)}],
    "outlook_it.csv": [
        {"first_name": "Nicolò", "last_name": "Però", **ABC, "email": "n@example.com", "phone": "333 1234567"}
        | {"groups": ("Clienti", "VIP")}
    ],
    "outlook_es.csv": [
        {"first_name": "Íñigo", "last_name": "Muñoz", **ABC, "email": "i@example.com", "phone": "612345678"}
        | {"groups": ("Clientes", "VIP")}
    ],
    "sheet_portuguese.csv": [
        {"first_name": "João", "last_name": "Gonçalves", "email": "j@example.com", "phone": "+5511912345678"}
        | {"opted_out": frozenset({"email"})}
    ],
    "titles_polish.csv": [
        {**OLA_NOWAK, **ABC, "phone": "500 600 761", "email": "ola@example.com", "groups": ("Klienci", "VIP")}
    ],
    "email_forms.csv": [
        {"first_name": "A", "email": "anna@example.com"},
        {"first_name": "B", "email": "b@example.com"},
        {"first_name": "C", "email": "b@example.com"},
        {"first_name": "D", "email": "d@example.com"},
        {"first_name": "G", "email": "g@example.com"},
        {"first_name": "F", "email": "Anna+Tag@Example.COM"},
        {"first_name": "H", "email": "ewa@example.com"},
        {"first_name": "I"},
    ],
    "labels_with_commas.csv": [
        {"name": "Ola", "email": "ola@example.com", "groups": ("customer", "vip")},
        {"name": "Ela", "email": "ela@example.com", "groups": ("Friends, near",)},
    ],
    "sep_in_quotes.csv": [{"name": "Ola", "phone": "+48500600735"}],
    "sep_with_empty_cells.csv": [{"name": "Ola", "phone": "+48500600734", "email": "a@example.com"}],
    "sep_resaved_with_commas.csv": [{"name": "Ola", "phone": "+48500600734", "email": "a@example.com"}],
    "lines_above_the_titles.csv": [{**OLA_NOWAK, "phone": "500600758"}],
    "export_saved_in_excel_pl.csv": [
        {"phone": "+48500600701", "first_name": "Ola", "opted_out": frozenset(), "archived": False},
        {"phone": "+48500600702", "first_name": "Ela", "opted_out": frozenset(), "archived": True},
    ],
    "export_saved_in_excel_de.csv": [
        {"phone": "+48500600701", "first_name": "Ola", "opted_out": frozenset(), "archived": False},
        {"phone": "+48500600702", "first_name": "Ela", "opted_out": frozenset(), "archived": True},
    ],
    "placeholders.csv": [
        {"first_name": "C", "email": "c@example.com"},
        {"first_name": "E", "email": "e@example.com"},
        {"first_name": "F", "email": "f@example.com"},
        {"first_name": "G", "phone": "+48500600733"},
    ],
    "google_work_fax.csv": [
        {"first_name": "Ewa", "last_name": "Faks", **ABC, "phone": "+48 22 123 45 70"},
        {"first_name": "Ida", "last_name": "Mobil", **ABC, "phone": "+48 500 600 711"},
    ],
    "titles_numbered.csv": [
        {"first_name": "Ola", "phone": "+48500600764", "email": "ola@example.com"},
        {"first_name": "Ela", "phone": "+48500600766", "email": "ela@example.com"},
    ],
    "signs_without_width.csv": [
        {"name": "Ola", "phone": "+48500600724", "email": "ola@example.com"},
        {"name": "Ela", "phone": "500600725", "email": "ela@example.com"},
    ],
    "other_keys.jsonl": [
        {**OLA_NOWAK, "phone": "+48500600783", "email": "o@example.com", "groups": ("a", "b")},
        {"first_name": "Ela", "phone": "48500600784", "email": "e@example.com", "groups": ("a", "b")},
    ],
    "polish_dos.csv": [{"first_name": "Łukasz", "last_name": "Świąder", "phone": "500600746"}],
    "western_europe.csv": [{"first_name": "Hélène", "last_name": "Crèmebrûlée", "phone": "0491 570 006"}],
    "norwegian.csv": [
        {"name": "Bjørn Åsen", "phone": "+47 406 12 345"},
        {"name": "Kjærsti Sæther", "phone": "+47 406 12 346"},
    ],
    "name_and_vorname.csv": [{"last_name": "Köhler", "first_name": "Björn", "phone": "+49 151 23020522"}],
}


def read(name: str) -> list[dict[str, Any]]:
    with files.read(SAMPLES / name) as people:
        rows = list(people)
    assert [row.error for row in rows] == [None] * len(rows)
    return [{**known(row.contact), **({"groups": row.groups} if row.groups else {})} for row in rows]


def known(contact: Contact | None) -> dict[str, Any]:
    names = ("external_id", "phone", "email", "first_name", "last_name", "name", "company", "opted_out", "archived")
    return {name: value for name in names if (value := getattr(contact, name)) is not None}


@pytest.mark.parametrize("name", EXPECTED)
def test_foreign_file_is_read(name: str) -> None:
    assert read(name) == EXPECTED[name]


def test_every_foreign_file_is_expected() -> None:
    assert {path.name for path in SAMPLES.iterdir()} == {*EXPECTED}


def test_line_of_titles_is_reported() -> None:
    with files.read(SAMPLES / "lines_above_the_titles.csv") as people:
        assert people.description == "UTF-8, semicolons, titles in line 4"
        assert people.expected == 1
        assert [row.line for row in people] == [5]
