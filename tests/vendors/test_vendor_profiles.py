"""The profiles match the decisions for each vendor: fields, capabilities, match keys, limits."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from fakes import VENDORS

import crossbook
from crossbook.registry import load_vendor
from crossbook.vendor import MIB, Rate, Retry, VendorProfile

SPECS = Path(__file__).resolve().parents[2] / "specs"

# rw: read and written, w: written only, r: read only, -: not stored; then the maximum length; ! means required.
FIELDS = """
              serwersms  atom   filemail  vercom
external_id   -          -      -         rw,150
phone         rw!        rw!    w         rw,15
email         rw,255     -      rw!       rw,150
first_name    rw,255     rw     -         rw,150
last_name     rw,255     rw     -         rw,150
name          r          r      rw!       r
company       rw,255     rw     -         rw,150
groups        rw         rw     rw        rw
opted_out     r          -      -         r
archived      -          -      -         r
created_at    -          -      -         rw
"""
CAPABILITIES = """
                              serwersms    atom         filemail     vercom
contacts.list                 native       emulated     native       native
contacts.get                  native       native       emulated     native
contacts.find                 native       emulated     emulated     native
contacts.create               native       native       native       native
contacts.update               emulated     native       native       native
contacts.update:external_id   unsupported  unsupported  unsupported  native
contacts.delete               native       native       native       native
contacts.groups_of            native       emulated     emulated     native
contacts.unsubscribe          native       unsupported  unsupported  native
contacts.resubscribe          native       unsupported  unsupported  native
groups.list                   native       native       native       native
groups.get                    native       native       emulated     emulated
groups.create                 native       native       native       native
groups.create:description     unsupported  unsupported  unsupported  native
groups.create:external_id     unsupported  unsupported  unsupported  native
groups.rename                 native       native       native       native
groups.delete                 native       native       native       native
groups.delete:with_contacts   native       native       unsupported  unsupported
groups.add                    emulated     unsupported  native       native
groups.remove                 emulated     unsupported  native       native
"""
FURTHER: dict[str, Any] = {
    "serwersms": dict.fromkeys(("tax_id", "address", "city", "description"), 255),
    "atom": dict.fromkeys(("custom_1", "custom_2", "custom_3", "custom_4")),
    "filemail": {},
    "vercom": None,
}
MATCH_KEYS = {
    "serwersms": {"phone": "search", "email": "search"},
    "atom": {"phone": "snapshot"},
    "filemail": {"email": "snapshot"},
    "vercom": {"phone": "filter", "email": "filter", "external_id": "filter"},
}


def table(text: str) -> dict[str, dict[str, str]]:
    header, *rows = (line.split() for line in text.strip().splitlines())
    return {name: dict(zip(header, cells, strict=True)) for name, *cells in rows}


def row(profile: VendorProfile, field: str) -> str:
    if field not in profile.contact_fields:
        return "-"
    support = profile.contact_fields[field]
    length = f",{support.max_length}" if support.max_length else ""
    return f"{support.access}{length}{'!' if support.required else ''}"


def test_field_support_matrix(vendor: str, profile: VendorProfile) -> None:
    expected = {field: cells[vendor] for field, cells in table(FIELDS).items()}
    assert {field: row(profile, field) for field in expected} == expected
    assert set(profile.contact_fields) <= set(expected)
    assert profile.extra_fields == FURTHER[vendor]


def test_capability_matrix() -> None:
    grid = crossbook.capabilities()
    assert {method: {name: how.support for name, how in cells.items()} for method, cells in grid.items()} == table(
        CAPABILITIES
    )


def test_emulated_capability_has_cost_note(profile: VendorProfile) -> None:
    assert all(verb.note for verb in profile.capabilities.values() if verb.support == "emulated")


def test_match_keys_matrix(vendor: str, profile: VendorProfile) -> None:
    assert profile.match_keys == MATCH_KEYS[vendor]


def test_name_format_groups_and_requirements(vendor: str, profile: VendorProfile) -> None:
    assert profile.name_format == ("full" if vendor == "filemail" else "split")
    assert profile.single_group == (vendor == "atom")
    assert profile.requires_any_of == (("phone", "email") if vendor == "vercom" else ())
    channels = {"serwersms": {"sms"}, "vercom": {"sms", "email", "push"}}
    assert profile.channels == channels.get(vendor, set())
    assert profile.group_name_max_length == (100 if vendor == "serwersms" else None)


def test_response_limits_and_rates(vendor: str, profile: VendorProfile) -> None:
    whole_lists = vendor in ("atom", "filemail")
    assert profile.max_response_bytes == (256 if whole_lists else 16) * MIB
    assert profile.max_objects == 1_000_000
    assert profile.rate == (Rate(10, 10) if vendor == "atom" else None)


def test_every_spec_operation_in_profile(vendor: str, profile: VendorProfile) -> None:
    spec = yaml.safe_load((SPECS / f"{vendor}.yaml").read_text(encoding="utf-8"))
    methods = [node for path in spec["paths"].values() for node in path.values() if isinstance(node, dict)]
    assert set(profile.operations) == {method["operationId"] for method in methods}
    assert len(profile.operations) == spec["info"]["x-operations"]


def test_creates_have_create_retry_class(profile: VendorProfile) -> None:
    """The effect decides, not the HTTP method: Filemail creates with GET."""
    for name, operation in profile.operations.items():
        creates = bool(re.match("create|import", name))
        assert (operation.retry in (Retry.CREATE_WITH_LOOKUP, Retry.CREATE_NO_LOOKUP)) == creates, name
        reads = bool(re.match("list|get|check", name))
        assert (operation.retry is Retry.SAFE) == reads, name
        assert not operation.empty_on_404 or name.startswith("list"), name


def test_only_vercom_lists_empty_on_404() -> None:
    empty = {
        name: [op for op, row in load_vendor(name).profile.operations.items() if row.empty_on_404] for name in VENDORS
    }
    assert {name for name in empty if empty[name]} == {"vercom"}
    assert len(empty["vercom"]) == 6
