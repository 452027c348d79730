"""SerwerSMS.pl HTTPS API v2, contacts, groups and blacklist: a class for each tag, a method for each operation.

Written from specs/serwersms.yaml, never by hand.
"""

from __future__ import annotations

from collections.abc import Coroutine
from functools import cache
from typing import Any

from msgspec.json import Decoder

from crossbook_wire.http import Request, Send, encode, send_and_decode

from . import models


class ContactsApi:
    """People with a phone number, in any number of groups.

    Args:
        send: Sends a request and returns the response.
    """

    def __init__(self, send: Send) -> None:
        self._send = send

    def list_contacts(self, body: models.ContactQuery) -> Coroutine[Any, Any, models.ContactList]:
        """List contacts, page by page.

        All contacts, those of one group, those in none, or those that hold a phrase. A page
        after the last is empty (inferred).

        Args:
            body: Which contacts, in which order, which page.

        Returns:
            A page of contacts, or an error.

        `POST /contacts/index`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _contact_list,
            Request(
                operation="listContacts",
                method="POST",
                path="/contacts/index",
                body=encode(body),
                content_type="application/json",
            ),
        )

    def get_contact(self, body: models.ContactId) -> Coroutine[Any, Any, models.Contact]:
        """Read one contact.

        Its groups are not shown; groups/check lists them by phone number.

        Args:
            body: Names a contact.

        Returns:
            The contact's fields at the top level, or an error.

        `POST /contacts/view`. Evidence: public. Not on the vendor's page; its official clients
        have it.
        """
        return send_and_decode(
            self._send,
            _contact,
            Request(
                operation="getContact",
                method="POST",
                path="/contacts/view",
                body=encode(body),
                content_type="application/json",
            ),
        )

    def create_contact(self, body: models.NewContact) -> Coroutine[Any, Any, models.IdResult]:
        """Add a contact to one group, several, or none.

        The documentation does not mention phone numbers that exist already; a second contact is
        inferred. A group that does not exist is not refused in the vendor's own tests; the
        contact then is in no such group (public, weak).

        Args:
            body: A contact to be added.

        Returns:
            The id of the new contact, or an error.

        `POST /contacts/add`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _id_result,
            Request(
                operation="createContact",
                method="POST",
                path="/contacts/add",
                body=encode(body),
                content_type="application/json",
            ),
        )

    def update_contact(self, body: models.ContactEdit) -> Coroutine[Any, Any, models.IdResult]:
        """Replace a contact.

        What happens to fields that are not sent is not documented: send all fields. The groups
        are replaced by those that are sent; `none` removes the contact from all of them
        (inferred from contacts/add, which takes it). An empty text clears a field (inferred). A
        group that does not exist is not refused in the vendor's own tests; the contact then is
        in no such group (public, weak).

        Args:
            body: A contact's id, groups and phone, and what else it is to hold; an empty
                text clears.

        Returns:
            The id of the contact, or an error.

        `POST /contacts/edit`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _id_result,
            Request(
                operation="updateContact",
                method="POST",
                path="/contacts/edit",
                body=encode(body),
                content_type="application/json",
            ),
        )

    def delete_contact(self, body: models.ContactDeletion) -> Coroutine[Any, Any, models.Success]:
        """Delete a contact, or several.

        Several ids are an array (public: the official clients). What an id does that does not
        exist among others that do is unknown: that the call is refused and nothing is deleted
        is inferred.

        Args:
            body: Names the contacts to delete.

        Returns:
            Done, or an error.

        `POST /contacts/delete`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _success,
            Request(
                operation="deleteContact",
                method="POST",
                path="/contacts/delete",
                body=encode(body),
                content_type="application/json",
            ),
        )

    def import_contacts(
        self, body: models.ContactImport
    ) -> Coroutine[Any, Any, models.ImportResult]:
        """Make a new group out of many contacts at once.

        Always creates a new group, even if a group has that name. The response counts what was
        accepted and what was not, without saying which. `contact` may also be the array as JSON
        text, in a form and in JSON, as the clients in Ruby, Java and C# send it (public).

        Args:
            body: The name of a new group and its contacts.

        Returns:
            The id of the new group and two counts, or an error.

        `POST /contacts/import`. Evidence: public. Not on the vendor's page; its official
        clients have it.
        """
        return send_and_decode(
            self._send,
            _import_result,
            Request(
                operation="importContacts",
                method="POST",
                path="/contacts/import",
                body=encode(body),
                content_type="application/json",
            ),
        )


class GroupsApi:
    """Named groups of contacts.

    Args:
        send: Sends a request and returns the response.
    """

    def __init__(self, send: Send) -> None:
        self._send = send

    def list_groups(self, body: models.GroupQuery) -> Coroutine[Any, Any, models.GroupList]:
        """List groups, page by page.

        A page after the last is empty (inferred).

        Args:
            body: Which groups, in which order, which page.

        Returns:
            A page of groups, or an error.

        `POST /groups/index`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _group_list,
            Request(
                operation="listGroups",
                method="POST",
                path="/groups/index",
                body=encode(body),
                content_type="application/json",
            ),
        )

    def get_group(self, body: models.GroupId) -> Coroutine[Any, Any, models.Group]:
        """Read one group.

        The group's name and the number of its contacts. An id that does not exist is error 1004
        (inferred).

        Args:
            body: Names a group.

        Returns:
            The group's fields at the top level, or an error.

        `POST /groups/view`. Evidence: public. Not on the vendor's page; its official clients
        have it.
        """
        return send_and_decode(
            self._send,
            _group,
            Request(
                operation="getGroup",
                method="POST",
                path="/groups/view",
                body=encode(body),
                content_type="application/json",
            ),
        )

    def create_group(self, body: models.NewGroup) -> Coroutine[Any, Any, models.IdResult]:
        """Make a group.

        Adds an empty group. The documentation does not mention names that exist already; a
        second group is inferred.

        Args:
            body: A group to be made.

        Returns:
            The id of the new group, or an error.

        `POST /groups/add`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _id_result,
            Request(
                operation="createGroup",
                method="POST",
                path="/groups/add",
                body=encode(body),
                content_type="application/json",
            ),
        )

    def update_group(self, body: models.GroupEdit) -> Coroutine[Any, Any, models.IdResult]:
        """Rename a group.

        Gives the group another name; its contacts stay.

        Args:
            body: A group's id and its new name.

        Returns:
            The id of the group, or an error.

        `POST /groups/edit`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _id_result,
            Request(
                operation="updateGroup",
                method="POST",
                path="/groups/edit",
                body=encode(body),
                content_type="application/json",
            ),
        )

    def delete_group(self, body: models.GroupDeletion) -> Coroutine[Any, Any, models.Success]:
        """Delete a group or several, and optionally their contacts.

        Several ids are an array (public: the official clients). What an id does that does not
        exist among others that do is unknown: that the call is refused and nothing is deleted
        is inferred.

        Args:
            body: The groups to delete, and whether their contacts go with them.

        Returns:
            Done, or an error.

        `POST /groups/delete`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _success,
            Request(
                operation="deleteGroup",
                method="POST",
                path="/groups/delete",
                body=encode(body),
                content_type="application/json",
            ),
        )

    def check_groups(self, body: models.PhoneQuery) -> Coroutine[Any, Any, models.MembershipList]:
        """List the groups of all contacts with a phone number.

        A row for each contact and group. Two contacts may share the number; their `id` differs.
        A number of no contact gives an empty list (inferred).

        Args:
            body: A phone number to look up.

        Returns:
            The groups, or an error.

        `POST /groups/check`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _membership_list,
            Request(
                operation="checkGroups",
                method="POST",
                path="/groups/check",
                body=encode(body),
                content_type="application/json",
            ),
        )


class BlacklistApi:
    """Phone numbers that must not be written to. A number may belong to several contacts, or
    to no contact.

    Args:
        send: Sends a request and returns the response.
    """

    def __init__(self, send: Send) -> None:
        self._send = send

    def list_blacklist(
        self, body: models.BlacklistQuery
    ) -> Coroutine[Any, Any, models.BlacklistPage]:
        """List the phone numbers of the blacklist, page by page.

        All numbers, or only one. A number that is not on the blacklist gives an empty list
        (inferred).

        Args:
            body: Which phone numbers of the blacklist, and which page.

        Returns:
            A page of phone numbers, or an error.

        `POST /blacklist/index`. Evidence: public. The vendor's page "Czarna lista" and its
        official clients.
        """
        return send_and_decode(
            self._send,
            _blacklist_page,
            Request(
                operation="listBlacklist",
                method="POST",
                path="/blacklist/index",
                body=encode(body),
                content_type="application/json",
            ),
        )

    def add_to_blacklist(self, body: models.PhoneQuery) -> Coroutine[Any, Any, models.IdResult]:
        """Add a phone number to the blacklist.

        It applies to the number, so to every contact with the number, also to later ones. What
        a second call for the same number gives is unknown: either the same response as the
        first or an error (inferred).

        Args:
            body: A phone number to look up.

        Returns:
            The id of the entry, or an error.

        `POST /blacklist/add`. Evidence: public. The vendor's page "Czarna lista" and its
        official clients.
        """
        return send_and_decode(
            self._send,
            _id_result,
            Request(
                operation="addToBlacklist",
                method="POST",
                path="/blacklist/add",
                body=encode(body),
                content_type="application/json",
            ),
        )

    def check_blacklist(
        self, body: models.PhoneQuery
    ) -> Coroutine[Any, Any, models.BlacklistStatus]:
        """Tell whether a phone number is on the blacklist.

        Returns whether the number is on the blacklist, which holds phone numbers and not
        contacts.

        Args:
            body: A phone number to look up.

        Returns:
            Whether the number is on the blacklist, or an error.

        `POST /blacklist/check`. Evidence: public. The vendor's page "Czarna lista" and its
        official clients.
        """
        return send_and_decode(
            self._send,
            _blacklist_status,
            Request(
                operation="checkBlacklist",
                method="POST",
                path="/blacklist/check",
                body=encode(body),
                content_type="application/json",
            ),
        )

    def delete_from_blacklist(self, body: models.PhoneQuery) -> Coroutine[Any, Any, models.Success]:
        """Delete a phone number from the blacklist.

        Every contact with the number can be written to again. What a call for a number that is
        not on the blacklist gives is unknown: success or an error (inferred).

        Args:
            body: A phone number to look up.

        Returns:
            Done, or an error.

        `POST /blacklist/delete`. Evidence: public. The vendor's page "Czarna lista" and its
        official clients.
        """
        return send_and_decode(
            self._send,
            _success,
            Request(
                operation="deleteFromBlacklist",
                method="POST",
                path="/blacklist/delete",
                body=encode(body),
                content_type="application/json",
            ),
        )


# Built at first use: a decoder costs a quarter of its models' import time, and few programs call every operation.


@cache
def _contact_list() -> Decoder[models.ContactList]:
    return Decoder(models.ContactList)


@cache
def _contact() -> Decoder[models.Contact]:
    return Decoder(models.Contact)


@cache
def _id_result() -> Decoder[models.IdResult]:
    return Decoder(models.IdResult)


@cache
def _success() -> Decoder[models.Success]:
    return Decoder(models.Success)


@cache
def _import_result() -> Decoder[models.ImportResult]:
    return Decoder(models.ImportResult)


@cache
def _group_list() -> Decoder[models.GroupList]:
    return Decoder(models.GroupList)


@cache
def _group() -> Decoder[models.Group]:
    return Decoder(models.Group)


@cache
def _membership_list() -> Decoder[models.MembershipList]:
    return Decoder(models.MembershipList)


@cache
def _blacklist_page() -> Decoder[models.BlacklistPage]:
    return Decoder(models.BlacklistPage)


@cache
def _blacklist_status() -> Decoder[models.BlacklistStatus]:
    return Decoder(models.BlacklistStatus)
