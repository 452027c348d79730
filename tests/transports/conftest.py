"""Run one suite over every transport and every kind of user client."""

from __future__ import annotations

import ssl
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import trustme

from crossbook import _transports
from crossbook._http.request import Transport
from crossbook._transports import httpx as httpx_transport

sys.path.insert(0, str(Path(__file__).resolve().parent))

import hostile_runner
from transport_kinds import USER_CLIENTS, needs

PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the developer's proxies, which would be used for loopback too."""
    for variable in PROXY_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.lower(), raising=False)


@pytest.fixture(params=_transports.NAMES)
def name(request: pytest.FixtureRequest, anyio_backend_name: str) -> str:
    """Our transports by name."""
    needs(request.param, anyio_backend_name)
    return str(request.param)


@pytest.fixture(params=[*_transports.NAMES, *USER_CLIENTS])
def kind(request: pytest.FixtureRequest, anyio_backend_name: str) -> str:
    """Our transports by name, and over a user's client."""
    needs(request.param, anyio_backend_name)
    return str(request.param)


@pytest.fixture
async def opened(anyio_backend_name: str) -> AsyncIterator[Callable[[str, str, int], Transport]]:
    """Make a transport of any kind, and close it at the end of the test."""
    made: list[Any] = []

    def make(kind: str, origin: str, concurrency: int = 8) -> Transport:
        library, _, user_client = kind.partition(", ")
        client: Any = None
        if user_client and library == "aiohttp":
            client = import_module(library).TCPConnector()
            made.append(client.close)
        elif user_client:
            client = import_module(library).AsyncClient(verify=httpx_transport.ssl_context(library))
            made.append(client.aclose)
        transport = _transports.make_transport(library, origin, concurrency, client)
        made.append(transport.aclose)
        return transport

    yield make
    for close in reversed(made):
        await close()


@pytest.fixture
def make(opened: Callable[[str, str, int], Transport], kind: str) -> Callable[..., Transport]:
    return lambda origin, concurrency=8: opened(kind, origin, concurrency)


@pytest.fixture
def make_own(opened: Callable[[str, str, int], Transport], name: str) -> Callable[..., Transport]:
    return lambda origin, concurrency=8: opened(name, origin, concurrency)


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def certified(authority: trustme.CA) -> ssl.SSLContext:
    """A TLS context for a server, with a certificate for 127.0.0.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make the environment trust the test's certificate authority."""
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    if "aiohttp" in sys.modules:  # it reads the trusted authorities once, when it is imported
        connector = import_module("aiohttp.connector")
        monkeypatch.setattr(connector, "_SSL_CONTEXT_VERIFIED", connector._make_ssl_context(True))
    httpx_transport.ssl_context.cache_clear()
    yield
    httpx_transport.ssl_context.cache_clear()


@pytest.fixture(scope="session")
def ordeal() -> Iterator[hostile_runner.Ordeal]:
    """Run one case in a process of its own, and return its outcome."""
    if not hostile_runner.MEASURABLE:
        # Each case asserts the memory that it used. Without that figure an exploded bomb would pass.
        pytest.skip("this system does not tell a process its peak of memory")
    with hostile_runner.running() as run:
        yield run
