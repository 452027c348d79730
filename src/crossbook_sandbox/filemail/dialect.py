"""The vendor's table of operations, where it looks for parameters, and its answers to what is no operation."""

from __future__ import annotations

from crossbook_sandbox.vendor import Call, Operation, Refused, Reply, Vendor, json_reply

from . import authentication, contacts, groups
from .errors import Problem
from .parameters import Handler, read_parameters


def _row(name: str, path: str, handler: Handler) -> Operation[Handler]:
    return Operation(name, ("GET", "POST"), (f"/api/{path}",), handler)


class Filemail(Vendor[Handler]):
    """The account at Filemail."""

    name = "filemail"
    operations = (
        _row("login", "authentication/login", authentication.login),
        _row("logout", "authentication/logout", authentication.logout),
        _row("listContacts", "contacts/get", contacts.list_contacts),
        _row("createContact", "contacts/add", contacts.create_contact),
        _row("updateContact", "contacts/update", contacts.update_contact),
        _row("deleteContact", "contacts/delete", contacts.delete_contact),
        _row("listGroups", "contacts/group/get", groups.list_groups),
        _row("createGroup", "contacts/group/add", groups.create_group),
        _row("updateGroup", "contacts/group/update", groups.update_group),
        _row("deleteGroup", "contacts/group/delete", groups.delete_group),
        _row("addToGroup", "contacts/addtogroup", groups.add_to_group),
        _row("removeFromGroup", "contacts/removefromgroup", groups.remove_from_group),
    )

    def perform(self, call: Call, operation: Operation[Handler]) -> Reply:
        """Do a call; all but the login need a living token."""
        try:
            parameters = read_parameters(call)
            if operation.name != "login":
                authentication.check(self, parameters)
            self.admit()
            return json_reply(operation.handler(self, parameters))
        except Problem as problem:
            status = (404 if problem.not_found else 500) if self.options.filemail_http_errors else 200
            raise Refused(json_reply(problem.body(call.path), status)) from None

    def stray(self, call: Call, status: int) -> Reply:
        """Answer what is no operation."""
        return json_reply(Problem(2010, "There is no such method").body(call.path), status)
