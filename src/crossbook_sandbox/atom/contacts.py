"""Contacts one by one."""

from __future__ import annotations

import json
from sqlite3 import Row
from typing import Any

from crossbook_sandbox.vendor import Json, Vendor

from .errors import refuse
from .parameters import TEXTS, Parameters

_CUSTOM = ("custom_1", "custom_2", "custom_3", "custom_4")


def create_contact(account: Vendor[Any], parameters: Parameters) -> Json:
    """`contact/new`."""
    parameters.only("group_id", "phone_number", *TEXTS)
    book = _address_book(account, parameters)
    columns = {"phone": parameters.phone(), **_columns(parameters.texts(), {})}
    return {"id": account.book.add_contact(columns, [book])}


def get_contact(account: Vendor[Any], parameters: Parameters) -> Json:
    """`contact/detail`: one level deeper than other results, and without its address book."""
    parameters.only("id")
    contact = _contact(account, parameters)
    more = json.loads(contact["fields"])
    return {
        "contact": {
            **{name: contact[name] for name in ("id", "first_name", "last_name", "company")},
            "phone_number": contact["phone"],
            **{name: more.get(name) for name in _CUSTOM},
        }
    }


def update_contact(account: Vendor[Any], parameters: Parameters) -> Json:
    """`contact/edit`: what is not sent stays; `group_id` moves the contact."""
    parameters.only("id", "group_id", "phone_number", *TEXTS)
    contact = _contact(account, parameters)
    columns = _columns(parameters.texts(), json.loads(contact["fields"]))
    if "phone_number" in parameters:
        columns["phone"] = parameters.phone()
    if "group_id" in parameters:
        account.book.set_groups(contact["id"], [_address_book(account, parameters)])
    account.book.change_contact(contact["id"], columns)
    return {"id": contact["id"]}


def delete_contact(account: Vendor[Any], parameters: Parameters) -> Json:
    """`contact/delete`."""
    parameters.only("id")
    contact = _contact(account, parameters)
    account.book.delete_contact(contact["id"])
    return {"id": contact["id"]}


def _contact(account: Vendor[Any], parameters: Parameters) -> Row:
    contact = account.book.contact(parameters.id())
    if contact is None:
        raise refuse("not_found", "There is no contact with this id")
    return contact


def _address_book(account: Vendor[Any], parameters: Parameters) -> int:
    book = parameters.id("group_id")
    if account.book.group(book) is None:
        raise refuse("not_found", "There is no address book with this group_id")
    return book


def _columns(texts: dict[str, str], custom: dict[str, Any]) -> dict[str, Any]:
    columns: dict[str, Any] = {name: text for name, text in texts.items() if name not in _CUSTOM}
    custom = custom | {name: text for name, text in texts.items() if name in _CUSTOM}
    return {**columns, "fields": json.dumps(custom, ensure_ascii=False)}
