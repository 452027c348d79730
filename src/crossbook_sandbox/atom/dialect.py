"""The vendor's table of operations, its token, and its answers to what is none of them."""

from __future__ import annotations

from crossbook_sandbox.validation import as_object, parse_json
from crossbook_sandbox.vendor import Call, Operation, Reply, Vendor, json_reply

from . import books, contacts
from .errors import error_reply, refuse
from .parameters import Handler, Parameters


def _row(name: str, path: str, handler: Handler) -> Operation[Handler]:
    return Operation(name, ("POST",), (f"/api/{path}",), handler)


class Atom(Vendor[Handler]):
    """The account at Atom. Its groups are address books, and each contact is in exactly one of them."""

    name = "atom"
    operations = (
        _row("createContact", "contact/new", contacts.create_contact),
        _row("getContact", "contact/detail", contacts.get_contact),
        _row("updateContact", "contact/edit", contacts.update_contact),
        _row("deleteContact", "contact/delete", contacts.delete_contact),
        _row("listAddressBooks", "address-book/list", books.list_address_books),
        _row("getAddressBook", "address-book/detail", books.get_address_book),
        _row("createAddressBook", "address-book/new", books.create_address_book),
        _row("updateAddressBook", "address-book/edit", books.update_address_book),
        _row("deleteAddressBook", "address-book/delete", books.delete_address_book),
    )

    def perform(self, call: Call, operation: Operation[Handler]) -> Reply:
        """Do a call of somebody who may."""
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or token.strip() != self.credentials["token"]:
            raise refuse("forbidden", "The access token is missing or wrong", 403)
        self.admit()
        result = operation.handler(self, _parameters(call))
        return json_reply({"status": "success", "result": result})

    def too_many(self, wait: float | None) -> Reply:
        """Return the answer 429, which this vendor documents."""
        headers = super().too_many(wait).headers
        return error_reply("rate_limited", "Too many requests", 429, headers)

    def stray(self, call: Call, status: int) -> Reply:
        """Answer what is no operation."""
        return error_reply("not_found", "There is no such endpoint", status)


def _parameters(call: Call) -> Parameters:
    try:
        # The list of address books has no parameters, and no body.
        parameters = as_object(parse_json(call.body)) if call.body else {}
    except ValueError:
        parameters = None
    if parameters is None or (call.body and call.media_type != "application/json"):
        raise refuse("invalid_request", "The body is not a JSON object")
    return Parameters(parameters)
