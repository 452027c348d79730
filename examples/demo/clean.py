"""Delete the contacts of the demo, and no others."""

from __future__ import annotations

from collections.abc import Sequence

from crossbook import Contact, NotFoundError

from .compare import keys
from .vendor import GROUP, Account, find_group


async def clean(account: Account, people: Sequence[Contact]) -> str:
    """Delete these people from the demo's group, and the group if it is empty.

    Returns:
        What was done, in words.
    """
    async with account.book as book:
        group = await find_group(book)
        if group is None:
            return f'there is no group "{GROUP}"'
        known = {key for person in people for key in keys(book, person)}
        listed = [contact async for contact in book.contacts.list(group=group)]
        ours = [contact.id for contact in listed if keys(book, contact) & known]
        summary = await book.contacts.delete_many(ours, concurrency=account.workers).run()
        # A contact that is already deleted is not a failure.
        failed = next(
            (result.error for result in summary.failures if not isinstance(result.error, NotFoundError)), None
        )
        if failed is not None:
            raise failed
        others = len(listed) - len(ours)
        if others:
            return f"{len(ours):,} contacts deleted; {others:,} others are in the group, so it stays"
        await book.groups.delete(group)
        return f"{len(ours):,} contacts deleted, and the group"
