"""Atom's facts. Where they are from: specs/atom.yaml."""

from __future__ import annotations

import re
from typing import Any

from msgspec import UNSET, Raw, Struct, UnsetType

from crossbook._pagination.strategies import PerGroupPagination, SinglePage
from crossbook.errors import (
    AuthError,
    CrossbookError,
    NotFoundError,
    RateLimitError,
    RejectedError,
    VendorUnavailableError,
)
from crossbook.vendor import (
    MIB,
    Capability,
    FieldSupport,
    Operation,
    Rate,
    Retry,
    VendorErrorInfo,
    VendorProfile,
    decode_raw,
    parse_object,
)

PAGING = PerGroupPagination()
GROUP_PAGING = SinglePage()

_READ = Operation(Retry.SAFE)
_AGAIN = Operation(Retry.IDEMPOTENT)

# Only `rate_limited` is public, the others are inferred; the status goes first where it is not 200.
_BY_CODE: dict[str, type[CrossbookError]] = {
    "rate_limited": RateLimitError,
    "forbidden": AuthError,
    "not_found": NotFoundError,
    "invalid_request": RejectedError,
    "server_error": VendorUnavailableError,
}
_FIELDS = {
    "phone_number": "phone", "first_name": "first_name", "last_name": "last_name", "company": "company",
    "group_id": "groups", "name": "name", **{f"custom_{number}": f"fields.custom_{number}" for number in range(1, 5)},
}  # fmt: skip
_WORD = re.compile(r"\w+")


class Envelope(Struct):
    status: Any = UNSET
    result: Raw | UnsetType = UNSET
    error: Raw | UnsetType = UNSET


def read_error(status: int, body: Envelope | None) -> VendorErrorInfo | None:
    if body is None or (body.status is UNSET and body.error is UNSET):
        return None
    if body.status == "success":
        return VendorErrorInfo(kind=None)
    said = decode_raw(body.error)
    error = parse_object(said) or {"message": said if isinstance(said, str) else ""}
    code, message = error.get("code"), str(error.get("message") or "")
    kind = _BY_CODE.get(str(code), RejectedError) if status < 300 else None
    field = None
    if kind is not AuthError and status not in (401, 403):  # those are about who asks
        field = next((_FIELDS[word] for word in _WORD.findall(message) if word in _FIELDS), None)
    return VendorErrorInfo(kind=kind, code=None if code is None else str(code), message=message, field=field)


PROFILE = VendorProfile(
    vendor="atom",
    title="Atom",
    base_urls={},
    environment={
        "token": "CROSSBOOK_ATOM_TOKEN",
        "base_url": "CROSSBOOK_ATOM_BASE_URL",
        "account": "CROSSBOOK_ATOM_ACCOUNT",
    },
    contact_paging=PAGING,
    group_paging=GROUP_PAGING,
    operations={
        "createContact": Operation(Retry.CREATE_WITH_LOOKUP),
        "getContact": _READ,
        "updateContact": _AGAIN,
        "deleteContact": _AGAIN,
        "listAddressBooks": _READ,
        "getAddressBook": _READ,
        "createAddressBook": Operation(Retry.CREATE_NO_LOOKUP),
        "updateAddressBook": _AGAIN,
        "deleteAddressBook": _AGAIN,
    },
    capabilities={
        "contacts.list": Capability(
            "emulated",
            "group by group; without company and fields, but for full=True: a call each",
            operation="getAddressBook",
        ),
        "contacts.get": Capability("native", "does not tell the group", operation="getContact"),
        "contacts.find": Capability("emulated", "by phone, in the list of all groups", operation="getAddressBook"),
        "contacts.create": Capability("native", "in exactly one group", operation="createContact"),
        "contacts.update": Capability("native", "groups=[g] moves the contact", operation="updateContact"),
        "contacts.delete": Capability("native", operation="deleteContact"),
        "contacts.groups_of": Capability("emulated", "looked up group by group", operation="getAddressBook"),
        "groups.list": Capability("native", "the vendor sends the whole list at once", operation="listAddressBooks"),
        "groups.get": Capability("native", operation="getAddressBook"),
        "groups.create": Capability("native", operation="createAddressBook"),
        "groups.rename": Capability("native", operation="updateAddressBook"),
        "groups.delete": Capability(
            "native", "only an empty one; a call more to see that it is", operation="deleteAddressBook"
        ),
        "groups.delete:with_contacts": Capability("native", operation="deleteAddressBook"),
        "groups.add": Capability(
            "unsupported", "it would move the contact: contacts.update(id, groups=[group]) says so"
        ),
        "groups.remove": Capability(
            "unsupported", "a contact is in exactly one group: contacts.update(id, groups=[other])"
        ),
    },
    contact_fields={
        "phone": FieldSupport(required=True),
        "first_name": FieldSupport(),
        "last_name": FieldSupport(),
        "name": FieldSupport("r"),
        "company": FieldSupport(),
        "groups": FieldSupport(),
    },
    extra_fields=dict.fromkeys(("custom_1", "custom_2", "custom_3", "custom_4")),
    single_group=True,
    envelope=Envelope,
    read_error=read_error,
    contact_id=re.compile(r"[1-9][0-9]{0,17}"),
    group_id=re.compile(r"[1-9][0-9]{0,17}"),
    filters={"group": "native", "full": "emulated"},
    match_keys={"phone": "snapshot"},
    rate=Rate(per_second=10, burst=10),
    default_region="AU",
    phone_form="digits",
    phone_pattern=re.compile(r"\+?[0-9]{7,15}"),
    max_response_bytes=256 * MIB,
)
