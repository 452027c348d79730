"""Stream the results of a batch as a response: a line or an event for each result, and the summary last.

If the client disconnects, the batch stops: its workers end before the request does. Items in flight are counted as
cancelled, and stay open in the journal if the batch has one.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import anyio
from fastapi.responses import JSONResponse
from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event
from pydantic import TypeAdapter
from starlette.background import BackgroundTask
from starlette.types import Receive, Scope, Send

from crossbook import Batch, CrossbookError, Result, Summary
from crossbook.fastapi.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line or event of a streamed batch: a result, an error or the summary. The other two members are None.

    Args:
        result: the result of one input.
        error: the error that ended the batch early: the source, a callback or the journal failed.
        summary: the counts of the whole batch, in the last line. A stream without it was interrupted.
    """

    result: Result | None = None
    error: Problem | None = None
    summary: Summary | None = None


PING_SECONDS = 15.0  # FastAPI's own streams of events send a comment as often
_TYPES: Mapping[str, TypeAdapter[Any]] = {
    "result": TypeAdapter(Result),
    "error": TypeAdapter(Problem),
    "summary": TypeAdapter(Summary),
}


class NDJSON(JSONResponse):
    """A response that runs a batch and streams its results as newline-delimited JSON; each line is a `Line`.

    Read the body of the request first: the response reads further messages to notice that the client disconnected.

    Args:
        batch: a batch that has not started; it starts with the response.
        status_code: the status of the response; 200 by default.
        headers: further headers of the response.

    Raises:
        CrossbookError: the batch cannot start. The response has not started either, so the client gets a problem.

    Example:
        ```python
        @app.post("/import", response_class=NDJSON, response_model=Line)
        async def bulk(body: ImportBody, book: Book) -> Response:
            return NDJSON(book.contacts.create_many(await body.read()))
        ```
    """

    media_type = "application/x-ndjson"
    _defaults: ClassVar[Mapping[str, str]] = MappingProxyType({"Cache-Control": "no-store"})
    _keepalive: ClassVar[bytes | None] = None  # sent if no result comes for `PING_SECONDS`

    def __init__(self, batch: Batch[Any], status_code: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self._batch = batch
        self.status_code = status_code
        self.background: BackgroundTask | None = None
        self.init_headers({**self._defaults, **(headers or {})})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with suppress(_ClientDisconnectedError):
            async with self._batch as run:
                await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
                await self._send_results(run, receive, send)
            # Only after the block have all workers ended, so that the summary is complete.
            await self._send("summary", self._batch.summary, send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        if self.background is not None:
            await self.background()

    async def _send_results(self, run: Batch[Any], receive: Receive, send: Send) -> None:
        """Send each result of the batch as it arrives, until the batch ends or the client disconnects."""
        ended: Exception | None = None
        async with anyio.create_task_group() as tasks:

            async def listen() -> None:
                nonlocal ended
                while (await receive())["type"] != "http.disconnect":
                    pass
                ended = _ClientDisconnectedError()
                tasks.cancel_scope.cancel()

            tasks.start_soon(listen)
            try:
                while (result := await self._wait_for_result(run, send)) is not None:
                    await self._send("result", result, send)
            except Exception as error:
                ended = error
            tasks.cancel_scope.cancel()
        if isinstance(ended, CrossbookError):
            await self._send("error", Problem.from_error(ended), send)
        elif ended is not None:
            # Raised outside the task group, which would wrap it in an ExceptionGroup. It interrupts the response.
            raise ended

    async def _wait_for_result(self, run: Batch[Any], send: Send) -> Result | None:
        """Return the next result, or None after the last result. Send comments while the connection is idle."""
        while self._keepalive is not None:
            with anyio.move_on_after(PING_SECONDS):
                return await anext(run, None)
            await self._send_bytes(self._keepalive, send)
        return await anext(run, None)

    async def _send(self, name: str, value: object, send: Send) -> None:
        await self._send_bytes(self._encode(name, _TYPES[name].dump_json(value)), send)

    def _encode(self, name: str, value: bytes) -> bytes:
        return b'{"%b":%b}\n' % (name.encode(), value)

    async def _send_bytes(self, body: bytes, send: Send) -> None:
        try:
            await send({"type": "http.response.body", "body": body, "more_body": True})
        except OSError:
            # Servers of ASGI 2.4 and later raise OSError here when the client has disconnected.
            raise _ClientDisconnectedError from None


class _ClientDisconnectedError(Exception):
    """The client disconnected before the response was complete."""


class EventStream(NDJSON):
    """A response that streams a batch as server-sent events named `result`, `error` and `summary`, like `NDJSON`.

    FastAPI's own `fastapi.sse` writes the events, and the headers are those of its `EventSourceResponse`. While no
    result comes, the stream has a comment every 15 seconds, so that proxies keep the connection open.

    FastAPI begins the response of a handler with `yield` before the handler runs. Then an invalid body, or a batch that
    cannot start, breaks the stream. With `EventStream`, which the handler returns, each is a problem+json response.

    Example:
        ```python
        @app.post("/import")
        async def live(body: ImportBody, book: Book) -> EventStream:
            return EventStream(book.contacts.create_many(await body.read()))
        ```
    """

    media_type = EventSourceResponse.media_type
    # FastAPI sends the same: no cache may keep the stream, and a proxy (nginx) must not collect it.
    _defaults = MappingProxyType({"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})
    _keepalive = KEEPALIVE_COMMENT

    def _encode(self, name: str, value: bytes) -> bytes:
        return format_sse_event(event=name, data_str=value.decode())
