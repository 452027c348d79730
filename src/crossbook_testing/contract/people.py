"""Made-up people, each as full or as poor as a vendor's profile says that it can be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from crossbook import Contact
from crossbook.vendor import VendorProfile

AU_MOBILES = ("570006", "570156", "570157", "570158", "570159", "570110", "570313", "570737", "571266", "571491")
CREATED = datetime(2024, 2, 29, 12, 30, 15, tzinfo=UTC)


def phone(profile: VendorProfile, number: int = 0) -> str:
    """A phone of the account's country, in normal form."""
    return f"+61491{AU_MOBILES[number]}" if profile.default_region == "AU" else f"+485006007{number:02}"


def national(profile: VendorProfile, number: int = 0) -> str:
    """The same phone as one writes it at home."""
    digits = phone(profile, number)[3:]
    return (
        f"0{digits[:3]} {digits[3:6]} {digits[6:]}" if digits[0] == "4" else f"{digits[:3]} {digits[3:6]}-{digits[6:]}"
    )


def values(profile: VendorProfile, number: int = 0) -> dict[str, Any]:
    """A value for each field that the vendor can write, but for groups and further fields."""
    everything: dict[str, Any] = {
        "external_id": f"crm-{number}",
        "phone": phone(profile, number),
        "email": f"anna.{number}@example.com",
        "first_name": "Łucja",
        "last_name": f"Żółw-Example {number}",
        "name": f"Łucja Żółw-Example {number}",
        "company": f"Zażółć & Sons {number}",
        "created_at": CREATED,
    }
    return {name: value for name, value in everything.items() if name in writable(profile)}


def writable(profile: VendorProfile) -> list[str]:
    return [name for name, support in profile.contact_fields.items() if "w" in support.access]


def readable(profile: VendorProfile) -> list[str]:
    """What reading one contact tells; its groups have a call of their own, who opted out a filter."""
    return [
        name
        for name, support in profile.contact_fields.items()
        if "r" in support.access and name not in ("groups", "opted_out")
    ]


def fields(profile: VendorProfile, number: int = 0) -> dict[str, Any]:
    """Further fields, by the vendor's names; whatever JSON can say where it takes any name."""
    if profile.extra_fields is None:
        return {"shoe size": 40 + number, "vip": True, "tags": ["ą", "b"], "note": "żółć"}
    return {name: f"{name} {number}" for name in profile.extra_fields}


def whole(profile: VendorProfile, number: int = 0, groups: Sequence[str] = ()) -> Contact:
    """Everything that the vendor can hold."""
    named = fields(profile, number) or None
    return Contact(**values(profile, number), fields=named, groups=tuple(group for group in groups if group) or None)


def person(profile: VendorProfile, group: str, **changed: Any) -> Contact:
    """What the vendor can hold but for further fields, with some of it changed; in this group."""
    given: dict[str, Any] = {**values(profile), "groups": within(group), **changed}
    return Contact(**given)


def only(name: str, value: Any) -> dict[str, Any]:
    """One argument of this name."""
    return {name: value}


def within(group: str) -> tuple[str, ...] | None:
    """The groups of a contact that is in this one; none where the vendor has no groups."""
    return (group,) if group else None


def least(profile: VendorProfile, number: int = 0, groups: Sequence[str] = ()) -> Contact:
    """What the vendor must have, and no more; in a group only where it must be in one."""
    needed = [name for name, support in profile.contact_fields.items() if support.required] or list(
        profile.requires_any_of[:1]
    )
    kept = {name: value for name, value in values(profile, number).items() if name in needed}
    return Contact(**kept, groups=tuple(groups) if profile.single_group else None)
