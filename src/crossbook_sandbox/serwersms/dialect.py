"""The vendor's table of operations, its ways to authenticate, and its answers to what is none of them."""

from __future__ import annotations

import re

from crossbook_sandbox.vendor import Call, Operation, Reply, Vendor, json_reply

from . import contacts, groups, listing
from .errors import error_body, refuse
from .parameters import Handler, Parameters, read_parameters


def _row(name: str, action: str, handler: Handler) -> Operation[Handler]:
    return Operation(name, ("POST",), (f"/{action}", f"/{action}.json"), handler)


class SerwerSMS(Vendor[Handler]):
    """The account at SerwerSMS."""

    name = "serwersms"
    operations = (
        _row("listContacts", "contacts/index", listing.list_contacts),
        _row("getContact", "contacts/view", contacts.get_contact),
        _row("createContact", "contacts/add", contacts.create_contact),
        _row("updateContact", "contacts/edit", contacts.update_contact),
        _row("deleteContact", "contacts/delete", contacts.delete_contact),
        _row("importContacts", "contacts/import", contacts.import_contacts),
        _row("listGroups", "groups/index", listing.list_groups),
        _row("getGroup", "groups/view", groups.get_group),
        _row("createGroup", "groups/add", groups.create_group),
        _row("updateGroup", "groups/edit", groups.update_group),
        _row("deleteGroup", "groups/delete", groups.delete_group),
        _row("checkGroups", "groups/check", groups.check_groups),
    )

    def perform(self, call: Call, operation: Operation[Handler]) -> Reply:
        """Do a call of somebody who may."""
        parameters = read_parameters(call)
        self._authenticate(call, parameters)
        self.admit()
        return json_reply(operation.handler(self, parameters))

    def stray(self, call: Call, status: int) -> Reply:
        """Answer what is no action of ours; `error/<code>` shows an error."""
        shown = re.fullmatch(r"/error/(\d{1,9})(\.json)?", call.path, re.ASCII)
        if shown:
            return json_reply(error_body(int(shown[1])))
        message = "The sandbox answers in JSON only" if call.path.endswith(".xml") else None
        return json_reply(error_body(1000, message), 200 if status == 404 else status)

    def _authenticate(self, call: Call, parameters: Parameters) -> None:
        header, known = call.headers.get("authorization"), self.credentials
        if header is not None:
            scheme, _, token = header.partition(" ")
            if scheme.lower() == "bearer" and token.strip() == known["token"]:
                return
        elif (parameters.get("username"), parameters.get("password")) == (known["username"], known["password"]):
            return
        raise refuse(1001)
