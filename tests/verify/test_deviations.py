"""A vendor that deviates from its spec: exactly this deviation is found and named."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from control import Server

from crossbook.book import AddressBook
from crossbook_verify import Report, verify

Make = Callable[..., AddressBook]
Fill = Callable[[str], None]

READING: dict[str, tuple[str, str, dict[str, Any], set[str]]] = {
    "a key under another name": (
        "vercom",
        "listContacts",
        {"rename": {"data[].externalId": "external"}},
        {"Contact.externalId.there"},
    ),
    "a key that is not there": ("vercom", "listContacts", {"drop": ["data[].email"]}, {"Contact.email.there"}),
    "a key more": ("vercom", "listContacts", {"put": {"data[].vip": True}}, set()),
    "a number for a text": ("vercom", "listContacts", {"cast": {"data[].id": "number"}}, {"Contact.id.type"}),
    "a text for a number": ("serwersms", "listGroups", {"cast": {"items[].count": "text"}}, {"GroupRow.count.type"}),
    "a number for true": (
        "serwersms",
        "listContacts",
        {"put": {"items[].blacklist": 1}},
        {"ContactRow.blacklist.type"},
    ),
    "null for a row": ("vercom", "listFields", {"put": {"data[]": None}}, {"FieldList.data.rows"}),
    "an object for a list": (
        "atom",
        "listAddressBooks",
        {"put": {"result": {"1": {"name": "Friends"}}}},
        {"AddressBookListAnswer.result.type"},
    ),
    "a text that is too long": (
        "vercom",
        "listContacts",
        {"put": {"data[].companyName": "x" * 151}},
        {"Contact.companyName.bounds"},
    ),
    "a number out of bounds": (
        "vercom",
        "listSegments",
        {"put": {"meta.status": 7}},
        {"Meta.status.bounds", "meta.status"},
    ),
    "a word that is none of the list": (
        "atom",
        "listAddressBooks",
        {"put": {"status": "ok", "error": {"code": "not_found", "message": ""}}},
        {"AddressBookListAnswer.status.bounds"},
    ),
    "a rule that is broken": (
        "serwersms",
        "checkGroups",
        {"drop": ["items", "error"]},
        {"MembershipList.rule", "checkGroups.unknown", "checkGroups.bad"},
    ),
    "another status": ("vercom", "listGroups", {"status": 201}, {"listGroups.others", "meta.status"}),
    "a date of another form": ("vercom", "listContacts", {"ignore": ["getFullDate"]}, {"listContacts.getFullDate"}),
    "pages that stand still": (
        "serwersms",
        "listContacts",
        {"ignore": ["page"]},
        {"listContacts.moves", "listContacts.end"},
    ),
    "offsets that are not heard": (
        "vercom",
        "listGroups",
        {"ignore": ["offset"]},
        {"listGroups.moves", "listGroups.end"},
    ),
    "limits that are not heard": (
        "vercom",
        "listContacts",
        {"ignore": ["limit"]},
        {"listContacts.limit", "listContacts.most"},
    ),
    "a filter that is not heard": (
        "vercom",
        "listContacts",
        {"ignore": ["phoneNumber"]},
        {"listContacts.spelled"},
    ),
    "order that is not heard": ("serwersms", "listContacts", {"ignore": ["sort", "order"]}, {"listContacts.sort"}),
    "a number of data that is wrong": (
        "vercom",
        "listFields",
        {"put": {"meta.numberOfData": 70}},
        {"meta.numberOfData"},
    ),
    "fields that are said to be hidden": (
        "atom",
        "getAddressBook",
        {"put": {"result.contacts[].company": "ABC"}},
        {"getAddressBook.short"},
    ),
    "a mobile number that is shown": (
        "filemail",
        "listContacts",
        {"put": {"contacts[].mobile": "500600700"}},
        {"listContacts.mobile"},
    ),
    "the word that all others have": (
        "filemail",
        "listGroups",
        {"rename": {"status": "responsestatus"}},
        {"listGroups.status"},
    ),
    "a group that is not the account's": (
        "filemail",
        "listContacts",
        {"put": {"contacts[].groups[].contactgroupid": "0" * 32}},
        {"listContacts.groups"},
    ),
    "a phone that is in no group": ("serwersms", "checkGroups", {"put": {"items": []}}, {"checkGroups.group"}),
}
WRITING: dict[str, tuple[str, str, dict[str, Any], set[str]]] = {
    "a field that is not cleared": ("atom", "updateContact", {"ignore": ["company"]}, {"updateContact.clears"}),
    "an id that came as text": (
        "atom",
        "updateAddressBook",
        {"cast": {"result.id": "number"}},
        {"RenamedAddressBook.id.type"},
    ),
    "a contact that is not moved": (
        "atom",
        "updateContact",
        {"ignore": ["group_id"]},
        {"updateContact.moves", "deleteAddressBook.contacts"},
    ),
    "null that does not clear": (
        "vercom",
        "updateContacts",
        {"ignore": ["companyName"]},
        {"updateContacts.clears", "updateContacts.external"},
    ),
    "rows without external ids": (
        "vercom",
        "createContacts",
        {"drop": ["data[].externalId"]},
        {"WrittenContact.externalId.there", "createContacts.named"},
    ),
    "opting out that is not heard": (
        "vercom",
        "listContacts",
        {"ignore": ["isUnsubscribeSms"]},
        {"resubscribeContacts.in"},
    ),
    "groups that are not heard": (
        "serwersms",
        "createContact",
        {"ignore": ["group_id"]},
        {"createContact.grouped"},
    ),
    "imported contacts that are not there": (
        "serwersms",
        "importContacts",
        {"drop": ["id"], "put": {"error": {"code": 1006, "type": "InvalidData", "message": ""}}},
        {"importContacts.text"},
    ),
    "a creation date that is not changed": (
        "vercom",
        "updateContacts",
        {"ignore": ["createdAt"]},
        {"updateContacts.createdAt"},
    ),
    "names that do not change": ("filemail", "updateGroup", {"put": {"x": 1}}, set()),
}


def verified(make: Make, vendor: str, **options: Any) -> Report:
    async def run() -> Report:
        async with make(vendor) as book:
            return await verify(book, **options)

    return anyio.run(run)


def refuted(report: Report) -> set[str]:
    return {finding.id for finding in report.refuted}


@pytest.mark.parametrize("deviation", READING)
def test_read_finds_deviation(deviation: str, make: Make, fill: Fill, server: Server) -> None:
    vendor, operation, settings, expected = READING[deviation]
    fill(vendor)
    server.fault("rewrite", vendor, operation, **settings)
    report = verified(make, vendor)
    assert refuted(report) == expected
    assert report.stopped == ""
    for finding in report.refuted:
        assert finding.wrong
        assert operation in finding.where
        assert finding.observed


@pytest.mark.parametrize("deviation", WRITING)
def test_write_finds_deviation(deviation: str, make: Make, fill: Fill, server: Server) -> None:
    vendor, operation, settings, expected = WRITING[deviation]
    fill(vendor)
    server.fault("rewrite", vendor, operation, **settings)
    report = verified(make, vendor, write=True)
    assert refuted(report) == expected
    assert (report.stopped, report.leftovers) == ("", ())


REFUSALS = {
    "a bare group": ("createGroups", 1, {"createGroups.bare"}),
    "a bare change of a group": ("updateGroups", 0, {"updateGroups.bare"}),
    "a channel": ("unsubscribeContacts", 1, {"unsubscribeContacts.channels"}),
    "a long array": ("deleteContacts", 1, {"deleteContacts.length"}),
}


@pytest.mark.parametrize("refused", REFUSALS)
def test_refusal_of_vercom_is_found(refused: str, make: Make, fill: Fill, server: Server) -> None:
    operation, skip, expected = REFUSALS[refused]
    fill("vercom")
    body = '{"errors": [{"title": "Validation error", "message": "No", "code": "E-1-001"}], "meta": {}}'
    server.fault(
        "status", "vercom", operation, status=422, body=body, content_type="application/json", skip=skip, count=1
    )
    report = verified(make, "vercom", write=True)
    assert (refuted(report), report.leftovers) == (expected, ())


def test_errors_without_meta_are_found(make: Make, fill: Fill, server: Server) -> None:
    fill("vercom")
    server.options(vercom_error_meta=False)
    assert refuted(verified(make, "vercom", write=True)) == {"deleteContacts.meta", "deleteContacts.source"}


def test_codes_of_sandbox_are_known(make: Make, fill: Fill) -> None:
    fill("vercom")
    assert verified(make, "vercom", write=True).codes == ()


SWITCHES: dict[str, tuple[dict[str, Any], str]] = {
    "serwersms_partial_edit": ({"serwersms_partial_edit": True}, "updateContact.unsent"),
    "serwersms_row_per_group": ({"serwersms_row_per_group": False}, "updateContact.rows"),
    "filemail_login_cookie": ({"filemail_login_cookie": False}, "login.cookie"),
    "filemail_api_key_per_call": (
        {"filemail_api_key_required": True, "filemail_api_key_per_call": False},
        "login.key",
    ),
    "serwersms_refuses_blacklisted": ({"serwersms_refuses_blacklisted": True}, "addToBlacklist.twice"),
    "serwersms_refuses_unlisted": ({"serwersms_refuses_unlisted": True}, "deleteFromBlacklist.missing"),
    "serwersms_unknown_group": ({"serwersms_unknown_group": "refuse"}, "createContact.unknown"),
    "serwersms_mixed_delete": ({"serwersms_mixed_delete": "skip"}, "deleteContact.mixed"),
    "serwersms_mixed_delete=stop": ({"serwersms_mixed_delete": "stop"}, "deleteContact.mixed"),
}


@pytest.mark.parametrize("switch", SWITCHES)
def test_undocumented_behaviour_is_refuted(switch: str, make: Make, fill: Fill, server: Server) -> None:
    switches, row = SWITCHES[switch]
    vendor = switch.partition("_")[0]
    fill(vendor)
    server.options(**switches)
    assert refuted(verified(make, vendor, write=True)) == {row}


def test_null_responses_are_refuted(make: Make, server: Server) -> None:
    server.options(serwersms_null_responses=True)
    deletes = {"deleteContact.200", "deleteGroup.200", "deleteFromBlacklist.200"}
    assert refuted(verified(make, "serwersms", write=True)) == deletes


def test_required_api_key_confirms_key_per_call(make: Make, server: Server) -> None:
    server.options(filemail_api_key_required=True)
    report = verified(make, "filemail")
    assert "login.key" in {finding.id for finding in report.select_findings("confirmed")}
    assert (report.refuted, report.troubles, report.stopped) == ([], (), "")


@pytest.mark.parametrize(
    ("error", "expected", "codes"),
    [
        ({"code": 1004, "type": "Gone"}, {"code.1004"}, ()),
        ({"code": 1006, "type": "InvalidData"}, {"getContact.unknown"}, ()),
        ({"code": 1066, "type": "Gone"}, {"getContact.unknown"}, ("1066 with status 200: getContact",)),
    ],
)
def test_error_code_deviation(
    error: dict[str, Any], expected: set[str], codes: tuple[str, ...], make: Make, server: Server
) -> None:
    body = json.dumps({"error": {**error, "message": "No"}})
    server.fault(
        "status", "serwersms", "getContact", status=200, body=body, content_type="application/json", count=None
    )
    report = verified(make, "serwersms")
    assert (refuted(report), report.codes) == (expected, codes)


def test_response_that_is_not_json(make: Make, server: Server) -> None:
    server.fault("html", "vercom", "listSegments", count=None)
    report = verified(make, "vercom")
    assert refuted(report) == {"listSegments.200"}
    assert report.troubles == ("listSegments: InvalidResponseError, status 200",)


@pytest.mark.parametrize(("status", "passed"), [(404, True), (422, False)])
def test_list_end_may_be_404_only(status: int, passed: bool, make: Make, fill: Fill, server: Server) -> None:
    fill("vercom")
    body = '{"errors": [{"title": "No", "message": "No", "code": "E-1-001"}], "meta": {}}'
    server.fault(
        "status", "vercom", "listGroups", status=status, body=body, content_type="application/json", skip=2, count=1
    )
    assert ("listGroups.end" not in refuted(verified(make, "vercom"))) is passed
