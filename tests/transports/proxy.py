"""A loopback proxy: it tunnels CONNECT requests, and responds to plain HTTP requests itself."""

from __future__ import annotations

import socket
import threading

from forwarder import pump
from server import LONGEST, Peer, reply


def proxying(peer: Peer) -> None:
    """Return the behaviour of a proxy."""
    for seen in peer.requests():
        if seen.method == b"CONNECT":
            tunnel(peer, int(seen.target.rpartition(b":")[2]))
            return
        peer.send(reply())


def tunnel(peer: Peer, port: int) -> None:
    """Connect to this local port, whatever the host is: nothing leaves the machine."""
    with socket.create_connection(("127.0.0.1", port), LONGEST) as onward:
        peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        back = threading.Thread(target=pump, args=(onward, peer.sock), daemon=True)
        back.start()
        pump(peer.sock, onward)
        back.join(LONGEST)
