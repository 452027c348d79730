"""A loopback proxy: tunnels what is asked with CONNECT, answers by itself what is asked in clear."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

from server import LONGEST, Behaviour, Peer, reply


def proxying(before: Callable[[Peer], object] | None = None) -> Behaviour:
    """`before` gets each connection's first request's peer, to refuse it or to fail."""

    def behave(peer: Peer) -> None:
        for seen in peer.requests():
            if before is not None:
                before(peer)
            if seen.method == b"CONNECT":
                host, _, port = seen.target.decode().rpartition(":")
                tunnel(peer, host, int(port))
                return
            peer.send(reply())

    return behave


def tunnel(peer: Peer, host: str, port: int) -> None:
    with socket.create_connection((host, port), LONGEST) as onward:
        peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        back = threading.Thread(target=_copy, args=(onward, peer.sock), daemon=True)
        back.start()
        _copy(peer.sock, onward)
        back.join(LONGEST)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
