"""Helpers for async work: start it in a task group, shield it from cancellation, process long responses in chunks."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from typing import Any, TypeVar

import anyio
import msgspec
import msgspec.structs
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint
from sniffio import current_async_library

from crossbook.errors import UsageError

R = TypeVar("R")
S = TypeVar("S")
T = TypeVar("T")

LONG = 1024 * 1024
"""Bytes of a body that are decoded at once."""
ROWS = 1000
"""Rows that are processed at once: about 10 ms."""
_COUNTED = 8 * LONG
_DEPTH = 2  # a list is a member of the response or of one of its members: `contacts`, `result.contacts`
_Lists = list[tuple[tuple[str, ...], list[msgspec.Raw]]]
_INDEX = re.compile(r"\[(\d+)\]")


def start_task(group: TaskGroup, work: Callable[[], Awaitable[T]]) -> anyio.Future[T]:
    """Start `work` as a task of a task group. Return a future, from which `await_result` gets the result.

    An error of the work is kept in the future, so that it does not end the task group. A caller who stops waiting does
    not cancel the work. If the task group ends first, the result is a UsageError.
    """
    future: anyio.Future[T] = anyio.Future()

    async def run() -> None:
        try:
            future.return_value = await work()
        except Exception as error:
            future.exception = error
        finally:
            if future.status is anyio.Future.Status.PENDING:
                future.exception = UsageError(
                    "the book was closed while this call was in progress: keep it open until the call returns"
                )

    group.start_soon(run)
    return future


_detached: set[asyncio.Future[None]] = set()  # asyncio keeps no strong reference to a task


def start_detached(work: Callable[[], Awaitable[None]]) -> None:
    """Start the work in a task that belongs to no caller and ends with the event loop. It must not raise an error.

    A task group must be left by the task that entered it. A task of its own can hold it for callers in other tasks.
    """
    if current_async_library() == "asyncio":
        task = asyncio.ensure_future(work())
        _detached.add(task)
        task.add_done_callback(_detached.discard)
    else:
        import trio

        trio.lowlevel.spawn_system_task(work)


async def await_result(future: anyio.Future[T]) -> T:
    """Wait for a future of `start_task`. Return the value of its work, or raise the error that ended the work.

    `await future` would raise anyio's `FutureFailed` in place of that error.
    """
    await future.wait()
    if future.exception is not None:
        raise future.exception
    return future.return_value


def is_finished(future: anyio.Future[Any]) -> bool:
    return future.status is not anyio.Future.Status.PENDING


async def yield_to_new_tasks() -> None:
    """Let the event loop run new tasks, so that they send their requests before the caller begins a long computation.

    A task begins in the loop's next pass, and the slowest transport writes in the pass after that.
    """
    await checkpoint()
    await checkpoint()


async def run_shielded(work: Callable[[], Awaitable[None]]) -> None:
    """Run the work to its end even if the caller is cancelled. The cancellation is raised after the work.

    A shielded scope of anyio is not enough on asyncio: `asyncio.timeout` and `Task.cancel` cancel through it. There the
    work runs in a task of its own.
    """
    with anyio.CancelScope(shield=True):
        if current_async_library() != "asyncio":
            await work()
            return None
        task, cancelled = asyncio.ensure_future(work()), None
        while not task.done():
            try:
                await asyncio.wait((task,))
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is None:
            return task.result()
        if not task.cancelled():
            task.exception()  # asyncio logs an exception that was never retrieved
        raise cancelled


async def map_in_chunks(rows: Sequence[S], read: Callable[[S], R]) -> list[R]:
    """Return the results of `read(row)` for all rows. Let other tasks run after every 1,000 rows."""
    if len(rows) <= ROWS:
        return [read(row) for row in rows]
    done: list[R] = []
    for start in range(0, len(rows), ROWS):
        await checkpoint()
        done += [read(row) for row in rows[start : start + ROWS]]
    return done


async def count_in_chunks(content: bytes, marks: Sequence[bytes]) -> list[int]:
    """Count how often each of `marks` (single bytes) occurs in `content`. Let other tasks run between chunks of it."""
    counts = [0] * len(marks)
    for start in range(0, len(content), _COUNTED):
        await checkpoint()
        for number, mark in enumerate(marks):
            counts[number] += content.count(mark, start, start + _COUNTED)
    return counts


async def decode_in_chunks(content: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Decode a JSON object that has long lists of rows. Other tasks run between chunks of rows.

    A thread would not help: msgspec holds the interpreter's lock while it decodes.

    The long lists are split into raw rows, which costs a tenth of decoding them, and the object is decoded with empty
    lists. Then each chunk of rows is decoded as an object of the same type that has only this list. Its rows are
    appended to the list of the first object.
    """
    await checkpoint()
    members, lists = await _split_lists(msgspec.Raw(content), _DEPTH)
    whole = decoder.decode(msgspec.json.encode(members))
    for path, rows in lists:
        target = _list_at(whole, path)
        if target is None:  # the model has no such list
            return decoder.decode(content)
        for start in range(0, len(rows), ROWS):
            await checkpoint()
            part: Any = rows[start : start + ROWS]
            for name in reversed(path):
                part = {name: part}
            try:
                decoded = _list_at(decoder.decode(msgspec.json.encode(part)), path)
            except msgspec.ValidationError as error:
                raise msgspec.ValidationError(_shift_index(str(error), start)) from None
            assert decoded is not None  # like the first object, of the same type
            target += decoded
    return whole


async def _split_lists(raw: msgspec.Raw, depth: int) -> tuple[dict[str, Any], _Lists]:
    """Split a JSON object into its members, with long lists emptied, and those lists as pairs: path, undecoded rows."""
    members: dict[str, Any] = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    lists: _Lists = []
    for name, value in members.items():
        text = memoryview(value)
        if len(text) <= LONG:
            continue
        await checkpoint()
        match bytes(text[:1]):
            case b"[":
                lists.append(((name,), msgspec.json.decode(value, type=list[msgspec.Raw])))
                members[name] = []
            case b"{" if depth > 1:
                members[name], below = await _split_lists(value, depth - 1)
                lists += [((name, *path), rows) for path, rows in below]
            case _:
                pass
    return members, lists


def _list_at(model: object, path: tuple[str, ...]) -> list[Any] | None:
    for name in path:
        kind: Any = type(model)
        model = getattr(model, _field_name(kind, name), None)
    return model if isinstance(model, list) else None  # pyright: ignore[reportUnknownVariableType]


@cache
def _field_name(model: type[Any], name: str) -> str:
    """Return the name in Python of the field that has this name in JSON."""
    if not issubclass(model, msgspec.Struct):
        return name
    names = {field.encode_name: field.name for field in msgspec.structs.fields(model)}
    return names.get(name, "")


def _shift_index(message: str, start: int) -> str:
    """Return a decoder's error message with `start`, the chunk's position in the list, added to the row index in it."""
    return _INDEX.sub(lambda index: f"[{int(index[1]) + start}]", message, count=1)
