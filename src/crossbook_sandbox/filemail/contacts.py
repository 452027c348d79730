"""Contacts. `mobile` is stored and never shown; the list is never paged."""

from __future__ import annotations

from sqlite3 import Row
from typing import Any

from crossbook_sandbox.vendor import Json, Vendor

from .errors import Problem
from .parameters import Parameters, checked_email


def list_contacts(account: Vendor[Any], _parameters: Parameters) -> Json:
    """`contacts/get`: all contacts with their groups; the key has a capital C when there are none."""
    groups: dict[int, list[Json]] = {}
    for row in account.book.rows(
        "SELECT m.contact_id, g.key, g.name FROM contact_group g JOIN membership m ON m.group_id = g.id"
        " WHERE g.vendor = ? ORDER BY g.id",
        account.name,
    ):
        groups.setdefault(row["contact_id"], []).append({"contactgroupid": row["key"], "name": row["name"]})
    contacts = [
        {"contactid": str(row["id"]), "name": row["name"], "email": row["email"], "groups": groups.get(row["id"], [])}
        for row in account.book.rows("SELECT id, name, email FROM contact WHERE vendor = ? ORDER BY id", account.name)
    ]
    return {"contacts" if contacts else "Contacts": contacts, "responsestatus": "OK"}


def create_contact(account: Vendor[Any], parameters: Parameters) -> Json:
    """`contacts/add`."""
    name = parameters.required("name")
    email = checked_email(parameters.required("email"))
    columns = {"name": name, "email": email, "phone": parameters.get("mobile")}
    contact_id = account.book.add_contact(columns)
    return {"responsestatus": "OK", "contact": {"contactid": str(contact_id), "name": name, "email": email}}


def update_contact(account: Vendor[Any], parameters: Parameters) -> Json:
    """`contacts/update`: what is not sent stays."""
    contact = found_contact(account, parameters)
    email = parameters.filled("email")
    values = {
        "name": parameters.filled("name"),
        "email": None if email is None else checked_email(email),
        "phone": parameters.get("mobile"),
    }
    account.book.change_contact(contact["id"], {name: value for name, value in values.items() if value is not None})
    return {"responsestatus": "OK"}


def delete_contact(account: Vendor[Any], parameters: Parameters) -> Json:
    """`contacts/delete`."""
    account.book.delete_contact(found_contact(account, parameters)["id"])
    return {"responsestatus": "OK"}


def found_contact(account: Vendor[Any], parameters: Parameters) -> Row:
    """Return the contact that `contactid` names."""
    text = parameters.required("contactid")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    contact = account.book.contact(number)
    # An id is a text here: "007" is not "7".
    if contact is None or str(number) != text:
        raise Problem(1002, "Contact not found", not_found=True)
    return contact
