"""Atom's API as its documentation describes it."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from crossbook_sandbox import Running

Json = dict[str, Any]


def result(client: httpx.Client, path: str, body: Json | None = None) -> Any:
    answer = client.post(f"/api/{path}", json=body)
    assert answer.status_code == 200
    assert answer.json()["status"] == "success", answer.text
    return answer.json()["result"]


def error(client: httpx.Client, path: str, body: Json) -> str:
    answer = client.post(f"/api/{path}", json=body)
    assert answer.status_code == 200
    assert answer.json()["status"] == "error"
    assert answer.json()["error"]["message"]
    code: str = answer.json()["error"]["code"]
    return code


def test_contact_lifecycle(atom: httpx.Client) -> None:
    book = result(atom, "address-book/new", {"name": "Friends"})
    assert book == {"id": book["id"], "name": "Friends"}
    new = {"group_id": book["id"], "phone_number": "0491570006", "first_name": "Zoë", "custom_1": "one"}
    contact_id = result(atom, "contact/new", new)["id"]
    assert result(atom, "contact/detail", {"id": str(contact_id)}) == {
        "contact": {
            "id": contact_id,
            "first_name": "Zoë",
            "last_name": None,
            "company": None,
            "phone_number": "0491570006",
            "custom_1": "one",
            "custom_2": None,
            "custom_3": None,
            "custom_4": None,
        }
    }
    changes = {"id": contact_id, "first_name": "", "company": "ABC", "custom_2": "two"}
    assert result(atom, "contact/edit", changes) == {"id": contact_id}
    contact = result(atom, "contact/detail", {"id": contact_id})["contact"]
    assert [contact[name] for name in ("first_name", "company", "custom_1", "custom_2")] == ["", "ABC", "one", "two"]
    assert result(atom, "contact/delete", {"id": contact_id}) == {"id": contact_id}
    assert error(atom, "contact/detail", {"id": str(contact_id)}) == "not_found"


def test_address_book_detail_fields(atom: httpx.Client) -> None:
    book = result(atom, "address-book/new", {"name": "Friends"})["id"]
    new = {"group_id": book, "phone_number": "61491570156", "company": "ABC", "custom_1": "one"}
    contact_id = result(atom, "contact/new", new)["id"]
    row = {"id": contact_id, "first_name": None, "last_name": None, "phone_number": "61491570156"}
    assert result(atom, "address-book/detail", {"id": book}) == {"id": book, "name": "Friends", "contacts": [row]}


def test_contact_moves_between_books(atom: httpx.Client) -> None:
    first, second = (result(atom, "address-book/new", {"name": name})["id"] for name in ("A", "B"))
    contact_id = result(atom, "contact/new", {"group_id": first, "phone_number": "0491570006"})["id"]
    result(atom, "contact/edit", {"id": contact_id, "group_id": second})
    assert result(atom, "address-book/detail", {"id": first})["contacts"] == []
    assert [row["id"] for row in result(atom, "address-book/detail", {"id": second})["contacts"]] == [contact_id]


def test_address_book_lifecycle(atom: httpx.Client) -> None:
    assert result(atom, "address-book/list") == []
    book = result(atom, "address-book/new", {"name": "A"})["id"]
    contact_id = result(atom, "contact/new", {"group_id": book, "phone_number": "0491570006"})["id"]
    assert result(atom, "address-book/edit", {"id": book, "name": "B"}) == {"id": str(book), "name": "B"}
    assert result(atom, "address-book/list") == [{"id": book, "name": "B"}]
    assert result(atom, "address-book/delete", {"id": str(book)}) == {"id": book}
    assert error(atom, "contact/detail", {"id": contact_id}) == "not_found"


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("contact/new", {"phone_number": "0491570006"}, "invalid_request"),
        ("contact/new", {"group_id": 1, "phone_number": "0491570006"}, "not_found"),
        ("contact/new", {"group_id": True, "phone_number": "0491570006"}, "invalid_request"),
        ("contact/detail", {}, "invalid_request"),
        ("contact/detail", {"id": "x"}, "invalid_request"),
        ("contact/detail", {"id": 0}, "invalid_request"),
        ("contact/detail", {"id": "9" * 30}, "not_found"),
        ("contact/edit", {"id": 1, "first_name": "A"}, "not_found"),
        ("contact/delete", {"id": 1.5}, "invalid_request"),
        ("address-book/new", {"name": ""}, "invalid_request"),
        ("address-book/new", {"name": "A", "colour": "red"}, "invalid_request"),
        ("address-book/detail", {"id": 1}, "not_found"),
    ],
)
def test_invalid_requests_are_refused(atom: httpx.Client, path: str, body: Json, code: str) -> None:
    assert error(atom, path, body) == code


@pytest.mark.parametrize("phone", ["", "12", "call me", "0491 570 006", "+" + "4" * 16, 491570006, None])
def test_invalid_phones_are_refused(atom: httpx.Client, phone: object) -> None:
    book = result(atom, "address-book/new", {"name": "A"})["id"]
    assert error(atom, "contact/new", {"group_id": book, "phone_number": phone}) == "invalid_request"


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b'{"id":NaN}', b'{"id":"\\ud800"}', b"[" * 100_000])
def test_body_must_be_object(atom: httpx.Client, body: bytes) -> None:
    answer = atom.post("/api/contact/detail", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200
    assert answer.json()["error"]["code"] == "invalid_request"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic abc", "Basic {token}"])
def test_bad_token_is_403(sandbox: Running, header: str) -> None:
    headers = {"Authorization": header.format(token=sandbox.credentials["atom"]["token"])}
    answer = httpx.post(f"{sandbox.base_urls['atom']}/api/address-book/list", headers=headers, timeout=60)
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "forbidden"


def test_unknown_method_and_path(atom: httpx.Client) -> None:
    answer = atom.get("/api/address-book/list")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert atom.post("/api/contact/list").status_code == 404


def test_no_limit_gives_no_429(atom: httpx.Client) -> None:
    assert {atom.post("/api/address-book/list").status_code for _ in range(30)} == {200}


def test_rate_limit_gives_429_with_wait(atom: httpx.Client, control: httpx.Client) -> None:
    control.post("/options", json={"rates": {"atom": 1}})
    began, passed = time.monotonic(), 0
    while (answer := atom.post("/api/address-book/list")).status_code == 200:
        passed += 1
    assert 2 <= passed <= 2 + time.monotonic() - began  # a burst of two, and one more a second
    assert answer.status_code == 429
    assert answer.json()["error"]["code"] == "rate_limited"
    assert answer.headers["retry-after"] == "1"
