"""SerwerSMS's facts. Where they are from: specs/serwersms.yaml."""

from __future__ import annotations

import re
from typing import Any

from msgspec import UNSET, Raw, Struct, UnsetType

from crossbook._pagination.strategies import PageNumberPagination
from crossbook.errors import AuthError, CrossbookError, NotFoundError, RejectedError
from crossbook.vendor import (
    Capability,
    FieldSupport,
    Operation,
    Retry,
    VendorErrorInfo,
    VendorProfile,
    decode_raw,
    parse_object,
)

PAGING = PageNumberPagination(default_size=100, max_size=1000)

_READ = Operation(Retry.SAFE)
_AGAIN = Operation(Retry.IDEMPOTENT)

# 1000, 1006, 2000–2002 and 3000–3102 refuse what was sent.
_BY_CODE: dict[str, type[CrossbookError]] = {
    **dict.fromkeys(("1001", "1002", "1003", "1005", "1007", "1008"), AuthError),
    "1004": NotFoundError,
}
_FIELDS = {
    "phone": "phone", "email": "email", "first_name": "first_name", "last_name": "last_name", "company": "company",
    "group_id": "groups", "name": "name", "tax_id": "fields.tax_id", "address": "fields.address",
    "city": "fields.city", "description": "fields.description",
}  # fmt: skip
_WORD = re.compile(r"\w+")


class Envelope(Struct):
    error: Raw | UnsetType = UNSET
    success: Any = UNSET
    items: Raw | UnsetType = UNSET
    id: Any = UNSET


def read_error(_status: int, body: Envelope | None) -> VendorErrorInfo | None:
    """The presence of `error` decides, whatever the status."""
    if body is None:
        return None
    said = decode_raw(body.error)
    if said is None or said == []:
        if body.success is False:
            return VendorErrorInfo(kind=RejectedError, message="the vendor says that it did not succeed")
        spoken = any(part is not UNSET for part in (body.success, body.items, body.id))
        return VendorErrorInfo(kind=None) if spoken else None
    error = parse_object(said) or {"message": str(said)}
    code = None if error.get("code") is None else str(error["code"])
    message = str(error.get("message") or error.get("type") or "")
    kind = _BY_CODE.get(code or "", RejectedError)
    field = "phone" if code == "2001" else next((_FIELDS[w] for w in _WORD.findall(message) if w in _FIELDS), None)
    if kind is AuthError:
        field = None  # it is about who asks, though it may speak of an address (1003) or of a phone (1008)
    if error.get("type") and error["type"] != message:
        message = f"{error['type']}: {message}"
    return VendorErrorInfo(kind=kind, code=code, message=message, field=field)


PROFILE = VendorProfile(
    vendor="serwersms",
    title="SerwerSMS",
    base_urls={"": "https://api2.serwersms.pl"},
    environment={
        "username": "CROSSBOOK_SERWERSMS_USERNAME",
        "password": "CROSSBOOK_SERWERSMS_PASSWORD",
        "token": "CROSSBOOK_SERWERSMS_TOKEN",
        "base_url": "CROSSBOOK_SERWERSMS_BASE_URL",
        "account": "CROSSBOOK_SERWERSMS_ACCOUNT",
    },
    contact_paging=PAGING,
    group_paging=PAGING,
    operations={
        "listContacts": _READ,
        "getContact": _READ,
        "createContact": Operation(Retry.CREATE_WITH_LOOKUP),
        "updateContact": _AGAIN,
        "deleteContact": _AGAIN,
        "importContacts": Operation(Retry.CREATE_NO_LOOKUP),
        "listGroups": _READ,
        "getGroup": _READ,
        "createGroup": Operation(Retry.CREATE_NO_LOOKUP),
        "updateGroup": _AGAIN,
        "deleteGroup": _AGAIN,
        "checkGroups": _READ,
    },
    capabilities={
        "contacts.list": Capability(
            "native", "in pages; a contact in two groups may come twice (unique=True)", operation="listContacts"
        ),
        "contacts.get": Capability("native", "does not tell the groups", operation="getContact"),
        "contacts.find": Capability(
            "native", "by phone or e-mail: a search, compared exactly", operation="listContacts"
        ),
        "contacts.create": Capability("native", operation="createContact"),
        "contacts.update": Capability(
            "emulated", "read, groups, then written whole: three calls, not atomic", calls=3, operation="updateContact"
        ),
        "contacts.delete": Capability("native", operation="deleteContact"),
        "contacts.groups_of": Capability("native", "by phone, and so two calls", operation="checkGroups"),
        "groups.list": Capability("native", "in pages", operation="listGroups"),
        "groups.get": Capability("native", operation="getGroup"),
        "groups.create": Capability("native", operation="createGroup"),
        "groups.rename": Capability("native", operation="updateGroup"),
        "groups.delete": Capability("native", "its contacts stay", operation="deleteGroup"),
        "groups.delete:with_contacts": Capability("native", operation="deleteGroup"),
        "groups.add": Capability(
            "emulated", "groups_of, then contacts.update: five calls, not atomic", calls=5, operation="updateContact"
        ),
        "groups.remove": Capability(
            "emulated", "groups_of, then contacts.update: five calls, not atomic", calls=5, operation="updateContact"
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
    extra_fields=dict.fromkeys(("tax_id", "address", "city", "description"), 255),
    envelope=Envelope,
    read_error=read_error,
    contact_id=re.compile(r"[1-9][0-9]{0,17}"),
    group_id=re.compile(r"[1-9][0-9]{0,17}"),
    group_name_max_length=100,
    filters={"group": "native", "group:none": "native", "search": "native"},
    sorts=frozenset(
        ("first_name", "last_name", "phone", "company", "tax_id", "email", "address", "city", "description")
    ),
    match_keys={"phone": "search", "email": "search"},
    default_region="PL",
    phone_pattern=re.compile(r"\+?[0-9]{7,15}"),
)
