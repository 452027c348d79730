"""What reached the vendor, and how to say that it was something else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from crossbook_sandbox.sandbox import ReceivedCall

# Credentials as the vendors name them: no test needs to see them where it looks for what it sent.
_CREDENTIALS = frozenset({"username", "password", "logintoken", "apikey"})


@dataclass(frozen=True, slots=True)
class Call:
    """One request that reached a vendor of the sandbox, credentials left out.

    Args:
        vendor: which.
        operation: the operation of its spec.
        method: of the request.
        path: of the request, the vendor's own.
        query: its parameters by name.
        body: its JSON, or the fields of its form; None if it had none.
        status: what the vendor answered; None if the connection ended without an answer.
        fault: the sandbox's fault that spoiled it; None if nothing did.
    """

    vendor: str
    operation: str
    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    status: int | None
    fault: str | None

    def __str__(self) -> str:
        answer = self.status or "no answer"
        return f"{self.vendor}.{self.operation} → {answer}{f' ({self.fault})' if self.fault else ''}"


def call_of(heard: ReceivedCall) -> Call:
    """A call as tests see it."""
    call = heard.call
    body: Any = dict(call.form) or None
    if call.body and body is None:
        try:
            body = msgspec.json.decode(call.body)
        except msgspec.DecodeError:
            body = call.body.decode(errors="replace")
    return Call(
        heard.vendor,
        heard.operation,
        call.method,
        call.path,
        {name: value for name, value in call.query if name not in _CREDENTIALS},
        {name: value for name, value in body.items() if name not in _CREDENTIALS} if isinstance(body, dict) else body,  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        heard.status,
        heard.fault,
    )


def unlike(what: str, expected: int | None, found: Sequence[Call], everything: Sequence[Call]) -> str:
    """Why an assertion failed: what was expected, and what happened instead."""
    wanted = "at least once" if expected is None else times(expected)
    lines = [f"{what} should have reached the sandbox {wanted}, and did {times(len(found))}."]
    shown = [f"  {number}. {call}" for number, call in enumerate(everything[-30:], max(1, len(everything) - 29))]
    lines += ["All that reached it:", *shown] if everything else ["Nothing reached it at all."]
    return "\n".join(lines)


def times(number: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{number} times")
