"""The profile of Postcard. Source: postcard.yaml."""

from __future__ import annotations

import re
from typing import Any

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
    parse_object,
)

PAGING = OffsetPagination(default_size=50, max_size=100)
_BY_CODE: dict[str, type[CrossbookError]] = {"no_such_person": NotFoundError, "invalid": RejectedError}


class Envelope(Struct):
    """The members by which a response of Postcard is recognized."""

    person: Raw | UnsetType = UNSET
    people: Raw | UnsetType = UNSET
    error: Raw | UnsetType = UNSET


def read_error(_status: int, body: Envelope | None) -> VendorErrorInfo | None:
    """Return the error that a body reports. No kind means success; None means that another server sent the body."""
    if body is None or (body.person is UNSET and body.people is UNSET and body.error is UNSET):
        return None
    if body.error is UNSET:
        return VendorErrorInfo(kind=None)
    error: dict[str, Any] = parse_object(body.error)
    code, field = error.get("code"), error.get("field")
    return VendorErrorInfo(
        kind=_BY_CODE.get(str(code)),
        code=None if code is None else str(code),
        message=str(error.get("message") or ""),
        field=field if isinstance(field, str) else None,
    )


PROFILE = VendorProfile(
    vendor="postcard",
    title="Postcard",
    base_urls={"": "https://postcard.example.com"},
    credentials=(("token",),),
    contact_paging=PAGING,
    group_paging=SinglePage(),  # not used: Postcard has no groups
    operations={
        "listPeople": Operation(Retry.SAFE),
        "getPerson": Operation(Retry.SAFE),
        "createPerson": Operation(Retry.CREATE_WITH_LOOKUP),
        "updatePerson": Operation(Retry.IDEMPOTENT),
        "deletePerson": Operation(Retry.IDEMPOTENT),
    },
    capabilities={
        "contacts.list": Capability("native", "listPeople", "pages by offset"),
        "contacts.get": Capability("native", "getPerson"),
        "contacts.find": Capability("native", "listPeople", "by e-mail"),
        "contacts.create": Capability("native", "createPerson"),
        "contacts.update": Capability("native", "updatePerson"),
        "contacts.delete": Capability("native", "deletePerson"),
    },
    contact_fields={
        "email": FieldSupport(max_length=200, required=True),
        "name": FieldSupport(max_length=100, required=True),
        "company": FieldSupport(max_length=100),
    },
    name_format="full",
    clear_value="null",
    envelope=Envelope,
    read_error=read_error,
    contact_id=re.compile(r"p[0-9]{1,17}"),
    group_id=re.compile(r"(?!)"),  # matches nothing
    filters={"email": "native"},
    match_keys={"email": "filter"},
)
