"""Use crossbook in a FastAPI application (extra `fastapi`): open books, problem+json errors, streamed batches.

Handlers can take and return contacts, groups, pages and results directly.

Example:
    ```python
    from typing import Annotated

    import crossbook.fastapi
    from crossbook import Contact, Vercom
    from fastapi import Depends, FastAPI

    app = FastAPI(lifespan=crossbook.fastapi.lifespan("vercom", "atom"))
    Book = Annotated[Vercom, Depends(crossbook.fastapi.use("vercom"))]


    @app.get("/contacts/{id}")
    async def read(id: str, book: Book) -> Contact:
        return await book.contacts.get(id)
    ```
"""

from __future__ import annotations

try:
    from crossbook.fastapi.books import lifespan, use
except ModuleNotFoundError as error:
    message = f"crossbook.fastapi needs {error.name}: pip install 'crossbook[fastapi]'"
    raise ModuleNotFoundError(message, name=error.name) from None
from crossbook.book import BookHealth
from crossbook.fastapi.body import ContactsBody, ImportBody
from crossbook.fastapi.health import Health, health
from crossbook.fastapi.install import install
from crossbook.fastapi.job_folder import Job, JobState
from crossbook.fastapi.jobs import JobInput, JobNotFoundError, Jobs, JobStateError
from crossbook.fastapi.problems import Problem, RequestTooLargeError
from crossbook.fastapi.state import Books, books
from crossbook.fastapi.streams import NDJSON, EventStream, Line

__all__ = [
    "NDJSON",
    "BookHealth",
    "Books",
    "ContactsBody",
    "EventStream",
    "Health",
    "ImportBody",
    "Job",
    "JobInput",
    "JobNotFoundError",
    "JobState",
    "JobStateError",
    "Jobs",
    "Line",
    "Problem",
    "RequestTooLargeError",
    "books",
    "health",
    "install",
    "lifespan",
    "use",
]
