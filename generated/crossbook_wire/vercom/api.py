"""Vercom contacts (EmailLabs, MessageFlow, RedLink): a class for each tag, a method for each operation.

Written from specs/vercom.yaml, never by hand.
"""

from __future__ import annotations

from collections.abc import Coroutine
from functools import cache
from typing import Any, Literal

from msgspec import UNSET, UnsetType
from msgspec.json import Decoder

from crossbook_wire.http import Request, Send, encode, query_string, segment, send_and_decode

from . import models


class ContactsApi:
    """Contacts, their subscriptions, their groups and the account's additional fields.

    Args:
        send: Sends a request and returns the response.
    """

    def __init__(self, send: Send) -> None:
        self._send = send

    def list_contacts(
        self,
        *,
        offset: int | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        group: int | UnsetType = UNSET,
        id: int | UnsetType = UNSET,
        external_id: str | UnsetType = UNSET,
        phone_number: str | UnsetType = UNSET,
        email: str | UnsetType = UNSET,
        in_archive: bool | UnsetType = UNSET,
        archive_date_to: str | UnsetType = UNSET,
        archive_date_from: str | UnsetType = UNSET,
        is_unsubscribe_sms: bool | UnsetType = UNSET,
        is_unsubscribe_email: bool | UnsetType = UNSET,
        is_unsubscribe_push: bool | UnsetType = UNSET,
        get_full_date: Literal[0, 1] | UnsetType = UNSET,
    ) -> Coroutine[Any, Any, models.ContactList]:
        """List contacts

        Contacts of the account, a page a call; all filters that are given must hold. This is
        also the way to read one contact (`id`) and to find one (`email`, `phoneNumber`,
        `externalId`): a contact that does not exist is an empty list, that is a 404.

        Args:
            offset: How many items to leave out from the start of the list. The vendor
                assumes 0. Whole number, at least 0.
            limit: The maximum number of items. The vendor's default is 100 and the maximum
                is 1000. Whole number, 1 to 1000.
            group: Only contacts of the group with this id. Whole number, at least 1.
            id: Only the contact with this id. Whole number, at least 1.
            external_id: Only the contact with this external id. Text.
            phone_number: Only contacts with this phone number. Whether spellings of one
                number (with a plus, national) are taken as equal is not documented. Text.
            email: Only contacts with this e-mail address. Text.
            in_archive: Only archived contacts (true) or only the others (false). True or
                false.
            archive_date_to: Only contacts archived up to this moment. Text, pattern
                `^(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])
                ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$`.
            archive_date_from: Only contacts archived from this moment on. Text, pattern
                `^(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])
                ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$`.
            is_unsubscribe_sms: Only contacts that opted out of SMS (true) or that did not
                (false). True or false.
            is_unsubscribe_email: Only contacts that opted out of e-mail (true) or that did
                not (false). True or false.
            is_unsubscribe_push: Only contacts that opted out of push messages (true) or
                that did not (false). True or false.
            get_full_date: 1 changes the dates of the response from unix seconds to
                `YYYY-MM-DD HH:MM:SS`. The vendor's default is 0. Whole number, one of `0`, `1`.
                Evidence: public. The vendor's general page names it for all responses with
                dates.

        Returns:
            The page.

        `GET /v2.1/contact`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _contact_list,
            Request(
                operation="listContacts",
                method="GET",
                path="/v2.1/contact",
                query=query_string(
                    {
                        "offset": offset,
                        "limit": limit,
                        "group": group,
                        "id": id,
                        "externalId": external_id,
                        "phoneNumber": phone_number,
                        "email": email,
                        "inArchive": in_archive,
                        "archiveDateTo": archive_date_to,
                        "archiveDateFrom": archive_date_from,
                        "isUnsubscribeSms": is_unsubscribe_sms,
                        "isUnsubscribeEmail": is_unsubscribe_email,
                        "isUnsubscribePush": is_unsubscribe_push,
                        "getFullDate": get_full_date,
                    }
                ),
            ),
        )

    def update_contacts(
        self, body: list[models.ContactUpdateById | models.ContactUpdateByExternalId]
    ) -> Coroutine[Any, Any, models.WrittenContacts]:
        """Change contacts

        Changes the fields named in each item's `data`; what is not named stays. An item names
        its contact by `id` or by `externalId`, never by both.

        Args:
            body: The changes, one item a contact. List, at least 1 item. Evidence: public.
                The contacts page has "one of" without the two forms; they are from the vendor's
                other pages.

        Returns:
            Done. `data` names each contact that was touched.

        `PUT /v2.1/contact`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _written_contacts,
            Request(
                operation="updateContacts",
                method="PUT",
                path="/v2.1/contact",
                body=encode(body),
                content_type="application/json",
            ),
        )

    def create_contacts(
        self, body: list[models.NewContact]
    ) -> Coroutine[Any, Any, models.WrittenContacts]:
        """Add contacts

        Adds the contacts of the array. Whether a second contact with the same phone, e-mail or
        external id is refused is not documented. If some are refused, the response is 207 and
        names them; if all are, 422 (inferred).

        Args:
            body: The contacts to add. List, at least 1 item.

        Returns:
            Done. `data` names each contact that was touched.

        `POST /v2.1/contact`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _written_contacts,
            Request(
                operation="createContacts",
                method="POST",
                path="/v2.1/contact",
                body=encode(body),
                content_type="application/json",
            ),
        )

    def delete_contacts(
        self, body: models.ContactIds
    ) -> Coroutine[Any, Any, models.WrittenContacts]:
        """Delete contacts

        Deletes the contacts whose ids are in the body (a body on DELETE).

        Args:
            body: The contacts that are meant, by id.

        Returns:
            Done. `data` names each contact that was touched.

        `DELETE /v2.1/contact`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _written_contacts,
            Request(
                operation="deleteContacts",
                method="DELETE",
                path="/v2.1/contact",
                body=encode(body),
                content_type="application/json",
            ),
        )

    def unsubscribe_contacts(
        self, channel: Literal["all", "email", "push", "sms"], body: models.ContactIds
    ) -> Coroutine[Any, Any, models.WrittenContacts]:
        """Opt contacts out of a channel

        Unsubscribes the contacts from one channel or all. The documentation does not mention
        contacts that are already unsubscribed.

        Args:
            channel: The channel, or all of them. Text, one of `"sms"`, `"email"`, `"push"`,
                `"all"`. Evidence: inferred. The vendor's page has a closed list here and does
                not print it; these follow from the three isUnsubscribe… filters and from "all
                of them at once".
            body: The contacts that are meant, by id.

        Returns:
            Done. `data` names each contact that was touched.

        `POST /v2.1/contact/unsubscribe/{channel}`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _written_contacts,
            Request(
                operation="unsubscribeContacts",
                method="POST",
                path=f"/v2.1/contact/unsubscribe/{segment(channel)}",
                body=encode(body),
                content_type="application/json",
            ),
        )

    def resubscribe_contacts(
        self, channel: Literal["all", "email", "push", "sms"], body: models.ContactIds
    ) -> Coroutine[Any, Any, models.WrittenContacts]:
        """Opt contacts in again

        Subscribes the contacts to one channel or all again. Only the people themselves may
        request it.

        Args:
            channel: The channel, or all of them. Text, one of `"sms"`, `"email"`, `"push"`,
                `"all"`. Evidence: inferred. The vendor's page has a closed list here and does
                not print it; these follow from the three isUnsubscribe… filters and from "all
                of them at once".
            body: The contacts that are meant, by id.

        Returns:
            Done. `data` names each contact that was touched.

        `POST /v2.1/contact/resubscribe/{channel}`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _written_contacts,
            Request(
                operation="resubscribeContacts",
                method="POST",
                path=f"/v2.1/contact/resubscribe/{segment(channel)}",
                body=encode(body),
                content_type="application/json",
            ),
        )

    def list_contact_groups(
        self, id: str, *, get_full_date: Literal[0, 1] | UnsetType = UNSET
    ) -> Coroutine[Any, Any, models.GroupList]:
        """List the groups of a contact

        All groups that the contact is in, not paged. 404 means that it is in no group or that
        the contact does not exist (inferred); the response does not say which.

        Args:
            id: The contact's id. The vendor types it as text here, and as a number for the
                two writes. Text, pattern `^[0-9]{1,18}$`.
            get_full_date: 1 changes the dates of the response from unix seconds to
                `YYYY-MM-DD HH:MM:SS`. The vendor's default is 0. Whole number, one of `0`, `1`.
                Evidence: public. The vendor's general page names it for all responses with
                dates.

        Returns:
            The groups.

        `GET /v2.1/contact/{id}/group`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _group_list,
            Request(
                operation="listContactGroups",
                method="GET",
                path=f"/v2.1/contact/{segment(id)}/group",
                query=query_string({"getFullDate": get_full_date}),
            ),
        )

    def add_contact_groups(
        self, id: int, body: models.GroupIds
    ) -> Coroutine[Any, Any, models.WrittenContacts]:
        """Put a contact into groups

        Adds the contact to the groups whose ids are in the body; the groups it is in already
        stay.

        Args:
            id: The contact's id. Whole number, at least 1.
            body: The groups that are meant, by id.

        Returns:
            Done. `data` names each contact that was touched.

        `POST /v2.1/contact/{id}/group`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _written_contacts,
            Request(
                operation="addContactGroups",
                method="POST",
                path=f"/v2.1/contact/{segment(id)}/group",
                body=encode(body),
                content_type="application/json",
            ),
        )

    def remove_contact_groups(
        self, id: int, body: models.GroupIds
    ) -> Coroutine[Any, Any, models.WrittenContacts]:
        """Take a contact out of groups

        Removes the contact from the groups whose ids are in the body (a body on DELETE).
        Neither the contact nor the groups are deleted.

        Args:
            id: The contact's id. Whole number, at least 1.
            body: The groups that are meant, by id.

        Returns:
            Done. `data` names each contact that was touched.

        `DELETE /v2.1/contact/{id}/group`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _written_contacts,
            Request(
                operation="removeContactGroups",
                method="DELETE",
                path=f"/v2.1/contact/{segment(id)}/group",
                body=encode(body),
                content_type="application/json",
            ),
        )

    def list_fields(
        self, *, offset: int | UnsetType = UNSET, limit: int | UnsetType = UNSET
    ) -> Coroutine[Any, Any, models.FieldList]:
        """List the additional fields of the account

        The names that contacts of this account have used in `externalData`.

        Args:
            offset: How many items to leave out from the start of the list. The vendor
                assumes 0. Whole number, at least 0.
            limit: The maximum number of items. The vendor's default is 100 and the maximum
                is 1000. Whole number, 1 to 1000.

        Returns:
            The page.

        `GET /v2.1/contact/field`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _field_list,
            Request(
                operation="listFields",
                method="GET",
                path="/v2.1/contact/field",
                query=query_string({"offset": offset, "limit": limit}),
            ),
        )


class SegmentsApi:
    """Saved selections of contacts, made in the vendor's panel.

    Args:
        send: Sends a request and returns the response.
    """

    def __init__(self, send: Send) -> None:
        self._send = send

    def list_segments(
        self, *, offset: int | UnsetType = UNSET, limit: int | UnsetType = UNSET
    ) -> Coroutine[Any, Any, models.SegmentList]:
        """List segments

        The segments made in the vendor's panel.

        Args:
            offset: How many items to leave out from the start of the list. The vendor
                assumes 0. Whole number, at least 0.
            limit: The maximum number of items. The vendor's default is 100 and the maximum
                is 1000. Whole number, 1 to 1000.

        Returns:
            The page.

        `GET /v2.1/contact/segment`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _segment_list,
            Request(
                operation="listSegments",
                method="GET",
                path="/v2.1/contact/segment",
                query=query_string({"offset": offset, "limit": limit}),
            ),
        )

    def get_segment(self, id: str) -> Coroutine[Any, Any, models.SegmentCount]:
        """Count the contacts of a segment

        How many contacts the segment has now. If the count takes time, the first response is
        202, with the time after which to request again.

        Args:
            id: The segment's id. Text, at least 1 character.

        Returns:
            The count, as the only element of `data`.

        `GET /v2.1/contact/segment/{id}`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _segment_count,
            Request(
                operation="getSegment",
                method="GET",
                path=f"/v2.1/contact/segment/{segment(id)}",
            ),
        )


class GroupsApi:
    """Groups of contacts and who is in them.

    Args:
        send: Sends a request and returns the response.
    """

    def __init__(self, send: Send) -> None:
        self._send = send

    def list_groups(
        self,
        *,
        offset: int | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        order_by: Literal["createdAt", "id"] | UnsetType = UNSET,
        order_direction: Literal["ASC", "DESC"] | UnsetType = UNSET,
        get_full_date: Literal[0, 1] | UnsetType = UNSET,
    ) -> Coroutine[Any, Any, models.GroupList]:
        """List groups

        Groups of the account, a page a call.

        Args:
            offset: How many items to leave out from the start of the list. The vendor
                assumes 0. Whole number, at least 0.
            limit: The maximum number of items. The vendor's default is 100 and the maximum
                is 1000. Whole number, 1 to 1000.
            order_by: What to sort by. The vendor assumes id. Text, one of `"id"`,
                `"createdAt"`.
            order_direction: Which way to sort. The vendor assumes DESC. Text, one of
                `"ASC"`, `"DESC"`.
            get_full_date: 1 changes the dates of the response from unix seconds to
                `YYYY-MM-DD HH:MM:SS`. The vendor's default is 0. Whole number, one of `0`, `1`.
                Evidence: public. The vendor's general page names it for all responses with
                dates.

        Returns:
            The groups.

        `GET /v2.1/group`. Evidence: public. The vendor's page on groups.
        """
        return send_and_decode(
            self._send,
            _group_list,
            Request(
                operation="listGroups",
                method="GET",
                path="/v2.1/group",
                query=query_string(
                    {
                        "offset": offset,
                        "limit": limit,
                        "orderBy": order_by,
                        "orderDirection": order_direction,
                        "getFullDate": get_full_date,
                    }
                ),
            ),
        )

    def update_groups(
        self, body: list[models.GroupUpdate] | models.GroupUpdate
    ) -> Coroutine[Any, Any, models.WrittenGroups]:
        """Change groups

        Changes name or description of each group in the array, or of one group as a bare
        object; what is not named stays.

        Args:
            body: The changes, as an array or as one bare object. Evidence: public. A client
                of RedLink sends one object; its batch calls and the vendor's page have an
                array.

        Returns:
            Done. `data` names each group that was touched.

        `PUT /v2.1/group`. Evidence: public. The vendor's page on groups.
        """
        return send_and_decode(
            self._send,
            _written_groups,
            Request(
                operation="updateGroups",
                method="PUT",
                path="/v2.1/group",
                body=encode(body),
                content_type="application/json",
            ),
        )

    def create_groups(
        self, body: list[models.NewGroup] | models.NewGroup
    ) -> Coroutine[Any, Any, models.WrittenGroups]:
        """Add groups

        Adds the groups of the array, or one group as a bare object. If some are refused, the
        response is 207 and names them; if all are, 422 (inferred).

        Args:
            body: The groups to add, as an array or as one bare object. Evidence: public. A
                client of RedLink sends one object; its batch calls and the vendor's page have
                an array.

        Returns:
            Done. `data` names each group that was touched.

        `POST /v2.1/group`. Evidence: public. The vendor's page on groups.
        """
        return send_and_decode(
            self._send,
            _written_groups,
            Request(
                operation="createGroups",
                method="POST",
                path="/v2.1/group",
                body=encode(body),
                content_type="application/json",
            ),
        )

    def delete_groups(self, body: models.GroupIds) -> Coroutine[Any, Any, models.WrittenGroups]:
        """Delete groups

        Deletes the groups whose ids are in the body (a body on DELETE). Their contacts stay.

        Args:
            body: The groups that are meant, by id.

        Returns:
            Done. `data` names each group that was touched.

        `DELETE /v2.1/group`. Evidence: public. The vendor's page on groups; that the contacts
        stay is inferred.
        """
        return send_and_decode(
            self._send,
            _written_groups,
            Request(
                operation="deleteGroups",
                method="DELETE",
                path="/v2.1/group",
                body=encode(body),
                content_type="application/json",
            ),
        )

    def list_group_contacts(
        self,
        group_id: str,
        *,
        offset: int | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        order_by: Literal["createdAt", "id"] | UnsetType = UNSET,
        order_direction: Literal["ASC", "DESC"] | UnsetType = UNSET,
    ) -> Coroutine[Any, Any, models.GroupContactList]:
        """List the contacts of a group

        The contacts of the group with four fields each; `listContacts` with `group` returns all
        fields.

        Args:
            group_id: The group's id. The vendor types it as text here. Text, pattern
                `^[0-9]{1,18}$`.
            offset: How many items to leave out from the start of the list. The vendor
                assumes 0. Whole number, at least 0.
            limit: The maximum number of items. The vendor's default is 100 and the maximum
                is 1000. Whole number, 1 to 1000.
            order_by: What to sort by. The vendor assumes id. Text, one of `"id"`,
                `"createdAt"`.
            order_direction: Which way to sort. The vendor assumes DESC. Text, one of
                `"ASC"`, `"DESC"`.

        Returns:
            The page.

        `GET /v2.1/group/{groupId}/contact`. Evidence: public. The vendor's page on groups.
        """
        return send_and_decode(
            self._send,
            _group_contact_list,
            Request(
                operation="listGroupContacts",
                method="GET",
                path=f"/v2.1/group/{segment(group_id)}/contact",
                query=query_string(
                    {
                        "offset": offset,
                        "limit": limit,
                        "orderBy": order_by,
                        "orderDirection": order_direction,
                    }
                ),
            ),
        )

    def add_group_contacts(
        self, group_id: int, body: models.ContactIds
    ) -> Coroutine[Any, Any, models.WrittenContacts]:
        """Put contacts into a group

        Adds the contacts whose ids are in the body to the group; their other groups stay.

        Args:
            group_id: The group's id. Whole number, at least 1.
            body: The contacts that are meant, by id.

        Returns:
            Done. `data` names each contact that was touched.

        `POST /v2.1/group/{groupId}/contact`. Evidence: public. The vendor's page on groups.
        """
        return send_and_decode(
            self._send,
            _written_contacts,
            Request(
                operation="addGroupContacts",
                method="POST",
                path=f"/v2.1/group/{segment(group_id)}/contact",
                body=encode(body),
                content_type="application/json",
            ),
        )

    def remove_group_contacts(
        self, group_id: int, body: models.ContactIds
    ) -> Coroutine[Any, Any, models.WrittenContacts]:
        """Take contacts out of a group

        Removes the contacts whose ids are in the body from the group (a body on DELETE). The
        contacts themselves stay.

        Args:
            group_id: The group's id. Whole number, at least 1.
            body: The contacts that are meant, by id.

        Returns:
            Done. `data` names each contact that was touched.

        `DELETE /v2.1/group/{groupId}/contact`. Evidence: public. The vendor's page on groups.
        """
        return send_and_decode(
            self._send,
            _written_contacts,
            Request(
                operation="removeGroupContacts",
                method="DELETE",
                path=f"/v2.1/group/{segment(group_id)}/contact",
                body=encode(body),
                content_type="application/json",
            ),
        )


# Built at first use: a decoder costs a quarter of its models' import time, and few programs call every operation.


@cache
def _contact_list() -> Decoder[models.ContactList]:
    return Decoder(models.ContactList)


@cache
def _written_contacts() -> Decoder[models.WrittenContacts]:
    return Decoder(models.WrittenContacts)


@cache
def _group_list() -> Decoder[models.GroupList]:
    return Decoder(models.GroupList)


@cache
def _field_list() -> Decoder[models.FieldList]:
    return Decoder(models.FieldList)


@cache
def _segment_list() -> Decoder[models.SegmentList]:
    return Decoder(models.SegmentList)


@cache
def _segment_count() -> Decoder[models.SegmentCount]:
    return Decoder(models.SegmentCount)


@cache
def _written_groups() -> Decoder[models.WrittenGroups]:
    return Decoder(models.WrittenGroups)


@cache
def _group_contact_list() -> Decoder[models.GroupContactList]:
    return Decoder(models.GroupContactList)
