"""Framed requests, as core hands them to a transport: with time enough, but where a test says otherwise."""

from __future__ import annotations

from collections.abc import Callable

from server import LONGEST

from crossbook._http.request import Failure, Outgoing, Reply, Transport

Make = Callable[..., Transport]


def call(
    origin: str,
    target: bytes = b"/things",
    *,
    method: str = "GET",
    headers: tuple[tuple[bytes, bytes], ...] = ((b"Accept", b"application/json"), (b"Accept-Encoding", b"gzip")),
    body: bytes = b"",
    connect_timeout: float = LONGEST,
    read_timeout: float = LONGEST,
    max_body: int = 1 << 20,
) -> Outgoing:
    """A framed request."""
    path = target.partition(b"?")[0].decode()
    return Outgoing(method, origin, path, target, headers, body, connect_timeout, read_timeout, max_body)


def answered(outcome: Reply | Failure) -> Reply:
    assert isinstance(outcome, Reply), outcome
    return outcome


def failed(outcome: Reply | Failure) -> Failure:
    assert isinstance(outcome, Failure), outcome
    return outcome
