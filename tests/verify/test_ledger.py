"""Which claims one answer confirms, which it refutes, and of which it says nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crossbook._http.request import TransportResponse
from crossbook_verify import Finding
from crossbook_verify.checker import Ledger
from crossbook_verify.claims import claims_of

META = {"numberOfErrors": 0, "numberOfData": 0, "status": 200, "uniqId": "1"}


def read(vendor: str, operation: str, status: int, body: Any, **headers: str) -> dict[str, Finding]:
    """What was seen of each claim that was seen, by its id."""
    ledger = Ledger(claims_of(vendor))
    names = {"content-type": "application/json", **{name.replace("_", "-"): text for name, text in headers.items()}}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    ledger.read(operation, TransportResponse(status, names, content))
    return {finding.id: finding for finding in ledger.findings() if finding.seen}


@pytest.mark.parametrize("status", [429, 500, 503, 520])
def test_a_status_of_a_gateway_says_nothing(status: int) -> None:
    assert read("serwersms", "listContacts", status, b"<p>later</p>", content_type="text/html") == {}


def test_a_status_that_is_none_of_the_spec_s() -> None:
    seen = read("vercom", "listContacts", 418, {})
    assert list(seen) == ["listContacts.others"]
    assert seen["listContacts.others"].came == ("status 418, application/json",)


def test_429_where_the_spec_has_it() -> None:
    body = {"status": "error", "error": {"code": "rate_limited", "message": "No"}}
    assert read("atom", "getContact", 429, body, retry_after="1")["getContact.429"].verdict == "confirmed"
    assert read("atom", "getContact", 429, body)["getContact.429"].came == ("no header retry-after",)


def test_a_header_that_need_not_be_there() -> None:
    body = {"meta": {**META, "status": 202}, "data": []}
    assert read("vercom", "getSegment", 202, body, retry_after="1")["getSegment.202"].verdict == "confirmed"


@pytest.mark.parametrize(
    ("status", "title", "verdict"),
    [(401, "Empty token", "confirmed"), (401, None, "confirmed"), (401, "No", "refuted"), (403, None, "refuted")],
)
def test_a_row_of_the_error_table(status: int, title: str | None, verdict: str) -> None:
    ledger = Ledger(claims_of("vercom"))
    ledger.said("listContacts", status, "E-0-004", title)
    (finding,) = [finding for finding in ledger.findings() if finding.seen]
    assert (finding.id, finding.verdict) == ("code.E-0-004", verdict)


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ({"status": "success", "result": {"id": 1}}, "confirmed"),
        ({"status": "success"}, "refuted"),
        ({"status": "error", "error": {"code": "x", "message": ""}}, "confirmed"),
        ({"status": "error"}, "refuted"),
    ],
)
def test_a_rule_on_a_whole_object(body: Any, verdict: str) -> None:
    assert read("atom", "createContact", 200, body)["IdAnswer.rule"].verdict == verdict


@pytest.mark.parametrize(("token", "came"), [(12345, ("whole number",)), (None, ("null",))], ids=repr)
def test_of_a_credential_not_even_the_shape_is_told(token: object, came: tuple[str, ...]) -> None:
    seen = read("filemail", "login", 200, {"responsestatus": "ok", "logintoken": token})
    assert seen["LoginAnswer.logintoken.type"].came == came


def test_of_another_type_its_bounds_say_nothing() -> None:
    seen = read("vercom", "listContacts", 200, {"meta": META, "data": [{"companyName": 7}]})
    assert seen["Contact.companyName.type"].verdict == "refuted"
    assert "Contact.companyName.bounds" not in seen


def test_a_row_of_another_type_is_the_row_s_fault_alone() -> None:
    seen = read("vercom", "listContacts", 200, {"meta": META, "data": ["Anna", 7, None]})
    assert seen["ContactList.data.type"].verdict == "confirmed"
    assert seen["ContactList.data.rows"].came == ("text", "whole number", "null")


def test_kinds_are_counted_and_what_came_is_told_once_and_not_without_end() -> None:
    rows = [{"companyName": value} for value in ("", "Anna", None, None, *range(10), 7, 10, 100, 1000, 10**4, 10**5)]
    seen = read("vercom", "listContacts", 200, {"meta": META, "data": rows})["Contact.companyName.type"]
    assert dict(seen.forms) == {"empty text": 1, "text": 1, "null": 2, "whole number": 16}
    assert (seen.seen, seen.wrong) == (20, 16)
    assert seen.came == tuple(f"whole number {'9' * digits}" for digits in range(1, 6))


def test_where_it_was_different() -> None:
    ledger = Ledger(claims_of("vercom"))
    for operation, number in (("listContacts", "1"), ("listGroups", 1)):
        body = {"meta": {**META, "uniqId": number}, "data": []}
        ledger.read(operation, TransportResponse(200, {"content-type": "application/json"}, json.dumps(body).encode()))
    found = next(finding for finding in ledger.findings() if finding.id == "Meta.uniqId.type")
    assert (found.seen, found.wrong, found.where) == (2, 1, ("listGroups",))
