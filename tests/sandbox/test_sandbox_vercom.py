"""Vercom's contacts: bulk writes, the envelope and its statuses."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from crossbook_sandbox import Running

Json = dict[str, Any]


def data(answer: httpx.Response, status: int = 200) -> list[Json]:
    body = answer.json()
    assert answer.status_code == status, answer.text
    assert body["meta"]["status"] == status
    assert body["meta"]["numberOfData"] == len(body["data"])
    assert body["meta"]["numberOfErrors"] == len(body.get("errors", []))
    assert body["meta"]["uniqId"]
    rows: list[Json] = body["data"]
    return rows


def errors(answer: httpx.Response, status: int) -> list[Json]:
    assert answer.status_code == status, answer.text
    problems: list[Json] = answer.json()["errors"]
    return problems


def create(client: httpx.Client, *contacts: Json) -> list[int]:
    return [int(row["id"]) for row in data(client.post("/contact", json=list(contacts)))]


def with_body(client: httpx.Client, method: str, path: str, body: object) -> httpx.Response:
    return client.request(method, path, json=body)


def test_create_and_read_contacts(vercom: httpx.Client) -> None:
    full = {
        "email": "anna@example.com",
        "phoneNumber": "+48500600700",
        "firstName": "Anna",
        "lastName": "Próbka",
        "companyName": "ABC",
        "externalId": "A",
        "createdAt": "2019-02-01 20:12:12",
        "externalData": {"shoe size": 38},
    }
    written = data(vercom.post("/contact", json=[full, {"email": "b@example.com"}]))
    assert [row["externalId"] for row in written] == ["A", None]
    first, second = data(vercom.get("/contact"))
    assert first == {**full, "id": written[0]["id"], "createdAt": 1549051932, "inArchive": False}
    assert isinstance(first["id"], str)
    assert [second[name] for name in ("phoneNumber", "firstName", "externalData")] == [None, None, {}]
    shown = data(vercom.get("/contact", params={"id": first["id"], "getFullDate": "1"}))
    assert [row["createdAt"] for row in shown] == ["2019-02-01 20:12:12"]
    assert [row["name"] for row in data(vercom.get("/contact/field"))] == ["shoe size"]


def test_empty_list_is_404(vercom: httpx.Client) -> None:
    assert data(vercom.get("/contact"), 404) == []
    assert data(vercom.get("/contact/field"), 404) == []
    assert data(vercom.get("/contact", params={"group": "1"}), 404) == []


def test_partly_refused_is_207(vercom: httpx.Client) -> None:
    answer = vercom.post(
        "/contact",
        json=[
            {"externalId": "good", "email": "a@example.com"},
            {"externalId": "bad", "email": "invalid"},
            {"phoneNumber": "12ab"},
        ],
    )
    assert [row["externalId"] for row in data(answer, 207)] == ["good"]
    assert [error["meta"] for error in errors(answer, 207)] == [
        {"parameter": "email", "value": "invalid", "source": "bad"},
        {"parameter": "phoneNumber", "value": "12ab", "source": "12ab"},
    ]
    assert [row["externalId"] for row in data(vercom.get("/contact"))] == ["good"]


@pytest.mark.parametrize(
    "contact",
    [
        {},
        {"firstName": "Anna"},
        {"email": "a@example.com", "firstName": "x" * 151},
        {"email": "a@example.com", "phoneNumber": "+" + "4" * 15},
        {"phoneNumber": "500 600 700"},
        {"phoneNumber": 500600700},
        {"email": "a@example.com", "createdAt": "yesterday"},
        {"email": "a@example.com", "addToGroup": 1},
        {"email": "a@example.com", "externalData": []},
        {"email": "a@example.com", "id": "1"},
        {"email": "a@example.com", "colour": "red"},
        {"email": None},
        "Anna",
    ],
)
def test_all_refused_is_422(vercom: httpx.Client, contact: object) -> None:
    answer = vercom.post("/contact", json=[contact])
    assert errors(answer, 422)[0]["title"]
    assert "data" not in answer.json()


def test_update_by_id_and_external_id(vercom: httpx.Client) -> None:
    first, second = create(
        vercom,
        {"externalId": "A", "email": "a@example.com", "companyName": "ABC", "externalData": {"x": 1}},
        {"externalId": "B", "email": "b@example.com", "phoneNumber": "1"},
    )
    changes: list[Json] = [
        {"id": str(first), "data": {"companyName": None, "externalData": {"y": 2}}},
        {"externalId": "B", "data": {"email": None, "externalId": "C"}},
        {"externalId": "unknown", "data": {"email": "c@example.com"}},
        {"id": str(first), "externalId": "A", "data": {}},
        {"id": str(first), "data": {"email": None}},
    ]
    answer = vercom.put("/contact", json=changes)
    assert data(answer, 207) == [{"id": str(first), "externalId": "A"}, {"id": str(second), "externalId": "C"}]
    assert [error["meta"]["source"] for error in errors(answer, 207)] == ["unknown", "A", str(first)]
    one, other = data(vercom.get("/contact"))
    assert (one["companyName"], one["email"], one["externalData"]) == (None, "a@example.com", {"x": 1, "y": 2})
    assert (other["email"], other["phoneNumber"], other["externalId"]) == (None, "1", "C")


def test_change_takes_created_at(vercom: httpx.Client) -> None:
    (contact,) = create(vercom, {"externalId": "A", "email": "a@example.com"})
    changes = [{"externalId": "A", "data": {"createdAt": "2019-02-01 20:12:12"}}]
    assert data(vercom.put("/contact", json=changes))[0]["id"] == str(contact)
    assert [row["createdAt"] for row in data(vercom.get("/contact"))] == [1549051932]
    for value in (None, "yesterday", 7):
        changes = [{"id": str(contact), "data": {"createdAt": value}}]
        assert errors(vercom.put("/contact", json=changes), 422)[0]["meta"]["parameter"] == "createdAt"


@pytest.mark.parametrize("has_meta", [True, False])
def test_error_meta_switch(vercom: httpx.Client, control: httpx.Client, has_meta: bool) -> None:
    control.post("/options", json={"vercom_error_meta": has_meta}).raise_for_status()
    answer = vercom.post("/contact", json=[{"externalId": "A", "email": "a@example.com"}, {"externalId": "B"}])
    assert [row["externalId"] for row in data(answer, 207)] == ["A"]
    assert [set(error) for error in errors(answer, 207)] == [
        {"title", "message", "code", *(["meta"] if has_meta else [])}
    ]
    (error,) = errors(vercom.post("/contact", json=[{"externalId": "B"}]), 422)
    assert ("meta" in error) is has_meta


def test_missing_and_refused_is_422(vercom: httpx.Client) -> None:
    changes: list[Json] = [{"externalId": "unknown", "data": {"email": "c@example.com"}}, {"externalId": "A"}]
    assert [error["code"] for error in errors(vercom.put("/contact", json=changes), 422)] == ["E-0-404", "E-1-001"]


def test_delete_by_ids(vercom: httpx.Client) -> None:
    first, second = create(vercom, {"externalId": "A", "phoneNumber": "1"}, {"externalId": "B", "phoneNumber": "2"})
    answer = with_body(vercom, "DELETE", "/contact", {"id": [first, first, 7]})
    assert data(answer, 207) == [{"id": str(first), "externalId": "A"}]
    assert [error["meta"]["source"] for error in errors(answer, 207)] == ["7"]
    assert errors(with_body(vercom, "DELETE", "/contact", {"id": [first]}), 404)
    assert data(with_body(vercom, "DELETE", "/contact", {"id": [second]}))[0]["externalId"] == "B"


@pytest.mark.parametrize("body", [{}, {"id": []}, {"id": 1}, {"id": ["1"]}, {"id": [0]}, {"id": [1], "x": 1}, [1]])
def test_invalid_id_bodies_are_refused(vercom: httpx.Client, body: object) -> None:
    assert errors(with_body(vercom, "DELETE", "/contact", body), 422)


@pytest.mark.parametrize("content", [b"", b"[", b"\xff", b"[NaN]", b"[" * 100_000])
def test_invalid_json_is_400(vercom: httpx.Client, content: bytes) -> None:
    assert errors(vercom.post("/contact", content=content, headers={"Content-Type": "application/json"}), 400)
    assert errors(vercom.post("/contact", content=b"[]", headers={"Content-Type": "text/plain"}), 400)


def test_both_keys_are_required(sandbox: Running) -> None:
    account = sandbox.credentials["vercom"]
    assert len(account["authorization"]) == 128
    assert account["application_key"].isalnum()
    url = f"{sandbox.base_urls['vercom']}/v2.1/contact"
    assert httpx.get(url, headers={"Application-Key": account["application_key"]}, timeout=60).json() == {
        "errors": [
            {
                "title": "Empty token",
                "message": "Cannot find token in your request. Did you set 'Authorization' header?",
                "code": "E-0-004",
            }
        ],
        "meta": {},
    }
    for headers in (
        {"Authorization": account["authorization"]},
        {"Authorization": "Bearer x", "Application-Key": account["application_key"]},
        {"Authorization": account["authorization"], "Application-Key": "x"},
    ):
        assert httpx.get(url, headers=headers, timeout=60).status_code == 401
