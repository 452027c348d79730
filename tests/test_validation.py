"""Checks before any request: ids, also hostile ones, and the fields of contacts."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from fakes import VENDORS, FakeTransport, book_over, reply
from hypothesis import given
from hypothesis import strategies as st

from crossbook import Contact, CrossbookError, InvalidInputError, _validation
from crossbook.registry import load_vendor
from crossbook_testing.contract.people import minimal_contact

NASTY = (
    "", " ", ".", "..", "../group", "..%2fgroup", "%2e%2e", "%2e%2e%2f", "1/../2", "1?x=1", "1#x", "1&x=1", "1;x",
    "1\0",
    "1\n", "\n1", " 1", "1 ", "١", "²", "1e3", "0x1", "-1", "0", "+1", "1.0", "01", "9" * 19, "None", "\\1", "{id}",
)  # fmt: skip
IDS = st.sampled_from(NASTY) | st.text(max_size=30) | st.from_regex(r"[0-9./%?#&;\\-]{1,20}")
NUMBERS = {"serwersms", "atom", "vercom"}


def is_id(vendor: str, text: str) -> bool:
    """A strategy for valid ids of a vendor."""
    if not text.isascii():
        return False
    return (
        (text.isdigit() and text[0] != "0" and len(text) <= 18)
        if vendor in NUMBERS
        else text.isalnum() and len(text) <= 64
    )


@pytest.mark.parametrize("vendor", VENDORS)
@given(text=IDS)
def test_check_id_takes_ids_only(vendor: str, text: str) -> None:
    profile = load_vendor(vendor).profile
    for kind in ("id", "group", "groups"):
        if is_id(vendor, text):
            assert _validation.check_id(profile, kind, text) == text
        else:
            with pytest.raises(InvalidInputError) as caught:
                _validation.check_id(profile, kind, text)
            assert caught.value.field == kind
            assert len(text) < 4 or text not in str(caught.value)


@pytest.mark.parametrize("wrong", [1, None, b"1", ["1"], 1.0, True])
@pytest.mark.parametrize("vendor", VENDORS)
def test_check_id_refuses_other_types(vendor: str, wrong: Any) -> None:
    with pytest.raises(InvalidInputError):
        _validation.check_id(load_vendor(vendor).profile, "id", wrong)


ROUTES = {
    "serwersms": {"/contacts/view", "/contacts/delete", "/groups/view", "/groups/delete", "/groups/edit"},
    "atom": {
        "/api/contact/detail", "/api/contact/delete", "/api/address-book/detail", "/api/address-book/delete",
        "/api/address-book/edit",
    },
    "filemail": {
        "/api/contacts/get", "/api/contacts/delete", "/api/contacts/group/get", "/api/contacts/group/delete",
        "/api/contacts/group/update",
    },
    "vercom": {"/v2.1/contact", "/v2.1/group"},
}  # fmt: skip


@pytest.mark.parametrize("vendor", VENDORS)
@given(text=IDS | st.integers(1, 10**18 - 1).map(str))
def test_no_id_reaches_other_route(vendor: str, text: str) -> None:
    async def main() -> set[str]:
        transport = FakeTransport(reply({"status": "error", "errorcode": 1005, "error": {"code": 1004}}, 404))
        async with book_over(vendor, transport, max_attempts=1) as book:
            for call in (
                book.contacts.get(text), book.contacts.delete(text), book.contacts.groups_of(text),
                book.groups.get(text), book.groups.rename(text, "x"), book.groups.delete(text, with_contacts=False),
            ):  # fmt: skip
                with pytest.raises(CrossbookError):
                    await call
        return {call.path for call in transport.sent}

    paths = anyio.run(main)
    own = {f"/v2.1/contact/{text}/group"} if vendor == "vercom" and is_id(vendor, text) else set()
    assert paths <= ROUTES[vendor] | own | {"/api/address-book/list"}
    assert is_id(vendor, text) == bool(paths)


TEXT = st.none() | st.text(max_size=300) | st.text(alphabet="+0123456789 @.a", max_size=20) | st.integers()
CONTACTS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("external_id", "phone", "email", "first_name", "last_name", "name", "company"), TEXT),
        "fields": st.none()
        | st.dictionaries(st.text(max_size=8) | st.just("city"), TEXT | st.lists(st.floats()), max_size=3),
        "groups": st.none() | st.lists(IDS | st.just("7"), max_size=2).map(tuple),
        "created_at": st.none() | st.datetimes() | st.text(max_size=5),
        "archived": st.none() | st.booleans(),
    },
)


@pytest.mark.parametrize("vendor", VENDORS)
@given(values=CONTACTS, on_unsupported_field=st.sampled_from(["error", "drop"]))
def test_any_contact_is_prepared_or_refused(vendor: str, values: dict[str, Any], on_unsupported_field: Any) -> None:
    """No field is lost silently."""
    profile = load_vendor(vendor).profile
    base = minimal_contact(profile, 0, ["7"])
    whole = {**{name: getattr(base, name) for name in base.known_fields}, **values}
    try:
        prepared = _validation.prepare_contact(
            profile,
            Contact(**whole),
            region=profile.default_region,
            on_unsupported_field=on_unsupported_field,
            group=None,
        )
    except InvalidInputError as error:
        refused: CrossbookError | None = error
    else:
        refused = None
    if refused is not None:
        assert (bool(refused.field), refused.vendor) == (True, vendor)
        return
    assert on_unsupported_field == "drop" or not prepared.dropped_fields
    kept = prepared.contact.known_fields | set(prepared.dropped_fields)
    given_names = {name for name, value in whole.items() if name != "fields" and not _validation.is_empty(value)}
    assert given_names - {"first_name", "last_name", "name"} <= kept
    for name, value in (whole.get("fields") or {}).items():
        stored = name in (prepared.contact.fields or {})
        held = profile.extra_fields is None or name in profile.extra_fields
        assert stored or f"fields.{name}" in prepared.dropped_fields or (not held and not value)
