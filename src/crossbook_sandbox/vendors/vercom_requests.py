"""Reading a Vercom request: the parameters of its path and query, its body, and the fields of contacts and groups."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from sqlite3 import Row

from crossbook_sandbox.store import Book
from crossbook_sandbox.validation import as_array, as_object, parse_date, parse_email, parse_int, parse_json
from crossbook_sandbox.vendor import Call, Json

from .vercom_responses import VercomError

ALL_CONTACTS = "ALLCONTACTS"
MAX_ITEMS = 1000
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_TEXTS = {
    "externalId": "external_id",
    "email": "email",
    "phoneNumber": "phone",
    "firstName": "first_name",
    "lastName": "last_name",
    "companyName": "company",
}


class Query(dict[str, str]):
    """The parameters of the query, by name. Unknown parameters are ignored."""

    def number(self, name: str, *, minimum: int = 1, maximum: int | None = None) -> int | None:
        """Return this parameter as a whole number within bounds, or None if it was not sent."""
        if name not in self:
            return None
        number = parse_int(self[name], text=True)
        if number is None or number < minimum or (maximum is not None and number > maximum):
            bounds = f"at least {minimum}" + (f" and at most {maximum}" if maximum is not None else "")
            raise VercomError(422, f"{name} must be a whole number, {bounds}", name, self[name])
        return number

    def boolean(self, name: str) -> bool | None:
        """Return this parameter as a boolean, or None if it was not sent."""
        if name not in self:
            return None
        value = _BOOLEANS.get(self[name].lower())
        if value is None:
            raise VercomError(422, f"{name} must be true or false", name, self[name])
        return value

    def date(self, name: str) -> int | None:
        """Return this date parameter in unix seconds, or None if the parameter was not sent."""
        if name not in self:
            return None
        seconds = parse_date(self[name])
        if seconds is None:
            raise VercomError(422, f"{name} must be a date YYYY-MM-DD HH:MM:SS", name, self[name])
        return seconds

    def full_date(self) -> bool:
        """Return whether the response shows dates as text."""
        return self.number("getFullDate", minimum=0, maximum=1) == 1

    def page(self) -> tuple[int, int]:
        """Return the page's limit and offset, or their defaults."""
        return self.number("limit", maximum=1000) or 100, self.number("offset", minimum=0) or 0

    def order(self, alias: str) -> str:
        """Return the requested sorting as the SQL of an ORDER BY."""
        columns = {"id": f"{alias}.id", "createdAt": f"{alias}.created_at"}
        sort, direction = self.get("orderBy", "id"), self.get("orderDirection", "DESC")
        if sort not in columns:
            raise VercomError(422, "orderBy must be id or createdAt", "orderBy", sort)
        if direction not in ("ASC", "DESC"):
            raise VercomError(422, "orderDirection must be ASC or DESC", "orderDirection", direction)
        return f"{columns[sort]} {direction}, {alias}.id {direction}"


def read_path_id(call: Call, name: str) -> int:
    """Return an id from the path."""
    number = parse_int(call.path_params[name], text=True)
    if number is None or number < 0:
        raise VercomError(422, f"{name} must be an id: a whole number", name, call.path_params[name])
    return number


def read_items(call: Call, *, bare: bool = False) -> list[object]:
    """Return the items of a body that is an array of 1 to 1,000 items or, if `bare` is allowed, one object."""
    body = _read_body(call)
    return [body] if bare and as_object(body) is not None else _check_size(body, "body")


def read_ids(call: Call) -> list[int]:
    """Return the ids of a body `{"id":[…]}`, without duplicates."""
    body = as_object(_read_body(call))
    if body is None or set(body) != {"id"}:
        raise VercomError(422, 'The body must be {"id": […]}', "id")
    ids: dict[int, None] = {}
    for item in _check_size(body["id"], "id"):
        number = parse_int(item)
        if number is None or number < 1:
            raise VercomError(422, "id must be an array of whole numbers, at least 1", "id", item)
        ids[number] = None
    return list(ids)


def _read_body(call: Call) -> object:
    try:
        if call.media_type != "application/json":
            raise ValueError
        return parse_json(call.body)
    except ValueError:
        raise VercomError(400, "Empty request") from None


def _check_size(value: object, name: str) -> list[object]:
    array = as_array(value)
    if array is None or not 1 <= len(array) <= MAX_ITEMS:
        raise VercomError(422, f"{name} must be an array of 1 to {MAX_ITEMS} items", name)
    return array


def read_new_contact(book: Book, item: object) -> tuple[Json, list[int]]:
    """Return the columns of a new contact, and its groups."""
    fields = _read_object(item, {*_TEXTS, "createdAt", "externalData", "addToGroup"})
    columns = _read_texts(fields, nullable=False) | _read_created_at(fields)
    if "externalData" in fields:
        columns["fields"] = json.dumps(_read_external_data(fields), ensure_ascii=False)
    _check_reachable(columns)
    array = as_array(fields.get("addToGroup", []))
    if array is None:
        raise VercomError(422, "addToGroup must be an array", "addToGroup", fields["addToGroup"])
    groups = [_read_group(book, group) for group in array]
    return columns, [group["id"] for group in groups if group["external_id"] != ALL_CONTACTS]


def read_contact_changes(item: object, old: Row) -> Json:
    """Return the columns that an update's `data` changes. Null empties a text."""
    fields = _read_object(item, {*_TEXTS, "createdAt", "externalData"}, parameter="data")
    if not fields:
        raise VercomError(422, "data must have at least one field", "data")
    columns = _read_texts(fields, nullable=True) | _read_created_at(fields)
    if "externalData" in fields:
        columns["fields"] = json.dumps(json.loads(old["fields"]) | _read_external_data(fields), ensure_ascii=False)
    _check_reachable({name: old[name] for name in ("email", "phone")} | columns)
    return columns


def read_new_group(item: object) -> Json:
    """Return the columns of a new group."""
    fields = _read_object(item, {"name", "externalId", "description"})
    columns = {"name": _read_text(fields, "name"), "external_id": _read_text(fields, "externalId")}
    if columns["external_id"] == ALL_CONTACTS:
        raise VercomError(422, "Another group has this externalId", "externalId", ALL_CONTACTS)
    return columns | _read_description(fields)


def read_group_changes(item: object) -> tuple[int, Json]:
    """Return the id of the group that an update names, and the columns that the update changes."""
    fields = _read_object(item, {"id", "name", "description"})
    number = parse_int(fields.get("id"))
    if number is None or number < 1:
        raise VercomError(422, "id must be the group's number", "id", fields.get("id"))
    name = {"name": _read_text(fields, "name")} if "name" in fields else {}
    return number, name | _read_description(fields)


def _read_object(item: object, names: set[str], parameter: str = "") -> dict[str, object]:
    fields = as_object(item)
    if fields is None:
        raise VercomError(422, "The item must be a JSON object", parameter, item)
    for name in fields:
        if name not in names:
            raise VercomError(422, f"{name} is not a field that can be written", name, fields[name])
    return fields


def _read_texts(fields: dict[str, object], *, nullable: bool) -> Json:
    checks: dict[str, Callable[[str], object]] = {
        "email": lambda value: parse_email(value, 150),
        "phoneNumber": lambda value: len(value) <= 15 and re.fullmatch(r"\+?[0-9]+", value, re.ASCII),
    }
    columns: Json = {}
    for name, column in _TEXTS.items():
        if name in fields:
            value = fields[name]
            if isinstance(value, str):
                if len(value) > 150 or (name in checks and not checks[name](value)):
                    raise VercomError(422, f"{name} is not valid", name, value)
            elif value is not None or not nullable:
                raise VercomError(422, f"{name} must be a text", name, value)
            columns[column] = value
    return columns


def _read_created_at(fields: dict[str, object]) -> Json:
    if "createdAt" not in fields:
        return {}
    value = fields["createdAt"]
    seconds = parse_date(value) if isinstance(value, str) else None
    if seconds is None:
        raise VercomError(422, "createdAt must be a date YYYY-MM-DD HH:MM:SS", "createdAt", value)
    return {"created_at": seconds}


def _check_reachable(columns: Json) -> None:
    if not columns.get("email") and not columns.get("phone"):
        raise VercomError(422, "A contact must have an email or a phoneNumber", "email")


def _read_external_data(fields: dict[str, object]) -> dict[str, object]:
    data = as_object(fields["externalData"])
    if data is None:
        raise VercomError(422, "externalData must be an object", "externalData", fields["externalData"])
    return data


def _read_group(book: Book, value: object) -> Row:
    number = parse_int(value)
    if number is None or number < 1:
        raise VercomError(422, "addToGroup must hold whole numbers, at least 1", "addToGroup", value)
    group = book.group(number)
    if group is None:
        raise VercomError(404, "There is no such group", "addToGroup", value)
    return group


def _read_text(fields: dict[str, object], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise VercomError(422, f"{name} must be a text that is not empty", name, value)
    return value


def _read_description(fields: dict[str, object]) -> Json:
    value = fields.get("description", "")
    if not isinstance(value, str):
        raise VercomError(422, "description must be a text", "description", value)
    return {"description": value} if "description" in fields else {}
