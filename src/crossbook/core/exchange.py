"""What core and a transport say to each other: one framed request out, one reply or one failure back."""

from __future__ import annotations

from typing import Literal, Protocol

from attrs import define, field

from crossbook.errors import Sent


@define
class Outgoing:
    """A framed request, credentials included: it lives for one attempt and shows none of them."""

    method: str
    origin: str  # scheme://host[:port]
    path: str  # what may be shown
    target: bytes = field(repr=False)  # what goes on the wire: path and query, a token perhaps among it
    headers: tuple[tuple[bytes, bytes], ...] = field(repr=False)
    body: bytes = field(repr=False)
    connect_timeout: float
    read_timeout: float
    max_body: int


@define
class Reply:
    """A whole answer, its body already inflated."""

    status: int
    headers: dict[str, str] = field(repr=False)  # lower-case names
    content: bytes = field(repr=False)


@define
class Failure:
    """No whole answer. A value and no exception: the frames of an HTTP library hold headers, and with them secrets."""

    kind: Literal["connect", "busy", "lost", "too_large", "encoding"]
    sent: Sent
    cause: str
    status: int | None = None


class Transport(Protocol):
    """One small protocol, one conformance suite; made when a book is made, opened with it."""

    name: str

    async def send(self, call: Outgoing) -> Reply | Failure: ...

    async def aclose(self) -> None: ...
