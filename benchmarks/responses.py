"""The prepared responses of the loopback server. All contacts are made up."""

from __future__ import annotations

import json
import re
from functools import cache
from itertools import count
from typing import Any

CONTACT_ID = "123"
GET = f"/v2.1/contact?id={CONTACT_ID}&limit=1"
"""The request of every client: Vercom's request for one contact."""

_META = '{"meta":{"numberOfErrors":0,"numberOfData":%d,"status":200,"uniqId":"00d928f759"},"data":[%s]}'
_MISSING = b'{"meta":{"status":404,"uniqId":"00d928f759"},"errors":[{"title":"Not found","code":"E-0-404"}]}'
_LOGIN = b'{"responsestatus":"ok","logintoken":"0123456789abcdef0123456789abcdef"}'
_ADDED = '{"responsestatus":"OK","contact":{"contactid":"%d","name":"Anna Example","email":"anna@example.com"}}'
_EXTERNAL = re.compile(rb'"externalId":"(\w+)"')
_LIMIT, _OFFSET = re.compile(rb"[?&]limit=(\d+)"), re.compile(rb"[?&]offset=(\d+)")
_ids = count(1_000_000)


def contact(number: int) -> dict[str, Any]:
    """Return a contact in Vercom's format with all fields set."""
    return {
        "id": str(number), "externalId": f"crm{number}", "email": f"person.{number}@example.com",
        "phoneNumber": f"+48500{number % 1_000_000:06}", "firstName": "Anna", "lastName": f"Żółw-{number % 97}",
        "companyName": "ABC", "createdAt": 1709209815 + number, "inArchive": False,
        "externalData": {"shoe size": 36 + number % 10},
    }  # fmt: skip


@cache
def page(rows: int, first: int = 1000) -> bytes:
    """Return the response with `rows` contacts."""
    return (_META % (rows, ",".join(json.dumps(contact(first + n)) for n in range(rows)))).encode()


@cache
def one() -> bytes:
    return (_META % (1, json.dumps(contact(int(CONTACT_ID))))).encode()


def respond(method: bytes, target: bytes, body: bytes, total: int) -> tuple[int, bytes]:
    """Return the status and the body for a request.

    Args:
        method, target, body: of the request.
        total: the number of contacts in the account. The pages of its list alternate between two.
    """
    if target.startswith(b"/v2.1/contact"):
        if method == b"POST":
            return 200, _written(body)
        if b"id=" in target:
            return 200, one()
        asked, place = _LIMIT.search(target), _OFFSET.search(target)
        limit, offset = int(asked[1]) if asked else 100, int(place[1]) if place else 0
        rows = min(limit, total - offset)
        return (200, page(rows, 1000 + offset // limit % 2)) if rows > 0 else (404, _MISSING)
    if target.startswith(b"/api/contacts/add"):
        return 200, (_ADDED % next(_ids)).encode()
    if target.startswith(b"/api/authentication/login"):
        return 200, _LOGIN
    return 404, _MISSING


def _written(body: bytes) -> bytes:
    names = [name.decode() for name in _EXTERNAL.findall(body)]
    rows = ",".join(f'{{"id":"{next(_ids)}","externalId":"{name}"}}' for name in names)
    return (_META % (len(names), rows)).encode()
