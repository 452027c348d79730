"""List the cases of the matrix: operations of all vendors × faults × transports."""

from __future__ import annotations

import random
from collections.abc import Iterable

from attrs import frozen

from crossbook.registry import load_vendor
from crossbook.vendor import Retry
from tests.vendors.test_contract_wire import CALLS as CONTRACT

from .faults import FAULTS, Fault

TRANSPORTS = ("httpx", "httpx2", "aiohttp")
ASYNCIO_ONLY = frozenset({"aiohttp"})
# One request each: the contract's call looks the segment up first.
CALLS = {**CONTRACT, "vercom": {**CONTRACT["vercom"], "getSegment": lambda w, m, c, g: w.segments.get_segment(g)}}
__all__ = ["ASYNCIO_ONLY", "CALLS", "TRANSPORTS", "Case", "every_case", "sample"]


@frozen
class Case:
    vendor: str
    operation: str
    fault: Fault
    transport: str

    def __str__(self) -> str:
        return f"{self.vendor}.{self.operation} × {self.fault.name} × {self.transport}"

    @property
    def retry(self) -> Retry:
        return load_vendor(self.vendor).profile.operations[self.operation].retry

    @property
    def creates(self) -> bool:
        return self.retry in (Retry.CREATE_WITH_LOOKUP, Retry.CREATE_NO_LOOKUP)

    @property
    def repeats(self) -> bool:
        """Whether the operation is retried under this fault."""
        match self.fault.repeats:
            case "never":
                return False
            case "always" | "after a login":
                return True
            case _:
                return not self.creates


def every_case() -> list[Case]:
    return [
        Case(vendor, operation, fault, transport)
        for vendor in CALLS
        for operation, facts in load_vendor(vendor).profile.operations.items()
        for fault in FAULTS
        for transport in TRANSPORTS
        # A login sends no token that could be invalid.
        if vendor in fault.vendors and not (fault.repeats == "after a login" and operation == "login")
        # An empty body is no fault of these writes of Vercom: the adapter reads them back.
        if not (fault.name == "empty body" and facts.allows_empty)
    ]


def sample(cases: Iterable[Case], number: int, seed: int) -> list[Case]:
    """Return random cases that contain each fault, operation and transport of each vendor at least once."""
    drawn = list(cases)
    random.Random(seed).shuffle(drawn)
    kept: dict[Case, None] = {}
    met: set[tuple[str, ...]] = set()
    for case in drawn:
        marks = {(case.vendor, case.fault.name), (case.vendor, case.operation, ""), (case.vendor, case.transport)}
        if not marks <= met:
            met |= marks
            kept[case] = None
    others = [case for case in drawn if case not in kept]
    return [*kept, *others[: max(0, number - len(kept))]]
