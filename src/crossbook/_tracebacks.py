"""Keep personal data and secrets out of tracebacks: remove crossbook's frames, and clear their local variables.

A traceback with locals (rich's, or that of an error tracker) shows every local of every frame: phones in arguments,
bodies, headers. The error itself says what happened. So `hide_internal_frames` removes our frames where an error leaves
the public API, and drops the arguments before it raises the error. It treats a cancellation the same way, since
`asyncio.timeout` makes it the context of its TimeoutError, with the frames of everything that was in progress.

An error that is not ours, from a user's source or callback, keeps its traceback. Our frames in it lose their locals.
"""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from inspect import iscoroutinefunction
from typing import Any, TypeVar, cast

from crossbook.errors import CrossbookError

E = TypeVar("E", bound=BaseException)
C = TypeVar("C", bound=CrossbookError)
F = TypeVar("F", bound=Callable[..., Any])
_PACKAGES = ("crossbook", "crossbook_wire", "crossbook_cli", "crossbook_testing", "crossbook_verify")


def hide_internal_frames(function: F) -> F:
    """Decorate a public function, async or not: an error that leaves it has no frames of crossbook in its traceback."""

    @functools.wraps(function)
    async def call_async(*args: Any, **kwargs: Any) -> Any:
        try:
            return await function(*args, **kwargs)
        except BaseException as error:
            bare = _without_our_frames(error, function, args)
            del args, kwargs
            if bare is None:
                raise
        try:
            raise bare
        finally:
            del bare  # the error refers to this frame: a reference back would be a cycle

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            bare = _without_our_frames(error, function, args)
            del args, kwargs
            if bare is None:
                raise
        try:
            raise bare
        finally:
            del bare  # as above

    return cast(F, call_async if iscoroutinefunction(function) else call)


def _without_our_frames(
    error: BaseException, function: Callable[..., Any], args: tuple[Any, ...]
) -> BaseException | None:
    """Return the error without crossbook's frames, or None for a foreign exception, which keeps its traceback."""
    if isinstance(error, CrossbookError):
        owner: Any = args[0] if args else None
        if hasattr(owner, "resource"):  # `book.contacts`, `book.groups` …
            error.vendor = error.vendor or owner._session.profile.vendor
            error.operation = error.operation or f"{owner.resource}.{function.__name__}"
        return strip_traceback(error)
    if isinstance(error, Exception):
        clear_internal_locals(error)
        return None
    return _drop_frames(error)


def strip_traceback(error: CrossbookError) -> CrossbookError:
    """Remove the traceback and the causes of an error, and return the error."""
    error.__cause__ = None
    error.__suppress_context__ = True
    return _drop_frames(error)


def _drop_frames(error: E) -> E:
    context = error.__context__
    # anyio recognises its own cancellation by the message of the first of two.
    cancelled_twice = type(context) is type(error) and not isinstance(error, Exception)
    error.__context__ = _drop_frames(context) if cancelled_twice and context is not None else None
    return error.with_traceback(None)


def copy_without_traceback(error: C) -> C:
    """Return a copy of an error for a `Result`: the same attributes, without traceback, causes and notes.

    The original keeps the frames that it passed, and with them whole items. Several results may share it, and an error
    that one caller raises must not show that caller's frames in the result of another.
    """
    copy = type(error).__new__(type(error), *error.args)
    vars(copy).update(vars(error))
    vars(copy).pop("__notes__", None)
    return copy


def clear_internal_locals(error: BaseException) -> None:
    """Clear the local variables of crossbook's frames in the tracebacks of an error and of its causes.

    The lines stay, so that a bug can be found. Frames of a user's code keep their locals.
    """
    for each in iter_causes(error):
        for frame, _ in traceback.walk_tb(each.__traceback__):
            if str(frame.f_globals.get("__name__")).partition(".")[0] in _PACKAGES:
                with suppress(RuntimeError):  # still running: the next public method clears it
                    frame.clear()


def iter_causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and all errors behind it: causes, contexts and members of exception groups, each once."""
    known: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop(0)
        if each is None or id(each) in known:
            continue
        known.add(id(each))
        yield each
        waiting += [each.__cause__, each.__context__, *getattr(each, "exceptions", ())]
