"""Responses that are expensive to decode are refused before they are decoded."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable

import pytest
from decompression_bombs import MIB, nested, repeated
from hostile_runner import Ordeal
from hostile_vendor import KEYS, packed

from crossbook._http.error_mapping import map_response_error
from crossbook._http.request import TransportResponse
from crossbook.registry import load_vendor
from crossbook.vendor import Operation, Retry, VendorProfile


def filled(vendor: str, piece: bytes) -> bytes:
    before, after = KEYS[vendor]
    return repeated(before, piece, after)


def row(vendor: str, value: bytes) -> bytes:
    before, after = KEYS[vendor]
    return before + value + after


# An unknown member is skipped at any depth that the stack allows: Python counts levels before
# 3.14, and checks the stack itself since.
_TOO_DEEP = "InvalidResponseError" if sys.version_info < (3, 14) else None
SHAPES: dict[str, tuple[Callable[[str], bytes], str | None]] = {
    "16 MiB of objects": (lambda vendor: repeated(b"[", b"{}", b"]"), "ResponseTooLargeError"),
    "16 MiB of rows": (lambda vendor: filled(vendor, b"{}"), "ResponseTooLargeError"),
    "16 MiB of lists": (lambda vendor: repeated(b"[", b"[]", b"]"), "ResponseTooLargeError"),
    "16 MiB of rows that are lists": (lambda vendor: filled(vendor, b"[]"), "ResponseTooLargeError"),
    "16 MiB of one row that is a list of numbers": (
        lambda vendor: repeated(KEYS[vendor][0] + b"[", b"0", b"]" + KEYS[vendor][1]), "ResponseTooLargeError",
    ),
    "16 MiB of one row that is a list of text": (
        lambda vendor: repeated(KEYS[vendor][0] + b"[", b'"a"', b"]" + KEYS[vendor][1]), "ResponseTooLargeError",
    ),
    "16 MiB of rows that are null": (lambda vendor: filled(vendor, b"null"), "ResponseTooLargeError"),
    "16 MiB of rows that are text": (lambda vendor: filled(vendor, b'"a"'), "ResponseTooLargeError"),
    "lists, 50,000 deep": (lambda vendor: nested(50_000, b"[", b"", b"]"), "InvalidResponseError"),
    "lists, 200,000 deep": (lambda vendor: nested(200_000, b"[", b"", b"]"), "ResponseTooLargeError"),
    "objects, 50,000 deep": (lambda vendor: nested(50_000, b'{"a":', b"1", b"}"), "InvalidResponseError"),
    "objects, 200,000 deep": (lambda vendor: nested(200_000, b'{"a": ', b"1", b"     }"), "InvalidResponseError"),
    "lists in a row, 50,000 deep": (
        lambda vendor: row(vendor, nested(50_000, b"[", b"", b"]")), "InvalidResponseError",
    ),
    "lists in a row, 200,000 deep": (
        lambda vendor: row(vendor, nested(200_000, b"[         ", b"", b"]")), "InvalidResponseError",
    ),
    "objects in a row, 200,000 deep": (
        lambda vendor: row(vendor, nested(200_000, b'{"abc": ', b"1", b"}     ")), _TOO_DEEP,
    ),
    "deep, and never closed": (lambda vendor: KEYS[vendor][0] + b"[" * 50_000, "InvalidResponseError"),
    "an id of 5,000 digits": (lambda vendor: row(vendor, ID[vendor] % (b"9" * 5000)), "InvalidResponseError"),
    "an exponent of 5,000 digits": (
        lambda vendor: row(vendor, ID[vendor] % (b"1e" + b"9" * 5000)), "InvalidResponseError",
    ),
    "NaN": (lambda vendor: row(vendor, ID[vendor] % b"NaN"), "InvalidResponseError"),
    "Infinity": (lambda vendor: row(vendor, ID[vendor] % b"-Infinity"), "InvalidResponseError"),
    "latin-2": (lambda vendor: row(vendor, ID[vendor] % '"Łódź"'.encode("iso8859-2")), "InvalidResponseError"),
    "UTF-16": (lambda vendor: row(vendor, b"{}").decode().encode("utf-16"), "InvalidResponseError"),
    "half a surrogate": (lambda vendor: row(vendor, ID[vendor] % b'"\\ud800"'), "InvalidResponseError"),
    "nothing but space": (lambda vendor: b" " * MIB, "InvalidResponseError"),
    "null": (lambda vendor: b"null", "InvalidResponseError"),
    "HTML": (lambda vendor: b"<!doctype html><title>Sign in</title>", "InvalidResponseError"),
    "two documents": (lambda vendor: row(vendor, b"") * 2, "InvalidResponseError"),
    "cut": (lambda vendor: row(vendor, b"{}")[:-4], "InvalidResponseError"),
}  # fmt: skip
ID = {"vercom": b'{"id":%s}', "serwersms": b'{"id":%s}', "filemail": b'{"contactid":%s}', "atom": b'{"id":%s}'}


@pytest.mark.parametrize("vendor", KEYS)
@pytest.mark.parametrize("case", SHAPES)
def test_hostile_shape(ordeal: Ordeal, case: str, vendor: str) -> None:
    body, expected = SHAPES[case]
    outcome = ordeal(packed(lambda: gzip.compress(body(vendor), 1), "gzip")(), vendor, max_response_bytes=16 * MIB)
    assert outcome["error"] == expected, outcome


SHORT = {
    "vercom": b'{"id":"1","externalId":null,"email":null,"phoneNumber":"500600700","firstName":"","lastName":"",'
    b'"companyName":"","createdAt":1551110868,"inArchive":0,"externalData":[]}',
    "serwersms": b'{"id":1,"phone":"+48500600700","email":"","company":"","first_name":"","last_name":"","tax_id":"",'
    b'"address":"","city":"","description":"","blacklist":false,"group_id":1,"group_name":""}',
    "filemail": b'{"contactid":"1","name":"Anna","email":"anna@example.com","groups":[]}',
    "atom": b'{"id":1,"first_name":"","last_name":"","phone_number":"0491570006"}',
}


@pytest.mark.parametrize("vendor", KEYS)
def test_shortest_honest_rows_are_accepted(vendor: str) -> None:
    """As many rows as fit into the largest response."""
    profile: VendorProfile = load_vendor(vendor).profile
    assert (
        map_response_error(profile, Operation(Retry.SAFE), TransportResponse(200, {}, filled(vendor, SHORT[vendor])))
        is None
    )
