"""Every transport by name, and the clients that users bring: one suite for all of them."""

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

import ordeals
from kinds import BROUGHT, needs

PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a developer's own environment names would be asked for loopback too."""
    for variable in PROXY_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.lower(), raising=False)


@pytest.fixture(params=_transports.NAMES)
def name(request: pytest.FixtureRequest, anyio_backend_name: str) -> str:
    """Our own transports."""
    needs(request.param, anyio_backend_name)
    return str(request.param)


@pytest.fixture(params=[*_transports.NAMES, *BROUGHT])
def kind(request: pytest.FixtureRequest, anyio_backend_name: str) -> str:
    """Our own transports, and ours over a client that is brought."""
    needs(request.param, anyio_backend_name)
    return str(request.param)


@pytest.fixture
async def opened(anyio_backend_name: str) -> AsyncIterator[Callable[[str, str, int], Transport]]:
    """Makes a transport of any kind; the test's end closes it."""
    made: list[Any] = []

    def make(kind: str, origin: str, concurrency: int = 8) -> Transport:
        library, _, brought = kind.partition(", ")
        client: Any = None
        if brought and library == "aiohttp":
            client = import_module(library).TCPConnector()
            made.append(client.close)
        elif brought:
            client = import_module(library).AsyncClient(verify=httpx_transport.ssl_context(library))
            made.append(client.aclose)
        transport = _transports.make(library, origin, concurrency, client)
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
    """A server's side of TLS, with a certificate for 127.0.0.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Makes the authority one that this environment trusts."""
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    if "aiohttp" in sys.modules:  # it reads what is trusted once, when it is imported
        connector = import_module("aiohttp.connector")
        monkeypatch.setattr(connector, "_SSL_CONTEXT_VERIFIED", connector._make_ssl_context(True))
    httpx_transport.ssl_context.cache_clear()
    yield
    httpx_transport.ssl_context.cache_clear()


@pytest.fixture(scope="session")
def ordeal() -> Iterator[ordeals.Ordeal]:
    """Runs one case in a process of its own, and answers what came of it."""
    if not ordeals.MEASURABLE:
        # Each case asserts how much memory it took; without that figure a bomb that went off would pass.
        pytest.skip("this system does not tell a process its peak of memory")
    with ordeals.running() as run:
        yield run
