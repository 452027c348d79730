"""What a vendor can and cannot, from its profile."""

from __future__ import annotations

from collections.abc import Iterator

import crossbook
from crossbook._pagination.strategies import OffsetPagination, PageNumberPagination, PerGroupPagination, SinglePage
from crossbook.registry import VENDORS, load_vendor
from crossbook.vendor import Capability, Retry, VendorProfile
from docs.grid import SIGNS
from docs.site.markup import code, table

_WORDS = {
    "native": "the vendor's own call",
    "emulated": "composed from other calls",
    "unsupported": "`UnsupportedError`",
}
_ACCESS = {"rw": "read and written", "r": "read", "w": "written, never shown again"}
_HOW = {"filter": "the vendor filters", "search": "the vendor searches", "snapshot": "looked up in the whole list"}

_CLASSES = {
    Retry.SAFE: "a read: repeated",
    Retry.IDEMPOTENT: "twice is as good as once: repeated",
    Retry.CREATE_WITH_LOOKUP: "twice makes two, a lookup tells: repeated only if nothing can have happened",
    Retry.CREATE_NO_LOOKUP: "twice makes two, nobody can tell: repeated only if nothing can have happened",
}


def adapter(vendor: str) -> str:
    """Every verb and what it costs."""
    profile = _profile(vendor)
    rows = [
        (
            f"{SIGNS[verb.support]}&nbsp;`{name.replace(':', ' ')}`",
            _WORDS[verb.support],
            _cost(profile, name),
            verb.note,
        )
        for name, verb in _all(profile)
    ]
    return table(("verb", "how", "requests", "worth knowing"), rows)


def holds(vendor: str) -> str:
    """Every field of a contact that the vendor can hold, and how."""
    profile = _profile(vendor)
    rows = [(f"`{name}`", _ACCESS[held.access], _longest(held.max_length), _needed(profile, name)) for name, held in
            profile.contact_fields.items()]  # fmt: skip
    if profile.extra_fields is None:
        rows.append(("`fields`", _ACCESS["rw"], "", "any names"))
    for name, longest in (profile.extra_fields or {}).items():
        rows.append((f"`fields`: `{name}`", _ACCESS["rw"], _longest(longest), ""))
    return table(("field", "access", "longest", "needed"), rows)


def facts(vendor: str) -> str:
    """The other rows of the profile."""
    return table(("fact", "value"), _facts(_profile(vendor)))


def _facts(profile: VendorProfile) -> Iterator[tuple[str, str]]:
    yield "address", ", ".join(code(url) for url in profile.base_urls.values()) or "the account's own: `base_url=`"
    paging = {OffsetPagination: "by offset", PageNumberPagination: "by number", SinglePage: "none: the whole list at once",
              PerGroupPagination: "none: group by group"}[type(profile.contact_paging)]  # fmt: skip
    sized = isinstance(profile.contact_paging, OffsetPagination | PageNumberPagination)
    size = (
        f", {profile.contact_paging.default_size} a page, at most {profile.contact_paging.max_size:,}" if sized else ""
    )
    yield "pages of contacts", paging + size
    yield "found by", ", ".join(f"`{key}` ({_HOW[how]})" for key, how in profile.match_keys.items())
    yield (
        "filters of `contacts.list`",
        ", ".join(f"`{name}`" + (" (emulated)" if how == "emulated" else "") for name, how in profile.filters.items()),
    )
    yield "sorted by", ", ".join(f"`{name}`" for name in sorted(profile.sorts)) or "nothing"
    yield "subscriptions", ", ".join(f"`{name}`" for name in sorted(profile.channels)) or "none"
    rate = profile.rate
    yield "rate", f"{rate.per_second:g} requests a second, {rate.burst} at once" if rate else "not known: learned"
    yield (
        "region of phones",
        f"`{profile.default_region}`" if profile.default_region else "none: give `default_region=`",
    )
    yield "ids of contacts", code(profile.contact_id.pattern)
    yield (
        "a field is emptied with",
        {"null": "`null`", "empty": "an empty text"}.get(profile.clear_value, "nothing: it cannot"),
    )
    yield "largest answer", f"{profile.max_response_bytes // 2**20} MiB"


def credentials(vendor: str) -> str:
    """The variables that `from_env` reads."""
    profile = _profile(vendor)
    return table(("argument", "variable"), ((f"`{name}`", f"`{variable}`") for name, variable in
                                            profile.environment.items()))  # fmt: skip


def _profile(vendor: str) -> VendorProfile:
    profile: VendorProfile = load_vendor(vendor).profile
    return profile


def _all(profile: VendorProfile) -> Iterator[tuple[str, Capability]]:
    for name, row in crossbook.capabilities().items():
        yield name, row[profile.vendor]


def _cost(profile: VendorProfile, name: str) -> str:
    verb = profile.capability(name)
    if verb.support == "unsupported":
        return ""
    each = f"{verb.bulk_size:,} items a request in batches" if verb.bulk_size > 1 else ""
    return each or (str(verb.calls) if verb.calls > 1 else "")


def _longest(longest: int | None) -> str:
    return f"{longest} characters" if longest else ""


def _needed(profile: VendorProfile, name: str) -> str:
    if profile.contact_fields[name].required:
        return "required"
    return f"one of {', '.join(profile.requires_any_of)} is required" if name in profile.requires_any_of else ""


def retries() -> str:
    """How each operation of each vendor may be repeated."""
    profiles = [_profile(name) for name in VENDORS]
    rows = [
        (
            words,
            *(
                ", ".join(
                    f"[`{name}`](../wire/{profile.vendor}.md#{profile.vendor}-{name})"
                    for name, operation in profile.operations.items()
                    if operation.retry is kind
                )
                for profile in profiles
            ),
        )
        for kind, words in _CLASSES.items()
    ]
    return table(("kind", *(profile.title for profile in profiles)), rows)
