"""Records are frozen, slotted dataclasses; they know their fields and hide personal data in reprs."""

from __future__ import annotations

import dataclasses
import pickle
from datetime import UTC, datetime
from typing import Any

import pytest

from crossbook import Contact, ExternalId, Group, Page, Vercom, WriteResult
from crossbook.models import attach_raw

EXAMPLES: list[Any] = [
    Contact(id="1", phone="+48500600700"),
    Group(id="1", name="Friends"),
    Page(items=(1, 2), cursor="abc"),
    WriteResult(id="1", status="created", contact=Contact(id="1")),
    ExternalId("crm-17"),
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_records_are_frozen_slotted_dataclasses(example: Any) -> None:
    assert dataclasses.is_dataclass(example)
    assert not hasattr(example, "__dict__")
    for field in dataclasses.fields(example):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(example, field.name, None)
    assert pickle.loads(pickle.dumps(example)) == example
    assert dataclasses.replace(example) == example


def test_known_fields_are_set_or_reported_fields() -> None:
    mine = Contact(id="1", phone="+48500600700", company="")
    assert mine.known_fields == {"id", "phone"}
    assert mine.raw is None
    wire = {"id": 1}
    theirs = attach_raw(Contact(id="1"), wire, frozenset({"id", "phone", "company"}))
    assert theirs.known_fields == {"id", "phone", "company"}, "empty, and known"
    assert theirs.raw is wire
    back = pickle.loads(pickle.dumps(theirs))
    assert (back, back.known_fields, back.raw) == (theirs, theirs.known_fields, wire)
    assert theirs == Contact(id="1"), "the source does not matter"
    assert dataclasses.replace(theirs, company="ABC").known_fields == {"id", "company"}


def test_groups_take_a_list_or_one_group() -> None:
    groups: Any
    for groups in (["1", "2"], ("1", "2"), iter(("1", "2"))):
        assert Contact(groups=groups).groups == ("1", "2")
    one: Any = "12"
    assert Contact(groups=one).groups == ("12",)
    assert Contact(groups=()).groups == ()
    assert Contact().groups is None


def test_repr_shows_no_personal_data() -> None:
    contact = Contact(
        id="7", external_id="crm-anna", phone="+48500600700", email="anna@example.com", first_name="Anna",
        last_name="Nowak", name="Anna Nowak", company="ABC", fields={"pesel": "44051401359"}, groups=("1",),
        opted_out=frozenset({"sms"}), archived=True, created_at=datetime(2024, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    for text in (repr(contact), str(contact), f"{WriteResult(id='7', status='created', contact=contact)}"):
        assert "id='7'" in text
        assert "+48******00" in text
        for secret in ("500600700", "anna@", "Anna", "Nowak", "ABC", "4405", "crm-anna"):
            assert secret not in text
    assert repr(Contact()) == "Contact()"
    assert "crm" not in repr(ExternalId("crm-17"))


def test_repr_of_invalid_types_is_masked() -> None:
    """A number in place of a text is refused by the method that gets the contact; its repr ends in logs before."""
    contact = Contact(id=7, phone=500600700, email=8)  # type: ignore[arg-type]
    assert repr(contact) == "Contact(id='7', phone='500******00', email='8***@***')"


def test_profile_repr_is_short() -> None:
    assert repr(Vercom.profile) == "<VendorProfile of Vercom>"


def test_contact_with_parameter_is_plain() -> None:
    """A type checker reads the parameter, and nothing else does."""
    kind: Any = Contact[int]
    contact = kind(phone="+48500600700")
    assert type(contact) is Contact
    assert contact == Contact(phone="+48500600700") == pickle.loads(pickle.dumps(contact))
    assert contact.raw is None
    assert not hasattr(contact, "__dict__")
