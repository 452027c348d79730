"""Who is in which group, from both sides."""

# ruff: noqa: S608 (the texts put into SQL are names of columns and rules from here; values are bound)
from __future__ import annotations

from collections.abc import Callable
from sqlite3 import Row
from typing import Any

from crossbook_sandbox.vendor import Call, Json, Reply, Vendor

from .contacts import touched
from .envelope import Invalid, bulk, listed
from .groups import found_group, is_everybody, shown
from .inputs import Query, body_ids, path_id


def list_contact_groups(account: Vendor[Any], call: Call) -> Reply:
    """`GET /contact/{id}/group`: not paged; the group of all contacts is not named."""
    full_date = Query(call.query).full_date()
    contact = account.book.contact(path_id(call, "id"))
    groups = account.book.groups_of(contact["id"]) if contact else []
    return listed([shown(group, full_date) for group in groups])


def add_contact_groups(account: Vendor[Any], call: Call) -> Reply:
    """`POST /contact/{id}/group`."""
    return _for_groups(account, call, _join)


def remove_contact_groups(account: Vendor[Any], call: Call) -> Reply:
    """`DELETE /contact/{id}/group`."""
    return _for_groups(account, call, _leave)


def list_group_contacts(account: Vendor[Any], call: Call) -> Reply:
    """`GET /group/{groupId}/contact`: four fields a contact."""
    query = Query(call.query)
    limit, offset = query.page()
    group = account.book.group(path_id(call, "groupId"))
    member = "" if is_everybody(group) else " AND c.id IN (SELECT contact_id FROM membership WHERE group_id = ?)"
    rows: list[Row] = []
    if group is not None:
        rows = account.book.rows(
            f"SELECT c.* FROM contact c WHERE c.vendor = ?{member} ORDER BY {query.order('c')} LIMIT ? OFFSET ?",
            *((account.name, group["id"]) if member else (account.name,)),
            limit,
            offset,
        )
    return listed(
        [
            {
                "email": row["email"],
                "externalId": row["external_id"],
                "id": str(row["id"]),
                "phoneNumber": row["phone"],
            }
            for row in rows
        ]
    )


def add_group_contacts(account: Vendor[Any], call: Call) -> Reply:
    """`POST /group/{groupId}/contact`."""
    return _for_contacts(account, call, _join)


def remove_group_contacts(account: Vendor[Any], call: Call) -> Reply:
    """`DELETE /group/{groupId}/contact`."""
    return _for_contacts(account, call, _leave)


def _for_contacts(account: Vendor[Any], call: Call, act: Callable[[Vendor[Any], Row, int], None]) -> Reply:
    group = found_group(account, path_id(call, "groupId"))

    def each(contact_id: int) -> list[Json]:
        contact = touched(account, contact_id)
        act(account, group, contact_id)
        return [contact]

    return bulk(body_ids(call), each, str)


def _for_groups(account: Vendor[Any], call: Call, act: Callable[[Vendor[Any], Row, int], None]) -> Reply:
    contact_id = path_id(call, "id")
    # The answer names the contact once, however many groups there are.
    contact = [touched(account, contact_id)]

    def each(group_id: int) -> list[Json]:
        act(account, found_group(account, group_id), contact_id)
        return [contact.pop()] if contact else []

    return bulk(body_ids(call), each, str)


def _join(account: Vendor[Any], group: Row, contact_id: int) -> None:
    if not is_everybody(group):
        account.book.join([group["id"]], [contact_id])


def _leave(account: Vendor[Any], group: Row, contact_id: int) -> None:
    if is_everybody(group):
        raise Invalid("Nobody can leave the group of all contacts", "id", group["id"])
    account.book.leave([group["id"]], [contact_id])
