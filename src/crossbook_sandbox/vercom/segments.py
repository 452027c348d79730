"""Additional fields, and segments: selections that people make in the panel, here a few that count themselves."""

# ruff: noqa: S608 (the texts put into SQL are names of columns and rules from here; values are bound)
from __future__ import annotations

import time
from email.utils import formatdate
from typing import Any

from crossbook_sandbox.book import Book
from crossbook_sandbox.vendor import Call, Reply, Vendor

from .envelope import envelope, listed, refuse
from .inputs import Query

_RULES = {
    "With a phone number": "c.phone IS NOT NULL",
    "With an e-mail address": "c.email IS NOT NULL",
    "Unsubscribed from SMS": "c.id IN (SELECT contact_id FROM opt_out WHERE channel = 'sms')",
}


def seed(book: Book) -> None:
    """Put the segments into an empty account."""
    for name in _RULES:
        book.run("INSERT INTO segment (vendor, name, ready) VALUES (?, ?, 0)", book.vendor, name)


def list_fields(account: Vendor[Any], call: Call) -> Reply:
    """`GET /contact/field`: the names that have been used in `externalData`."""
    return _listed(account, call, "field")


def list_segments(account: Vendor[Any], call: Call) -> Reply:
    """`GET /contact/segment`."""
    return _listed(account, call, "segment")


def get_segment(account: Vendor[Any], call: Call) -> Reply:
    """`GET /contact/segment/{id}`: the first time 202, unless the switch says that it is counted at once."""
    text = call.path_params["id"]
    segment = account.book.row("SELECT * FROM segment WHERE vendor = ? AND CAST(id AS TEXT) = ?", account.name, text)
    if segment is None:
        raise refuse(404, "There is no such segment", "id", text)
    wait = account.options.vercom_segment_wait
    if wait and not segment["ready"]:
        account.book.run("UPDATE segment SET ready = 1 WHERE id = ?", segment["id"])
        expires = formatdate(time.time() + 60 * wait, usegmt=True)
        return envelope([], [], 202, retry_after=str(wait), expires=expires)
    rule = _RULES[segment["name"]]
    count = account.book.count(f"SELECT count(*) FROM contact c WHERE c.vendor = ? AND {rule}", account.name)
    return envelope([{"id": segment["id"], "name": segment["name"], "count": count}], [], 200)


def _listed(account: Vendor[Any], call: Call, table: str) -> Reply:
    limit, offset = Query(call.query).page()
    query = f"SELECT id, name FROM {table} WHERE vendor = ? ORDER BY id LIMIT ? OFFSET ?"
    return listed([dict(row) for row in account.book.rows(query, account.name, limit, offset)])
