"""The records of a suppression list, and the protocol of the stores that keep them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

from crossbook import _redaction
from crossbook.models import Channel

EntryChannel = Literal["sms", "email", "push", "all"]
Action = Literal["opt_out", "resubscribe", "erase"]
Kind = Literal["phone", "email", "external_id"]
CHANNELS: frozenset[Channel] = frozenset(("sms", "email", "push"))
SCHEME = 1
"""The version of the rules by which a key is made of a phone, an e-mail address or an external id."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SuppressionEntry:
    """One event of a suppression list: an opt-out, a new subscription, or an erasure. It is never changed.

    Args:
        kind: the kind of key: "phone", "email" or "external_id".
        key: the key by which entries are compared: the digits of the phone with its country code, the e-mail address
            in small letters, or the external id. In a list with a key of yours, its keyed hash.
        channel: "sms", "email", "push", or "all".
        action: "opt_out", "resubscribe", or "erase": the person was erased, so that no contact with the key is created.
        time: when the event happened, in UTC: the time that its source stated, or else the time of receipt.
        received: when the list received the event, in UTC.
        reason: why, such as "STOP".
        source: from where, such as "webhook" or a vendor.
        raw: the digits of the phone as the source wrote them; "PL:" and the digits if they have no country code. A
            later release of the phone library that reads them differently finds the entry by them. Hashed as `key`.
        scheme: the version of the rules by which `key` was made.

    The repr masks the key, since reprs end in logs.
    """

    kind: Kind
    key: str
    channel: EntryChannel
    action: Action
    time: datetime
    received: datetime
    reason: str = ""
    source: str = ""
    raw: str | None = None
    scheme: int = SCHEME

    def __repr__(self) -> str:
        masks = {"phone": _redaction.mask_phone, "email": _redaction.mask_email}
        masked = masks[self.kind](self.key) if self.kind in masks else "…"
        return f"SuppressionEntry({self.action} {self.channel} {self.kind}={masked!r} time={self.time.isoformat()!r})"

    @property
    def lookup_keys(self) -> tuple[str, ...]:
        """The texts by which a store finds this entry: its key, and its raw digits if they differ."""
        key = f"{self.kind}:{self.key}"
        return (key,) if self.raw is None else (key, f"{self.kind}:{self.raw}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionStatus:
    """What a suppression list knows about a contact. It is true if the contact opted out of a channel, or was erased.

    Args:
        channels: the channels that the contact opted out of.
        entries: for each of these channels, the opt-out that decides: since when, why and from where.
        erased: the tombstone of a key of the contact, or None. No contact with the key is created.
    """

    channels: frozenset[Channel] = frozenset()
    entries: Mapping[Channel, SuppressionEntry] = field(default_factory=dict[Channel, SuppressionEntry])
    erased: SuppressionEntry | None = None

    def __bool__(self) -> bool:
        return bool(self.channels) or self.erased is not None

    def __str__(self) -> str:
        if not self:
            return "not listed"
        told = [_describe("erased", self.erased)] if self.erased is not None else []
        told += [_describe(channel, self.entries[channel]) for channel in sorted(self.channels)]
        return "; ".join(told)


def _describe(channel: str, entry: SuppressionEntry) -> str:
    more = ", ".join(filter(None, (entry.reason, entry.source and f"from {entry.source}")))
    return f"{channel} since {entry.time:%Y-%m-%d %H:%M} UTC by {entry.kind}{f' ({more})' if more else ''}"


@runtime_checkable
class SuppressionStore(Protocol):
    """What a `SuppressionList` needs of the database that keeps its entries. Implement it for a database of yours.

    Entries are only appended, and never changed.
    """

    async def open(self, tag: str) -> str:
        """Open the store. Store `tag` if the store is new, and return the tag that it has.

        The tag tells lists with another key of yours apart. A second call has no effect.
        """
        ...

    async def append(self, entries: Sequence[SuppressionEntry], receipt: str | None = None) -> bool:
        """Store the entries and the receipt in one transaction. Return when they are on disk.

        Args:
            entries: the new entries.
            receipt: an id of the delivery that brought them, such as a `Request-Id`.

        Returns:
            False, without a change, if the store has this receipt already.
        """
        ...

    async def find(self, keys: Collection[str]) -> Mapping[str, Sequence[SuppressionEntry]]:
        """Return the entries that have one of these texts among their `lookup_keys`, by that text.

        Texts that no entry has may be missing in the result.
        """
        ...

    def entries(self) -> AsyncIterator[SuppressionEntry]:
        """Yield all entries in the order in which they were stored. It may read them in pages."""
        ...

    async def close(self) -> None:
        """Close the store. A closed store can be opened again."""
        ...
