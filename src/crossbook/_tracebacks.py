"""Errors leave the house without the frames below them.

A traceback with locals (rich's, or one that a service's error tracker makes) shows every local of every frame:
phones in arguments, bodies, headers. What happened is in the error itself, so our frames are cut off where the
error passes the public surface, and the arguments are forgotten before it is raised. A cancellation passes the same
way: `asyncio.timeout` hangs it on its TimeoutError, and with it the frames of everything that was under way.

An error in a result is a copy of its own (`own_copy`). An error that is not ours, from a user's source or callback,
keeps its traceback, but the frames of crossbook in the traceback lose their locals.
"""

from __future__ import annotations

import functools
import traceback
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar

from crossbook.errors import CrossbookError

P = ParamSpec("P")
R = TypeVar("R")
E = TypeVar("E", bound=BaseException)
C = TypeVar("C", bound=CrossbookError)
_PACKAGES = ("crossbook", "crossbook_wire")


def hide_internal_frames(method: Callable[P, Awaitable[R]]) -> Callable[P, Coroutine[Any, Any, R]]:
    """An async method of the public surface: a CrossbookError or a cancellation comes out of it bare."""

    @functools.wraps(method)
    async def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return await method(*args, **kwargs)
        except CrossbookError as error:
            bare: BaseException = strip_traceback(_of(error, method, args))
        except Exception as error:
            clear_our_locals(error)
            del args, kwargs
            raise
        except BaseException as error:
            bare = without_frames(error)
        del args, kwargs
        try:
            raise bare
        finally:
            del bare  # the error refers to this frame: with a reference back, both would wait for the garbage collector

    return call


def hide_internal_frames_sync(method: Callable[P, R]) -> Callable[P, R]:
    """The same for what only checks its arguments: what returns something to await, and constructors."""

    @functools.wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(*args, **kwargs)
        except CrossbookError as error:
            bare = strip_traceback(_of(error, method, args))
        except Exception as error:
            clear_our_locals(error)
            del args, kwargs
            raise
        del args, kwargs
        try:
            raise bare
        finally:
            del bare  # the error refers to this frame: with a reference back, both would wait for the garbage collector

    return call


def _of(error: CrossbookError, method: Callable[..., Any], args: tuple[Any, ...]) -> CrossbookError:
    """The error, saying whose it is and which of our verbs it is about, where it says no operation of the vendor's."""
    owner: Any = args[0] if args else None
    if hasattr(owner, "resource"):  # `book.contacts`, `book.groups` …
        error.vendor = error.vendor or owner._session.profile.vendor
        error.operation = error.operation or f"{owner.resource}.{method.__name__}"
    return error


def strip_traceback(error: CrossbookError) -> CrossbookError:
    """The error without its frames and without what it was raised from."""
    error.__cause__ = None
    error.__suppress_context__ = True
    return without_frames(error)


def without_frames(error: E) -> E:
    before = error.__context__
    # Of a cancellation by two, anyio knows its own part by the message of the first alone.
    twice = type(before) is type(error) and not isinstance(error, Exception)
    error.__context__ = without_frames(before) if twice and before is not None else None
    return error.with_traceback(None)


def own_copy(error: C) -> C:
    """Return a copy for one result: the same facts without frames, causes and notes.

    The original keeps all frames that it passed, and with them whole items. Several results may share it, and an
    error that one caller raises must not show that caller's frames in the result of another.
    """
    own = type(error).__new__(type(error), *error.args)
    vars(own).update(vars(error))
    vars(own).pop("__notes__", None)
    return own


def clear_our_locals(error: BaseException) -> None:
    """Clear the locals of every finished frame of crossbook in the error's traceback and in those of its causes.

    The lines stay, so that a bug can be found. Frames of a user's code keep their locals.
    """
    known: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in known:
            continue
        known.add(id(each))
        for frame, _ in traceback.walk_tb(each.__traceback__):
            if str(frame.f_globals.get("__name__")).partition(".")[0] in _PACKAGES:
                with suppress(RuntimeError):  # still running: the next public method clears it
                    frame.clear()
        waiting += [each.__cause__, each.__context__, *getattr(each, "exceptions", ())]
