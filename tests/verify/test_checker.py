"""`SpecChecker`: which claims a response confirms, which it refutes, and which it leaves open."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crossbook._http.request import TransportResponse
from crossbook_verify import Finding
from crossbook_verify.checker import SpecChecker
from crossbook_verify.claims import Claims, Operation, Response, load_claims

META = {"numberOfErrors": 0, "numberOfData": 0, "status": 200, "uniqId": "1"}


def read(vendor: str, operation: str, status: int, body: Any, **headers: str) -> dict[str, Finding]:
    """Return the findings of the claims that were checked, by id."""
    checker = SpecChecker(load_claims(vendor))
    names = {"content-type": "application/json", **{name.replace("_", "-"): text for name, text in headers.items()}}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    checker.check_response(operation, TransportResponse(status, names, content))
    return {finding.id: finding for finding in checker.findings() if finding.seen}


@pytest.mark.parametrize("status", [429, 500, 503, 520])
def test_gateway_status_is_ignored(status: int) -> None:
    assert read("serwersms", "listContacts", status, b"<p>later</p>", content_type="text/html") == {}


def test_unknown_status_is_refuted() -> None:
    seen = read("vercom", "listContacts", 418, {})
    assert list(seen) == ["listContacts.others"]
    assert seen["listContacts.others"].observed == ("status 418, application/json",)


def test_429_in_spec_is_checked() -> None:
    body = {"status": "error", "error": {"code": "rate_limited", "message": "No"}}
    assert read("atom", "getContact", 429, body, retry_after="1")["getContact.429"].verdict == "confirmed"
    assert read("atom", "getContact", 429, body)["getContact.429"].observed == ("no header retry-after",)


@pytest.mark.parametrize(("content", "verdict"), [(b"", "confirmed"), (b"{}", "refuted")])
def test_response_without_body(content: bytes, verdict: str) -> None:
    answers = {"204": Response(None, {}, "documented", "")}
    operations = {"deleteThing": Operation("DELETE", "/things", answers, "documented", "")}
    checker = SpecChecker(Claims("Tiny", "1", operations, {}))
    assert checker.check_response("deleteThing", TransportResponse(204, {}, content)) is None
    (finding,) = (finding for finding in checker.findings() if finding.id == "deleteThing.204")
    assert (finding.claim, finding.verdict) == ("`deleteThing` responds with 204 and no body", verdict)


def test_optional_header() -> None:
    body = {"meta": {**META, "status": 202}, "data": []}
    assert read("vercom", "getSegment", 202, body, retry_after="1")["getSegment.202"].verdict == "confirmed"


@pytest.mark.parametrize(
    ("status", "title", "verdict"),
    [(401, "Empty token", "confirmed"), (401, None, "confirmed"), (401, "No", "refuted"), (403, None, "refuted")],
)
def test_error_code_of_spec(status: int, title: str | None, verdict: str) -> None:
    checker = SpecChecker(load_claims("vercom"))
    checker.check_error_code("listContacts", status, "E-0-004", title)
    (finding,) = [finding for finding in checker.findings() if finding.seen]
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
def test_rule_of_object(body: Any, verdict: str) -> None:
    assert read("atom", "createContact", 200, body)["IdAnswer.rule"].verdict == verdict


@pytest.mark.parametrize(("token", "came"), [(12345, ("whole number",)), (None, ("null",))], ids=repr)
def test_credential_shape_is_not_shown(token: object, came: tuple[str, ...]) -> None:
    seen = read("filemail", "login", 200, {"responsestatus": "ok", "logintoken": token})
    assert seen["LoginAnswer.logintoken.type"].observed == came


def test_wrong_type_skips_bounds() -> None:
    seen = read("vercom", "listContacts", 200, {"meta": META, "data": [{"companyName": 7}]})
    assert seen["Contact.companyName.type"].verdict == "refuted"
    assert "Contact.companyName.bounds" not in seen


def test_wrong_row_type_refutes_rows_only() -> None:
    seen = read("vercom", "listContacts", 200, {"meta": META, "data": ["Anna", 7, None]})
    assert seen["ContactList.data.type"].verdict == "confirmed"
    assert seen["ContactList.data.rows"].observed == ("text", "whole number", "null")


def test_kinds_are_counted_and_observed_limited() -> None:
    rows = [{"companyName": value} for value in ("", "Anna", None, None, *range(10), 7, 10, 100, 1000, 10**4, 10**5)]
    seen = read("vercom", "listContacts", 200, {"meta": META, "data": rows})["Contact.companyName.type"]
    assert dict(seen.kinds) == {"empty text": 1, "text": 1, "null": 2, "whole number": 16}
    assert (seen.seen, seen.wrong) == (20, 16)
    assert seen.observed == tuple(f"whole number {'9' * digits}" for digits in range(1, 6))


def test_refuted_claim_lists_operations() -> None:
    checker = SpecChecker(load_claims("vercom"))
    for operation, number in (("listContacts", "1"), ("listGroups", 1)):
        body = {"meta": {**META, "uniqId": number}, "data": []}
        checker.check_response(
            operation, TransportResponse(200, {"content-type": "application/json"}, json.dumps(body).encode())
        )
    found = next(finding for finding in checker.findings() if finding.id == "Meta.uniqId.type")
    assert (found.seen, found.wrong, found.where) == (2, 1, ("listGroups",))
