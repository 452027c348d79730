"""The base of the sandbox's vendors: the class `Vendor` to subclass, and its calls, responses and errors.

`vendors/` holds one module a vendor. Each operation is a method there, under its path.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qsl

import anyio
from starlette.datastructures import Headers, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from .credentials import CREDENTIALS, make_credentials
from .options import Options
from .rate import TokenBucket
from .store import Book, Store

Json = dict[str, Any]
Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a vendor: its operationId in the spec, its methods and paths, and the method that does it."""

    name: str
    methods: tuple[str, ...]
    paths: tuple[str, ...]
    handler: Callable[..., Any]


def operation(*paths: str, methods: tuple[str, ...] = ("POST",)) -> Callable[[Callable[..., Any]], Operation]:
    """Return a decorator that turns a method into an operation. Its operationId is the method's name in camel case."""

    def make(handler: Callable[..., Any]) -> Operation:
        first, *words = handler.__name__.split("_")
        return Operation(first + "".join(word.title() for word in words), methods, paths, handler)

    return make


@dataclass(frozen=True, slots=True)
class Call:
    """One received request with its body. `path` is below the vendor's prefix; `form` has the fields of a form."""

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
class Response:
    """A response that has not been sent yet."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


def json_response(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a response with this value as its JSON body."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(status, body, headers=headers or {})


class VendorError(Exception):
    """The error that ends an operation with the vendor's error response and rolls back what the operation wrote."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


class Vendor(ABC):
    """One vendor's API over one account. A subclass defines the operations.

    Args:
        store: The database, which no other account of the vendor shares.
        options: The switches.
        account: The name of a further account; empty for the vendor's first account.
    """

    name: ClassVar[str]
    operations: ClassVar[tuple[Operation, ...]]

    def __init_subclass__(cls) -> None:
        """Collect the subclass's operations in the order of their definition."""
        cls.operations = tuple(each for each in vars(cls).values() if isinstance(each, Operation))

    def __init__(self, store: Store, options: Options, account: str = "") -> None:
        self.store = store
        self.account = account
        self.book = Book(store, self.name)
        self.restore_credentials()
        self.configure(options)
        self.prepare()

    def configure(self, options: Options) -> None:
        """Apply these switches to all later calls."""
        self.options = options
        rate = options.rates.get(self.name, 0)
        self.limit = TokenBucket(rate, 2 * rate) if rate else None

    @property
    def key(self) -> str:
        """The name by which the sandbox finds this account: its own name, or the vendor's for the first account."""
        return self.account or self.name

    def restore_credentials(self) -> None:
        """Accept the credentials that a new account has, in place of renewed credentials."""
        self.credentials = make_credentials(self.name, self.account) if self.account else dict(CREDENTIALS[self.name])

    def renew_credentials(self, values: Mapping[str, str]) -> None:
        """Accept these new credentials in place of the old ones of the same names."""
        unknown = sorted(set(values) - set(self.credentials))
        if unknown or not all(isinstance(value, str) and value for value in values.values()):  # pyright: ignore
            raise ValueError(f"credentials of {self.name} must be texts with the names {', '.join(self.credentials)}")
        self.credentials |= values

    def prepare(self) -> None:  # noqa: B027 (most vendors need nothing)
        """Store the data that a new account of this vendor has at first. The default stores nothing."""

    def opt_out(self, contact_id: int, channels: Iterable[str]) -> None:
        """Unsubscribe a contact from these channels, as an operator can in the vendor's web panel."""
        self.book.opt_out(contact_id, channels)

    def opt_in(self, contact_id: int, channels: Iterable[str]) -> None:
        """Subscribe a contact to these channels, as an operator can in the vendor's web panel."""
        self.book.opt_in(contact_id, channels)

    def respond(self, call: Call, operation: Operation) -> Response:
        """Run one call in a transaction and return its response, or the vendor's error response."""
        try:
            with self.store.transaction():
                return self.handle(call, operation)
        except VendorError as error:
            return error.response

    def take_permit(self) -> None:
        """Take a permit for one request, or raise `VendorError` (429) if the account's rate limit is exceeded.

        Raises:
            VendorError: The limit is used up.
        """
        wait = self.limit.take(anyio.current_time()) if self.limit else 0
        if wait:
            raise VendorError(self.rate_limit_response(wait))

    def rate_limit_response(self, wait: float | None) -> Response:
        """Return a 429 response that is not JSON, with `wait` seconds in `Retry-After` if given."""
        headers = {} if wait is None else {"retry-after": str(max(1, -int(-wait // 1)))}
        return Response(429, b"Too Many Requests", "text/plain; charset=utf-8", headers)

    @abstractmethod
    def recognizes(self, call: Call) -> bool:
        """Return whether a call has the credentials of this account. A call of no account goes to the first account."""

    @abstractmethod
    def handle(self, call: Call, operation: Operation) -> Response:
        """Authenticate a call, read its parameters and run the operation. May raise `VendorError`."""

    @abstractmethod
    def respond_to_unknown(self, call: Call, status: int) -> Response:
        """Return the error response to a call that matches no operation: 404 for the path, 405 for the method."""


async def read_call(request: Request, path: str) -> Call:
    """Return an ASGI request as a `Call`, after reading its whole body."""
    body = await request.body()
    form: Pairs = []
    content_type = request.headers.get("content-type", "").lower()
    if content_type.startswith("application/x-www-form-urlencoded"):
        form = decode_pairs(body)
    elif content_type.startswith("multipart/form-data"):
        form = await _read_multipart(request)
    query = decode_pairs(request.scope["query_string"])
    return Call(request.method, path, request.path_params, request.headers, query, form, body)


async def _read_multipart(request: Request) -> Pairs:
    try:
        async with request.form(max_fields=100_000) as data:
            texts = [(name, value) for name, value in data.multi_items() if not isinstance(value, UploadFile)]
    except (HTTPException, MultiPartException, LookupError, ValueError):
        return []
    # A body may name a charset that yields halves of surrogate pairs. No database stores those.
    return [(name.encode(errors="replace").decode(), text.encode(errors="replace").decode()) for name, text in texts]


def decode_pairs(text: bytes) -> Pairs:
    """Return the name-value pairs of a query or form, `a=1&b=2`. Bytes that are not UTF-8 become U+FFFD."""
    return parse_qsl(text.decode("latin-1"), keep_blank_values=True, encoding="utf-8", errors="replace")
