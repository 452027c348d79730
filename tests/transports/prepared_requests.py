"""Prepared requests for a transport, with long time-outs by default."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from server import LONGEST

from crossbook._http.request import PreparedRequest, Transport, TransportFailure, TransportResponse

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
    max_response_bytes: int = 1 << 20,
    deadline: float = inf,
) -> PreparedRequest:
    """Return a prepared request."""
    path = target.partition(b"?")[0].decode()
    return PreparedRequest(
        method, origin, path, target, headers, body, connect_timeout, read_timeout, max_response_bytes, deadline
    )


def answered(outcome: TransportResponse | TransportFailure) -> TransportResponse:
    assert isinstance(outcome, TransportResponse), outcome
    return outcome


def failed(outcome: TransportResponse | TransportFailure) -> TransportFailure:
    assert isinstance(outcome, TransportFailure), outcome
    return outcome
