"""The envelope round every answer, and the errors in it. Codes but `E-0-004` are inferred."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar
from uuid import uuid4

from crossbook_sandbox.vendor import Json, Refused, Reply, json_reply

Item = TypeVar("Item")

_TITLES = {
    400: ("E-0-001", "Bad request"),
    401: ("E-0-004", "Empty token"),
    404: ("E-0-404", "Not found"),
    405: ("E-0-405", "Method not allowed"),
    422: ("E-1-001", "Validation error"),
    429: ("E-0-429", "Too many requests"),
}


class Invalid(Exception):
    """Refuses one entity of a request.

    Args:
        message: What is wrong, for people.
        parameter: The field that is wrong.
        value: What was sent in it.
        status: 422, or 404 if the entity is not there.
    """

    def __init__(self, message: str, parameter: str = "", value: object = None, status: int = 422) -> None:
        super().__init__(message)
        self.message = message
        self.parameter = parameter
        self.value = value
        self.status = status

    def problem(self, source: str | None = None) -> Json:
        """Return it as an element of `errors`; `source` names the entity."""
        code, title = _TITLES[self.status]
        plain = self.value is None or isinstance(self.value, str | int | float)
        value = self.value if plain else json.dumps(self.value, ensure_ascii=False)
        meta = {"parameter": self.parameter, "value": value, "source": source}
        return {"title": title, "message": self.message, "code": code, "meta": meta}


def envelope(data: list[Any], errors: list[Json], status: int, **headers: str) -> Reply:
    """Return an answer. A success has `data`, a failure `errors`, and only 207 has both."""
    numbers = {"numberOfErrors": len(errors), "numberOfData": len(data)}
    meta = {**numbers, "status": status, "uniqId": uuid4().hex[:10]}
    body: Json = {"meta": meta}
    if data or not errors:
        body["data"] = data
    if errors:
        body["errors"] = errors
    return json_reply(body, status, **headers)


def listed(data: list[Any]) -> Reply:
    """Return a list; an empty one is a 404."""
    return envelope(data, [], 200 if data else 404)


def failure(status: int, message: str, parameter: str = "", value: object = None) -> Reply:
    """Return an answer that is one error."""
    return envelope([], [Invalid(message, parameter, value, status).problem()], status)


def refuse(status: int, message: str, parameter: str = "", value: object = None) -> Refused:
    """Return the exception that answers with one error."""
    return Refused(failure(status, message, parameter, value))


def unauthorized(message: str, *, title: str = "Empty token", code: str = "E-0-004") -> Refused:
    """Return the exception for a missing or wrong key; its `meta` is empty."""
    reply = json_reply({"errors": [{"title": title, "message": message, "code": code}], "meta": {}}, 401)
    return Refused(reply)


def too_many(plain: Reply) -> Reply:
    """Return the answer 429 in the envelope, with the headers of the plain one."""
    return replace(failure(429, "Wait before the next request"), headers=plain.headers)


def bulk(items: Iterable[Item], act: Callable[[Item], list[Json]], source: Callable[[Item], str | None]) -> Reply:
    """Do something with each entity: 200 if all of it was done, 207 if some, else 404 or 422.

    Args:
        items: The entities.
        act: Checks and does one, and returns what it touched; it writes nothing if it raises `Invalid`.
        source: How errors name an entity.
    """
    data: list[Json] = []
    errors: list[Json] = []
    statuses: set[int] = set()
    for item in items:
        try:
            data += act(item)
        except Invalid as invalid:
            errors.append(invalid.problem(source(item)))
            statuses.add(invalid.status)
    if not errors:
        return envelope(data, [], 200)
    return envelope(data, errors, 207 if data else max(statuses))
