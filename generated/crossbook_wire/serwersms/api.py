"""SerwerSMS.pl HTTPS API v2, contacts and groups: one class a tag, one method an operation.

Written from specs/serwersms.yaml, never by hand.
"""

from __future__ import annotations

from functools import cache

from msgspec.json import Decoder

from ..http import Request, Send, encode
from . import models


class ContactsApi:
    """People with a phone number, in any number of groups.

    Args:
        send: Sends a request and returns the response.
    """

    def __init__(self, send: Send) -> None:
        self._send = send

    async def list_contacts(self, body: models.ContactQuery) -> models.ContactList:
        """List contacts, page by page.

        All contacts, those of one group, those in none, or those that hold a phrase. A page
        after the last is empty (inferred).

        Args:
            body: Which contacts, in which order, which page.

        Returns:
            A page of contacts, or an error.

        `POST /contacts/index`. Evidence: documented.
        """
        request = Request(
            operation="listContacts",
            method="POST",
            path="/contacts/index",
            body=encode(body),
            content_type="application/json",
        )
        response = await self._send(request)
        return response.decode(_contact_list())

    async def get_contact(self, body: models.ContactId) -> models.Contact:
        """Read one contact.

        Its groups are not shown; ask for them by phone number with groups/check.

        Args:
            body: Names a contact.

        Returns:
            The contact's fields at the top level, or an error.

        `POST /contacts/view`. Evidence: public. Not on the vendor's page; its official clients
        have it.
        """
        request = Request(
            operation="getContact",
            method="POST",
            path="/contacts/view",
            body=encode(body),
            content_type="application/json",
        )
        response = await self._send(request)
        return response.decode(_contact())

    async def create_contact(self, body: models.NewContact) -> models.IdResult:
        """Add a contact to one group, several, or none.

        Nothing is said about a phone number that is there already; a second contact is
        inferred.

        Args:
            body: A contact to be added.

        Returns:
            The id of the new contact, or an error.

        `POST /contacts/add`. Evidence: documented.
        """
        request = Request(
            operation="createContact",
            method="POST",
            path="/contacts/add",
            body=encode(body),
            content_type="application/json",
        )
        response = await self._send(request)
        return response.decode(_id_result())

    async def update_contact(self, body: models.ContactEdit) -> models.IdResult:
        """Write a contact anew.

        What becomes of fields that are not sent is not said: send them all. The groups are
        replaced by those that are sent; an empty array leaves the contact in none (inferred).
        An empty text clears a field (inferred).

        Args:
            body: A contact's id, groups and phone, and what else it is to hold; an empty
                text clears.

        Returns:
            The id of the contact, or an error.

        `POST /contacts/edit`. Evidence: documented.
        """
        request = Request(
            operation="updateContact",
            method="POST",
            path="/contacts/edit",
            body=encode(body),
            content_type="application/json",
        )
        response = await self._send(request)
        return response.decode(_id_result())

    async def delete_contact(self, body: models.ContactId) -> models.Success:
        """Delete a contact.

        Args:
            body: Names a contact.

        Returns:
            Done, or an error.

        `POST /contacts/delete`. Evidence: documented.
        """
        request = Request(
            operation="deleteContact",
            method="POST",
            path="/contacts/delete",
            body=encode(body),
            content_type="application/json",
        )
        response = await self._send(request)
        return response.decode(_success())

    async def import_contacts(self, body: models.ContactImport) -> models.ImportResult:
        """Make a new group out of many contacts at once.

        Always makes a group of its own, even if there is one of that name. The answer counts
        what was taken and what was not, without saying which.

        Args:
            body: The name of a new group and its contacts.

        Returns:
            The id of the new group and two counts, or an error.

        `POST /contacts/import`. Evidence: public. Not on the vendor's page; its official
        clients have it.
        """
        request = Request(
            operation="importContacts",
            method="POST",
            path="/contacts/import",
            body=encode(body),
            content_type="application/json",
        )
        response = await self._send(request)
        return response.decode(_import_result())


class GroupsApi:
    """Named groups of contacts.

    Args:
        send: Sends a request and returns the response.
    """

    def __init__(self, send: Send) -> None:
        self._send = send

    async def list_groups(self, body: models.GroupQuery) -> models.GroupList:
        """List groups, page by page.

        A page after the last is empty (inferred).

        Args:
            body: Which groups, in which order, which page.

        Returns:
            A page of groups, or an error.

        `POST /groups/index`. Evidence: documented.
        """
        request = Request(
            operation="listGroups",
            method="POST",
            path="/groups/index",
            body=encode(body),
            content_type="application/json",
        )
        response = await self._send(request)
        return response.decode(_group_list())

    async def get_group(self, body: models.GroupId) -> models.Group:
        """Read one group.

        Args:
            body: Names a group.

        Returns:
            The group's fields at the top level, or an error.

        `POST /groups/view`. Evidence: public. Not on the vendor's page; its official clients
        have it.
        """
        request = Request(
            operation="getGroup",
            method="POST",
            path="/groups/view",
            body=encode(body),
            content_type="application/json",
        )
        response = await self._send(request)
        return response.decode(_group())

    async def create_group(self, body: models.NewGroup) -> models.IdResult:
        """Make a group.

        Args:
            body: A group to be made.

        Returns:
            The id of the new group, or an error.

        `POST /groups/add`. Evidence: documented.
        """
        request = Request(
            operation="createGroup",
            method="POST",
            path="/groups/add",
            body=encode(body),
            content_type="application/json",
        )
        response = await self._send(request)
        return response.decode(_id_result())

    async def update_group(self, body: models.GroupEdit) -> models.IdResult:
        """Rename a group.

        Args:
            body: A group's id and its new name.

        Returns:
            The id of the group, or an error.

        `POST /groups/edit`. Evidence: documented.
        """
        request = Request(
            operation="updateGroup",
            method="POST",
            path="/groups/edit",
            body=encode(body),
            content_type="application/json",
        )
        response = await self._send(request)
        return response.decode(_id_result())

    async def delete_group(self, body: models.GroupDeletion) -> models.Success:
        """Delete a group, and its contacts if asked to.

        Args:
            body: The group to delete, and whether its contacts go with it.

        Returns:
            Done, or an error.

        `POST /groups/delete`. Evidence: documented.
        """
        request = Request(
            operation="deleteGroup",
            method="POST",
            path="/groups/delete",
            body=encode(body),
            content_type="application/json",
        )
        response = await self._send(request)
        return response.decode(_success())

    async def check_groups(self, body: models.PhoneQuery) -> models.MembershipList:
        """List the groups of whoever has a phone number.

        One row a contact and group. Two contacts may share the number: `id` tells them apart. A
        number that nobody has gives an empty list (inferred).

        Args:
            body: A phone number to look up.

        Returns:
            The groups, or an error.

        `POST /groups/check`. Evidence: documented.
        """
        request = Request(
            operation="checkGroups",
            method="POST",
            path="/groups/check",
            body=encode(body),
            content_type="application/json",
        )
        response = await self._send(request)
        return response.decode(_membership_list())


# Built when first used: a decoder costs a quarter of what its models cost to import, and nobody calls everything.


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
