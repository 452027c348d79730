"""Every error code in the specs maps to an error class; the specs' tables and the profiles agree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from fakes import SAMPLES, VENDORS, FakeTransport, book_over, reply

from crossbook import AuthError, CrossbookError, NotFoundError, RateLimitError, RejectedError, VendorUnavailableError
from crossbook._http.request import TransportResponse

pytestmark = pytest.mark.anyio

SPECS = Path(__file__).resolve().parents[2] / "specs"
TABLES: dict[str, dict[str, dict[str, Any]]] = {
    vendor: yaml.safe_load((SPECS / f"{vendor}.yaml").read_text(encoding="utf-8"))["x-error-codes"]
    for vendor in VENDORS
}
EXPECTED: dict[str, dict[type[CrossbookError], str]] = {
    "serwersms": {
        AuthError: "1001 1002 1003 1005 1007 1008",
        NotFoundError: "1004",
        RejectedError: "1000 1006 2000 2001 2002 3000 3001 3002 3003 3004 3005 3006 3007 3008 3009 3100 3101 3102",
    },
    "atom": {
        AuthError: "forbidden",
        NotFoundError: "not_found",
        RateLimitError: "rate_limited",
        RejectedError: "invalid_request",
        VendorUnavailableError: "server_error",
    },
    "filemail": {
        AuthError: "2001 2003 2004 2005 2007 2008 2009 2011 2012 2013 2014 2015 2016 2017 2018 2019 2020 2021 2022 "
        "2040 2041",
        NotFoundError: "1005",
        RejectedError: "1002 1003 1004 1006 1007 1008 2002 2006 2010",
        VendorUnavailableError: "1001 1009",
    },
    "vercom": {
        AuthError: "E-0-004 E-0-005",
        RateLimitError: "E-0-429",
        RejectedError: "E-0-001 E-0-404 E-0-405 E-1-001",  # E-0-404 as part of a 422; alone, its status 404 decides
    },
}
CLASSES = {
    (vendor, code): kind
    for vendor, table in EXPECTED.items()
    for kind, codes in table.items()
    for code in codes.split()
}
# The field of a code that is about one field.
FIELDS = {("serwersms", "2001"): "phone", ("filemail", "1004"): "email"}
# Each code with the documented status, and for vendors that send 200 also with the status that clients reported.
ATOM_STATUS = {"forbidden": 403, "rate_limited": 429, "server_error": 500}


def refusal(vendor: str, code: str, title: str, meaning: str, status: int) -> TransportResponse:
    bodies: dict[str, Any] = {
        "serwersms": {"error": {"code": int(code) if code.isdigit() else 0, "type": title, "message": meaning}},
        "atom": {"status": "error", "error": {"code": code, "message": meaning}},
        "filemail": {
            "responsestatus": title, "errorcode": int(code) if code.isdigit() else 0, "errormessage": meaning,
        },
        "vercom": {"errors": [{"title": title, "message": meaning, "code": code}], "meta": {}},
    }  # fmt: skip
    return reply(bodies[vendor], status, retry_after="7")


def test_code_tables_agree() -> None:
    assert {(vendor, code) for vendor, table in TABLES.items() for code in table} == set(CLASSES)


@pytest.mark.parametrize(("vendor", "code"), CLASSES)
async def test_error_class_of_each_code(vendor: str, code: str) -> None:
    row = TABLES[vendor][code]
    statuses = {
        "serwersms": [200, 500], "atom": [200, ATOM_STATUS.get(code, 200)], "filemail": [200, 404, 500],
        "vercom": [row.get("status", 422)],
    }[vendor]  # fmt: skip
    for status in statuses:
        transport = FakeTransport(refusal(vendor, code, row["title"], row["meaning"], status))
        # An account for each status: the next book of one account would wait for `Retry-After`.
        base_url = f"https://vendor-{status}.example.com"
        async with book_over(vendor, transport, base_url=base_url, max_attempts=1) as book:
            with pytest.raises(CrossbookError) as caught:
                await book.groups.list()
        error = caught.value
        assert type(error) is CLASSES[vendor, code], (status, row["title"])
        assert (error.vendor, error.status, error.code, error.sent) == (vendor, status, code, "yes")
        assert error.field == FIELDS.get((vendor, code))
        assert error.retry_after == 7
        # After an expired token come a login and one more request.
        assert error.attempts == (2 if (vendor, code) == ("filemail", "2003") else 1)
        assert row["meaning"].rstrip(".")[:20] in error.message


def test_every_recorded_body_used() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_samples_*.py"))
    assert [path.stem for path in SAMPLES.glob("*/*.json") if f'"{path.stem}"' not in sources] == []
