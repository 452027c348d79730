"""Run in a new environment, with the API of OpenTelemetry and without its SDK: instrument, and call a vendor."""

from __future__ import annotations

import asyncio
from importlib.metadata import entry_points

from opentelemetry import trace

import crossbook
from crossbook.otel import CrossbookInstrumentor


async def main() -> None:
    """Make calls and a batch with instrumentation, and check that no span is left current."""
    (found,) = entry_points(group="opentelemetry_instrumentor", name="crossbook")  # as opentelemetry-instrument does
    found.load()().instrument()
    async with crossbook.open("vercom") as book:
        people = [crossbook.Contact(phone=f"+4850060070{n}") for n in range(3)]
        summary = await book.contacts.create_many(people, journal="instrumented.sqlite").run()
        assert summary.counts == {"created": 3}, summary
        assert len([contact async for contact in book.contacts.list()]) >= len(people)
    assert trace.get_current_span() is trace.INVALID_SPAN
    CrossbookInstrumentor().uninstrument()
    print("vercom: 3 contacts, instrumented")


if __name__ == "__main__":
    asyncio.run(main())
