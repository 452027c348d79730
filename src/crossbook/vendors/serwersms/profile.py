"""The profile of SerwerSMS: its facts as data. Sources: specs/serwersms.yaml."""

from __future__ import annotations

import re
from typing import Any

from msgspec import UNSET, Raw, Struct, UnsetType
from msgspec.structs import replace

from crossbook.errors import AuthError, CrossbookError, NotFoundError, RejectedError
from crossbook.vendor import (
    NUMERIC_ID,
    Capability,
    FieldSupport,
    Operation,
    PageNumberPagination,
    Retry,
    VendorErrorInfo,
    VendorProfile,
    decode_raw,
    parse_object,
)

PAGING = PageNumberPagination(default_size=100, max_size=1000)
TEXT_FIELDS = ("phone", "email", "first_name", "last_name", "company")
EXTRA_FIELDS = ("tax_id", "address", "city", "description")

_READ = Operation(Retry.SAFE)
_IDEMPOTENT = Operation(Retry.IDEMPOTENT)
_DELETE = Operation(Retry.IDEMPOTENT, returns_nothing=True)


def _slow(operation: Operation) -> Operation:
    """Return an operation for groups, which takes long: the vendor's own test suite skips these on a time-out."""
    return replace(operation, timeout=90.0, read_timeout=60.0)


_BY_CODE: dict[str, type[CrossbookError]] = {
    **dict.fromkeys(("1001", "1002", "1003", "1005", "1007", "1008"), AuthError),
    "1004": NotFoundError,
    **dict.fromkeys(("1000", "1006", "2000", "2001", "2002"), RejectedError),
    **dict.fromkeys(map(str, (*range(3000, 3010), *range(3100, 3103))), RejectedError),
}
# The word in an error's message → our field.
_FIELDS = {
    **{name: name for name in (*TEXT_FIELDS, "name")},
    **{name: f"fields.{name}" for name in EXTRA_FIELDS},
    "group_id": "groups",
}
_WORD = re.compile(r"\w+")


class Envelope(Struct):
    error: Raw | UnsetType = UNSET
    success: Any = UNSET
    items: Raw | UnsetType = UNSET
    id: Any = UNSET
    exists: Any = UNSET


def read_error(status: int, body: Envelope | None) -> VendorErrorInfo | None:
    """Return the error that a response body reports, or None. The member `error` decides, whatever the HTTP status is.

    The status decides only about an error without a code that the vendor documents, such as one of a gateway.
    """
    if body is None:
        return None
    otherwise = None if status >= 400 else RejectedError
    value = decode_raw(body.error)
    if value is None or value == []:
        if body.success is False:
            return VendorErrorInfo(kind=otherwise, message="the vendor reports no success and no reason")
        is_vendor = any(part is not UNSET for part in (body.success, body.items, body.id, body.exists))
        return VendorErrorInfo(kind=None) if is_vendor else None
    error = parse_object(value) or {"message": str(value)}
    code = None if error.get("code") is None else str(error["code"])
    message = str(error.get("message") or error.get("type") or "")
    kind = _BY_CODE.get(code or "", otherwise)
    field = (
        "phone" if code == "2001" else next((_FIELDS[word] for word in _WORD.findall(message) if word in _FIELDS), None)
    )
    if kind is AuthError:
        field = None  # an address (1003) or a phone (1008) in the message is the caller's own
    if error.get("type") and error["type"] != message:
        message = f"{error['type']}: {message}"
    return VendorErrorInfo(kind=kind, code=code, message=message, field=field)


PROFILE = VendorProfile(
    vendor="serwersms",
    title="SerwerSMS",
    base_urls={"": "https://api2.serwersms.pl"},
    credentials=(("token",), ("username", "password")),
    contact_paging=PAGING,
    group_paging=PAGING,
    operations={
        "listContacts": _READ,
        "getContact": _READ,
        "createContact": Operation(Retry.CREATE_WITH_LOOKUP),
        "updateContact": _IDEMPOTENT,
        "deleteContact": _DELETE,
        "importContacts": Operation(Retry.CREATE_NO_LOOKUP),
        "listGroups": _slow(_READ),
        "getGroup": _slow(_READ),
        "createGroup": _slow(Operation(Retry.CREATE_NO_LOOKUP)),
        "updateGroup": _slow(_IDEMPOTENT),
        "deleteGroup": _slow(_DELETE),
        "checkGroups": _slow(_READ),
        "listBlacklist": _READ,
        "addToBlacklist": _IDEMPOTENT,
        "checkBlacklist": _READ,
        "deleteFromBlacklist": _DELETE,
    },
    capabilities={
        "contacts.list": Capability(
            "native", "listContacts", "in pages; a contact in two groups may be listed twice (unique=True)"
        ),
        "contacts.get": Capability("native", "getContact", "without the groups"),
        "contacts.find": Capability("native", "listContacts", "by phone or e-mail: a search, compared exactly"),
        "contacts.create": Capability(
            "native", "createContact", "reads each of its groups first, since an unknown one may be dropped silently"
        ),
        "contacts.update": Capability(
            "emulated",
            "updateContact",
            "reads the contact and its groups, or the given groups, then writes both: three calls, not atomic; the new "
            "phone of an opted-out contact is blacklisted first",
            calls=3,
            calls_with_groups=2,
        ),
        "contacts.delete": Capability(
            "native", "deleteContact", "delete_many: arrays of ids, read back", bulk_size=100, read_back=True
        ),
        "contacts.groups_of": Capability("native", "checkGroups", "by phone, two calls"),
        "contacts.unsubscribe": Capability(
            "native", "addToBlacklist", "sms, for every contact with the phone number; two calls", calls=2
        ),
        "contacts.resubscribe": Capability(
            "native",
            "deleteFromBlacklist",
            "sms, for every contact with the phone number: refused if there are others, unless shared_phone=True; five "
            "calls",
            calls=5,
        ),
        "groups.list": Capability("native", "listGroups", "in pages"),
        "groups.get": Capability("native", "getGroup"),
        "groups.create": Capability("native", "createGroup"),
        "groups.rename": Capability("native", "updateGroup"),
        "groups.delete": Capability(
            "native",
            "deleteGroup",
            "its contacts stay; delete_many: arrays of ids, read back",
            bulk_size=100,
            read_back=True,
        ),
        "groups.delete:with_contacts": Capability("native", "deleteGroup"),
        "groups.add": Capability(
            "emulated",
            "updateContact",
            "reads the contact, its groups and the group, then writes the contact: four calls, not atomic",
            calls=4,
        ),
        "groups.remove": Capability(
            "emulated",
            "updateContact",
            "reads the contact and its groups, then writes the contact: three calls, not atomic",
            calls=3,
        ),
    },
    contact_fields={
        "phone": FieldSupport(required=True),
        "email": FieldSupport(max_length=255),
        "first_name": FieldSupport(max_length=255),
        "last_name": FieldSupport(max_length=255),
        "name": FieldSupport("r"),
        "company": FieldSupport(max_length=255),
        "groups": FieldSupport(),
        "opted_out": FieldSupport("r"),
    },
    extra_fields=dict.fromkeys(EXTRA_FIELDS, 255),
    envelope=Envelope,
    read_error=read_error,
    contact_id=NUMERIC_ID,
    group_id=NUMERIC_ID,
    group_name_max_length=100,
    filters={"group": "native", "group:none": "native", "search": "native", "opted_out": "emulated"},
    sorts=frozenset((*TEXT_FIELDS, *EXTRA_FIELDS)),
    match_keys={"phone": "search", "email": "search"},
    channels=frozenset({"sms"}),
    opt_outs_by="phone",
    default_region="PL",
    phone_pattern=re.compile(r"\+?[0-9]{7,15}"),
)
