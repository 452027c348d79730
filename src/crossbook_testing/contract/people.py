"""Made-up contacts, each with all or the fewest fields that a vendor's profile allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from crossbook import Contact
from crossbook.vendor import VendorProfile

AU_MOBILES = ("570006", "570156", "570157", "570158", "570159", "570110", "570313", "570737", "571266", "571491")
CREATED = datetime(2024, 2, 29, 12, 30, 15, tzinfo=UTC)


def phone(profile: VendorProfile, number: int = 0) -> str:
    """Return a phone number of the account's country in E.164."""
    return f"+61491{AU_MOBILES[number]}" if profile.default_region == "AU" else f"+485006007{number:02}"


def national_phone(profile: VendorProfile, number: int = 0) -> str:
    """Return the number of `phone` in its national spelling."""
    digits = phone(profile, number)[3:]
    return (
        f"0{digits[:3]} {digits[3:6]} {digits[6:]}" if digits[0] == "4" else f"{digits[:3]} {digits[3:6]}-{digits[6:]}"
    )


def field_values(profile: VendorProfile, number: int = 0) -> dict[str, Any]:
    """Return a value for each field that the vendor can write, except groups and custom fields."""
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
    """Return the names of the fields that `contacts.get` reads, which excludes groups and opt-outs."""
    return [
        name
        for name, support in profile.contact_fields.items()
        if "r" in support.access and name not in ("groups", "opted_out")
    ]


def unique_fields(profile: VendorProfile) -> list[str]:
    """Return the names of the fields of which two contacts cannot have the same value."""
    return [name for name, support in profile.contact_fields.items() if support.unique]


def similar_contact(profile: VendorProfile, number: int, groups: Sequence[str] = (), **changed: Any) -> Contact:
    """Return contact 0 with these changes. Its unique fields have the values of contact `number`."""
    values = field_values(profile, number)
    own = {name: values[name] for name in unique_fields(profile) if name in values}
    return replace(full_contact(profile, 0, groups), **{**own, **changed})


def custom_fields(profile: VendorProfile, number: int = 0) -> dict[str, Any]:
    """Return custom fields by the vendor's names, with any JSON values if the vendor takes any name."""
    if profile.extra_fields is None:
        return {"shoe size": 40 + number, "vip": True, "tags": ["ą", "b"], "note": "żółć"}
    return {name: f"{name} {number}" for name in profile.extra_fields}


def full_contact(profile: VendorProfile, number: int = 0, groups: Sequence[str] = ()) -> Contact:
    """Return a contact with every field that the vendor can hold."""
    named = custom_fields(profile, number) or None
    return Contact(
        **field_values(profile, number), fields=named, groups=tuple(group for group in groups if group) or None
    )


def make_contact(profile: VendorProfile, group: str, **changed: Any) -> Contact:
    """Return a contact in this group with all fields except custom fields, and with these changes."""
    given: dict[str, Any] = {**field_values(profile), "groups": group_tuple(group), **changed}
    return Contact(**given)


def some_change(profile: VendorProfile) -> dict[str, Any]:
    """Return a change that every vendor's contacts allow, as arguments of `update`."""
    return {"company": "Other"} if "company" in profile.contact_fields else {"name": "Other"}


def argument(name: str, value: Any) -> dict[str, Any]:
    """Return a dict with one keyword argument, typed for a call with `**`."""
    return {name: value}


def group_tuple(group: str) -> tuple[str, ...] | None:
    """Return the groups of a contact in this group, or None if the vendor has no groups."""
    return (group,) if group else None


def minimal_contact(profile: VendorProfile, number: int = 0, groups: Sequence[str] = (), **changed: Any) -> Contact:
    """Return a contact with these changes and else the required fields only; in groups only if one is required."""
    needed = [name for name, support in profile.contact_fields.items() if support.required] or list(
        profile.requires_any_of[:1]
    )
    kept = {name: value for name, value in field_values(profile, number).items() if name in needed}
    return Contact(**{**kept, **changed}, groups=tuple(groups) if profile.single_group else None)
