"""Only for aiohttp: it needs asyncio, and no session is used."""

from __future__ import annotations

import select
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import anyio
import pytest
from forwarder import pump
from prepared_requests import answered, call, failed
from server import LONGEST, Peer, answering, reply, serve
from transport_kinds import needs

import crossbook
from crossbook import UsageError, _transports
from crossbook.errors import InvalidInputError

TARGET = b"/api/contacts/get?logintoken=0123456789abcdef"


@pytest.fixture(autouse=True)
def installed() -> None:
    needs("aiohttp", "asyncio")


def on_asyncio(test: Callable[..., Any], *arguments: object) -> Any:
    return anyio.run(test, *arguments)


def test_trio_error_names_the_other_transports() -> None:
    async def main() -> None:
        with serve(answering()) as server:
            async with crossbook.Vercom("authorization", "key", base_url=server.origin, transport="aiohttp") as book:
                with pytest.raises(UsageError, match="httpx2") as caught:
                    await book.contacts.list()
                assert caught.value.sent == "no"
            assert not server.accepted

    anyio.run(main, backend="trio")


def test_idle_connection_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        with serve(answering()) as server:
            transport = _transports.make_transport("aiohttp", server.origin, 2)
            async with anyio.create_task_group() as group:
                for _ in range(2):
                    group.start_soon(transport.send, call(server.origin))
            assert await anyio.to_thread.run_sync(server.wait_open, 0)
            answered(await transport.send(call(server.origin)))
            await transport.aclose()

    monkeypatch.setattr("crossbook._transports.aiohttp._IDLE", 0.1)
    on_asyncio(main)


def test_session_is_refused_with_the_alternative() -> None:
    async def main() -> None:
        import aiohttp

        async with aiohttp.ClientSession() as session:
            with pytest.raises(InvalidInputError, match="TCPConnector"):
                _transports.make_transport("aiohttp", "http://127.0.0.1:9", 1, session)

    on_asyncio(main)


def test_transport_makes_no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenTelemetry and other tracers hook into sessions. Without a session nothing shows a URL."""
    import aiohttp

    def never(*args: object, **settings: object) -> None:
        raise AssertionError("a session was made")

    async def main() -> None:
        with serve(answering()) as server:
            transport = _transports.make_transport("aiohttp", server.origin, 1)
            answered(await transport.send(call(server.origin, TARGET)))
            await transport.aclose()

    monkeypatch.setattr(aiohttp.ClientSession, "__init__", never)
    on_asyncio(main)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
def test_dead_kept_connection_sends_once(method: str) -> None:
    """aiohttp's own client would resend methods that HTTP calls idempotent, and Filemail creates with GET."""

    def behave(peer: Peer) -> None:
        peer.request()
        peer.send(reply())
        peer.request()

    async def main() -> None:
        with serve(behave) as server:
            transport = _transports.make_transport("aiohttp", server.origin, 1)
            answered(await transport.send(call(server.origin)))
            failure = failed(await transport.send(call(server.origin, method=method)))
            assert (failure.kind, failure.sent) == ("lost", "maybe")
            assert len(server.seen) == 2
            await transport.aclose()

    on_asyncio(main)


@pytest.mark.parametrize("noticed", [False, True], ids=["unread", "read by the event loop"])
def test_unrequested_data_is_never_a_response(noticed: bool) -> None:
    """A server may send 408 when it closes a kept connection: that is not the response to the next request."""
    idle, said = threading.Event(), threading.Event()

    def behave(peer: Peer) -> None:
        peer.request()
        peer.send(reply())
        idle.wait(LONGEST)
        peer.send(reply(b"{}", "408 Request Timeout"))
        said.set()
        for _ in peer.requests():
            peer.send(reply())

    async def main() -> None:
        with serve(behave) as server:
            transport = _transports.make_transport("aiohttp", server.origin, 1)
            assert answered(await transport.send(call(server.origin))).status == 200
            idle.set()
            if noticed:
                await anyio.to_thread.run_sync(said.wait, LONGEST)
            else:
                said.wait(LONGEST)
            assert answered(await transport.send(call(server.origin))).status == 200
            assert server.accepted == 2
            await transport.aclose()

    on_asyncio(main)


@pytest.mark.usefixtures("trusted")
def test_tls_tickets_do_not_make_a_connection_stale(certified: ssl.SSLContext) -> None:
    """TLS sends tickets by itself. Whenever they come, the connection is used and not replaced."""
    import aiohttp

    finished, connected = threading.Event(), threading.Event()

    class Late(aiohttp.TCPConnector):
        """Return a connection after its tickets arrived, unread."""

        async def connect(self, *arguments: Any, **settings: Any) -> Any:
            connection = await super().connect(*arguments, **settings)
            connected.set()
            assert connection.transport is not None
            select.select([connection.transport.get_extra_info("socket")], [], [], LONGEST)
            return connection

    async def main() -> None:
        with serve(answering(), certified) as server:

            def behave(peer: Peer) -> None:
                with socket.create_connection(("127.0.0.1", server.port), LONGEST) as onward:
                    back = threading.Thread(target=hold, args=(onward, peer), daemon=True)
                    back.start()
                    onward.sendall(peer.sock.recv(65536))
                    second = peer.sock.recv(65536)
                    finished.set()
                    onward.sendall(second)
                    pump(peer.sock, onward)
                    back.join(LONGEST)

            with serve(behave) as front:
                connector = Late()
                transport = _transports.make_transport("aiohttp", f"https://127.0.0.1:{front.port}", 1, connector)
                with anyio.fail_after(LONGEST):
                    answered(await transport.send(call(f"https://127.0.0.1:{front.port}")))
                assert front.accepted == 1
                await transport.aclose()
                await connector.close()

    def hold(onward: socket.socket, peer: Peer) -> None:
        with suppress(OSError):  # the client may have left by then
            while piece := onward.recv(65536):
                if finished.is_set():  # the client finished its part of the handshake: these are the tickets
                    connected.wait(LONGEST)
                peer.send(piece)

    on_asyncio(main)


def test_line_end_in_the_head_is_never_sent() -> None:
    async def main() -> None:
        with serve(answering()) as server:
            transport = _transports.make_transport("aiohttp", server.origin, 1)
            for target in (b"/things HTTP/1.1\r\nX: ", b"/a b", b"/a\nb", b"/a\0"):
                failure = failed(await transport.send(call(server.origin, target)))
                assert (failure.kind, failure.sent) == ("connect", "no")
            assert not server.seen
            await transport.aclose()

    on_asyncio(main)


def test_on_uvloop() -> None:
    uvloop = pytest.importorskip("uvloop")

    async def main() -> None:
        with serve(answering()) as server:
            transport = _transports.make_transport("aiohttp", server.origin, 4)
            async with anyio.create_task_group() as group:
                for _ in range(20):
                    group.start_soon(transport.send, call(server.origin))
            await transport.aclose()
            assert len(server.seen) == 20
            assert server.wait_open(0)

    anyio.run(main, backend_options={"loop_factory": uvloop.new_event_loop})
