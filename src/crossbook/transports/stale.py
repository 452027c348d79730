"""Whether a kept connection died, or said something by itself: that would be taken for the next request's answer."""

from __future__ import annotations

import select
import ssl
from typing import Any


def is_stale(connection: Any) -> bool:
    """Whether aiohttp's did while nobody used it.

    Looks at the socket, since the event loop may not have read yet what came, an end above all. Of a new connection, on
    which no answer was ever waited for, the socket says nothing: with TLS, tickets may have come on it.
    """
    protocol = connection.protocol
    if protocol.should_close or connection.closed:
        return True
    if protocol.read_timeout is None:
        return False
    number: int = connection.transport.get_extra_info("socket").fileno()
    return number < 0 or _is_readable(number)


def _is_readable(number: int) -> bool:
    if not hasattr(select, "poll"):  # Windows
        return bool(select.select([number], [], [], 0)[0])
    poll = select.poll()
    poll.register(number, select.POLLIN)
    return bool(poll.poll(0))


def said_more(connection: Any, *, secure: bool) -> bool:
    """Whether more than the answer was read from httpcore's, which looks at nothing but the socket.

    A second answer that came with the first waits in the parser then; or in TLS, which gives out one record at a time.
    """
    while (below := getattr(connection, "_connection", None)) is not None:  # that of a proxy, that of the protocol
        connection = below
    try:
        if connection._h11_state.trailing_data[0]:
            return True
        if not secure:
            return False
        connection._network_stream.get_extra_info("ssl_object").read(1)
    except ssl.SSLWantReadError:
        return False
    except (ssl.SSLError, AttributeError):  # a release that names them otherwise: then no connection is kept
        pass
    return True
