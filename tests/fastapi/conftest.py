"""FastAPI runs on asyncio here, so these tests use the fixtures of pytest-asyncio only."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from control import Server
from sandboxed import control, running_sandbox, server

from crossbook_sandbox import Running

sys.path.insert(0, str(Path(__file__).resolve().parent))

from gateways import WATCHED, started

__all__ = ["control", "running_sandbox", "server"]


@pytest.fixture
def sandbox(server: Server) -> Server:
    return server


@pytest_asyncio.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, timeout=300) as client:
        yield client


@pytest.fixture(scope="session")
def running_gateway(running_sandbox: Running) -> Iterator[str]:
    with started(WATCHED, running_sandbox.env) as (url, _):
        yield url


@pytest_asyncio.fixture
async def gateway(running_gateway: str, sandbox: Server) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the gateway; the vendors have empty accounts."""
    async with httpx.AsyncClient(base_url=running_gateway, trust_env=False, timeout=300) as client:
        yield client
