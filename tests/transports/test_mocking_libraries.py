"""Which transport's requests the libraries see that mock or trace HTTP: docs/guides/transports.md has the table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
from opentelemetry.instrumentation.httpx import HTTPX2ClientInstrumentor, HTTPXClientInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from crossbook import Vercom
from crossbook_sandbox import Running, running

pytestmark = pytest.mark.anyio
ListGroups = Callable[[], Awaitable[list[str | None]]]
TABLE = (Path(__file__).parents[2] / "docs/guides/transports.md").read_text(encoding="utf-8")
GROUP = {"id": 1, "name": "Mocked", "description": None, "externalId": "M", "createdAt": 1}


def documented(library: str) -> dict[str, str]:
    """Return what the page says about a library: transport → `mocks`, `traces` or `not seen`."""
    (row,) = [line for line in TABLE.splitlines() if line.startswith((f"| {library} ", f"| `{library}` "))]
    return dict(zip(("httpx", "httpx2", "aiohttp"), (cell.strip() for cell in row.split("|")[2:5]), strict=True))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with running(rates={}) as opened:
        yield opened


@pytest.fixture
def list_groups(sandbox: Running, name: str) -> ListGroups:
    async def listed() -> list[str | None]:
        options: dict[str, Any] = {
            "base_url": sandbox.base_urls["vercom"],
            **sandbox.credentials["vercom"],
            "transport": name,
        }
        async with Vercom(**options) as book:
            return [group.name for group in (await book.groups.list()).items]

    return listed


async def test_respx_sees_httpx_alone(list_groups: ListGroups, name: str, sandbox: Running) -> None:
    """A request over another library than httpx is sent, although respx is active."""
    with respx.mock(assert_all_called=False) as router:
        answer = httpx.Response(200, json={"meta": {}, "data": [GROUP]})
        router.get(f"{sandbox.base_urls['vercom']}/v2.1/group").mock(return_value=answer)
        names, seen = await list_groups(), router.calls.call_count
    sees = documented("respx 0.23.1")[name] == "mocks"
    assert names == (["Mocked"] if sees else ["Wszystkie Kontakty"])
    assert seen == sees


@pytest.mark.parametrize("instrumentor", [HTTPXClientInstrumentor, HTTPX2ClientInstrumentor])
async def test_instrumentor_sees_its_library_alone(
    list_groups: ListGroups, name: str, instrumentor: type[HTTPXClientInstrumentor]
) -> None:
    exported, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exported))
    instrumentor().instrument(tracer_provider=provider)
    try:
        await list_groups()
    finally:
        instrumentor().uninstrument()
    sees = documented(instrumentor.__name__)[name] == "traces"
    assert len(exported.get_finished_spans()) == sees
