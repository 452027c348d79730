"""No response makes the checker fail, and the report shows nothing of it."""

from __future__ import annotations

import contextlib
import itertools
import json
from typing import Any

import pytest
from fakes import FakeTransport, book_over
from hypothesis import example, given, settings
from hypothesis import strategies as st
from virtual import virtually

import crossbook
from crossbook._http.request import PreparedRequest, TransportResponse
from crossbook.registry import VENDORS
from crossbook_verify import Report, verify
from crossbook_verify.checker import MAX_ROWS, SpecChecker
from crossbook_verify.claims import Claims, load_claims
from crossbook_verify.report import render

CLAIMS = {vendor: load_claims(vendor) for vendor in VENDORS}
# Long enough to be found in a report, and not a word of a vendor.
PRIVATE = st.text("ZQqzŁłżф0178@+-. ", min_size=8, max_size=30).filter(lambda text: sum(map(str.isalnum, text)) >= 8)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | PRIVATE | st.text(max_size=5)


def names(claims: Claims) -> list[str]:
    return sorted({name for shape in claims.shapes.values() for name in shape.fields})


def values(keys: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return st.recursive(
        SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=6), max_leaves=30
    )


@st.composite
def responses(draw: st.DrawFn) -> tuple[str, str, TransportResponse]:
    vendor = draw(st.sampled_from(sorted(CLAIMS)))
    claims = CLAIMS[vendor]
    operation = draw(st.sampled_from(sorted(claims.operations)))
    keys = st.sampled_from(names(claims)) | st.text(max_size=12) | PRIVATE
    body = draw(st.dictionaries(keys, values(keys), max_size=8) | values(keys))
    statuses = sorted(map(int, claims.operations[operation].answers))
    kind = draw(st.sampled_from(["application/json", "application/json; charset=utf-8", "text/html"]) | PRIVATE)
    reply = TransportResponse(
        draw(st.sampled_from([*statuses, 418])), {"content-type": kind}, json.dumps(body).encode()
    )
    return vendor, operation, reply


def report_on(vendor: str, checker: SpecChecker) -> Report:
    return Report(
        vendor=vendor, title="t", version="1", wrote=False,
        findings=checker.findings(), unknown=checker.unknown_keys(), codes=checker.unknown_codes(),
    )  # fmt: skip


def leaves(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {leaf for each in value.values() for leaf in leaves(each)}
    if isinstance(value, list):
        return {leaf for each in value for leaf in leaves(each)}
    return {value} if isinstance(value, str) else set()


@settings(max_examples=60)
@given(responses())
def test_any_response(drawn: tuple[str, str, TransportResponse]) -> None:
    vendor, operation, reply = drawn
    checker = SpecChecker(CLAIMS[vendor])
    checker.check_response(operation, reply)
    report = report_on(vendor, checker)
    shown = render(report) + json.dumps(report.as_json(), ensure_ascii=False)
    shown.encode()
    body = json.loads(reply.content)
    private = {text for text in leaves(body) if sum(map(str.isalnum, text)) >= 8 and set(text) - set("Aa9@+-. ")}
    assert [text for text in private if text in shown] == []
    assert all(finding.wrong <= finding.seen for finding in report.findings)


@given(st.binary(max_size=200))
@example(b'{"data":' * 100_000)
@example(b"[" * 100_000)
@example(b'{"data": ' + b"9" * 10_000 + b"}")
@example(b'{"data": NaN, "meta": Infinity}')
@example(b'{"data": "\\ud800", "\\ud800": 1}')
@example(b'{"meta": {"status": 1, "status": 2}, "meta": {}}')
@example("\ufeff{}".encode())
@example(b"")
def test_any_bytes(content: bytes) -> None:
    checker = SpecChecker(CLAIMS["vercom"])
    checker.check_response("listContacts", TransportResponse(200, {"content-type": "application/json"}, content))
    render(report_on("vercom", checker)).encode()


def read(body: Any, operation: str = "listContacts") -> Report:
    checker = SpecChecker(CLAIMS["vercom"])
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    checker.check_response(operation, TransportResponse(200, {"content-type": "application/json"}, content))
    return report_on("vercom", checker)


META = {"numberOfErrors": 0, "numberOfData": 0, "status": 200, "uniqId": "1"}


@pytest.mark.parametrize(
    ("content", "came"),
    [
        (b'{"data":' * 100_000, "application/json, nested too deep"),
        (b'{"a": NaN}', "application/json, not JSON"),
        (b"\xff\xfe", "application/json, not UTF-8"),
        (b" ", "application/json, empty"),
        (b'{"meta": {}, "meta": {}, "data": []}', "a key twice: `meta`"),
        (b"[]", "list instead of an object"),
    ],
)
def test_invalid_response_is_named(content: bytes, came: str) -> None:
    finding = next(each for each in read(content).findings if each.id == "listContacts.200")
    assert (finding.verdict, finding.observed) == ("refuted", (came,))


def test_long_list_is_checked_in_part() -> None:
    report = read({"meta": META, "data": [{"id": str(number)} for number in range(50_000)]})
    finding = next(each for each in report.findings if each.id == "Contact.id.type")
    assert (finding.seen, finding.verdict) == (MAX_ROWS, "confirmed")


def test_key_that_is_data_is_masked() -> None:
    people = {"+48500600700": 1, "anna@example.com": 1, "Anna": 1, "łęcka": 1, "228173579": 1, "note_anna": 1}
    row = {"firstName": "Anna", "newKey": {"inner_key": [{"deep": "Anna"}]}, **people}
    report = read({"meta": META, "data": [row], "Łęcka": {"x": 1}})
    paths = {key.path for key in report.unknown}
    assert "listContacts.data[].newKey.inner_key[].deep" in paths
    assert next(key.sample for key in report.unknown if key.path.endswith("deep")) == '"Aaaa"'
    assert {path for path in paths if "newKey" not in path} == {
        'listContacts."Aaaaa"', 'listContacts."Aaaaa".x', 'listContacts.data[]."+99999999999"',
        'listContacts.data[]."aaaa@aaaaaaa.aaa"', 'listContacts.data[]."Aaaa"', 'listContacts.data[]."aaaaa"',
        'listContacts.data[]."999999999"', 'listContacts.data[]."aaaa_aaaa"',
    }  # fmt: skip


def test_object_with_many_keys_is_map() -> None:
    crowd = {f"k{chr(97 + number // 26)}{chr(97 + number % 26)}": number for number in range(500)}
    report = read({"meta": META, "data": [], "byName": crowd})
    assert {key.path for key in report.unknown} == {"listContacts.byName", "listContacts.byName.*"}


def test_extra_fields_are_not_listed() -> None:
    report = read({"meta": META, "data": [{"externalData": {"shoe_size": "38", "Anna": {"x": 1}}}]})
    assert report.unknown == ()
    assert "shoe_size" not in render(report)


ROWS = ("items", "data", "result", "contacts", "Contacts", "groups", "Groups", "errors")


@st.composite
def hostile(draw: st.DrawFn) -> TransportResponse:
    """A response with the vendors' keys and any values."""
    ids = st.sampled_from(["1", "²", "..", "9" * 400, "\ud800", "a/b", ""]) | st.integers() | st.none()
    fields = dict.fromkeys(
        ("phone", "email", "phoneNumber", "group_id", "contactgroupid", "name", "createdAt"), SCALARS
    )
    row = (
        st.fixed_dictionaries({"id": ids, "contactid": ids}, optional=fields) | SCALARS | st.lists(SCALARS, max_size=2)
    )
    part = st.lists(row, max_size=3) | row
    keys = dict.fromkeys((*ROWS, "contact", "error", "meta", "id", "paging", "errorcode"), part)
    status = st.sampled_from(["success", "OK", "ok", "error", 1, None])
    body = draw(
        st.fixed_dictionaries({}, optional={**keys, "status": status, "responsestatus": status, "success": status})
    )
    return TransportResponse(
        draw(st.sampled_from([200, 200, 200, 207, 404, 422])),
        {"content-type": "application/json"},
        json.dumps(body).encode(),
    )


@settings(max_examples=25)
@given(st.sampled_from(sorted(CLAIMS)), st.lists(hostile(), min_size=1, max_size=12))
def test_verification_with_hostile_responses(vendor: str, replies: list[TransportResponse]) -> None:
    turn = itertools.cycle(replies)

    async def run() -> Report:
        async with book_over(vendor, FakeTransport(lambda _: next(turn)), rate=1e6) as book:
            return await verify(book, write=True)

    with contextlib.suppress(crossbook.CrossbookError):  # the first request failed
        report = virtually(run)
        render(report).encode()
        assert sum(report.calls.values()) >= 3


@pytest.mark.parametrize("vendor", sorted(CLAIMS))
@pytest.mark.parametrize(
    "id",
    ["..", "a/../b", "²", "9" * 30, "9" * 400, "\ud800", "x" * 100_000, -1, 2**70, None, ["1"]],
    ids=lambda value: repr(value)[:30],
)
def test_hostile_ids(vendor: str, id: object) -> None:
    row = {
        "id": id, "contactid": id, "contactgroupid": id, "phone": "+48500600700", "phoneNumber": "+48500600700",
        "email": "anna@example.com", "externalId": id, "group_id": id, "name": "Anna", "contacts": [{"id": id}],
    }  # fmt: skip
    rows = {name: [row, row] for name in ("items", "data", "contacts", "groups")}
    body = {**row, **rows, "result": row, "contact": row, "success": True, "responsestatus": "OK", "status": "success"}
    lists = {**body, "result": [row]}

    def respond(call: PreparedRequest) -> TransportResponse:
        content = json.dumps(lists if call.path.endswith("address-book/list") else body).encode()
        return TransportResponse(200, {"content-type": "application/json"}, content)

    async def run() -> Report:
        async with book_over(vendor, FakeTransport(respond), rate=1e6) as book:
            return await verify(book, write=True)

    report = virtually(run)
    render(report).encode()
    assert report.refuted
