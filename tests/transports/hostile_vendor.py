"""A hostile vendor: its first response is healthy, and the later ones are as a test says."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from server import Behaviour, Peer, Seen, reply

# For each vendor: the path of its list, a healthy response, and the bytes around its rows.
LISTS: dict[str, tuple[bytes, bytes, tuple[bytes, bytes]]] = {
    "vercom": (b"/v2.1/contact", b'{"meta":{},"data":[]}', (b'{"meta":{},"data":[', b"]}")),
    "serwersms": (b"/contacts/index", b'{"items":[]}', (b'{"items":[', b"]}")),
    "filemail": (b"/api/contacts/get", b'{"responsestatus":"OK","contacts":[]}',
                 (b'{"responsestatus":"OK","contacts":[', b"]}")),
    "atom": (b"/api/address-book/detail", b'{"status":"success","result":{"id":1,"name":"a","contacts":[]}}',
             (b'{"status":"success","result":{"id":1,"name":"a","contacts":[', b"]}}")),
}  # fmt: skip
OTHERS = {
    b"/api/authentication/login": b'{"responsestatus":"ok","logintoken":"0123456789abcdef0123456789abcdef"}',
    b"/api/address-book/list": b'{"status":"success","result":[{"id":1,"name":"a"}]}',
}
KEYS = {vendor: around for vendor, (_, _, around) in LISTS.items()}


def turning(vendor: str, worse: Behaviour) -> Behaviour:
    """Respond well once; give the connection of each later request of the list to `worse`."""
    path, healthy, _ = LISTS[vendor]
    turned = threading.Event()

    def is_list(seen: Seen) -> bool:
        return seen.target.startswith(path)

    def behave(peer: Peer) -> None:
        for seen in peer.requests():
            if is_list(seen) and turned.is_set():
                worse(peer)
                return
            if is_list(seen):
                turned.set()
            other = next((body for start, body in OTHERS.items() if seen.target.startswith(start)), healthy)
            peer.send(reply(healthy if is_list(seen) else other))

    return behave


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
