"""An application with background jobs, as a program: `jobs_app.py FOLDER` serves on a free port of 127.0.0.1."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator

import uvicorn
from fastapi import FastAPI, UploadFile
from fastapi.sse import EventSourceResponse

import crossbook.fastapi
from crossbook import Batch, Contact, SerwerSMS, files
from crossbook.fastapi import ImportBody, Job, JobInput, Jobs

jobs = Jobs(sys.argv[1], stop_timeout=1)
app = FastAPI(
    lifespan=crossbook.fastapi.lifespan(jobs=jobs, serwersms=lambda: SerwerSMS.from_env(rate=1e6, connect_timeout=60))
)


@jobs.task
async def import_file(job: JobInput) -> AsyncIterator[Batch[Contact]]:
    assert job.file is not None
    with files.read(job.file) as people:
        contacts = (row.contact for row in people if row.contact is not None)
        yield job.books["serwersms"].contacts.create_many(
            contacts, match="phone", on_duplicate="skip", settle_timeout=1, **job.options
        )


@jobs.task
async def import_contacts(job: JobInput) -> Batch[Contact]:
    return job.books["serwersms"].contacts.create_many(await job.read_contacts(), match="phone", **job.options)


@app.post("/jobs", status_code=202)
async def start(file: UploadFile, name: str | None = None) -> Job:
    return await jobs.start(import_file, name=name, file=file, parameters={"group": "Fair"})


@app.post("/contacts", status_code=202)
async def start_contacts(body: ImportBody) -> Job:
    return await jobs.start(import_contacts, contacts=await body.read())


@app.get("/jobs")
async def all_jobs() -> list[Job]:
    return await jobs.list()


@app.get("/jobs/live", response_class=EventSourceResponse)
async def live() -> AsyncIterator[list[Job]]:
    async for each in jobs.watch():
        yield each


@app.get("/jobs/{name}")
async def status(name: str) -> Job:
    return await jobs.get(name)


@app.post("/jobs/{name}/cancel")
async def cancel(name: str) -> Job:
    return await jobs.cancel(name)


@app.post("/jobs/{name}/resume")
async def resume(name: str) -> Job:
    return await jobs.resume(name)


@app.delete("/jobs/{name}", status_code=204)
async def remove(name: str) -> None:
    await jobs.remove(name)


if __name__ == "__main__":
    uvicorn.run(app, port=0, access_log=False, timeout_graceful_shutdown=2)
