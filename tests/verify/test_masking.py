"""What a report shows of an account: no number, no name, not even one that stands in a key, a code or a header."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crossbook.core.exchange import Reply
from crossbook.verify import Report
from crossbook.verify.claims import claims_of
from crossbook.verify.ledger import Ledger

META = {"numberOfErrors": 0, "numberOfData": 0, "status": 200, "uniqId": "1"}


def report_of(ledger: Ledger) -> Report:
    return Report(
        vendor="vercom", title="t", version="1", wrote=False,
        findings=ledger.findings(), unknown=ledger.unknown(), codes=ledger.codes(),
    )  # fmt: skip


def read(body: Any, vendor: str = "vercom", operation: str = "listContacts", kind: str = "application/json") -> Report:
    ledger = Ledger(claims_of(vendor))
    ledger.read(operation, Reply(200, {"content-type": kind}, json.dumps(body).encode()))
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


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("E-9-999", "E-9-999"),
        ("no_such_thing", "no_such_thing"),
        ("E-9-999 Anna", '"A-9-999 Aaaa"'),
        ("1066 48500600700", '"9999 99999999999"'),
        ("kowalska_anna", '"aaaaaaaa_aaaa"'),
        ("Kowalska", '"Aaaaaaaa"'),
    ],
)
def test_an_error_code(code: str, shown: str) -> None:
    ledger = Ledger(claims_of("vercom"))
    body = {"meta": META, "data": [{"lastName": "Kowalska"}]}
    ledger.read("listContacts", Reply(200, {"content-type": "application/json"}, json.dumps(body).encode()))
    ledger.said("listContacts", 400, code, None)
    assert report_of(ledger).codes == (f"{shown} with status 400: listContacts",)


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        ("Text/HTML; charset=utf-8", "text/html"),
        ("anna@example.com", "unreadable"),
        ("text/html anna", "unreadable"),
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
