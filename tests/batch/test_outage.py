"""Test that a batch survives a vendor that refuses everything with 429 and no `Retry-After`, in virtual time."""

from __future__ import annotations

from collections import Counter

import anyio
import pytest
from fakes import FakeTransport, book_over, reply
from virtual import virtually

from crossbook import Result
from crossbook._http.request import PreparedRequest, TransportResponse

DONE = reply({"status": "success", "result": []})


@pytest.mark.parametrize(("rate", "length", "most"), [(50, 60, 0), (50, 300, 40), (None, 60, 40)], ids=str)
def test_batch_survives_minutes_of_refusals(rate: float | None, length: float, most: int) -> None:
    """Few of 2,000 items fail, each after all its attempts, and the vendor gets few requests."""

    async def main() -> None:
        begins, late = float("inf"), 0

        async def answer(call: PreparedRequest) -> TransportResponse:
            nonlocal late
            now = anyio.current_time()
            await anyio.sleep(0.05)
            if not begins <= now < begins + length:
                return DONE
            late += now >= begins + 20
            return reply(b"{}", 429)

        async with book_over("atom", FakeTransport(answer), **({"rate": rate} if rate else {})) as book:
            await book.contacts.delete_many(map(str, range(1, 501))).run()
            begins, failed = anyio.current_time(), list[Result]()
            async with book.contacts.delete_many(map(str, range(1001, 3001))) as run:
                async for result in run:
                    if result.status == "failed":
                        failed.append(result)
        assert len(failed) <= most
        assert set(Counter(result.error.attempts for result in failed if result.error)) <= {8}
        assert late <= 0.5 * (length - 20) + 1

    virtually(main)
