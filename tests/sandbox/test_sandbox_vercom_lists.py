"""Vercom: the filters and pages of the list of contacts, and the largest bodies."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

Json = dict[str, Any]


def data(answer: httpx.Response) -> list[Json]:
    assert answer.status_code in (200, 404), answer.text
    rows: list[Json] = answer.json()["data"]
    return rows


def create(client: httpx.Client, *contacts: Json) -> list[int]:
    return [int(row["id"]) for row in data(client.post("/contact", json=list(contacts)))]


def listed(client: httpx.Client, **filters: object) -> list[str]:
    answer = client.get("/contact", params={name: str(value) for name, value in filters.items()})
    return [row["externalId"] for row in data(answer)]


def test_filters(vercom: httpx.Client, control: httpx.Client) -> None:
    group = data(vercom.post("/group", json=[{"name": "G", "externalId": "G"}]))[0]["id"]
    first, second = create(
        vercom,
        {"externalId": "A", "phoneNumber": "+48500600700", "email": "a@example.com", "addToGroup": [group]},
        {"externalId": "B", "phoneNumber": "48500600700"},
    )
    vercom.post("/contact/unsubscribe/sms", json={"id": [second]})
    mark = {"vendor": "vercom", "id": second, "archived": "2025-01-02 10:00:00"}
    control.post("/mark", json=mark).raise_for_status()
    everybody = data(vercom.get("/group"))[-1]["id"]
    both = ["A", "B"]
    assert listed(vercom, group=group) == ["A"]
    assert listed(vercom, group=everybody) == both
    assert listed(vercom, id=first) == ["A"]
    assert listed(vercom, externalId="B") == ["B"]
    assert listed(vercom, phoneNumber="+48500600700") == ["A"]
    assert listed(vercom, email="a@example.com", group=group) == ["A"]
    assert listed(vercom, inArchive="true") == ["B"]
    assert listed(vercom, inArchive=0) == ["A"]
    assert listed(vercom, archiveDateFrom="2025-01-02 10:00:00", archiveDateTo="2025-01-02 10:00:00") == ["B"]
    assert listed(vercom, archiveDateFrom="2025-01-02 10:00:01") == []
    assert listed(vercom, isUnsubscribeSms=1) == ["B"]
    assert listed(vercom, isUnsubscribeSms="false") == ["A"]
    assert listed(vercom, isUnsubscribeEmail=1) == []
    assert listed(vercom, limit=1) == ["A"]
    assert listed(vercom, limit=1, offset=1) == ["B"]
    assert listed(vercom, offset=2**70) == []


@pytest.mark.parametrize(
    "query",
    [
        "limit=1001",
        "limit=0",
        "limit=x",
        "offset=-1",
        "group=x",
        "id=",
        "inArchive=maybe",
        "archiveDateTo=x",
        "getFullDate=2",
    ],
)
def test_invalid_queries_are_refused(vercom: httpx.Client, query: str) -> None:
    answer = vercom.get(f"/contact?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["meta"]["parameter"] == query.partition("=")[0]


def test_bulk_size_limit(vercom: httpx.Client) -> None:
    people = [{"phoneNumber": str(number)} for number in range(1001)]
    assert vercom.post("/contact", json=people).status_code == 422
    ids = create(vercom, *people[:1000])
    assert len(data(vercom.get("/contact"))) == 100
    assert len(data(vercom.get("/contact", params={"limit": "1000"}))) == 1000
    assert len(data(vercom.request("DELETE", "/contact", json={"id": ids}))) == 1000
