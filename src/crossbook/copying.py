"""`crossbook.copy`: people from one book into another."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import fields
from typing import Any, Literal, Unpack

from crossbook.book import AddressBook
from crossbook.core import checks, fitting
from crossbook.core.batch.decide import OnDuplicate
from crossbook.core.batch.engine import Batch
from crossbook.core.card import MatchKey
from crossbook.core.frames import public_sync
from crossbook.errors import InvalidInput
from crossbook.many import BatchOptions
from crossbook.models import Contact
from crossbook.placing import Placing, fitted
from crossbook.whole import whole


@public_sync
def copy(
    source: AddressBook,
    target: AddressBook,
    *,
    group: str | None = None,
    groups: Literal["by_name", "none"] | Mapping[str, str] = "by_name",
    match: MatchKey | None = None,
    on_duplicate: OnDuplicate | None = None,
    on_loss: fitting.OnLoss = "error",
    include_opted_out: bool = False,
    full: bool = True,
    **options: Unpack[BatchOptions],
) -> Batch[Contact]:
    """Copies people from one open book into another. Nothing is deleted, and nobody is ever subscribed again.

    Each person is taken once, with the fields that the source's vendor tells, and its id as the results' `ref`. `id`
    and, where the target does not store it, `created_at` belong to the record and not to the person: they stay. A whole
    name (Filemail's) is never split: where halves are stored it cannot be held.
    People who are known to have opted out of a channel are skipped, and counted as `opted_out` in the summary's
    `lost_fields`: no vendor takes that mark along, and in their new place they would be written to. Where the source
    has a list of them (Vercom), it is read first; where it does not tell (Atom, Filemail), nothing is known.

    Args:
        source: whose people; both books are open, in the same event loop.
        target: where they are written.
        group: only the people of this group of the source.
        groups: "by_name" puts them into the target's groups of the same names, and makes those that are missing;
            "none" into no group, which is what a `default_group` of the target is for; a mapping from the source's
            group ids to the target's puts them into those alone.
        match: "phone", "email" or "external_id": the key by which two are the same, as the target can be asked.
        on_duplicate: with `match`: what to do with a key that is there already; as in `create_many`.
        on_loss: "error" fails a person with a field that the target cannot hold, "drop" leaves the field out.
        include_opted_out: takes those too who opted out, without their mark. Ask a lawyer first.
        full: asks for every field, where the list tells less at a call a contact (Atom).
        options: see `BatchOptions`; `journal`, `dry_run`, `progress` … as in every batch.

    Returns:
        A `Batch`: enter it for results, or await `.summary()`. The source's own errors end it, and are raised.

    Raises:
        InvalidInput, Unsupported: an option that cannot be, or both books are one account; before any I/O.

    Example:
        ```python
        async with crossbook.open("serwersms") as old, crossbook.open("vercom") as new:
            print(await crossbook.copy(old, new, match="phone", on_duplicate="skip", journal="copy.sqlite").summary())
        ```
    """
    for field, book in {"source": source, "target": target}.items():
        if not isinstance(book, AddressBook):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidInput(f"{field} is a book: crossbook.open(name), opened", field=field)
    there, here = source._connection, target._connection  # pyright: ignore[reportPrivateUsage]
    if set(there.names) & set(here.names):
        raise InvalidInput("both books are the same account", field="target", vendor=here.card.vendor)
    if isinstance(groups, str) and groups not in ("by_name", "none"):
        raise InvalidInput("groups is 'by_name', 'none', or a mapping of group ids", field="groups")
    there.check()
    options.setdefault("ref", _id)
    people = _people(
        source, target, group, groups,
        full=full, include_opted_out=include_opted_out, dry_run=options.get("dry_run", False),
    )  # fmt: skip
    return target.contacts.create_many(
        people, match=match, on_duplicate=on_duplicate, on_loss=on_loss, include_opted_out=include_opted_out, **options
    )


def _id(contact: Contact) -> str:
    return contact.id


async def _people(
    source: AddressBook,
    target: AddressBook,
    group: str | None,
    groups: Literal["by_name", "none"] | Mapping[str, str],
    *,
    full: bool,
    include_opted_out: bool,
    dry_run: bool,
) -> AsyncIterator[Contact]:
    """The people as the target is to take them."""
    placing = Placing(target, dry_run=dry_run)
    names: dict[str, str] = {}
    if groups == "by_name":
        async for each in source.groups.list():
            names[each.id] = each.name
    left = {"created_at"} - {name for name in target.card.holds if fitting.writable(target.card, name)}
    async for contact in whole(source, group=group, groups=groups != "none", full=full):
        values: dict[str, Any] = {
            f.name: value
            for f in fields(contact)
            if f.name in contact.known and f.name not in left and not checks.is_empty(value := getattr(contact, f.name))
        }
        there = values.pop("groups", ())
        if not isinstance(groups, str):
            values["groups"] = tuple(dict.fromkeys(groups[id] for id in there if id in groups)) or None
        elif there and (include_opted_out or not contact.opted_out):
            values["groups"] = await placing.ids(names[id] for id in there if id in names)
        yield fitted(target, Contact(**values))
