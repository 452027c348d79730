"""What can go wrong on request: the sandbox's own faults, and those of a connection that does not come about."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypedDict

from attrs import define, field

from crossbook._http.request import PreparedRequest, Transport, TransportFailure, TransportResponse
from crossbook_sandbox.faults import Fault, Faults

FaultKind = Literal[
    "refused", "unresolved", "no_room", "timeout", "vendor_error",
    "delay", "reset", "close", "cut", "garbage", "html", "empty", "truncated", "slow", "expire_tokens", "window",
    "late_commit", "rewrite",
]  # fmt: skip
"""The faults by name; `Sandbox.inject_fault` says what each does."""


class FaultSettings(TypedDict, total=False):
    """What a fault can be told, by the kinds to which it means something.

    retry_after: the `Retry-After` of a status: seconds, or a date as text; for `window`, whether to name the wait.
    body, content_type: what a status answers; nothing by default.
    committed: whether the vendor does the call although its answer is spoiled: False for a status, else True
        (`cut`, `garbage`, `html`, `empty`, `truncated`, `slow`, `timeout`).
    status: the status beside a spoiled body (`html`, `garbage` …).
    seconds: how long (`delay`), between two bytes (`slow`), at most until it is done (`late_commit`).
    when: `reset` and `close`: "before" the vendor does it, "after" or in the middle of the "body"; `delay`: "before"
        or "after".
    rate, burst, later_rate, later_after: `window` allows so many a second, bursts of so many, and another rate so many
        seconds after the first call.
    rename, drop, put, cast, ignore: `rewrite` gives keys of the answer another name, leaves them out, puts, makes
        them "text" or "number", by path (`data[].id`), and does not hear these parameters.
    skip: how many matching calls pass first.
    probability, seed: strikes by chance, the same way for the same seed, and again and again.
    """

    retry_after: int | str | bool
    body: str
    content_type: str
    committed: bool
    status: int
    seconds: float
    when: Literal["before", "after", "body"]
    rate: float
    burst: float
    later_rate: float
    later_after: float
    rename: Mapping[str, str]
    drop: Sequence[str]
    put: Mapping[str, Any]
    cast: Mapping[str, Literal["text", "number"]]
    ignore: Sequence[str]
    skip: int
    probability: float
    seed: int


_CONNECTION: dict[str, TransportFailure] = {
    # As httpx tells them: a name that is not found is one of its connect errors.
    "refused": TransportFailure("connect", "no", "ConnectError"),
    "unresolved": TransportFailure("connect", "no", "ConnectError"),
    "no_room": TransportFailure("busy", "no", "PoolTimeout"),
    "timeout": TransportFailure("lost", "maybe", "ReadTimeout"),
}
# How each vendor refuses with a status of 200; which of its codes comes when is inferred.
_WORDS: dict[str, Any] = {
    "serwersms": {"error": {"code": 1006, "type": "InvalidData", "message": "refused"}},
    "atom": {"status": "error", "error": {"code": "invalid_request", "message": "refused"}},
    "filemail": {"responsestatus": "InvalidParameter", "errorcode": 1002, "errormessage": "refused"},
    "vercom": {"errors": [{"title": "refused", "message": "no", "code": "E-1-001"}], "meta": {}},
}


class Armed:
    """A fault that waits for its call, as `Sandbox.inject_fault` gives it.

    Example:
        ```python
        fault = crossbook_sandbox.inject_fault("groups.list", kind="reset")
        await book.groups.list()  # and again by itself
        assert fault.struck == 1
        ```
    """

    def __init__(self, faults: list[Fault]) -> None:
        self._faults = faults

    @property
    def struck(self) -> int:
        """How many calls it has spoiled."""
        return sum(fault.hits for fault in self._faults)

    def __repr__(self) -> str:
        (kind,) = {fault.fault for fault in self._faults}
        return f"<Armed {kind}, struck {self.struck} times>"


@define
class Troubles:
    """Faults of the connection, kept beside the sandbox's, which cannot know them. The first armed strikes first."""

    faults: Faults
    armed: list[tuple[int, Fault, bool]] = field(factory=list[tuple[int, Fault, bool]])

    def add(self, kind: str, vendor: str, operation: str, settings: Mapping[str, Any]) -> Fault:
        """Arms one fault at one vendor.

        Raises:
            ValueError: a setting that means nothing to it, or is not possible.
        """
        given = dict(settings)
        if kind == "vendor_error":
            given = {"status": 200, "body": json.dumps(_WORDS[vendor]), "content_type": "application/json", **given}
        elif kind not in _CONNECTION:
            return self.faults.get(self.faults.add(kind, vendor, operation, **given))
        if kind not in _CONNECTION:
            return self.faults.get(self.faults.add("status", vendor, operation, **given))
        committed = bool(given.pop("committed", True)) if kind == "timeout" else False
        # Checked and numbered as the sandbox's own, which would do the same when asked to drop a connection.
        number = self.faults.add("close", vendor, operation, **given)
        fault = self.faults.remove(number)
        fault.fault = kind
        self.armed.append((number, fault, committed))
        return fault

    def take(self, vendor: str, operation: str) -> tuple[TransportFailure, bool] | None:
        """What happens to a call instead of leaving, and whether it leaves all the same; None if it just leaves."""
        for number, fault, committed in self.armed:
            is_next = fault.matches(vendor, operation) and not self.faults.has_earlier(vendor, operation, number)
            if is_next and fault.strike():
                return _CONNECTION[fault.fault], committed
        return None

    def clear(self) -> None:
        self.armed.clear()


class Spoiled:
    """A transport to the sandbox, socket or not, whose connections fail when they are told to."""

    def __init__(
        self,
        inner: Transport,
        troubles: Troubles,
        operation_of: Callable[[str, str], tuple[str, str] | None],
        before: Callable[[], None],
    ) -> None:
        self.name = inner.name
        self._inner = inner
        self._troubles = troubles
        self._operation_of = operation_of
        self._before = before

    async def send(self, call: PreparedRequest) -> TransportResponse | TransportFailure:
        self._before()
        found = self._operation_of(call.method, call.path)
        trouble = self._troubles.take(*found) if found else None
        if trouble is None:
            return await self._inner.send(call)
        failure, leaves = trouble
        if leaves:
            await self._inner.send(call)
        return failure

    async def aclose(self) -> None:
        await self._inner.aclose()
