"""Responses that lie, swell or never end raise a typed error in time, with at most 64 MiB of memory."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from decompression_bombs import MIB, deflated_zeros, gzip_bomb, gzip_over_gzip
from hostile_runner import Ordeal
from hostile_vendor import dripping, endless, packed, says
from server import Behaviour, reply
from transport_kinds import needs

from crossbook import _transports

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
ZIPPED = HEAD + b"Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08\0\0\0\0\0\0\xff"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
BROTLI = bytes.fromhex("0b028064617461" * 200)

# Each response, and its error.
READING: dict[str, tuple[Callable[[], Behaviour], str]] = {
    "a GiB in gzip": (packed(gzip_bomb, "gzip"), "ResponseTooLargeError"),
    "a GiB in gzip over gzip": (packed(gzip_over_gzip, "gzip, gzip"), "InvalidResponseError"),
    "a GiB in gzip over gzip that says gzip": (packed(gzip_over_gzip, "gzip"), "InvalidResponseError"),
    "a GiB in deflate": (packed(lambda: b"\x78\xda" + deflated_zeros(), "deflate"), "InvalidResponseError"),
    "brotli": (packed(lambda: BROTLI, "br"), "InvalidResponseError"),
    "zstd": (packed(lambda: b"\x28\xb5\x2f\xfd" + bytes(1000), "zstd"), "InvalidResponseError"),
    "a GiB, announced": (
        lambda: endless(HEAD + b"Content-Length: 1073741824\r\n\r\n", bytes(MIB)),
        "ResponseTooLargeError",
    ),
    "without an end": (lambda: endless(CHUNKED, b"100000\r\n" + bytes(MIB) + b"\r\n"), "ResponseTooLargeError"),
    "a body that is not gzip": (
        lambda: says(reply(b'{"data":[]}', "200 OK", "Content-Encoding: gzip")),
        "InvalidResponseError",
    ),
    "gzip that is not said": (lambda: says(reply(gzip_over_gzip())), "InvalidResponseError"),
    "a length too short": (lambda: says(HEAD + b'Content-Length: 5\r\n\r\n{"data":[]}'), "InvalidResponseError"),
    "a length too long": (
        lambda: lambda peer: peer.send(HEAD + b'Content-Length: 99\r\n\r\n{"data":[]}'),
        "NoResponseError",
    ),
    "headers without an end": (lambda: endless(HEAD, b"X-Header: value\r\n" * 100), "NoResponseError"),
    "a header of a MiB": (lambda: says(HEAD + b"X: " + b"x" * MIB + b"\r\n\r\n{}"), "NoResponseError"),
    "a chunk's extension without an end": (lambda: endless(CHUNKED, b"1;" + b"x" * MIB), "NoResponseError"),
    "trailers without an end": (
        lambda: endless(CHUNKED + b"2\r\n{}\r\n0\r\n", b"X-Header: v\r\n" * 100),
        "NoResponseError",
    ),
}


@pytest.mark.parametrize("name", _transports.NAMES)
@pytest.mark.parametrize("case", READING)
def test_hostile_response_within_memory(ordeal: Ordeal, case: str, name: str) -> None:
    needs(name, "asyncio")
    behaviour, expected = READING[case]
    if (case, name) == ("a length too short", "aiohttp"):
        expected = (
            "NoResponseError"  # the bytes after the response spoil it here; httpx takes the response and drops the rest
        )
    # aiohttp reads an extension without an end until the deadline, however late that is.
    timeout = 2 if (case, name) == ("a chunk's extension without an end", "aiohttp") else 20
    outcome = ordeal(behaviour(), transport=name, timeout=timeout)
    assert outcome["error"] == expected, outcome


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
@pytest.mark.parametrize("case", ["a GiB in gzip", "a GiB in gzip over gzip", "brotli", "without an end"])
def test_hostile_response_over_a_user_client(ordeal: Ordeal, case: str, library: str) -> None:
    needs(library, "asyncio")
    behaviour, expected = READING[case]
    outcome = ordeal(behaviour(), http_client=library)
    assert outcome["error"] == expected, outcome


FOR_EVER: dict[str, Behaviour] = {
    "a byte at a time": dripping(HEAD + b"Content-Length: 1000\r\n\r\n", b" ", 0.1),
    "an empty block of gzip at a time": dripping(ZIPPED, b"\0\0\0\xff\xff", 0.1),
    "a header's byte at a time": dripping(HEAD + b"X: ", b"x", 0.1),
    "answers that are none yet": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "early hints": endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" * 100),
    "chunks of two bytes": endless(CHUNKED, b"2\r\n  \r\n" * 10_000),
    "silence": dripping(b"", b"", 0.1),
}


@pytest.mark.parametrize("name", _transports.NAMES)
@pytest.mark.parametrize("case", FOR_EVER)
def test_endless_response_ends_at_the_deadline(ordeal: Ordeal, case: str, name: str) -> None:
    needs(name, "asyncio")
    # A busy machine may stop the process for so long that the deadline passes before it sends.
    tries = (ordeal(FOR_EVER[case], transport=name, timeout=0.3) for _ in range(5))
    outcome = next((outcome for outcome in tries if outcome["met"]), {"error": "it never asked", "sent": "no"})
    assert (outcome["error"], outcome["sent"]) == ("NoResponseError", "maybe"), outcome
    assert outcome["seconds"] < 1.3


@pytest.mark.parametrize("date", ["9" * 400, "99999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_endless_retry_after_is_not_waited(ordeal: Ordeal, date: str) -> None:
    """It is longer than the call's time, so it fails at once, and not with a hint to retry at once."""
    outcome = ordeal(says(reply(b"{}", "429 Too Many", f"Retry-After: {date}")), max_attempts=4, timeout=40)
    assert (outcome["error"], outcome["attempts"], outcome["seconds"] < 20) == ("RateLimitError", 1, True), outcome
    assert outcome["wait"] >= 1e9


@pytest.mark.parametrize("date", ["-5", "soon", "", "1e9", "\xb2", "Thu, 01 Jan 1970 00:00:00 GMT", "Foo, 99 Bar 9 :"])
def test_invalid_retry_after_is_ignored(ordeal: Ordeal, date: str) -> None:
    outcome = ordeal(says(reply(b"{}", "429 Too Many", f"Retry-After: {date}")))
    assert outcome["error"] == "RateLimitError", outcome
    assert not outcome["wait"]
