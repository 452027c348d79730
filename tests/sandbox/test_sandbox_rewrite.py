"""The fault `rewrite`: changed responses and ignored parameters."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

PEOPLE = [{"email": f"anna.{number}@example.com", "firstName": "Anna"} for number in range(3)]


def arm(control: httpx.Client, vendor: str, operation: str, **settings: Any) -> None:
    fault = {"fault": "rewrite", "vendor": vendor, "operation": operation, **settings}
    control.post("/faults", json=fault).raise_for_status()


@pytest.fixture
def people(vercom: httpx.Client) -> list[dict[str, Any]]:
    vercom.post("/contact", json=PEOPLE).raise_for_status()
    rows: list[dict[str, Any]] = vercom.get("/contact").json()["data"]
    return rows


def test_rewrite_edits_keys(vercom: httpx.Client, control: httpx.Client, people: list[dict[str, Any]]) -> None:
    arm(
        control, "vercom", "listContacts",
        rename={"data[].externalId": "external"}, drop=["data[].email", "meta.uniqId"],
        put={"data[].vip": True, "meta.page": {"of": 3}}, cast={"data[].id": "number", "meta.status": "text"},
    )  # fmt: skip
    for _ in range(2):  # until it is disarmed
        body = vercom.get("/contact").json()
        assert [row["id"] for row in body["data"]] == [int(row["id"]) for row in people]
        assert body["data"][0].keys() == (people[0].keys() | {"external", "vip"}) - {"externalId", "email"}
        assert list(body["data"][0])[1] == "external"
        assert (body["meta"]["status"], body["meta"]["page"], "uniqId" in body["meta"]) == ("200", {"of": 3}, False)
    assert control.get("/faults").json()[0]["hits"] == 2
    control.delete("/faults")
    assert vercom.get("/contact").json()["data"] == people


def test_rewrite_edits_elements(vercom: httpx.Client, control: httpx.Client, people: list[dict[str, Any]]) -> None:
    arm(control, "vercom", "listContacts", put={"data[]": None}, count=1)
    assert vercom.get("/contact").json()["data"] == [None, None, None]
    arm(control, "vercom", "listContacts", drop=["data[]", "nothing.of[].this", "data.id"], count=1)
    assert vercom.get("/contact").json()["data"] == []


def test_rewrite_status_only(vercom: httpx.Client, control: httpx.Client) -> None:
    arm(control, "vercom", "createContacts", status=201, count=1)
    assert vercom.post("/contact", json=PEOPLE).status_code == 201
    assert len(vercom.get("/contact").json()["data"]) == 3  # it was done


@pytest.mark.parametrize("vendor", ["vercom", "serwersms"])
def test_rewrite_ignores_parameters(vendor: str, request: pytest.FixtureRequest, control: httpx.Client) -> None:
    client: httpx.Client = request.getfixturevalue(vendor)
    if vendor == "vercom":
        client.post("/contact", json=PEOPLE).raise_for_status()
        arm(control, vendor, "listContacts", ignore=["limit", "offset"])
        assert len(client.get("/contact", params={"limit": 1, "offset": 2}).json()["data"]) == 3
        arm(control, vendor, "updateContacts", ignore=["firstName"])
        id = client.get("/contact").json()["data"][0]["id"]
        changes = {"firstName": "Ewa", "companyName": "ABC"}
        client.put("/contact", json=[{"id": id, "data": changes}]).raise_for_status()
        assert (
            client.get("/contact").json()["data"][0] | {"firstName": "Anna", "companyName": "ABC"}
            == (client.get("/contact").json()["data"][0])
        )
        return
    for number in range(3):
        client.post("/contacts/add", json={"phone": f"+4850060070{number}"}).raise_for_status()
    arm(control, vendor, "listContacts", ignore=["page", "group_id"])
    first = client.post("/contacts/index", data={"limit": "2"}).json()["items"]
    assert client.post("/contacts/index", data={"limit": "2", "page": "2"}).json()["items"] == first
    assert client.post("/contacts/index", json={"limit": 2, "page": 2, "group_id": 99}).json()["items"] == first


@pytest.mark.parametrize(
    "settings",
    [{"rename": ["id"]}, {"drop": "id"}, {"put": []}, {"cast": {"id": "bytes"}}, {"ignore": [1]}, {"body": "x"}],
)
def test_invalid_rewrites_are_refused(control: httpx.Client, settings: dict[str, Any]) -> None:
    answer = control.post("/faults", json={"fault": "rewrite", "vendor": "vercom", **settings})
    assert answer.status_code == 400
    assert answer.json()["error"]
