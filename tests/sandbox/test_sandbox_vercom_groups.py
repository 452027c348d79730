"""Vercom's groups and members, consent, segments, and unknown paths."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

Json = dict[str, Any]


def data(answer: httpx.Response, status: int = 200) -> list[Json]:
    assert answer.status_code == status, answer.text
    rows: list[Json] = answer.json()["data"]
    return rows


def with_body(client: httpx.Client, method: str, path: str, body: object) -> httpx.Response:
    return client.request(method, path, json=body)


@pytest.fixture
def groups(vercom: httpx.Client) -> list[int]:
    new = [{"name": "One", "externalId": "1"}, {"name": "Two", "externalId": "2", "description": "Zwei"}]
    return [row["id"] for row in data(vercom.post("/group", json=new))]


@pytest.fixture
def people(vercom: httpx.Client) -> list[int]:
    new = [{"externalId": "A", "phoneNumber": "1"}, {"externalId": "B", "email": "b@example.com"}]
    return [int(row["id"]) for row in data(vercom.post("/contact", json=new))]


def test_new_account_has_all_contacts_group(vercom: httpx.Client, people: list[int]) -> None:
    (group,) = data(vercom.get("/group"))
    assert (group["name"], group["description"]) == ("Wszystkie Kontakty", None)
    assert group["externalId"] == "ALLCONTACTS"
    assert isinstance(group["id"], int)
    assert isinstance(group["createdAt"], int)
    assert {row["id"] for row in data(vercom.get(f"/group/{group['id']}/contact"))} == {str(one) for one in people}
    assert with_body(vercom, "DELETE", "/group", {"id": [group["id"]]}).status_code == 422
    assert vercom.post("/group", json=[{"name": "X", "externalId": "ALLCONTACTS"}]).status_code == 422


def test_all_contacts_group_is_fixed(vercom: httpx.Client, people: list[int]) -> None:
    (everybody,) = [group["id"] for group in data(vercom.get("/group"))]
    ids = {"id": people}
    assert len(data(with_body(vercom, "POST", f"/group/{everybody}/contact", ids))) == len(people)
    assert vercom.get(f"/contact/{people[0]}/group").status_code == 404, "as it says that there are none"
    assert with_body(vercom, "DELETE", f"/group/{everybody}/contact", ids).status_code == 422
    assert with_body(vercom, "DELETE", f"/contact/{people[0]}/group", {"id": [everybody]}).status_code == 422
    assert len(data(vercom.get(f"/group/{everybody}/contact"))) == len(people)
    (new,) = data(vercom.post("/contact", json=[{"phoneNumber": "3", "addToGroup": [everybody]}]))
    assert vercom.get(f"/contact/{new['id']}/group").status_code == 404


def test_list_groups_in_order(vercom: httpx.Client, groups: list[int]) -> None:
    def ids(**query: str) -> list[int]:
        return [row["id"] for row in data(vercom.get("/group", params=query))]

    assert ids(limit="2") == groups[::-1]
    assert ids(orderBy="id", orderDirection="ASC")[1:] == groups
    assert ids(orderBy="createdAt", orderDirection="ASC", offset="1", limit="1") == groups[:1]
    assert isinstance(data(vercom.get("/group", params={"getFullDate": "1"}))[0]["createdAt"], str)
    assert vercom.get("/group", params={"orderBy": "name"}).status_code == 422
    assert vercom.get("/group", params={"orderDirection": "up"}).status_code == 422


def test_update_and_delete_groups(vercom: httpx.Client, groups: list[int]) -> None:
    changes = [{"id": groups[0], "name": "Uno"}, {"id": 7, "name": "X"}, {"id": groups[1], "name": ""}]
    answer = vercom.put("/group", json=changes)
    assert data(answer, 207) == [{"id": groups[0], "externalId": "1"}]
    assert [error["meta"]["source"] for error in answer.json()["errors"]] == ["7", str(groups[1])]
    second, first, _ = data(vercom.get("/group"))
    assert (first["name"], second["description"]) == ("Uno", "Zwei")
    assert len(data(with_body(vercom, "DELETE", "/group", {"id": groups}))) == 2
    assert vercom.put("/group", json=[{"id": groups[0], "name": "X"}]).status_code == 404


def test_one_bare_group(vercom: httpx.Client) -> None:
    (created,) = data(vercom.post("/group", json={"name": "One", "externalId": "1"}))
    assert created["externalId"] == "1"
    assert data(vercom.put("/group", json={"id": created["id"], "name": "Uno"})) == [created]
    assert [row["name"] for row in data(vercom.get("/group"))] == ["Uno", "Wszystkie Kontakty"]
    assert vercom.post("/group", json={"name": "Two"}).status_code == 422
    assert vercom.put("/group", json={"id": 7, "name": "X"}).status_code == 404
    assert vercom.post("/contact", json={"email": "a@example.com"}).status_code == 422, "contacts come in arrays only"


@pytest.mark.parametrize("group", [{}, {"name": "A"}, {"externalId": "A"}, {"name": "", "externalId": "A"}, 1])
def test_invalid_groups_are_refused(vercom: httpx.Client, group: object) -> None:
    assert vercom.post("/group", json=[group]).status_code == 422


def test_groups_of_contact(vercom: httpx.Client, groups: list[int], people: list[int]) -> None:
    path = f"/contact/{people[0]}/group"
    assert vercom.get(path).status_code == 404
    assert data(vercom.post(path, json={"id": groups})) == [{"id": str(people[0]), "externalId": "A"}]
    assert [row["id"] for row in data(vercom.get(path))] == groups
    answer = with_body(vercom, "DELETE", path, {"id": [groups[0], 7]})
    assert data(answer, 207) == [{"id": str(people[0]), "externalId": "A"}]
    assert [row["name"] for row in data(vercom.get(path))] == ["Two"]
    assert vercom.get("/contact/7/group").status_code == 404
    assert vercom.post("/contact/7/group", json={"id": groups}).status_code == 404
    assert vercom.get("/contact/x/group").status_code == 422


def test_contacts_of_group(vercom: httpx.Client, groups: list[int], people: list[int]) -> None:
    path = f"/group/{groups[0]}/contact"
    assert vercom.get(path).status_code == 404
    assert [row["externalId"] for row in data(vercom.post(path, json={"id": people}))] == ["A", "B"]
    assert data(vercom.get(path, params={"limit": "1"})) == [
        {"email": "b@example.com", "externalId": "B", "id": str(people[1]), "phoneNumber": None}
    ]
    assert data(with_body(vercom, "DELETE", path, {"id": [people[1]]}))[0]["externalId"] == "B"
    assert [row["externalId"] for row in data(vercom.get(path))] == ["A"]
    assert vercom.post("/group/7/contact", json={"id": people}).status_code == 404
    with_body(vercom, "DELETE", "/group", {"id": [groups[0]]})
    assert len(data(vercom.get("/contact"))) == 2


def test_consent_by_channel(vercom: httpx.Client, people: list[int]) -> None:
    def out(channel: str) -> list[str]:
        answer = vercom.get("/contact", params={f"isUnsubscribe{channel}": "1"})
        return [row["externalId"] for row in data(answer, answer.status_code)]

    assert data(vercom.post("/contact/unsubscribe/all", json={"id": people[:1]}))[0]["externalId"] == "A"
    assert [out(channel) for channel in ("Sms", "Email", "Push")] == [["A"]] * 3
    vercom.post("/contact/resubscribe/email", json={"id": people})
    assert [out(channel) for channel in ("Sms", "Email", "Push")] == [["A"], [], ["A"]]
    assert vercom.post("/contact/unsubscribe/fax", json={"id": people}).status_code == 422
    assert vercom.post("/contact/unsubscribe/sms", json={"id": [7]}).status_code == 404


def test_segment_is_202_once(vercom: httpx.Client, people: list[int]) -> None:
    segments = {row["name"]: row["id"] for row in data(vercom.get("/contact/segment"))}
    path = f"/contact/segment/{segments['With a phone number']}"
    answer = vercom.get(path)
    assert data(answer, 202) == []
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["expires"].endswith("GMT")
    assert data(vercom.get(path))[0]["count"] == 1
    assert vercom.get("/contact/segment/7x").status_code == 404


def test_segment_wait_switch(vercom: httpx.Client, control: httpx.Client, people: list[int]) -> None:
    control.post("/options", json={"vercom_segment_wait": 0}).raise_for_status()
    segments = data(vercom.get("/contact/segment"))
    assert [data(vercom.get(f"/contact/segment/{row['id']}"))[0]["count"] for row in segments] == [1, 1, 0]


@pytest.mark.parametrize(
    "path", ["/contact/", "/contact%0A", "/contact/1%0A/group/", "/contact/1%2Fgroup%2F2", "/Contact"]
)
def test_unknown_paths(vercom: httpx.Client, path: str) -> None:
    answer = vercom.get(path)
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["code"] == "E-0-404"


def test_unknown_methods(vercom: httpx.Client) -> None:
    answer = vercom.patch("/contact", json=[])
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST, PUT, DELETE")
