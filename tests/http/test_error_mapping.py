"""Responses are mapped to success or an error before any model is decoded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from fakes import VENDORS, FakeTransport, book_over, reply
from hypothesis import given
from hypothesis import strategies as st

from crossbook import CrossbookError, InvalidResponseError, RejectedError, ResponseTooLargeError
from crossbook._http.error_mapping import map_response_error, parse_retry_after
from crossbook._http.request import TransportResponse
from crossbook.registry import load_vendor
from crossbook.vendor import Operation, Retry

pytestmark = pytest.mark.anyio
READ = Operation(Retry.SAFE)
STATUSES = st.sampled_from([200, 201, 207, 301, 400, 401, 404, 422, 429, 500, 503, 520])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "errors", "status", "responsestatus", "errorcode", "errormessage", "items",
                             "success", "data", "meta", "result", "code", "message", "title", "id"]),
            inner, max_size=4,
        )
    ),
    max_leaves=8,
)  # fmt: skip


@pytest.mark.parametrize("vendor", VENDORS)
@given(body=JSON | st.binary(max_size=30), status=STATUSES)
def test_any_response_is_mapped(vendor: str, body: Any, status: int) -> None:
    error = map_response_error(load_vendor(vendor).profile, READ, reply(body, status))
    if error is None:
        assert 200 <= status < 300
        assert isinstance(body, dict)
    else:
        assert isinstance(error, CrossbookError)
        assert (error.vendor, error.status, error.sent) == (vendor, status, "yes")
        assert error.message


@pytest.mark.parametrize(
    "body",
    [b"", b"  ", b"{", b"[]", b"null", b"1", b"NaN", b"\xff", b"{}", b"[" * 200_000, b'{"a":' * 100_000, b"9" * 5000],
)
@pytest.mark.parametrize("vendor", VENDORS)
def test_success_needs_the_format_of_the_vendor(vendor: str, body: bytes) -> None:
    assert isinstance(map_response_error(load_vendor(vendor).profile, READ, reply(body)), InvalidResponseError)


def test_objects_are_counted_before_they_are_decoded() -> None:
    profile = load_vendor("vercom").profile
    body = b'{"data":[' + b"{}," * 1_000_001 + b"{}]}"
    error = map_response_error(profile, READ, TransportResponse(200, {}, body))
    assert isinstance(error, ResponseTooLargeError)
    assert "1,000,000" in str(error)


@pytest.mark.parametrize("bad", [b'"\xff"', b'"\\ud800"', b"1e999", b"9" * 400])
async def test_undecodable_body_is_an_invalid_response(bad: bytes) -> None:
    bodies = {
        "serwersms": b'{"items":[{"id":1,"phone":%s}]}', "atom": b'{"status":"success","result":[{"id":%s}]}',
        "filemail": b'{"responsestatus":"OK","contacts":[{"contactid":%s}]}', "vercom": b'{"data":[{"id":%s}]}',
    }  # fmt: skip
    for vendor, body in bodies.items():
        async with book_over(vendor, FakeTransport(reply(body % bad)), max_attempts=1) as book:
            try:
                page: Any = await (book.groups.list() if vendor == "atom" else book.contacts.list())
            except InvalidResponseError as error:
                assert error.sent == "yes"  # noqa: PT017
            else:
                assert len(page.items) == 1


@pytest.mark.parametrize("bad", [b'"\xff"', b"[" * 5000, b'{"a":' * 3000])
async def test_undecodable_error_body_is_tolerated(bad: bytes) -> None:
    bodies = {
        "serwersms": b'{"error":{"code":1001,"message":%s}}', "atom": b'{"status":"error","error":{"message":%s}}',
        "filemail": b'{"responsestatus":%s,"errorcode":1001}', "vercom": b'{"errors":[{"message":%s}]}',
    }  # fmt: skip
    for vendor, body in bodies.items():
        for status in (200, 400, 500):
            async with book_over(vendor, FakeTransport(reply(body % bad, status)), max_attempts=1) as book:
                with pytest.raises(CrossbookError):
                    await book.groups.list()


async def test_error_message_is_masked_and_short() -> None:
    """The vendor's field name and request id are masked too."""
    refusal = {
        "meta": {"uniqId": "d9" * 5000},
        "errors": [{"title": "Bad", "meta": {"parameter": "anna@example.com +48500600700"}}],
    }
    async with book_over("vercom", FakeTransport(reply(refusal, 422)), max_attempts=1) as book:
        with pytest.raises(CrossbookError) as caught:
            await book.groups.list()
    assert caught.value.field == "a***@e*** +48******00"
    assert caught.value.request_id == "d9" * 50


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("00d928f759", "00d928f759"),
        ("123e4567-e89b-12d3-a456-426614174000", "123e4567-e89b-12d3-a456-426614174000"),
        ("A12345678", "A12345678"),
        ("req_01ARZ3NDEKTSV4RRFFQ69G5FAV", "req_01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        ("7", "7"),
        ("48500600700", "***"),
        ("48500600700a", "***"),
        ("a48-500-600-700", "***"),
        ("500600", "***"),
        ("Kowalska", "***"),
        ("Anna Kowalska 1", "***"),
        ("500-600-700", "***"),
        ("for +48 500 600 700", "***"),
        ("for anna@example.com", "***"),
        ("anna%40example.com", "***"),
        ("a1\nb", "***"),
        ("x" * 90 + " anna.kowalska@example.com", "***"),
        ("x1" * 100, "x1" * 50),
    ],
)
async def test_request_id_is_masked(said: str, shown: str) -> None:
    refusal = {"meta": {"uniqId": said}, "errors": [{"title": "Bad"}]}
    async with book_over("vercom", FakeTransport(reply(refusal, 422)), max_attempts=1) as book:
        with pytest.raises(CrossbookError) as caught:
            await book.groups.list()
    assert caught.value.request_id == shown


@pytest.mark.parametrize("vendor", VENDORS)
async def test_byte_order_mark_is_tolerated(vendor: str) -> None:
    listed = {
        "serwersms": b'{"items":[]}', "atom": b'{"status":"success","result":[]}',
        "filemail": b'{"responsestatus":"OK","groups":[]}', "vercom": b'{"data":[]}',
    }  # fmt: skip
    refusals = {
        "serwersms": b'{"error":{"code":3000,"message":"the reason"}}',
        "atom": b'{"status":"error","error":{"code":"invalid_request","message":"the reason"}}',
        "filemail": b'{"responsestatus":"error","errorcode":1002,"errormessage":"the reason"}',
        "vercom": b'{"errors":[{"title":"the reason"}]}',
    }
    mark = b"\xef\xbb\xbf"
    transport = FakeTransport(reply(mark + listed[vendor]), reply(mark + refusals[vendor], 422))
    async with book_over(vendor, transport, max_attempts=1) as book:
        assert (await book.groups.list()).items == ()
        with pytest.raises(RejectedError, match="the reason"):
            await book.groups.list()


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("headers", [{}, {"content_range": "bytes 0-10/20"}])
async def test_partial_response_is_invalid(vendor: str, headers: dict[str, str]) -> None:
    body = {"items": [], "status": "success", "responsestatus": "OK", "groups": [], "data": [], "result": []}
    async with book_over(vendor, FakeTransport(reply(body, 206, **headers)), max_attempts=1) as book:
        with pytest.raises(InvalidResponseError, match="206") as caught:
            await book.groups.list()
    assert (caught.value.status, caught.value.sent) == (206, "yes")
    for status in (200, 201, 203):
        async with book_over(vendor, FakeTransport(reply(body, status)), max_attempts=1) as book:
            assert (await book.groups.list()).items == ()


def test_retry_after_is_seconds_or_a_date() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    past = format_datetime(datetime.now(UTC) - timedelta(seconds=90), usegmt=True)
    assert parse_retry_after({"retry-after": "120"}) == 120
    assert parse_retry_after({"retry-after": " 0 "}) == 0
    assert 85 <= (parse_retry_after({"retry-after": soon}) or 0) <= 90
    assert parse_retry_after({"retry-after": past}) == 0
    for nothing in ("", "soon", "-1", "1e3", "٣", "Thu, 99 Foo 2026 00:00:00 GMT"):
        assert parse_retry_after({"retry-after": nothing}) is None
    assert parse_retry_after({}) is None


@given(st.text() | st.from_regex(r"[A-Za-z]{3}, \d{1,9} [A-Za-z]{3} \d{1,9} \d\d:\d\d:\d\d [A-Z+0-9-]{1,9}"))
def test_any_header_is_tolerated(text: str) -> None:
    seconds = parse_retry_after({"retry-after": text})
    assert seconds is None or seconds >= 0
