"""Lists: filters, sorting, and pages of a size that the vendor does not tell."""

# ruff: noqa: S608 (the texts put into SQL are names of columns and rules from here; values are bound)
from __future__ import annotations

import json
from typing import Any

from crossbook_sandbox.validation import whole
from crossbook_sandbox.vendor import Json, Vendor

from . import haystack
from .contacts import shown
from .errors import refuse
from .parameters import Parameters

_SORTS = {
    **{name: f"c.{name}" for name in ("first_name", "last_name", "phone", "company", "email")},
    **{name: f"json_extract(c.fields, '$.{name}')" for name in ("tax_id", "address", "city", "description")},
}
_LONGEST_SEARCH = 10_000
_FIRST_GROUP = "AND m.group_id = (SELECT min(group_id) FROM membership WHERE contact_id = c.id)"


def list_contacts(account: Vendor[Any], parameters: Parameters) -> Json:
    """`contacts/index`: a contact in two groups is two rows, or one with its first group; a switch chooses."""
    where: list[str] = ["c.vendor = ?"]
    values: list[Any] = [account.name]
    group = parameters.get("group_id", "")
    if group in ("", "none"):
        one = "" if account.options.serwersms_row_per_group else _FIRST_GROUP
        tables = f"contact c LEFT JOIN membership m ON m.contact_id = c.id {one}"
        if group == "none":
            where.append("m.group_id IS NULL")
    else:
        number = whole(group, text=True)
        if number is None or account.book.group(number) is None:
            raise refuse(1004, "There is no such group")
        tables = "contact c JOIN membership m ON m.contact_id = c.id"
        where.append("m.group_id = ?")
        values.append(number)
    search = parameters.text("search", _LONGEST_SEARCH)
    if search:
        needle = search.casefold()
        where.append("c.id IN (SELECT value FROM json_each(?)) AND instr(c.haystack, ?) > 0")
        values += json.dumps(haystack.search(account, needle)), needle
    order = _order(parameters, _SORTS, "c.id", "m.group_id")
    rule = f"{tables} WHERE {' AND '.join(where)}"
    page = _Page(account, parameters, account.book.count(f"SELECT count(*) FROM {rule}", *values))
    rows = account.book.rows(
        "SELECT c.*, m.group_id, (SELECT name FROM contact_group WHERE id = m.group_id) AS group_name,"
        " EXISTS (SELECT 1 FROM opt_out WHERE contact_id = c.id AND channel = 'sms') AS blacklisted"
        f" FROM {rule} ORDER BY {order} LIMIT ? OFFSET ?",
        *values,
        page.size,
        page.offset,
    )
    return page.of(
        [
            {**shown(row, bool(row["blacklisted"])), "group_id": row["group_id"], "group_name": row["group_name"]}
            for row in rows
        ]
    )


def list_groups(account: Vendor[Any], parameters: Parameters) -> Json:
    """`groups/index`, with how many contacts each group has."""
    where, values = "g.vendor = ?", [account.name]
    search = parameters.text("search", _LONGEST_SEARCH)
    if search:
        where += " AND instr(lower(g.name), lower(?)) > 0"
        values.append(search)
    order = _order(parameters, {"name": "g.name"}, "g.id", "g.id")
    total = account.book.count(f"SELECT count(*) FROM contact_group g WHERE {where}", *values)
    page = _Page(account, parameters, total)
    rows = account.book.rows(
        "SELECT g.id, g.name, (SELECT count(*) FROM membership WHERE group_id = g.id) AS number"
        f" FROM contact_group g WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?",
        *values,
        page.size,
        page.offset,
    )
    return page.of([{"id": row["id"], "name": row["name"], "count": row["number"]} for row in rows])


class _Page:
    def __init__(self, account: Vendor[Any], parameters: Parameters, total: int) -> None:
        self.size = parameters.at_least_one("limit", account.options.serwersms_page_size)
        self.number = parameters.at_least_one("page", 1)
        self.offset = min((self.number - 1) * self.size, 2**62)
        self._pages = max(1, -(-total // self.size))
        self._shown = account.options.serwersms_paging

    def of(self, items: list[Json]) -> Json:
        paging = {"paging": {"page": self.number, "count": self._pages}} if self._shown else {}
        return {**paging, "items": items}


def _order(parameters: Parameters, columns: dict[str, str], unsorted: str, then: str) -> str:
    sort = parameters.one_of("sort", tuple(columns))
    direction = "DESC" if parameters.one_of("order", ("asc", "desc")) == "desc" else "ASC"
    first = f"{columns[sort]} COLLATE NOCASE {direction}, {unsorted}" if sort else f"{unsorted} {direction}"
    return f"{first}, {then}"
