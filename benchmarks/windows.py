"""How a rate limit was kept, by when requests were made."""

from __future__ import annotations


def used(times: list[float], rate: int, seconds: float) -> float:
    """The share of what was allowed in the second half, when the burst is gone also on a busy machine."""
    begin, end = times[0] + seconds / 2, times[0] + seconds
    return sum(begin <= time < end for time in times) / (rate * (end - begin))


def peak(times: list[float], rate: int) -> float:
    """The most requests in any second, against the rate and a burst of as much, which a book allows."""
    most = first = 0
    for last, time in enumerate(times):
        while times[first] <= time - 1.0:
            first += 1
        most = max(most, last - first + 1)
    return most / (2 * rate)
