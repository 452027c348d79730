"""The calls that reached the sandbox, and the message of a failed `assert_called`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from crossbook_sandbox.sandbox import ReceivedCall

# The vendors' parameters for credentials. A test that compares what it sent does not need them.
_CREDENTIALS = frozenset({"username", "password", "logintoken", "apikey"})


@dataclass(frozen=True, slots=True)
class Call:
    """One request that reached a vendor of the sandbox, without its credentials.

    Args:
        vendor: the vendor's name.
        operation: the operationId in the vendor's spec.
        method: the HTTP method.
        path: the path below the vendor's base URL.
        query: the query's parameters by name.
        body: the JSON body, or the fields of the form; None if there was no body.
        status: the response's status; None if the connection ended without a response.
        fault: the sandbox's fault that affected the call, or None.
        account: the name of the account that `Sandbox.add_account` gave; empty for the vendor's first account.
    """

    vendor: str
    operation: str
    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    status: int | None
    fault: str | None
    account: str = ""

    def __str__(self) -> str:
        status = self.status or "no response"
        account = f" ({self.account})" if self.account else ""
        return f"{self.vendor}.{self.operation}{account} → {status}{f' ({self.fault})' if self.fault else ''}"


def make_call(received: ReceivedCall) -> Call:
    """Convert a call that the sandbox recorded to a `Call` for tests, without the credentials."""
    call = received.call
    body: Any = dict(call.form) or None
    if call.body and body is None:
        try:
            body = msgspec.json.decode(call.body)
        except msgspec.DecodeError:
            body = call.body.decode(errors="replace")
    return Call(
        received.vendor,
        received.operation,
        call.method,
        call.path,
        {name: value for name, value in call.query if name not in _CREDENTIALS},
        {name: value for name, value in body.items() if name not in _CREDENTIALS} if isinstance(body, dict) else body,  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        received.status,
        received.fault,
        received.account,
    )


def describe_mismatch(name: str, expected: int | None, found: Sequence[Call], everything: Sequence[Call]) -> str:
    """Return the message of a failed `assert_called`: the expected calls, and all received calls."""
    wanted = "at least once" if expected is None else _format_times(expected)
    lines = [f"{name} should have reached the sandbox {wanted}, but did {_format_times(len(found))}."]
    shown = [f"  {number}. {call}" for number, call in enumerate(everything[-30:], max(1, len(everything) - 29))]
    lines += ["All calls:", *shown] if everything else ["No call reached the sandbox."]
    return "\n".join(lines)


def _format_times(number: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{number} times")
