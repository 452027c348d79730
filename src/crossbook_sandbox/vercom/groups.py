"""Groups."""

# ruff: noqa: S608 (the texts put into SQL are names of columns and rules from here; values are bound)
from __future__ import annotations

from sqlite3 import Row
from typing import Any

from crossbook_sandbox.validation import as_object, date_of, whole
from crossbook_sandbox.vendor import Call, Json, Reply, Vendor

from .envelope import Invalid, bulk, listed
from .fields import group_changes, new_group
from .inputs import ALL_CONTACTS, Query, body_array, body_ids


def list_groups(account: Vendor[Any], call: Call) -> Reply:
    """`GET /group`."""
    query = Query(call.query)
    rows = account.book.rows(
        f"SELECT * FROM contact_group g WHERE vendor = ? ORDER BY {query.order('g')} LIMIT ? OFFSET ?",
        account.name,
        *query.page(),
    )
    full_date = query.full_date()
    return listed([shown(row, full_date) for row in rows])


def create_groups(account: Vendor[Any], call: Call) -> Reply:
    """`POST /group`."""

    def create(item: object) -> list[Json]:
        columns = new_group(item)
        return [{"id": account.book.add_group(columns), "externalId": columns["external_id"]}]

    return bulk(body_array(call), create, _source)


def update_groups(account: Vendor[Any], call: Call) -> Reply:
    """`PUT /group`: what is not named stays."""

    def update(item: object) -> list[Json]:
        group_id, columns = group_changes(item)
        group = found_group(account, group_id)
        account.book.change_group(group_id, columns)
        return [{"id": group_id, "externalId": group["external_id"]}]

    return bulk(body_array(call), update, _source)


def delete_groups(account: Vendor[Any], call: Call) -> Reply:
    """`DELETE /group`: the contacts stay."""

    def delete(group_id: int) -> list[Json]:
        group = found_group(account, group_id)
        if is_everybody(group):
            raise Invalid("The group of all contacts cannot be deleted", "id", group_id)
        account.book.delete_group(group_id)
        return [{"id": group_id, "externalId": group["external_id"]}]

    return bulk(body_ids(call), delete, str)


def shown(group: Row, full_date: bool) -> Json:
    """Return a group as the vendor shows it."""
    created_at = date_of(group["created_at"]) if full_date else group["created_at"]
    names = {"id": group["id"], "name": group["name"], "description": group["description"]}
    return {**names, "externalId": group["external_id"], "createdAt": created_at}


def is_everybody(group: Row | None) -> bool:
    """Tell whether this is the group of all contacts."""
    return group is not None and group["external_id"] == ALL_CONTACTS


def found_group(account: Vendor[Any], group_id: int) -> Row:
    """Return a group's row."""
    group = account.book.group(group_id)
    if group is None:
        raise Invalid("There is no such group", "id", group_id, 404)
    return group


def _source(item: object) -> str | None:
    fields = as_object(item) or {}
    name = fields.get("externalId")
    number = whole(fields.get("id"))
    return name if isinstance(name, str) else None if number is None else str(number)
