"""What a vendor is to the server: a table of operations, and an answer to each call of one."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar
from urllib.parse import parse_qsl

import anyio
from starlette.datastructures import Headers, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from .book import Book
from .credentials import CREDENTIALS
from .options import Options
from .rate import TokenBucket
from .store import Store

Json = dict[str, Any]
Pairs = list[tuple[str, str]]
H = TypeVar("H")


@dataclass(frozen=True, slots=True)
class Operation(Generic[H]):
    """One row of a vendor's table: the operation's name, where it lives, and what does it."""

    name: str
    methods: tuple[str, ...]
    paths: tuple[str, ...]
    handler: H


@dataclass(frozen=True, slots=True)
class Call:
    """A request that has arrived whole. `path` is below the vendor's prefix; `form` holds a form body's fields."""

    method: str
    path: str
    path_params: Mapping[str, str]
    headers: Headers
    query: Pairs
    form: Pairs
    body: bytes

    @property
    def media_type(self) -> str:
        """The content type without its parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that has not left yet."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


def json_reply(value: object, status: int = 200, **headers: str) -> Reply:
    """Return a JSON answer; a header's name is written with underscores."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Reply(status, body, headers={name.replace("_", "-"): text for name, text in headers.items()})


class Refused(Exception):
    """Ends an operation with the vendor's error; nothing that it did is kept."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


class Vendor(ABC, Generic[H]):
    """One vendor's dialect over one account.

    Args:
        store: The database.
        options: The switches.
    """

    name: ClassVar[str]
    operations: Sequence[Operation[H]]

    def __init__(self, store: Store, options: Options) -> None:
        self.store = store
        self.book = Book(store, self.name)
        self.credentials = dict(CREDENTIALS[self.name])
        self.configure(options)
        self.prepare()

    def configure(self, options: Options) -> None:
        """Obey these switches from now on."""
        self.options = options
        rate = options.rates.get(self.name, 0)
        self.limit = TokenBucket(rate, 2 * rate) if rate else None

    def renew(self, values: Mapping[str, str]) -> None:
        """Accept these credentials from now on in the place of those of the same names."""
        unknown = sorted(set(values) - set(self.credentials))
        if unknown or not all(isinstance(value, str) and value for value in values.values()):  # pyright: ignore
            raise ValueError(f"credentials of {self.name} are texts named {', '.join(self.credentials)}")
        self.credentials |= values

    def prepare(self) -> None:
        """Put into an empty account what a fresh one of this vendor has."""

    def answer(self, call: Call, operation: Operation[H]) -> Reply:
        """Do what a call asks, or say in the vendor's way why not."""
        try:
            with self.store.transaction():
                return self.perform(call, operation)
        except Refused as refused:
            return refused.reply

    def admit(self) -> None:
        """Take one request from the account's rate limit.

        Raises:
            Refused: The limit is used up.
        """
        wait = self.limit.take(anyio.current_time()) if self.limit else 0
        if wait:
            raise Refused(self.too_many(wait))

    def too_many(self, wait: float | None) -> Reply:
        """Return the answer 429; `wait` seconds are named if given. Undocumented, so it is not even JSON."""
        headers = {} if wait is None else {"retry-after": str(max(1, -int(-wait // 1)))}
        return Reply(429, b"Too Many Requests", "text/plain; charset=utf-8", headers)

    @abstractmethod
    def perform(self, call: Call, operation: Operation[H]) -> Reply:
        """Authenticate a call, read its parameters, do it. May raise Refused."""

    @abstractmethod
    def stray(self, call: Call, status: int) -> Reply:
        """Answer a call that is no operation: 404 for the path, 405 for the method."""


async def read_call(request: Request, path: str) -> Call:
    """Read a request to its end."""
    body = await request.body()
    headers = request.headers
    form: Pairs = []
    content_type = headers.get("content-type", "").lower()
    if content_type.startswith("application/x-www-form-urlencoded"):
        form = pairs(body)
    elif content_type.startswith("multipart/form-data"):
        form = await _multipart(request)
    return Call(
        method=request.method,
        path=path,
        path_params=request.path_params,
        headers=headers,
        query=pairs(request.scope["query_string"]),
        form=form,
        body=body,
    )


async def _multipart(request: Request) -> Pairs:
    try:
        async with request.form(max_fields=100_000) as data:
            texts = [(name, value) for name, value in data.multi_items() if not isinstance(value, UploadFile)]
    except (HTTPException, MultiPartException, LookupError, ValueError):
        return []
    # A body may name a charset that yields halves of surrogate pairs, which no database takes.
    return [(name.encode(errors="replace").decode(), text.encode(errors="replace").decode()) for name, text in texts]


def pairs(text: bytes) -> Pairs:
    """Decode `a=1&b=2`; bytes that are no UTF-8 become U+FFFD."""
    return parse_qsl(text.decode("latin-1"), keep_blank_values=True, encoding="utf-8", errors="replace")
