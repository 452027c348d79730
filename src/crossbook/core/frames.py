"""Errors leave the house without the frames below them.

A traceback with locals (rich's, or one that a service's error tracker makes) shows every local of every frame:
phones in arguments, bodies, headers. What happened is in the error itself, so our frames are cut off where the
error passes the public surface, and the arguments are forgotten before it is raised. A cancellation passes the same
way: `asyncio.timeout` hangs it on its TimeoutError, and with it the frames of everything that was under way.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from crossbook.errors import CrossbookError

P = ParamSpec("P")
R = TypeVar("R")
E = TypeVar("E", bound=BaseException)


def public(method: Callable[P, Awaitable[R]]) -> Callable[P, Coroutine[Any, Any, R]]:
    """An async method of the public surface: a CrossbookError or a cancellation comes out of it bare."""

    @functools.wraps(method)
    async def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return await method(*args, **kwargs)
        except CrossbookError as error:
            bare: BaseException = strip(_of(error, method, args))
        except Exception:
            del args, kwargs
            raise
        except BaseException as error:
            bare = without_frames(error)
        del args, kwargs
        raise bare

    return call


def public_sync(method: Callable[P, R]) -> Callable[P, R]:
    """The same for what only checks its arguments: what returns something to await, and constructors."""

    @functools.wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(*args, **kwargs)
        except CrossbookError as error:
            bare = strip(_of(error, method, args))
        except Exception:
            del args, kwargs
            raise
        del args, kwargs
        raise bare

    return call


def _of(error: CrossbookError, method: Callable[..., Any], args: tuple[Any, ...]) -> CrossbookError:
    """The error, saying whose it is and which of our verbs it is about, where it says no operation of the vendor's."""
    owner: Any = args[0] if args else None
    if hasattr(owner, "room"):  # `book.contacts`, `book.groups` …
        error.vendor = error.vendor or owner._connection.card.vendor
        error.operation = error.operation or f"{owner.room}.{method.__name__}"
    return error


def strip(error: CrossbookError) -> CrossbookError:
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
