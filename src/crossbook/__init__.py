"""One async address book over the contact APIs of SerwerSMS, Atom Telecom, Filemail and Vercom."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from crossbook.errors import (
    AmbiguousMatchError,
    AuthError,
    ConnectError,
    CrossbookError,
    InvalidInputError,
    InvalidResponseError,
    JournalBusyError,
    JournalMismatchError,
    NoResponseError,
    NotFoundError,
    RateLimitError,
    RejectedError,
    ResponseTooLargeError,
    UnsupportedError,
    UsageError,
    VendorUnavailableError,
)
from crossbook.models import Channel, Contact, ContactChanges, ContactFields, ExternalId, Group, Page, WriteResult

if TYPE_CHECKING:
    __version__: str

    from crossbook._batch.assemble import BatchOptions
    from crossbook._batch.batch import Batch
    from crossbook._batch.results import FailureGroup, Progress, Result, Summary
    from crossbook._http.options import Attempt, CallOptions
    from crossbook._http.raw_response import RawResponse
    from crossbook._pagination.pager import Pager
    from crossbook._redaction import Secret
    from crossbook.book import AddressBook, BookOptions
    from crossbook.erasure import ErasedPlace, ErasureReport, erase, export_person
    from crossbook.journal import Journal, SqliteJournal
    from crossbook.registry import capabilities, open
    from crossbook.shared import TokenStore
    from crossbook.suppressions import SuppressionEntry, SuppressionList, SuppressionStatus
    from crossbook.transfer import copy
    from crossbook.vendor import Match, MatchKey
    from crossbook.vendors.atom import Atom
    from crossbook.vendors.filemail import Filemail
    from crossbook.vendors.serwersms import SerwerSMS
    from crossbook.vendors.vercom import Vercom

# Imported on first access, so that a service with one vendor does not import four.
_LAZY = {
    "AddressBook": "crossbook.book",
    "Atom": "crossbook.vendors.atom",
    "Attempt": "crossbook._http.options",
    "Batch": "crossbook._batch.batch",
    "BatchOptions": "crossbook._batch.assemble",
    "BookOptions": "crossbook.book",
    "CallOptions": "crossbook._http.options",
    "ErasedPlace": "crossbook.erasure",
    "ErasureReport": "crossbook.erasure",
    "FailureGroup": "crossbook._batch.results",
    "Filemail": "crossbook.vendors.filemail",
    "Journal": "crossbook.journal",
    "Match": "crossbook.vendor",
    "MatchKey": "crossbook.vendor",
    "Pager": "crossbook._pagination.pager",
    "Progress": "crossbook._batch.results",
    "RawResponse": "crossbook._http.raw_response",
    "Result": "crossbook._batch.results",
    "Secret": "crossbook._redaction",
    "SerwerSMS": "crossbook.vendors.serwersms",
    "SqliteJournal": "crossbook.journal",
    "Summary": "crossbook._batch.results",
    "SuppressionEntry": "crossbook.suppressions",
    "SuppressionList": "crossbook.suppressions",
    "SuppressionStatus": "crossbook.suppressions",
    "TokenStore": "crossbook.shared",
    "Vercom": "crossbook.vendors.vercom",
    "capabilities": "crossbook.registry",
    "copy": "crossbook.transfer",
    "erase": "crossbook.erasure",
    "export_person": "crossbook.erasure",
    "open": "crossbook.registry",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        value: Any = import_module("importlib.metadata").version("crossbook")
    elif name in _LAZY:
        value = getattr(import_module(_LAZY[name]), name)
    else:
        raise AttributeError(f"module 'crossbook' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


__all__ = [
    "AddressBook",
    "AmbiguousMatchError",
    "Atom",
    "Attempt",
    "AuthError",
    "Batch",
    "BatchOptions",
    "BookOptions",
    "CallOptions",
    "Channel",
    "ConnectError",
    "Contact",
    "ContactChanges",
    "ContactFields",
    "CrossbookError",
    "ErasedPlace",
    "ErasureReport",
    "ExternalId",
    "FailureGroup",
    "Filemail",
    "Group",
    "InvalidInputError",
    "InvalidResponseError",
    "Journal",
    "JournalBusyError",
    "JournalMismatchError",
    "Match",
    "MatchKey",
    "NoResponseError",
    "NotFoundError",
    "Page",
    "Pager",
    "Progress",
    "RateLimitError",
    "RawResponse",
    "RejectedError",
    "ResponseTooLargeError",
    "Result",
    "Secret",
    "SerwerSMS",
    "SqliteJournal",
    "Summary",
    "SuppressionEntry",
    "SuppressionList",
    "SuppressionStatus",
    "TokenStore",
    "UnsupportedError",
    "UsageError",
    "VendorUnavailableError",
    "Vercom",
    "WriteResult",
    "capabilities",
    "copy",
    "erase",
    "export_person",
    "open",
]
