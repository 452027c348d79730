"""The verdicts of the benchmarks: whether a bound is held, and whether a rate limit was."""

from __future__ import annotations

import asyncio

import pytest

from benchmarks.rounds import lap, rounds
from benchmarks.row import Result, Row
from benchmarks.windows import peak, used


@pytest.mark.parametrize(
    ("sign", "values", "verdict"),
    [
        ("≤", [0.9, 1.0, 1.1], "held"),
        ("≤", [0.9, 1.0, 1.3], "held?"),
        ("≤", [1.0, 1.3, 1.4], "missed?"),
        ("≤", [1.3, 1.4], "missed"),
        ("≥", [1.3, 1.4], "held"),
        ("≥", [1.1, 1.1], "missed"),
        ("≤", [], "not run"),
        ("", [1.0], "–"),
    ],
)
def test_verdict_of_spread(sign: str, values: list[float], verdict: str) -> None:
    assert Result(Row("a.b", "a row", sign, 1.2), values).verdict == verdict  # type: ignore[arg-type]


def test_bound_of_zero() -> None:
    row = Row("burst.httpx", "failures", "≤", 0, "")
    assert (Result(row, [0]).verdict, Result(row, [1]).verdict) == ("held", "missed")


def test_peak_finds_fullest_second() -> None:
    evenly = [number / 8 for number in range(40)]
    assert peak(evenly, 8) == 0.5
    assert peak(sorted([*evenly, *[2.55] * 8]), 8) == 1.0


def test_used_excludes_burst() -> None:
    burst_and_rate = [0.0] * 10 + [number / 10 for number in range(1, 60)]
    assert used(burst_and_rate, 10, 6.0) == pytest.approx(1.0)
    assert used(burst_and_rate[:35], 10, 6.0) < 0.6


def test_laps_alternate_and_count_calls() -> None:
    turns: list[str] = []

    async def main() -> None:
        async def call(name: str) -> None:
            turns.append(name)
            await asyncio.sleep(0)

        sides = {"a": (lambda: call("a"), 2), "b": (lambda: call("b"), 1)}
        laps = await rounds(sides, count=2, seconds=0.0, step=lambda _: None)
        assert {name: [its.calls for its in found] for name, found in laps.items()} == {"a": [4, 4], "b": [2, 2]}
        assert (await lap(lambda: call("c"), 3, 0.0)).calls == 6

    asyncio.run(main())
    once = [turn for turn, before in zip(turns, [None, *turns], strict=False) if turn != before]
    assert once == ["a", "b", "a", "b", "a", "c"]  # warm-up, then the order turned round
