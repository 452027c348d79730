"""Handle SIGINT (Ctrl-C), SIGTERM and SIGHUP: the first ends a command in order, the second ends the process at once.

No handler raises while an event loop runs, because an exception at an arbitrary await leaves task groups as an
ExceptionGroup. Instead the handler asks the event loop to cancel the work, or a batch to stop. Before a command begins,
the handler only records the signal, because an exception in the middle of an import statement can be swallowed. The
event loop is imported when a command needs it, so that the handlers are installed early.
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
GRACE = 5.0  # seconds for the items in flight after a signal; service managers kill a process after 10 or more
NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # not every system has SIGHUP
unfinished_files: set[Path] = set()  # files that are deleted whenever the process ends

_received: int | None = None
_on_signal: Callable[[], object] | None = None  # called at the first signal; None raises `SignalInterrupt`
_terminals: list[int] = []


class SignalInterrupt(KeyboardInterrupt):
    """The interrupt that SIGINT, SIGTERM or SIGHUP raises to end the command; `number` is the signal's number."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def signal_name(error: KeyboardInterrupt) -> str:
    """Return the name of the signal behind a KeyboardInterrupt, such as SIGTERM."""
    return signal.Signals(signal_number(error)).name


def signal_number(error: KeyboardInterrupt) -> int:
    """Return the number of the signal behind a KeyboardInterrupt: SIGINT if Python raised the error."""
    return error.number if isinstance(error, SignalInterrupt) else int(signal.SIGINT)


def install() -> None:
    """Install the handlers of the signals; a signal that the process ignores, as under `nohup`, stays ignored.

    Until `raise_on_signal`, a handler only records its signal.
    """
    global _on_signal
    _on_signal = _record_only
    _terminals[:] = [fd for fd in (1, 2) if os.isatty(fd)]
    for name in NAMES:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, _receive)


def exit_at_once() -> None:
    """Let every later signal end the process at once, because the command has ended and has no work left."""
    global _received
    _received = 0


@contextmanager
def raise_on_signal() -> Generator[None]:
    """Raise `SignalInterrupt` in the block at the first signal, or at its start if a signal was received earlier."""
    with _set_handler(None):
        if _received:
            raise SignalInterrupt(_received)
        yield


def run(work: Callable[[], Awaitable[T]]) -> T:
    """Run async work in a new event loop and return its result; the first signal cancels the work.

    Raises:
        SignalInterrupt: the work was cancelled, and has cleaned up.
    """
    done: list[T] = []

    async def guarded() -> None:
        import asyncio

        task = asyncio.current_task()
        assert task is not None
        # Cancel the task, not a cancel scope around it: its clean-up may still use the book's own tasks.
        try:
            with _call_in_loop(task.cancel):
                done.append(await work())
        except asyncio.CancelledError:
            if _received is None:
                raise  # without `install`, asyncio makes a KeyboardInterrupt of it

    with _set_handler(_record_only):  # while the loop is imported, starts and ends
        import anyio

        anyio.run(guarded)
    if not done:
        assert _received is not None
        raise SignalInterrupt(_received)
    return done[0]


@contextmanager
def stop_on_signal(stop: Callable[[int], None]) -> Generator[None]:
    """Call `stop` at the first signal; cancel the block, without an error, if it lasts `GRACE` seconds longer."""
    import asyncio

    import anyio

    clock = asyncio.get_running_loop().time
    with anyio.CancelScope() as scope:

        def begin() -> None:
            scope.deadline = clock() + GRACE
            assert _received is not None
            stop(_received)

        with _call_in_loop(begin):
            yield


@contextmanager
def _call_in_loop(callback: Callable[[], object]) -> Generator[None]:
    """Call `callback` in the event loop at the first signal, or at once if a signal was received earlier."""
    import asyncio

    loop = asyncio.get_running_loop()
    with _set_handler(lambda: loop.call_soon_threadsafe(callback)):
        if _received is not None:
            callback()
        yield


@contextmanager
def _set_handler(handler: Callable[[], object] | None) -> Generator[None]:
    global _on_signal
    before, _on_signal = _on_signal, handler
    try:
        yield
    finally:
        _on_signal = before


def _record_only() -> None:
    """Do nothing more at a signal: `_receive` has recorded it already."""


def _receive(number: int, _frame: FrameType | None) -> None:
    global _received
    if _received is not None:
        _exit_now(number)
    _received = number
    if signal.Signals(number).name == "SIGHUP":
        _replace_closed_terminals()
    if _on_signal is None:
        raise SignalInterrupt(number)
    _on_signal()


def _replace_closed_terminals() -> None:
    """Redirect output to the null device if its terminal was closed, so that printing does not fail."""
    for fd in _terminals:
        if not os.isatty(fd):
            os.dup2(os.open(os.devnull, os.O_WRONLY), fd)


def _exit_now(number: int) -> None:
    for path in list(unfinished_files):
        with suppress(OSError):
            path.unlink()
    if sys.stderr.isatty():
        with suppress(OSError):
            os.write(2, b"\x1b[?25h\n")  # show the cursor, which a progress bar hides
    os._exit(128 + number)
