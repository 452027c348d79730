"""Background jobs in real uvicorn processes: SIGTERM, kill -9, two processes, cancellation, the files on disk."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from control import Server
from gateways import started

PROGRAM = str(Path(__file__).with_name("jobs_app.py"))
MANY = 120
PEOPLE = "phone,first_name\n" + "".join(f"+4850060{number:04},P{number}\n" for number in range(MANY))


class App:
    """A running application with background jobs."""

    def __init__(self, url: str, process: subprocess.Popen[str], folder: Path) -> None:
        self.client = httpx.Client(base_url=url, trust_env=False, timeout=60)
        self.process = process
        self.folder = folder

    def start(self, name: str, text: str = PEOPLE, filename: str = "people.csv") -> httpx.Response:
        return self.client.post("/jobs", params={"name": name}, files={"file": (filename, text)})

    def job(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"/jobs/{name}").json()
        return found

    def until(self, name: str, is_reached: Callable[[dict[str, Any]], bool], seconds: float = 60) -> dict[str, Any]:
        """Ask for the status until it is as expected; return it."""
        deadline = time.monotonic() + seconds
        while not is_reached(job := self.job(name)):
            assert time.monotonic() < deadline, job
            time.sleep(0.05)
        return job

    def ended(self, name: str) -> dict[str, Any]:
        return self.until(name, lambda job: job["state"] in ("done", "failed", "cancelled", "stopped"))

    def kill(self, number: int) -> None:
        self.process.send_signal(number)
        self.process.wait(30)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "jobs"


@pytest.fixture
def run(sandbox: Server, folder: Path) -> Iterator[Callable[[], Any]]:
    """A function that gives a context manager: the application in a process of its own, on the same folder."""

    @contextmanager
    def run() -> Iterator[App]:
        with started((sys.executable, PROGRAM, str(folder)), sandbox.env) as (url, process):
            app = App(url, process, folder)
            with app.client:
                yield app

    yield run
    # Whatever happened: others read nothing.
    for path in (folder, *folder.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def stored_job(folder: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / name / "job.json").read_text())
    return found


def slow(sandbox: Server, seconds: float = 0.4) -> None:
    sandbox.fault("delay", "serwersms", "createContact", seconds=seconds, count=10_000)


def silent_after(sandbox: Server, creates: int) -> None:
    """After `creates` requests the vendor stores contacts without a response."""
    sandbox.fault("delay", "serwersms", "createContact", seconds=3600, when="after", skip=creates, count=10_000)


def inputs(folder: Path, name: str) -> list[str]:
    return [path.name for path in (folder / name).glob("input*")]


def test_job_survives_handler_and_reports(run: Any, sandbox: Server, folder: Path) -> None:
    with run() as app:
        slow(sandbox)
        response = app.start("fair")
        assert response.status_code == 202
        assert response.json()["state"] == "queued"
        assert inputs(folder, "fair") == ["input.csv"]
        running = app.until("fair", lambda job: job["done"] > 5 and bool(job["counts"]))
        assert running["state"] == "running"
        assert running["counts"]["created"] > 0
        assert running["parameters"] == {"group": "Fair"}
        job = app.ended("fair")
        assert (job["state"], job["done"], job["counts"]) == ("done", MANY, {"created": MANY})
        assert [each["name"] for each in app.client.get("/jobs").json()] == ["fair"]
    assert sandbox.contacts("serwersms") == MANY
    assert inputs(folder, "fair") == []
    assert stored_job(folder, "fair")["state"] == "done"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_job_resumes_after_signal(run: Any, sandbox: Server, folder: Path, number: int) -> None:
    with run() as app:
        slow(sandbox)
        app.start("fair")
        app.until("fair", lambda job: job["done"] > 10)
        app.kill(number)
    left = stored_job(folder, "fair")
    assert left["state"] == ("paused" if number == signal.SIGTERM else "running")
    assert inputs(folder, "fair") == ["input.csv"]
    before = sandbox.contacts("serwersms")
    assert 10 < before < MANY
    if number == signal.SIGTERM:
        assert left["counts"].get("created") == before  # requests in flight were completed
        assert left["reason"].startswith("the application shut down")
    sandbox.calm()
    with run() as app:
        job = app.ended("fair")
    assert (job["state"], job["done"]) == ("done", MANY)
    assert sandbox.contacts("serwersms") == MANY
    assert inputs(folder, "fair") == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_unanswered_creates_are_not_doubled(run: Any, sandbox: Server, folder: Path, number: int) -> None:
    with run() as app:
        silent_after(sandbox, 20)
        app.start("fair")
        app.until("fair", lambda job: job["done"] >= 20)
        app.kill(number)
    sandbox.calm()
    assert 20 <= sandbox.contacts("serwersms") < MANY
    with run() as app:
        assert app.ended("fair")["state"] == "done"
    assert sandbox.contacts("serwersms") == MANY


def test_name_is_taken_in_two_processes(run: Any, sandbox: Server) -> None:
    with run() as one, run() as other:
        slow(sandbox)
        assert one.start("fair").status_code == 202
        one.until("fair", lambda job: job["done"] > 0)
        for app in (one, other):
            response = app.start("fair")
            assert response.status_code == 409
            assert response.json()["type"] == "urn:crossbook:job-state"
            assert "there is a job with this name, which is running" in response.json()["detail"]
        shown = other.until("fair", lambda job: job["done"] > 0)
        assert shown["state"] == "running"
        assert other.client.delete("/jobs/fair").status_code == 409
        # The process that runs the job is killed: the other one resumes it.
        one.kill(signal.SIGKILL)
        sandbox.calm()
        assert other.ended("fair")["state"] == "done"
        assert "done: use another name, or remove it first" in other.start("fair").json()["detail"]
        assert other.client.delete("/jobs/fair").status_code == 204
        assert other.client.get("/jobs/fair").status_code == 404
    assert sandbox.contacts("serwersms") == MANY


def test_cancelled_job_never_resumes(run: Any, sandbox: Server, folder: Path) -> None:
    with run() as one, run() as other:
        slow(sandbox, 0.4)
        for name in ("here", "there"):
            one.start(name)
            one.until(name, lambda job: job["done"] > 3)
            (one if name == "here" else other).client.post(f"/jobs/{name}/cancel")
            job = one.until(name, lambda job: job["state"] == "cancelled")
            assert 0 < job["done"] < MANY
            assert inputs(folder, name) == []
        written = sandbox.quiet("serwersms")
    with run() as app:
        assert {job["state"] for job in app.client.get("/jobs").json()} == {"cancelled"}
        assert app.client.post("/jobs/here/resume").status_code == 409
        assert sandbox.requests("serwersms") == written


def test_stopped_job_resumes_on_request(run: Any, sandbox: Server) -> None:
    with run() as app:
        sandbox.fault("status", "serwersms", "createContact", status=401, skip=10, count=10_000)
        app.start("fair")
        job = app.ended("fair")
        assert (job["state"], job["reason"]) == ("stopped", "the vendor does not accept the credentials")
        assert job["errors"]
        sandbox.calm()
        assert app.client.post("/jobs/fair/resume").json()["state"] == "queued"
        job = app.ended("fair")
        assert job["state"] == "done"
    # An item that the vendor refused stays failed, as in any run that a journal resumes.
    assert sandbox.contacts("serwersms") == MANY - job["counts"].get("failed", 0)


def test_invalid_file_fails_job_without_data(run: Any, folder: Path) -> None:
    with run() as app:
        app.start("odd", "Zofia;Nowak\n+48500600700;x\n", filename="Zofia Nowak.csv")
        job = app.ended("odd")
    assert job["state"] == "failed"
    assert "no column title is known" in job["reason"]
    assert inputs(folder, "odd") == []
    left = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert not any(text in left for text in (b"Zofia", b"Nowak", b"500600700"))


def test_contacts_are_input_of_job(run: Any, sandbox: Server, folder: Path) -> None:
    people = [{"phone": f"+4850060070{number}", "first_name": "Łucja"} for number in range(5)]
    with run() as app:
        name = app.client.post("/contacts", json=people).json()["name"]
        assert app.ended(name)["counts"] == {"created": 5}
    assert inputs(folder, name) == []
    assert sandbox.contacts("serwersms") == 5


def test_unfinished_start_is_cleaned_up(run: Any, folder: Path) -> None:
    """The process was killed while it stored the upload: no client was told that the job exists."""
    folder.mkdir(mode=0o700)
    (folder / "fair").mkdir(mode=0o700)
    for name in ("lock", "input.csv"):
        (folder / "fair" / name).touch(0o600)
    with run() as app:
        deadline = time.monotonic() + 60
        while (folder / "fair").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert app.client.get("/jobs/fair").status_code == 404
        assert app.start("fair").status_code == 202
        app.ended("fair")


def test_watched_jobs_are_pushed(run: Any, sandbox: Server) -> None:
    with run() as app:
        slow(sandbox, 0.3)
        app.start("fair")
        states: list[tuple[str, int]] = []
        with app.client.stream("GET", "/jobs/live") as live:
            assert live.headers["content-type"].startswith("text/event-stream")
            for line in live.iter_lines():
                if line.startswith("data:"):
                    (job,) = json.loads(line[5:])
                    states.append((job["state"], job["done"]))
                    if job["state"] == "done":
                        break
        assert len(states) > 3
        assert states[-1] == ("done", MANY)


def test_invalid_name_is_refused(run: Any, folder: Path) -> None:
    with run() as app:
        for name in ("../x", ".hidden", "a/b", "", "x" * 101, "Anna Nowak"):
            response = app.start(name)
            assert response.status_code == 422
            assert response.json()["field"] == "name"
            assert "Nowak" not in response.text
            assert app.client.get("/jobs/..").status_code == 404
        assert list(folder.iterdir()) == []
