"""`/books/{book}/imports`: import as a stream, or a file in the background; `/imports`: the background imports."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.requests import HTTPConnection
from fastapi.sse import EventSourceResponse

from crossbook import AddressBook, Batch, Contact, InvalidInputError, Match
from crossbook.fastapi import NDJSON, ImportBody, Job, JobInput, Jobs, Line, RequestTooLargeError
from examples.demo.people import read_people

from .books import Book
from .people import read_file, read_upload

router = APIRouter(tags=["imports"])
LARGEST_FILE = 32 * 1024 * 1024  # bytes


async def jobs(connection: HTTPConnection) -> Jobs:
    found: Jobs = connection.app.state.jobs
    return found


TheJobs = Annotated[Jobs, Depends(jobs)]


@router.post("/books/{book}/imports", response_class=NDJSON, response_model=Line, max_body_size=LARGEST_FILE)
async def import_contacts(
    request: Request,
    book: Book,
    body: ImportBody,
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
    people = await body.read(max_bytes=LARGEST_FILE, max_items=request.app.state.settings.largest_import)
    return NDJSON(
        book.contacts.create_many(
            people,
            match=None if match == "none" else match,
            on_duplicate=None if match == "none" else on_duplicate,
            on_unsupported_field=on_unsupported_field,
            on_opted_out=on_opted_out,
        )
    )


@router.post("/books/{book}/imports/file", status_code=202, max_body_size=LARGEST_FILE)
async def start_import(
    request: Request,
    book: Book,
    jobs: TheJobs,
    group: Annotated[str, Form(min_length=1, max_length=100)],
    file: UploadFile | None = None,
    demo: Annotated[bool, Form()] = False,
    match: Annotated[Literal["auto", "none"], Form()] = "auto",
    on_opted_out: Annotated[Literal["skip", "unsubscribe", "error"], Form()] = "skip",
) -> Job:
    """Start an import of a file into a group, which is created if it does not exist. The page uses this.

    The import goes on if the client disconnects, and resumes after a restart of the gateway.

    CSV, JSON lines or vCards, as `crossbook import` reads them. `demo` asks for the 1,000 made-up people of the demo
    instead of a file. What the vendor cannot hold is left out. Who is there already is skipped: found by the first key
    that a person has, unless another field differs. `match=none` skips nobody, so a repeated import doubles everybody.
    A file with a column that may say who opted out, and with a cell of it that is not clear, is refused.
    """
    largest: int = request.app.state.settings.largest_import
    given = file if file is not None and file.filename else None
    if (given is None) != demo:
        raise InvalidInputError("send either a file with a name, or demo=true for the made-up people", field="file")
    if given is not None:
        # Read it now, so that an invalid file is refused at once. The job reads the stored copy.
        people = await run_in_threadpool(read_upload, given, book, largest + 1)
        if len(people) > largest:
            raise RequestTooLargeError(
                f"the file has more than {largest:,} contacts, the most of one import: split the file"
            )
    parameters = {"book": request.path_params["book"], "group": group, "match": match, "on_opted_out": on_opted_out}
    return await jobs.start(import_file, file=given, parameters=parameters)


async def import_file(job: JobInput) -> Batch[Contact]:
    """Return the batch of a background import. It runs again when the import resumes."""
    wanted = job.parameters
    book = job.books[wanted["book"]]
    people = read_people() if job.file is None else await run_in_threadpool(read_file, job.file, book)
    groups = (await _group(book, wanted["group"]),)
    looks_up = wanted["match"] != "none"
    return book.contacts.create_many(
        [replace(person, groups=groups) for person in people],
        match="auto" if looks_up else None,
        on_duplicate="skip" if looks_up else None,
        on_unsupported_field="drop",
        on_opted_out=wanted["on_opted_out"],
        **job.options,
    )


async def _group(book: AddressBook, name: str) -> str:
    async for group in book.groups.list():
        if group.name == name:
            return group.id
    return (await book.groups.create(name)).id


@router.get("/imports")
async def list_imports(jobs: TheJobs) -> list[Job]:
    """Return the background imports, the newest first."""
    return await jobs.list()


@router.get("/imports/live", response_class=EventSourceResponse)
async def live_imports(jobs: TheJobs) -> AsyncIterator[list[Job]]:
    """Send the background imports as server-sent events after each change."""
    async for imports in jobs.watch():
        yield imports


@router.get("/imports/{name}")
async def get_import(name: str, jobs: TheJobs) -> Job:
    return await jobs.get(name)


@router.post("/imports/{name}/cancel")
async def cancel_import(name: str, jobs: TheJobs) -> Job:
    """Stop a background import for good. What was written stays."""
    return await jobs.cancel(name)


@router.post("/imports/{name}/resume")
async def resume_import(name: str, jobs: TheJobs) -> Job:
    """Resume a background import that stopped by itself, for example because the vendor was unavailable."""
    return await jobs.resume(name)


@router.delete("/imports/{name}", status_code=204)
async def remove_import(name: str, jobs: TheJobs) -> None:
    """Delete the record of a background import that has ended."""
    await jobs.remove(name)
