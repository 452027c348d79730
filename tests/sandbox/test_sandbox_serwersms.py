"""SerwerSMS, as its pages say it speaks: contacts, groups, and errors."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from crossbook_sandbox import Running

Json = dict[str, Any]


def call(client: httpx.Client, action: str, body: Json | None = None) -> Json:
    answer = client.post(f"/{action}", json=body or {})
    assert answer.status_code == 200
    body = answer.json()
    assert body is not None
    return body


def add(client: httpx.Client, action: str, **body: object) -> int:
    answer = call(client, action, body)
    assert answer["success"] is True, answer
    number: int = answer["id"]
    return number


def code(client: httpx.Client, action: str, body: Json | None = None) -> int:
    error: Json = call(client, action, body)["error"]
    assert error["type"]
    assert error["message"]
    number: int = error["code"]
    return number


def test_blacklist_lifecycle(serwersms: httpx.Client) -> None:
    contact_id = add(serwersms, "contacts/add", phone="+48500600702")
    entry = add(serwersms, "blacklist/add", phone="500 600 702")
    assert add(serwersms, "blacklist/add", phone="+48500600702") == entry
    add(serwersms, "blacklist/add", phone="+48500600703")
    assert call(serwersms, "blacklist/check", {"phone": "+48500600702"}) == {"exists": True}
    assert call(serwersms, "contacts/view", {"id": contact_id})["blacklist"] is True
    assert call(serwersms, "contacts/index")["items"][0]["blacklist"] is True
    page = call(serwersms, "blacklist/index", {"page": 1, "limit": 1})
    assert (page["paging"], [row["phone"] for row in page["items"]]) == ({"page": 1, "count": 2}, ["+48500600702"])
    (row,) = call(serwersms, "blacklist/index", {"phone": "+48500600703"})["items"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", row.pop("added"))
    assert row == {"phone": "+48500600703"}
    call(serwersms, "contacts/delete", {"id": contact_id})
    for _ in range(2):
        assert call(serwersms, "blacklist/check", {"phone": "+48500600702"}) == {"exists": True}
    for _ in range(2):
        assert call(serwersms, "blacklist/delete", {"phone": "+48500600702"}) == {"success": True}
        assert call(serwersms, "blacklist/check", {"phone": "+48500600702"}) == {"exists": False}
    for action in ("add", "check", "delete"):
        assert code(serwersms, f"blacklist/{action}") == 2000
        assert code(serwersms, f"blacklist/{action}", {"phone": "12"}) == 2001


def test_blacklist_refuses_repeats_if_switched(serwersms: httpx.Client, control: httpx.Client) -> None:
    switches = {"serwersms_refuses_blacklisted": True, "serwersms_refuses_unlisted": True}
    control.post("/options", json=switches).raise_for_status()
    phone = {"phone": "+48500600702"}
    assert code(serwersms, "blacklist/delete", phone) == 1004
    add(serwersms, "blacklist/add", **phone)
    assert code(serwersms, "blacklist/add", phone) == 1006
    assert call(serwersms, "blacklist/delete", phone) == {"success": True}


def test_contact_lifecycle(serwersms: httpx.Client) -> None:
    contact_id = add(serwersms, "contacts/add", phone="+48500600700", first_name="Święty", tax_id="1", email="")
    contact = call(serwersms, "contacts/view", {"id": contact_id})
    assert contact == {
        "id": contact_id,
        "phone": "+48500600700",
        "email": "",
        "company": "",
        "first_name": "Święty",
        "last_name": "",
        "tax_id": "1",
        "address": "",
        "city": "",
        "description": "",
        "blacklist": False,
    }
    row = call(serwersms, "contacts/index")["items"][0]
    assert row == {**contact, "group_id": None, "group_name": None}
    assert list(row) == [*contact, "group_id", "group_name"]
    assert call(serwersms, "contacts/delete", {"id": contact_id}) == {"success": True}
    assert code(serwersms, "contacts/view", {"id": contact_id}) == 1004


def test_edit_replaces_contact(serwersms: httpx.Client) -> None:
    first, second = (add(serwersms, "groups/add", name=name) for name in ("A", "B"))
    contact_id = add(serwersms, "contacts/add", phone="+48500600700", company="ABC", group_id=first)
    add(serwersms, "contacts/edit", id=contact_id, phone="+48500600701", group_id=[second], city="Gdynia")
    (row,) = call(serwersms, "contacts/index")["items"]
    assert [row[name] for name in ("phone", "company", "city", "group_name")] == ["+48500600701", "", "Gdynia", "B"]
    add(serwersms, "contacts/edit", id=contact_id, phone="+48500600701", group_id="none")
    assert call(serwersms, "contacts/index")["items"][0]["group_id"] is None
    assert code(serwersms, "contacts/edit", {"id": contact_id, "phone": "+48500600702", "company": "ABC"}) == 2000
    refused = call(serwersms, "contacts/view", {"id": contact_id})
    assert (refused["phone"], refused["company"]) == ("+48500600701", "")


def test_partial_edit_switch(serwersms: httpx.Client, control: httpx.Client) -> None:
    control.post("/options", json={"serwersms_partial_edit": True}).raise_for_status()
    group = add(serwersms, "groups/add", name="A")
    contact_id = add(serwersms, "contacts/add", phone="+48500600700", company="ABC", city="Gdynia", group_id=group)
    add(serwersms, "contacts/edit", id=contact_id, phone="+48500600700", city="Sopot")
    (row,) = call(serwersms, "contacts/index")["items"]
    assert [row[name] for name in ("company", "city", "group_id")] == ["ABC", "Sopot", group]


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("500600700", "+48500600700"),
        ("48500600700", "+48500600700"),
        ("+48 500-600-700", "+48500600700"),
        ("+61491570006", "+61491570006"),
    ],
)
def test_phones_are_normalized(serwersms: httpx.Client, given: str, stored: str) -> None:
    contact_id = add(serwersms, "contacts/add", phone=given)
    assert call(serwersms, "contacts/view", {"id": contact_id})["phone"] == stored


@pytest.mark.parametrize("phone", ["12", "call me", "0491570006", "+0123456789", 48500600700, ["+48500600700"]])
def test_invalid_phones_are_refused(serwersms: httpx.Client, phone: object) -> None:
    assert code(serwersms, "contacts/add", {"phone": phone}) == 2001


def test_groups_with_their_counts(serwersms: httpx.Client) -> None:
    first, second = (add(serwersms, "groups/add", name=name) for name in ("Test API", "2014-10-20 11:54:20"))
    both = add(serwersms, "contacts/add", phone="+48500600700", group_id=[first, second])
    add(serwersms, "contacts/add", phone="+48500600701", group_id=str(first))
    assert call(serwersms, "groups/index", {"sort": "name", "order": "desc"}) == {
        "paging": {"page": 1, "count": 1},
        "items": [
            {"id": first, "name": "Test API", "count": 2},
            {"id": second, "name": "2014-10-20 11:54:20", "count": 1},
        ],
    }
    assert [item["id"] for item in call(serwersms, "groups/index", {"search": "api"})["items"]] == [first]
    add(serwersms, "groups/edit", id=second, name="Renamed")
    assert call(serwersms, "groups/view", {"id": second}) == {"id": second, "name": "Renamed", "count": 1}
    call(serwersms, "contacts/delete", {"id": both})
    assert [item["count"] for item in call(serwersms, "groups/index")["items"]] == [1, 0]
    assert call(serwersms, "groups/view", {"id": second})["count"] == 0


def test_the_groups_of_a_phone_number(serwersms: httpx.Client) -> None:
    groups = [add(serwersms, "groups/add", name=name) for name in ("A", "B")]
    one = add(serwersms, "contacts/add", phone="+48500600700", group_id=groups)
    other = add(serwersms, "contacts/add", phone="+48500600700", group_id=groups[1])
    assert call(serwersms, "groups/check", {"phone": "500600700"}) == {
        "items": [
            {"id": one, "group_id": groups[0], "group_name": "A"},
            {"id": one, "group_id": groups[1], "group_name": "B"},
            {"id": other, "group_id": groups[1], "group_name": "B"},
        ]
    }
    assert call(serwersms, "groups/check", {"phone": "+48500600799"}) == {"items": []}


@pytest.mark.parametrize(
    ("delete_contacts", "left"), [(None, 1), (False, 1), ("", 1), ("0", 1), (True, 0), ("true", 0), ("false", 0)]
)
def test_delete_group_reads_php_boolean(
    serwersms: httpx.Client, control: httpx.Client, delete_contacts: object, left: int
) -> None:
    group = add(serwersms, "groups/add", name="A")
    add(serwersms, "contacts/add", phone="+48500600700", group_id=group)
    body = {"id": group} if delete_contacts is None else {"id": group, "delete_contacts": delete_contacts}
    assert call(serwersms, "groups/delete", body) == {"success": True}
    assert control.get("/state").json()["vendors"]["serwersms"]["contacts"] == left


def test_import_creates_group_and_counts(serwersms: httpx.Client) -> None:
    add(serwersms, "groups/add", name="Targi")
    rows = [{"phone": "+48500600700", "first_name": "Jan"}, {"phone": "12"}, {"phone": "500600701", "email": "x"}]
    answer = call(serwersms, "contacts/import", {"group_name": "Targi", "contact": rows})
    assert (answer["success"], answer["correct"], answer["failed"]) == (True, 1, 2)
    assert call(serwersms, "groups/view", {"id": answer["id"]}) == {"id": answer["id"], "name": "Targi", "count": 1}
    assert len(call(serwersms, "groups/index")["items"]) == 2


@pytest.mark.parametrize(
    ("action", "body", "expected"),
    [
        ("contacts/add", {}, 2000),
        ("contacts/add", {"phone": None}, 2000),
        ("contacts/add", {"phone": "+48500600700", "group_id": 0}, 1006),
        ("contacts/add", {"phone": "+48500600700", "group_id": ["none"]}, 1006),
        ("contacts/add", {"phone": "+48500600700", "first_name": "x" * 256}, 1006),
        ("contacts/add", {"phone": "+48500600700", "email": "invalid"}, 1006),
        ("contacts/view", {}, 2000),
        ("contacts/view", {"id": "x"}, 1004),
        ("contacts/view", {"id": 2**80}, 1004),
        ("contacts/index", {"sort": "colour"}, 1006),
        ("contacts/index", {"order": "up"}, 1006),
        ("contacts/index", {"page": -1}, 1006),
        ("contacts/index", {"limit": 0}, 1006),
        ("contacts/index", {"group_id": 1}, 1004),
        ("contacts/import", {"group_name": "A", "contact": "x"}, 1006),
        ("contacts/import", {"group_name": "A", "contact": '{"phone": "+48500600700"}'}, 1006),
        ("contacts/import", {"group_name": "A"}, 2000),
        ("contacts/import", {"group_name": "A", "contact": "[]"}, 2000),
        ("contacts/delete", {"id": []}, 2000),
        ("contacts/delete", {"id": ["x"]}, 1004),
        ("groups/add", {"name": ""}, 2000),
        ("groups/add", {"name": "x" * 101}, 1006),
        ("groups/edit", {"id": 1, "name": "A"}, 1004),
        ("groups/delete", {"id": 1}, 1004),
        ("groups/check", {"phone": "x"}, 2001),
        ("groups/nothing", {}, 1000),
        ("groups/index.xml", {}, 1000),
        ("error/2001", {}, 2001),
    ],
)
def test_invalid_requests_are_refused(serwersms: httpx.Client, action: str, body: Json, expected: int) -> None:
    assert code(serwersms, action, body) == expected


def test_null_means_not_sent(serwersms: httpx.Client) -> None:
    """Official JSON clients send null for whatever the caller leaves out."""
    unsent = dict.fromkeys(("group_id", "email", "first_name", "last_name", "company", "tax_id", "city"))
    contact_id = add(serwersms, "contacts/add", phone="+48500600700", **unsent)
    unsent = dict.fromkeys(("search", "group_id", "sort", "order", "page", "limit"))
    assert [row["id"] for row in call(serwersms, "contacts/index", unsent)["items"]] == [contact_id]
    group = add(serwersms, "groups/add", name="A")
    assert call(serwersms, "groups/delete", {"id": group, "delete_contacts": None}) == {"success": True}
    rows = [{"phone": "+48500600701", "email": None}]
    assert call(serwersms, "contacts/import", {"group_name": "B", "contact": rows})["correct"] == 1


def test_page_zero_is_first_page(serwersms: httpx.Client) -> None:
    people = [add(serwersms, "contacts/add", phone=f"+4850060070{number}") for number in range(3)]
    for action in ("contacts/index", "groups/index"):
        zero, one = (call(serwersms, action, {"page": page, "limit": 2}) for page in (0, 1))
        assert zero == one
        assert zero["paging"]["page"] == 1
    assert [row["id"] for row in call(serwersms, "contacts/index", {"page": "2", "limit": 2})["items"]] == people[2:]


def test_group_none_on_add_and_edit(serwersms: httpx.Client) -> None:
    group = add(serwersms, "groups/add", name="A")
    contact_id = add(serwersms, "contacts/add", phone="+48500600700", group_id="none")
    for groups, found in ((group, group), ("none", None)):
        add(serwersms, "contacts/edit", id=contact_id, phone="+48500600700", group_id=groups)
        assert [row["group_id"] for row in call(serwersms, "contacts/index")["items"]] == [found]
    empty = {"id": contact_id, "phone": "+48500600700", "group_id": []}
    assert code(serwersms, "contacts/edit", empty) == 2000, "a form cannot send an empty array"


@pytest.mark.parametrize("kind", ["contacts", "groups"])
@pytest.mark.parametrize(
    ("mixed", "error", "left"), [("refuse", True, [0, 1]), ("skip", False, []), ("stop", True, [1])]
)
def test_delete_of_an_array_of_ids(
    serwersms: httpx.Client, control: httpx.Client, kind: str, mixed: str, error: bool, left: list[int]
) -> None:
    values = {"contacts": {"phone": "+48500600700"}, "groups": {"name": "A"}}[kind]
    ids = [add(serwersms, f"{kind}/add", **values) for _ in range(4)]
    assert call(serwersms, f"{kind}/delete", {"id": [ids[0], str(ids[1])]}) == {"success": True}
    assert [row["id"] for row in call(serwersms, f"{kind}/index")["items"]] == ids[2:]
    control.post("/options", json={"serwersms_mixed_delete": mixed}).raise_for_status()
    form = {"id[0]": str(ids[2]), "id[1]": str(ids[0]), "id[2]": str(ids[3])}
    answer = serwersms.post(f"/{kind}/delete", data=form).json()
    assert answer == {"success": True} if not error else answer["error"]["code"] == 1004
    assert [row["id"] for row in call(serwersms, f"{kind}/index")["items"]] == [ids[2 + number] for number in left]
    assert code(serwersms, f"{kind}/delete", {"id": ids[:2]}) == 1004, "no id exists"


@pytest.mark.parametrize("ending", ["form", "json"])
def test_import_takes_json_text(serwersms: httpx.Client, ending: str) -> None:
    text = '[{"phone": "+48500600700", "first_name": "Łucja"}, {"phone": "12"}, {"phone": "+48500600700"}]'
    body = {"group_name": "Targi", "contact": text}
    answer = serwersms.post("/contacts/import", **{"data" if ending == "form" else "json": body}).json()  # type: ignore[arg-type]
    assert (answer["success"], answer["correct"], answer["failed"]) == (True, 2, 1)
    rows = call(serwersms, "contacts/index", {"group_id": answer["id"]})["items"]
    assert [row["first_name"] for row in rows] == ["Łucja", ""]


@pytest.mark.parametrize(("switch", "refused"), [("ignore", False), ("refuse", True)])
def test_unknown_group_switch(serwersms: httpx.Client, control: httpx.Client, switch: str, refused: bool) -> None:
    control.post("/options", json={"serwersms_unknown_group": switch}).raise_for_status()
    group = add(serwersms, "groups/add", name="A")
    contact_id = add(serwersms, "contacts/add", phone="+48500600700", group_id=group)
    for action, body in (("contacts/add", {}), ("contacts/edit", {"id": contact_id})):
        answer = call(serwersms, action, {"phone": "+48500600701", "group_id": [10**9, group], **body})
        assert (answer["error"]["code"] == 1004) if refused else answer["success"]
    rows = call(serwersms, "contacts/index")["items"]
    assert [row["group_id"] for row in rows] == ([group] if refused else [group, group])


def test_http_errors_switch(sandbox: Running, serwersms: httpx.Client, control: httpx.Client) -> None:
    assert serwersms.post("/contacts/view", json={"id": 1}).status_code == 200
    control.post("/options", json={"serwersms_http_errors": True}).raise_for_status()
    cases = {("contacts/view", 1): (404, 1004), ("contacts/add", 1): (400, 2000), ("nothing", 1): (404, 1000)}
    for (action, number), (status, expected) in cases.items():
        answer = serwersms.post(f"/{action}", json={"id": number})
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, expected)
    answer = httpx.post(f"{sandbox.base_urls['serwersms']}/groups/index", json={}, timeout=60)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, 1001)
    assert serwersms.post("/contacts/index", json={}).status_code == 200


def test_a_contact_on_the_blacklist(serwersms: httpx.Client, control: httpx.Client) -> None:
    contact_id = add(serwersms, "contacts/add", phone="+48500600700")
    mark = {"vendor": "serwersms", "id": contact_id, "opted_out": ["sms"]}
    control.post("/mark", json=mark).raise_for_status()
    assert call(serwersms, "contacts/view", {"id": contact_id})["blacklist"] is True
    assert call(serwersms, "contacts/index")["items"][0]["blacklist"] is True
    control.post("/mark", json={**mark, "opted_out": []}).raise_for_status()
    assert call(serwersms, "contacts/view", {"id": contact_id})["blacklist"] is False


def test_only_post(sandbox: Running) -> None:
    answer = httpx.get(f"{sandbox.base_urls['serwersms']}/contacts/index", timeout=60)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
