"""Reading contacts: all the filters, by offset."""

# ruff: noqa: S608 (the texts put into SQL are names of columns and rules from here; values are bound)
from __future__ import annotations

import json
from sqlite3 import Row
from typing import Any

from crossbook_sandbox.validation import date_of
from crossbook_sandbox.vendor import Call, Json, Reply, Vendor

from .envelope import listed
from .groups import is_everybody
from .inputs import Query

_TEXTS = {"externalId": "external_id", "phoneNumber": "phone", "email": "email"}
_CHANNELS = {"isUnsubscribeSms": "sms", "isUnsubscribeEmail": "email", "isUnsubscribePush": "push"}


def list_contacts(account: Vendor[Any], call: Call) -> Reply:
    """`GET /contact`: texts are compared as they are; all that is asked must hold."""
    query = Query(call.query)
    limit, offset = query.page()
    where: list[str] = ["c.vendor = ?"]
    values: list[Any] = [account.name]

    def also(rule: str, *more: Any) -> None:
        where.append(rule)
        values.extend(more)

    for name, column in _TEXTS.items():
        if name in query:
            also(f"c.{column} = ?", query[name])
    if (contact_id := query.number("id")) is not None:
        also("c.id = ?", contact_id)
    if (group_id := query.number("group")) is not None and not is_everybody(account.book.group(group_id)):
        also("c.id IN (SELECT contact_id FROM membership WHERE group_id = ?)", group_id)
    if (archived := query.flag("inArchive")) is not None:
        also(f"c.archived_at IS {'NOT ' if archived else ''}NULL")
    if (first := query.date("archiveDateFrom")) is not None:
        also("c.archived_at >= ?", first)
    if (last := query.date("archiveDateTo")) is not None:
        also("c.archived_at <= ?", last)
    for name, channel in _CHANNELS.items():
        if (gone := query.flag(name)) is not None:
            rule = "EXISTS (SELECT 1 FROM opt_out WHERE contact_id = c.id AND channel = ?)"
            also(rule if gone else f"NOT {rule}", channel)
    full_date = query.full_date()
    rows = account.book.rows(
        f"SELECT * FROM contact c WHERE {' AND '.join(where)} ORDER BY c.id LIMIT ? OFFSET ?", *values, limit, offset
    )
    return listed([_shown(row, full_date) for row in rows])


def _shown(contact: Row, full_date: bool) -> Json:
    return {
        "id": str(contact["id"]),
        "externalId": contact["external_id"],
        "email": contact["email"],
        "phoneNumber": contact["phone"],
        "firstName": contact["first_name"],
        "lastName": contact["last_name"],
        "companyName": contact["company"],
        "createdAt": date_of(contact["created_at"]) if full_date else contact["created_at"],
        "inArchive": contact["archived_at"] is not None,
        "externalData": json.loads(contact["fields"]),
    }
