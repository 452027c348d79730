"""Answers that lie, swell or never end: a typed error, in time, at a bounded cost.

Each case is a process of its own; its peak may be 64 MiB above what it had after a healthy call.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from bombs import MIB, deflated_zeros, gzip_bomb, gzip_over_gzip, nested, repeated
from hostile import KEYS, turning
from kinds import needs
from server import Behaviour, Peer, reply, serve

from crossbook import transports

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="the peak of a process's memory is measured as Linux tells it"
)

PROGRAM = Path(__file__).with_name("ordeal.py")
ALLOWED = 64 * MIB
JSON = "Content-Type: application/json"
Ordeal = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def ordeal() -> Iterator[Ordeal]:
    """Runs one case in a process of its own, and answers what came of it."""
    with tempfile.TemporaryFile("w+") as words, subprocess.Popen(
        [sys.executable, "-W", "error", str(PROGRAM)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=words, text=True, bufsize=1,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        requests, answers = process.stdin, process.stdout

        def run(behaviour: Behaviour, vendor: str = "vercom", timeout: float = 20, **options: Any) -> dict[str, Any]:
            with serve(turning(vendor, behaviour)) as server:
                settings = {"timeout": timeout, "read_timeout": timeout, "attempts": 1, **options}
                case = {"vendor": vendor, "base_url": server.origin, "options": settings}
                if process.poll() is None:
                    requests.write(json.dumps(case) + "\n")
                told: dict[str, Any] = json.loads(answers.readline() or "{}")
            words.seek(0)
            said = words.read()
            assert not said, said
            assert told.get("seconds", 0) < timeout + 1
            assert told.get("extra", 0) <= ALLOWED, f"{told['extra'] / MIB:.0f} MiB"
            return told

        yield run
        requests.close()


def says(*pieces: bytes) -> Behaviour:
    def behave(peer: Peer) -> None:
        for piece in pieces:
            peer.send(piece)
        peer.until_gone()

    return behave


def endless(head: bytes, piece: bytes) -> Behaviour:
    def behave(peer: Peer) -> None:
        peer.send(head)
        while True:
            peer.send(piece)

    return behave


def dripping(head: bytes, piece: bytes, every: float) -> Behaviour:
    def behave(peer: Peer) -> None:
        peer.send(head)
        while True:
            peer.send(piece)
            time.sleep(every)

    return behave


def packed(body: Callable[[], bytes], encoding: str) -> Callable[[], Behaviour]:
    return lambda: says(reply(body(), "200 OK", f"Content-Encoding: {encoding}"))


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
ZIPPED = HEAD + b"Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08\0\0\0\0\0\0\xff"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
BROTLI = bytes.fromhex("0b028064617461" * 200)

# What comes in, what our error for it is.
READING: dict[str, tuple[Callable[[], Behaviour], str]] = {
    "a GiB in gzip": (packed(gzip_bomb, "gzip"), "ResponseTooLarge"),
    "a GiB in gzip over gzip": (packed(gzip_over_gzip, "gzip, gzip"), "BadResponse"),
    "a GiB in gzip over gzip that says gzip": (packed(gzip_over_gzip, "gzip"), "BadResponse"),
    "a GiB in deflate": (packed(lambda: b"\x78\xda" + deflated_zeros(), "deflate"), "BadResponse"),
    "brotli": (packed(lambda: BROTLI, "br"), "BadResponse"),
    "zstd": (packed(lambda: b"\x28\xb5\x2f\xfd" + bytes(1000), "zstd"), "BadResponse"),
    "a GiB, announced": (lambda: endless(HEAD + b"Content-Length: 1073741824\r\n\r\n", bytes(MIB)), "ResponseTooLarge"),
    "without an end": (lambda: endless(CHUNKED, b"100000\r\n" + bytes(MIB) + b"\r\n"), "ResponseTooLarge"),
    "gzip that is none": (lambda: says(reply(b'{"data":[]}', "200 OK", "Content-Encoding: gzip")), "BadResponse"),
    "gzip that is not said": (lambda: says(reply(gzip_over_gzip())), "BadResponse"),
    "a length too short": (lambda: says(HEAD + b'Content-Length: 5\r\n\r\n{"data":[]}'), "BadResponse"),
    "a length too long": (lambda: lambda peer: peer.send(HEAD + b'Content-Length: 99\r\n\r\n{"data":[]}'), "LostError"),
    "headers without an end": (lambda: endless(HEAD, b"X-Header: value\r\n" * 100), "LostError"),
    "a header of a MiB": (lambda: says(HEAD + b"X: " + b"x" * MIB + b"\r\n\r\n{}"), "LostError"),
    "a chunk's extension without an end": (lambda: endless(CHUNKED, b"1;" + b"x" * MIB), "LostError"),
    "trailers without an end": (lambda: endless(CHUNKED + b"2\r\n{}\r\n0\r\n", b"X-Header: v\r\n" * 100), "LostError"),
}


@pytest.mark.parametrize("name", transports.NAMES)
@pytest.mark.parametrize("case", READING)
def test_reading(ordeal: Ordeal, case: str, name: str) -> None:
    needs(name, "asyncio")
    behaviour, expected = READING[case]
    told = ordeal(behaviour(), transport=name)
    assert told["error"] == expected, told


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
@pytest.mark.parametrize("case", ["a GiB in gzip", "a GiB in gzip over gzip", "brotli", "without an end"])
def test_reading_over_a_client_that_is_brought(ordeal: Ordeal, case: str, library: str) -> None:
    needs(library, "asyncio")
    behaviour, expected = READING[case]
    told = ordeal(behaviour(), http_client=library)
    assert told["error"] == expected, told


FOR_EVER: dict[str, Behaviour] = {
    "a byte at a time": dripping(HEAD + b"Content-Length: 1000\r\n\r\n", b" ", 0.1),
    "an empty block of gzip at a time": dripping(ZIPPED, b"\0\0\0\xff\xff", 0.1),
    "a header's byte at a time": dripping(HEAD + b"X: ", b"x", 0.1),
    "answers that are none yet": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "early hints": endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" * 100),
    "chunks of two bytes": endless(CHUNKED, b"2\r\n  \r\n" * 10_000),
    "silence": dripping(b"", b"", 0.1),
}


@pytest.mark.parametrize("name", transports.NAMES)
@pytest.mark.parametrize("case", FOR_EVER)
def test_what_never_ends_is_ended_by_the_call_s_time(ordeal: Ordeal, case: str, name: str) -> None:
    needs(name, "asyncio")
    told = ordeal(FOR_EVER[case], transport=name, timeout=0.5)
    assert (told["error"], told["sent"]) == ("LostError", "maybe"), told
    assert told["seconds"] < 1.5


@pytest.mark.parametrize("date", ["9" * 400, "99999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_wait_for_ever_is_not_waited(ordeal: Ordeal, date: str) -> None:
    """Longer than the call's own time, so it is an error at once; and not one that says to try again at once."""
    told = ordeal(says(reply(b"{}", "429 Too Many", f"Retry-After: {date}")), attempts=4)
    assert (told["error"], told["attempts"], told["seconds"] < 1) == ("RateLimited", 1, True), told
    assert told["wait"] >= 1e9


@pytest.mark.parametrize("date", ["-5", "soon", "", "1e9", "\xb2", "Thu, 01 Jan 1970 00:00:00 GMT", "Foo, 99 Bar 9 :"])
def test_a_wait_that_is_none(ordeal: Ordeal, date: str) -> None:
    told = ordeal(says(reply(b"{}", "429 Too Many", f"Retry-After: {date}")))
    assert told["error"] == "RateLimited", told
    assert not told["wait"]


def filled(vendor: str, piece: bytes) -> bytes:
    before, after = KEYS[vendor]
    return repeated(before, piece, after)


def row(vendor: str, value: bytes) -> bytes:
    before, after = KEYS[vendor]
    return before + value + after


SHAPES: dict[str, tuple[Callable[[str], bytes], str]] = {
    "16 MiB of objects": (lambda vendor: repeated(b"[", b"{}", b"]"), "ResponseTooLarge"),
    "16 MiB of rows": (lambda vendor: filled(vendor, b"{}"), "ResponseTooLarge"),
    "16 MiB of lists": (lambda vendor: repeated(b"[", b"[]", b"]"), "ResponseTooLarge"),
    "16 MiB of rows that are lists": (lambda vendor: filled(vendor, b"[]"), "ResponseTooLarge"),
    "16 MiB of one row that is a list of numbers": (
        lambda vendor: repeated(KEYS[vendor][0] + b"[", b"0", b"]" + KEYS[vendor][1]), "ResponseTooLarge",
    ),
    "16 MiB of one row that is a list of text": (
        lambda vendor: repeated(KEYS[vendor][0] + b"[", b'"a"', b"]" + KEYS[vendor][1]), "ResponseTooLarge",
    ),
    "16 MiB of rows that are null": (lambda vendor: filled(vendor, b"null"), "ResponseTooLarge"),
    "16 MiB of rows that are text": (lambda vendor: filled(vendor, b'"a"'), "ResponseTooLarge"),
    "lists, 50,000 deep": (lambda vendor: nested(50_000, b"[", b"", b"]"), "BadResponse"),
    "lists, 200,000 deep": (lambda vendor: nested(200_000, b"[", b"", b"]"), "ResponseTooLarge"),
    "objects, 50,000 deep": (lambda vendor: nested(50_000, b'{"a":', b"1", b"}"), "BadResponse"),
    "objects, 200,000 deep": (lambda vendor: nested(200_000, b'{"a": ', b"1", b"     }"), "BadResponse"),
    "lists in a row, 50,000 deep": (lambda vendor: row(vendor, nested(50_000, b"[", b"", b"]")), "BadResponse"),
    "lists in a row, 200,000 deep": (
        lambda vendor: row(vendor, nested(200_000, b"[         ", b"", b"]")), "BadResponse",
    ),
    "objects in a row, 200,000 deep": (
        lambda vendor: row(vendor, nested(200_000, b'{"abc": ', b"1", b"}     ")), "BadResponse",
    ),
    "deep, and never closed": (lambda vendor: KEYS[vendor][0] + b"[" * 50_000, "BadResponse"),
    "an id of 5,000 digits": (lambda vendor: row(vendor, ID[vendor] % (b"9" * 5000)), "BadResponse"),
    "an exponent of 5,000 digits": (lambda vendor: row(vendor, ID[vendor] % (b"1e" + b"9" * 5000)), "BadResponse"),
    "NaN": (lambda vendor: row(vendor, ID[vendor] % b"NaN"), "BadResponse"),
    "Infinity": (lambda vendor: row(vendor, ID[vendor] % b"-Infinity"), "BadResponse"),
    "latin-2": (lambda vendor: row(vendor, ID[vendor] % '"Łódź"'.encode("iso8859-2")), "BadResponse"),
    "UTF-16": (lambda vendor: row(vendor, b"{}").decode().encode("utf-16"), "BadResponse"),
    "half a surrogate": (lambda vendor: row(vendor, ID[vendor] % b'"\\ud800"'), "BadResponse"),
    "nothing but space": (lambda vendor: b" " * MIB, "BadResponse"),
    "null": (lambda vendor: b"null", "BadResponse"),
    "HTML": (lambda vendor: b"<!doctype html><title>Sign in</title>", "BadResponse"),
    "two documents": (lambda vendor: row(vendor, b"") * 2, "BadResponse"),
    "cut": (lambda vendor: row(vendor, b"{}")[:-4], "BadResponse"),
}  # fmt: skip
ID = {"vercom": b'{"id":%s}', "serwersms": b'{"id":%s}', "filemail": b'{"contactid":%s}', "atom": b'{"id":%s}'}


@pytest.mark.parametrize("vendor", KEYS)
@pytest.mark.parametrize("case", SHAPES)
def test_shape(ordeal: Ordeal, case: str, vendor: str) -> None:
    body, expected = SHAPES[case]
    told = ordeal(packed(lambda: gzip.compress(body(vendor), 1), "gzip")(), vendor, max_body=16 * MIB)
    assert told["error"] == expected, told
