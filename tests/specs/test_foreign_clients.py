"""Clients of other generators run every operation of every spec against the sandbox, and read a full address book."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from document import Node, Operation, load, operations, resolve
from rules import SPECS

import crossbook_sandbox
from tests.specs.foreign_clients import PydanticClient, StockClient

# A step is an operation, its arguments where they differ from the spec's examples, and what is remembered of its
# response. "$contact" is the remembered contact as text, "#contact" as a number. Operations of no step run with their
# examples, between the first steps and the last.
Step = tuple[str, Node, dict[str, str]]
SCRIPTS: dict[str, tuple[list[Step], list[Step]]] = {
    "serwersms": (
        [
            ("createGroup", {}, {"group": "id"}),
            ("createContact", {"body": {"phone": "+48500600711", "group_id": ["#group"]}}, {"contact": "id"}),
            ("updateContact", {"body": {"id": "#contact", "phone": "+48500600711", "group_id": "#group"}}, {}),
            ("listContacts", {"body": {"group_id": "#group"}}, {"listed": "items.*.id"}),
            ("getContact", {"body": {"id": "#contact"}}, {}),
            ("listGroups", {"body": {}}, {}),
            ("getGroup", {"body": {"id": "#group"}}, {}),
            ("updateGroup", {"body": {"id": "#group", "name": "Klienci"}}, {}),
        ],
        [("deleteContact", {"body": {"id": "#contact"}}, {}), ("deleteGroup", {"body": {"id": "#group"}}, {})],
    ),
    "atom": (
        [
            ("createAddressBook", {}, {"group": "result.id"}),
            ("createContact", {"body": {"phone_number": "0491570006", "group_id": "#group"}}, {"contact": "result.id"}),
            ("getContact", {"body": {"id": "$contact"}}, {}),
            ("updateContact", {"body": {"id": "#contact", "first_name": "Jane"}}, {}),
            ("listAddressBooks", {}, {}),
            ("getAddressBook", {"body": {"id": "#group"}}, {"listed": "result.contacts.*.id"}),
            ("updateAddressBook", {"body": {"id": "#group", "name": "Friends"}}, {}),
        ],
        [("deleteContact", {"body": {"id": "#contact"}}, {}), ("deleteAddressBook", {"body": {"id": "#group"}}, {})],
    ),
    "filemail": (
        [
            ("login", {"username": "$username", "password": "$password"}, {"logintoken": "logintoken"}),
            ("createContact", {}, {"contact": "contact.contactid"}),
            ("createGroup", {}, {"group": "Groups.0.contactgroupid"}),
            ("addToGroup", {"contactid": "$contact", "contactgroupid": "$group"}, {}),
            ("listContacts", {}, {"listed": "contacts.*.contactid"}),
            ("updateContact", {"contactid": "$contact", "name": "Anna"}, {}),
            ("listGroups", {}, {}),
            ("updateGroup", {"contactgroupid": "$group"}, {}),
            ("removeFromGroup", {"contactid": "$contact", "contactgroupid": "$group"}, {}),
        ],
        [
            ("deleteContact", {"contactid": "$contact"}, {}),
            ("deleteGroup", {"contactgroupid": "$group"}, {}),
            ("logout", {}, {}),
        ],
    ),
    "vercom": (
        [
            ("createGroups", {}, {"group": "data.0.id"}),
            (
                "createContacts",
                {"body": [{"email": "anna@example.com", "externalData": {"shoe_size": "38"}}]},
                {"contact": "data.0.id"},
            ),
            ("updateContacts", {"body": [{"id": "$contact", "data": {"firstName": "Anna"}}]}, {}),
            ("listContacts", {}, {"listed": "data.*.id"}),
            ("unsubscribeContacts", {"body": {"id": ["#contact"]}}, {}),
            ("resubscribeContacts", {"body": {"id": ["#contact"]}}, {}),
            ("addContactGroups", {"id": "#contact", "body": {"id": ["#group"]}}, {}),
            ("listContactGroups", {"id": "$contact"}, {}),
            ("removeContactGroups", {"id": "#contact", "body": {"id": ["#group"]}}, {}),
            ("updateGroups", {"body": [{"id": "#group", "name": "Monthly"}]}, {}),
            ("addGroupContacts", {"groupId": "#group", "body": {"id": ["#contact"]}}, {}),
            ("listGroupContacts", {"groupId": "#group"}, {}),
            ("removeGroupContacts", {"groupId": "#group", "body": {"id": ["#contact"]}}, {}),
            ("listSegments", {}, {"segment": "data.0.id"}),
            ("getSegment", {"id": "$segment"}, {}),
        ],
        [
            ("deleteContacts", {"body": {"id": ["#contact"]}}, {}),
            ("deleteGroups", {"body": {"id": ["#group"]}}, {}),
        ],
    ),
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[crossbook_sandbox.Running]:
    with crossbook_sandbox.running(rates={}, vercom_segment_wait=0) as running:
        yield running


@pytest.mark.parametrize("vendor", SCRIPTS)
@pytest.mark.parametrize("kind", [StockClient, PydanticClient])
def test_foreign_client_runs_every_operation(
    kind: type[StockClient | PydanticClient], vendor: str, sandbox: crossbook_sandbox.Running, tmp_path: Path
) -> None:
    file = SPECS / f"{vendor}.yaml"
    spec, keys = load(file), sandbox.credentials[vendor]
    client = kind(file, tmp_path, sandbox.base_urls[vendor], make_headers(keys))
    every = {operation.id: operation for operation in operations(spec)}
    first, last = SCRIPTS[vendor]
    named = {name for name, _, _ in (*first, *last)}
    others: list[Step] = [(name, {}, {}) for name in every if name not in named]
    known: dict[str, Any] = dict(keys)
    with client.http:
        for name, changes, remembered in (*first, *others, *last):
            arguments = {**example_arguments(spec, every[name]), **fill_in(changes, known)}
            body = client.call(every[name], arguments)
            assert not {"error", "errors", "errorcode"} & body.keys(), (name, body)
            known |= {key: follow(body, path.split(".")) for key, path in remembered.items()}
            if name == "login":
                client.http.params = httpx.QueryParams(logintoken=known["logintoken"], apikey=keys["api_key"])
    assert str(known["contact"]) in map(str, known["listed"])


def make_headers(keys: dict[str, str]) -> dict[str, str]:
    """Return the headers with an account's credentials; Filemail has none."""
    if "application_key" in keys:
        return {"Authorization": keys["authorization"], "Application-Key": keys["application_key"]}
    return {"Authorization": f"Bearer {keys['token']}"} if "token" in keys else {}


def example_arguments(spec: Node, operation: Operation) -> Node:
    """Return the required arguments of an operation, as the spec's examples have them."""
    arguments = {each["name"]: each["example"] for each in operation.parameters if each.get("required")}
    if "requestBody" in operation.node:
        media = resolve(spec, operation.node["requestBody"])["content"]["application/json"]
        arguments["body"] = media["example"]
    return arguments


def fill_in(part: Any, known: dict[str, Any]) -> Any:
    if isinstance(part, dict):
        return {key: fill_in(each, known) for key, each in part.items()}
    if isinstance(part, list):
        return [fill_in(each, known) for each in part]
    if isinstance(part, str) and part[:1] in ("$", "#"):
        return str(known[part[1:]]) if part[0] == "$" else int(known[part[1:]])
    return part


def follow(body: Any, path: list[str]) -> Any:
    """Return the value at a path; `*` gives the values of all items of a list."""
    for index, step in enumerate(path):
        if step == "*":
            return [follow(each, path[index + 1 :]) for each in body]
        body = body[int(step)] if isinstance(body, list) else body[step]
    return body
