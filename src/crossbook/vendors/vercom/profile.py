"""Vercom's facts. Where they are from: specs/vercom.yaml."""

from __future__ import annotations

import re
from typing import Any

from msgspec import UNSET, Raw, Struct, UnsetType

from crossbook._pagination.strategies import Offset
from crossbook.errors import Rejected
from crossbook.vendor import Card, Complaint, Holds, Operation, Retry, Verb, as_list, as_object

_READ = Operation(Retry.SAFE)
_LIST = Operation(Retry.SAFE, empty_on_404=True)
_AGAIN = Operation(Retry.IDEMPOTENT)
_CREATE = Operation(Retry.CREATE_WITH_LOOKUP)

# Theirs → ours, for the field that an error names.
FIELDS = {
    "externalId": "external_id",
    "phoneNumber": "phone",
    "email": "email",
    "firstName": "first_name",
    "lastName": "last_name",
    "companyName": "company",
    "externalData": "fields",
    "createdAt": "created_at",
    "addToGroup": "groups",
}


class Envelope(Struct):
    meta: Raw | UnsetType = UNSET
    data: Raw | UnsetType = UNSET
    errors: Raw | UnsetType = UNSET


def complaint(problem: Any, meta: Any = None) -> Complaint:
    """One element of `errors`."""
    problem = as_object(problem)
    parameter = as_object(problem.get("meta")).get("parameter")
    return Complaint(
        kind=Rejected,
        code=str(problem["code"]) if problem.get("code") is not None else None,
        message=". ".join(str(problem[part]).rstrip(".") for part in ("title", "message") if problem.get(part)),
        field=FIELDS.get(parameter, parameter) if isinstance(parameter, str) else None,
        request_id=request_id(meta),
    )


def request_id(meta: Any) -> str | None:
    found = as_object(meta).get("uniqId")
    return str(found) if found else None


def read_error(status: int, body: Envelope | None) -> Complaint | None:
    if body is None or (body.meta is UNSET and body.data is UNSET and body.errors is UNSET):
        return None
    errors = as_list(body.errors)
    if not errors:
        # Of a success nothing more is read for every call: the log asks for the request's id, if anybody listens.
        return _NONE if status < 300 else Complaint(kind=None, request_id=request_id(body.meta))
    said = complaint(errors[0], body.meta)
    # 207 is a success in part, told item by item; beside a failing status the status says what kind it is.
    own = Rejected if status < 300 and status != 207 else None
    return Complaint(kind=own, code=said.code, message=said.message, field=said.field, request_id=said.request_id)


_NONE = Complaint(kind=None)
PAGING = Offset(default=500, longest=1000)

CARD = Card(
    vendor="vercom",
    title="Vercom",
    base_urls={
        "emaillabs": "https://api.emaillabs.io",
        "messageflow": "https://api.messageflow.com",
        "redlink": "https://api.redlink.pl",
    },
    environment={
        "authorization": "CROSSBOOK_VERCOM_AUTHORIZATION",
        "application_key": "CROSSBOOK_VERCOM_APPLICATION_KEY",
        "brand": "CROSSBOOK_VERCOM_BRAND",
        "base_url": "CROSSBOOK_VERCOM_BASE_URL",
        "account": "CROSSBOOK_VERCOM_ACCOUNT",
    },
    contact_paging=PAGING,
    group_paging=PAGING,
    operations={
        "listContacts": _LIST,
        "createContacts": _CREATE,
        "updateContacts": _AGAIN,
        "deleteContacts": _AGAIN,
        "unsubscribeContacts": _AGAIN,
        "resubscribeContacts": _AGAIN,
        "listContactGroups": _LIST,
        "addContactGroups": _AGAIN,
        "removeContactGroups": _AGAIN,
        "listFields": _LIST,
        "listSegments": _LIST,
        "getSegment": _READ,
        "listGroups": _LIST,
        "createGroups": Operation(Retry.CREATE_NO_LOOKUP),
        "updateGroups": _AGAIN,
        "deleteGroups": _AGAIN,
        "listGroupContacts": _LIST,
        "addGroupContacts": _AGAIN,
        "removeGroupContacts": _AGAIN,
    },
    verbs={
        "contacts.list": Verb("native", "pages by offset", by="listContacts"),
        "contacts.get": Verb("native", "the list's id filter", by="listContacts"),
        "contacts.find": Verb(
            "native", "by phone (three spellings, three calls), e-mail or external id", by="listContacts"
        ),
        "contacts.create": Verb("native", bulk=1000, by="createContacts"),
        "contacts.update": Verb(
            "native", "by id or external id; groups cost a call each", bulk=1000, by="updateContacts"
        ),
        "contacts.update:external_id": Verb("native", by="updateContacts"),
        "contacts.delete": Verb("native", bulk=1000, by="deleteContacts"),
        "contacts.groups_of": Verb("native", "empty also for a contact that does not exist", by="listContactGroups"),
        "contacts.unsubscribe": Verb("native", "sms, email, push or all", bulk=1000, by="unsubscribeContacts"),
        "contacts.resubscribe": Verb("native", "sms, email, push or all", bulk=1000, by="resubscribeContacts"),
        "groups.list": Verb("native", "pages by offset", by="listGroups"),
        "groups.get": Verb("emulated", "looked up in the list", by="listGroups"),
        "groups.create": Verb("native", by="createGroups"),
        "groups.create:description": Verb("native", by="createGroups"),
        "groups.create:external_id": Verb("native", by="createGroups"),
        "groups.rename": Verb("native", by="updateGroups"),
        "groups.delete": Verb("native", "its contacts stay", by="deleteGroups"),
        "groups.delete:with_contacts": Verb("unsupported", "delete the contacts themselves"),
        "groups.add": Verb("native", bulk=1000, by="addGroupContacts"),
        "groups.remove": Verb("native", bulk=1000, by="removeGroupContacts"),
    },
    holds={
        "external_id": Holds(longest=150),
        "phone": Holds(longest=15),
        "email": Holds(longest=150),
        "first_name": Holds(longest=150),
        "last_name": Holds(longest=150),
        "name": Holds("r"),
        "company": Holds(longest=150),
        "groups": Holds(),
        "opted_out": Holds("r"),
        "archived": Holds("r"),
        "created_at": Holds(),
    },
    clears="null",
    named_fields=None,
    needs_one_of=("phone", "email"),
    empty_list=b'{"data":[]}',
    envelope=Envelope,
    read_error=read_error,
    request_id=lambda envelope: request_id(envelope.meta),
    contact_id=re.compile(r"[1-9][0-9]{0,17}"),
    group_id=re.compile(r"[1-9][0-9]{0,17}"),
    filters={
        "group": "native",
        "phone": "native",
        "email": "native",
        "external_id": "native",
        "archived": "native",
        "opted_out": "native",
    },
    match_keys={"phone": "filter", "email": "filter", "external_id": "filter"},
    channels=frozenset({"sms", "email", "push"}),
    everybody="ALLCONTACTS",
    default_region="PL",
    phone_pattern=re.compile(r"\+?[0-9]{1,15}"),
)
