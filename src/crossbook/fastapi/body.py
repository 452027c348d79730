"""Read the contacts of an import from a request body, a JSON list or JSON lines, within limits and in pieces."""

from __future__ import annotations

import codecs
import json
import re
from math import isfinite
from typing import Annotated, Any, cast

import anyio.to_thread
from fastapi import Depends, HTTPException, Request
from pydantic import TypeAdapter, ValidationError
from starlette.requests import ClientDisconnect

from crossbook.errors import InvalidInputError, UsageError
from crossbook.fastapi.problems import RequestTooLargeError, to_invalid_input_error
from crossbook.models import Contact

MAX_BYTES = 16 * 1024 * 1024
MAX_ITEMS = 20_000
_MAX_CONTACT = 64 * 1024  # characters
_MAX_VALUES = 1_000  # of one contact
_MEAN_VALUES = 50  # of a contact, over all contacts that a request may have
_MAX_DEPTH = 32
_CHUNK = 64 * 1024  # bytes that are decoded in one step
_MEDIA_TYPES = {
    "application/json": "list",
    "application/x-ndjson": "lines",
    "application/jsonl": "lines",
}
_SPACE = re.compile(r"[ \t\r\n]*")
# A string is one token, so that no bracket inside counts. Its end is optional: else a missing end would make the
# search start again at each quotation mark.
_TOKEN = re.compile(r'"(?:[^"\\]+|\\.)*"?|[\[\]{},]', re.DOTALL)
_CONTACT = TypeAdapter(Contact)


class ContactsBody:
    """The unread contacts of a request body. A handler declares an `ImportBody` parameter and calls `read`.

    FastAPI reads a parameter of type `list[Contact]` whole and builds every model before the handler can count them.
    `read` stops at the first byte, item or error beyond the limits, and decodes in a thread, a piece at a time.
    The body is a JSON list (`application/json`), or JSON lines (`application/x-ndjson`, `application/jsonl`).

    Example:
        ```python
        @app.post("/import", response_class=NDJSON, response_model=Line)
        async def bulk(body: ImportBody, book: Book) -> Response:
            people = await body.read(max_items=5_000)
            return NDJSON(book.contacts.create_many(people))
        ```
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._was_read = False

    async def read(self, *, max_bytes: int = MAX_BYTES, max_items: int = MAX_ITEMS) -> list[Contact]:
        """Read and return all contacts of the body; raise if the body exceeds a limit.

        Args:
            max_bytes: Bytes of the whole body. One contact has 65,536 characters at most.
            max_items: Contacts in the body. One contact has 1,000 values at most, all together have 50 for each contact
                that the body may have, but never less than 1,000.

        Returns:
            The contacts in the order of the body.

        Raises:
            RequestTooLargeError: The body is longer, or has more contacts or values (status 413). The rest is not read.
            InvalidInputError: The content type is wrong, the body is compressed, or a contact is invalid (status 422).
                The message names the location and shows no value.
            UsageError: The body was read before.

        Example:
            ```python
            @app.post("/count")
            async def count(body: ImportBody) -> int:
                return len(await body.read(max_bytes=1_000_000, max_items=1_000))
            ```
        """
        for name, limit in (("max_bytes", max_bytes), ("max_items", max_items)):
            if limit < 1:
                raise ValueError(f"{name} must be at least 1")
        if self._was_read:
            raise UsageError("a body can be read once: keep the contacts that read() returned")
        self._was_read = True
        too_large = RequestTooLargeError(f"the body is longer than {max_bytes:,} bytes: send it in several requests")
        decoder = _Decoder(self._check_headers(), max_items)
        length = self._request.headers.get("content-length", "")
        if length.isdecimal() and float(length) > max_bytes:  # int() refuses 5,000 digits
            raise too_large
        received = 0
        pending = bytearray()
        try:
            async for data in self._request.stream():
                received += len(data)
                if received > max_bytes:
                    raise too_large
                pending += data
                if len(pending) >= _CHUNK:
                    await anyio.to_thread.run_sync(decoder.feed, bytes(pending))
                    pending.clear()
        except ClientDisconnect:
            raise HTTPException(400, "the client disconnected before the end of the body") from None
        await anyio.to_thread.run_sync(decoder.end, bytes(pending))
        return decoder.contacts

    def _check_headers(self) -> str:
        if self._request.headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise InvalidInputError(
                "Content-Encoding must be identity: send the body uncompressed", field="Content-Encoding"
            )
        media_type = self._request.headers.get("content-type", "").partition(";")[0].strip().lower()
        form = _MEDIA_TYPES.get(media_type)
        if form is None:
            raise InvalidInputError(f"Content-Type must be one of {', '.join(_MEDIA_TYPES)}", field="Content-Type")
        return form


async def import_body(request: Request) -> ContactsBody:
    """Return the unread body of the request: the FastAPI dependency of `ImportBody`."""
    return ContactsBody(request)


ImportBody = Annotated[ContactsBody, Depends(import_body)]


def build_request_body() -> dict[str, Any]:
    """Return the OpenAPI `requestBody` object that documents a route with an `ImportBody` parameter."""
    contact = _CONTACT.json_schema()
    schemas = {"list": {"type": "array", "items": contact}, "lines": contact}
    return {
        "required": True,
        "content": {media_type: {"schema": schemas[form]} for media_type, form in _MEDIA_TYPES.items()},
    }


class _Decoder:
    """Decodes the contacts of a request body that arrives in pieces.

    Invariant: a contact is decoded only when the buffer holds more characters than a contact may have, or the end of
    the body. So a contact that cannot be decoded is invalid or too long, and never just incomplete. No part of the body
    is scanned twice, however small its pieces are.
    """

    def __init__(self, form: str, max_items: int) -> None:
        self.contacts: list[Contact] = []
        self._lines = form == "lines"
        self._max_items = max_items
        self._max_values = max(_MAX_VALUES, _MEAN_VALUES * max_items)
        self._values = 0
        self._expected = "item" if self._lines else "["
        self._text = ""
        # The signature ignores a byte order mark.
        self._utf8 = codecs.getincrementaldecoder("utf-8-sig")()
        self._json = json.JSONDecoder(object_pairs_hook=_build_object)

    def feed(self, data: bytes) -> None:
        """Add a piece of the body, and decode the contacts that are certainly complete."""
        self._feed(data, last=False)

    def end(self, data: bytes) -> None:
        """Add the last piece of the body, and decode the contacts that are left."""
        self._feed(data, last=True)
        if not self._lines and self._expected != "end":
            raise InvalidInputError(f"the body must be a JSON list: expected {self._expected} at its end", field="body")

    def _feed(self, data: bytes, *, last: bool) -> None:
        try:
            text = self._text + self._utf8.decode(data, last)
        except UnicodeDecodeError:
            text = None
        if text is None:
            raise InvalidInputError("the body must be text in UTF-8", field="body")
        reserve = 0 if last else _MAX_CONTACT
        at = self._skip(text, 0)
        while len(text) - at > reserve:
            at = self._skip(text, self._step(text, at))
        self._text = text[at:]

    def _skip(self, text: str, at: int) -> int:
        """Skip the white space in `text` from position `at` on, and return the position after it."""
        end = _after(_SPACE, text, at)
        if self._expected == "end of the line" and text.find("\n", at, end) != -1:
            self._expected = "item"
        return end

    def _step(self, text: str, at: int) -> int:
        """Read one bracket, comma or contact that begins at `at`; return the position after it."""
        count = len(self.contacts)
        if self._expected == "end of the line":
            raise self._invalid("must be the only value on its line", count - 1)
        if self._expected.startswith("item") and (self._lines or text[at] not in ",]"):
            end = self._contact(text, at)
            self._expected = "end of the line" if self._lines else ", or ]"
            return end
        if text[at] not in self._expected.split(" or "):
            contacts = "1 contact" if count == 1 else f"{count:,} contacts"
            found = f", found {text[at]}" if text[at] in ",]" else ""
            raise InvalidInputError(
                f"the body must be a JSON list: expected {self._expected} after {contacts}{found}", field="body"
            )
        self._expected = {"[": "item or ]", ",": "item", "]": "end"}[text[at]]
        return at + 1

    def _contact(self, text: str, at: int) -> int:
        index = len(self.contacts)
        if index == self._max_items:
            raise RequestTooLargeError(
                f"the body has more than {self._max_items:,} contacts: send it in several requests"
            )
        # Errors are raised outside of `except`, so that no error keeps a value of the body in its `__context__`.
        reason = None
        value: Any = None
        end = at
        try:
            self._values += _count_values(text, at)
            if self._values > self._max_values:
                raise RequestTooLargeError(
                    f"the body has more than {self._max_values:,} values: send it in several requests"
                )
            value, end = self._json.raw_decode(text, at)
            if end - at > _MAX_CONTACT:
                raise _InvalidContactError(f"must have at most {_MAX_CONTACT:,} characters")
            _check_encodable(value)
        except RequestTooLargeError:
            raise
        except _InvalidContactError as refused:
            reason = str(refused)
        except (ValueError, RecursionError):
            reason = f"must be valid JSON of at most {_MAX_CONTACT:,} characters"
        if reason is not None:
            raise self._invalid(reason, index)
        errors = None
        try:
            self.contacts.append(_CONTACT.validate_python(value))
        except ValidationError as invalid:
            errors = invalid.errors(include_url=False, include_input=False)
        if errors is not None:
            raise to_invalid_input_error(errors, "body", index)
        return end

    def _invalid(self, reason: str, index: int) -> InvalidInputError:
        return InvalidInputError(f"body.{index}: {reason}", field="body")


class _InvalidContactError(ValueError):
    """A contact in the body is invalid. The message gives the reason and quotes no value of the contact."""


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _build_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _InvalidContactError("must not name a key twice")
    return found


def _count_values(text: str, at: int) -> int:
    """Count the JSON values of the contact that begins at `at` without decoding it; raise if there are too many.

    65,536 characters hold 21,000 lists, and each garbage collection visits all lists while it stops all threads.
    A contact that is not closed within those characters is invalid: `json` would build it to the end of the buffer.
    """
    if text[at] not in "[{":
        return 1
    # Each opening bracket and each comma begins a value. So empty lists inside lists count twice.
    values = 0
    depth = 0
    for token in _TOKEN.finditer(text, at, at + _MAX_CONTACT):
        mark = token[0]
        if mark in "[{":
            depth += 1
            values += 1
        elif mark in "]}":
            depth -= 1
            if depth == 0:
                return values
        elif mark == ",":
            values += 1
        if values > _MAX_VALUES:
            raise _InvalidContactError(f"must have at most {_MAX_VALUES:,} values")
        if depth > _MAX_DEPTH:
            raise _InvalidContactError(f"must not be nested deeper than {_MAX_DEPTH} levels")
    raise ValueError


def _check_encodable(value: object) -> None:
    """Raise if a decoded value contains NaN, infinity or half of a surrogate pair, which valid JSON cannot contain."""
    if isinstance(value, str):
        if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            raise _InvalidContactError("must not contain half of a surrogate pair")
    elif isinstance(value, float):
        if not isfinite(value):
            raise _InvalidContactError("must not contain NaN, Infinity or a number above 1.8e308")
    elif isinstance(value, dict):
        for name, each in cast(dict[str, object], value).items():
            _check_encodable(name)
            _check_encodable(each)
    elif isinstance(value, list):
        for each in cast(list[object], value):
            _check_encodable(each)
