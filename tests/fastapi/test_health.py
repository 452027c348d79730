"""`health`: check the vendor of each book, and report which fails and why."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from control import Server
from fakes import VENDORS
from fastapi import Depends, FastAPI
from serving import book_on, serving

import crossbook.fastapi
from crossbook.fastapi import Health, health

pytestmark = pytest.mark.asyncio


def application(timeout: float = 60, **books: Any) -> FastAPI:
    app = FastAPI(lifespan=crossbook.fastapi.lifespan(**books))

    @app.get("/health")
    async def check(checked: Health = Depends(health(timeout))) -> Health:  # noqa: B008
        return checked

    return app


async def test_health_check_costs_one_read(sandbox: Server, client: httpx.AsyncClient) -> None:
    books = {vendor: book_on(sandbox, vendor) for vendor in VENDORS}
    with serving(application(**books)) as url:
        response = await client.get(f"{url}/health")
    assert response.status_code == 200
    body = response.json()
    assert body["healthy"] is True
    assert list(body["books"]) == list(VENDORS)
    assert all(book["healthy"] and book["error"] is None and book["seconds"] < 60 for book in body["books"].values())
    assert all(sum(sandbox.requests(vendor).values()) <= 2 for vendor in VENDORS)


async def test_health_names_failed_book_with_error(sandbox: Server, client: httpx.AsyncClient) -> None:
    wrong = book_on(sandbox, "atom", token="wrong")
    away = book_on(sandbox, "filemail", base_url="http://127.0.0.1:9")
    with serving(application(vercom=book_on(sandbox, "vercom"), atom=wrong, filemail=away)) as url:
        response = await client.get(f"{url}/health")
    assert response.status_code == 503
    body = response.json()
    assert body["healthy"] is False
    assert {name: book["healthy"] for name, book in body["books"].items()} == {
        "vercom": True, "atom": False, "filemail": False,
    }  # fmt: skip
    assert body["books"]["atom"]["error"]["kind"] == "AuthError"
    assert body["books"]["filemail"]["error"]["kind"] == "ConnectError"
    assert "wrong" not in response.text


async def test_health_check_times_out(sandbox: Server, client: httpx.AsyncClient) -> None:
    sandbox.fault("delay", "vercom", seconds=100, count=9)  # longer than the time-outs of the client and of a book
    with serving(application(0.3, vercom=book_on(sandbox, "vercom"), atom=book_on(sandbox, "atom"))) as url:
        for _ in range(5):
            response = await client.get(f"{url}/health")
            if sandbox.requests("vercom"):  # on a busy machine the time-out may end before the first request
                break
    assert response.status_code == 503
    assert response.json()["books"]["vercom"]["error"]["kind"] == "NoResponseError"


async def test_health_survives_expired_token(sandbox: Server, client: httpx.AsyncClient) -> None:
    with serving(application(filemail=book_on(sandbox, "filemail"))) as url:
        assert (await client.get(f"{url}/health")).status_code == 200
        sandbox.fault("expire_tokens", "filemail")
        assert (await client.get(f"{url}/health")).status_code == 200


async def test_health_survives_closed_connection(sandbox: Server, client: httpx.AsyncClient) -> None:
    sandbox.fault("reset", "vercom", when="before")
    with serving(application(vercom=book_on(sandbox, "vercom"))) as url:
        assert (await client.get(f"{url}/health")).status_code == 200


async def test_health_without_books(client: httpx.AsyncClient) -> None:
    with serving(application()) as url:
        assert (await client.get(f"{url}/health")).json() == {"healthy": True, "books": {}}
