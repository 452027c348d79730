"""Run imports that survive the handler that started them, and a restart of the application.

A job is a batch with a journal in a folder of its own. A function of the application, its task, makes the batch from
what is stored there: the uploaded file and the parameters. So the job can resume in another process.
"""

from __future__ import annotations

import builtins
import io
import json
import re
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from inspect import isasyncgenfunction
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

import anyio
from anyio import to_thread
from anyio.abc import TaskGroup
from fastapi import UploadFile
from pydantic import TypeAdapter

from crossbook import AddressBook, Batch, BatchOptions, Contact, CrossbookError, Progress, Summary
from crossbook._http.logs import logger
from crossbook._tracebacks import hide_internal_frames
from crossbook.errors import InvalidInputError, JournalBusyError, NotFoundError, UsageError
from crossbook.fastapi.job_folder import ENDED, Job, JobFolder, JobState, list_folders

_TICK = 0.5  # seconds between two updates of the status on disk, and of `watch`
_SCAN = 10  # ticks between two looks for jobs of a process that has ended
_MAX_ERRORS = 10
_MAX_PARAMETERS = 64 * 1024  # characters of JSON
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}")
_CONTACTS = TypeAdapter(list[Contact])
_SHUT_DOWN = "the application shut down: the job resumes at its next start"
_CANCELLED = "the job was cancelled"


class JobNotFoundError(NotFoundError):
    """There is no job with this name (status 404)."""

    title = "The job does not exist"


class JobStateError(CrossbookError):
    """The state of a job does not allow the call: its name is taken, or the job has ended, or runs (status 409)."""

    title = "The state of the job does not allow this"
    action = "fix_input"
    http_status = 409
    exit_code = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class JobInput:
    """What a task gets to make the batch of its job: the same at the start and at each resumption.

    Args:
        name: the name of the job.
        books: the open books of the application, by name.
        parameters: what `Jobs.start` got.
        file: the path of the uploaded file, with the suffix of its name; None if the job has no file.
        options: the options `journal` and `progress`. Pass them to the batch: `create_many(contacts, **job.options)`.
    """

    name: str
    books: Mapping[str, AddressBook]
    parameters: Mapping[str, Any]
    file: Path | None
    options: BatchOptions

    async def read_contacts(self) -> list[Contact]:
        """Return the contacts that `Jobs.start` got as `contacts`.

        Raises:
            UsageError: the job was started without `contacts`.

        Example:
            ```python
            @jobs.task
            async def create(job: JobInput) -> Batch[Contact]:
                return job.books["vercom"].contacts.create_many(await job.read_contacts(), **job.options)
            ```
        """
        if self.file is None or self.file.suffix != _CONTACTS_SUFFIX:
            raise UsageError("the job has no contacts: pass contacts= to Jobs.start")
        return await to_thread.run_sync(_read_contacts, self.file)


Task = Callable[[JobInput], Awaitable[Batch[Any]]] | Callable[[JobInput], AsyncIterator[Batch[Any]]]
T = TypeVar("T", bound=Task)
_CONTACTS_SUFFIX = ".contacts"


class Jobs:
    """Imports that run in the background of an application, each a batch with a journal.

    A job survives the handler that started it, and the client's disconnect. At SIGTERM it stops between two items. It
    resumes at the next start of the application, also after `kill -9`, as a batch with a journal does.

    Several processes can share the folder (`uvicorn --workers`). One of them runs a job, and each of them shows it. If
    the process that runs a job ends, another resumes the job within seconds.

    Pass the object to `crossbook.fastapi.lifespan`. Give uvicorn `--timeout-graceful-shutdown`, because it waits for
    open event streams before it shuts the application down.

    Args:
        folder: a local folder for the jobs, which is created if it does not exist. Uploads are kept there until their
            job ends, and journals until `remove`, so that only the owner of the process may read them.
        concurrency: how many jobs run at once in each process; the others are `queued`.
        stop_timeout: seconds that requests in flight have to end when the application shuts down or a job is cancelled.

    Example:
        ```python
        jobs = Jobs("/var/lib/app/imports")
        app = FastAPI(lifespan=crossbook.fastapi.lifespan("vercom", jobs=jobs))


        @jobs.task
        async def import_people(job: JobInput) -> Batch[Contact]:
            return job.books["vercom"].contacts.create_many(await job.read_contacts(), match="auto", **job.options)


        @app.post("/imports", status_code=202)
        async def start(body: ImportBody) -> Job:
            return await jobs.start(import_people, contacts=await body.read())


        @app.get("/imports/{name}")
        async def status(name: str) -> Job:
            return await jobs.get(name)
        ```
    """

    def __init__(self, folder: str | PathLike[str], *, concurrency: int = 4, stop_timeout: float = 5.0) -> None:
        if concurrency < 1:
            raise ValueError("concurrency must be at least 1")
        self._folder = Path(folder)
        self._concurrency = concurrency
        self._stop_timeout = stop_timeout
        self._tasks: dict[str, Task] = {}
        self._running: dict[str, _Run] = {}
        self._opened: _Opened | None = None

    def task(self, function: T) -> T:
        """Register a function that makes the batch of a job, under its name. Use it as a decorator.

        The function gets a `JobInput`. It returns the batch, or yields it once: code after the `yield` runs when the
        batch has ended, for example to close a file. The function runs again at each resumption. Then it must give the
        same inputs in the same order. Do not rename a task that has unfinished jobs, which know it by its name.

        Raises:
            UsageError: there is a task with this name.

        Example:
            ```python
            @jobs.task
            async def import_file(job: JobInput) -> AsyncIterator[Batch[Contact]]:
                with crossbook.files.read(job.file) as rows:
                    contacts = (row.contact for row in rows if row.contact)
                    yield job.books["vercom"].contacts.create_many(contacts, match="auto", **job.options)
            ```
        """
        name: str = function.__name__
        if name in self._tasks:
            raise UsageError(f"there is a task called {name}: use another name")
        self._tasks[name] = function
        return function

    @hide_internal_frames
    async def start(
        self,
        task: Task,
        *,
        name: str | None = None,
        file: UploadFile | bytes | None = None,
        contacts: Sequence[Contact] | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> Job:
        """Store a job on disk, start it, and return its status. From then on the job survives this process.

        Args:
            task: a function that `task` registered.
            name: the name of the job: letters, digits, `.`, `_` and `-`, at most 100. By default a random name. A name
                that says what is imported keeps the same import from being started twice.
            file: the input of the task: an upload or its bytes. Only the suffix of its name is kept.
            contacts: contacts as the input, instead of a file. The task gets them from `JobInput.read_contacts`.
            parameters: values for the task, as JSON of at most 65,536 characters. They are shown in the status. Pass no
                secret.

        Raises:
            JobStateError: a job with this name exists, in this or another process (status 409).
            InvalidInputError: the name is invalid, or a parameter is not JSON.
            UsageError: the task is not registered, or the jobs are not open.

        Example:
            ```python
            @app.post("/imports", status_code=202)
            async def start(body: ImportBody) -> Job:
                return await jobs.start(import_list, contacts=await body.read(), name="fair-2026")
            ```
        """
        opened = self._get_opened()
        task_name: str = getattr(task, "__name__", "")
        if self._tasks.get(task_name) is not task:
            raise UsageError("the function is not a task of these jobs: decorate it with @jobs.task")
        if file is not None and contacts is not None:
            raise InvalidInputError("pass file or contacts, not both", field="contacts")
        values = _check_parameters(parameters or {})
        folder = JobFolder(self._folder / (_check_name(name) if name is not None else secrets.token_hex(8)))
        if not await to_thread.run_sync(folder.create):
            raise await self._explain_conflict(folder)
        job = Job(name=folder.name, task=task_name, parameters=values, state="queued", created_at=datetime.now(UTC))
        try:
            await to_thread.run_sync(_store, folder, job, file, contacts)
        except BaseException:
            folder.delete()
            raise
        self._begin(opened, folder, job)
        return job

    @hide_internal_frames
    async def get(self, name: str) -> Job:
        """Return the status of a job.

        Raises:
            JobNotFoundError: there is no job with this name (status 404).

        Example:
            ```python
            @app.get("/imports/{name}")
            async def status(name: str) -> Job:
                return await jobs.get(name)
            ```
        """
        return await self._get(await self._find(name))

    async def list(self) -> list[Job]:
        """Return the status of all jobs, the newest first.

        Example:
            ```python
            @app.get("/imports")
            async def imports() -> list[Job]:
                return await jobs.list()
            ```
        """
        self._get_opened()
        stored = await to_thread.run_sync(self._read_all)
        live = {name: run.job for name, run in self._running.items()}
        return sorted((stored | live).values(), key=lambda job: job.created_at, reverse=True)

    async def watch(self) -> AsyncIterator[builtins.list[Job]]:
        """Yield the status of all jobs now and after each change, at most twice a second.

        Example:
            ```python
            @app.get("/imports/live", response_class=EventSourceResponse)
            async def live() -> AsyncIterator[list[Job]]:
                async for each in jobs.watch():
                    yield each
            ```
        """
        shown: builtins.list[Job] | None = None
        while True:
            if (now := await self.list()) != shown:
                shown = now
                yield now
            await anyio.sleep(_TICK)

    @hide_internal_frames
    async def cancel(self, name: str) -> Job:
        """Cancel a job, and return its status. What was written stays.

        Requests in flight have `stop_timeout` to end. If another process runs the job, the returned status may still be
        `running`: that process sees the wish within a second. A job that has ended stays as it is.

        Raises:
            JobNotFoundError: there is no job with this name (status 404).

        Example:
            ```python
            @app.delete("/imports/{name}")
            async def cancel(name: str) -> Job:
                return await jobs.cancel(name)
            ```
        """
        folder = await self._find(name)
        await to_thread.run_sync(folder.request_cancel)
        run = self._running.get(name)
        if run is not None:
            await run.stop("cancelled", _CANCELLED, self._stop_timeout)
        elif await to_thread.run_sync(folder.try_lock):
            try:
                await to_thread.run_sync(_end_cancelled, folder)
            finally:
                folder.unlock()
        return await self._get(folder)

    @hide_internal_frames
    async def resume(self, name: str) -> Job:
        """Resume a job that stopped, and return its status. A job that runs stays as it is.

        Raises:
            JobNotFoundError: there is no job with this name (status 404).
            JobStateError: the job has ended, so that nothing is left to do (status 409).

        Example:
            ```python
            @app.post("/imports/{name}/resume")
            async def resume(name: str) -> Job:
                return await jobs.resume(name)
            ```
        """
        opened, folder = self._get_opened(), await self._find(name)
        await self._adopt(opened, folder, ("queued", "running", "paused", "stopped"))
        job = await self._get(folder)
        if job.has_ended:
            raise JobStateError(f"the job is {job.state}: start a new job", field="name")
        return job

    @hide_internal_frames
    async def remove(self, name: str) -> None:
        """Delete a job that has ended, with its journal. Its name can then be used again.

        Raises:
            JobNotFoundError: there is no job with this name (status 404).
            JobStateError: the job has not ended: cancel it first (status 409).

        Example:
            ```python
            @app.delete("/imports/{name}/record", status_code=204)
            async def remove(name: str) -> None:
                await jobs.remove(name)
            ```
        """
        folder = await self._find(name)
        job = await self._get(folder)
        if not job.has_ended or not await to_thread.run_sync(folder.try_lock):
            raise JobStateError(f"the job is {job.state}: cancel it first", field="name")
        await to_thread.run_sync(folder.delete)

    @asynccontextmanager
    async def open(self, books: Mapping[str, AddressBook]) -> AsyncGenerator[None]:
        """Resume unfinished jobs, and run jobs until the end of the block; `crossbook.fastapi.lifespan` calls this.

        Args:
            books: the open books by name.

        Raises:
            UsageError: the object is open already.

        Example:
            ```python
            @asynccontextmanager
            async def own(app: FastAPI) -> AsyncGenerator[None]:
                async with Vercom.from_env() as book, jobs.open({"vercom": book}):
                    yield
            ```
        """
        if self._opened is not None:
            raise UsageError("these jobs are open already: make one Jobs object for each application")
        await to_thread.run_sync(partial(self._folder.mkdir, 0o700, parents=True, exist_ok=True))
        async with anyio.create_task_group() as tasks:
            opened = self._opened = _Opened(books, tasks, anyio.CapacityLimiter(self._concurrency))
            tasks.start_soon(self._supervise, opened)
            try:
                yield
            finally:
                self._opened = None
                with anyio.CancelScope(shield=True):
                    await self._stop_all()
                tasks.cancel_scope.cancel()

    async def _stop_all(self) -> None:
        async with anyio.create_task_group() as stops:
            for run in list(self._running.values()):
                stops.start_soon(run.stop, "paused", _SHUT_DOWN, self._stop_timeout)

    def _get_opened(self) -> _Opened:
        if self._opened is None:
            raise UsageError("the jobs are not open: pass jobs=… to crossbook.fastapi.lifespan")
        return self._opened

    async def _find(self, name: str) -> JobFolder:
        """Return the folder of a job. Raise JobNotFoundError if there is none."""
        self._get_opened()
        folder = JobFolder(self._folder / name) if _NAME.fullmatch(name) else None
        if folder is None or not (name in self._running or await to_thread.run_sync(folder.read) is not None):
            raise JobNotFoundError("there is no job with this name: list the jobs", field="name")
        run = self._running.get(name)
        if run is not None and run.job.state not in ("queued", "running"):
            await run.ended.wait()  # it has only its last status to write, and then releases the folder
        return folder

    async def _get(self, folder: JobFolder) -> Job:
        run = self._running.get(folder.name)
        job = run.job if run is not None else await to_thread.run_sync(folder.read)
        if job is None:  # another process has just removed it
            raise JobNotFoundError("there is no job with this name: list the jobs", field="name")
        return job

    async def _explain_conflict(self, folder: JobFolder) -> JobStateError:
        job = await to_thread.run_sync(folder.read)
        state = "queued" if job is None else job.state
        how = "remove it first" if state in ENDED else "wait until it ends, or cancel it"
        return JobStateError(
            f"there is a job with this name, which is {state}: use another name, or {how}", field="name"
        )

    def _read_all(self) -> dict[str, Job]:
        found = {name: folder.read() for name, folder in list_folders(self._folder).items()}
        return {name: job for name, job in found.items() if job is not None}

    async def _supervise(self, opened: _Opened) -> None:
        """Resume jobs at the start, and later the jobs of processes that ended; update the status of running jobs."""
        states: tuple[JobState, ...] = ("queued", "running", "paused", "stopped")
        while True:
            try:
                for folder in (await to_thread.run_sync(list_folders, self._folder)).values():
                    await self._adopt(opened, folder, states)
                states = ("queued", "running", "paused")  # a job that stopped by itself is not resumed all the time
                for _ in range(_SCAN):
                    await anyio.sleep(_TICK)
                    for run in list(self._running.values()):
                        await run.update(self._stop_timeout, opened.tasks)
            except OSError as error:  # a full disk must end neither the jobs nor the application
                logger.error("the folder of the jobs cannot be used: %s", type(error).__name__)
                await anyio.sleep(_TICK * _SCAN)

    async def _adopt(self, opened: _Opened, folder: JobFolder, states: tuple[JobState, ...]) -> None:
        """Run the job of a folder if its state is one of `states` and no process runs it. Clean up after its end."""
        if folder.name in self._running:
            return
        try:
            job = await to_thread.run_sync(_prepare, folder, states)
        except BaseException:  # if this task was cancelled, the thread may have taken the lock
            folder.unlock()
            raise
        if job is None:
            return
        if self._opened is not opened:  # the application shuts down
            folder.unlock()
            return
        self._begin(opened, folder, job)

    def _begin(self, opened: _Opened, folder: JobFolder, job: Job) -> None:
        run = _Run(folder, replace(job, state="queued", reason=None), self._tasks.get(job.task))
        self._running[folder.name] = run
        opened.tasks.start_soon(self._run, opened, run)

    async def _run(self, opened: _Opened, run: _Run) -> None:
        try:
            await run.run(opened)
        finally:
            run.folder.unlock()
            self._running.pop(run.folder.name, None)
            run.ended.set()


@dataclass(frozen=True, slots=True)
class _Opened:
    """What the jobs of an open `Jobs` object share."""

    books: Mapping[str, AddressBook]
    tasks: TaskGroup
    slots: anyio.CapacityLimiter


class _Run:
    """One run of a job in this process, from taking the lock of its folder to releasing it.

    Invariant: `job` is the newest status. The status on disk follows under `_writing`, so that an older status never
    replaces a newer one.
    """

    def __init__(self, folder: JobFolder, job: Job, task: Task | None) -> None:
        self.folder = folder
        self.job = job
        self.ended = anyio.Event()
        self._task = task
        self._batch: Batch[Any] | None = None
        self._asked: tuple[JobState, str] | None = None  # the state and the reason that `stop` was called with
        self._scope = anyio.CancelScope()
        self._writing = anyio.Lock()
        self._written: Job | None = None

    async def run(self, opened: _Opened) -> None:
        """Run the job's batch. Never raise, except if the application's own task is cancelled."""
        state: JobState = "paused"
        reason: str | None = _SHUT_DOWN
        try:
            with self._scope:
                async with opened.slots:
                    await self._set("running")
                    state, reason = await self._run_batch(opened)
            if self._scope.cancelled_caught:
                state, reason = self._asked or (state, reason)
        except JournalBusyError:
            pass  # a command opened the journal: the job resumes soon
        except CrossbookError as error:
            # A 4xx says that the input is at fault: the same input fails again.
            state, reason = "failed" if error.http_status < 500 else "stopped", str(error)
            if error.http_status == 500:
                logger.error("a job of %s stopped: %s", self.job.task, error)
        except Exception as error:
            state, reason = "stopped", f"the task raised {type(error).__name__}: see the log of the application"
            logger.error("a job of %s stopped", self.job.task, exc_info=error)
        with anyio.CancelScope(shield=True):
            try:
                await self._set(state, reason)
            except OSError as error:
                logger.error("the status of a job cannot be written: %s", type(error).__name__)

    async def _run_batch(self, opened: _Opened) -> tuple[JobState, str | None]:
        """Make the batch and run it; return the state of the job after it, with the reason."""
        if self._task is None:
            raise UsageError(f"there is no task called {self.job.task}: register it with @jobs.task")
        job_input = JobInput(
            name=self.job.name, books=opened.books, parameters=self.job.parameters,
            file=await to_thread.run_sync(lambda: self.folder.input),
            options={"journal": self.folder.journal, "progress": self._show_progress},
        )  # fmt: skip
        async with _make_batch(self._task, job_input) as batch:
            if not isinstance(batch, Batch):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise UsageError(f"the task {self.job.task} must return a batch, such as book.contacts.create_many(…)")
            self._batch = batch
            try:
                async with batch:
                    if not self.folder.journal.exists():
                        raise UsageError(
                            f"the task {self.job.task} must pass **job.options to its batch, without dry_run: a batch "
                            "without the job's journal cannot resume"
                        )
                    if self._asked is not None:
                        batch.stop(self._asked[1])
                    async for _ in batch:
                        pass
            finally:
                self._show_summary(batch.summary)
        if batch.summary.stopped is None:
            return "done", None
        return self._asked or ("stopped", batch.summary.stopped)

    async def stop(self, state: JobState, reason: str, timeout: float) -> None:
        """Stop the job between two items, and wait until it has ended. Cancel requests that take longer than `timeout`.

        Args:
            state: the state of the job afterwards: `paused` or `cancelled`.
            reason: why, for the status.
            timeout: seconds.
        """
        if self._asked is None or state == "cancelled":
            self._asked = state, reason
        if self._batch is None:  # it is queued, or its task prepares the batch
            self._scope.cancel()
        else:
            self._batch.stop(reason)
        with anyio.move_on_after(timeout):
            await self.ended.wait()
            return
        self._scope.cancel()
        await self.ended.wait()

    async def update(self, timeout: float, tasks: TaskGroup) -> None:
        """Bring the status to disk if it changed. Stop the job if another process was asked to cancel it."""
        if self._batch is not None and not self.job.has_ended:
            self._show_summary(self._batch.summary)
        await self._write(durable=False)
        if self._asked is None and await to_thread.run_sync(self.folder.is_cancel_requested):
            tasks.start_soon(self.stop, "cancelled", _CANCELLED, timeout)

    def _show_progress(self, progress: Progress) -> None:
        self.job = replace(
            self.job, done=progress.done, total=progress.total, rate=progress.rate,
            seconds_left=progress.seconds_left, waiting=progress.waiting,
        )  # fmt: skip

    def _show_summary(self, summary: Summary) -> None:
        results = sorted((*summary.failures, *summary.uncertain), key=lambda result: result.index)
        self.job = replace(
            self.job, done=summary.total, counts={str(status): count for status, count in summary.counts.items()},
            errors=[f"#{each.index + 1}: {each.error.message}" for each in results if each.error][:_MAX_ERRORS],
        )  # fmt: skip

    async def _set(self, state: JobState, reason: str | None = None) -> None:
        """Change the state, and bring it to disk. If the job has ended, delete its input."""
        ended_at = datetime.now(UTC) if state in ENDED else None
        # The rate of a job that does not run would be wrong.
        self.job = replace(
            self.job, state=state, reason=reason, ended_at=ended_at, rate=0.0, seconds_left=None, waiting=0.0
        )
        await self._write(durable=True)

    async def _write(self, *, durable: bool) -> None:
        async with self._writing:
            job = self.job
            if job != self._written:
                if job.has_ended:
                    await to_thread.run_sync(self.folder.end, job)
                else:
                    await to_thread.run_sync(partial(self.folder.write, job, durable=durable))
                self._written = job


def _make_batch(task: Task, job: JobInput) -> AbstractAsyncContextManager[Batch[Any]]:
    """Return a context manager that gives the batch of a task, and runs the code after its `yield`."""
    if isasyncgenfunction(task):
        return asynccontextmanager(task)(job)
    made: Any = task(job)

    @asynccontextmanager
    async def wait() -> AsyncGenerator[Batch[Any]]:
        yield await made

    return wait()


def _store(folder: JobFolder, job: Job, file: UploadFile | bytes | None, contacts: Sequence[Contact] | None) -> None:
    """Store the input and the status of a new job. The status comes last, since it makes the folder a job."""
    if contacts is not None:
        folder.save_input(io.BytesIO(_CONTACTS.dump_json(list(contacts))), _CONTACTS_SUFFIX)
    elif isinstance(file, bytes):
        folder.save_input(io.BytesIO(file), "")
    elif file is not None:
        suffix = Path(file.filename or "").suffix
        file.file.seek(0)
        folder.save_input(file.file, suffix.lower() if _SUFFIX.fullmatch(suffix) else "")
    folder.write(job, durable=True)


def _read_contacts(file: Path) -> list[Contact]:
    return _CONTACTS.validate_json(file.read_bytes())


def _prepare(folder: JobFolder, states: tuple[JobState, ...]) -> Job | None:
    """Lock a folder and return its job if the job can run now. Otherwise clean up what an ended process left."""
    job = folder.read()
    if job is None:
        if folder.is_abandoned():
            folder.delete()
        return None
    if job.has_ended:
        folder.delete_input()  # the process was killed before it could
        return None
    if job.state not in states or not folder.try_lock():
        return None
    if folder.is_cancel_requested():
        _end_cancelled(folder)
        folder.unlock()
        return None
    job = folder.read()  # another process may have ended the job before it released the lock
    if job is None or job.state not in states:
        folder.unlock()
        return None
    return job


def _end_cancelled(folder: JobFolder) -> None:
    """Mark a job that no process runs as cancelled, unless it has ended."""
    job = folder.read()
    if job is not None and not job.has_ended:
        folder.end(replace(job, state="cancelled", reason=_CANCELLED, ended_at=datetime.now(UTC)))


def _check_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        # The name is not shown: it may be the name of a person's file.
        raise InvalidInputError(
            "name must begin with a letter or digit, and have at most 100 letters, digits, '.', '_' and '-'",
            field="name",
        )
    return name


def _check_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    try:
        text = json.dumps(dict(parameters), allow_nan=False)
    except (TypeError, ValueError):
        text = None  # the error may quote a value
    if text is None:
        raise InvalidInputError("parameters must be values that JSON has: text, numbers, lists …", field="parameters")
    if len(text) > _MAX_PARAMETERS:
        raise InvalidInputError(
            f"parameters must have at most {_MAX_PARAMETERS:,} characters of JSON: pass large data as file=",
            field="parameters",
        )
    values: dict[str, Any] = json.loads(text)
    return values
