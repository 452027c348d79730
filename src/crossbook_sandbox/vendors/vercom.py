"""Vercom API v2.1 (EmailLabs, MessageFlow, RedLink): an envelope for every response, and bulk writes.

Every contact is in the account's first group, which cannot be deleted. Segments are selections that people make in
the vendor's panel; here there are a few that count themselves.
"""

# ruff: noqa: S608 (the texts put into SQL are names of columns and conditions from here; values are bound)
from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate
from sqlite3 import Row
from typing import Any

from crossbook_sandbox.validation import as_object, format_date, parse_int
from crossbook_sandbox.vendor import Call, Json, Operation, Response, Vendor
from crossbook_sandbox.vendor import operation as vendor_operation

from .vercom_requests import (
    ALL_CONTACTS,
    Query,
    read_contact_changes,
    read_group_changes,
    read_ids,
    read_items,
    read_new_contact,
    read_new_group,
    read_path_id,
)
from .vercom_responses import (
    UnauthorizedError,
    VercomError,
    bulk_response,
    envelope,
    list_response,
    without_error_meta,
)

_CHANNELS = ("sms", "email", "push")
_TEXT_FILTERS = {"externalId": "external_id", "phoneNumber": "phone", "email": "email"}
_CHANNEL_FILTERS = {"isUnsubscribeSms": "sms", "isUnsubscribeEmail": "email", "isUnsubscribePush": "push"}
_SEGMENTS = {
    "With a phone number": "c.phone IS NOT NULL",
    "With an e-mail address": "c.email IS NOT NULL",
    "Unsubscribed from SMS": "c.id IN (SELECT contact_id FROM opt_out WHERE channel = 'sms')",
}
_IN_GROUP = "c.id IN (SELECT contact_id FROM membership WHERE group_id = ?)"


def operation(method: str, path: str) -> Callable[[Callable[..., Any]], Operation]:
    """Return a decorator that turns a method into the operation of one HTTP method and path."""
    return vendor_operation(f"/v2.1/{path}", methods=(method,))


class Vercom(Vendor):
    """Vercom's API over one account."""

    name = "vercom"

    def prepare(self) -> None:
        """Store the group of all contacts and the segments in a new account."""
        if not self.book.count("SELECT count(*) FROM contact_group WHERE vendor = ?", self.name):
            self.book.add_group({"name": "Wszystkie Kontakty", "external_id": ALL_CONTACTS})
            for name in _SEGMENTS:
                self.book.run("INSERT INTO segment (vendor, name, ready) VALUES (?, ?, 0)", self.name, name)

    def recognizes(self, call: Call) -> bool:
        """Return whether a call has the key of this account in the header `Authorization`."""
        return call.headers.get("authorization") == self.credentials["authorization"]

    def respond(self, call: Call, operation: Operation) -> Response:
        """Run one call and return its response, whose errors have no `meta` if `vercom_error_meta` is false."""
        response = super().respond(call, operation)
        return response if self.options.vercom_error_meta else without_error_meta(response)

    def handle(self, call: Call, operation: Operation) -> Response:
        """Check both keys of the call and run the operation."""
        authorization = call.headers.get("authorization", "")
        application_key = call.headers.get("application-key", "")
        if not authorization:
            raise UnauthorizedError("Cannot find token in your request. Did you set 'Authorization' header?")
        if not application_key:
            message = "Cannot find the key of the application. Did you set 'Application-Key' header?"
            raise UnauthorizedError(message)
        if (authorization, application_key) != (self.credentials["authorization"], self.credentials["application_key"]):
            message = "The token or the key of the application is wrong"
            raise UnauthorizedError(message, title="Wrong token", code="E-0-005")
        self.take_permit()
        response: Response = operation.handler(self, call)
        return response

    def rate_limit_response(self, wait: float | None) -> Response:
        """Return the response 429, which this vendor does not document, in its envelope."""
        headers = super().rate_limit_response(wait).headers
        return replace(VercomError(429, "Wait before the next request").response, headers=headers)

    def respond_to_unknown(self, call: Call, status: int) -> Response:
        """Return the vendor's error response to a call that matches no operation."""
        return VercomError(status, "There is no such method here").response

    @operation("GET", "contact")
    def list_contacts(self, call: Call) -> Response:
        """Return a page of the contacts that match every filter. A text matches only if it is equal."""
        query = Query(call.query)
        limit, offset = query.page()
        where: list[str] = ["c.vendor = ?"]
        values: list[Any] = [self.name]

        def require(condition: str, *more: Any) -> None:
            where.append(condition)
            values.extend(more)

        for name, column in _TEXT_FILTERS.items():
            if name in query:
                require(f"c.{column} = ?", query[name])
        if (contact_id := query.number("id")) is not None:
            require("c.id = ?", contact_id)
        if (group_id := query.number("group")) is not None and not _has_all_contacts(self.book.group(group_id)):
            require(_IN_GROUP, group_id)
        if (archived := query.boolean("inArchive")) is not None:
            require(f"c.archived_at IS {'NOT ' if archived else ''}NULL")
        if (first := query.date("archiveDateFrom")) is not None:
            require("c.archived_at >= ?", first)
        if (last := query.date("archiveDateTo")) is not None:
            require("c.archived_at <= ?", last)
        for name, channel in _CHANNEL_FILTERS.items():
            if (unsubscribed := query.boolean(name)) is not None:
                condition = "EXISTS (SELECT 1 FROM opt_out WHERE contact_id = c.id AND channel = ?)"
                require(condition if unsubscribed else f"NOT {condition}", channel)
        full_date = query.full_date()
        sql = f"SELECT * FROM contact c WHERE {' AND '.join(where)} ORDER BY c.id LIMIT ? OFFSET ?"
        return list_response([_format_contact(row, full_date) for row in self.book.rows(sql, *values, limit, offset)])

    @operation("POST", "contact")
    def create_contacts(self, call: Call) -> Response:
        """Store contacts."""

        def create(item: object) -> list[Json]:
            columns, groups = read_new_contact(self.book, item)
            self._store_field_names(columns)
            contact_id = self.book.add_contact(columns, groups)
            return [{"id": str(contact_id), "externalId": columns.get("external_id")}]

        return bulk_response(read_items(call), create, _name_contact)

    @operation("PUT", "contact")
    def update_contacts(self, call: Call) -> Response:
        """Change contacts. An item whose externalId belongs to several contacts changes all of them."""

        def update(item: object) -> list[Json]:
            fields = as_object(item) or {}
            if set(fields) not in ({"id", "data"}, {"externalId", "data"}):
                raise VercomError(422, "An item must have data, and either id or externalId", "data", item)
            changes = [(row, read_contact_changes(fields["data"], row)) for row in self._named_contacts(fields)]
            for contact, columns in changes:
                self._store_field_names(columns)
                self.book.change_contact(contact["id"], columns)
            return [self._contact_json(contact["id"]) for contact, _ in changes]

        return bulk_response(read_items(call), update, _name_contact)

    @operation("DELETE", "contact")
    def delete_contacts(self, call: Call) -> Response:
        """Delete contacts."""
        return self._change_contacts(call, self.book.delete_contact)

    @operation("GET", "contact/field")
    def list_fields(self, call: Call) -> Response:
        """Return the names that have been used in `externalData`."""
        return self._list_names(call, "field")

    @operation("GET", "contact/segment")
    def list_segments(self, call: Call) -> Response:
        """Return the segments."""
        return self._list_names(call, "segment")

    @operation("GET", "contact/segment/{id}")
    def get_segment(self, call: Call) -> Response:
        """Return a segment's count. The first request gets 202, unless `vercom_segment_wait` is 0."""
        text = call.path_params["id"]
        segment = self.book.row("SELECT * FROM segment WHERE vendor = ? AND CAST(id AS TEXT) = ?", self.name, text)
        if segment is None:
            raise VercomError(404, "There is no such segment", "id", text)
        wait = self.options.vercom_segment_wait
        if wait and not segment["ready"]:
            self.book.run("UPDATE segment SET ready = 1 WHERE id = ?", segment["id"])
            expires = formatdate(time.time() + 60 * wait, usegmt=True)
            return envelope([], [], 202, {"retry-after": str(wait), "expires": expires})
        condition = _SEGMENTS[segment["name"]]
        count = self.book.count(f"SELECT count(*) FROM contact c WHERE c.vendor = ? AND {condition}", self.name)
        return envelope([{"id": segment["id"], "name": segment["name"], "count": count}], [], 200)

    @operation("POST", "contact/unsubscribe/{channel}")
    def unsubscribe_contacts(self, call: Call) -> Response:
        """Unsubscribe contacts from one channel or all."""
        channels = _read_channels(call)
        return self._change_contacts(call, lambda contact_id: self.book.opt_out(contact_id, channels))

    @operation("POST", "contact/resubscribe/{channel}")
    def resubscribe_contacts(self, call: Call) -> Response:
        """Remove the opt-outs of contacts from one channel, or from all channels, so that messages reach them again."""
        channels = _read_channels(call)
        return self._change_contacts(call, lambda contact_id: self.book.opt_in(contact_id, channels))

    @operation("GET", "contact/{id}/group")
    def list_contact_groups(self, call: Call) -> Response:
        """Return all groups of a contact except the group of all contacts."""
        full_date = Query(call.query).full_date()
        contact = self.book.contact(read_path_id(call, "id"))
        groups = self.book.groups_of(contact["id"]) if contact else []
        return list_response([_format_group(group, full_date) for group in groups])

    @operation("POST", "contact/{id}/group")
    def add_contact_groups(self, call: Call) -> Response:
        """Add a contact to groups."""
        return self._change_groups_of_contact(call, self._join)

    @operation("DELETE", "contact/{id}/group")
    def remove_contact_groups(self, call: Call) -> Response:
        """Remove a contact from groups."""
        return self._change_groups_of_contact(call, self._leave)

    @operation("GET", "group")
    def list_groups(self, call: Call) -> Response:
        """Return a page of groups."""
        query = Query(call.query)
        sql = f"SELECT * FROM contact_group g WHERE vendor = ? ORDER BY {query.order('g')} LIMIT ? OFFSET ?"
        rows = self.book.rows(sql, self.name, *query.page())
        full_date = query.full_date()
        return list_response([_format_group(row, full_date) for row in rows])

    @operation("POST", "group")
    def create_groups(self, call: Call) -> Response:
        """Store groups: an array of them, or one bare object."""

        def create(item: object) -> list[Json]:
            columns = read_new_group(item)
            return [{"id": self.book.add_group(columns), "externalId": columns["external_id"]}]

        return bulk_response(read_items(call, bare=True), create, _name_group)

    @operation("PUT", "group")
    def update_groups(self, call: Call) -> Response:
        """Change groups: an array of them, or one bare object. Fields that are not sent stay unchanged."""

        def update(item: object) -> list[Json]:
            group_id, columns = read_group_changes(item)
            group = self._group(group_id)
            self.book.change_group(group_id, columns)
            return [{"id": group_id, "externalId": group["external_id"]}]

        return bulk_response(read_items(call, bare=True), update, _name_group)

    @operation("DELETE", "group")
    def delete_groups(self, call: Call) -> Response:
        """Delete groups and keep their contacts."""

        def delete(group_id: int) -> list[Json]:
            group = self._group(group_id)
            if _has_all_contacts(group):
                raise VercomError(422, "The group of all contacts cannot be deleted", "id", group_id)
            self.book.delete_group(group_id)
            return [{"id": group_id, "externalId": group["external_id"]}]

        return bulk_response(read_ids(call), delete, str)

    @operation("GET", "group/{groupId}/contact")
    def list_group_contacts(self, call: Call) -> Response:
        """Return a page of a group's contacts, with four fields each."""
        query = Query(call.query)
        limit, offset = query.page()
        group = self.book.group(read_path_id(call, "groupId"))
        if group is None:
            return list_response([])
        order = query.order("c")
        condition, values = ("", []) if _has_all_contacts(group) else (f" AND {_IN_GROUP}", [group["id"]])
        columns = "c.email, c.external_id AS externalId, CAST(c.id AS TEXT) AS id, c.phone AS phoneNumber"
        sql = f"SELECT {columns} FROM contact c WHERE c.vendor = ?{condition} ORDER BY {order} LIMIT ? OFFSET ?"
        return list_response([dict(row) for row in self.book.rows(sql, self.name, *values, limit, offset)])

    @operation("POST", "group/{groupId}/contact")
    def add_group_contacts(self, call: Call) -> Response:
        """Add contacts to a group."""
        return self._change_contacts_of_group(call, self._join)

    @operation("DELETE", "group/{groupId}/contact")
    def remove_group_contacts(self, call: Call) -> Response:
        """Remove contacts from a group."""
        return self._change_contacts_of_group(call, self._leave)

    def _change_contacts(self, call: Call, change: Callable[[int], object]) -> Response:
        def write(contact_id: int) -> list[Json]:
            contact = self._contact_json(contact_id)
            change(contact_id)
            return [contact]

        return bulk_response(read_ids(call), write, str)

    def _change_contacts_of_group(self, call: Call, change: Callable[[Row, int], None]) -> Response:
        group = self._group(read_path_id(call, "groupId"))
        return self._change_contacts(call, lambda contact_id: change(group, contact_id))

    def _change_groups_of_contact(self, call: Call, change: Callable[[Row, int], None]) -> Response:
        contact_id = read_path_id(call, "id")
        # The response names the contact once, however many groups there are.
        contact = [self._contact_json(contact_id)]

        def write(group_id: int) -> list[Json]:
            change(self._group(group_id), contact_id)
            return [contact.pop()] if contact else []

        return bulk_response(read_ids(call), write, str)

    def _join(self, group: Row, contact_id: int) -> None:
        if not _has_all_contacts(group):
            self.book.join([group["id"]], [contact_id])

    def _leave(self, group: Row, contact_id: int) -> None:
        if _has_all_contacts(group):
            raise VercomError(422, "No contact can leave the group of all contacts", "id", group["id"])
        self.book.leave([group["id"]], [contact_id])

    def _group(self, group_id: int) -> Row:
        group = self.book.group(group_id)
        if group is None:
            raise VercomError(404, "There is no such group", "id", group_id)
        return group

    def _contact_json(self, contact_id: int) -> Json:
        """Return the JSON that identifies a contact in the response to a write."""
        contact = self.book.contact(contact_id)
        if contact is None:
            raise VercomError(404, "There is no such contact", "id", str(contact_id))
        return {"id": str(contact["id"]), "externalId": contact["external_id"]}

    def _named_contacts(self, fields: dict[str, object]) -> list[Row]:
        """Return the contacts that an update names by id or externalId."""
        name = "id" if "id" in fields else "externalId"
        value = fields[name]
        if not isinstance(value, str) or not value or (name == "id" and not (value.isascii() and value.isdigit())):
            raise VercomError(422, f"{name} must be a text that names a contact", name, value)
        if name == "id":
            contact = self.book.contact(int(value)) if len(value) < 19 else None
            rows = [contact] if contact else []
        else:
            query = "SELECT * FROM contact WHERE vendor = ? AND external_id = ? ORDER BY id"
            rows = self.book.rows(query, self.name, value)
        if not rows:
            raise VercomError(404, "There is no such contact", name, value)
        return rows

    def _store_field_names(self, columns: Json) -> None:
        for name in filter(None, json.loads(columns.get("fields", "{}"))):
            self.book.run("INSERT OR IGNORE INTO field (vendor, name) VALUES (?, ?)", self.name, name)

    def _list_names(self, call: Call, table: str) -> Response:
        sql = f"SELECT id, name FROM {table} WHERE vendor = ? ORDER BY id LIMIT ? OFFSET ?"
        return list_response([dict(row) for row in self.book.rows(sql, self.name, *Query(call.query).page())])


def _format_contact(contact: Row, full_date: bool) -> Json:
    return {
        "id": str(contact["id"]),
        "externalId": contact["external_id"],
        "email": contact["email"],
        "phoneNumber": contact["phone"],
        "firstName": contact["first_name"],
        "lastName": contact["last_name"],
        "companyName": contact["company"],
        "createdAt": format_date(contact["created_at"]) if full_date else contact["created_at"],
        "inArchive": contact["archived_at"] is not None,
        "externalData": json.loads(contact["fields"]),
    }


def _format_group(group: Row, full_date: bool) -> Json:
    return {
        "id": group["id"],
        "name": group["name"],
        "description": group["description"],
        "externalId": group["external_id"],
        "createdAt": format_date(group["created_at"]) if full_date else group["created_at"],
    }


def _has_all_contacts(group: Row | None) -> bool:
    return group is not None and group["external_id"] == ALL_CONTACTS


def _read_channels(call: Call) -> tuple[str, ...]:
    channel = call.path_params["channel"]
    if channel not in (*_CHANNELS, "all"):
        raise VercomError(422, "channel must be sms, email, push or all", "channel", channel)
    return _CHANNELS if channel == "all" else (channel,)


def _name_contact(item: object) -> str | None:
    fields = as_object(item) or {}
    names = (fields.get(name) for name in ("externalId", "id", "email", "phoneNumber"))
    return next((name for name in names if isinstance(name, str) and name), None)


def _name_group(item: object) -> str | None:
    fields = as_object(item) or {}
    name = fields.get("externalId")
    number = parse_int(fields.get("id"))
    return name if isinstance(name, str) else None if number is None else str(number)
