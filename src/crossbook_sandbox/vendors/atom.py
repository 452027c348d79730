"""Atom Telecom, SMS API: POST with JSON bodies, a bearer token, ten requests a second.

Groups are address books, and each contact is in exactly one of them. The vendor documents the statuses of errors only;
their bodies, and the status 200 for invalid parameters, are inferred.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from sqlite3 import Row
from typing import Any

from crossbook_sandbox.validation import as_object, parse_int, parse_json
from crossbook_sandbox.vendor import Call, Json, Operation, Response, Vendor, VendorError, json_response, operation

CUSTOM = ("custom_1", "custom_2", "custom_3", "custom_4")
TEXTS = ("first_name", "last_name", "company", *CUSTOM)


def _error_response(code: str, message: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    return json_response({"status": "error", "error": {"code": code, "message": message}}, status, headers)


class AtomError(VendorError):
    """The error that ends an operation with Atom's error response."""

    def __init__(self, code: str, message: str, status: int = 200) -> None:
        super().__init__(_error_response(code, message, status))


class Parameters(dict[str, object]):
    """The parameters of one call, by name."""

    def allow_only(self, *names: str) -> None:
        """Raise `AtomError` if the call has a parameter whose name is not in this list."""
        for name in self:
            if name not in names:
                raise AtomError("invalid_request", f"{name} is not a parameter of this operation")

    def id(self, name: str = "id") -> int:
        """Return the id in this required parameter, which a client may send as a number or as text."""
        if name not in self:
            raise AtomError("invalid_request", f"{name} is required")
        number = parse_int(self[name], text=True)
        if number is None or number < 1:
            raise AtomError("invalid_request", f"{name} must be an id: a whole number")
        return number

    def name(self) -> str:
        """Return the address book's name, a required parameter."""
        value = self.get("name")
        if not isinstance(value, str) or not value:
            raise AtomError("invalid_request", "name must be a text that is not empty")
        return value

    def phone(self) -> str:
        """Return the required phone number, unchanged, if it is valid."""
        value = self.get("phone_number")
        if not isinstance(value, str) or not re.fullmatch(r"\+?[0-9]{7,15}", value, re.ASCII):
            raise AtomError("invalid_request", "phone_number is not a phone number")
        return value

    def text_columns(self, custom: Mapping[str, Any]) -> Json:
        """Return the store's columns for the text parameters of the call. `custom` holds the stored custom fields."""
        texts = {name: self[name] for name in TEXTS if name in self}
        for name, value in texts.items():
            if not isinstance(value, str):
                raise AtomError("invalid_request", f"{name} must be a text")
        fields = {**custom, **{name: text for name, text in texts.items() if name in CUSTOM}}
        columns = {name: text for name, text in texts.items() if name not in CUSTOM}
        return {**columns, "fields": json.dumps(fields, ensure_ascii=False)}


class Atom(Vendor):
    """Atom's API over one account."""

    name = "atom"

    def recognizes(self, call: Call) -> bool:
        """Return whether a call has the token of this account."""
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and token.strip() == self.credentials["token"]

    def handle(self, call: Call, operation: Operation) -> Response:
        """Check the token and run the operation."""
        if not self.recognizes(call):
            raise AtomError("forbidden", "The access token is missing or wrong", 403)
        self.take_permit()
        return json_response({"status": "success", "result": operation.handler(self, _read_parameters(call))})

    def rate_limit_response(self, wait: float | None) -> Response:
        """Return the response 429, which this vendor documents."""
        headers = super().rate_limit_response(wait).headers
        return _error_response("rate_limited", "Too many requests", 429, headers)

    def respond_to_unknown(self, call: Call, status: int) -> Response:
        """Return the vendor's error response to a call that matches no operation."""
        return _error_response("not_found", "There is no such endpoint", status)

    @operation("/api/contact/new")
    def create_contact(self, parameters: Parameters) -> Json:
        """Store a contact in an address book."""
        parameters.allow_only("group_id", "phone_number", *TEXTS)
        group_id = self._group_id(parameters)
        columns = {"phone": parameters.phone(), **parameters.text_columns({})}
        return {"id": self.book.add_contact(columns, [group_id])}

    @operation("/api/contact/detail")
    def get_contact(self, parameters: Parameters) -> Json:
        """Return a contact without its address book. The contact is nested one level deeper than in other responses."""
        parameters.allow_only("id")
        contact = self._contact(parameters)
        custom = json.loads(contact["fields"])
        return {
            "contact": {
                **{name: contact[name] for name in ("id", "first_name", "last_name", "company")},
                "phone_number": contact["phone"],
                **{name: custom.get(name) for name in CUSTOM},
            }
        }

    @operation("/api/contact/edit")
    def update_contact(self, parameters: Parameters) -> Json:
        """Change the fields of a contact that were sent, and keep the others. A sent `group_id` moves the contact."""
        parameters.allow_only("id", "group_id", "phone_number", *TEXTS)
        contact = self._contact(parameters)
        columns = parameters.text_columns(json.loads(contact["fields"]))
        if "phone_number" in parameters:
            columns["phone"] = parameters.phone()
        if "group_id" in parameters:
            self.book.set_groups(contact["id"], [self._group_id(parameters)])
        self.book.change_contact(contact["id"], columns)
        return {"id": contact["id"]}

    @operation("/api/contact/delete")
    def delete_contact(self, parameters: Parameters) -> Json:
        """Delete a contact."""
        parameters.allow_only("id")
        contact = self._contact(parameters)
        self.book.delete_contact(contact["id"])
        return {"id": contact["id"]}

    @operation("/api/address-book/list")
    def list_address_books(self, parameters: Parameters) -> list[Json]:
        """Return all address books as an array."""
        parameters.allow_only()
        rows = self.book.rows("SELECT id, name FROM contact_group WHERE vendor = ? ORDER BY id", self.name)
        return [dict(row) for row in rows]

    @operation("/api/address-book/detail")
    def get_address_book(self, parameters: Parameters) -> Json:
        """Return all contacts of an address book, without company and custom fields."""
        parameters.allow_only("id")
        group = self._group(parameters)
        rows = self.book.rows(
            "SELECT c.id, c.first_name, c.last_name, c.phone AS phone_number"
            " FROM membership m JOIN contact c ON c.id = m.contact_id WHERE m.group_id = ? ORDER BY c.id",
            group["id"],
        )
        return {"id": group["id"], "name": group["name"], "contacts": [dict(row) for row in rows]}

    @operation("/api/address-book/new")
    def create_address_book(self, parameters: Parameters) -> Json:
        """Store an address book."""
        parameters.allow_only("name")
        name = parameters.name()
        return {"id": self.book.add_group({"name": name}), "name": name}

    @operation("/api/address-book/edit")
    def update_address_book(self, parameters: Parameters) -> Json:
        """Rename an address book. This response has the id as text."""
        parameters.allow_only("id", "name")
        group = self._group(parameters)
        name = parameters.name() if "name" in parameters else group["name"]
        self.book.change_group(group["id"], {"name": name})
        return {"id": str(group["id"]), "name": name}

    @operation("/api/address-book/delete")
    def delete_address_book(self, parameters: Parameters) -> Json:
        """Delete an address book with its contacts, since no contact can be without one."""
        parameters.allow_only("id")
        group = self._group(parameters)
        self.book.delete_group(group["id"], with_contacts=True)
        return {"id": group["id"]}

    def _contact(self, parameters: Parameters) -> Row:
        contact = self.book.contact(parameters.id())
        if contact is None:
            raise AtomError("not_found", "There is no contact with this id")
        return contact

    def _group(self, parameters: Parameters) -> Row:
        group = self.book.group(parameters.id())
        if group is None:
            raise AtomError("not_found", "There is no address book with this id")
        return group

    def _group_id(self, parameters: Parameters) -> int:
        group_id = parameters.id("group_id")
        if self.book.group(group_id) is None:
            raise AtomError("not_found", "There is no address book with this group_id")
        return group_id


def _read_parameters(call: Call) -> Parameters:
    try:
        # The list of address books has no parameters, and no body.
        parameters = as_object(parse_json(call.body)) if call.body else {}
    except ValueError:
        parameters = None
    if parameters is None or (call.body and call.media_type != "application/json"):
        raise AtomError("invalid_request", "The body is not a JSON object")
    return Parameters(parameters)
