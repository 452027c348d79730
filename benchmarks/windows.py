"""Check how a rate limit was used and kept, from the times of the requests."""

from __future__ import annotations


def used(times: list[float], rate: int, seconds: float) -> float:
    """Return the share of the rate limit that the requests used in the second half, after the burst."""
    begin, end = times[0] + seconds / 2, times[0] + seconds
    return sum(begin <= time < end for time in times) / (rate * (end - begin))


def peak(times: list[float], rate: int) -> float:
    """Return the highest number of requests in any second, relative to the allowed rate and burst."""
    most = first = 0
    for last, time in enumerate(times):
        while times[first] <= time - 1.0:
            first += 1
        most = max(most, last - first + 1)
    return most / (2 * rate)
