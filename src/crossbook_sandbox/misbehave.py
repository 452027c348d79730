"""How each kind of fault spoils one exchange: when the call is really done, and what the client gets to see."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import anyio

from .connection import Connection
from .fault import Fault
from .rewrite import rewritten
from .vendor import Reply

_HTML = b"<!DOCTYPE html><html><head><title>Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call on its way: `run` does it and returns the true answer, the others are what faults need beside."""

    run: Callable[[], Reply]
    connection: Connection
    too_many: Callable[[float | None], Reply]
    expire_tokens: Callable[[], int]
    later: Callable[[float, Callable[[], Reply]], None]


async def misbehave(fault: Fault, exchange: Exchange) -> int | None:
    """Carry out a call with a fault.

    Returns:
        The status that the client was sent, or None if it was sent none.
    """
    return await _KINDS[fault.fault](fault, exchange)


async def _whole(exchange: Exchange, reply: Reply) -> int:
    await exchange.connection.reply(reply)
    return reply.status


async def _status(fault: Fault, exchange: Exchange) -> int | None:
    if fault.committed:
        exchange.run()
    status = fault.status or 503
    told = fault.retry_after is not None and not isinstance(fault.retry_after, bool)
    wait = {"retry-after": str(fault.retry_after)} if told else {}
    body = b"" if status in (204, 304) else fault.body.encode(errors="replace")
    return await _whole(exchange, Reply(status, body, fault.content_type, wait))


async def _delay(fault: Fault, exchange: Exchange) -> int | None:
    if fault.when == "before":
        until = anyio.current_time() + fault.seconds
        try:
            await anyio.sleep(fault.seconds)
        except anyio.get_cancelled_exc_class():
            # A client in the same process takes the server with it when it gives up; one behind a socket does not.
            if not exchange.connection.has_socket:
                exchange.later(max(0.0, until - anyio.current_time()), exchange.run)
            raise
        return await _whole(exchange, exchange.run())
    reply = exchange.run()
    await anyio.sleep(fault.seconds)
    return await _whole(exchange, reply)


async def _end(fault: Fault, exchange: Exchange) -> int | None:
    reply = None if fault.when == "before" else exchange.run()
    if reply and fault.when == "body":
        await exchange.connection.start(reply, len(reply.body))
        await exchange.connection.part(reply.body[: len(reply.body) // 2])
    await exchange.connection.drop(reset=fault.fault == "reset")
    return reply.status if reply and fault.when == "body" else None


async def _cut(fault: Fault, exchange: Exchange) -> int | None:
    reply = _true(fault, exchange)
    await exchange.connection.start(reply, len(reply.body) + 1)
    await exchange.connection.part(reply.body[: len(reply.body) // 2])
    await exchange.connection.drop(reset=False)
    return reply.status


async def _garbage(fault: Fault, exchange: Exchange) -> int | None:
    return await _whole(exchange, replace(_true(fault, exchange), body=fault.draw.randbytes(64)))


async def _html(fault: Fault, exchange: Exchange) -> int | None:
    return await _whole(exchange, replace(_true(fault, exchange), body=_HTML, content_type="text/html"))


async def _empty(fault: Fault, exchange: Exchange) -> int | None:
    return await _whole(exchange, replace(_true(fault, exchange), body=b""))


async def _truncated(fault: Fault, exchange: Exchange) -> int | None:
    reply = _true(fault, exchange)
    return await _whole(exchange, replace(reply, body=reply.body[: len(reply.body) // 2]))


async def _slow(fault: Fault, exchange: Exchange) -> int | None:
    reply = _true(fault, exchange)
    await exchange.connection.start(reply, len(reply.body))
    for place in range(len(reply.body)):
        await exchange.connection.part(reply.body[place : place + 1])
        await anyio.sleep(fault.seconds)
    await exchange.connection.part(b"", last=True)
    return reply.status


async def _expire_tokens(_fault: Fault, exchange: Exchange) -> int | None:
    exchange.expire_tokens()
    return await _whole(exchange, exchange.run())


async def _window(fault: Fault, exchange: Exchange) -> int | None:
    wait = fault.over(anyio.current_time())
    if not wait:
        return await _whole(exchange, exchange.run())
    return await _whole(exchange, exchange.too_many(wait if fault.retry_after else None))


async def _late_commit(fault: Fault, exchange: Exchange) -> int | None:
    exchange.later(fault.draw.uniform(0, fault.seconds), exchange.run)
    await exchange.connection.drop(reset=True)
    return None


async def _rewrite(fault: Fault, exchange: Exchange) -> int | None:
    return await _whole(exchange, rewritten(exchange.run(), fault.edits, fault.status))


def _true(fault: Fault, exchange: Exchange) -> Reply:
    reply = exchange.run() if fault.committed else Reply(200, b'{"status":"lost"}')
    return replace(reply, status=fault.status or reply.status)


_KINDS: dict[str, Callable[[Fault, Exchange], Awaitable[int | None]]] = {
    "status": _status,
    "delay": _delay,
    "reset": _end,
    "close": _end,
    "cut": _cut,
    "garbage": _garbage,
    "html": _html,
    "empty": _empty,
    "truncated": _truncated,
    "slow": _slow,
    "expire_tokens": _expire_tokens,
    "window": _window,
    "late_commit": _late_commit,
    "rewrite": _rewrite,
}
