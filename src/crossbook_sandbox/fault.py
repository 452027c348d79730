"""One fault: which calls it spoils, how, and how often."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from .rate import TokenBucket
from .rewrite import CASTS, Edits
from .validation import as_object

_SPOILED = frozenset({"status", "committed"})
KINDS: dict[str, frozenset[str]] = {
    "status": frozenset({"status", "body", "content_type", "retry_after", "committed"}),
    "delay": frozenset({"seconds", "when"}),
    "reset": frozenset({"when"}),
    "close": frozenset({"when"}),
    "cut": _SPOILED,
    "garbage": _SPOILED,
    "html": _SPOILED,
    "empty": _SPOILED,
    "truncated": _SPOILED,
    "slow": _SPOILED | {"seconds"},
    "expire_tokens": frozenset(),
    "window": frozenset({"rate", "burst", "later_rate", "later_after", "retry_after"}),
    "late_commit": frozenset({"seconds"}),
    "rewrite": frozenset({"rename", "drop", "put", "cast", "ignore", "status"}),
}


@dataclass(slots=True, kw_only=True)
class Fault:
    """One armed fault.

    Args:
        fault: The kind, a key of `KINDS`:
            `status` answers `status` (503), `body` as `content_type`, `retry_after` (seconds, or a date as text);
            `delay` waits `seconds` before or after the call is done (`when`);
            `reset` and `close` end the connection before the call is done, after it, or in the middle of the body
            (`when`: before, after, body), by RST or by FIN;
            `cut` announces the whole body and closes in its middle; `truncated` sends half of it as if that were all;
            `garbage`, `html`, `empty` replace the body;
            `slow` sends the body byte by byte, `seconds` apart;
            `expire_tokens` lets every login token be dead, and then answers as usual;
            `window` answers 429 to what exceeds `rate` a second (bursts of `burst`, default as many as a second
            allows), which may become `later_rate` `later_after` seconds after the first call, and names the wait
            if `retry_after` is true;
            `late_commit` resets the connection now, and does the call up to `seconds` later;
            `rewrite` does the call and answers as a vendor that is not as described: with another `status`, keys of the
            body under other names (`rename`: path to name), left out (`drop`: paths), with another value or added
            (`put`: path to value), with the type "text" or "number" (`cast`: path to type); and does not hear the
            parameters in `ignore`, wherever they stand. Paths are `meta.status`, `data[].id`.
        vendor: Vendor name, or `"*"`.
        operation: The operation's name (its operationId), or `"*"`.
        count: How many calls it spoils; None means all. Default 1, but all for `window`, `rewrite` and
            with a probability.
        skip: How many matching calls it lets pass first.
        probability: How probably a matching call is spoiled; drawn from `seed`.
        committed: Whether the call is really done although its answer is spoiled.
            Default true, but false for `status`.
        seed: Makes what is random repeatable.
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
    draw: random.Random = field(init=False, repr=False)
    bucket: TokenBucket = field(init=False, repr=False)
    changes_at: float | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self.draw = random.Random(self.seed)  # noqa: S311 (to be repeatable is the point)
        self.bucket = TokenBucket(self.rate, self.burst or self.rate)

    def matches(self, vendor: str, operation: str) -> bool:
        """Tell whether it is about such calls."""
        return self.vendor in ("*", vendor) and self.operation in ("*", operation)

    def fires(self) -> bool:
        """Decide about one matching call, and count it."""
        if self.count is not None and self.hits >= self.count:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.probability is not None and self.draw.random() >= self.probability:
            return False
        if self.fault != "window":
            self.hits += 1
        return True

    def over(self, now: float) -> float:
        """Return how long a call that comes now must wait for its place in the window; 0 if it has one."""
        if self.changes_at is None:
            self.changes_at = now + self.later_after
        if self.later_rate is not None and now >= self.changes_at and self.bucket.rate != self.later_rate:
            self.bucket = TokenBucket(self.later_rate, self.burst or self.later_rate)
        wait = self.bucket.take(now)
        self.hits += wait > 0
        return wait

    @property
    def edits(self) -> Edits:
        """What a `rewrite` does to a body."""
        return Edits(rename=self.rename, drop=self.drop, put=self.put, cast=self.cast)

    def described(self) -> dict[str, Any]:
        """Return it as JSON."""
        names = {"id", "hits", "fault", "vendor", "operation", "count", "skip", "probability", "seed"}
        return {name: getattr(self, name) for name in sorted(names | KINDS[self.fault])}


def read_fault(settings: Mapping[str, Any]) -> Fault:
    """Build a fault from its settings, as JSON or keyword arguments give them.

    Raises:
        ValueError: The kind is unknown, a setting means nothing to it, or a value is not possible.
    """
    kind = settings.get("fault")
    if kind not in KINDS:
        raise ValueError(f"fault is one of {', '.join(KINDS)}")
    for name, value in settings.items():
        if name not in _ALWAYS | KINDS[kind]:
            raise ValueError(f"{kind} has no setting {name!r}; it has {', '.join(sorted(_ALWAYS | KINDS[kind]))}")
        if not _CHECKS[name](value):
            raise ValueError(f"{name} cannot be {value!r}")
    if kind == "delay" and settings.get("when") == "body":
        raise ValueError("a delay is before or after the call, not in the body")
    endless = kind in ("window", "rewrite") or settings.get("probability") is not None
    defaults: dict[str, Any] = {"count": None if endless else 1, "committed": kind != "status"}
    return Fault(**defaults | dict(settings))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1e6


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _are_texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(each, str) for each in cast("Iterable[object]", value))


def _is_map(value: object, values: Collection[str] | None = None) -> bool:
    """Whether it is an object; with `values`, whether each of its values is one of them."""
    found = as_object(value)
    return found is not None and (values is None or all(each in values for each in found.values()))


def _is_header(value: object) -> bool:
    return isinstance(value, str) and value.isprintable()


_ALWAYS = frozenset({"fault", "vendor", "operation", "count", "skip", "probability", "seed"})
_CHECKS: dict[str, Callable[[Any], bool]] = {
    "fault": lambda value: isinstance(value, str),
    "vendor": lambda value: isinstance(value, str),
    "operation": lambda value: isinstance(value, str),
    "count": lambda value: value is None or (_is_whole(value) and value > 0),
    "skip": _is_whole,
    "probability": lambda value: value is None or (_is_number(value) and value <= 1),
    "seed": _is_whole,
    "status": lambda value: _is_whole(value) and 200 <= value <= 599,
    "body": lambda value: isinstance(value, str),
    "content_type": _is_header,
    "retry_after": lambda value: isinstance(value, bool) or _is_whole(value) or _is_header(value),
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
    "cast": lambda value: _is_map(value, CASTS.keys()),
    "ignore": _are_texts,
}
