"""Test a sample of the matrix in every run: each fault, vendor, operation and transport. `make chaos` runs all."""

from __future__ import annotations

from collections import Counter

import pytest

from crossbook.registry import VENDORS, load_vendor

from .cases import ASYNCIO_ONLY, TRANSPORTS, every_case, sample
from .faults import FAULTS
from .matrix import run

SEED = 20_261_123
CASES = 150


def test_matrix_is_complete() -> None:
    cases = every_case()
    assert len(cases) == len(set(cases))
    asked = {(case.vendor, case.operation) for case in cases}
    assert asked == {(vendor, name) for vendor in VENDORS for name in load_vendor(vendor).profile.operations}
    counted = Counter((case.vendor, case.operation) for case in cases)
    for vendor, operation in asked:
        there = [fault for fault in FAULTS if vendor in fault.vendors]
        assert counted[vendor, operation] in (len(there) * len(TRANSPORTS), (len(there) - 1) * len(TRANSPORTS))


def test_sample_covers_all_parts() -> None:
    for seed in range(20):
        cases = sample(every_case(), CASES, seed)
        assert {(case.vendor, case.fault) for case in cases} == {(v, f) for f in FAULTS for v in f.vendors}
        assert len({(case.vendor, case.operation) for case in cases}) == 56
        assert len({(case.vendor, case.transport) for case in cases}) == 12


@pytest.mark.anyio
async def test_sample_of_the_matrix_passes(anyio_backend_name: str) -> None:
    """Each event loop runs half of the sample, and asyncio also the faults that only it has."""
    every, asyncio = sample(every_case(), CASES, SEED), anyio_backend_name == "asyncio"
    bound = [case.transport in ASYNCIO_ONLY for case in every]
    cases = [case for number, case in enumerate(every) if (number % 2 == 0 or bound[number]) == asyncio]
    results = await run(cases, seed=SEED)
    broken = [f"{result.case}: {what}" for result in results for what in result.broken]
    assert not broken, "\n".join(broken)
    assert len(results) == len(cases)
