"""What comes in a query, a path or a body, and how each kind of it is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crossbook_sandbox.validation import as_array, as_object, parse_json, seconds_of, whole
from crossbook_sandbox.vendor import Call, Reply, Vendor

from .envelope import refuse

ALL_CONTACTS = "ALLCONTACTS"
MOST_ITEMS = 1000
_FLAGS = {"true": True, "1": True, "false": False, "0": False}
Handler = Callable[[Vendor[Any], Call], Reply]


class Query(dict[str, str]):
    """The parameters of the query, by name; what is not asked for is ignored."""

    def number(self, name: str, *, least: int = 1, most: int | None = None) -> int | None:
        """Return a number between two bounds, or None if it was not sent."""
        if name not in self:
            return None
        number = whole(self[name], text=True)
        if number is None or number < least or (most is not None and number > most):
            raise refuse(422, f"{name} is not a number from {least} to {most or 'any'}", name, self[name])
        return number

    def flag(self, name: str) -> bool | None:
        """Return a truth value, or None if it was not sent."""
        if name not in self:
            return None
        flag = _FLAGS.get(self[name].lower())
        if flag is None:
            raise refuse(422, f"{name} is true or false", name, self[name])
        return flag

    def date(self, name: str) -> int | None:
        """Return a date in unix seconds, or None if it was not sent."""
        if name not in self:
            return None
        seconds = seconds_of(self[name])
        if seconds is None:
            raise refuse(422, f"{name} is not a date YYYY-MM-DD HH:MM:SS", name, self[name])
        return seconds

    def full_date(self) -> bool:
        """Tell whether dates are to be shown as text."""
        return self.number("getFullDate", least=0, most=1) == 1

    def page(self) -> tuple[int, int]:
        """Return limit and offset."""
        return self.number("limit", most=1000) or 100, self.number("offset", least=0) or 0

    def order(self, alias: str) -> str:
        """Return the sorting as SQL."""
        columns = {"id": f"{alias}.id", "createdAt": f"{alias}.created_at"}
        directions = {"ASC": "ASC", "DESC": "DESC"}
        sort, direction = self.get("orderBy", "id"), self.get("orderDirection", "DESC")
        if sort not in columns:
            raise refuse(422, "orderBy is id or createdAt", "orderBy", sort)
        if direction not in directions:
            raise refuse(422, "orderDirection is ASC or DESC", "orderDirection", direction)
        return f"{columns[sort]} {directions[direction]}, {alias}.id {directions[direction]}"


def path_id(call: Call, name: str) -> int:
    """Return an id from the path."""
    number = whole(call.path_params[name], text=True)
    if number is None or number < 0:
        raise refuse(422, f"{name} is not an id", name, call.path_params[name])
    return number


def body_array(call: Call) -> list[object]:
    """Return a body that is an array of 1 to 1000 items."""
    return _bounded(_body(call), "body")


def body_ids(call: Call) -> list[int]:
    """Return the ids of a body `{"id":[…]}`, each once."""
    body = as_object(_body(call))
    if body is None or set(body) != {"id"}:
        raise refuse(422, 'The body is {"id": […]}', "id")
    ids: dict[int, None] = {}
    for item in _bounded(body["id"], "id"):
        number = whole(item)
        if number is None or number < 1:
            raise refuse(422, "id is an array of numbers from 1 on", "id", item)
        ids[number] = None
    return list(ids)


def _body(call: Call) -> object:
    try:
        if call.media_type != "application/json":
            raise ValueError
        return parse_json(call.body)
    except ValueError:
        raise refuse(400, "The body is not JSON") from None


def _bounded(value: object, name: str) -> list[object]:
    array = as_array(value)
    if array is None or not 1 <= len(array) <= MOST_ITEMS:
        raise refuse(422, f"{name} is not an array of 1 to {MOST_ITEMS} items", name)
    return array
