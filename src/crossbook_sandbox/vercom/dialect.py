"""The vendor's table of operations, its two keys, and its answers to what is no operation."""

from __future__ import annotations

from crossbook_sandbox.vendor import Call, Operation, Refused, Reply, Vendor

from . import contacts, groups, listing, members, segments
from .envelope import Invalid, envelope, failure, too_many, unauthorized
from .inputs import ALL_CONTACTS, Handler


def _row(name: str, method: str, path: str, handler: Handler) -> Operation[Handler]:
    return Operation(name, (method,), (f"/v2.1/{path}",), handler)


class Vercom(Vendor[Handler]):
    """The account at Vercom. Everybody is in its first group, which cannot be deleted."""

    name = "vercom"
    operations = (
        _row("listContacts", "GET", "contact", listing.list_contacts),
        _row("createContacts", "POST", "contact", contacts.create_contacts),
        _row("updateContacts", "PUT", "contact", contacts.update_contacts),
        _row("deleteContacts", "DELETE", "contact", contacts.delete_contacts),
        _row("listFields", "GET", "contact/field", segments.list_fields),
        _row("listSegments", "GET", "contact/segment", segments.list_segments),
        _row("getSegment", "GET", "contact/segment/{id}", segments.get_segment),
        _row("unsubscribeContacts", "POST", "contact/unsubscribe/{channel}", contacts.unsubscribe_contacts),
        _row("resubscribeContacts", "POST", "contact/resubscribe/{channel}", contacts.resubscribe_contacts),
        _row("listContactGroups", "GET", "contact/{id}/group", members.list_contact_groups),
        _row("addContactGroups", "POST", "contact/{id}/group", members.add_contact_groups),
        _row("removeContactGroups", "DELETE", "contact/{id}/group", members.remove_contact_groups),
        _row("listGroups", "GET", "group", groups.list_groups),
        _row("createGroups", "POST", "group", groups.create_groups),
        _row("updateGroups", "PUT", "group", groups.update_groups),
        _row("deleteGroups", "DELETE", "group", groups.delete_groups),
        _row("listGroupContacts", "GET", "group/{groupId}/contact", members.list_group_contacts),
        _row("addGroupContacts", "POST", "group/{groupId}/contact", members.add_group_contacts),
        _row("removeGroupContacts", "DELETE", "group/{groupId}/contact", members.remove_group_contacts),
    )

    def prepare(self) -> None:
        """Give a fresh account its first group and a few segments."""
        if not self.book.count("SELECT count(*) FROM contact_group WHERE vendor = ?", self.name):
            self.book.add_group({"name": "Wszystkie Kontakty", "external_id": ALL_CONTACTS})
            segments.seed(self.book)

    def perform(self, call: Call, operation: Operation[Handler]) -> Reply:
        """Do a call of somebody who may."""
        authorization = call.headers.get("authorization", "")
        application_key = call.headers.get("application-key", "")
        if not authorization:
            raise unauthorized("Cannot find token in your request. Did you set 'Authorization' header?")
        if not application_key:
            raise unauthorized("Cannot find the key of the application. Did you set 'Application-Key' header?")
        if (authorization, application_key) != (self.credentials["authorization"], self.credentials["application_key"]):
            raise unauthorized("The token or the key of the application is wrong", title="Wrong token", code="E-0-005")
        self.admit()
        try:
            return operation.handler(self, call)
        except Invalid as invalid:
            raise Refused(envelope([], [invalid.problem()], invalid.status)) from None

    def too_many(self, wait: float | None) -> Reply:
        """Return the answer 429, which this vendor does not document, in its envelope."""
        return too_many(super().too_many(wait))

    def stray(self, call: Call, status: int) -> Reply:
        """Answer what is no operation."""
        return failure(status, "There is no such method here")
