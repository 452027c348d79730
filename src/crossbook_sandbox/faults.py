"""Faults: which calls each affects, how, and how often. `fault_effects.py` has what each kind does."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from .rate import TokenBucket
from .validation import as_object

_BODY_SETTINGS = frozenset({"status", "committed"})
KINDS: dict[str, frozenset[str]] = {
    "status": frozenset({"status", "body", "content_type", "retry_after", "committed"}),
    "delay": frozenset({"seconds", "when"}),
    "reset": frozenset({"when"}),
    "close": frozenset({"when"}),
    "cut": _BODY_SETTINGS,
    "garbage": _BODY_SETTINGS,
    "html": _BODY_SETTINGS,
    "empty": _BODY_SETTINGS,
    "truncated": _BODY_SETTINGS,
    "slow": _BODY_SETTINGS | {"seconds"},
    "expire_tokens": frozenset(),
    "window": frozenset({"rate", "burst", "later_rate", "later_after", "retry_after"}),
    "late_commit": frozenset({"seconds"}),
    "rewrite": frozenset({"rename", "drop", "put", "cast", "ignore", "status"}),
}


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault that is armed: it affects later calls of its operation until it is used up or removed.

    Args:
        fault: The kind, a key of `KINDS`:
            `status` responds with `status` (503), `body`, `content_type` and `retry_after` (seconds, or a date as
            text);
            `delay` waits `seconds` before or after the operation (`when`);
            `reset` and `close` end the connection by RST or FIN, before the operation, after it, or in the middle of
            the body (`when`: before, after, body);
            `cut` announces the whole body and closes in its middle; `truncated` sends half of the body as a whole one;
            `garbage`, `html`, `empty` replace the body;
            `slow` sends the body byte by byte, `seconds` apart;
            `expire_tokens` expires every login token, then responds as usual;
            `window` responds 429 to what exceeds `rate` a second and bursts of `burst` (default: one second's
            requests). `later_after` seconds after the first call the rate becomes `later_rate`. `retry_after=true`
            names the wait;
            `late_commit` resets the connection now, and does the operation up to `seconds` later;
            `rewrite` does the operation and changes the response: another `status`, keys of the body renamed
            (`rename`: path to name), dropped (`drop`: paths), set (`put`: path to value) or converted to "text" or
            "number" (`cast`: path to type). It ignores the request's parameters in `ignore`. Paths are `meta.status`,
            `data[].id`.
        vendor: Vendor name, or `"*"`.
        operation: The operation's name (its operationId), or `"*"`.
        count: How many calls it affects; None means all. Default 1, but all for `window`, `rewrite` and with a
            probability.
        skip: How many matching calls pass first.
        probability: The probability that a matching call is affected; drawn from `seed`.
        committed: Whether the operation is done although its response is lost or spoiled.
            Default true, but false for `status`.
        seed: Makes random effects repeatable.
    """

    fault: str
    vendor: str = "*"
    operation: str = "*"
    count: int | None = None
    skip: int = 0
    probability: float | None = None
    seed: int = 0
    status: int | None = None
    body: str = ""
    content_type: str = "text/plain; charset=utf-8"
    retry_after: int | str | bool | None = None
    committed: bool = True
    seconds: float = 0.05
    when: str = "before"
    rate: float = 10
    burst: float | None = None
    later_rate: float | None = None
    later_after: float = 0
    rename: Mapping[str, str] = field(default_factory=dict[str, str])
    drop: Collection[str] = ()
    put: Mapping[str, Any] = field(default_factory=dict[str, Any])
    cast: Mapping[str, str] = field(default_factory=dict[str, str])
    ignore: Collection[str] = ()
    id: int = 0
    hits: int = 0
    rng: random.Random = field(init=False, repr=False)
    bucket: TokenBucket = field(init=False, repr=False)
    changes_at: float | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)  # noqa: S311 (it must be repeatable)
        self.bucket = TokenBucket(self.rate, self.burst or self.rate)

    def matches(self, vendor: str, operation: str) -> bool:
        """Return whether the fault is armed for this operation of this vendor."""
        return self.vendor in ("*", vendor) and self.operation in ("*", operation)

    def strike(self) -> bool:
        """Return whether the fault affects this call by `skip`, `count` and `probability`; count the call if so."""
        if self.count is not None and self.hits >= self.count:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.probability is not None and self.rng.random() >= self.probability:
            return False
        if self.fault != "window":
            self.hits += 1
        return True

    def take_window_permit(self, now: float) -> float:
        """Return 0 if the fault's rate limit allows a call now, else the seconds until the next permit."""
        if self.changes_at is None:
            self.changes_at = now + self.later_after
        if self.later_rate is not None and now >= self.changes_at and self.bucket.rate != self.later_rate:
            self.bucket = TokenBucket(self.later_rate, self.burst or self.later_rate)
        wait = self.bucket.take(now)
        self.hits += wait > 0
        return wait

    def to_json(self) -> dict[str, Any]:
        """Return the fault as JSON, with its number of affected calls."""
        names = {"id", "hits", *_COMMON_SETTINGS, *KINDS[self.fault]}
        return {name: getattr(self, name) for name in sorted(names)}


def read_fault(settings: Mapping[str, Any]) -> Fault:
    """Build a fault from its settings as JSON or keyword arguments.

    Raises:
        ValueError: The kind is unknown, the kind has no such setting, or a value is invalid.
    """
    kind = settings.get("fault")
    if kind not in KINDS:
        raise ValueError(f"fault must be one of {', '.join(KINDS)}")
    known = _COMMON_SETTINGS | KINDS[kind]
    for name, value in settings.items():
        if name not in known:
            raise ValueError(f"the fault {kind} has no setting {name!r}; it has {', '.join(sorted(known))}")
        if not _CHECKS[name](value):
            raise ValueError(f"{kind}: {name} cannot be {value!r}: see the settings of crossbook_sandbox.faults.Fault")
    if kind == "delay" and settings.get("when") == "body":
        raise ValueError("'when' of a delay must be 'before' or 'after' the operation, not 'body'")
    endless = kind in ("window", "rewrite") or settings.get("probability") is not None
    defaults: dict[str, Any] = {"count": None if endless else 1, "committed": kind != "status"}
    return Fault(**defaults | dict(settings))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1e6


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _are_texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(each, str) for each in cast("Iterable[object]", value))


def _is_map(value: object, values: Collection[str] | None = None) -> bool:
    """Return whether a setting is a JSON object and, if `values` is given, has only these values in its members."""
    found = as_object(value)
    return found is not None and (values is None or all(each in values for each in found.values()))


def _is_header(value: object) -> bool:
    return isinstance(value, str) and value.isprintable()


_COMMON_SETTINGS = frozenset({"fault", "vendor", "operation", "count", "skip", "probability", "seed"})
_CHECKS: dict[str, Callable[[Any], bool]] = {
    "fault": lambda value: isinstance(value, str),
    "vendor": lambda value: isinstance(value, str),
    "operation": lambda value: isinstance(value, str),
    "count": lambda value: value is None or (_is_count(value) and value > 0),
    "skip": _is_count,
    "probability": lambda value: value is None or (_is_number(value) and value <= 1),
    "seed": _is_count,
    "status": lambda value: _is_count(value) and 200 <= value <= 599,
    "body": lambda value: isinstance(value, str),
    "content_type": _is_header,
    "retry_after": lambda value: isinstance(value, bool) or _is_count(value) or _is_header(value),
    "committed": lambda value: isinstance(value, bool),
    "seconds": _is_number,
    "when": lambda value: value in ("before", "after", "body"),
    "rate": lambda value: _is_number(value) and value > 0,
    "burst": lambda value: _is_number(value) and value > 0,
    "later_rate": lambda value: _is_number(value) and value > 0,
    "later_after": _is_number,
    "rename": lambda value: _is_map(value) and _are_texts([*value.values()]),
    "drop": _are_texts,
    "put": _is_map,
    "cast": lambda value: _is_map(value, ("text", "number")),
    "ignore": _are_texts,
}


class Faults:
    """The sandbox's armed faults, in the order in which they were added.

    Args:
        operations: Every vendor's operation names. `add` refuses a fault for another operation.
    """

    def __init__(self, operations: Mapping[str, Collection[str]]) -> None:
        self._operations = operations
        self._armed: list[Fault] = []
        self._ids = itertools.count(1)

    def add(self, fault: str, vendor: str = "*", operation: str = "*", **settings: Any) -> int:
        """Arm a fault and return its number.

        Args:
            fault: The kind.
            vendor: Vendor name, or `"*"`.
            operation: Operation name, or `"*"`.
            settings: The other arguments of `Fault` that this kind has.

        Raises:
            ValueError: A name is unknown or a value is invalid.

        Example:
            `app.state.faults.add("status", "vercom", "listContacts", status=503, count=2, retry_after=1)`
        """
        new = read_fault({"fault": fault, "vendor": vendor, "operation": operation, **settings})
        vendors = self._operations if new.vendor == "*" else {new.vendor: self._operations.get(new.vendor, ())}
        if not any(new.operation in ("*", name) for names in vendors.values() for name in names):
            raise ValueError(f"vendor {new.vendor!r} has no operation {new.operation!r}: give an operationId or *")
        new.id = next(self._ids)
        self._armed.append(new)
        return new.id

    def take(self, vendor: str, operation: str) -> Fault | None:
        """Return the first armed fault that affects this call, and count the call; None if no fault does."""
        for fault in self._armed:
            if fault.matches(vendor, operation) and fault.strike():
                return fault
        return None

    def get(self, number: int) -> Fault:
        """Return an armed fault by its number."""
        return next(fault for fault in self._armed if fault.id == number)

    def remove(self, number: int) -> Fault:
        """Disarm one fault and return it."""
        fault = self.get(number)
        self._armed.remove(fault)
        return fault

    def has_earlier(self, vendor: str, operation: str, number: int) -> bool:
        """Return whether a fault with a lower number affects the next call of this operation."""
        return any(
            fault.id < number
            and fault.matches(vendor, operation)
            and not fault.skip
            and (fault.count is None or fault.hits < fault.count)
            for fault in self._armed
        )

    def clear(self, vendor: str | None = None) -> None:
        """Disarm all faults, or those of one vendor."""
        self._armed = [fault for fault in self._armed if vendor not in (None, fault.vendor)]

    def to_json(self) -> list[dict[str, Any]]:
        """Return the faults as JSON, each with its number of affected calls."""
        return [fault.to_json() for fault in self._armed]
