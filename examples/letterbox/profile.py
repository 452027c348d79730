"""The profile of Letterbox. Source: letterbox.yaml."""

from __future__ import annotations

import re

from msgspec import UNSET, Raw, Struct, UnsetType

from crossbook import CrossbookError, NotFoundError, RejectedError
from crossbook.vendor import (
    Capability,
    FieldSupport,
    OffsetPagination,
    Operation,
    Retry,
    SinglePage,
    VendorErrorInfo,
    VendorProfile,
    decode_raw,
)

PAGING = OffsetPagination(default_size=50, max_size=100)
# Our fields and the properties of the spec. `class` is a custom field.
PROPERTIES = {
    "email": "@id",
    "first_name": "first-name",
    "last_name": "last-name",
    "phone": "phone",
    "company": "from",
}
_FIELDS = {wire: ours for ours, wire in PROPERTIES.items()}
_BY_CODE: dict[str, type[CrossbookError]] = {
    "unknown": NotFoundError,
    "in-use": RejectedError,
    "invalid": RejectedError,
}


class Envelope(Struct, rename={"items": "@items", "error": "@error"}):  # the names in JSON, as in the generated models
    """The members by which a response of Letterbox is recognized."""

    addressee: Raw | UnsetType = UNSET
    items: Raw | UnsetType = UNSET
    error: Raw | UnsetType = UNSET
    detail: Raw | UnsetType = UNSET
    property: Raw | UnsetType = UNSET


def read_error(_status: int, body: Envelope | None) -> VendorErrorInfo | None:
    """Return the error that a body reports. No kind means success; None means that another server sent the body."""
    if body is None or (body.addressee is UNSET and body.items is UNSET and body.error is UNSET):
        return None
    if body.error is UNSET:
        return VendorErrorInfo(kind=None)
    code, detail, name = (str(decode_raw(each) or "") for each in (body.error, body.detail, body.property))
    return VendorErrorInfo(kind=_BY_CODE.get(code), code=code, message=detail, field=_FIELDS.get(name, name) or None)


PROFILE = VendorProfile(
    vendor="letterbox",
    title="Letterbox",
    base_urls={"": "https://letterbox.example.com"},
    credentials=(("key",),),
    contact_paging=PAGING,
    group_paging=SinglePage(),  # not used: Letterbox has no groups
    operations={
        "listAddressees": Operation(Retry.SAFE),
        "getAddressee": Operation(Retry.SAFE),
        "createAddressee": Operation(Retry.CREATE_WITH_LOOKUP),
        "updateAddressee": Operation(Retry.IDEMPOTENT, allows_empty=True),
        "deleteAddressee": Operation(Retry.IDEMPOTENT, allows_empty=True),
    },
    capabilities={
        "contacts.list": Capability("native", "listAddressees", "pages by offset"),
        "contacts.get": Capability("native", "getAddressee"),
        "contacts.find": Capability("native", "listAddressees", "by e-mail or phone"),
        "contacts.create": Capability("native", "createAddressee"),
        "contacts.update": Capability("native", "updateAddressee"),
        "contacts.delete": Capability("native", "deleteAddressee"),
    },
    contact_fields={
        "email": FieldSupport(max_length=120, required=True, unique=True),
        "first_name": FieldSupport(max_length=40),
        "last_name": FieldSupport(max_length=40),
        "phone": FieldSupport(max_length=20),
        "company": FieldSupport(max_length=60),
    },
    extra_fields={"class": 20},
    clear_value="null",
    envelope=Envelope,
    read_error=read_error,
    # An e-mail address in a path; `@` is sent as %40.
    contact_id=re.compile(r"[A-Za-z0-9!$&'*+=_~-][A-Za-z0-9!$&'*+=._~-]{0,63}@[A-Za-z0-9-][A-Za-z0-9.-]{0,190}"),
    group_id=re.compile(r"(?!)"),  # matches nothing
    filters={"email": "native", "phone": "native"},
    match_keys={"email": "filter", "phone": "filter"},
)
