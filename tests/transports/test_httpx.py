"""A book over httpx, with the library's own exceptions and responses below it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
import respx

import crossbook
from crossbook import ConnectError, CrossbookError, InvalidResponseError, NoResponseError

pytestmark = pytest.mark.anyio
BASE_URL = "https://vendor.example.com"
NEVER_LEFT = (
    httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)  # fmt: skip
MAY_HAVE_LEFT = (
    httpx.ReadError, httpx.ReadTimeout, httpx.WriteError, httpx.WriteTimeout, httpx.RemoteProtocolError,
    httpx.CloseError, httpx.DecodingError, httpx.StreamError,
)  # fmt: skip


@pytest.fixture
def vendor() -> Iterator[respx.MockRouter]:
    with respx.mock(base_url=BASE_URL, assert_all_called=False) as router:
        yield router


def vercom() -> crossbook.Vercom:
    return crossbook.Vercom("fake-authorization", "fake-key", base_url=BASE_URL, max_attempts=1)


async def error_of(book: crossbook.Vercom) -> CrossbookError:
    with pytest.raises(CrossbookError) as caught:
        await book.contacts.list(email="anna@example.com")
    return caught.value


@pytest.mark.parametrize("exception", [*NEVER_LEFT, *MAY_HAVE_LEFT])
async def test_each_exception_becomes_a_failure(vendor: respx.MockRouter, exception: type[Exception]) -> None:
    vendor.get("/v2.1/contact").mock(side_effect=exception("fake-key, anna@example.com"))
    async with vercom() as book:
        error = await error_of(book)
    never = exception in NEVER_LEFT
    assert type(error) is (ConnectError if never else NoResponseError)
    assert (error.sent, error.cause, error.status) == ("no" if never else "maybe", exception.__name__, None)
    assert "fake-key" not in f"{error!r}{vars(error)}"
    assert "anna@" not in f"{error!r}{vars(error)}"


async def test_library_sees_no_query(vendor: respx.MockRouter) -> None:
    """The keys are in the headers. Personal data is in the target, which is not in the logged URL."""
    route = vendor.get("/v2.1/contact").respond(200, json={"meta": {}, "data": [{"id": "1"}]})
    async with vercom() as book:
        found = await book.contacts.get("1")
    request = route.calls.last.request
    assert found.id == "1"
    assert request.headers["Authorization"] == "fake-authorization"
    assert request.headers["Application-Key"] == "fake-key"
    assert request.headers["Accept-Encoding"] == "gzip"
    assert "Cookie" not in request.headers


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirect_is_an_error(vendor: respx.MockRouter, status: int) -> None:
    """Following it would send the keys to another host."""
    vendor.get("/v2.1/contact").respond(status, headers={"Location": "https://elsewhere.example.com/"})
    elsewhere = respx.get("https://elsewhere.example.com/").respond(200, json={"meta": {}, "data": []})
    async with vercom() as book:
        error = await error_of(book)
    assert isinstance(error, InvalidResponseError)
    assert "redirect" in str(error)
    assert error.status == status
    assert not elsewhere.called


async def test_cookies_are_not_kept(vendor: respx.MockRouter) -> None:
    route = vendor.get("/v2.1/contact").respond(200, json={"meta": {}, "data": []}, headers={"Set-Cookie": "id=1"})
    async with vercom() as book:
        for _ in range(3):
            await book.contacts.list()
    assert [call.request.headers.get("Cookie") for call in route.calls] == [None] * 3
