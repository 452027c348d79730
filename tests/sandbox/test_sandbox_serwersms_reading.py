"""SerwerSMS: what it reads (forms as PHP does, JSON, two ways to log in), and how it lists."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from crossbook_sandbox import Running

Json = dict[str, Any]


def items(client: httpx.Client, **body: object) -> list[Json]:
    rows: list[Json] = client.post("/contacts/index", json=body).json()["items"]
    return rows


@pytest.fixture
def groups(serwersms: httpx.Client) -> list[int]:
    return [serwersms.post("/groups/add", json={"name": name}).json()["id"] for name in ("A", "B")]


@pytest.fixture
def people(serwersms: httpx.Client, groups: list[int]) -> list[int]:
    rows: list[Json] = [
        {"phone": "+48500600703", "last_name": "Wzór", "city": "Ustka", "group_id": groups},
        {"phone": "+48500600701", "last_name": "Łoś", "city": "Hel", "group_id": groups[1]},
        {"phone": "+48500600702", "last_name": "adams", "city": "Łeba"},
    ]
    return [serwersms.post("/contacts/add", json=row).json()["id"] for row in rows]


@pytest.mark.parametrize("ending", ["", ".json"])
def test_form_arrays(serwersms: httpx.Client, groups: list[int], ending: str) -> None:
    form = {"phone": "+48500600700", "group_id[0]": str(groups[0]), "group_id[1]": str(groups[1])}
    assert serwersms.post(f"/contacts/add{ending}", data=form).json()["success"] is True
    assert [row["group_name"] for row in items(serwersms)] == ["A", "B"]


def test_form_arrays_without_index(serwersms: httpx.Client, groups: list[int]) -> None:
    first, second = groups
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    for number, body in enumerate((f"group_id[]={first}&group_id[]={second}", f"group_id={first}&group_id={second}")):
        serwersms.post("/contacts/add", content=f"phone=50060070{number}&{body}", headers=headers)
    rows = [(row["phone"][-1], row["group_id"]) for row in items(serwersms)]
    assert rows == [("0", first), ("0", second), ("1", second)]


def test_multipart_and_nested_arrays(serwersms: httpx.Client) -> None:
    fields = {"group_name": "Targi", "contact[0][phone]": "+48500600700", "contact[1][phone]": "no", "ignored": "x"}
    answer = serwersms.post("/contacts/import", files={name: (None, text) for name, text in fields.items()}).json()
    assert (answer["correct"], answer["failed"]) == (1, 1)


def test_form_with_surrogates(serwersms: httpx.Client) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nA+2AA-\r\n--x--\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=x; charset=utf-7"}
    assert serwersms.post("/groups/add", content=part, headers=headers).json()["success"] is True
    assert serwersms.post("/groups/index").json()["items"][0]["name"] == "A?"


def test_empty_group_in_form(serwersms: httpx.Client, people: list[int]) -> None:
    form = {"id": str(people[1]), "phone": "+48500600701", "group_id": ""}
    assert serwersms.post("/contacts/edit", data=form).json()["success"] is True
    assert [row["id"] for row in items(serwersms, group_id="none")] == people[1:]


def test_password_in_the_body(sandbox: Running) -> None:
    account = sandbox.credentials["serwersms"]
    login = {"username": account["username"], "password": account["password"]}
    url = f"{sandbox.base_urls['serwersms']}/groups/index"
    assert httpx.post(url, data=login, timeout=60).json()["items"] == []
    assert httpx.post(url, json=login, timeout=60).json()["items"] == []
    for wrong in ({}, {**login, "password": "x"}, {**login, "username": ["x"]}):
        error = httpx.post(url, json=wrong, timeout=60).json()["error"]
        assert error == {"code": 1001, "type": "InvalidUser", "message": "Incorrect login or password"}


def test_wrong_bearer_overrides_password(sandbox: Running) -> None:
    account = sandbox.credentials["serwersms"]
    login = {"username": account["username"], "password": account["password"]}
    url = f"{sandbox.base_urls['serwersms']}/groups/index"
    for header in ("Bearer " + "0" * 32, f"Basic {account['token']}"):
        answer = httpx.post(url, json=login, headers={"Authorization": header}, timeout=60)
        assert answer.json()["error"]["code"] == 1001


@pytest.mark.parametrize("body", [b"{", b"[1]", b'"x"', b"\xff", b'{"id": 1e999, "x": Infinity}', b"[" * 100_000])
def test_invalid_json_is_refused(serwersms: httpx.Client, body: bytes) -> None:
    answer = serwersms.post("/contacts/index", content=body, headers={"Content-Type": "application/json"})
    assert answer.json()["error"]["code"] == 1006


def test_rows_per_group_switch(
    serwersms: httpx.Client, control: httpx.Client, people: list[int], groups: list[int]
) -> None:
    both, second, none = people
    expected = [(both, groups[0]), (both, groups[1]), (second, groups[1]), (none, None)]
    assert [(row["id"], row["group_id"]) for row in items(serwersms)] == expected
    control.post("/options", json={"serwersms_row_per_group": False}).raise_for_status()
    assert [(row["id"], row["group_id"]) for row in items(serwersms)] == [expected[0], *expected[2:]]
    assert [row["group_name"] for row in items(serwersms, group_id=groups[1])] == ["B", "B"]


def test_filters(serwersms: httpx.Client, people: list[int], groups: list[int]) -> None:
    assert [row["id"] for row in items(serwersms, group_id=str(groups[0]))] == people[:1]
    assert [row["id"] for row in items(serwersms, group_id="none")] == people[2:]
    assert [row["id"] for row in items(serwersms, search="500600701")] == [people[1]]
    assert [row["id"] for row in items(serwersms, search="ŁEBA")] == [people[2]]
    assert items(serwersms, search="%") == []


def test_search_after_update(serwersms: httpx.Client, people: list[int]) -> None:
    assert items(serwersms, search="hel") != []
    edit = {"id": people[1], "phone": "+48500600701", "city": "Jurata", "group_id": "none"}
    assert serwersms.post("/contacts/edit", json=edit).json()["success"] is True
    assert items(serwersms, search="hel") == []
    assert [row["id"] for row in items(serwersms, search="jurata")] == [people[1]]
    serwersms.post("/contacts/delete", json={"id": people[1]})
    assert items(serwersms, search="jurata") == []
    assert items(serwersms, search="\0") == []


def test_sorting(serwersms: httpx.Client, people: list[int]) -> None:
    assert [row["phone"][-1] for row in items(serwersms, sort="phone", group_id="")] == ["1", "2", "3", "3"]
    assert [row["city"] for row in items(serwersms, sort="city", order="desc")] == ["Łeba", "Ustka", "Ustka", "Hel"]
    assert items(serwersms, sort="last_name")[0]["last_name"] == "adams"


def test_pages(serwersms: httpx.Client, control: httpx.Client, people: list[int]) -> None:
    pages = [serwersms.post("/contacts/index", json={"page": page, "limit": 3}).json() for page in (1, 2, 3)]
    assert [len(page["items"]) for page in pages] == [3, 1, 0]
    assert [page["paging"] for page in pages] == [{"page": page, "count": 2} for page in (1, 2, 3)]
    control.post("/options", json={"serwersms_page_size": 2, "serwersms_paging": False}).raise_for_status()
    assert set(serwersms.post("/contacts/index", json={}).json()) == {"items"}
    assert len(items(serwersms, page="2")) == 2
    assert items(serwersms, page=2**63 - 1, limit=2**63 - 1) == []


def test_empty_list_has_one_page(serwersms: httpx.Client) -> None:
    assert serwersms.post("/contacts/index").json() == {"paging": {"page": 1, "count": 1}, "items": []}
