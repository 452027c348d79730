"""The maximum lengths of a profile equal `maxLength` in the vendor's spec, for each field that crossbook sends."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from crossbook.vendor import VendorProfile

SPECS = Path(__file__).resolve().parents[2] / "specs"
# Our field → its names in requests.
WIRE_NAMES = {
    "external_id": {"externalId"},
    "phone": {"phone", "phone_number", "phoneNumber", "mobile"},
    "email": {"email"},
    "first_name": {"first_name", "firstName"},
    "last_name": {"last_name", "lastName"},
    "name": {"name"},
    "company": {"company", "companyName"},
}


def resolve(spec: Any, node: Any) -> Any:
    while isinstance(node, dict) and "$ref" in node:
        *_, kind, name = node["$ref"].split("/")
        node = spec["components"][kind][name]
    return node


def list_sent_fields(spec: Any, node: Any) -> Iterator[tuple[str, Any]]:
    """Yield the name and the schema of each parameter and property in a part of a request."""
    node = resolve(spec, node)
    if isinstance(node, list):
        for each in node:
            yield from list_sent_fields(spec, each)
    elif isinstance(node, dict):
        fields = {node["name"]: node["schema"]} if "in" in node else node.get("properties", {})
        for name, schema in fields.items():
            yield name, resolve(spec, schema)
        yield from list_sent_fields(spec, [*fields.values(), *(node[key] for key in ("items", "oneOf") if key in node)])
        if "content" in node:
            yield from list_sent_fields(spec, [media["schema"] for media in node["content"].values()])


def find_limits(spec: Any, profile: VendorProfile, *capabilities: str) -> dict[str, set[int | None]]:
    """Return, by wire name, the limits in the requests of these capabilities; None stands for "no limit"."""
    sent = {profile.capability(name).operation for name in capabilities}
    limits: dict[str, set[int | None]] = defaultdict(set)
    for path in spec["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict) and operation.get("operationId") in sent:
                request = [operation.get("parameters", []), operation.get("requestBody", {})]
                for name, schema in list_sent_fields(spec, request):
                    limits[name].add(schema.get("maxLength"))
    return limits


def test_profile_lengths_equal_the_spec(vendor: str, profile: VendorProfile) -> None:
    spec = yaml.load((SPECS / f"{vendor}.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader)
    sent = find_limits(spec, profile, "contacts.create", "contacts.update")
    written = {name: support for name, support in profile.contact_fields.items() if "w" in support.access}
    lengths = {name: {support.max_length} for name, support in written.items() if name in WIRE_NAMES}
    assert {name: {length for wire in WIRE_NAMES[name] for length in sent[wire]} for name in lengths} == lengths
    extra = profile.extra_fields or {}
    assert {name: sent[name] for name in extra} == {name: {length} for name, length in extra.items()}
    group = find_limits(spec, profile, "groups.create", "groups.rename")
    assert group["name"] | group["groupname"] | group["group_name"] == {profile.group_name_max_length}
