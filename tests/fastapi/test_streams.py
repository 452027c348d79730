"""Stream a batch: the lines and events, and how a disconnected client stops the batch."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from control import Server
from fastapi import BackgroundTasks, Depends, FastAPI, Response
from serving import book_on, serving

import crossbook.fastapi
from crossbook import AddressBook, Contact, NotFoundError, Summary
from crossbook.fastapi import NDJSON, EventStream, streams, use
from crossbook.fastapi.streams import Batch

pytestmark = pytest.mark.asyncio
Book = Annotated[AddressBook, Depends(use("book"))]


def people(many: int) -> Iterator[Contact]:
    return (Contact(phone=f"+485006{number:05d}", first_name="Łucja") for number in range(many))


async def breaking() -> AsyncIterator[Contact]:
    for person in people(5):
        yield person
    raise NotFoundError("The list that feeds it is gone.", vendor="atom", sent="yes")


async def failing() -> AsyncIterator[Contact]:
    for person in people(5):
        yield person
    raise ValueError("the file is broken")


class Watch:
    """An application whose batches a test can inspect."""

    def __init__(self, sandbox: Server, tmp_path: Path) -> None:
        self.summaries: list[Summary] = []
        self.app = FastAPI(lifespan=crossbook.fastapi.lifespan(book=book_on(sandbox, "vercom", concurrency=4)))
        self._journal = tmp_path / "journal.sqlite"

        @self.app.post("/ndjson")
        async def ndjson(book: Book, people: list[Contact]) -> Response:
            return NDJSON(self.track(book.contacts.create_many(people)))

        @self.app.post("/afterwards")
        async def afterwards(book: Book, people: list[Contact], after: BackgroundTasks) -> Response:
            batch = book.contacts.create_many(people)
            after.add_task(lambda: self.summaries.append(batch.summary))
            return NDJSON(batch)

        @self.app.post("/sse")
        async def sse(book: Book, people: list[Contact]) -> Response:
            return EventStream(self.track(book.contacts.create_many(people)))

        @self.app.post("/many")
        async def endless(book: Book) -> Response:
            # One by one, so that a client can disconnect in the middle.
            return NDJSON(self.track(book.contacts.upsert_many(people(100_000), match="phone")))

        @self.app.post("/breaking")
        async def broken(book: Book) -> Response:
            return NDJSON(book.contacts.create_many(breaking()))

        @self.app.post("/failing")
        async def failed(book: Book) -> Response:
            return NDJSON(book.contacts.create_many(failing()))

        @self.app.post("/journal")
        async def journal(book: Book, people: list[Contact]) -> Response:
            return NDJSON(book.contacts.create_many(people, journal=self._journal))

        @self.app.post("/another")
        async def another(book: Book, people: list[Contact]) -> Response:
            return NDJSON(book.contacts.upsert_many(people, match="phone", journal=self._journal))

        @self.app.post("/many-sse")
        async def endless_events(book: Book) -> EventStream:
            return EventStream(self.track(book.contacts.upsert_many(people(100_000), match="phone")))

        @self.app.post("/another-sse")
        async def another_sse(book: Book, people: list[Contact]) -> EventStream:
            return EventStream(book.contacts.upsert_many(people, match="phone", journal=self._journal))

    def track(self, batch: Batch[Any]) -> Batch[Any]:
        self.summaries.append(batch.summary)
        return batch

    async def ended(self) -> Summary:
        """Wait until the only batch has ended; return its summary."""
        async with asyncio.timeout(60):
            while not (self.summaries and self.summaries[0].seconds):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        (summary,) = self.summaries
        return summary


@pytest.fixture
def watch(sandbox: Server, tmp_path: Path) -> Watch:
    return Watch(sandbox, tmp_path)


def bodies(many: int) -> list[dict[str, Any]]:
    return [{"phone": person.phone} for person in people(many)]


async def test_line_per_result_and_summary_last(watch: Watch, client: httpx.AsyncClient) -> None:
    with serving(watch.app) as url:
        response = await client.post(f"{url}/ndjson", json=[*bodies(30), {"company": "ABC"}])
    assert response.headers["content-type"] == "application/x-ndjson"
    assert "content-length" not in response.headers
    assert response.headers["cache-control"] == "no-store"
    lines = [json.loads(line) for line in response.text.splitlines()]
    assert [list(line) for line in lines] == [["result"]] * 31 + [["summary"]]
    assert sorted(line["result"]["index"] for line in lines[:-1]) == list(range(31))
    (refused,) = [line["result"] for line in lines[:-1] if line["result"]["status"] == "failed"]
    assert refused["error"]["kind"] == "InvalidInputError"
    summary = lines[-1]["summary"]
    assert summary["counts"] == {"created": 30, "failed": 1}
    assert summary["seconds"] > 0
    assert summary["requests"] >= 1


async def test_background_task_runs_after_batch(watch: Watch, client: httpx.AsyncClient) -> None:
    with serving(watch.app) as url:
        assert (await client.post(f"{url}/afterwards", json=bodies(3))).status_code == 200
        assert (await watch.ended()).counts == {"created": 3}


async def test_event_stream(watch: Watch, client: httpx.AsyncClient) -> None:
    with serving(watch.app) as url:
        response = await client.post(f"{url}/sse", json=bodies(3))
    assert response.headers["content-type"].startswith("text/event-stream")
    events = [event.split("\n") for event in response.text.removesuffix("\n\n").split("\n\n")]
    assert [event[0] for event in events] == ["event: result"] * 3 + ["event: summary"]
    assert json.loads(events[-1][1].removeprefix("data: "))["counts"] == {"created": 3}


async def test_event_stream_has_headers_and_pings_of_fastapi(
    sandbox: Server, watch: Watch, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "PING_SECONDS", 0.1)
    sandbox.fault("delay", "vercom", seconds=1, count=1)
    with serving(watch.app) as url:
        response = await client.post(f"{url}/sse", json=bodies(1), headers={"Origin": "http://a.example.com"})
    assert response.headers["x-accel-buffering"] == "no"
    assert response.headers["cache-control"] == "no-cache"
    pings, _, events = response.text.partition("event: result")
    assert pings
    assert set(pings.split("\n\n")) == {": ping", ""}
    assert '"created":1' in events


async def test_event_stream_that_cannot_start_is_problem(watch: Watch, client: httpx.AsyncClient) -> None:
    with serving(watch.app) as url:
        assert (await client.post(f"{url}/sse", json=[{"telephone": 1}])).status_code == 422
        await client.post(f"{url}/journal", json=bodies(2))
        response = await client.post(f"{url}/another-sse", json=bodies(2))
    assert response.status_code == 409
    assert response.headers["content-type"] == "application/problem+json"


async def test_disconnected_reader_of_events_stops_batch(
    sandbox: Server, watch: Watch, client: httpx.AsyncClient
) -> None:
    with serving(watch.app) as url:
        async with client.stream("POST", f"{url}/many-sse") as response:
            assert await anext(response.aiter_lines()) == "event: result"
        assert (await watch.ended()).total < 100_000
        await assert_calm(url, sandbox, client)


async def test_results_are_sent_when_ready(sandbox: Server, watch: Watch, client: httpx.AsyncClient) -> None:
    with serving(watch.app) as url:
        async with client.stream("POST", f"{url}/many") as response:
            lines = response.aiter_lines()
            assert "result" in json.loads(await anext(lines))
            assert sandbox.requests("vercom")["createContacts"] < 10_000


async def test_disconnected_client_stops_batch(sandbox: Server, watch: Watch, client: httpx.AsyncClient) -> None:
    with serving(watch.app) as url:
        async with client.stream("POST", f"{url}/many") as response:
            lines = response.aiter_lines()
            for _ in range(20):
                await anext(lines)
        assert 20 <= (await watch.ended()).total < 100_000
        await assert_calm(url, sandbox, client)


async def test_client_disconnected_before_first_result_stops_batch(
    sandbox: Server, watch: Watch, client: httpx.AsyncClient
) -> None:
    sandbox.fault("delay", "vercom", seconds=2, count=50)
    with serving(watch.app) as url:
        async with client.stream("POST", f"{url}/many") as response:
            assert response.status_code == 200
        await watch.ended()
        sandbox.calm()
        await assert_calm(url, sandbox, client)


async def assert_calm(url: str, sandbox: Server, client: httpx.AsyncClient) -> None:
    """Assert that only a new request reaches the vendor, and that the book still works."""
    before = sandbox.quiet("vercom")
    again = await client.post(f"{url}/ndjson", json=bodies(1))
    assert json.loads(again.text.splitlines()[-1])["summary"]["counts"] == {"created": 1}
    assert sandbox.requests("vercom") - before == {"createContacts": 1}


async def test_error_of_source_comes_before_summary(watch: Watch, client: httpx.AsyncClient) -> None:
    with serving(watch.app) as url:
        response = await client.post(f"{url}/breaking")
    *_, error, summary = [json.loads(line) for line in response.text.splitlines()]
    assert error["error"]["type"] == "urn:crossbook:not-found"
    assert summary["summary"]["stopped"]


async def test_bug_interrupts_response_without_summary(watch: Watch, client: httpx.AsyncClient) -> None:
    with serving(watch.app) as url:
        lines: list[str] = []
        with pytest.raises(httpx.RemoteProtocolError):
            async with client.stream("POST", f"{url}/failing") as response:
                lines += [line async for line in response.aiter_lines()]
        assert not any("summary" in line for line in lines)
        assert (await client.post(f"{url}/ndjson", json=bodies(1))).status_code == 200


async def test_batch_that_cannot_start_is_problem(watch: Watch, client: httpx.AsyncClient) -> None:
    with serving(watch.app) as url:
        assert (await client.post(f"{url}/journal", json=bodies(2))).status_code == 200
        response = await client.post(f"{url}/another", json=bodies(2))
    assert response.status_code == 409
    assert response.json()["type"] == "urn:crossbook:journal-mismatch"


async def test_oserror_of_send_stops_batch(watch: Watch) -> None:
    """Servers of ASGI 2.4 and later raise OSError from `send` when the client has disconnected."""
    sent: list[Any] = []

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)
        if len(sent) == 3:
            raise OSError

    async with book_on_memory() as book:
        batch = book.contacts.upsert_many(people(100_000), match="phone")
        scope = {"type": "http", "asgi": {"spec_version": "2.4"}}
        await NDJSON(batch)(scope, receive, send)
    assert len(sent) == 3
    assert batch.summary.total < 100_000


def book_on_memory() -> AddressBook:
    from fakes import FakeTransport, book_over, sample

    return book_over("vercom", FakeTransport(sample("vercom", "contacts-none", 404)))
