"""What a report shows of an account: no number, no name, not even one that stands in a key, a code or a header."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crossbook._http.request import TransportResponse
from crossbook_verify import Report
from crossbook_verify.checker import Ledger
from crossbook_verify.claims import claims_of
from crossbook_verify.masking import Words, shape

META = {"numberOfErrors": 0, "numberOfData": 0, "status": 200, "uniqId": "1"}


def report_of(ledger: Ledger) -> Report:
    return Report(
        vendor="vercom", title="t", version="1", wrote=False,
        findings=ledger.findings(), unknown=ledger.unknown(), codes=ledger.codes(),
    )  # fmt: skip


def read(body: Any, vendor: str = "vercom", operation: str = "listContacts", kind: str = "application/json") -> Report:
    ledger = Ledger(claims_of(vendor))
    ledger.read(operation, TransportResponse(200, {"content-type": kind}, json.dumps(body).encode()))
    return report_of(ledger)


def came(report: Report, id: str) -> tuple[str, ...]:
    return next(finding.came for finding in report.findings if finding.id == id)


@pytest.mark.parametrize(
    ("value", "shown"), [(48500600700, "99999999999"), (-1.5, "-9.9"), (10**50, f"{'9' * 40}…")], ids=repr
)
def test_a_number(value: float, shown: str) -> None:
    report = read({"meta": META, "data": [{"id": value, "phoneNumber": value}]})
    for name in ("id", "phoneNumber"):
        assert came(report, f"Contact.{name}.type")[0].split()[-1] == shown
    assert str(value) not in str(report)


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("order_48500", '"aaaaa_99999"'),
        ("noteKowalska", '"aaaaAaaaaaaa"'),
        ("NOTE_KOWALSKA", '"AAAA_AAAAAAAA"'),
        ("noteKOWALSKA", '"aaaaAAAAAAAA"'),
        ("note_abc1def", '"aaaa_aaa9aaa"'),
        ("kowalska2", '"aaaaaaaa9"'),
        ("email_extra", "email_extra"),  # the vendor's own word
        ("colour", "colour"),
        ("an", "an"),
    ],
)
def test_a_key_that_may_be_data(key: str, shown: str) -> None:
    row = {"firstName": "An email", "lastName": "Maria-Antonina Dorota Kowalska", "companyName": "abc1def", key: True}
    report = read({"meta": META, "data": [row]})
    assert [unknown.path for unknown in report.unknown] == [f"listContacts.data[].{shown}"]


# None of these is a value elsewhere in the account.
VALUES = [
    "Anna", "anna", "KOWALSKA", "AnnaKowalska", "annaKowalska", "anna_kowalska", "Anna-Maria", "$anna", "kowalska2",
    "noteKowalska", "contactkowalska", "kowalskacontact", "a1b2c3d4", "abc123def", "id_4850", "id_485",
    "id_485_0", "tel_48_50",
    "a3f9b2c1-0b1c-4d2e", "_anna", "@anna", "Jo", "barlow", "contact" * 6,
]  # fmt: skip
FIELDS = [
    "colour", "createdAt2", "is_active", "HTTPStatus", "externalUserId", "shoeSize", "contactlist", "deviceid",
    "loyalty_level", "$ref", "line1", "y", "firstName2", "order_12_1",
]  # fmt: skip


@pytest.mark.parametrize("key", VALUES)
def test_key_that_is_value_masked(key: str) -> None:
    report = read({"meta": META, "data": [{"new": {key: {key: 1}}}], key: {"note": 1}})
    assert key not in json.dumps(report.as_json())
    assert key not in str(report)
    masked = shape(key)
    assert {unknown.path for unknown in report.unknown} == {
        f"listContacts.{masked}", f"listContacts.{masked}.note", "listContacts.data[].new",
        f"listContacts.data[].new.{masked}", f"listContacts.data[].new.{masked}.{masked}",
    }  # fmt: skip


@pytest.mark.parametrize("key", FIELDS)
def test_key_of_field_words_shown(key: str) -> None:
    report = read({"meta": META, "data": [{key: 1}]})
    assert [unknown.path for unknown in report.unknown] == [f"listContacts.data[].{key}"]


@pytest.mark.parametrize("vendor", ["serwersms", "atom", "filemail", "vercom"])
def test_word_of_spec_shown_as_key(vendor: str) -> None:
    claims = claims_of(vendor)
    words = Words(claims.vocabulary())
    fields = {name for each in claims.shapes.values() for name in each.fields}
    assert {name for name in fields if words.key(name) != name} == set()


def test_key_twice_that_is_value_masked() -> None:
    ledger = Ledger(claims_of("vercom"))
    content = b'{"Anna": 1, "Anna": 2, "note": 1, "note": 2}'
    ledger.read("listContacts", TransportResponse(200, {"content-type": "application/json"}, content))
    assert came(report_of(ledger), "listContacts.200") == ('a key twice: `"Aaaa"`; a key twice: `note`',)


@pytest.mark.parametrize(
    "code", ["anna_kowalska", "5006-0070", "PL-500-600-700", "ABC-12-3456", "no_kowalska", "12345"]
)
def test_error_code_that_is_value_masked(code: str) -> None:
    ledger = Ledger(claims_of("vercom"))
    ledger.said("listContacts", 400, code, None)
    assert report_of(ledger).codes == (f"{shape(code)} with status 400: listContacts",)


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("E-9-999", "E-9-999"),
        ("ABC-999", "ABC-999"),
        ("1066", "1066"),
        ("no_such_thing", "no_such_thing"),
        ("E-9-999 Anna", '"A-9-999 Aaaa"'),
        ("1066 48500600700", '"9999 99999999999"'),
        ("kowalska_anna", '"aaaaaaaa_aaaa"'),
        ("Kowalska", '"Aaaaaaaa"'),
        ("colour", '"aaaaaa"'),
        ("no_kind", '"aa_aaaa"'),  # whose second word is a value
    ],
)
def test_an_error_code(code: str, shown: str) -> None:
    ledger = Ledger(claims_of("vercom"))
    body = {"meta": META, "data": [{"lastName": "Kowalska", "companyName": "Kind"}]}
    ledger.read("listContacts", TransportResponse(200, {"content-type": "application/json"}, json.dumps(body).encode()))
    ledger.said("listContacts", 400, code, None)
    assert report_of(ledger).codes == (f"{shown} with status 400: listContacts",)


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        ("Text/HTML; charset=utf-8", "text/html"),
        ("anna@example.com", "unreadable"),
        ("text/html anna", "unreadable"),
        ("text/anna.kowalska", "unreadable"),
        ("application/problem+json", "application/problem+json"),
        ("", "none"),
    ],
)
def test_a_content_type(header: str, shown: str) -> None:
    report = read({"meta": META, "data": []}, kind=header)
    assert came(report, "listContacts.200") == (f"content type {shown}",)


@pytest.mark.parametrize(
    ("word", "claim", "shown"),
    [
        ("ok", "bounds", "`ok`"),
        ("Success", "bounds", "`Success`"),
        ("Anna Kowalska", "bounds", '"Aaaa Aaaaaaaa"'),
        (7, "type", "whole number 9"),
    ],
)
def test_what_stands_for_a_fixed_word(word: object, claim: str, shown: str) -> None:
    report = read({"status": word, "result": []}, "atom", "listAddressBooks")
    assert came(report, f"AddressBookListAnswer.status.{claim}") == (shown,)
