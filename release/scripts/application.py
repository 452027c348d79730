"""Run inside a fresh environment: a FastAPI application on books of a sandbox, asked without a server.

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
    """A model of ours as a body and as an answer."""
    return await book.contacts.create(contact)


@app.get("/contacts/{id}")
async def read(id: str, book: Book) -> Contact:
    """An error of ours as a problem."""
    return await book.contacts.get(id)


@app.post("/import", response_class=NDJSON, response_model=Line)
async def bulk(body: ImportBody, book: Book) -> Response:
    """A body within limits, and a batch as a stream."""
    return NDJSON(book.contacts.create_many(await body.read()))


@app.get("/health")
async def state(found: Annotated[Health, Depends(health())]) -> Health:
    """Every book's health."""
    return found


async def main() -> None:
    """Asks for each of them, and for the description of all of them."""
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
