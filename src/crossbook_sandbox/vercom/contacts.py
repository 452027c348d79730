"""Writing contacts: always in bulk, each answered for by itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from sqlite3 import Row
from typing import Any

from crossbook_sandbox.validation import as_object
from crossbook_sandbox.vendor import Call, Json, Reply, Vendor

from .envelope import Invalid, bulk, refuse
from .fields import contact_changes, new_contact
from .inputs import body_array, body_ids

_CHANNELS = ("sms", "email", "push")


def create_contacts(account: Vendor[Any], call: Call) -> Reply:
    """`POST /contact`."""

    def create(item: object) -> list[Json]:
        columns, groups = new_contact(account, item)
        _learn_fields(account, columns)
        contact_id = account.book.add_contact(columns, groups)
        return [{"id": str(contact_id), "externalId": columns.get("external_id")}]

    return bulk(body_array(call), create, _source)


def update_contacts(account: Vendor[Any], call: Call) -> Reply:
    """`PUT /contact`: an externalId that several contacts have changes them all."""

    def update(item: object) -> list[Json]:
        fields = as_object(item) or {}
        if set(fields) not in ({"id", "data"}, {"externalId", "data"}):
            raise Invalid("An item has data, and either id or externalId", "data", item)
        old = _named(account, fields)
        changes = [(row["id"], contact_changes(fields["data"], row)) for row in old]
        for contact_id, columns in changes:
            _learn_fields(account, columns)
            account.book.change_contact(contact_id, columns)
        return [touched(account, contact_id) for contact_id, _ in changes]

    return bulk(body_array(call), update, _source)


def delete_contacts(account: Vendor[Any], call: Call) -> Reply:
    """`DELETE /contact`."""
    return _for_each(account, call, account.book.delete_contact)


def unsubscribe_contacts(account: Vendor[Any], call: Call) -> Reply:
    """`POST /contact/unsubscribe/{channel}`."""
    channels = _channels(call)
    return _for_each(account, call, lambda contact_id: account.book.opt_out(contact_id, channels))


def resubscribe_contacts(account: Vendor[Any], call: Call) -> Reply:
    """`POST /contact/resubscribe/{channel}`."""
    channels = _channels(call)
    return _for_each(account, call, lambda contact_id: account.book.opt_in(contact_id, channels))


def _for_each(account: Vendor[Any], call: Call, act: Callable[[int], object]) -> Reply:
    def each(contact_id: int) -> list[Json]:
        contact = touched(account, contact_id)
        act(contact_id)
        return [contact]

    return bulk(body_ids(call), each, str)


def touched(account: Vendor[Any], contact_id: int) -> Json:
    """Return a contact as the answer of a write names it."""
    contact = account.book.contact(contact_id)
    if contact is None:
        raise Invalid("There is no such contact", "id", str(contact_id), 404)
    return {"id": str(contact["id"]), "externalId": contact["external_id"]}


def _named(account: Vendor[Any], fields: dict[str, object]) -> list[Row]:
    name = "id" if "id" in fields else "externalId"
    value = fields[name]
    if not isinstance(value, str) or not value or (name == "id" and not (value.isascii() and value.isdigit())):
        raise Invalid(f"{name} is a text that names a contact", name, value)
    if name == "id":
        contact = account.book.contact(int(value)) if len(value) < 19 else None
        rows = [contact] if contact else []
    else:
        query = "SELECT * FROM contact WHERE vendor = ? AND external_id = ? ORDER BY id"
        rows = account.book.rows(query, account.name, value)
    if not rows:
        raise Invalid("There is no such contact", name, value, 404)
    return rows


def _source(item: object) -> str | None:
    fields = as_object(item) or {}
    names = (fields.get(name) for name in ("externalId", "id", "email", "phoneNumber"))
    return next((name for name in names if isinstance(name, str) and name), None)


def _learn_fields(account: Vendor[Any], columns: Json) -> None:
    for name in filter(None, json.loads(columns.get("fields", "{}"))):
        account.book.run("INSERT OR IGNORE INTO field (vendor, name) VALUES (?, ?)", account.name, name)


def _channels(call: Call) -> tuple[str, ...]:
    channel = call.path_params["channel"]
    if channel not in (*_CHANNELS, "all"):
        raise refuse(422, "channel is sms, email, push or all", "channel", channel)
    return _CHANNELS if channel == "all" else (channel,)
