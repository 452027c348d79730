"""A report shows no number and no name of an account, not even in a key, a code or a header."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crossbook._http.request import TransportResponse
from crossbook_verify import Report
from crossbook_verify.checker import SpecChecker
from crossbook_verify.claims import load_claims
from crossbook_verify.masking import Masker, mask_value

META = {"numberOfErrors": 0, "numberOfData": 0, "status": 200, "uniqId": "1"}


def report_of(checker: SpecChecker) -> Report:
    return Report(
        vendor="vercom", title="t", version="1", wrote=False,
        findings=checker.findings(), unknown=checker.unknown_keys(), codes=checker.unknown_codes(),
    )  # fmt: skip


def read(body: Any, vendor: str = "vercom", operation: str = "listContacts", kind: str = "application/json") -> Report:
    checker = SpecChecker(load_claims(vendor))
    checker.check_response(operation, TransportResponse(200, {"content-type": kind}, json.dumps(body).encode()))
    return report_of(checker)


def observed(report: Report, id: str) -> tuple[str, ...]:
    return next(finding.observed for finding in report.findings if finding.id == id)


@pytest.mark.parametrize(
    ("value", "shown"), [(48500600700, "99999999999"), (-1.5, "-9.9"), (10**50, f"{'9' * 40}…")], ids=repr
)
def test_number_is_masked(value: float, shown: str) -> None:
    report = read({"meta": META, "data": [{"id": value, "phoneNumber": value}]})
    for name in ("id", "phoneNumber"):
        assert observed(report, f"Contact.{name}.type")[0].split()[-1] == shown
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
        ("email_extra", "email_extra"),  # a word of the vendor
        ("colour", "colour"),
        ("an", "an"),
    ],
)
def test_key_that_may_be_data(key: str, shown: str) -> None:
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
    masked = mask_value(key)
    assert {unknown.path for unknown in report.unknown} == {
        f"listContacts.{masked}", f"listContacts.{masked}.note", "listContacts.data[].new",
        f"listContacts.data[].new.{masked}", f"listContacts.data[].new.{masked}.{masked}",
    }  # fmt: skip


@pytest.mark.parametrize("key", FIELDS)
def test_key_of_field_words_shown(key: str) -> None:
    report = read({"meta": META, "data": [{key: 1}]})
    assert [unknown.path for unknown in report.unknown] == [f"listContacts.data[].{key}"]


@pytest.mark.parametrize("key", ["phone_number", "mobile", "group_status", "first_name", "date", "contactgroupid"])
def test_field_word_quoted_by_vendor_shown(key: str) -> None:
    """A message of the vendor may quote the names of fields, which are no values of the account."""
    error = {
        "code": 2001,
        "type": "ValidationPhoneError",
        "message": f"{key} of Anna: {key.replace('_', ' ')} is wrong",
    }
    report = read({"error": error, key: 1, "anna": 2}, "serwersms", "getContact")
    shown = {unknown.path for unknown in report.unknown}
    assert shown - {f"getContact.{key}"} == {'getContact."aaaa"'}
    assert f"getContact.{key}" in shown or key == "first_name"  # which this vendor's spec has


@pytest.mark.parametrize("vendor", ["serwersms", "atom", "filemail", "vercom"])
def test_word_of_spec_shown_as_key(vendor: str) -> None:
    claims = load_claims(vendor)
    masker = Masker(claims.vocabulary())
    fields = {name for each in claims.shapes.values() for name in each.fields}
    assert {name for name in fields if masker.mask_key(name) != name} == set()


def test_key_twice_that_is_value_masked() -> None:
    checker = SpecChecker(load_claims("vercom"))
    content = b'{"Anna": 1, "Anna": 2, "note": 1, "note": 2}'
    checker.check_response("listContacts", TransportResponse(200, {"content-type": "application/json"}, content))
    assert observed(report_of(checker), "listContacts.200") == ('a key twice: `"Aaaa"`; a key twice: `note`',)


@pytest.mark.parametrize(
    "code", ["anna_kowalska", "5006-0070", "PL-500-600-700", "ABC-12-3456", "no_kowalska", "12345"]
)
def test_error_code_that_is_value_masked(code: str) -> None:
    checker = SpecChecker(load_claims("vercom"))
    checker.check_error_code("listContacts", 400, code, None)
    assert report_of(checker).codes == (f"{mask_value(code)} with status 400: listContacts",)


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
def test_unknown_error_code(code: str, shown: str) -> None:
    checker = SpecChecker(load_claims("vercom"))
    body = {"meta": META, "data": [{"lastName": "Kowalska", "companyName": "Kind"}]}
    checker.check_response(
        "listContacts", TransportResponse(200, {"content-type": "application/json"}, json.dumps(body).encode())
    )
    checker.check_error_code("listContacts", 400, code, None)
    assert report_of(checker).codes == (f"{shown} with status 400: listContacts",)


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
def test_content_type(header: str, shown: str) -> None:
    report = read({"meta": META, "data": []}, kind=header)
    assert observed(report, "listContacts.200") == (f"content type {shown}",)


@pytest.mark.parametrize(
    ("word", "claim", "shown"),
    [
        ("ok", "bounds", "`ok`"),
        ("Success", "bounds", "`Success`"),
        ("Anna Kowalska", "bounds", '"Aaaa Aaaaaaaa"'),
        (7, "type", "whole number 9"),
    ],
)
def test_value_instead_of_fixed_word(word: object, claim: str, shown: str) -> None:
    report = read({"status": word, "result": []}, "atom", "listAddressBooks")
    assert observed(report, f"AddressBookListAnswer.status.{claim}") == (shown,)
