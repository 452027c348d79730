"""Whether a kept connection of aiohttp died, or said something by itself, while nobody used it."""

from __future__ import annotations

import select
from typing import Any


def is_stale(connection: Any) -> bool:
    """Looks at the socket, since the event loop may not have read yet what came, an end above all.

    What was read already would be taken for the answer to the next request. Of a new connection, on which no answer
    was ever waited for, the socket says nothing: with TLS, tickets may have come on it.
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
