"""The profile of Vercom: its facts as data. Sources: specs/vercom.yaml."""

from __future__ import annotations

import re
from typing import Any

from msgspec import UNSET, Raw, Struct, UnsetType
from msgspec.structs import replace

from crossbook.errors import RejectedError
from crossbook.vendor import (
    NUMERIC_ID,
    Capability,
    FieldSupport,
    OffsetPagination,
    Operation,
    Retry,
    VendorErrorInfo,
    VendorProfile,
    parse_list,
    parse_object,
)

_READ = Operation(Retry.SAFE)
_LIST = Operation(Retry.SAFE, empty_on_404=True)
# An empty success is not sent again: the adapter reads back what the write changed.
_IDEMPOTENT = Operation(Retry.IDEMPOTENT, allows_empty=True)
_CREATE = Operation(Retry.CREATE_WITH_LOOKUP)

# The member that an error names → our field.
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


def parse_error(error: Any, meta: Any = None) -> VendorErrorInfo:
    """Read one element of a response's `errors`, and return it as VendorErrorInfo."""
    error = parse_object(error)
    parameter = parse_object(error.get("meta")).get("parameter")
    return VendorErrorInfo(
        kind=RejectedError,
        code=str(error["code"]) if error.get("code") is not None else None,
        message=". ".join(str(error[part]).rstrip(".") for part in ("title", "message") if error.get(part)),
        field=FIELDS.get(parameter, parameter) if isinstance(parameter, str) else None,
        request_id=_request_id(meta),
    )


def read_error(status: int, body: Envelope | None) -> VendorErrorInfo | None:
    if body is None or (body.meta is UNSET and body.data is UNSET and body.errors is UNSET):
        return None
    errors = parse_list(body.errors)
    if not errors:
        # The id of a successful request is read only for the log, by the profile's `request_id`.
        return _SUCCESS if status < 300 else VendorErrorInfo(kind=None, request_id=_request_id(body.meta))
    # 207 is a partial success; the adapter maps its errors to items. The status of a failure decides on the class.
    kind = RejectedError if status < 300 and status != 207 else None
    return replace(parse_error(errors[0], body.meta), kind=kind)


def _request_id(meta: Any) -> str | None:
    found = parse_object(meta).get("uniqId")
    return str(found) if found else None


_SUCCESS = VendorErrorInfo(kind=None)
PAGING = OffsetPagination(default_size=500, max_size=1000)

PROFILE = VendorProfile(
    vendor="vercom",
    title="Vercom",
    base_urls={
        "emaillabs": "https://api.emaillabs.io",
        "messageflow": "https://api.messageflow.com",
        "redlink": "https://api.redlink.pl",
    },
    credentials=(("authorization", "application_key"),),
    optional_credentials=("brand",),
    contact_paging=PAGING,
    group_paging=PAGING,
    operations={
        "listContacts": _LIST,
        "createContacts": _CREATE,
        "updateContacts": _IDEMPOTENT,
        "deleteContacts": _IDEMPOTENT,
        "unsubscribeContacts": _IDEMPOTENT,
        "resubscribeContacts": _IDEMPOTENT,
        "listContactGroups": _LIST,
        "addContactGroups": _IDEMPOTENT,
        "removeContactGroups": _IDEMPOTENT,
        "listFields": _LIST,
        "listSegments": _LIST,
        "getSegment": _READ,
        "listGroups": _LIST,
        "createGroups": Operation(Retry.CREATE_NO_LOOKUP),
        "updateGroups": _IDEMPOTENT,
        "deleteGroups": _IDEMPOTENT,
        "listGroupContacts": _LIST,
        "addGroupContacts": _IDEMPOTENT,
        "removeGroupContacts": _IDEMPOTENT,
    },
    capabilities={
        "contacts.list": Capability("native", "listContacts", "pages by offset"),
        "contacts.get": Capability("native", "listContacts", "the list's id filter"),
        "contacts.find": Capability(
            "native", "listContacts", "by phone (three spellings, three calls), e-mail or external id"
        ),
        "contacts.create": Capability("native", "createContacts", bulk_size=1000),
        "contacts.update": Capability(
            "native", "updateContacts", "by id or external id; each group costs one more call", bulk_size=1000
        ),
        "contacts.update:external_id": Capability("native", "updateContacts"),
        "contacts.delete": Capability("native", "deleteContacts", bulk_size=1000),
        "contacts.groups_of": Capability("native", "listContactGroups", "empty also for a contact that does not exist"),
        "contacts.unsubscribe": Capability("native", "unsubscribeContacts", "sms, email, push or all", bulk_size=1000),
        "contacts.resubscribe": Capability("native", "resubscribeContacts", "sms, email, push or all", bulk_size=1000),
        "groups.list": Capability("native", "listGroups", "pages by offset"),
        "groups.get": Capability("emulated", "listGroups", "found in the list"),
        "groups.create": Capability("native", "createGroups"),
        "groups.create:description": Capability("native", "createGroups"),
        "groups.create:external_id": Capability("native", "createGroups"),
        "groups.rename": Capability("native", "updateGroups"),
        "groups.delete": Capability("native", "deleteGroups", "its contacts stay", bulk_size=1000),
        "groups.delete:with_contacts": Capability("unsupported", note="delete the contacts themselves"),
        "groups.add": Capability("native", "addGroupContacts", bulk_size=1000),
        "groups.remove": Capability("native", "removeGroupContacts", bulk_size=1000),
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
    request_id=lambda envelope: _request_id(envelope.meta),
    contact_id=NUMERIC_ID,
    group_id=NUMERIC_ID,
    filters=dict.fromkeys(("group", "phone", "email", "external_id", "archived", "opted_out"), "native"),
    match_keys={"phone": "filter", "email": "filter", "external_id": "filter"},
    channels=frozenset({"sms", "email", "push"}),
    all_contacts_group="ALLCONTACTS",
    default_region="PL",
    phone_pattern=re.compile(r"\+?[0-9]{1,15}"),
)
