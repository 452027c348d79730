"""The sandbox's vendors by name: their switches, books, operations and environment variables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal, Protocol, TypedDict, Unpack, overload

from crossbook import registry
from crossbook.book import AddressBook, BookOptions
from crossbook.errors import UsageError
from crossbook.vendor import VendorProfile, environment_variable
from crossbook.vendors.atom import Atom
from crossbook.vendors.filemail import Filemail
from crossbook.vendors.serwersms import SerwerSMS
from crossbook.vendors.vercom import Vercom
from crossbook_sandbox.credentials import CREDENTIALS, environment
from crossbook_sandbox.options import VENDORS

VendorName = Literal["serwersms", "atom", "filemail", "vercom"]


class Switches(TypedDict, total=False):
    """The sandbox's switches for undocumented behaviour of vendors; see `crossbook_sandbox.Options`.

    `rates` is the requests a second that a vendor allows, by its name; no limit by default.
    """

    rates: Mapping[str, float]
    serwersms_page_size: int
    serwersms_paging: bool
    serwersms_row_per_group: bool
    serwersms_partial_edit: bool
    serwersms_refuses_blacklisted: bool
    serwersms_refuses_unlisted: bool
    serwersms_http_errors: bool
    serwersms_null_responses: bool
    serwersms_unknown_group: Literal["ignore", "refuse"]
    serwersms_mixed_delete: Literal["refuse", "skip", "stop"]
    filemail_http_errors: bool
    filemail_api_key_required: bool
    filemail_api_key_per_call: bool
    filemail_login_cookie: bool
    filemail_token_lifetime: float
    vercom_segment_wait: int


class BookFactory(Protocol):
    """A function that makes books on the sandbox's accounts: the type of the fixture `crossbook_book`."""

    @overload
    def __call__(self, vendor: Literal["serwersms"], **options: Unpack[BookOptions]) -> SerwerSMS: ...
    @overload
    def __call__(self, vendor: Literal["atom"], **options: Unpack[BookOptions]) -> Atom: ...
    @overload
    def __call__(self, vendor: Literal["filemail"], **options: Unpack[BookOptions]) -> Filemail: ...
    @overload
    def __call__(self, vendor: Literal["vercom"], **options: Unpack[BookOptions]) -> Vercom: ...
    @overload
    def __call__(self, vendor: str, **options: Unpack[BookOptions]) -> AddressBook: ...


def find_operations(operation: str, vendor: str | None) -> dict[str, str]:
    """Return, by vendor, the operationId of an operation given as crossbook's verb, an operationId or `*`.

    Args:
        operation: a verb of crossbook ("create", "groups.create"), an operationId, or "*" for any operation.
        vendor: the vendor; None for all vendors that have the operation.
    """
    found: dict[str, str] = {}
    verbs = (operation,) if "." in operation else (f"contacts.{operation}", f"groups.{operation}")
    for name in VENDORS if vendor is None else (vendor,):
        profile = get_profile(name)
        names = [operation] if operation == "*" or operation in profile.operations else []
        names += [profile.capability(verb).operation for verb in verbs]
        if first := next(filter(None, names), ""):
            found[name] = first
    if not found:
        known = sorted({verb for name in VENDORS for verb in get_profile(name).capabilities if ":" not in verb})
        owner = get_profile(vendor).title if vendor else "the sandbox"
        verbs_known = ", ".join(known)
        raise UsageError(
            f"{owner} has no operation {operation!r}: take a verb ({verbs_known}), an operationId of a spec, or '*'"
        )
    return found


def build_environment(base_urls: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that name the sandbox's accounts, and those of further accounts in the environment."""
    variables = environment(dict(base_urls))
    for name in registry.list_accounts():
        vendor = os.environ[environment_variable(name, "vendor")]
        if vendor in VENDORS:
            values = {"vendor": vendor, "base_url": base_urls[vendor], **CREDENTIALS[vendor]}
            variables |= {environment_variable(name, parameter): value for parameter, value in values.items()}
    return variables


def get_profile(vendor: str) -> VendorProfile:
    if vendor not in VENDORS:
        raise UsageError(f"the sandbox has no vendor {vendor!r}: take one of {', '.join(VENDORS)}")
    profile: VendorProfile = registry.load_vendor(vendor).profile
    return profile
