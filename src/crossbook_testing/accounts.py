"""Whose account a test means, and what it means of it: the sandbox's vendors by name, their books, their operations."""

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
    """How the sandbox's vendors behave where their documents leave it open; see `crossbook_sandbox.Options`.

    `rates` is the one that many tests need: requests a second that a vendor allows, by its name; no limit by default.
    """

    rates: Mapping[str, float]
    serwersms_page_size: int
    serwersms_paging: bool
    serwersms_row_per_group: bool
    serwersms_partial_edit: bool
    filemail_http_errors: bool
    filemail_api_key_required: bool
    filemail_token_lifetime: float
    vercom_segment_wait: int


class Books(Protocol):
    """Makes books on the sandbox's accounts: what the fixture `crossbook_book` is."""

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


def operations_of(what: str, vendor: str | None) -> dict[str, str]:
    """By vendor, the operation that a test means: by our verb, by its own name, or by "*", which is any."""
    found: dict[str, str] = {}
    for name in VENDORS if vendor is None else (vendor,):
        profile = card_of(name)
        adapter = (what,) if "." in what else (f"contacts.{what}", f"groups.{what}")
        by = next((profile.capability(verb).operation for verb in adapter if profile.capability(verb).operation), "")
        if operation := what if what == "*" or what in profile.operations else by:
            found[name] = operation
    if not found:
        known = sorted({verb for name in VENDORS for verb in card_of(name).capabilities if ":" not in verb})
        whose = card_of(vendor).title if vendor else "the sandbox"
        raise UsageError(
            f"{whose} has no call {what!r}: take a verb ({', '.join(known)}), an operation of a spec, or '*'"
        )
    return found


def environment_of(base_urls: Mapping[str, str]) -> dict[str, str]:
    """The sandbox's variables, also for the accounts that the environment names beside the vendors' own."""
    found = environment(dict(base_urls))
    for name in registry.list_accounts():
        vendor = os.environ[environment_variable(name, "vendor")]
        if vendor in VENDORS:
            values = {"vendor": vendor, "base_url": base_urls[vendor], **CREDENTIALS[vendor]}
            found |= {environment_variable(name, parameter): value for parameter, value in values.items()}
    return found


def card_of(vendor: str) -> VendorProfile:
    if vendor not in VENDORS:
        raise UsageError(f"the sandbox has no vendor {vendor!r}: take one of {', '.join(VENDORS)}")
    profile: VendorProfile = registry.load_vendor(vendor).profile
    return profile
