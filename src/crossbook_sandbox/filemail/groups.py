"""Groups, and who is in them. Their ids are 32 hexadecimal digits."""

from __future__ import annotations

from sqlite3 import Row
from typing import Any

from crossbook_sandbox.vendor import Json, Vendor

from .contacts import found_contact
from .errors import Problem
from .parameters import Parameters


def list_groups(account: Vendor[Any], _parameters: Parameters) -> Json:
    """`contacts/group/get`: the only answer that says `status`."""
    rows = account.book.rows("SELECT key, name FROM contact_group WHERE vendor = ? ORDER BY id", account.name)
    return {"status": "OK", "groups": [_shown(row) for row in rows]}


def create_group(account: Vendor[Any], parameters: Parameters) -> Json:
    """`contacts/group/add`: the new group in an array, under a capital G."""
    group = account.book.group(account.book.add_group({"name": parameters.required("name")}))
    return {"responsestatus": "OK", "Groups": [_shown(group)] if group else []}


def update_group(account: Vendor[Any], parameters: Parameters) -> Json:
    """`contacts/group/update`."""
    group = _group(account, parameters)
    account.book.change_group(group["id"], {"name": parameters.required("name")})
    return {"responsestatus": "OK"}


def delete_group(account: Vendor[Any], parameters: Parameters) -> Json:
    """`contacts/group/delete`: its contacts stay."""
    account.book.delete_group(_group(account, parameters)["id"])
    return {"responsestatus": "OK"}


def add_to_group(account: Vendor[Any], parameters: Parameters) -> Json:
    """`contacts/addtogroup`."""
    account.book.join([_group(account, parameters)["id"]], [found_contact(account, parameters)["id"]])
    return {"responsestatus": "OK"}


def remove_from_group(account: Vendor[Any], parameters: Parameters) -> Json:
    """`contacts/removefromgroup`."""
    account.book.leave([_group(account, parameters)["id"]], [found_contact(account, parameters)["id"]])
    return {"responsestatus": "OK"}


def _group(account: Vendor[Any], parameters: Parameters) -> Row:
    key = parameters.required("contactgroupid")
    group = account.book.row("SELECT * FROM contact_group WHERE key = ? AND vendor = ?", key, account.name)
    if group is None:
        raise Problem(1002, "Contact group not found", not_found=True)
    return group


def _shown(group: Row) -> Json:
    return {"contactgroupid": group["key"], "contactgroupname": group["name"]}
