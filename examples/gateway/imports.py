"""`/books/{book}/imports`: import many contacts and stream the results; `/imports`: the running imports, live."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import EventSourceResponse
from starlette.types import Receive, Scope, Send

from crossbook import AddressBook, Batch, Contact, InvalidInputError, Match
from crossbook.fastapi import NDJSON, ImportBody, Line, RequestTooLargeError
from examples.demo.people import read_people

from .board import Board, Import, TheBoard
from .books import Book
from .people import read_upload

router = APIRouter(tags=["imports"])
LARGEST_FILE = 32 * 1024 * 1024  # bytes


class Shown(NDJSON):
    """A batch's response that stays on the board until the batch ends, also if the client disconnects."""

    def __init__(self, batch: Batch[Contact], entry: Import, board: Board) -> None:
        super().__init__(batch)
        self._entry = entry
        self._board = board

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._board.begin(self._entry)
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._board.end(self._entry, self._batch.summary)


@router.post("/books/{book}/imports", response_class=NDJSON, response_model=Line, max_body_size=LARGEST_FILE)
async def import_contacts(
    request: Request,
    book: Book,
    body: ImportBody,
    board: TheBoard,
    match: Match | Literal["none"] = "auto",
    on_duplicate: Literal["skip", "update", "error"] = "skip",
    on_unsupported_field: Literal["error", "drop"] = "error",
    on_opted_out: Literal["skip", "unsubscribe", "error"] = "skip",
) -> Response:
    """Stream a line for each contact, then the summary. A client that disconnects stops the import.

    `on_opted_out` says what happens to people who opted out (`opted_out`): they are looked up and skipped, opted out in
    the book too, or count as errors.
    `match` says how people who are already in the book are found: by one key, or ("auto") by the first key that they
    have. `on_duplicate` says what happens to them. "none" looks nobody up: a repeated import then doubles everybody.
    """
    largest: int = request.app.state.settings.largest_import
    people = await body.read(max_bytes=LARGEST_FILE, max_items=largest)
    entry = board.new(request.path_params["book"], "", len(people))
    batch = book.contacts.create_many(
        people,
        match=None if match == "none" else match,
        on_duplicate=None if match == "none" else on_duplicate,
        on_unsupported_field=on_unsupported_field,
        on_opted_out=on_opted_out,
        progress=entry.progress,
    )
    return Shown(batch, entry, board)


@router.post("/books/{book}/imports/file", response_class=NDJSON, response_model=Line, max_body_size=LARGEST_FILE)
async def import_file(
    request: Request,
    book: Book,
    board: TheBoard,
    group: Annotated[str, Form(min_length=1, max_length=100)],
    file: UploadFile | None = None,
    demo: Annotated[bool, Form()] = False,
    match: Annotated[Literal["auto", "none"], Form()] = "auto",
    on_opted_out: Annotated[Literal["skip", "unsubscribe", "error"], Form()] = "skip",
) -> Response:
    """Import a file into a group, which is created if it does not exist. The page uses this.

    CSV, JSON lines or vCards, as `crossbook import` reads them. `demo` asks for the 1,000 made-up people of the demo
    instead of a file. What the vendor cannot hold is left out. Who is there already is skipped: found by the first key
    that a person has, unless another field differs. `match=none` skips nobody, so a repeated import doubles everybody.
    A file with a column that may say who opted out, and with a cell of it that is not clear, is refused.
    """
    largest: int = request.app.state.settings.largest_import
    given = file if file is not None and file.filename else None
    if (given is None) != demo:
        raise InvalidInputError("send either a file with a name, or demo=true for the made-up people", field="file")
    people = read_people() if given is None else await run_in_threadpool(read_upload, given, book, largest + 1)
    if len(people) > largest:
        raise RequestTooLargeError(
            f"the file has more than {largest:,} contacts, the most of one import: split the file"
        )
    id = await _group(book, group)
    entry = board.new(request.path_params["book"], group, len(people))
    batch = book.contacts.create_many(
        [replace(person, groups=(id,)) for person in people],
        match=None if match == "none" else "auto",
        on_duplicate=None if match == "none" else "skip",
        on_unsupported_field="drop",
        on_opted_out=on_opted_out,
        progress=entry.progress,
    )
    return Shown(batch, entry, board)


async def _group(book: AddressBook, name: str) -> str:
    async for group in book.groups.list():
        if group.name == name:
            return group.id
    return (await book.groups.create(name)).id


@router.get("/imports")
async def list_imports(board: TheBoard) -> list[Import]:
    """Return the running imports and the last finished ones."""
    return board.imports()


@router.get("/imports/live", response_class=EventSourceResponse)
async def live_imports(board: TheBoard) -> AsyncIterator[list[Import]]:
    """Send the imports as server-sent events after each change."""
    async for imports in board.live():
        yield imports
