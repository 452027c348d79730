"""The profile of Filemail: its facts as data. Sources: specs/filemail.yaml."""

from __future__ import annotations

import re
from typing import Any

from msgspec import UNSET, Struct

from crossbook.errors import AuthError, CrossbookError, NotFoundError, RejectedError, VendorUnavailableError
from crossbook.vendor import MIB, Capability, FieldSupport, Operation, Retry, SinglePage, VendorErrorInfo, VendorProfile

PAGING = SinglePage()
EXPIRED_TOKEN = frozenset({"2003"})

_READ = Operation(Retry.SAFE)
_IDEMPOTENT = Operation(Retry.IDEMPOTENT)

_UNAVAILABLE = {1001, 1009}
_REJECTED = {1002, 1003, 1004, 1006, 1007, 1008, 2002, 2006, 2010}
# Other codes from 2000 on are about authentication and permissions.
_BY_CODE: dict[int, type[CrossbookError]] = {
    **dict.fromkeys(_UNAVAILABLE, VendorUnavailableError),
    **dict.fromkeys(_REJECTED, RejectedError),
    1005: NotFoundError,
}
_QUOTED = re.compile(r"[\"'](\w+)[\"']")
_FIELDS = {"email": "email", "name": "name", "mobile": "phone", "contactid": "id", "contactgroupid": "group"}


class Envelope(Struct):
    responsestatus: Any = UNSET
    status: Any = UNSET
    errorcode: Any = UNSET
    errormessage: Any = UNSET


def read_error(status: int, body: Envelope | None) -> VendorErrorInfo | None:
    """Return the error that a response body reports, or None. The vendor's code decides the class, not the status."""
    if body is None:
        return None
    state = body.responsestatus if body.responsestatus is not UNSET else body.status
    code = None if body.errorcode is UNSET or body.errorcode in (0, "0", "") else body.errorcode
    if state is UNSET and code is None:
        return None
    if code is None and isinstance(state, str) and state.lower() == "ok":
        return VendorErrorInfo(kind=None)
    message = str(body.errormessage) if body.errormessage is not UNSET else str(state)
    number = int(str(code)) if str(code).isascii() and str(code).isdigit() else 0
    kind: type[CrossbookError] | None = _BY_CODE.get(number) or (AuthError if number >= 2000 else RejectedError)
    if number == 1002 and "not found" in message.lower():
        kind = NotFoundError
    if number == 0 and status >= 400:
        kind = None
    if number == 1003 and any(name in message.lower() for name in ("logintoken", "apikey", "username", "password")):
        kind = AuthError
    quoted = _QUOTED.search(message)
    field = "email" if number == 1004 else _FIELDS.get(quoted.group(1).lower()) if quoted else None
    return VendorErrorInfo(kind=kind, code=str(code) if code is not None else None, message=message, field=field)


PROFILE = VendorProfile(
    vendor="filemail",
    title="Filemail",
    base_urls={"": "https://www.filemail.com"},
    credentials=(("username", "password"),),
    optional_credentials=("api_key",),
    contact_paging=PAGING,
    group_paging=PAGING,
    operations={
        "login": Operation(Retry.IDEMPOTENT, priority=True),
        "logout": _IDEMPOTENT,
        "listContacts": _READ,
        "createContact": Operation(Retry.CREATE_WITH_LOOKUP),
        "updateContact": _IDEMPOTENT,
        "deleteContact": _IDEMPOTENT,
        "listGroups": _READ,
        "createGroup": Operation(Retry.CREATE_NO_LOOKUP),
        "updateGroup": _IDEMPOTENT,
        "deleteGroup": _IDEMPOTENT,
        "addToGroup": _IDEMPOTENT,
        "removeFromGroup": _IDEMPOTENT,
    },
    capabilities={
        "contacts.list": Capability("native", "listContacts", "the vendor sends the whole list at once"),
        "contacts.get": Capability("emulated", "listContacts", "found in the whole list"),
        "contacts.find": Capability("emulated", "listContacts", "by e-mail, in the whole list"),
        "contacts.create": Capability("native", "createContact", "one more call for each group", calls_per_group=1),
        "contacts.update": Capability("native", "updateContact", "groups cost the whole list and one call each"),
        "contacts.delete": Capability("native", "deleteContact"),
        "contacts.groups_of": Capability("emulated", "listContacts", "found in the whole list"),
        "groups.list": Capability("native", "listGroups", "the vendor sends the whole list at once"),
        "groups.get": Capability("emulated", "listGroups", "found in the list"),
        "groups.create": Capability("native", "createGroup"),
        "groups.rename": Capability("native", "updateGroup"),
        "groups.delete": Capability("native", "deleteGroup", "its contacts stay"),
        "groups.delete:with_contacts": Capability("unsupported", note="delete the contacts themselves"),
        "groups.add": Capability("native", "addToGroup"),
        "groups.remove": Capability("native", "removeFromGroup"),
    },
    contact_fields={
        "phone": FieldSupport("w"),
        "email": FieldSupport(required=True),
        "name": FieldSupport(required=True),
        "groups": FieldSupport(),
    },
    name_format="full",
    envelope=Envelope,
    read_error=read_error,
    contact_id=re.compile(r"[A-Za-z0-9]{1,64}"),
    group_id=re.compile(r"[A-Za-z0-9]{1,64}"),
    filters={"group": "emulated", "email": "emulated"},
    match_keys={"email": "snapshot"},
    max_response_bytes=256 * MIB,
)
