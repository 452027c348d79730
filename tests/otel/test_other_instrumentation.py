"""Next to OpenTelemetry's own instrumentation: of HTTP libraries, which is not doubled, and of FastAPI, above ours."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import anyio
import httpx
import pytest
from control import Server
from fakes import FakeTransport, book_over
from fastapi import Depends, FastAPI
from opentelemetry import baggage, context
from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.httpx import HTTPX2ClientInstrumentor, HTTPXClientInstrumentor
from opentelemetry.trace import SpanKind
from recorder import Recorder
from runs import FOUND

import crossbook.fastapi
from crossbook import AddressBook, Contact, Vercom
from crossbook.otel import CrossbookInstrumentor

Make = Callable[..., AddressBook]
Book = Annotated[Vercom, Depends(crossbook.fastapi.use("vercom"))]


@pytest.fixture
def instrumented_libraries(server: Server, recorder: Recorder) -> Iterator[None]:
    instrumentors = (HTTPXClientInstrumentor(), HTTPX2ClientInstrumentor(), AioHttpClientInstrumentor())
    for instrumentor in instrumentors:
        instrumentor.instrument(tracer_provider=recorder.tracers, meter_provider=recorder.meters)
    yield
    for instrumentor in instrumentors:
        instrumentor.uninstrument()


@pytest.mark.parametrize("transport", ["httpx", "httpx2", "aiohttp"])
@pytest.mark.usefixtures("instrumented_libraries")
def test_instrumented_library_makes_no_second_span(transport: str, make_book: Make, recorder: Recorder) -> None:
    async def main() -> None:
        async with make_book(transport=transport) as book:
            await book.groups.list()

    anyio.run(main)
    assert recorder.names == ["vercom.listGroups"]
    assert recorder.total("http.client.request.duration") == 1


@pytest.mark.anyio
@pytest.mark.parametrize("library", ["httpx", "httpx2"])
async def test_instrumented_client_of_the_user_makes_no_second_span(
    library: str, make_book: Make, recorder: Recorder
) -> None:
    instrumentor: Any = {"httpx": HTTPXClientInstrumentor, "httpx2": HTTPX2ClientInstrumentor}[library]
    async with importlib.import_module(library).AsyncClient() as client:
        instrumentor().instrument_client(client, tracer_provider=recorder.tracers)
        async with make_book(http_client=client) as book:
            await book.groups.list()
        await client.get(f"{book._session.base.origin}/")
    assert recorder.names == ["vercom.listGroups", "GET"], "the client's own requests are still seen"


@pytest.mark.anyio
@pytest.mark.usefixtures("instrumented_libraries")
async def test_library_spans_stay_without_ours(make_book: Make, recorder: Recorder) -> None:
    CrossbookInstrumentor().uninstrument()
    async with make_book() as book:
        await book.groups.list()
    assert recorder.names == ["GET"]


@pytest.mark.anyio
@pytest.mark.usefixtures("instrumented_libraries")
async def test_no_trace_header_reaches_the_vendor(recorder: Recorder) -> None:
    """A trace id and above all baggage, which may name a user, are not for a third party."""
    transport = FakeTransport(FOUND)
    token = context.attach(baggage.set_baggage("user", "anna"))
    async with book_over("vercom", transport) as book:
        await book.contacts.get("1")
    context.detach(token)
    names = {name.lower() for name, _ in transport.sent[0].headers}
    assert not names & {b"traceparent", b"tracestate", b"baggage"}


@pytest.fixture
def application(server: Server) -> FastAPI:
    def make() -> Vercom:
        return Vercom(**server.credentials["vercom"], base_url=server.base_urls["vercom"])

    app = FastAPI(lifespan=crossbook.fastapi.lifespan(vercom=make))

    @app.get("/groups")
    async def groups(book: Book) -> int:
        return len((await book.groups.list()).items)

    @app.post("/import")
    async def load(book: Book) -> dict[str, int]:
        people = [Contact(phone=f"+4850060070{digit}") for digit in range(3)]
        summary = await book.contacts.create_many(people).run()
        return {str(status): count for status, count in summary.counts.items()}

    return app


@pytest.mark.anyio
async def test_spans_nest_under_those_of_fastapi(application: FastAPI, recorder: Recorder) -> None:
    FastAPIInstrumentor.instrument_app(application, tracer_provider=recorder.tracers, exclude_spans=["send", "receive"])
    async with (
        application.router.lifespan_context(application),
        httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://service.example.com") as client,
    ):
        assert (await client.get("/groups")).status_code == 200
        assert (await client.post("/import")).json() == {"created": 3}
    read, write = (span for span in recorder.spans if span.kind is SpanKind.SERVER)
    assert (read.name, write.name) == ("GET /groups", "POST /import")
    call, batch = recorder.span("vercom.listGroups"), recorder.span("vercom.contacts.create_many")
    assert call.parent == read.context
    assert batch.parent == write.context
    linked = recorder.span("vercom.createContacts")
    assert linked.parent is None
    assert [link.context for link in linked.links] == [batch.context]
