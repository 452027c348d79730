"""What core and a transport say to each other: one framed request out, one reply or one failure back."""

from __future__ import annotations

from typing import ClassVar, Literal, Protocol

from crossbook_wire.http import Discreet
from msgspec import Struct

from crossbook.errors import Sent


class Outgoing(Discreet, frozen=True):
    """A framed request, credentials included: it lives for one attempt and shows none of them."""

    method: str
    origin: str  # scheme://host[:port]
    path: str  # what may be shown
    target: bytes  # what goes on the wire: path and query, a token perhaps among it
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    connect_timeout: float
    read_timeout: float
    max_body: int

    told: ClassVar[tuple[str, ...]] = ("method", "origin", "path", "connect_timeout", "read_timeout", "max_body")


class Reply(Discreet, frozen=True):
    """A whole answer, its body already inflated."""

    status: int
    headers: dict[str, str]  # lower-case names
    content: bytes

    told: ClassVar[tuple[str, ...]] = ("status",)


class Failure(Struct, frozen=True):
    """No whole answer. A value and no exception: the frames of an HTTP library hold headers, and with them secrets."""

    kind: Literal["connect", "busy", "lost", "too_large", "encoding"]
    sent: Sent
    cause: str
    status: int | None = None
    why: str = ""  # what stood in the way of a connection, in words that may be shown


class Transport(Protocol):
    """One small protocol, one conformance suite; made when a book is made, opened with it."""

    name: str

    async def send(self, call: Outgoing) -> Reply | Failure: ...

    async def aclose(self) -> None: ...
