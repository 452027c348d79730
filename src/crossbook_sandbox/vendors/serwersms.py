"""SerwerSMS.pl, HTTPS API v2: POST with form or JSON bodies. An error is a body with `error`, mostly with HTTP 200."""

# ruff: noqa: S608 (the texts put into SQL are names of columns and conditions from here; values are bound)
from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from sqlite3 import Row
from typing import Any

from crossbook_sandbox.validation import as_array, as_object, parse_int, parse_json
from crossbook_sandbox.vendor import Call, Json, Operation, Response, Vendor, VendorError, json_response
from crossbook_sandbox.vendor import operation as vendor_operation

from .serwersms_parameters import TEXTS, Parameters, SerwerSMSError, error_body, read_parameters
from .serwersms_search import SearchIndex

_OWN_COLUMNS = ("first_name", "last_name", "company")
_FIELDS = ("tax_id", "address", "city", "description")
_SORTS = {
    **{name: f"c.{name}" for name in ("first_name", "last_name", "phone", "company", "email")},
    **{name: f"json_extract(c.fields, '$.{name}')" for name in _FIELDS},
}
_MAX_SEARCH_LENGTH = 10_000
_STATUSES = {1000: 404, 1001: 401, 1002: 403, 1003: 403, 1004: 404, 1005: 403, 1007: 403, 1008: 403}  # otherwise 400
_FIRST_GROUP = "AND m.group_id = (SELECT min(group_id) FROM membership WHERE contact_id = c.id)"


def operation(action: str) -> Callable[[Callable[..., Any]], Operation]:
    """Return a decorator that turns a method into the operation of an action, which has two paths."""
    return vendor_operation(f"/{action}", f"/{action}.json")


class SerwerSMS(Vendor):
    """SerwerSMS's API over one account."""

    name = "serwersms"

    def prepare(self) -> None:
        """Create an empty search index for the new account."""
        self._search_index = SearchIndex(self.book)

    def recognizes(self, call: Call) -> bool:
        """Return whether a call has the user name or the token of this account."""
        if "authorization" in call.headers:
            return call.headers["authorization"].partition(" ")[2].strip() == self.credentials["token"]
        try:
            return read_parameters(call).get("username") == self.credentials["username"]
        except SerwerSMSError:
            return False

    def handle(self, call: Call, operation: Operation) -> Response:
        """Check the credentials and run the operation."""
        try:
            parameters = read_parameters(call)
            self._authenticate(call, parameters)
            self.take_permit()
            body = operation.handler(self, parameters)
            is_empty = body == {"success": True} and self.options.serwersms_null_responses
            return json_response(None if is_empty else body)
        except SerwerSMSError as error:
            if self.options.serwersms_http_errors:
                error.response = replace(error.response, status=_STATUSES.get(error.code, 400))
            raise

    def respond_to_unknown(self, call: Call, status: int) -> Response:
        """Return the error response to a call that matches no operation. The path `error/<code>` shows that error."""
        shown = re.fullmatch(r"/error/(\d{1,9})(\.json)?", call.path, re.ASCII)
        if shown:
            return json_response(error_body(int(shown[1])))
        message = "The sandbox responds in JSON only" if call.path.endswith(".xml") else None
        as_success = status == 404 and not self.options.serwersms_http_errors
        return json_response(error_body(1000, message), 200 if as_success else status)

    def _authenticate(self, call: Call, parameters: Parameters) -> None:
        header, known = call.headers.get("authorization"), self.credentials
        if header is not None:
            scheme, _, token = header.partition(" ")
            if scheme.lower() == "bearer" and token.strip() == known["token"]:
                return
        elif (parameters.get("username"), parameters.get("password")) == (known["username"], known["password"]):
            return
        raise SerwerSMSError(1001)

    @operation("contacts/index")
    def list_contacts(self, parameters: Parameters) -> Json:
        """Return a page of contacts. A contact in two groups has two rows unless `serwersms_row_per_group` is false."""
        where: list[str] = ["c.vendor = ?"]
        values: list[Any] = [self.name]
        group = parameters.get("group_id", "")
        if group in ("", "none"):
            first_group = "" if self.options.serwersms_row_per_group else _FIRST_GROUP
            tables = f"contact c LEFT JOIN membership m ON m.contact_id = c.id {first_group}"
            if group == "none":
                where.append("m.group_id IS NULL")
        else:
            tables = "contact c JOIN membership m ON m.contact_id = c.id"
            where.append("m.group_id = ?")
            values.append(self._existing_group(group))
        if search := parameters.text("search", _MAX_SEARCH_LENGTH):
            needle = search.casefold()
            where.append("c.id IN (SELECT value FROM json_each(?)) AND instr(c.haystack, ?) > 0")
            values += json.dumps(self._search_index.find(needle)), needle
        order = _order(parameters, _SORTS, "c.id", "m.group_id")
        columns = (
            "c.*, m.group_id, (SELECT name FROM contact_group WHERE id = m.group_id) AS group_name,"
            " EXISTS (SELECT 1 FROM blacklist WHERE vendor = c.vendor AND phone = c.phone) AS blacklisted"
        )
        rows, respond = self._page(parameters, columns, f"{tables} WHERE {' AND '.join(where)}", order, values)
        return respond(
            [
                _format_contact(row, bool(row["blacklisted"]))
                | {"group_id": row["group_id"], "group_name": row["group_name"]}
                for row in rows
            ]
        )

    @operation("contacts/view")
    def get_contact(self, parameters: Parameters) -> Json:
        """Return a contact, as the top level of the response, without its group."""
        contact = self._contact(parameters)
        return _format_contact(contact, self._is_blacklisted(contact["phone"]))

    @operation("contacts/add")
    def create_contact(self, parameters: Parameters) -> Json:
        """Store a contact."""
        columns = contact_columns(_read_values(parameters))
        return {"success": True, "id": self.book.add_contact(columns, self._read_groups(parameters) or [])}

    @operation("contacts/edit")
    def update_contact(self, parameters: Parameters) -> Json:
        """Replace a contact. Fields that are not sent become empty, or stay if `serwersms_partial_edit` is true."""
        contact = self._contact(parameters)
        keep = self.options.serwersms_partial_edit
        before = _format_contact(contact, False)
        kept = {name: before[name] for name in (*TEXTS, "email")} if keep else {}
        columns = contact_columns({**kept, **_read_values(parameters)})
        self.book.change_contact(contact["id"], columns)
        self._search_index.update(contact["id"], columns["haystack"])
        groups = self._read_groups(parameters)
        if groups is not None:
            self.book.set_groups(contact["id"], groups)
        elif not keep:
            raise SerwerSMSError(2000, "group_id is required")
        return {"success": True, "id": contact["id"]}

    @operation("contacts/delete")
    def delete_contact(self, parameters: Parameters) -> Json:
        """Delete a contact, or each contact of an array of ids."""
        return self._delete(parameters.ids(), self.book.contact, self.book.delete_contact)

    @operation("contacts/import")
    def import_contacts(self, parameters: Parameters) -> Json:
        """Store many contacts in a new group. The response only counts the rows that cannot be stored."""
        name = parameters.required_text("group_name", 100)
        contacts = parameters.get("contact")
        if isinstance(contacts, str) and contacts:  # what clients in Ruby, Java and C# can send
            try:
                contacts = parse_json(contacts.encode())
            except ValueError:
                raise SerwerSMSError(1006, "contact is neither an array nor one in JSON text") from None
        if contacts in (None, "", []):
            raise SerwerSMSError(2000, "contact is required")
        rows = [as_object(row) for row in as_array(contacts) or [None]]
        if None in rows:
            raise SerwerSMSError(1006, "contact must be an array of contacts")
        group_id = self.book.add_group({"name": name})
        correct = 0
        for row in rows:
            try:
                columns = contact_columns(_read_values(Parameters(row or {})))
            except VendorError:
                continue
            self.book.add_contact(columns, [group_id])
            correct += 1
        return {"success": True, "id": group_id, "correct": correct, "failed": len(rows) - correct}

    @operation("groups/index")
    def list_groups(self, parameters: Parameters) -> Json:
        """Return a page of groups, each with its number of contacts."""
        where, values = "g.vendor = ?", [self.name]
        if search := parameters.text("search", _MAX_SEARCH_LENGTH):
            where += " AND instr(lower(g.name), lower(?)) > 0"
            values.append(search)
        order = _order(parameters, {"name": "g.name"}, "g.id", "g.id")
        columns = "g.id, g.name, (SELECT count(*) FROM membership WHERE group_id = g.id) AS count"
        rows, respond = self._page(parameters, columns, f"contact_group g WHERE {where}", order, values)
        return respond([dict(row) for row in rows])

    @operation("groups/view")
    def get_group(self, parameters: Parameters) -> Json:
        """Return a group with its number of contacts."""
        group = self._group(parameters)
        number = self.book.count("SELECT count(*) FROM membership WHERE group_id = ?", group["id"])
        return {"id": group["id"], "name": group["name"], "count": number}

    @operation("groups/add")
    def create_group(self, parameters: Parameters) -> Json:
        """Store a group."""
        return {"success": True, "id": self.book.add_group({"name": parameters.required_text("name", 100)})}

    @operation("groups/edit")
    def update_group(self, parameters: Parameters) -> Json:
        """Rename a group."""
        parameters.id()  # a missing id is reported before a missing name
        name = parameters.required_text("name", 100)
        group = self._group(parameters)
        self.book.change_group(group["id"], {"name": name})
        return {"success": True, "id": group["id"]}

    @operation("groups/delete")
    def delete_group(self, parameters: Parameters) -> Json:
        """Delete one group or several, and their contacts if PHP takes the value of `delete_contacts` as true."""
        delete = partial(self.book.delete_group, with_contacts=parameters.is_true_in_php("delete_contacts"))
        return self._delete(parameters.ids(), self.book.group, delete)

    @operation("groups/check")
    def check_groups(self, parameters: Parameters) -> Json:
        """Return the groups of every contact with this phone number."""
        rows = self.book.rows(
            "SELECT c.id, g.id AS group_id, g.name AS group_name"
            " FROM contact c JOIN membership m ON m.contact_id = c.id JOIN contact_group g ON g.id = m.group_id"
            " WHERE c.vendor = ? AND c.phone = ? ORDER BY c.id, g.id",
            self.name,
            parameters.phone(),
        )
        return {"items": [dict(row) for row in rows]}

    @operation("blacklist/index")
    def list_blacklist(self, parameters: Parameters) -> Json:
        """Return a page of the blacklist, or only the row of one phone number."""
        where, values = "b.vendor = ?", [self.name]
        if parameters.get("phone", "") != "":
            where += " AND b.phone = ?"
            values.append(parameters.phone())
        rows, respond = self._page(
            parameters,
            "b.phone, datetime(b.added_at, 'unixepoch') AS added",
            f"blacklist b WHERE {where}",
            "b.id",
            values,
        )
        return respond([dict(row) for row in rows])

    @operation("blacklist/add")
    def add_to_blacklist(self, parameters: Parameters) -> Json:
        """Add a phone number to the blacklist. If it is on it, `serwersms_refuses_blacklisted` decides."""
        phone = parameters.phone()
        if self.options.serwersms_refuses_blacklisted and self._is_blacklisted(phone):
            raise SerwerSMSError(1006, "The number is already on the blacklist")
        return {"success": True, "id": self.book.add_to_blacklist(phone)}

    @operation("blacklist/check")
    def check_blacklist(self, parameters: Parameters) -> Json:
        """Return whether a phone number is on the blacklist."""
        return {"exists": self._is_blacklisted(parameters.phone())}

    @operation("blacklist/delete")
    def delete_from_blacklist(self, parameters: Parameters) -> Json:
        """Delete a phone number from the blacklist. If it is not on it, `serwersms_refuses_unlisted` decides."""
        if not self.book.delete_from_blacklist(parameters.phone()) and self.options.serwersms_refuses_unlisted:
            raise SerwerSMSError(1004, "The number is not on the blacklist")
        return {"success": True}

    def opt_out(self, contact_id: int, channels: Iterable[str]) -> None:
        """Add the contact's phone number to the blacklist, if the channels contain "sms". SerwerSMS has no other."""
        if "sms" in channels and (contact := self.book.contact(contact_id)) is not None:
            self.book.add_to_blacklist(contact["phone"])

    def opt_in(self, contact_id: int, channels: Iterable[str]) -> None:
        """Delete the contact's phone number from the blacklist, if the channels contain "sms"."""
        if "sms" in channels and (contact := self.book.contact(contact_id)) is not None:
            self.book.delete_from_blacklist(contact["phone"])

    def _is_blacklisted(self, phone: str) -> bool:
        return self.book.row("SELECT 1 FROM blacklist WHERE vendor = ? AND phone = ?", self.name, phone) is not None

    def _delete(self, ids: list[int], find: Callable[[int], Row | None], delete: Callable[[int], bool]) -> Json:
        """Delete what has these ids. The switch `serwersms_mixed_delete` says what an unknown id in an array does."""
        missing = [id for id in ids if find(id) is None]
        mixed = self.options.serwersms_mixed_delete if len(missing) < len(ids) else "refuse"
        if missing and mixed == "refuse":
            raise SerwerSMSError(1004)
        for id in ids:
            if not delete(id) and mixed == "stop":
                return error_body(1004)  # not raised, since that would restore the ids before this one
        return {"success": True}

    def _contact(self, parameters: Parameters) -> Row:
        contact = self.book.contact(parameters.id())
        if contact is None:
            raise SerwerSMSError(1004)
        return contact

    def _group(self, parameters: Parameters) -> Row:
        group = self.book.group(parameters.id())
        if group is None:
            raise SerwerSMSError(1004)
        return group

    def _existing_group(self, value: object) -> int:
        number = parse_int(value, text=True)
        if number is None or self.book.group(number) is None:
            raise SerwerSMSError(1004, "There is no such group")
        return number

    def _read_groups(self, parameters: Parameters) -> list[int] | None:
        """Return the ids of the groups that were sent: an empty list for "none", None if no group was sent."""
        value = parameters.get("group_id", [])
        if value == []:  # a form cannot send an empty array
            return None
        array = as_array(value)
        if array is None:
            array = [] if value in ("", "none") else [value]
        if self.options.serwersms_unknown_group == "refuse":
            return [self._existing_group(item) for item in array]
        numbers = [parse_int(item, text=True) or 0 for item in array]
        if any(number < 1 for number in numbers):
            raise SerwerSMSError(1006, "group_id must be an id, an array of ids, or none")
        return [number for number in numbers if self.book.group(number) is not None]

    def _page(
        self, parameters: Parameters, columns: str, source: str, order: str, values: list[Any]
    ) -> tuple[list[Row], Callable[[list[Json]], Json]]:
        """Return the database rows of the requested page, and a function that builds the response from its items."""
        size = parameters.at_least_one("limit", self.options.serwersms_page_size)
        number = max(1, parameters.at_least_zero("page"))
        offset = min((number - 1) * size, 2**62)
        pages = max(1, -(-self.book.count(f"SELECT count(*) FROM {source}", *values) // size))
        paged = self.options.serwersms_paging or {"page", "limit"} <= parameters.keys()
        paging = {"paging": {"page": number, "count": pages}} if paged else {}
        query = f"SELECT {columns} FROM {source} ORDER BY {order} LIMIT ? OFFSET ?"
        return self.book.rows(query, *values, size, offset), lambda items: {**paging, "items": items}


def contact_columns(values: dict[str, str]) -> Json:
    """Return a contact's columns in the store. Fields without a value are empty."""
    texts = {name: values.get(name, "") for name in TEXTS}
    email = values.get("email", "")
    return {
        "phone": values["phone"],
        "email": email,
        **{name: texts[name] for name in _OWN_COLUMNS},
        "fields": json.dumps({name: texts[name] for name in _FIELDS}, ensure_ascii=False),
        "haystack": "\n".join((values["phone"], email, *texts.values())).casefold(),
    }


def _format_contact(contact: Row, blacklisted: bool) -> Json:
    """Return a contact as the vendor shows it, keys in the vendor's order."""
    fields = json.loads(contact["fields"])
    return {
        "id": contact["id"],
        **{name: contact[name] or "" for name in ("phone", "email", "company", "first_name", "last_name")},
        **{name: fields.get(name, "") for name in _FIELDS},
        "blacklist": blacklisted,
    }


def _read_values(parameters: Parameters) -> dict[str, str]:
    texts: dict[str, str | None] = {"phone": parameters.phone(), **{name: parameters.text(name, 255) for name in TEXTS}}
    texts["email"] = parameters.email()
    return {name: text for name, text in texts.items() if text is not None}


def _order(parameters: Parameters, columns: dict[str, str], unsorted: str, then: str) -> str:
    sort = parameters.one_of("sort", tuple(columns))
    direction = "DESC" if parameters.one_of("order", ("asc", "desc")) == "desc" else "ASC"
    first = f"{columns[sort]} COLLATE NOCASE {direction}, {unsorted}" if sort else f"{unsorted} {direction}"
    return f"{first}, {then}"
