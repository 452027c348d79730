"""Groups one by one, and the groups of a phone number."""

from __future__ import annotations

from typing import Any

from crossbook_sandbox.vendor import Json, Vendor

from .errors import refuse
from .parameters import Parameters


def get_group(account: Vendor[Any], parameters: Parameters) -> Json:
    """`groups/view`."""
    group = account.book.group(parameters.id())
    if group is None:
        raise refuse(1004)
    number = account.book.count("SELECT count(*) FROM membership WHERE group_id = ?", group["id"])
    return {"id": group["id"], "name": group["name"], "count": number}


def create_group(account: Vendor[Any], parameters: Parameters) -> Json:
    """`groups/add`."""
    return {"success": True, "id": account.book.add_group({"name": parameters.required_text("name", 100)})}


def update_group(account: Vendor[Any], parameters: Parameters) -> Json:
    """`groups/edit`."""
    group_id = parameters.id()
    name = parameters.required_text("name", 100)
    if account.book.group(group_id) is None:
        raise refuse(1004)
    account.book.change_group(group_id, {"name": name})
    return {"success": True, "id": group_id}


def delete_group(account: Vendor[Any], parameters: Parameters) -> Json:
    """`groups/delete`: its contacts stay, unless `delete_contacts` is true as PHP understands it."""
    if not account.book.delete_group(parameters.id(), with_contacts=parameters.truthy("delete_contacts")):
        raise refuse(1004)
    return {"success": True}


def check_groups(account: Vendor[Any], parameters: Parameters) -> Json:
    """`groups/check`: the groups of every contact that has this phone number."""
    rows = account.book.rows(
        "SELECT c.id, g.id AS group_id, g.name FROM contact c JOIN membership m ON m.contact_id = c.id"
        " JOIN contact_group g ON g.id = m.group_id WHERE c.vendor = ? AND c.phone = ? ORDER BY c.id, g.id",
        account.name,
        parameters.phone(),
    )
    return {"items": [{"id": row["id"], "group_id": row["group_id"], "group_name": row["name"]} for row in rows]}
