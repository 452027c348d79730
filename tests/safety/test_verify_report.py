"""A report of `crossbook verify` shows no value of the account, since it is made to be shared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import anyio
import canaries
import httpx
import pytest
from control import Server

import crossbook_sandbox
from crossbook import Contact
from crossbook.registry import VENDORS, load_vendor
from crossbook_verify import Leftover, Report, verify

# A canary for each place of a response that may have a value of the account.
EVERYWHERE: dict[str, Any] = {
    "text": canaries.NOTE,
    canaries.PHONE: canaries.PHONE,
    canaries.EMAIL: [canaries.EMAIL],
    canaries.FIRST: {canaries.LAST: 1},
    "deep": {"deeper": [{"note": canaries.COMPANY, canaries.OTHER_EMAIL: canaries.OTHER_PHONE}]},
    "number": int(canaries.PHONES[0]),
}
ERROR = {
    "code": canaries.EMAIL,
    "type": canaries.FIRST,
    "title": canaries.LAST,
    "message": f"{canaries.PHONE} {canaries.NOTE}",
}
PLANTED: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "serwersms": [
        ("listContacts", {f"items[].{name}": value for name, value in EVERYWHERE.items() if "." not in name}),
        (
            "listContacts",
            {"items[].blacklist": canaries.EMAIL, "items[].group_id": canaries.PHONE, "paging": canaries.NOTE},
        ),
        ("getContact", {"error": ERROR, "success": canaries.FIRST}),
        ("getGroup", {"id": canaries.PHONE, "count": canaries.EMAIL, canaries.FIRST: canaries.NOTE}),
    ],
    "atom": [
        ("listAddressBooks", {"status": canaries.FIRST, "error": ERROR}),
        ("getAddressBook", {"result.contacts[].extra": EVERYWHERE, "result.name": [canaries.COMPANY]}),
        ("getContact", {"result.contact.company": {canaries.NOTE: canaries.EMAIL}, "error": ERROR}),
    ],
    "filemail": [
        (
            "listContacts",
            {"contacts[].extra": EVERYWHERE, "contacts[].groups": canaries.COMPANY, "errorcode": canaries.PHONE},
        ),
        (
            "listGroups",
            {"status": canaries.LAST, "groups[].contactgroupid": canaries.EMAIL, "errormessage": canaries.NOTE},
        ),
    ],
    "vercom": [
        (
            "listContacts",
            {"data[].extra": EVERYWHERE, "data[].createdAt": canaries.NOTE, "data[].inArchive": canaries.EMAIL},
        ),
        (
            "listGroups",
            {"meta.numberOfData": [canaries.PHONE], "meta.status": canaries.EMAIL, "errors": [ERROR, canaries.FIRST]},
        ),
        ("listGroupContacts", {"data[].id": {canaries.PHONE: canaries.NOTE}}),
        ("listFields", {"data[].name": 7, canaries.LAST: canaries.NOTE}),
    ],
}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with crossbook_sandbox.running(rates={}, vercom_segment_wait=0) as running, httpx.Client(
        base_url=f"{running.url}/_sandbox", trust_env=False, timeout=60
    ) as client:  # fmt: skip
        yield Server(running, client)


async def verified(server: Server, vendor: str, *, write: bool, said: list[str]) -> Report:
    book = load_vendor(vendor)(base_url=server.base_urls[vendor], rate=1e6, **server.credentials[vendor])
    async with book:
        group = (await book.groups.create(canaries.COMPANY)).id
        person = canaries.person(vendor)
        await book.contacts.create(Contact(**{**_fields(person), "groups": (group,)}))
        for operation, planted in PLANTED[vendor]:
            server.fault("rewrite", vendor, operation, put=planted, count=None)

        def left(leftover: Leftover) -> None:
            said.append(leftover.remedy)

        return await verify(book, write=write, progress=lambda *step: said.append(str(step)), on_leftover=left)


def _fields(person: Contact) -> dict[str, Any]:
    return {name: getattr(person, name) for name in person.known_fields}


@pytest.mark.parametrize("write", [False, True], ids=["reading", "writing"])
@pytest.mark.parametrize("vendor", VENDORS)
def test_report_shows_no_value_of_the_account(
    vendor: str, write: bool, server: Server, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    server.reset()
    caplog.set_level("DEBUG", "crossbook")
    said: list[str] = []
    report = anyio.run(lambda: verified(server, vendor, write=write, said=said))
    out, err = capfd.readouterr()
    issued = [value for name, value in server.credentials[vendor].items() if name != "brand"]
    detector = canaries.Detector(issued)
    shown = [str(report), json.dumps(report.as_json()), repr(report), *said, out, err, caplog.text]
    assert detector.hits("\n".join(shown)) == set()

    # The responses were read: the report names the mismatches and the unknown keys.
    assert report.refuted
    assert any("+99999999999" in key.path or "+99999999999" in key.sample for key in report.unknown)
    assert detector.hits(json.dumps([EVERYWHERE, ERROR]))
