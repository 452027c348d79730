"""Stray refusals cost little, and the limit is not forgotten, in virtual time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import pairwise

import anyio
import pytest
from throttling import LATENCY, Call, Vendor, asking, at, between, closed_loop, open_loop, shares
from virtual import virtually

from crossbook.vendor import Rate

Load = Callable[[Call, float, float], Awaitable[None]]
LOADS = pytest.mark.parametrize("load", [open_loop, closed_loop])


def batch_after_trickle(*strays: float, retry_after: int) -> float:
    """Return the seconds of a batch of 600 after 20 s at one call a second, with refusals at these times."""

    async def main() -> float:
        vendor = Vendor(at(*strays, retry_after=retry_after))
        left = 600
        async with asking(vendor, timeout=600) as call:

            async def worker() -> None:
                nonlocal left
                while left > 0:
                    left -= 1
                    await call()

            async with anyio.create_task_group() as tasks:
                for _ in range(20):
                    tasks.start_soon(call)
                    if anyio.current_time() in strays:
                        tasks.start_soon(call)
                    await anyio.sleep(1)
            began = anyio.current_time()
            async with anyio.create_task_group() as tasks:
                for _ in range(32):
                    tasks.start_soon(worker)
            return anyio.current_time() - began

    return virtually(main)


def test_batch_after_trickle_without_refusals() -> None:
    assert batch_after_trickle(retry_after=0) == pytest.approx(2.85)


@pytest.mark.parametrize("retry_after", [0, 1])
@pytest.mark.parametrize("strays", [(10, 15), (17, 18), (19, 19), (10, 10), (5, 11, 17)], ids=str)
def test_batch_after_trickle_with_strays_stays_fast(strays: tuple[float, ...], retry_after: int) -> None:
    assert batch_after_trickle(*strays, retry_after=retry_after) <= 6


@LOADS
@pytest.mark.parametrize(("rate", "seconds"), [(100, 30), (200, 20), (500, 10)])
def test_rare_refusals_cost_at_most_a_fifth(load: Load, rate: int, seconds: int) -> None:
    async def main() -> float:
        vendor = Vendor(shares(0.002, seed=5))
        async with asking(vendor) as call:
            await load(call, rate, seconds)
        return len(vendor.accepted) / seconds

    assert virtually(main) >= 0.8 * rate


def pairs(every: float, until: float, retry_after: int) -> Callable[[float], int | None]:
    return at(*(every * number for number in range(1, round(until / every)) for _ in range(2)), retry_after=retry_after)


@pytest.mark.parametrize(
    ("seconds", "rate"), [(60, 117), pytest.param(600, 117, marks=pytest.mark.slow)], ids=["a minute", "ten minutes"]
)
@LOADS
def test_pairs_with_retry_after_cost_less_than_half(load: Load, seconds: int, rate: int) -> None:
    """They close the account for a second every 5 s, so that at best 80 % remains. It does not decline further."""

    async def main() -> list[float]:
        vendor = Vendor(pairs(5, seconds, retry_after=1))
        async with asking(vendor) as call:
            await load(call, rate, seconds)
        return [between(vendor.accepted, part, part + 20) for part in range(0, seconds, 20)]

    parts = virtually(main)
    assert min(parts) >= 0.75 * rate
    assert parts[-1] >= 0.97 * parts[1]


@LOADS
@pytest.mark.parametrize(("length", "retry_after"), [(0.5, 5), (3, 1), (20, 10)])
@pytest.mark.parametrize("rate", [10, 100])
def test_rate_is_back_soon_after_retry_after(rate: int, length: float, retry_after: int, load: Load) -> None:
    """The vendor refuses all for a while. Then the rate returns to what it accepted before."""

    async def main() -> float:
        vendor = Vendor(lambda now: retry_after if 10 <= now < 10 + length else None)
        async with asking(vendor, timeout=600, max_attempts=20) as call:
            await load(call, rate, 10 + length + retry_after + 25)
        opened = 10 + length + retry_after
        return between(vendor.accepted, opened + 15, opened + 25) / between(vendor.accepted, 0, 10)

    assert virtually(main) >= 0.9


@LOADS
def test_rate_is_back_after_last_of_many(load: Load) -> None:
    """The vendor refuses all, eight times, ten seconds apart. The first refusals do not slow the last recovery."""

    async def main() -> float:
        vendor = Vendor(lambda now: 1 if 10 <= now < 90 and now % 10 < 0.5 else None)
        async with asking(vendor, timeout=600, max_attempts=20) as call:
            await load(call, 50, 107)
        return between(vendor.accepted, 97, 107) / between(vendor.accepted, 0, 10)

    assert virtually(main) >= 0.9


def test_stray_refusal_does_not_lower_the_rate() -> None:
    async def main() -> None:
        vendor = Vendor(at(10, retry_after=3))
        async with asking(vendor) as call:
            await closed_loop(call, 100, 30)
        (pause,) = (later - sent for sent, later in pairwise(vendor.sent) if later - sent > 1)
        assert 3 <= pause <= 3 + LATENCY + 1e-9
        assert between(vendor.accepted, 14, 24) >= 0.99 * between(vendor.accepted, 0, 10)

    virtually(main)


@pytest.mark.parametrize("seed", range(3))
def test_learned_rate_never_exceeds_the_known_rate(seed: int) -> None:
    async def main() -> list[float]:
        vendor = Vendor(shares(0.03, seed))
        async with asking(vendor, Rate(20, 10)) as call:
            await closed_loop(call, 60, 60)
        return vendor.sent

    sent = virtually(main)
    assert all(
        last - first + 1 <= 10 + 20 * (sent[last] - sent[first]) + 1e-6
        for first in range(len(sent))
        for last in range(first, len(sent))
    )
