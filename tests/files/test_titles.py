"""`find_field`: titles that programs and people write, and titles that only look like one."""

from __future__ import annotations

import pytest

from crossbook.files.columns import guess_fields
from crossbook.files.titles import find_field, is_mobile, takes_no_messages

KNOWN = {
    "phone": "Phone 1|Phone1|phoneNumber|PHONE_NUMBER|Contact Number|Tel.|Telefon 2|Nr tel.|Numer telefonu klienta|"
    "Telefone|Telefone de contato|Nº de telefone|Fone|Teléfono del trabajo|Tfno.|Telefono ufficio|Abitazione|"
    "Recapito|"
    "Person - Phone - Work|Phone Number - Home|General phone|Numer|Telefon-Nr.|Tel.-Nr.|Telefon geschaeftlich|"
    "Work Phone|Phone (Home)|Customer Phone|billing_phone|"
    "Téléphone (bureau)|N° de téléphone|Телефон|Telefon (privat)|Phone #|Festnetz|Tel. stacjonarny",
    "email": "E-Mail|e_mail|emailAddress|EMAIL ADDRESS|Primary Email|Adres poczty elektronicznej|Adres mailowy|"
    "Your email|E-Mail 2: Adresse|E-mail 1 - Value|Mailadresse|Primaere E-Mail-Adresse|Courriel|E-postadresse|"
    "Email *|mail2|Subscriber|Endereço de e-mail|Correio eletrónico|Correo-e|Indirizzo di posta elettronica|"
    "Person - Email - Work|E-mail do cliente",
    "first_name": "Primeiro nome|Nome próprio|Nombre de pila|Person - First name|First Name|firstName|FNAME|Imię|"
    "IMIE|Imię klienta|Vorname|Prénom|Contact First Name|Given Name",
    "last_name": "Sobrenome|Apelido|Último nome|Apellidos|Cognome|Last Name|lastname|LNAME|Nazwisko|Nachname|"
    "Familienname|Nom de famille|Surname|Фамилия",
    "name": "Name|Full Name|Imię i nazwisko|Nazwisko i imię|Imię Nazwisko|Vor- und Nachname|Anzeigename|"
    "Customer Name|ФИО|Nome|Nombre|Nome completo|Nombre y apellidos|Cognome e nome|Person - Name",
    "company": "Empresa|Razão social|Ragione sociale|Organización|Person - Organization|Company|Company name|"
    "Organisation|Nazwa firmy|Firma/Organizacja|Unternehmen|Société|"
    "Organization 1 - Name",
    "groups": "Categorías|Etichette|Lista de distribuição|Email Lists|Person - Labels|Group|Tags|TAGS|Labels|"
    "Category|Grupa|Tagi|Etykiety|Kategoria|Kategorien|Catégories|Group Membership",
}  # fmt: skip
MOBILE = (
    "Mobile|Mobile No.|Cell Phone|Mobile Number|mobilePhone|Tel. kom.|Tel. komórkowy|Telefon komórkowy 2|GSM|"
    "Komórka|Numer telefonu komórkowego|Handy|Handy-Nr.|Mobil-Tel.-Nr.|Mobiltelefon|Tél. mobile|Portable|"
    "Client mobile|MSISDN|SMS|WhatsApp|Celular|Telemóvel|Nº de telemóvel|Telefone celular|Móvil|Tel. móvil|"
    "Numero cellulare|Cell.|Person - Phone - Mobile|General mobile"
)
UNKNOWN = (
    "Phone model|Phone type|Phone country code|Phone verified|Email opt in|Email status|Email type|Email client|"
    "E-mail 1 - Label|E-mail Display Name|Typ e-mail|Contact owner|Contact owner email|Company size|Company ID|Fax|"
    "Work Fax|Fax geschäftlich|Pager|Faks służbowy|Assistant's Phone|Telefon asystenta|Middle Name|Drugie imię|"
    "Name Prefix|User name|Nickname|Product name|File name|Name 2|Numer klienta|Nr domu|Numer zamówienia|NIP|"
    "Kundennummer|Hausnummer|Customer number|Contact ID|Age group|Grupa krwi|Last contact|First seen|"
    "Mailing address|Home Address|Adres|Poczta|Emergency phone|Number|No|Status|Zgoda SMS|Model telefonu|"
    "Kategoria wiekowa|Nazwa produktu|Position|Imieniny||*|2"
)


@pytest.mark.parametrize(("field", "title"), [(field, each) for field in KNOWN for each in KNOWN[field].split("|")])
def test_title_means_field(field: str, title: str) -> None:
    found = find_field(title)
    assert found is not None
    assert found.field == field


@pytest.mark.parametrize(
    ("title", "field"),
    [
        ("Phone (with country code)", "phone"), ("Telefon kontaktowy (komórkowy)", "phone"),
        ("E-mail (required)", "email"),
        ("Imię i nazwisko (drukowanymi)", "name"), ("Mobile [digits only]", "phone"), ("Phone (model)", None),
        ("Phone country code", None), ("Phone (verified)", None), ("Name (company)", None),
    ],
)  # fmt: skip
def test_remark_in_title_left_out(title: str, field: str | None) -> None:
    found = find_field(title)
    assert (found and found.field) == field


def test_two_titles_of_one_field() -> None:
    found = find_field("Rufnummer / Phone")
    assert found is not None
    assert found.field == "phone"
    assert find_field("Nazwisko/Email") is None


@pytest.mark.parametrize("title", MOBILE.split("|"))
def test_title_means_mobile_phone(title: str) -> None:
    found = find_field(title)
    assert found is not None
    assert found.is_mobile


@pytest.mark.parametrize("title", UNKNOWN.split("|"))
def test_title_is_unknown(title: str) -> None:
    assert find_field(title) is None


@pytest.mark.parametrize(
    ("titles", "fields"),
    [
        (["Name", "Vorname"], ["last_name", "first_name"]),
        (["Nom", "Prénom"], ["last_name", "first_name"]),
        (["Name", "Surname"], ["first_name", "last_name"]),
        (["Jméno", "Příjmení"], ["first_name", "last_name"]),
        (["Name", "First Name"], ["name", "first_name"]),
        (["Name", "Given Name", "Family Name"], ["name", "first_name", "last_name"]),
        (["Display Name", "Last Name"], ["name", "last_name"]),
        (["Nom"], ["name"]),
    ],
)
def test_name_next_to_half(titles: list[str], fields: list[str]) -> None:
    assert [guess and guess.field for guess in guess_fields(titles)] == fields


@pytest.mark.parametrize("label", ["Mobile", "Work Mobile", "Komórka", "Handy (privat)", "Telefon komórkowy", "iPhone"])
def test_label_of_mobile_phone(label: str) -> None:
    assert is_mobile(label)
    assert not takes_no_messages(label)


@pytest.mark.parametrize("label", ["Work Fax", "homeFax", "Faks", "Pager", "Fax (dom)", "Telefax"])
def test_label_of_fax(label: str) -> None:
    assert takes_no_messages(label)
    assert not is_mobile(label)
