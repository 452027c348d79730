"""From a request to the bytes that leave: the base URL before it, the credentials attached last, to a copy."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import ClassVar, Literal, Protocol
from urllib.parse import urlsplit

from crossbook_wire.http import Discreet, Request
from msgspec import Struct

from crossbook._http.options import Options
from crossbook.errors import InvalidInputError, Sent

# What core and a transport say to each other: one framed request out, one reply or one failure back.


class PreparedRequest(Discreet, frozen=True):
    """A framed request, credentials included: it lives for one attempt and shows none of them."""

    method: str
    origin: str  # scheme://host[:port]
    path: str  # what may be shown
    target: bytes  # what goes on the wire: path and query, a token perhaps among it
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    connect_timeout: float
    read_timeout: float
    max_response_bytes: int

    told: ClassVar[tuple[str, ...]] = (
        "method",
        "origin",
        "path",
        "connect_timeout",
        "read_timeout",
        "max_response_bytes",
    )


class TransportResponse(Discreet, frozen=True):
    """A whole answer, its body already inflated."""

    status: int
    headers: dict[str, str]  # lower-case names
    content: bytes

    told: ClassVar[tuple[str, ...]] = ("status",)


class TransportFailure(Struct, frozen=True):
    """No whole answer. A value and no exception: the frames of an HTTP library hold headers, and with them secrets."""

    kind: Literal["connect", "busy", "lost", "too_large", "encoding"]
    sent: Sent
    cause: str
    status: int | None = None
    why: str = ""  # what stood in the way of a connection, in words that may be shown


class Transport(Protocol):
    """One small protocol, one conformance suite; made when a book is made, opened with it."""

    name: str

    async def send(self, call: PreparedRequest) -> TransportResponse | TransportFailure: ...

    async def aclose(self) -> None: ...


_HEADERS = (
    (b"Accept", b"application/json"),
    # Only what can be inflated with a cap is asked for.
    (b"Accept-Encoding", b"gzip"),
    (b"User-Agent", b"crossbook"),
)
# What a path of ours may look like. No dot segment, and nothing encoded: servers that decode a slash, a backslash or
# a dot before they route would read another route, and no id of any vendor needs it.
_PATH = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]+)+")
_URL = re.compile(r"[!-~]+")


class Attachment(Discreet, frozen=True):
    """Credentials for one attempt: headers, members of a JSON body, a piece of the query; and the values themselves."""

    headers: tuple[tuple[bytes, bytes], ...] = ()
    members: bytes = b""
    query: str = ""
    secrets: tuple[str, ...] = ()

    def __reduce__(self) -> str:
        raise TypeError("credentials cannot be pickled: make the book anew where it is needed")


class BaseUrl(Struct, frozen=True):
    """A base URL, taken apart once."""

    origin: str
    host: str
    prefix: str

    @classmethod
    def parse(cls, url: str, *, allow_http: bool) -> BaseUrl:
        try:
            parts = urlsplit(url.strip())
            parts.port  # noqa: B018  (checked when it is read)
        except (ValueError, AttributeError):
            # From None, and without its message: that quotes the host, and a password before it.
            raise InvalidInputError("base_url is no URL", field="base_url") from None
        if parts.scheme not in ("http", "https") or not parts.hostname or not _URL.fullmatch(parts.netloc + parts.path):
            raise InvalidInputError("base_url must begin with https:// and name a host", field="base_url")
        if "@" in parts.netloc or parts.query or parts.fragment:  # also an empty user: `https://@host`
            raise InvalidInputError(
                "base_url takes a host and a path only: no user, query or fragment", field="base_url"
            )
        if parts.scheme == "http" and not (allow_http or _is_loopback(parts.hostname)):
            raise InvalidInputError(
                "base_url must be https, or credentials would travel in clear; allow_http=True overrides this",
                field="base_url",
            )
        return cls(f"{parts.scheme}://{parts.netloc}", parts.hostname, parts.path.rstrip("/"))


def _is_loopback(host: str) -> bool:
    """Whether a host is this machine by its text alone: a name such as `x.localhost` is resolved by DNS somewhere."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


@lru_cache(1024)
def _is_path(path: str) -> bool:
    return _PATH.fullmatch(path) is not None


def outgoing(
    request: Request, base: BaseUrl, attachment: Attachment, options: Options, left: float, cap: int
) -> PreparedRequest:
    """The request as it leaves; InvalidInputError if its path could be read as another route."""
    if not _is_path(request.path):
        raise InvalidInputError("this id cannot be put into a path", operation=request.operation, field="id")
    path, left = base.prefix + request.path, max(0.001, left)
    query = request.query or attachment.query
    if request.query and attachment.query:
        query = f"{query}&{attachment.query}"
    headers = _HEADERS + attachment.headers
    body = request.body
    if attachment.members:
        body = b"{" + attachment.members + (b"," + body[1:] if len(body) > 2 else b"}")
    if request.content_type is not None:
        headers += ((b"Content-Type", request.content_type.encode()),)
    # The time to connect is over before the call's is, so that a connection that hangs is known for what it is: nothing
    # left.
    return PreparedRequest(
        request.method, base.origin, path, (f"{path}?{query}" if query else path).encode("ascii"), headers, body,
        min(options.connect_timeout, 0.9 * left), min(options.read_timeout, left), cap,
    )  # fmt: skip
