"""The faults that a test can inject, by name, with their settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

from crossbook_sandbox.faults import Fault

FaultKind = Literal[
    "refused", "unresolved", "no_room", "timeout", "vendor_error",
    "delay", "reset", "close", "cut", "garbage", "html", "empty", "truncated", "slow", "expire_tokens", "window",
    "late_commit", "rewrite",
]  # fmt: skip
"""The faults by name; `Sandbox.inject_fault` says what each does."""


class FaultSettings(TypedDict, total=False):
    """The settings of an injected fault. Each kind of fault accepts some of them.

    retry_after: the `Retry-After` of a status: seconds, or a date as text; for `window`, whether to name the wait.
    body, content_type: the body of a status; empty by default.
    committed: whether the vendor does the operation although its response is spoiled: False for a status, else True
        (`cut`, `garbage`, `html`, `empty`, `truncated`, `slow`, `timeout`).
    status: the status of a spoiled response (`html`, `garbage` …).
    seconds: how long (`delay`), between two bytes (`slow`), at most until the operation is done (`late_commit`).
    when: `reset` and `close`: "before" or "after" the operation, or in the middle of the "body"; `delay`: "before"
        or "after".
    rate, burst, later_rate, later_after: `window` allows `rate` requests a second and bursts of `burst`, and
        `later_rate` from `later_after` seconds after the first call on.
    rename, drop, put, cast, ignore: `rewrite` changes keys of the response by path (`data[].id`): new names, no such
        key, other values, the type "text" or "number". It ignores the request's parameters in `ignore`.
    skip: how many matching calls pass first.
    probability, seed: the fault strikes by chance, again and again, the same way for the same seed.
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


class InjectedFault:
    """A fault that `Sandbox.inject_fault` has injected.

    Example:
        ```python
        fault = crossbook_sandbox.inject_fault("groups.list", kind="reset")
        await book.groups.list()  # the retry succeeds
        assert fault.hits == 1
        ```
    """

    def __init__(self, faults: list[Fault]) -> None:
        self._faults = faults

    @property
    def hits(self) -> int:
        """How many calls the fault has affected."""
        return sum(fault.hits for fault in self._faults)

    def __repr__(self) -> str:
        (kind,) = {fault.fault for fault in self._faults}
        return f"<InjectedFault {kind}, {self.hits} hits>"
