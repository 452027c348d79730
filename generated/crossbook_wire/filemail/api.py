"""Filemail contacts: a class for each tag, a method for each operation.

Written from specs/filemail.yaml, never by hand.
"""

from __future__ import annotations

from collections.abc import Coroutine
from functools import cache
from typing import Any

from msgspec import UNSET, UnsetType
from msgspec.json import Decoder

from crossbook_wire.http import Request, Send, query_string, send_and_decode

from . import models


class AuthenticationApi:
    """The token that everything else needs.

    Args:
        send: Sends a request and returns the response.
    """

    def __init__(self, send: Send) -> None:
        self._send = send

    def login(self, *, source: str | UnsetType = UNSET) -> Coroutine[Any, Any, models.LoginAnswer]:
        """Log in

        Returns a token for a user name and password. Only the transport calls it, since only
        the transport has the password.

        Args:
            source: The kind of device, such as Web or Desktop. The vendor calls it required
                and leaves it out of its own example; send it always. Text, at least 1
                character.

        Returns:
            The token, or an error.

        `GET /api/authentication/login`. Evidence: public. The vendor's page on authentication.
        """
        return send_and_decode(
            self._send,
            _login_answer,
            Request(
                operation="login",
                method="GET",
                path="/api/authentication/login",
                query=query_string({"source": source}),
            ),
        )

    def logout(self) -> Coroutine[Any, Any, models.LogoutAnswer]:
        """Log out

        Ends the life of the token that the call carries, and returns that token once more.

        Returns:
            The token that ended, or an error.

        `GET /api/authentication/logout`. Evidence: public. The vendor's page on authentication.
        """
        return send_and_decode(
            self._send,
            _logout_answer,
            Request(
                operation="logout",
                method="GET",
                path="/api/authentication/logout",
            ),
        )


class ContactsApi:
    """The user's contacts.

    Args:
        send: Sends a request and returns the response.
    """

    def __init__(self, send: Send) -> None:
        self._send = send

    def list_contacts(self) -> Coroutine[Any, Any, models.ContactList]:
        """List contacts

        All contacts of the user, each with its groups, in one response without mobile numbers.

        Returns:
            All contacts, or an error.

        `GET /api/contacts/get`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _contact_list,
            Request(
                operation="listContacts",
                method="GET",
                path="/api/contacts/get",
            ),
        )

    def create_contact(
        self, *, name: str, email: str, mobile: str | UnsetType = UNSET
    ) -> Coroutine[Any, Any, models.ContactCreated]:
        """Add a contact

        Adds a contact. It is in no group until `addToGroup` puts it there.

        Args:
            name: The name to show. Text, at least 1 character.
            email: A valid e-mail address. Text.
            mobile: The mobile number. It is write-only, so no response shows it. Text.

        Returns:
            The new contact, or an error.

        `GET /api/contacts/add`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _contact_created,
            Request(
                operation="createContact",
                method="GET",
                path="/api/contacts/add",
                query=query_string({"name": name, "email": email, "mobile": mobile}),
            ),
        )

    def update_contact(
        self,
        *,
        contactid: str,
        name: str | UnsetType = UNSET,
        email: str | UnsetType = UNSET,
        mobile: str | UnsetType = UNSET,
    ) -> Coroutine[Any, Any, models.Done]:
        """Change a contact

        Changes what is named; the rest stays. Whether an empty text clears is not documented.

        Args:
            contactid: The contact's id. Text, at least 1 character.
            name: The new name. Text, at least 1 character.
            email: The new e-mail address. Text.
            mobile: The mobile number. It is write-only, so no response shows it. Text.

        Returns:
            Done, or an error.

        `GET /api/contacts/update`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _done,
            Request(
                operation="updateContact",
                method="GET",
                path="/api/contacts/update",
                query=query_string(
                    {"contactid": contactid, "name": name, "email": email, "mobile": mobile}
                ),
            ),
        )

    def delete_contact(self, *, contactid: str) -> Coroutine[Any, Any, models.Done]:
        """Delete a contact

        Deletes the contact, and so takes it out of its groups.

        Args:
            contactid: The contact's id. Text, at least 1 character.

        Returns:
            Done, or an error.

        `GET /api/contacts/delete`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _done,
            Request(
                operation="deleteContact",
                method="GET",
                path="/api/contacts/delete",
                query=query_string({"contactid": contactid}),
            ),
        )


class GroupsApi:
    """Contact groups and who is in them.

    Args:
        send: Sends a request and returns the response.
    """

    def __init__(self, send: Send) -> None:
        self._send = send

    def list_groups(self) -> Coroutine[Any, Any, models.GroupList]:
        """List groups

        All contact groups of the user in one response, without their contacts.

        Returns:
            All groups, or an error.

        `GET /api/contacts/group/get`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _group_list,
            Request(
                operation="listGroups",
                method="GET",
                path="/api/contacts/group/get",
            ),
        )

    def create_group(self, *, name: str) -> Coroutine[Any, Any, models.GroupCreated]:
        """Add a group

        Adds an empty group.

        Args:
            name: The group's name. Text, at least 1 character.

        Returns:
            The new group as the only element of an array, or an error.

        `GET /api/contacts/group/add`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _group_created,
            Request(
                operation="createGroup",
                method="GET",
                path="/api/contacts/group/add",
                query=query_string({"name": name}),
            ),
        )

    def update_group(self, *, contactgroupid: str, name: str) -> Coroutine[Any, Any, models.Done]:
        """Rename a group

        Gives the group another name.

        Args:
            contactgroupid: The group's id. Text, at least 1 character.
            name: The group's name. Text, at least 1 character.

        Returns:
            Done, or an error.

        `GET /api/contacts/group/update`. Evidence: documented. The page's example shows
        contactid, against its own list of parameters; a working client sends contactgroupid.
        """
        return send_and_decode(
            self._send,
            _done,
            Request(
                operation="updateGroup",
                method="GET",
                path="/api/contacts/group/update",
                query=query_string({"contactgroupid": contactgroupid, "name": name}),
            ),
        )

    def delete_group(self, *, contactgroupid: str) -> Coroutine[Any, Any, models.Done]:
        """Delete a group

        Deletes the group. That its contacts stay is inferred.

        Args:
            contactgroupid: The group's id. Text, at least 1 character.

        Returns:
            Done, or an error.

        `GET /api/contacts/group/delete`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _done,
            Request(
                operation="deleteGroup",
                method="GET",
                path="/api/contacts/group/delete",
                query=query_string({"contactgroupid": contactgroupid}),
            ),
        )

    def add_to_group(
        self, *, contactgroupid: str, contactid: str
    ) -> Coroutine[Any, Any, models.Done]:
        """Put a contact into a group

        Adds the contact to the group; its other groups stay (inferred).

        Args:
            contactgroupid: The group's id. Text, at least 1 character.
            contactid: The contact's id. Text, at least 1 character.

        Returns:
            Done, or an error.

        `GET /api/contacts/addtogroup`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _done,
            Request(
                operation="addToGroup",
                method="GET",
                path="/api/contacts/addtogroup",
                query=query_string({"contactgroupid": contactgroupid, "contactid": contactid}),
            ),
        )

    def remove_from_group(
        self, *, contactgroupid: str, contactid: str
    ) -> Coroutine[Any, Any, models.Done]:
        """Take a contact out of a group

        Removes the contact from the group. Neither is deleted.

        Args:
            contactgroupid: The group's id. Text, at least 1 character.
            contactid: The contact's id. Text, at least 1 character.

        Returns:
            Done, or an error.

        `GET /api/contacts/removefromgroup`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _done,
            Request(
                operation="removeFromGroup",
                method="GET",
                path="/api/contacts/removefromgroup",
                query=query_string({"contactgroupid": contactgroupid, "contactid": contactid}),
            ),
        )


# Built at first use: a decoder costs a quarter of its models' import time, and few programs call every operation.


@cache
def _login_answer() -> Decoder[models.LoginAnswer]:
    return Decoder(models.LoginAnswer)


@cache
def _logout_answer() -> Decoder[models.LogoutAnswer]:
    return Decoder(models.LogoutAnswer)


@cache
def _contact_list() -> Decoder[models.ContactList]:
    return Decoder(models.ContactList)


@cache
def _contact_created() -> Decoder[models.ContactCreated]:
    return Decoder(models.ContactCreated)


@cache
def _done() -> Decoder[models.Done]:
    return Decoder(models.Done)


@cache
def _group_list() -> Decoder[models.GroupList]:
    return Decoder(models.GroupList)


@cache
def _group_created() -> Decoder[models.GroupCreated]:
    return Decoder(models.GroupCreated)
