"""Prepare a request for a transport: base URL in front, credentials last. Define what a transport takes and returns."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from math import inf
from typing import ClassVar, Literal, Protocol
from urllib.parse import urlsplit

from crossbook_wire.http import Redacted, Request
from msgspec import Struct, UnsetType

from crossbook.errors import InvalidInputError, Sent

_HEADERS = (
    (b"Accept", b"application/json"),
    (b"Accept-Encoding", b"gzip"),  # the only encoding that `ResponseBody` decompresses
    (b"User-Agent", b"crossbook"),
)
# Paths without dot segments. Only those characters may be encoded that RFC 3986 also allows as they are in a segment
# (an e-mail address has a %40), except the semicolon: decoding them never changes the route. A server that decodes a
# slash, a backslash or a dot before it routes would find another route, and no id of any vendor needs one.
_ENCODED = "%(?:21|24|26|27|28|29|2A|2B|2C|3A|3D|40)"  # ! $ & ' ( ) * + , : = @
_PATH = re.compile(rf"(?:/(?!\.{{1,2}}(?:/|$))(?:[A-Za-z0-9._~-]|{_ENCODED})+)+")
_ENCODED_SEGMENT = re.compile(r"[^/]*%[^/]*")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")
_URL = re.compile(r"[!-~]+")


class PreparedRequest(Redacted, frozen=True):
    """A request with its credentials, ready for one attempt. Its repr hides the body and the credentials."""

    method: str
    origin: str  # scheme://host[:port]
    path: str  # for logs and errors: a segment with encoded characters, which may be an e-mail address, is `***`
    target: bytes  # path and query as they are sent; the query may have a token
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    connect_timeout: float
    read_timeout: float
    max_response_bytes: int
    deadline: float = inf  # by the clock of the event loop

    shown_fields: ClassVar[tuple[str, ...]] = (
        "method",
        "origin",
        "path",
        "connect_timeout",
        "read_timeout",
        "max_response_bytes",
    )


class TransportResponse(Redacted, frozen=True):
    """A complete response as the transport received it: status, headers, decompressed body."""

    status: int
    headers: dict[str, str]  # lower-case names
    content: bytes

    shown_fields: ClassVar[tuple[str, ...]] = ("status",)


class TransportFailure(Struct, frozen=True):
    """The reason why the transport returned no complete response.

    It is a value, since the frames of an exception hold the HTTP library's locals: headers, and with them secrets.
    """

    kind: Literal["connect", "busy", "lost", "too_large", "encoding"]
    sent: Sent
    cause: str  # the name of the library's exception
    status: int | None = None
    why: str = ""  # why the connection failed; has no secret


TIMED_OUT = TransportFailure("lost", "maybe", "deadline")


class Transport(Protocol):
    """The interface of a transport, which sends the prepared requests of one book, and which the book closes."""

    name: str

    async def send(self, request: PreparedRequest, /) -> TransportResponse | TransportFailure:
        """Send the request. At its deadline, whatever hangs, end the request and return `TIMED_OUT`."""
        ...

    async def aclose(self) -> None: ...


class Credentials(Redacted, frozen=True):
    """The credentials that one attempt sends: as headers, as members of the JSON body, or in the query."""

    headers: tuple[tuple[bytes, bytes], ...] = ()
    members: bytes = b""
    query: str = ""
    secrets: tuple[str, ...] = ()  # the plain values, to be masked in what the vendor returns

    def __reduce__(self) -> str:
        raise TypeError("credentials cannot be pickled: make a new book in each process")


class BaseUrl(Struct, frozen=True):
    """The base URL of a vendor's API, split into origin and path."""

    origin: str
    host: str
    prefix: str

    @classmethod
    def parse(cls, url: str, *, allow_http: bool) -> BaseUrl:
        """Split the URL into its parts. Raise InvalidInputError if credentials cannot be sent to it safely."""
        try:
            parts = urlsplit(url.strip())
            parts.port  # noqa: B018  (checked when it is read)
        except (ValueError, AttributeError):
            # The message of urlsplit quotes the host, and a password in front of it.
            raise InvalidInputError("base_url is not a URL: expected https://host/path", field="base_url") from None
        if parts.scheme not in ("http", "https") or not parts.hostname or not _URL.fullmatch(parts.netloc + parts.path):
            raise InvalidInputError("base_url must begin with https:// and name a host", field="base_url")
        if "@" in parts.netloc or parts.query or parts.fragment:  # also an empty user: `https://@host`
            raise InvalidInputError(
                "base_url takes a host and a path only: no user, query or fragment", field="base_url"
            )
        if parts.scheme == "http" and not (allow_http or _is_loopback(parts.hostname)):
            raise InvalidInputError(
                "base_url must be https, so that credentials are encrypted; allow_http=True overrides this",
                field="base_url",
            )
        return cls(f"{parts.scheme}://{parts.netloc}", parts.hostname, parts.path.rstrip("/"))


def _is_loopback(host: str) -> bool:
    """Return whether the host is certainly this machine. A name such as `x.localhost` is not, since DNS resolves it."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


@lru_cache(1024)
def is_path(path: str) -> bool:
    """Return whether a percent-encoded path certainly leads to the route that it names."""
    return _PATH.fullmatch(path) is not None


def choose_seconds(option: float | UnsetType, of_operation: float) -> float:
    """Return a time-out in seconds: the caller's option or, if that is not set, the time-out of the operation."""
    return of_operation if isinstance(option, UnsetType) else option


def prepare_request(
    request: Request,
    base: BaseUrl,
    credentials: Credentials,
    connect_timeout: float,
    read_timeout: float,
    left: float,
    max_response_bytes: int,
    deadline: float = inf,
) -> PreparedRequest:
    """Return a request with credentials added.

    Args:
        connect_timeout, read_timeout: seconds; at most as long as the call has time.
        left: seconds until the deadline of the call.
        max_response_bytes: the largest size of the response.
        deadline: of the call, by the clock of the event loop.

    Raises:
        InvalidInputError: the request's path could reach another route, or a header cannot be sent.
    """
    if not is_path(request.path):
        raise InvalidInputError(
            "invalid id: expected letters, digits and . _ ~ - ! $ & ' ( ) * + , : = @ only",
            operation=request.operation, field="id",
        )  # fmt: skip
    path = shown_path = base.prefix + request.path
    if "%" in request.path:
        shown_path = base.prefix + _ENCODED_SEGMENT.sub("***", request.path)
    query = request.query or credentials.query
    if request.query and credentials.query:
        query = f"{query}&{credentials.query}"
    headers = _HEADERS + credentials.headers
    if request.headers:
        headers += _encode_headers(request)
    body, content_type = request.body, request.content_type
    if credentials.members:
        if body and not body.startswith(b"{"):
            raise InvalidInputError(
                "the credentials are members of the body: pass an object as the body",
                operation=request.operation, field="json",
            )  # fmt: skip
        content_type = content_type or "application/json"
        body = b"{" + credentials.members + (b"," + body[1:] if len(body) > 2 else b"}")
    if content_type is not None:
        headers += ((b"Content-Type", content_type.encode()),)
    left = max(0.001, left)
    target = (f"{path}?{query}" if query else path).encode("ascii")
    # Connecting times out before the call does, so that the error says that the request never left.
    connect_timeout, read_timeout = min(connect_timeout, 0.9 * left), min(read_timeout, left)
    return PreparedRequest(
        request.method,
        base.origin,
        shown_path,
        target,
        headers,
        body,
        connect_timeout,
        read_timeout,
        max_response_bytes,
        deadline,
    )


def _encode_headers(request: Request) -> tuple[tuple[bytes, bytes], ...]:
    for name, value in request.headers:
        if not _HEADER_VALUE.fullmatch(value) or value != value.strip():
            raise InvalidInputError(
                f"invalid value of the header {name}: expected visible ASCII characters, and spaces between them",
                operation=request.operation, field=name,
            )  # fmt: skip
    return tuple((name.encode("ascii"), value.encode("ascii")) for name, value in request.headers)
