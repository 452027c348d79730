"""The fields of contacts and groups in a body: checked, and turned into columns of the store."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from sqlite3 import Row
from typing import Any

from crossbook_sandbox.validation import as_array, as_object, email, seconds_of, whole
from crossbook_sandbox.vendor import Json, Vendor

from .envelope import Invalid
from .inputs import ALL_CONTACTS

_TEXTS = {
    "externalId": "external_id",
    "email": "email",
    "phoneNumber": "phone",
    "firstName": "first_name",
    "lastName": "last_name",
    "companyName": "company",
}


def new_contact(account: Vendor[Any], item: object) -> tuple[Json, list[int]]:
    """Return the columns of a contact to add, and its groups."""
    fields = _object(item, {*_TEXTS, "createdAt", "externalData", "addToGroup"})
    columns = _texts(fields, nullable=False)
    if "createdAt" in fields:
        value = fields["createdAt"]
        seconds = seconds_of(value) if isinstance(value, str) else None
        if seconds is None:
            raise Invalid("createdAt is not a date YYYY-MM-DD HH:MM:SS", "createdAt", value)
        columns["created_at"] = seconds
    if "externalData" in fields:
        columns["fields"] = json.dumps(_external_data(fields), ensure_ascii=False)
    _reachable(columns)
    groups = [_group(account, group) for group in _array(fields, "addToGroup")]
    return columns, [group["id"] for group in groups if group["external_id"] != ALL_CONTACTS]


def contact_changes(item: object, old: Row) -> Json:
    """Return the columns that an update's `data` changes; null empties a text."""
    fields = _object(item, {*_TEXTS, "externalData"}, parameter="data")
    if not fields:
        raise Invalid("data names no field", "data")
    columns = _texts(fields, nullable=True)
    if "externalData" in fields:
        columns["fields"] = json.dumps(json.loads(old["fields"]) | _external_data(fields), ensure_ascii=False)
    _reachable({name: old[name] for name in ("email", "phone")} | columns)
    return columns


def new_group(item: object) -> Json:
    """Return the columns of a group to add."""
    fields = _object(item, {"name", "externalId", "description"})
    columns = {"name": _text(fields, "name"), "external_id": _text(fields, "externalId")}
    if columns["external_id"] == ALL_CONTACTS:
        raise Invalid("This externalId is taken", "externalId", ALL_CONTACTS)
    return columns | _description(fields)


def group_changes(item: object) -> tuple[int, Json]:
    """Return the id of a group to change, and the columns that change."""
    fields = _object(item, {"id", "name", "description"})
    number = whole(fields.get("id"))
    if number is None or number < 1:
        raise Invalid("id is the group's number", "id", fields.get("id"))
    name = {"name": _text(fields, "name")} if "name" in fields else {}
    return number, name | _description(fields)


def _object(item: object, names: set[str], parameter: str = "") -> dict[str, object]:
    fields = as_object(item)
    if fields is None:
        raise Invalid("This is not an object", parameter, item)
    for name in fields:
        if name not in names:
            raise Invalid(f"There is no field {name} to write", name, fields[name])
    return fields


def _texts(fields: dict[str, object], *, nullable: bool) -> Json:
    checks: dict[str, Callable[[str], object]] = {
        "email": lambda value: email(value, 150),
        "phoneNumber": lambda value: len(value) <= 15 and re.fullmatch(r"\+?[0-9]+", value, re.ASCII),
    }
    columns: Json = {}
    for name, column in _TEXTS.items():
        if name in fields:
            value = fields[name]
            if isinstance(value, str):
                if len(value) > 150 or (name in checks and not checks[name](value)):
                    raise Invalid(f"{name} is not valid", name, value)
            elif value is not None or not nullable:
                raise Invalid(f"{name} is a text", name, value)
            columns[column] = value
    return columns


def _reachable(columns: Json) -> None:
    if not columns.get("email") and not columns.get("phone"):
        raise Invalid("A contact has an email or a phoneNumber", "email")


def _external_data(fields: dict[str, object]) -> dict[str, object]:
    data = as_object(fields["externalData"])
    if data is None:
        raise Invalid("externalData is an object", "externalData", fields["externalData"])
    return data


def _array(fields: dict[str, object], name: str) -> list[object]:
    array = as_array(fields.get(name, []))
    if array is None:
        raise Invalid(f"{name} is an array", name, fields[name])
    return array


def _group(account: Vendor[Any], value: object) -> Row:
    number = whole(value)
    if number is None or number < 1:
        raise Invalid("addToGroup holds numbers from 1 on", "addToGroup", value)
    group = account.book.group(number)
    if group is None:
        raise Invalid("There is no such group", "addToGroup", value, 404)
    return group


def _text(fields: dict[str, object], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise Invalid(f"{name} is a text that is not empty", name, value)
    return value


def _description(fields: dict[str, object]) -> Json:
    value = fields.get("description", "")
    if not isinstance(value, str):
        raise Invalid("description is a text", "description", value)
    return {"description": value} if "description" in fields else {}
