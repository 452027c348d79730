"""crossbook's records as request and response bodies, and their OpenAPI schemas."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.testclient import TestClient
from openapi_spec_validator import validate
from pydantic import TypeAdapter

import crossbook.fastapi
from crossbook import (
    AddressBook,
    AmbiguousMatchError,
    Contact,
    ContactChanges,
    CrossbookError,
    Group,
    InvalidInputError,
    Page,
    Progress,
    RejectedError,
    Result,
    Summary,
    WriteResult,
)
from crossbook.fastapi import NDJSON, Health, Line, use

Book = Annotated[AddressBook, Depends(use("vercom"))]
WHOLE: dict[str, Any] = {
    "id": "7", "external_id": "crm-7", "phone": "+48500600700", "email": "anna@example.com",
    "first_name": "Łucja", "last_name": "Żółw", "name": "Łucja Żółw", "company": "Zażółć & Sons",
    "fields": {"shoe size": 40, "tags": ["ą"]}, "groups": ["1", "2"], "opted_out": ["sms"], "archived": False,
    "created_at": "2024-02-29T12:30:15Z",
}  # fmt: skip


@pytest.fixture(scope="module")
def app() -> FastAPI:
    app = FastAPI()
    crossbook.fastapi.install(app)
    router = APIRouter(prefix="/inner")

    @app.post("/contact")
    async def contact(contact: Contact) -> Contact:
        assert contact.known_fields == {name for name in WHOLE if getattr(contact, name) not in (None, "")}
        assert contact.groups is None or type(contact.groups) is tuple
        assert contact.opted_out is None or type(contact.opted_out) is frozenset
        return contact

    @app.patch("/contact")
    async def change(changes: ContactChanges) -> ContactChanges:
        return changes

    @app.get("/page")
    async def page() -> Page[Contact]:
        return Page((Contact(id="1"), Contact(id="2")), "next")

    @app.get("/groups")
    async def groups() -> Page[Group]:
        return Page((Group(id="1", name="Friends"),))

    @app.get("/outcome")
    async def outcome() -> WriteResult:
        return WriteResult(id="1", status="created", contact=Contact(id="1"), dropped_fields=("company",))

    @app.get("/summary")
    async def summary() -> Summary:
        summary = Summary(seconds=1.5, requests=3)
        error = RejectedError("The phone is refused.", vendor="vercom", field="phone", sent="yes")
        summary.add(Result(index=0, status="failed", error=error))
        return summary

    @app.get("/progress")
    async def progress() -> Progress:
        return Progress(done=1, failed=0, uncertain=0, rate=2.5)

    @app.get("/health")
    async def health(health: Annotated[Health, Depends(crossbook.fastapi.health())]) -> Health:
        return health

    @router.post("/import", response_class=NDJSON, response_model=Line)
    async def bulk(people: list[Contact], book: Book) -> Response:
        return NDJSON(book.contacts.create_many(people))

    @app.post("/own", responses={422: {"model": Progress}})
    async def own(contact: Contact) -> None: ...

    @app.get("/hidden", include_in_schema=False)
    async def hidden(book: Book) -> None: ...

    async def plain(_request: Request) -> Response:
        return Response()

    # A route of Starlette without dependencies; a request never reaches it.
    app.add_route("/contact", plain, methods=["POST"])
    app.include_router(router)
    app.mount("/mounted", FastAPI())
    return app


@pytest.fixture(scope="module")
def schema(app: FastAPI) -> dict[str, Any]:
    document: dict[str, Any] = TestClient(app).get("/openapi.json").json()
    return document


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    return TestClient(app)


def test_contact_round_trips(client: TestClient) -> None:
    assert client.post("/contact", json=WHOLE).json() == WHOLE
    empty = client.post("/contact", json={"phone": "+48500600700"}).json()
    assert empty["phone"] == "+48500600700"
    assert {value for name, value in empty.items() if name not in ("id", "phone")} == {None}


@pytest.mark.parametrize(
    "body", [{"telephone": "1"}, {"phone": 1}, {"opted_out": ["fax"]}, {"groups": "1"}, {"known": []}, {"raw": {}}]
)
def test_invalid_contact_is_refused(client: TestClient, body: dict[str, Any]) -> None:
    assert client.post("/contact", json=body).status_code == 422


def test_changes_distinguish_null_from_absent(client: TestClient) -> None:
    assert client.patch("/contact", json={"company": None, "groups": ["1"]}).json() == {
        "company": None,
        "groups": ["1"],
    }
    assert client.patch("/contact", json={"telephone": "1"}).status_code == 422


def test_pages_results_and_summaries_as_json(client: TestClient) -> None:
    page = client.get("/page").json()
    assert ([item["id"] for item in page["items"]], page["cursor"]) == (["1", "2"], "next")
    assert client.get("/groups").json()["items"][0]["name"] == "Friends"
    assert client.get("/outcome").json()["dropped_fields"] == ["company"]
    assert client.get("/progress").json()["rate"] == 2.5
    summary = client.get("/summary").json()
    assert (summary["counts"], summary["seconds"], summary["requests"]) == ({"failed": 1}, 1.5, 3)
    error = summary["failures"][0]["error"]
    assert (error["kind"], error["message"], error["field"]) == ("RejectedError", "The phone is refused.", "phone")


@pytest.mark.parametrize(
    "error",
    [None, InvalidInputError("No.", field="phone"), AmbiguousMatchError("Two.", candidates=("1", "2"), sent="yes")],
)
def test_result_round_trips(error: CrossbookError | None) -> None:
    result = Result(
        index=3, status="failed", contact=Contact(**WHOLE | {"created_at": None, "opted_out": None}), error=error
    )
    adapter = TypeAdapter(Result)
    assert adapter.validate_json(adapter.dump_json(result)).error == error
    assert adapter.validate_python(result) is result


def test_schema_is_valid(schema: dict[str, Any]) -> None:
    validate(schema)


def test_schemas_of_records(schema: dict[str, Any]) -> None:
    schemas = schema["components"]["schemas"]
    contact = schemas["Contact"]
    assert list(contact["properties"]) == list(WHOLE)
    assert contact["additionalProperties"] is False
    fields, channels, _ = (kinds(contact, name) for name in ("fields", "opted_out", "created_at"))
    assert fields == {"type": "object", "additionalProperties": True}
    assert channels == {
        "type": "array",
        "items": {"type": "string", "enum": ["sms", "email", "push"]},
        "uniqueItems": True,
    }
    assert kinds(contact, "created_at") == {"type": "string", "format": "date-time"}
    assert kinds(contact, "groups") == {"type": "array", "items": {"type": "string"}}
    assert schemas["Page_Contact_"]["properties"]["items"]["items"] == {"$ref": "#/components/schemas/Contact"}
    assert schemas["Page_Group_"]["properties"]["items"]["items"] == {"$ref": "#/components/schemas/Group"}
    assert kinds(schemas["Result"], "error") == {"$ref": "#/components/schemas/CrossbookError"}
    assert "required" not in schemas["ContactChanges"]
    assert schemas["Summary"]["properties"]["failures"]["items"] == {"$ref": "#/components/schemas/Result"}
    assert not any(name in schemas["Contact"]["properties"] for name in ("known", "raw"))


def kinds(schema: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the schema of a member when it is not null."""
    (kind,) = [kind for kind in schema["properties"][name]["anyOf"] if kind != {"type": "null"}]
    assert isinstance(kind, dict)
    return kind


def test_routes_with_book_document_problems(schema: dict[str, Any]) -> None:
    problem = {"schema": {"$ref": "#/components/schemas/CrossbookProblem"}}
    responses = schema["paths"]["/inner/import"]["post"]["responses"]
    assert sorted(responses) == ["200", "404", "409", "422", "502", "503", "504"]
    assert all(responses[status]["content"]["application/problem+json"] == problem for status in list(responses)[1:])
    assert list(responses["422"]["content"]) == ["application/problem+json"]
    assert list(responses["200"]["content"]) == ["application/x-ndjson"]
    assert responses["200"]["content"]["application/x-ndjson"]["schema"] == {"$ref": "#/components/schemas/Line"}
    responses = schema["paths"]["/contact"]["post"]["responses"]
    assert sorted(responses) == ["200", "422"]
    assert responses["422"]["content"] == {"application/problem+json": problem}
    assert sorted(schema["paths"]["/page"]["get"]["responses"]) == ["200"]
    content = schema["paths"]["/own"]["post"]["responses"]["422"]["content"]
    assert content == {"application/json": {"schema": {"$ref": "#/components/schemas/Progress"}}}
    assert "/hidden" not in schema["paths"]
    assert not {"HTTPValidationError", "ValidationError"} & set(schema["components"]["schemas"])
    members = schema["components"]["schemas"]["CrossbookProblem"]
    assert members["required"] == ["type", "title", "status", "detail", "sent"]


def test_validation_handler_of_application_keeps_its_schema() -> None:
    app = FastAPI()

    @app.exception_handler(RequestValidationError)
    async def own(_request: Any, _error: Exception) -> Response:
        return Response(status_code=400)

    @app.post("/{number}")
    async def post(number: int) -> None: ...

    @app.post("/books/{number}")
    async def post_to_book(number: int, book: Book) -> None: ...

    crossbook.fastapi.install(app)
    assert TestClient(app).post("/one").status_code == 400
    schema = app.openapi()
    media_types = [list(path["post"]["responses"]["422"]["content"]) for path in schema["paths"].values()]
    assert media_types == [["application/json"], ["application/json", "application/problem+json"]]
    assert {"HTTPValidationError", "ValidationError"} < set(schema["components"]["schemas"])


def test_second_install_changes_nothing(app: FastAPI, schema: dict[str, Any]) -> None:
    crossbook.fastapi.install(app)
    assert TestClient(app).get("/openapi.json").json() == schema
