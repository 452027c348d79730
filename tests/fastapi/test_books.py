"""`lifespan` and `use`: open and close books with the application, and give them to handlers by name."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Self

import httpx
import pytest
import python_path
from control import Server
from fakes import FakeTransport, book_over, sample
from fastapi import Depends, FastAPI, WebSocket
from fastapi.testclient import TestClient
from serving import book_on, serving

from crossbook import AddressBook, Atom, Contact, InvalidInputError, UsageError, Vercom
from crossbook.fastapi import Books, books, lifespan, use


class Watched(Vercom):
    """A book that records when it is opened and closed."""

    def __init__(self, name: str, log: list[str]) -> None:
        super().__init__("key", "key")
        self._record = (name, log)

    async def __aenter__(self) -> Self:
        name, log = self._record
        log.append(f"{name} opens")
        return await super().__aenter__()

    async def __aexit__(self, *exc: object) -> None:
        await super().__aexit__(*exc)
        name, log = self._record
        log.append(f"{name} closed")


def watched(name: str, log: list[str]) -> Any:
    return lambda: Watched(name, log)


def application(accounts: Any) -> FastAPI:
    app = FastAPI(lifespan=accounts)

    @app.get("/books")
    async def names(books: Books) -> dict[str, str]:
        return {name: type(book).__name__ for name, book in books.items()}

    @app.get("/vercom")
    async def vercom(book: Annotated[Vercom, Depends(use("vercom"))]) -> str:
        return book.profile.vendor

    @app.get("/eu")
    async def eu(book: Annotated[Vercom, Depends(use("eu", Vercom))]) -> str:
        return book.profile.vendor

    return app


@pytest.mark.asyncio
async def test_lifespan_closes_books_in_reverse_order(client: httpx.AsyncClient) -> None:
    log: list[str] = []
    with serving(application(lifespan(eu=watched("eu", log), us=watched("us", log)))) as url:
        assert log == ["eu opens", "us opens"]
        assert (await client.get(f"{url}/books")).json() == {"eu": "Watched", "us": "Watched"}
    assert log == ["eu opens", "us opens", "us closed", "eu closed"]


def test_own_lifespan_can_use_books() -> None:
    log: list[str] = []
    accounts = lifespan(eu=watched("eu", log))

    @asynccontextmanager
    async def own(app: FastAPI) -> AsyncIterator[dict[str, str]]:
        async with accounts(app), lifespan(us=watched("us", log))(app):
            log.append("own starts")
            yield {"greeting": "hello"}
            log.append("own ends")

    app = application(own)
    with TestClient(app) as client:
        assert list(client.get("/books").json()) == ["eu", "us"]
        assert client.app_state["greeting"] == "hello"
    assert log == ["eu opens", "us opens", "own starts", "own ends", "us closed", "eu closed"]
    # The function makes a new book for the next start.
    with TestClient(app) as client:
        assert list(client.get("/books").json()) == ["eu", "us"]


def test_failed_start_closes_open_books() -> None:
    log: list[str] = []

    def broken() -> AddressBook:
        raise InvalidInputError("no such account")

    with (
        pytest.raises(InvalidInputError, match="no such account"),
        TestClient(application(lifespan(eu=watched("eu", log), us=broken))),
    ):
        pass
    assert log == ["eu opens", "eu closed"]


def test_lifespan_reads_credentials_from_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AUTHORIZATION", "APPLICATION_KEY"):
        monkeypatch.setenv(f"CROSSBOOK_VERCOM_{name}", "key")
    monkeypatch.delenv("CROSSBOOK_ATOM_TOKEN", raising=False)
    with TestClient(application(lifespan("vercom"))) as client:
        assert client.get("/vercom").json() == "vercom"
    with (
        pytest.raises(InvalidInputError, match="CROSSBOOK_ATOM_TOKEN"),
        TestClient(application(lifespan("vercom", "atom"))),
    ):
        pass


def test_lifespan_refuses_invalid_names() -> None:
    with pytest.raises(InvalidInputError, match="there is no vendor 'nokia'"):
        lifespan("nokia")
    with pytest.raises(InvalidInputError, match="two books are called vercom"):
        lifespan("vercom", "vercom")
    with pytest.raises(InvalidInputError, match="two books are called vercom"):
        lifespan("vercom", vercom=watched("vercom", []))


def test_same_name_in_two_lifespans_is_refused() -> None:
    @asynccontextmanager
    async def own(app: FastAPI) -> AsyncIterator[None]:
        async with lifespan(eu=watched("eu", []))(app), lifespan(eu=watched("eu", []))(app):
            yield

    with pytest.raises(InvalidInputError, match="has a book called eu already"), TestClient(application(own)):
        pass


@pytest.mark.asyncio
async def test_two_accounts_of_one_vendor(sandbox: Server, client: httpx.AsyncClient) -> None:
    app = FastAPI(lifespan=lifespan(pl=book_on(sandbox, "vercom"), au=book_on(sandbox, "vercom", default_region="AU")))

    @app.post("/{account}")
    async def create(account: str, contact: Contact, books: Books) -> str:
        created = await books[account].contacts.create(contact)
        assert created.contact is not None
        return str(created.contact.phone)

    with serving(app) as url:
        assert (await client.post(f"{url}/pl", json={"phone": "500 600 700"})).json() == "+48500600700"
        assert (await client.post(f"{url}/au", json={"phone": "0491 570 006"})).json() == "+61491570006"


@pytest.mark.parametrize(
    ("path", "given", "detail"),
    [
        ("/vercom", {}, "no book called vercom is open (open: none)"),
        ("/vercom", {"us": Watched("us", [])}, "no book called vercom is open (open: us)"),
        ("/vercom", {"vercom": Atom("token", base_url="https://sms.example.com")}, "is Atom, expected Vercom"),
        ("/eu", {"eu": Atom("token", base_url="https://sms.example.com")}, "is Atom, expected Vercom"),
    ],
)
def test_missing_or_wrong_book_is_status_500(path: str, given: Any, detail: str) -> None:
    with TestClient(application(lifespan(**given))) as client:
        response = client.get(path)
    assert response.status_code == 500
    assert detail in response.json()["detail"]


def test_use_without_lifespan_raises_usage_error() -> None:
    with pytest.raises(UsageError, match="add it to crossbook"):
        TestClient(application(None)).get("/vercom")


def test_dependency_override_replaces_book() -> None:
    app = application(None)
    app.dependency_overrides[use("vercom")] = lambda: book_over("vercom", FakeTransport(sample("vercom", "contacts")))
    assert TestClient(app).get("/vercom").json() == "vercom"
    app.dependency_overrides = {books: lambda: {"eu": Watched("eu", [])}}
    assert TestClient(app).get("/eu").json() == "vercom"
    assert use("eu", Vercom) is use("eu", Vercom)
    assert use("eu") is not use("us")


def test_websocket_gets_book() -> None:
    app = application(lifespan(eu=watched("eu", [])))

    @app.websocket("/ws")
    async def talk(socket: WebSocket, book: Annotated[Vercom, Depends(use("eu", Vercom))]) -> None:
        await socket.accept()
        await socket.send_text(book.profile.vendor)
        await socket.close()

    with TestClient(app) as client, client.websocket_connect("/ws") as socket:
        assert socket.receive_text() == "vercom"


def test_missing_extra_is_named(tmp_path: Path) -> None:
    (tmp_path / "fastapi.py").write_text("raise ModuleNotFoundError('no', name='fastapi')\n")
    done = subprocess.run(
        [sys.executable, "-c", "import crossbook.fastapi"],
        env={**os.environ, "PYTHONPATH": python_path.prepend(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr.splitlines()[-1].endswith("crossbook.fastapi needs fastapi: pip install 'crossbook[fastapi]'")
