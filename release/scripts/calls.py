"""Run in a new environment: call each vendor of a sandbox over one transport.

Usage: `calls.py TRANSPORT [uvloop]`. The `CROSSBOOK_…` variables name the sandbox.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import crossbook

VENDORS = ("serwersms", "atom", "filemail", "vercom")


async def main(transport: Any) -> None:
    """Create, read, list, batch and delete contacts at each vendor."""
    for vendor in VENDORS:
        async with crossbook.open(vendor, transport=transport) as book:
            group = await book.groups.create("Friends")
            people = [
                crossbook.Contact(
                    name=f"Anna {n}", phone=f"+4850060070{n}", email=f"anna{n}@example.com", groups=(group.id,)
                )
                for n in range(3)
            ]
            first = await book.contacts.create(people[0], on_unsupported_field="drop")
            async with book.contacts.create_many(people[1:], on_unsupported_field="drop") as batch:
                statuses = [result.status async for result in batch]
            assert statuses == ["created"] * 2, statuses
            read = await book.contacts.get(first.id)
            listed = [contact async for contact in book.contacts.list()]
            assert read.id in {contact.id for contact in listed}, (read, listed)
            assert len(listed) == len(people), listed
            for contact in listed:
                await book.contacts.delete(contact.id)
        print(f"{vendor}: {len(listed)} contacts over {transport}")


if __name__ == "__main__":
    if sys.argv[2:] == ["uvloop"]:
        import uvloop

        uvloop.run(main(sys.argv[1]))
    else:
        asyncio.run(main(sys.argv[1]))
