"""Generate tables of a vendor's capabilities, fields, facts and retry classes from its profile."""

from __future__ import annotations

from collections.abc import Iterator

import crossbook
from crossbook.registry import VENDORS, load_vendor
from crossbook.vendor import (
    Capability,
    OffsetPagination,
    PageNumberPagination,
    PerGroupPagination,
    Retry,
    SinglePage,
    VendorProfile,
)
from docs.grid import SIGNS
from docs.site.markup import code, table

_SUPPORT = {
    "native": "one call of the vendor",
    "emulated": "composed from several calls",
    "unsupported": "`UnsupportedError`",
}
_ACCESS = {"rw": "read and written", "r": "read only", "w": "write only: never returned"}
_LOOKUPS = {"filter": "the vendor filters", "search": "the vendor searches", "snapshot": "looked up in the whole list"}
_PAGING: dict[type, str] = {
    OffsetPagination: "by offset",
    PageNumberPagination: "by page number",
    SinglePage: "none: the whole list at once",
    PerGroupPagination: "none: group by group",
}
_RETRY_CLASSES = {
    Retry.SAFE: "`safe`: a read; retried",
    Retry.IDEMPOTENT: "`idempotent`: the same effect twice; retried",
    Retry.CREATE_WITH_LOOKUP: "`create_with_lookup`: a create with a lookup; retried only if nothing can have happened",
    Retry.CREATE_NO_LOOKUP: "`create_no_lookup`: a create without one; retried only if nothing can have happened",
}


def capabilities(vendor: str) -> str:
    """Return the table of the vendor's capabilities and their cost."""
    profile = _profile(vendor)
    rows = [
        (
            f"{SIGNS[capability.support]}&nbsp;`{name.replace(':', ' ')}`",
            _SUPPORT[capability.support],
            _describe_cost(capability),
            capability.note,
        )
        for name, row in crossbook.capabilities().items()
        for capability in (row[profile.vendor],)
    ]
    return table(("method", "support", "requests", "note"), rows)


def contact_fields(vendor: str) -> str:
    """Return the table of the contact fields that the vendor can store."""
    profile = _profile(vendor)
    rows = [
        (f"`{name}`", _ACCESS[field.access], _describe_length(field.max_length), _describe_need(profile, name))
        for name, field in profile.contact_fields.items()
    ]
    if profile.extra_fields is None:
        rows.append(("`fields`", _ACCESS["rw"], "", "any names"))
    for name, max_length in (profile.extra_fields or {}).items():
        rows.append((f"`fields`: `{name}`", _ACCESS["rw"], _describe_length(max_length), ""))
    return table(("field", "access", "maximum", "required"), rows)


def facts(vendor: str) -> str:
    """Return the table of the profile's other facts."""
    return table(("fact", "value"), _facts(_profile(vendor)))


def _facts(profile: VendorProfile) -> Iterator[tuple[str, str]]:
    yield "address", ", ".join(code(url) for url in profile.base_urls.values()) or "the account's own: `base_url=`"
    paging = profile.contact_paging
    size = ""
    if isinstance(paging, OffsetPagination | PageNumberPagination):
        size = f", {paging.default_size} contacts a page, at most {paging.max_size:,}"
    yield "pages of contacts", _PAGING[type(paging)] + size
    yield "match keys", ", ".join(f"`{key}` ({_LOOKUPS[how]})" for key, how in profile.match_keys.items())
    filters = (f"`{name}`" + (" (emulated)" if how == "emulated" else "") for name, how in profile.filters.items())
    yield "filters of `contacts.list`", ", ".join(filters)
    yield "sorted by", ", ".join(f"`{name}`" for name in sorted(profile.sorts)) or "nothing"
    yield "subscriptions", ", ".join(f"`{name}`" for name in sorted(profile.channels)) or "none"
    rate = profile.rate
    yield "rate limit", f"{rate.per_second:g} requests a second, {rate.burst} at once" if rate else "not known: learned"
    region = f"`{profile.default_region}`" if profile.default_region else "none: pass `default_region=`"
    yield "region of phone numbers", region
    yield "ids of contacts", code(profile.contact_id.pattern)
    clearing = {"null": "`null`", "empty": "an empty text"}.get(profile.clear_value, "nothing: it cannot be cleared")
    yield "a field is cleared with", clearing
    yield "largest response", f"{profile.max_response_bytes // 2**20} MiB"


def credentials(vendor: str) -> str:
    """Return the table of the variables that `from_env` reads."""
    rows = ((f"`{name}`", f"`{variable}`") for name, variable in _profile(vendor).environment.items())
    return table(("argument", "variable"), rows)


def retry_classes() -> str:
    """Return the table of all operations by vendor and retry class."""
    profiles = [_profile(name) for name in VENDORS]
    rows = [[text, *(_list_operations(profile, kind) for profile in profiles)] for kind, text in _RETRY_CLASSES.items()]
    return table(("retry class", *(profile.title for profile in profiles)), rows)


def _list_operations(profile: VendorProfile, kind: Retry) -> str:
    names = (name for name, operation in profile.operations.items() if operation.retry is kind)
    return ", ".join(f"[`{name}`](../wire/{profile.vendor}.md#{profile.vendor}-{name})" for name in names)


def _profile(vendor: str) -> VendorProfile:
    profile: VendorProfile = load_vendor(vendor).profile
    return profile


def _describe_cost(capability: Capability) -> str:
    if capability.support == "unsupported":
        return ""
    if capability.bulk_size > 1:
        return f"{capability.bulk_size:,} items a request in batches"
    return str(capability.calls) if capability.calls > 1 else ""


def _describe_length(max_length: int | None) -> str:
    return f"{max_length} characters" if max_length else ""


def _describe_need(profile: VendorProfile, name: str) -> str:
    if profile.contact_fields[name].required:
        return "yes"
    return f"one of {', '.join(profile.requires_any_of)}" if name in profile.requires_any_of else ""
