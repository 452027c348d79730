"""crossbook's errors as RFC 9457 problem details, over HTTP."""

from __future__ import annotations

import logging
from typing import Annotated, Any, Literal
from uuid import UUID

import httpx
import pytest
from control import Server
from fakes import VENDORS
from fastapi import Body, Depends, FastAPI, Header, WebSocket
from fastapi.exceptions import RequestValidationError
from fastapi.testclient import TestClient
from pydantic import AfterValidator, BaseModel
from pydantic_core import PydanticCustomError
from serving import book_on, serving

import crossbook.fastapi
from crossbook import AddressBook, Contact, ContactChanges, CrossbookError, WriteResult, errors
from crossbook.fastapi import Problem, use

STATUSES = {
    "NotFoundError": 404, "AmbiguousMatchError": 409, "JournalBusyError": 409, "JournalMismatchError": 409,
    "InvalidInputError": 422, "RejectedError": 422, "UnsupportedError": 422,
    "AuthError": 502, "InvalidResponseError": 502, "ResponseTooLargeError": 502, "VendorUnavailableError": 502,
    "ConnectError": 503, "RateLimitError": 503, "NoResponseError": 504,
    "CrossbookError": 500, "UsageError": 500,
}  # fmt: skip
PRIVATE = ("+48500600700", "anna@example.com", "Kowalska", "Anna")
KINDS = [name for name in errors.__all__ if name != "Sent"]
FACTS: dict[str, Any] = {
    "vendor": "vercom", "operation": "createContacts", "status": 418, "code": "E-1", "field": "phone",
    "request_id": "00d928f759", "retry_after": 1.2, "sent": "yes", "id": "17", "cursor": "abc", "cause": "ReadError",
}  # fmt: skip
Book = Annotated[AddressBook, Depends(use("book"))]


def raising(error: Exception) -> TestClient:
    app = FastAPI()
    crossbook.fastapi.install(app)

    @app.get("/")
    async def fail() -> None:
        raise error

    return TestClient(app)


@pytest.mark.parametrize("name", KINDS)
def test_error_is_problem(name: str) -> None:
    response = raising(getattr(errors, name)("It happened.", **FACTS)).get("/")
    assert response.status_code == STATUSES[name]
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["retry-after"] == "2"
    members = response.json()
    assert members.pop("title")
    slug = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name.removesuffix("Error"))[1:]
    assert members == {
        "type": f"urn:crossbook:{slug}", "status": STATUSES[name], "detail": "It happened.",
        "vendor": "vercom", "operation": "createContacts", "code": "E-1", "field": "phone", "sent": "yes",
        "request_id": "00d928f759", "id": "17", "cursor": "abc",
        **({"candidates": []} if name == "AmbiguousMatchError" else {}),
    }  # fmt: skip


def test_every_error_class_has_status() -> None:
    assert set(KINDS) == set(STATUSES)


def test_problem_omits_none() -> None:
    response = raising(errors.AmbiguousMatchError("Two match.", candidates=("1", "2"))).get("/")
    assert "retry-after" not in response.headers
    assert sorted(response.json()) == ["candidates", "detail", "sent", "status", "title", "type"]
    assert response.json()["candidates"] == ["1", "2"]


def test_lost_earlier_attempt_is_status_504() -> None:
    refused = errors.ConnectError("No connection.", sent="no", earlier="maybe")
    assert (Problem.from_error(refused).status, Problem.from_error(refused).sent) == (504, "maybe")


def test_error_subclass_has_status_of_parent() -> None:
    class GoneError(errors.NotFoundError):
        pass

    assert Problem.from_error(GoneError("Gone.")).status == 404


def test_status_500_is_logged_with_traceback(caplog: pytest.LogCaptureFixture) -> None:
    raising(errors.UsageError("The book is not open.")).get("/")
    raising(errors.NotFoundError("There is none.")).get("/")
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.name == "crossbook"
    assert record.exc_info
    assert record.exc_info[2]


def test_other_errors_and_websockets_are_not_handled() -> None:
    with pytest.raises(ValueError, match="mine"):
        raising(ValueError("mine")).get("/")
    app = FastAPI()
    crossbook.fastapi.install(app)

    @app.websocket("/ws")
    async def fail(socket: WebSocket) -> None:
        await socket.accept()
        raise errors.NotFoundError("There is none.")

    with pytest.raises(CrossbookError), TestClient(app).websocket_connect("/ws") as socket:
        socket.receive_text()


def test_handler_of_application_is_kept() -> None:
    app = FastAPI()

    @app.exception_handler(CrossbookError)
    async def own(_request: Any, error: Exception) -> Any:
        return crossbook.fastapi.problems.JSONResponse({"own": str(error)}, 400)

    crossbook.fastapi.install(app)

    @app.get("/")
    async def fail() -> None:
        raise errors.NotFoundError("There is none.")

    assert TestClient(app).get("/").status_code == 400


def strict(value: str) -> str:
    raise ValueError(f"{value} is in use")


def taken(value: str) -> str:
    raise PydanticCustomError("taken", "{name} is taken", {"name": value})


class Pet(BaseModel):
    kind: Literal["cat"]


class Bird(BaseModel):
    kind: Literal["bird"]


def validating() -> TestClient:
    app = FastAPI()
    crossbook.fastapi.install(app)

    @app.post("/contacts/{number}")
    async def create(number: int, contact: Contact, page_size: int = 1) -> None: ...

    @app.patch("/contacts")
    async def update(changes: ContactChanges) -> None: ...

    @app.post("/own")
    async def own(
        name: Annotated[str, AfterValidator(strict)],
        nick: Annotated[str, AfterValidator(taken)],
        sizes: Annotated[dict[str, int], Body()],
        pet: Annotated[Pet | Bird, Body(discriminator="kind")],
        key: Annotated[UUID, Header(alias="x-key")],
    ) -> None: ...

    return TestClient(app)


TEXT = "Input should be a valid string"
NUMBER = "Input should be a valid integer, unable to parse string as an integer"
UNKNOWN = "Unexpected keyword argument"


@pytest.mark.parametrize(
    ("method", "path", "body", "detail", "field"),
    [
        ("POST", "/contacts/1", '{"phone": NaN, "email": "anna@example.com"}', f"body.phone: {TEXT}", "phone"),
        ("POST", "/contacts/1", '{"phone": 1e999, "email": "anna@example.com"}', f"body.phone: {TEXT}", "phone"),
        ("PATCH", "/contacts", '{"phone": -Infinity, "last_name": "Kowalska"}', f"body.phone: {TEXT}", "phone"),
        ("POST", "/contacts/1", '{"email": "anna@example.com"', "body.28: is not valid (json_invalid)", "body"),
        ("POST", "/contacts/1", '{"telephone": "+48500600700"}', f"body.telephone: {UNKNOWN}", "telephone"),
        ("POST", "/contacts/1", '{"+48500600700": "1"}', f"body.…: {UNKNOWN}", "…"),
        ("POST", "/contacts/1", '{"anna@example.com": "1"}', f"body.…: {UNKNOWN}", "…"),
        ("POST", "/contacts/1", '{"p_48500600700": "1"}', f"body.…: {UNKNOWN}", "…"),
        ("POST", "/contacts/1", '{"Kowalska": "1"}', f"body.…: {UNKNOWN}", "…"),
        ("POST", "/contacts/1", '{"kowalska": "1"}', f"body.…: {UNKNOWN}", "…"),
        ("POST", "/contacts/1", '{"firstName": "1"}', f"body.firstName: {UNKNOWN}", "firstName"),
        ("POST", "/contacts/1", '{"phone_number": "1"}', f"body.phone_number: {UNKNOWN}", "phone_number"),
        ("POST", "/contacts/anna@example.com", "{}", f"path.number: {NUMBER}", "number"),
        ("POST", "/contacts/1?page_size=anna@example.com", "{}", f"query.page_size: {NUMBER}", "page_size"),
    ],
)
def test_validation_error_shows_no_value(
    method: str, path: str, body: str, detail: str, field: str, caplog: pytest.LogCaptureFixture
) -> None:
    response = validating().request(method, path, content=body, headers={"content-type": "application/json"})
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == {
        "type": "urn:crossbook:invalid-input", "title": "The request is invalid", "status": 422,
        "detail": detail, "field": field, "sent": "no",
    }  # fmt: skip
    assert not any(value in response.text + caplog.text for value in PRIVATE)


def test_validation_error_hides_messages_of_validators() -> None:
    body = {"sizes": {"Kowalska": "x"}, "pet": {"kind": "Kowalska"}}
    response = validating().post(
        "/own", params={"name": "Kowalska", "nick": "Kowalska"}, json=body, headers={"x-key": "Kowalska"}
    )
    assert response.status_code == 422
    assert sorted(response.json()["detail"].split("; ")) == [
        "body.pet: is not valid (union_tag_invalid)",
        "body.sizes.…: Input should be a valid integer, unable to parse string as an integer",
        "header.x-key: is not valid (uuid_parsing)",
        "query.name: is not valid (value_error)",
        "query.nick: is not valid (taken)",
    ]


@pytest.mark.parametrize(("wrong", "rest"), [(4, ""), (5, ""), (6, "; and 1 more")])
def test_validation_error_lists_five_locations(wrong: int, rest: str) -> None:
    names = ("external_id", "phone", "email", "first_name", "last_name", "name")[:wrong]
    response = validating().post("/contacts/1", json=dict.fromkeys(names, 1))
    assert response.json()["detail"] == "; ".join(f"body.{name}: {TEXT}" for name in names[:5]) + rest


@pytest.mark.parametrize(
    ("found", "detail", "field"),
    [
        ([], "request: is not valid", "request"),
        ([{"type": "missing", "loc": (), "msg": "Field required"}], "request: Field required", "request"),
        ([{"type": "missing", "msg": "Field required"}], "request: Field required", "request"),
        ([{"type": "extra_forbidden", "msg": "No"}], "request: No", "request"),
        ([{"type": "missing", "loc": (3,), "msg": "Field required"}], "3: Field required", None),
        ([{"loc": ("body",), "msg": "Kowalska"}], "body: is not valid (unknown)", "body"),
        ([{"loc": ("body", "phone"), "type": "missing"}], "body.phone: is not valid (missing)", "phone"),
    ],
)
def test_validation_error_of_application_is_problem(
    found: list[dict[str, Any]], detail: str, field: str | None
) -> None:
    response = raising(RequestValidationError(found)).get("/")
    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")
    assert (response.json()["detail"], response.json().get("field")) == (detail, field)


def test_request_too_large_is_status_413() -> None:
    response = raising(crossbook.fastapi.RequestTooLargeError("The file has too many people.")).get("/")
    assert (response.status_code, response.json()["type"]) == (413, "urn:crossbook:request-too-large")


def gateway(sandbox: Server, vendor: str = "vercom", **options: Any) -> FastAPI:
    app = FastAPI(lifespan=crossbook.fastapi.lifespan(book=book_on(sandbox, vendor, **options)))

    @app.post("/contacts")
    async def create(contact: Contact, book: Book) -> WriteResult:
        return await book.contacts.create(contact)

    @app.get("/contacts/{id}")
    async def read(id: str, book: Book) -> Contact:
        return await book.contacts.get(id)

    return app


@pytest.mark.asyncio
async def test_lifespan_installs_handlers(sandbox: Server, client: httpx.AsyncClient) -> None:
    with serving(gateway(sandbox)) as url:
        response = await client.get(f"{url}/contacts/1")
    assert (response.status_code, response.json()["type"]) == (404, "urn:crossbook:not-found")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("fault", "status", "type"),
    [
        ({"kind": "status", "status": 429, "retry_after": 7}, 503, "rate-limit"),
        ({"kind": "status", "status": 401}, 502, "auth"),
        ({"kind": "status", "status": 500}, 502, "vendor-unavailable"),
        ({"kind": "garbage", "committed": False}, 502, "invalid-response"),
        ({"kind": "reset", "when": "after"}, 504, "no-response"),
    ],
)
async def test_problem_of_vendor_failure(
    sandbox: Server, client: httpx.AsyncClient, fault: dict[str, Any], status: int, type: str
) -> None:
    sandbox.fault(fault.pop("kind"), "vercom", "createContacts", count=9, **fault)
    with serving(gateway(sandbox, max_attempts=1)) as url:
        response = await client.post(f"{url}/contacts", json={"phone": "+48500600700"})
    assert (response.status_code, response.json()["type"]) == (status, f"urn:crossbook:{type}")
    assert response.headers.get("retry-after") == (str(fault["retry_after"]) if "retry_after" in fault else None)


@pytest.mark.asyncio
async def test_problem_names_field_and_shows_no_data(sandbox: Server, client: httpx.AsyncClient) -> None:
    with serving(gateway(sandbox, "atom")) as url:
        held = await client.post(f"{url}/contacts", json={"phone": "0491 570 006", "email": "anna@example.com"})
        cannot = await client.post(f"{url}/contacts", json={"phone": "call anna@example.com", "groups": ["1"]})
    assert (held.status_code, held.json()["field"]) == (422, "email")
    assert cannot.status_code == 422
    assert "anna@example.com" not in held.text + cannot.text
    credentials = sandbox.credentials["atom"].values()
    assert not any(secret in held.text + cannot.text for secret in credentials)


DEEP = "[" * 300 + "]" * 300


@pytest.mark.asyncio
@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    "contact",
    [
        '{"phone": "\\ud800"}',
        '{"phone": "+48500600700", "first_name": "\\ud800"}',
        '{"phone": "+48500600700", "groups": ["\\ud800"]}',
        '{"phone": "+48500600700", "fields": {"\\ud800": "x"}}',
        '{"phone": "+48500600700", "fields": {"a": "\\ud800"}}',
        '{"phone": "+48500600700", "fields": {"a": NaN}}',
        '{"phone": "+48500600700", "fields": {"a": 1e999}}',
        '{"phone": "+48500600700", "fields": {"a": ' + DEEP + "}}",
    ],
)
async def test_json_that_cannot_be_encoded_is_problem(
    sandbox: Server, client: httpx.AsyncClient, vendor: str, contact: str, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(gateway(sandbox, vendor)) as url:
        response = await client.post(f"{url}/contacts", content=contact, headers={"content-type": "application/json"})
    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert sandbox.contacts(vendor) == 0


@pytest.mark.asyncio
@pytest.mark.parametrize("pair", ["[]", '{"a":}'])
async def test_extra_field_has_32_levels(sandbox: Server, client: httpx.AsyncClient, pair: str) -> None:
    def contact(levels: int) -> str:
        value = pair[:-1] * levels + "1" + pair[-1] * levels
        return '{"phone": "+48500600700", "fields": {"a": ' + value + "}}"

    json = {"content-type": "application/json"}
    with serving(gateway(sandbox)) as url:
        created = await client.post(f"{url}/contacts", content=contact(32), headers=json)
        refused = await client.post(f"{url}/contacts", content=contact(33), headers=json)
    assert created.status_code == 200, created.text
    assert refused.status_code == 422
    assert refused.json()["detail"] == "fields.a is nested deeper than 32 levels: pass a flatter value"


@pytest.mark.asyncio
async def test_unreachable_vendor_is_status_503(sandbox: Server, client: httpx.AsyncClient) -> None:
    with serving(gateway(sandbox, base_url="http://127.0.0.1:9", max_attempts=1)) as url:
        response = await client.get(f"{url}/contacts/1")
    assert (response.status_code, response.json()["sent"]) == (503, "no")
