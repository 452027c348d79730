"""Vercom's envelope for every response, and its errors. All codes except `E-0-004` are inferred."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar
from uuid import uuid4

from crossbook_sandbox.vendor import Json, Response, VendorError, json_response

Item = TypeVar("Item")

_CODES = {
    400: ("E-0-001", "Bad request"),
    401: ("E-0-004", "Empty token"),
    404: ("E-0-404", "Not found"),
    405: ("E-0-405", "Method not allowed"),
    422: ("E-1-001", "Validation error"),
    429: ("E-0-429", "Too many requests"),
}


def envelope(data: list[Any], errors: list[Json], status: int, headers: Mapping[str, str] | None = None) -> Response:
    """Return a response in Vercom's envelope: `data` for success, `errors` for failure, both for 207 only."""
    numbers = {"numberOfErrors": len(errors), "numberOfData": len(data)}
    body: Json = {"meta": {**numbers, "status": status, "uniqId": uuid4().hex[:10]}}
    if data or not errors:
        body["data"] = data
    if errors:
        body["errors"] = errors
    return json_response(body, status, headers)


def without_error_meta(response: Response) -> Response:
    """Return the response without `meta` in its errors, so that no error names an item."""
    body = json.loads(response.body)
    if not body.get("errors"):
        return response
    for error in body["errors"]:
        error.pop("meta", None)
    return json_response(body, response.status, response.headers)


def list_response(data: list[Any]) -> Response:
    """Return the response of a list. An empty list is a 404."""
    return envelope(data, [], 200 if data else 404)


class VercomError(VendorError):
    """The error that refuses a request, or one entity of a bulk request.

    Args:
        status: 422, or 404 if the entity does not exist, or another status of the whole request.
        message: The vendor's message.
        parameter: The wrong field.
        value: What was sent in it.
    """

    def __init__(self, status: int, message: str, parameter: str = "", value: object = None) -> None:
        self.status = status
        self.message = message
        self.parameter = parameter
        self.value = value
        super().__init__(envelope([], [self.to_json(None)], status))

    def to_json(self, source: str | None) -> Json:
        """Return the error as a member of the envelope's `errors`. `source` names the refused entity."""
        code, title = _CODES[self.status]
        is_plain = self.value is None or isinstance(self.value, str | int | float)
        value = self.value if is_plain else json.dumps(self.value, ensure_ascii=False)
        meta = {"parameter": self.parameter, "value": value, "source": source}
        return {"title": title, "message": self.message, "code": code, "meta": meta}


class UnauthorizedError(VendorError):
    """The error that refuses a request whose key is missing or wrong; its response has an empty `meta`."""

    def __init__(self, message: str, *, title: str = "Empty token", code: str = "E-0-004") -> None:
        super().__init__(
            json_response({"errors": [{"title": title, "message": message, "code": code}], "meta": {}}, 401)
        )


def bulk_response(
    items: Iterable[Item], write: Callable[[Item], list[Json]], name_source: Callable[[Item], str | None]
) -> Response:
    """Write each entity of a bulk request; return a response: 200 if all were written, 207 if some, 404 or 422 if none.

    Args:
        items: The entities.
        write: Checks and writes one entity, and returns what it changed. It writes nothing if it raises `VercomError`.
        name_source: Returns the name of an entity in `errors`.
    """
    data: list[Json] = []
    errors: list[Json] = []
    statuses: set[int] = set()
    for item in items:
        try:
            data += write(item)
        except VercomError as error:
            errors.append(error.to_json(name_source(item)))
            statuses.add(error.status)
    if not errors:
        return envelope(data, [], 200)
    return envelope(data, errors, 207 if data else max(statuses))
