"""SIGINT (Ctrl-C), SIGTERM and SIGHUP: the first ends a command in order, the second ends the process at once.

No handler raises while an event loop runs: an exception at an arbitrary await leaves task groups as an ExceptionGroup.
The handler asks the loop to cancel the work instead, or a batch to stop. Before the command begins it only notes the
signal: an exception in the midst of an import can be swallowed. The event loop is imported when a command needs it, so
that the handlers are there early.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TypeVar

T = TypeVar("T")
GRACE = 5.0  # seconds that items in flight have to end after a signal; service managers kill after 10 or more
NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # the last one is not on every system
unfinished: set[Path] = set()  # files that must not stay behind, whenever the process ends

_received: int | None = None
_asked: Callable[[], object] | None = None  # what the first signal does; None raises `Interrupted`
_terminals: list[int] = []


class Interrupted(KeyboardInterrupt):
    """A signal ended the command."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def name_of(error: KeyboardInterrupt) -> str:
    """Return the signal's name."""
    return signal.Signals(number_of(error)).name


def number_of(error: KeyboardInterrupt) -> int:
    """Return the signal's number."""
    return error.number if isinstance(error, Interrupted) else int(signal.SIGINT)


def install() -> None:
    """Handle the signals that this process would die of; those that it was started to ignore (`nohup`) stay ignored.

    They are only noted until a command is `interruptible`.
    """
    global _asked
    _asked = _note
    _terminals[:] = [fd for fd in (1, 2) if os.isatty(fd)]
    for name in NAMES:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, _receive)


def close() -> None:
    """Let every signal from here on end the process at once: there is no work to end in order."""
    global _received
    _received = 0


@contextmanager
def interruptible() -> Generator[None]:
    """Have the first signal raise `Interrupted`, at once if it came before."""
    with _set(None):
        if _received:
            raise Interrupted(_received)
        yield


def run(work: Callable[[], Awaitable[T]]) -> T:
    """Run the work in an event loop; the first signal cancels it.

    Raises:
        Interrupted: the work was cancelled, and has cleaned up.
    """
    done: list[T] = []

    async def guarded() -> None:
        import asyncio

        task = asyncio.current_task()
        assert task is not None
        # The task alone, not a scope around it: its cleaning up may still use the book's own tasks.
        try:
            with _asking(task.cancel):
                done.append(await work())
        except asyncio.CancelledError:
            if _received is None:
                raise  # without `install` asyncio itself makes a KeyboardInterrupt of it

    with _set(_note):  # while the loop itself is imported, begins and ends
        import anyio

        anyio.run(guarded)
    if not done:
        assert _received is not None
        raise Interrupted(_received)
    return done[0]


@contextmanager
def settling(stop: Callable[[int], None]) -> Generator[None]:
    """Call `stop` at the first signal, and leave the block `GRACE` seconds later at the latest, without an error."""
    import asyncio

    import anyio

    clock = asyncio.get_running_loop().time
    with anyio.CancelScope() as scope:

        def begin() -> None:
            scope.deadline = clock() + GRACE
            assert _received is not None
            stop(_received)

        with _asking(begin):
            yield


@contextmanager
def _asking(callback: Callable[[], object]) -> Generator[None]:
    """Have the first signal call this in the event loop."""
    import asyncio

    loop = asyncio.get_running_loop()
    with _set(lambda: loop.call_soon_threadsafe(callback)):
        if _received is not None:
            callback()
        yield


@contextmanager
def _set(asked: Callable[[], object] | None) -> Generator[None]:
    global _asked
    before, _asked = _asked, asked
    try:
        yield
    finally:
        _asked = before


def _note() -> None:
    """Leave it at what `_received` says."""


def _receive(number: int, _frame: FrameType | None) -> None:
    global _received
    if _received is not None:
        _end_at_once(number)
    _received = number
    if signal.Signals(number).name == "SIGHUP":
        _leave_dead_terminals()
    if _asked is None:
        raise Interrupted(number)
    _asked()


def _leave_dead_terminals() -> None:
    """Write to nowhere what a terminal that is gone would refuse, so that the work can end in order."""
    for fd in _terminals:
        if not os.isatty(fd):
            os.dup2(os.open(os.devnull, os.O_WRONLY), fd)


def _end_at_once(number: int) -> None:
    for path in list(unfinished):
        with suppress(OSError):
            path.unlink()
    if sys.stderr.isatty():
        with suppress(OSError):
            os.write(2, b"\x1b[?25h\n")  # the cursor, which a bar hides
    os._exit(128 + number)
