"""The folder of one job: its status, its journal, the uploaded file, and the lock of the process that runs the job.

Only the owner of the process may read the folder and its files. The files:

- `job.json`: the status. A folder without it belongs to a start that did not end; the next start of the application
  deletes it.
- `journal.sqlite`: the journal of the job's batch.
- `input` and the upload's suffix: the uploaded file, until the job ends.
- `cancel`: exists if a process that does not run the job was asked to cancel it.
- `lock`: an SQLite file. The process that runs the job holds its lock, which ends with the process.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal

from pydantic import TypeAdapter, ValidationError

JobState = Literal["queued", "running", "paused", "stopped", "done", "failed", "cancelled"]
"""The state of a job, as `Job.state` lists them."""
ENDED: tuple[JobState, ...] = ("done", "failed", "cancelled")
_NEW = 60.0  # seconds for which a folder without a lock may belong to a process that is about to lock it


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The status of a job: its state, counts, time left and errors. A handler can return it.

    Args:
        name: the name of the job.
        task: the name of the function that makes its batch.
        parameters: what `Jobs.start` got for this function.
        state: `queued` (waits until fewer jobs run), `running`, `paused` (the application shut down; the job resumes by
            itself), `stopped` (see `reason`; it resumes at the next start of the application, or by `Jobs.resume`),
            `done`, `failed` (see `reason`: the input is invalid), `cancelled`.
        created_at: when it was started.
        ended_at: when it ended: `done`, `failed` or `cancelled`; None before.
        done: the number of inputs with a result.
        total: the number of inputs; None if the source has no length.
        counts: the results by status, of all runs of the job.
        rate: results per second, over the last 5 seconds.
        seconds_left: an estimate; None if there is none.
        waiting: the seconds for which the job sends nothing, because the vendor is unavailable or asked for a wait.
        errors: the first errors of inputs, at most 10, without personal data: `#3: …` is the third input.
        reason: why the job stopped, failed or was paused.
    """

    name: str
    task: str
    parameters: dict[str, Any]
    state: JobState
    created_at: datetime
    ended_at: datetime | None = None
    done: int = 0
    total: int | None = None
    counts: dict[str, int] = field(default_factory=dict[str, int])
    rate: float = 0.0
    seconds_left: float | None = None
    waiting: float = 0.0
    errors: list[str] = field(default_factory=list[str])
    reason: str | None = None

    @property
    def has_ended(self) -> bool:
        """Whether the job is done, failed or cancelled, and so never runs again."""
        return self.state in ENDED


_JOB = TypeAdapter(Job)


class JobFolder:
    """The files of one job. All methods block, so that async code calls them in a thread.

    Args:
        path: the folder; its name is the name of the job.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.journal = path / "journal.sqlite"
        self._lock: sqlite3.Connection | None = None

    @property
    def name(self) -> str:
        return self.path.name

    def create(self) -> bool:
        """Create and lock the folder. Return False if there is one, of this or another process."""
        try:
            self.path.mkdir(mode=0o700)
        except FileExistsError:
            return False
        return self.try_lock()

    def try_lock(self) -> bool:
        """Take the lock and return True, or return False if this or another process has it."""
        lock = self.path / "lock"
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except FileExistsError:
            pass  # opening and closing a file that exists would release the locks of this process on it
        except OSError:
            return False  # the job was just removed
        db = sqlite3.connect(lock.absolute(), timeout=0, isolation_level=None, check_same_thread=False)
        try:
            db.execute("begin exclusive")
        except sqlite3.OperationalError:
            db.close()
            return False
        self._lock = db
        return True

    def unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def read(self) -> Job | None:
        """Return the status on disk, or None if there is no job."""
        try:
            return _JOB.validate_json((self.path / "job.json").read_bytes())
        except (OSError, ValidationError):
            return None

    def write(self, job: Job, *, durable: bool) -> None:
        """Replace the status on disk. If `durable`, it is on disk when the call returns."""
        new = self.path / "job.json.new"
        with _create_private(new) as file:
            file.write(_JOB.dump_json(job))
            if durable:
                _sync(file)
        new.replace(self.path / "job.json")

    def save_input(self, source: BinaryIO, suffix: str) -> None:
        with _create_private(self.path / f"input{suffix}") as file:
            shutil.copyfileobj(source, file)
            _sync(file)

    @property
    def input(self) -> Path | None:
        """The path of the uploaded file, or None if the job has none, or has ended."""
        return next(self.path.glob("input*"), None)

    def end(self, job: Job) -> None:
        """Write the status of an ended job, then delete its input."""
        self.write(job, durable=True)
        self.delete_input()

    def delete_input(self) -> None:
        if self.input is not None:
            self.input.unlink(missing_ok=True)

    def request_cancel(self) -> None:
        """Ask the process that runs the job to cancel it."""
        with suppress(FileNotFoundError):  # the job was just removed
            _create_private(self.path / "cancel").close()

    def is_cancel_requested(self) -> bool:
        return (self.path / "cancel").exists()

    def is_abandoned(self) -> bool:
        """Return whether no process starts this job any more: it has no status, and its lock is free."""
        if (self.path / "job.json").exists():
            return False
        with suppress(OSError):
            if not (self.path / "lock").exists() and time.time() - self.path.stat().st_mtime < _NEW:
                return False
        return self.try_lock()

    def delete(self) -> None:
        self.unlock()
        shutil.rmtree(self.path, ignore_errors=True)


def _create_private(path: Path) -> BinaryIO:
    """Open a new or emptied file for writing, which only its owner may read."""
    return os.fdopen(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb")


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def list_folders(folder: Path) -> Mapping[str, JobFolder]:
    """Return the folders of all jobs, by name."""
    return {path.name: JobFolder(path) for path in folder.iterdir() if path.is_dir()}
