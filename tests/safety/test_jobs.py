"""Background jobs show and store neither credentials nor people: status, logs, spans, errors, and the folder."""

from __future__ import annotations

from pathlib import Path

import anyio
import canaries
import pytest
from faults import faults
from flood import KINDS, Kind, book_of
from pydantic import TypeAdapter
from relay import Relay
from sinks import Sinks
from telemetry import Spans

from crossbook import Batch, Contact, CrossbookError
from crossbook.fastapi import Job, JobInput, Jobs

FAULTS = ("ok", "the vendor refuses", "credentials refused", "422", "302")


async def run_jobs(sinks: Sinks, relay: Relay, kind: Kind, folder: Path) -> None:
    """Run jobs that end in every way, and record all that they show."""
    jobs = Jobs(folder)

    @jobs.task
    async def write(job: JobInput) -> Batch[Contact]:
        people = await job.read_contacts()
        return job.books["book"].contacts.create_many(people, match="auto", **job.options)

    @jobs.task
    async def refuse(job: JobInput) -> Batch[Contact]:
        raise ValueError("the file is odd")

    for name, relay.behaviour in faults(kind.vendor).items():
        if name not in FAULTS:
            continue
        async with book_of(kind, "httpx", relay.url, sinks, timeout=10, max_attempts=1) as book:
            async with jobs.open({"book": book}):
                for task in (write, refuse):
                    job = await jobs.start(task, contacts=[canaries.person(kind.vendor)] * 2)
                    async for each in jobs.watch():
                        sinks.object(each)
                        sinks.add("status", TypeAdapter(list[Job]).dump_json(each).decode())
                        if all(one.state not in ("queued", "running") for one in each):
                            break
                for call in (jobs.get("../x"), jobs.start(write, name=canaries.EMAIL), jobs.remove(canaries.PHONE)):
                    with pytest.raises(CrossbookError) as caught:
                        await call
                    sinks.error(caught.value)
                for job in await jobs.list():
                    if job.state == "stopped":
                        await jobs.cancel(job.name)
            sinks.object(jobs)


@pytest.mark.parametrize("kind", ["serwersms", "filemail", "vercom"])
def test_jobs_show_no_secrets_or_people(kind: str, relay: Relay, spans: Spans, tmp_path: Path) -> None:
    sinks = Sinks()
    relay.seen.clear()
    with sinks.watching(spans):
        anyio.run(run_jobs, sinks, relay, KINDS[kind], tmp_path / "jobs")
    relay.behaviour = None
    for path in (tmp_path / "jobs").rglob("*"):
        if path.is_file():
            sinks.add("folder", path.read_bytes().decode("latin-1"))
    assert sinks.hits(canaries.Detector(relay.tokens)) == {}
    shown = "\n".join(sinks.texts["status"])
    assert all(f'"state":"{state}"' in shown for state in ("done", "stopped"))
    assert sinks.texts["folder"]
