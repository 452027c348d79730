"""While a sandbox is open, crossbook reaches it and nothing else: no other account, whatever the environment says."""

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

_make = _transports.make  # the real one: a sandbox inside of another asks it, too
_safe: WeakSet[Transport] = WeakSet()  # of every sandbox: one may be open inside of another


@contextmanager
def guarded(
    ours: str, env: Mapping[str, str], prepare: Callable[[Callable[[], Transport]], Transport]
) -> Generator[None]:
    """Lets every book that is made inside reach this origin, and refuses one that would reach another.

    Args:
        ours: the sandbox's origin.
        env: its credentials, which take the place of the environment's own.
        prepare: makes the transport of a book; it gets what makes the one that the book asks for.
    """
    before_us: Any = _transports.make
    opened = Session.open

    def make_inside(name: str, origin: str, concurrency: int, client: object = None) -> Transport:
        if origin != ours:
            raise UsageError(_refusal(origin, "make it with crossbook_book(…) or from_env(), or with its base_urls"))
        transport = prepare(lambda: _make(name, origin, concurrency, client))
        _safe.add(transport)
        return transport

    async def open_inside(self: Session) -> None:
        if self.transport not in _safe:
            raise UsageError(_refusal(self.base.origin, "make it in the test, after crossbook_sandbox"))
        await opened(self)

    before = {name: value for name, value in os.environ.items() if _is_ours(name, env)}
    _replace(before, env)
    _transports.make = make_inside
    Session.open = open_inside  # type: ignore[method-assign]
    try:
        yield
    finally:
        Session.open = opened  # type: ignore[method-assign]
        _transports.make = before_us
        _replace({name: "" for name in os.environ if _is_ours(name, env)}, before)


def _refusal(origin: str, mend: str) -> str:
    return f"this test talks to crossbook's sandbox and to nothing else, and this book would reach {origin}: {mend}"


def _is_ours(name: str, env: Mapping[str, str]) -> bool:
    """Whether a variable is about an account at one of the vendors: CROSSBOOK_<VENDOR>_…"""
    return any(name.startswith("_".join(each.split("_")[:2]) + "_") for each in env)


def _replace(old: Mapping[str, str], new: Mapping[str, str]) -> None:
    for name in old:
        os.environ.pop(name, None)
    os.environ.update(new)
