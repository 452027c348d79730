"""A batch as an answer that grows: a line or an event for each result, the summary last.

A client that goes away stops the batch: its workers end before the request does, and what was in flight is counted as
cancelled and stays open in the journal, if there is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar

import anyio
from fastapi.responses import JSONResponse
from pydantic import TypeAdapter
from starlette.background import BackgroundTask
from starlette.types import Receive, Scope, Send

from crossbook import Batch, CrossbookError, Result, Summary
from crossbook.fastapi.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a stream: exactly one of these, and the others left out; an event bears the member's name.

    Args:
        result: what became of one input.
        error: what ended the batch before its time (the source, a callback or the journal failed).
        summary: what became of them all; the last line. Without it the stream was cut off.
    """

    result: Result | None = None
    error: Problem | None = None
    summary: Summary | None = None


_TYPES: Mapping[str, TypeAdapter[Any]] = {
    "result": TypeAdapter(Result),
    "error": TypeAdapter(Problem),
    "summary": TypeAdapter(Summary),
}


class NDJSON(JSONResponse):
    """A batch as newline-delimited JSON, each line a `Line`.

    Read the request's body before: from then on the client is listened to, for its going away.

    Args:
        batch: one that was not entered yet; it begins with the answer.
        status_code: as of any response.
        headers: as of any response.

    Raises:
        CrossbookError: the batch cannot begin; as the answer has not begun either, it becomes a problem.

    Example:
        ```python
        @app.post("/import", response_class=NDJSON, response_model=Line)
        async def bulk(body: ImportBody, book: Book) -> Response:
            return NDJSON(book.contacts.create_many(await body.read()))
        ```
    """

    media_type = "application/x-ndjson"
    _frame: ClassVar[bytes] = b'{"%b":%b}\n'

    def __init__(self, batch: Batch[Any], status_code: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self._batch = batch
        self.status_code = status_code
        self.background: BackgroundTask | None = None
        self.init_headers({"Cache-Control": "no-store", **(headers or {})})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with suppress(_Gone):
            async with self._batch as run:
                await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
                await self._results(run, receive, send)
            # Only now is nothing under way any more, and all of it counted.
            await self._tell("summary", self._batch.summary, send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        if self.background is not None:
            await self.background()

    async def _results(self, run: Batch[Any], receive: Receive, send: Send) -> None:
        """Sends each result, until the last or until the client goes away."""
        ended: Exception | None = None
        async with anyio.create_task_group() as tasks:

            async def listen() -> None:
                nonlocal ended
                while (await receive())["type"] != "http.disconnect":
                    pass
                ended = _Gone()
                tasks.cancel_scope.cancel()

            tasks.start_soon(listen)
            try:
                async for result in run:
                    await self._tell("result", result, send)
            except Exception as error:
                ended = error
            tasks.cancel_scope.cancel()
        if isinstance(ended, CrossbookError):
            await self._tell("error", Problem.of(ended), send)
        elif ended is not None:
            # Raised out here, where no group wraps it: a bug of ours or theirs cuts the answer off.
            raise ended

    async def _tell(self, name: str, value: object, send: Send) -> None:
        body = self._frame % (name.encode(), _TYPES[name].dump_json(value))
        try:
            await send({"type": "http.response.body", "body": body, "more_body": True})
        except OSError:
            # How servers of a newer ASGI tell it.
            raise _Gone from None


class _Gone(Exception):
    """The client went away."""


class EventStream(NDJSON):
    """A batch as server-sent events called `result`, `error` and `summary`; else as `NDJSON`."""

    media_type = "text/event-stream"
    _frame: ClassVar[bytes] = b"event: %b\ndata: %b\n\n"
