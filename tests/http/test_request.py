"""Requests are prepared for the transport."""

from __future__ import annotations

import json
import pickle

import pytest
from crossbook_wire.http import Request, header_values, query_string, segment
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from crossbook import InvalidInputError
from crossbook._http.request import BaseUrl, Credentials, prepare_request

BASE = BaseUrl.parse("https://vendor.example.com/api/", allow_http=False)


def framed(request: Request, attachment: Credentials | None = None, **options: float):
    times = {"connect_timeout": 5.0, "read_timeout": 30.0, **options}
    return prepare_request(request, BASE, attachment or Credentials(), **times, left=60, max_response_bytes=1000)


def test_prepared_target_has_base_and_credentials() -> None:
    request = Request(operation="x", method="GET", path="/things", query="a=1")
    call = framed(request, Credentials(headers=((b"Authorization", b"secret"),), query="token=secret"))
    assert (call.origin, call.path, call.target) == (
        "https://vendor.example.com", "/api/things", b"/api/things?a=1&token=secret"
    )  # fmt: skip
    assert call.headers[-1] == (b"Authorization", b"secret")
    assert dict(call.headers)[b"Accept-Encoding"] == b"gzip", "only gzip is decompressed with a cap"
    assert "secret" not in f"{call!r}{request!r}"
    assert request.query == "a=1", "a copy"


@pytest.mark.parametrize("body", [b"{}", b'{"a":1}'])
def test_body_credentials_are_added_to_the_body(body: bytes) -> None:
    request = Request(operation="x", method="POST", path="/things", body=body, content_type="application/json")
    call = framed(request, Credentials(members=b'"password":"secret"'))
    assert json.loads(call.body) == {"password": "secret", **json.loads(body)}
    assert dict(call.headers)[b"Content-Type"] == b"application/json"
    assert request.body == body


@pytest.mark.parametrize(
    "path",
    [
        "",
        "things",
        "/",
        "//",
        "/..",
        "/a/../b",
        "/./a",
        "/a/..",
        "/a b",
        "/a?b",
        "/a#b",
        "/ą",
        "/a\n",
        "/%2e%2e/b",
        "/a%2Fb",
        "/a%5Cb",
        "/%2E%2E",
        "/a%3Bb",
        "/a%3Fb",
        "/a%23b",
        "/a%00",
        "/a%25",
        "/a%20b",
        "/a%C5%82",
        "/a%2fb",
        "/a%4",
    ],
)
def test_ambiguous_path_is_refused(path: str) -> None:
    with pytest.raises(InvalidInputError):
        framed(Request(operation="x", method="GET", path=path))


def test_email_in_path_is_sent_encoded_and_hidden() -> None:
    call = framed(
        Request(operation="x", method="GET", path=f"/people/{segment('anna+b@example.com')}/tags", query="a=1")
    )
    assert call.target == b"/api/people/anna%2Bb%40example.com/tags?a=1"
    assert call.path == "/api/people/***/tags"
    assert "anna" not in repr(call)


def test_header_parameters_are_sent() -> None:
    parameters = {"X-Dry-Run": True, "Idempotency-Key": "a b", "X-None": UNSET}
    call = framed(
        Request(operation="x", method="GET", path="/things", headers=header_values(parameters)),
        Credentials(headers=((b"Authorization", b"secret"),)),
    )
    assert call.headers[-2:] == ((b"X-Dry-Run", b"true"), (b"Idempotency-Key", b"a b"))


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\0", "\u0142", " a b c", "a\n", "\x7f"])
def test_invalid_header_value_is_refused(value: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        framed(Request(operation="x", method="GET", path="/things", headers=(("X-Name", value),)))
    assert (caught.value.operation, caught.value.field) == ("x", "X-Name")
    assert value not in str(caught.value)


@given(st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), st.text(max_size=20)))
def test_any_query_stays_a_query(parameters: dict[str, str]) -> None:
    call = framed(Request(operation="x", method="GET", path="/things", query=query_string(parameters)))
    assert call.target.partition(b"?")[0] == b"/api/things"
    assert all(33 <= byte <= 126 and byte not in b"#" for byte in call.target)


@pytest.mark.parametrize(
    ("url", "origin", "prefix"),
    [
        ("https://api.example.com", "https://api.example.com", ""),
        (" https://api.example.com/ ", "https://api.example.com", ""),
        ("https://api.example.com:8443/v1/", "https://api.example.com:8443", "/v1"),
        ("http://127.0.0.1:80", "http://127.0.0.1:80", ""),
        ("http://[::1]:80/x", "http://[::1]:80", "/x"),
        ("http://localhost/x", "http://localhost", "/x"),
        ("http://LOCALHOST", "http://LOCALHOST", ""),
        ("http://127.255.0.9:1", "http://127.255.0.9:1", ""),
        ("http://[::ffff:127.0.0.1]", "http://[::ffff:127.0.0.1]", ""),
    ],
)
def test_base_urls(url: str, origin: str, prefix: str) -> None:
    base = BaseUrl.parse(url, allow_http=False)
    assert (base.origin, base.prefix) == (origin, prefix)


@pytest.mark.parametrize(
    "url",
    [
        "", "api.example.com", "//api.example.com", "ftp://api.example.com", "https://", "https://u:pw@api.example.com",
        "https://api.example.com?x=1", "https://api.example.com#x", "http://api.example.com", "http://128.0.0.1",
        "http://localhost.example.com", "http://x.localhost", "http://.localhost", "http://localhost.",
        "http://127.0.0.1.example.com", "http://2130706433", "http://0x7f000001", "http://127.1", "http://0.0.0.0",
        "http://[::]", "http://[::ffff:128.0.0.1]", "http://10.0.0.1", "https://@api.example.com",
        "https://:@api.example.com", "https://u@api.example.com", "http://@localhost", "http://127.0.0.1@api.example.com",
        "https://api.example.com:port", "https://[::1", "https://api.exa mple.com",
        "https://api.example.com/a b", "https://ąpi.example.com", "https://api.example.com/\r\nX: y",
    ],
)  # fmt: skip
def test_invalid_or_unsafe_base_url_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        BaseUrl.parse(url, allow_http=False)
    assert caught.value.field == "base_url"
    assert "pw" not in str(caught.value)


def test_allow_http_accepts_plain_http() -> None:
    assert BaseUrl.parse("http://api.example.com", allow_http=True).origin == "http://api.example.com"
    with pytest.raises(InvalidInputError):
        BaseUrl.parse("ftp://api.example.com", allow_http=True)


def test_credentials_cannot_be_pickled() -> None:
    attachment = Credentials(headers=((b"Authorization", b"secret"),), members=b"secret", query="secret")
    assert "secret" not in repr(attachment)
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(attachment)
