"""Filemail's facts. Where they are from: specs/filemail.yaml."""

from __future__ import annotations

import re
from typing import Any

from msgspec import UNSET, Struct

from crossbook._pagination.strategies import SinglePage
from crossbook.errors import AuthError, CrossbookError, NotFoundError, RejectedError, VendorUnavailableError
from crossbook.vendor import MIB, Capability, FieldSupport, Operation, Retry, VendorErrorInfo, VendorProfile

PAGING = SinglePage()
DEAD_TOKEN = frozenset({"2003"})

_READ = Operation(Retry.SAFE)
_AGAIN = Operation(Retry.IDEMPOTENT)

_DOWN = {1001, 1009}
_REFUSED = {1002, 1003, 1004, 1006, 1007, 1008, 2002, 2006, 2010}
# All other codes from 2000 on are about who one is and what one may.
_BY_CODE: dict[int, type[CrossbookError]] = {
    **dict.fromkeys(_DOWN, VendorUnavailableError),
    **dict.fromkeys(_REFUSED, RejectedError),
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
    """The vendor's code wins over its status: 2003 with a 500 is a dead token and no dead vendor."""
    if body is None:
        return None
    said = body.responsestatus if body.responsestatus is not UNSET else body.status
    code = None if body.errorcode is UNSET or body.errorcode in (0, "0", "") else body.errorcode
    if said is UNSET and code is None:
        return None
    if code is None and isinstance(said, str) and said.lower() == "ok":
        return VendorErrorInfo(kind=None)
    message = str(body.errormessage) if body.errormessage is not UNSET else str(said)
    number = int(str(code)) if str(code).isascii() and str(code).isdigit() else 0
    kind: type[CrossbookError] | None = _BY_CODE.get(number) or (AuthError if number >= 2000 else RejectedError)
    if number == 1002 and "not found" in message.lower():
        kind = NotFoundError
    if number == 0 and status >= 400:
        kind = None
    if number == 1003 and any(name in message.lower() for name in ("logintoken", "apikey", "username", "password")):
        kind = AuthError
    named = _QUOTED.search(message)
    field = "email" if number == 1004 else _FIELDS.get(named.group(1).lower()) if named else None
    return VendorErrorInfo(kind=kind, code=str(code) if code is not None else None, message=message, field=field)


PROFILE = VendorProfile(
    vendor="filemail",
    title="Filemail",
    base_urls={"": "https://www.filemail.com"},
    environment={
        "username": "CROSSBOOK_FILEMAIL_USERNAME",
        "password": "CROSSBOOK_FILEMAIL_PASSWORD",
        "api_key": "CROSSBOOK_FILEMAIL_API_KEY",
        "base_url": "CROSSBOOK_FILEMAIL_BASE_URL",
        "account": "CROSSBOOK_FILEMAIL_ACCOUNT",
    },
    contact_paging=PAGING,
    group_paging=PAGING,
    operations={
        "login": Operation(Retry.IDEMPOTENT, priority=True),
        "logout": _AGAIN,
        "listContacts": _READ,
        "createContact": Operation(Retry.CREATE_WITH_LOOKUP),
        "updateContact": _AGAIN,
        "deleteContact": _AGAIN,
        "listGroups": _READ,
        "createGroup": Operation(Retry.CREATE_NO_LOOKUP),
        "updateGroup": _AGAIN,
        "deleteGroup": _AGAIN,
        "addToGroup": _AGAIN,
        "removeFromGroup": _AGAIN,
    },
    capabilities={
        "contacts.list": Capability("native", "the vendor sends the whole list at once", operation="listContacts"),
        "contacts.get": Capability("emulated", "looked up in the whole list", operation="listContacts"),
        "contacts.find": Capability("emulated", "by e-mail, in the whole list", operation="listContacts"),
        "contacts.create": Capability(
            "native", "and one call more for each group", calls_per_group=1, operation="createContact"
        ),
        "contacts.update": Capability(
            "native", "groups cost the whole list and a call each", operation="updateContact"
        ),
        "contacts.delete": Capability("native", operation="deleteContact"),
        "contacts.groups_of": Capability("emulated", "looked up in the whole list", operation="listContacts"),
        "groups.list": Capability("native", "the vendor sends the whole list at once", operation="listGroups"),
        "groups.get": Capability("emulated", "looked up in the list", operation="listGroups"),
        "groups.create": Capability("native", operation="createGroup"),
        "groups.rename": Capability("native", operation="updateGroup"),
        "groups.delete": Capability("native", "its contacts stay", operation="deleteGroup"),
        "groups.delete:with_contacts": Capability("unsupported", "delete the contacts themselves"),
        "groups.add": Capability("native", operation="addToGroup"),
        "groups.remove": Capability("native", operation="removeFromGroup"),
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
