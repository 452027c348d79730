"""The profile of Atom: its facts as data. Sources: specs/atom.yaml."""

from __future__ import annotations

import re
from typing import Any

from msgspec import UNSET, Raw, Struct, UnsetType

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
    NUMERIC_ID,
    Capability,
    FieldSupport,
    Operation,
    PerGroupPagination,
    Rate,
    Retry,
    SinglePage,
    VendorErrorInfo,
    VendorProfile,
    decode_raw,
    parse_object,
)

PAGING = PerGroupPagination()
GROUP_PAGING = SinglePage()
CUSTOM_FIELDS = ("custom_1", "custom_2", "custom_3", "custom_4")

_READ = Operation(Retry.SAFE)
_IDEMPOTENT = Operation(Retry.IDEMPOTENT)

# Only `rate_limited` is public, the others are inferred. A status other than 2xx decides, not the code.
_BY_CODE: dict[str, type[CrossbookError]] = {
    "rate_limited": RateLimitError,
    "forbidden": AuthError,
    "not_found": NotFoundError,
    "invalid_request": RejectedError,
    "server_error": VendorUnavailableError,
}
_FIELDS = {
    "phone_number": "phone", "first_name": "first_name", "last_name": "last_name", "company": "company",
    "group_id": "groups", "name": "name", **{name: f"fields.{name}" for name in CUSTOM_FIELDS},
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
    value = decode_raw(body.error)
    error = parse_object(value) or {"message": value if isinstance(value, str) else ""}
    code, message = error.get("code"), str(error.get("message") or "")
    kind = _BY_CODE.get(str(code), RejectedError) if status < 300 else None
    field = None
    if kind is not AuthError and status not in (401, 403):  # a field in the message of an AuthError is the caller's own
        field = next((_FIELDS[word] for word in _WORD.findall(message) if word in _FIELDS), None)
    return VendorErrorInfo(kind=kind, code=None if code is None else str(code), message=message, field=field)


PROFILE = VendorProfile(
    vendor="atom",
    title="Atom",
    base_urls={},
    credentials=(("token",),),
    contact_paging=PAGING,
    group_paging=GROUP_PAGING,
    operations={
        "createContact": Operation(Retry.CREATE_WITH_LOOKUP),
        "getContact": _READ,
        "updateContact": _IDEMPOTENT,
        "deleteContact": _IDEMPOTENT,
        "listAddressBooks": _READ,
        "getAddressBook": _READ,
        "createAddressBook": Operation(Retry.CREATE_NO_LOOKUP),
        "updateAddressBook": _IDEMPOTENT,
        "deleteAddressBook": _IDEMPOTENT,
    },
    capabilities={
        "contacts.list": Capability(
            "emulated",
            "getAddressBook",
            "group by group; company and fields only with full=True, one more call a contact",
        ),
        "contacts.get": Capability("native", "getContact", "without the group"),
        "contacts.find": Capability("emulated", "getAddressBook", "by phone, in the list of all groups"),
        "contacts.create": Capability("native", "createContact", "in exactly one group"),
        "contacts.update": Capability("native", "updateContact", "groups=[g] moves the contact"),
        "contacts.delete": Capability("native", "deleteContact"),
        "contacts.groups_of": Capability("emulated", "getAddressBook", "found group by group"),
        "groups.list": Capability("native", "listAddressBooks", "the vendor sends the whole list at once"),
        "groups.get": Capability("native", "getAddressBook"),
        "groups.create": Capability("native", "createAddressBook"),
        "groups.rename": Capability("native", "updateAddressBook"),
        "groups.delete": Capability(
            "native", "deleteAddressBook", "only an empty group; one more call to check that it is"
        ),
        "groups.delete:with_contacts": Capability("native", "deleteAddressBook"),
        "groups.add": Capability(
            "unsupported", note="it would move the contact: use contacts.update(id, groups=[group])"
        ),
        "groups.remove": Capability(
            "unsupported", note="a contact is in exactly one group: use contacts.update(id, groups=[other])"
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
    extra_fields=dict.fromkeys(CUSTOM_FIELDS),
    single_group=True,
    envelope=Envelope,
    read_error=read_error,
    contact_id=NUMERIC_ID,
    group_id=NUMERIC_ID,
    filters={"group": "native", "full": "emulated"},
    match_keys={"phone": "snapshot"},
    rate=Rate(per_second=10, burst=10),
    default_region="AU",
    phone_form="digits",
    phone_pattern=re.compile(r"\+?[0-9]{7,15}"),
    max_response_bytes=256 * MIB,
)
