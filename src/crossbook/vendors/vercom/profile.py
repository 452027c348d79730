"""Vercom's facts. Where they are from: specs/vercom.yaml."""

from __future__ import annotations

import re
from typing import Any

from msgspec import UNSET, Raw, Struct, UnsetType

from crossbook._pagination.strategies import OffsetPagination
from crossbook.errors import RejectedError
from crossbook.vendor import (
    Capability,
    FieldSupport,
    Operation,
    Retry,
    VendorErrorInfo,
    VendorProfile,
    parse_list,
    parse_object,
)

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


def complaint(problem: Any, meta: Any = None) -> VendorErrorInfo:
    """One element of `errors`."""
    problem = parse_object(problem)
    parameter = parse_object(problem.get("meta")).get("parameter")
    return VendorErrorInfo(
        kind=RejectedError,
        code=str(problem["code"]) if problem.get("code") is not None else None,
        message=". ".join(str(problem[part]).rstrip(".") for part in ("title", "message") if problem.get(part)),
        field=FIELDS.get(parameter, parameter) if isinstance(parameter, str) else None,
        request_id=request_id(meta),
    )


def request_id(meta: Any) -> str | None:
    found = parse_object(meta).get("uniqId")
    return str(found) if found else None


def read_error(status: int, body: Envelope | None) -> VendorErrorInfo | None:
    if body is None or (body.meta is UNSET and body.data is UNSET and body.errors is UNSET):
        return None
    errors = parse_list(body.errors)
    if not errors:
        # Of a success nothing more is read for every call: the log asks for the request's id, if anybody listens.
        return _NONE if status < 300 else VendorErrorInfo(kind=None, request_id=request_id(body.meta))
    said = complaint(errors[0], body.meta)
    # 207 is a success in part, told item by item; beside a failing status the status says what kind it is.
    own = RejectedError if status < 300 and status != 207 else None
    return VendorErrorInfo(kind=own, code=said.code, message=said.message, field=said.field, request_id=said.request_id)


_NONE = VendorErrorInfo(kind=None)
PAGING = OffsetPagination(default_size=500, max_size=1000)

PROFILE = VendorProfile(
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
    capabilities={
        "contacts.list": Capability("native", "pages by offset", operation="listContacts"),
        "contacts.get": Capability("native", "the list's id filter", operation="listContacts"),
        "contacts.find": Capability(
            "native", "by phone (three spellings, three calls), e-mail or external id", operation="listContacts"
        ),
        "contacts.create": Capability("native", bulk_size=1000, operation="createContacts"),
        "contacts.update": Capability(
            "native", "by id or external id; groups cost a call each", bulk_size=1000, operation="updateContacts"
        ),
        "contacts.update:external_id": Capability("native", operation="updateContacts"),
        "contacts.delete": Capability("native", bulk_size=1000, operation="deleteContacts"),
        "contacts.groups_of": Capability(
            "native", "empty also for a contact that does not exist", operation="listContactGroups"
        ),
        "contacts.unsubscribe": Capability(
            "native", "sms, email, push or all", bulk_size=1000, operation="unsubscribeContacts"
        ),
        "contacts.resubscribe": Capability(
            "native", "sms, email, push or all", bulk_size=1000, operation="resubscribeContacts"
        ),
        "groups.list": Capability("native", "pages by offset", operation="listGroups"),
        "groups.get": Capability("emulated", "looked up in the list", operation="listGroups"),
        "groups.create": Capability("native", operation="createGroups"),
        "groups.create:description": Capability("native", operation="createGroups"),
        "groups.create:external_id": Capability("native", operation="createGroups"),
        "groups.rename": Capability("native", operation="updateGroups"),
        "groups.delete": Capability("native", "its contacts stay", operation="deleteGroups"),
        "groups.delete:with_contacts": Capability("unsupported", "delete the contacts themselves"),
        "groups.add": Capability("native", bulk_size=1000, operation="addGroupContacts"),
        "groups.remove": Capability("native", bulk_size=1000, operation="removeGroupContacts"),
    },
    contact_fields={
        "external_id": FieldSupport(max_length=150),
        "phone": FieldSupport(max_length=15),
        "email": FieldSupport(max_length=150),
        "first_name": FieldSupport(max_length=150),
        "last_name": FieldSupport(max_length=150),
        "name": FieldSupport("r"),
        "company": FieldSupport(max_length=150),
        "groups": FieldSupport(),
        "opted_out": FieldSupport("r"),
        "archived": FieldSupport("r"),
        "created_at": FieldSupport(),
    },
    clear_value="null",
    extra_fields=None,
    requires_any_of=("phone", "email"),
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
    all_contacts_group="ALLCONTACTS",
    default_region="PL",
    phone_pattern=re.compile(r"\+?[0-9]{1,15}"),
)
