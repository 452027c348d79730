"""Contacts one by one, and the import of many into a new group."""

from __future__ import annotations

import json
from sqlite3 import Row
from typing import Any

from crossbook_sandbox.validation import as_array, as_object, whole
from crossbook_sandbox.vendor import Json, Refused, Vendor

from . import haystack
from .errors import refuse
from .parameters import TEXTS, Parameters

_OWN_COLUMNS = ("first_name", "last_name", "company")
_FIELDS = ("tax_id", "address", "city", "description")


def get_contact(account: Vendor[Any], parameters: Parameters) -> Json:
    """`contacts/view`: the contact at top level, without its group."""
    contact = account.book.contact(parameters.id())
    if contact is None:
        raise refuse(1004)
    blacklisted = account.book.row("SELECT 1 FROM opt_out WHERE contact_id = ? AND channel = 'sms'", contact["id"])
    return shown(contact, blacklisted is not None)


def create_contact(account: Vendor[Any], parameters: Parameters) -> Json:
    """`contacts/add`."""
    values = {"phone": parameters.phone(), **_texts(parameters)}
    groups = _groups(account, parameters) or []
    return {"success": True, "id": account.book.add_contact(columns(values), groups)}


def update_contact(account: Vendor[Any], parameters: Parameters) -> Json:
    """`contacts/edit`: what is not sent is emptied, unless the switch says that it stays."""
    contact_id = parameters.id()
    old = account.book.contact(contact_id)
    if old is None:
        raise refuse(1004)
    keep = account.options.serwersms_partial_edit
    before = shown(old, False)
    kept = {name: before[name] for name in (*TEXTS, "email")} if keep else {}
    values = {**kept, "phone": parameters.phone(), **_texts(parameters)}
    new = columns(values)
    account.book.change_contact(contact_id, new)
    haystack.changed(account, contact_id, new["haystack"])
    groups = _groups(account, parameters)
    if groups is not None:
        account.book.set_groups(contact_id, groups)
    elif not keep:
        raise refuse(2000, "group_id is required")
    return {"success": True, "id": contact_id}


def delete_contact(account: Vendor[Any], parameters: Parameters) -> Json:
    """`contacts/delete`."""
    if not account.book.delete_contact(parameters.id()):
        raise refuse(1004)
    return {"success": True}


def import_contacts(account: Vendor[Any], parameters: Parameters) -> Json:
    """`contacts/import`: always a new group; rows that cannot be stored are counted, not named."""
    name = parameters.required_text("group_name", 100)
    if parameters.get("contact") in (None, "", []):
        raise refuse(2000, "contact is required")
    rows = as_array(parameters["contact"])
    if rows is None or any(as_object(row) is None for row in rows):
        raise refuse(1006, "contact is not an array of contacts")
    group_id = account.book.add_group({"name": name})
    correct = 0
    for row in rows:
        given = Parameters(as_object(row) or {})
        try:
            values = {"phone": given.phone(), **_texts(given)}
        except Refused:
            continue
        account.book.add_contact(columns(values), [group_id])
        correct += 1
    return {"success": True, "id": group_id, "correct": correct, "failed": len(rows) - correct}


def columns(values: dict[str, str]) -> dict[str, Any]:
    """Return a contact's columns in the store; what is not among the values is empty."""
    texts = {name: values.get(name, "") for name in TEXTS}
    return {
        "phone": values["phone"],
        "email": values.get("email", ""),
        **{name: texts[name] for name in _OWN_COLUMNS},
        "fields": json.dumps({name: texts[name] for name in _FIELDS}, ensure_ascii=False),
        "haystack": "\n".join((values["phone"], values.get("email", ""), *texts.values())).casefold(),
    }


def shown(contact: Row, blacklisted: bool) -> Json:
    """Return a contact as the vendor shows it, keys in its order."""
    more = json.loads(contact["fields"])
    return {
        "id": contact["id"],
        **{name: contact[name] or "" for name in ("phone", "email", "company", "first_name", "last_name")},
        **{name: more.get(name, "") for name in _FIELDS},
        "blacklist": blacklisted,
    }


def _texts(parameters: Parameters) -> dict[str, str]:
    values = {name: parameters.text(name, 255) for name in TEXTS} | {"email": parameters.email()}
    return {name: value for name, value in values.items() if value is not None}


def _groups(account: Vendor[Any], parameters: Parameters) -> list[int] | None:
    """Return the groups that were sent: none of them if it was empty, None if it was not sent at all."""
    if "group_id" not in parameters:
        return None
    value = parameters["group_id"]
    array = as_array(value)
    groups: list[int] = []
    for item in ([] if value == "" else [value]) if array is None else array:
        number = whole(item, text=True)
        if number is None or account.book.group(number) is None:
            raise refuse(1004, "There is no such group")
        groups.append(number)
    return groups
