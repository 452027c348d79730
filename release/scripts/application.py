"""Run in a new environment: call a FastAPI application on books of a sandbox without a server.

The `CROSSBOOK_…` variables name the sandbox.
"""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import httpx
from fastapi import Depends, FastAPI, Response

import crossbook.fastapi
from crossbook import Contact, Vercom, WriteResult
from crossbook.fastapi import NDJSON, Health, ImportBody, Line, health, use

Book = Annotated[Vercom, Depends(use("vercom"))]
app = FastAPI(lifespan=crossbook.fastapi.lifespan("vercom", "atom"))


@app.post("/contacts", status_code=201)
async def create(contact: Contact, book: Book) -> WriteResult:
    """Use a crossbook model as a request and response body."""
    return await book.contacts.create(contact)


@app.get("/contacts/{id}")
async def read(id: str, book: Book) -> Contact:
    """Return a crossbook error as a problem."""
    return await book.contacts.get(id)


@app.post("/import", response_class=NDJSON, response_model=Line)
async def bulk(body: ImportBody, book: Book) -> Response:
    """Read a limited body and stream a batch."""
    return NDJSON(book.contacts.create_many(await body.read()))


@app.get("/health")
async def state(found: Annotated[Health, Depends(health())]) -> Health:
    """Return the health of every book."""
    return found


async def main() -> None:
    """Call each route, and the OpenAPI schema."""
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://app") as client,
    ):
        created = await client.post("/contacts", json={"phone": "+48500600700"})
        assert created.status_code == 201, created.text
        read = await client.get(f"/contacts/{created.json()['id']}")
        assert read.json()["phone"] == "+48500600700", read.text
        problem = await client.get("/contacts/404")
        assert problem.headers["content-type"] == "application/problem+json", problem.text
        refused = await client.post("/contacts", json={"phone": 1})
        assert refused.status_code == 422, refused.text
        streamed = await client.post("/import", json=[{"phone": "+48500600701"}, {"phone": "+48500600702"}])
        assert [list(json.loads(line)) for line in streamed.text.splitlines()] == [["result"], ["result"], ["summary"]]
        healthy = await client.get("/health")
        assert healthy.status_code == 200, healthy.text
        described = (await client.get("/openapi.json")).json()
        assert {"Contact", "WriteResult", "Line"} <= described["components"]["schemas"].keys(), described


if __name__ == "__main__":
    asyncio.run(main())
