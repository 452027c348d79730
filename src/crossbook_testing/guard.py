"""Guard tests: while a sandbox is open, no book can reach a server other than the sandbox, whatever the environment."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

from crossbook import _transports
from crossbook._http.request import Transport
from crossbook._http.session import Session
from crossbook.errors import UsageError

_make = _transports.make_transport  # the real function; a sandbox inside another sandbox needs it too
_safe: WeakSet[Transport] = WeakSet()  # of all sandboxes, since one may be open inside another


@contextmanager
def guard_books(
    sandbox_origin: str, env: Mapping[str, str], wrap: Callable[[Callable[[], Transport]], Transport]
) -> Generator[None]:
    """Let books reach only the sandbox in the block; a book for another server raises `UsageError` when made or opened.

    Args:
        sandbox_origin: the sandbox's origin, which a book must have to be made or opened.
        env: the sandbox's credentials, which replace the variables of the environment.
        wrap: makes the transport of a book. Its argument makes the transport that the book's options name.
    """
    outer_make: Any = _transports.make_transport
    outer_open = Session.open

    def make_inside(name: str, origin: str, concurrency: int, client: object = None) -> Transport:
        if origin != sandbox_origin:
            raise UsageError(_refusal(origin, "make it with crossbook_book(…) or from_env(), or with its base_urls"))
        transport = wrap(lambda: _make(name, origin, concurrency, client))
        _safe.add(transport)
        return transport

    async def open_inside(self: Session) -> None:
        if self.transport not in _safe:
            raise UsageError(_refusal(self.base.origin, "make it in the test, after the fixture crossbook_sandbox"))
        await outer_open(self)

    before = {name: value for name, value in os.environ.items() if _is_of_account(name, env)}
    replace_environment(before, env)
    _transports.make_transport = make_inside
    Session.open = open_inside  # type: ignore[method-assign]
    try:
        yield
    finally:
        Session.open = outer_open  # type: ignore[method-assign]
        _transports.make_transport = outer_make
        replace_environment({name: "" for name in os.environ if _is_of_account(name, env)}, before)


def _refusal(origin: str, fix: str) -> str:
    return f"while a sandbox is open, a book can reach only the sandbox, and this book would reach {origin}: {fix}"


def _is_of_account(name: str, env: Mapping[str, str]) -> bool:
    """Return whether an environment variable describes an account at one of the vendors: CROSSBOOK_<VENDOR>_…"""
    return any(name.startswith("_".join(each.split("_")[:2]) + "_") for each in env)


def replace_environment(old: Mapping[str, str], new: Mapping[str, str]) -> None:
    """Remove the old variables from the environment of this process, and set the new ones."""
    for name in old:
        os.environ.pop(name, None)
    os.environ.update(new)
