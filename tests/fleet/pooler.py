"""A stand-in for a connection pooler: a proxy that gives the client a backend id of its own, as PgBouncer does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs, urlsplit

_KEY_DATA = b"K"  # the message BackendKeyData: its length, the id of the server process, a secret


@asynccontextmanager
async def pooled(url: str) -> AsyncIterator[str]:
    """Yield the URL of a database behind a pooler."""
    parts = urlsplit(url)
    (folder,) = parse_qs(parts.query).get("host", [""])

    served = set[asyncio.Task[None]]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if folder:
            from_server, to_server = await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.5432")
        else:
            from_server, to_server = await asyncio.open_connection(parts.hostname, parts.port or 5432)
        copying = [
            asyncio.create_task(_copy(reader, to_server)),
            asyncio.create_task(_copy_messages(from_server, writer)),
        ]
        await asyncio.wait(copying, return_when=asyncio.FIRST_COMPLETED)
        for task in copying:
            task.cancel()
        await asyncio.gather(*copying, return_exceptions=True)
        for each in (writer, to_server):
            each.close()
            with suppress(ConnectionError):
                await each.wait_closed()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.add(asyncio.create_task(serve(reader, writer)))

    server = await asyncio.start_server(begin, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        user = f"{parts.username}:{parts.password or ''}@" if parts.username else ""
        yield f"postgresql://{user}127.0.0.1:{port}{parts.path}?sslmode=disable"
        await asyncio.gather(*served)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)


async def _copy_messages(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        kind = await reader.readexactly(1)
        length = await reader.readexactly(4)
        body = await reader.readexactly(int.from_bytes(length, "big") - 4)
        if kind == _KEY_DATA:
            body = (int.from_bytes(body[:4], "big") + 1).to_bytes(4, "big") + body[4:]
        writer.write(kind + length + body)
