"""`VcardReader` and `VcardWriter`: vCard 2.1, 3.0 and 4.0."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossbook import Contact, InvalidInputError, files
from crossbook.files.encodings import detect_encoding
from crossbook.files.vcard import VcardReader, VcardWriter

Rows = Callable[..., list[files.Row]]
# vCard can hold one kind of line break only.
BREAKS = "\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=BREAKS), min_size=1, max_size=90
) | st.text(st.sampled_from(';,\\:\n" ='), min_size=1, max_size=8)  # fmt: skip
VALUES = st.none() | TEXT


@settings(max_examples=150)
@given(
    st.builds(
        Contact,
        external_id=VALUES,
        phone=st.none() | st.sampled_from(["+48500600700", "500 600 700"]),
        email=VALUES,
        first_name=TEXT,
        last_name=VALUES,
        company=VALUES,
        fields=st.none() | st.dictionaries(TEXT, TEXT, min_size=1),
        opted_out=st.none() | st.sets(st.sampled_from(["sms", "email"])).map(frozenset),
        archived=st.none() | st.booleans(),
    ),
    st.none() | st.lists(TEXT, min_size=1, unique=True).map(tuple),
    st.sampled_from(["3.0", "4.0"]),
)
def test_contact_round_trips(contact: Contact, groups: tuple[str, ...] | None, version: Literal["3.0", "4.0"]) -> None:
    file = io.StringIO(newline="")
    VcardWriter(file, version).write(contact, groups)
    assert f"\r\nVERSION:{version}\r\n" in file.getvalue()
    (row,) = VcardReader(detect_encoding(io.BytesIO(file.getvalue().encode())), None)
    assert row.error is None
    assert row.contact is not None
    for name in ("external_id", "phone", "email", "first_name", "last_name", "company", "fields", "opted_out"):
        assert getattr(row.contact, name) == getattr(contact, name)
    assert (row.contact.archived, row.groups) == (contact.archived, groups)


def test_vcard_without_name_round_trips() -> None:
    for contact in (Contact(phone="+48500600700"), Contact(email="a@example.com"), Contact(company="ABC"), Contact()):
        file = io.StringIO(newline="")
        VcardWriter(file).write(contact, None)
        (row,) = VcardReader(detect_encoding(io.BytesIO(file.getvalue().encode())), None)
        assert row.contact == contact


FOREIGN = """\
BEGIN:VCARD
VERSION:4.0
FN:Łucja Przykładowa
N:Przykładowa;Łucja;;;
TEL;TYPE=home:+48 22 123 45 67
TEL;VALUE=uri;TYPE="cell,voice":tel:+48500600701
EMAIL:second@example.com
EMAIL;PREF=1:lucja@
 example.com
ORG:ABC\\, Example;Sales
CATEGORIES:Friends,Family\\, close
NOTE:one\\ntwo
item1.X-ABLabel:other
END:VCARD

BEGIN:VCARD
VERSION:3.0
N:Broken;;;;
this is no property
END:VCARD
BEGIN:VCARD
VERSION:2.1
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C5=BB=C3=B3=C5=82w;Jan
TEL;CELL:500600702
END:VCARD
BEGIN:VCARD
VERSION:3.0
FN:Never ended
BEGIN:VCARD
VERSION:3.0
FN:Last
TEL;TYPE=CELL:1
END:VCARD
"""


def test_vcards_of_other_programs(rows: Rows) -> None:
    found = rows(FOREIGN.replace("\n", "\r\n"), "people.vcf")
    assert [(row.line, row.error is None) for row in found] == [
        (1, True),
        (16, False),
        (21, True),
        (26, False),
        (29, True),
    ]
    assert found[0].contact == Contact(
        first_name="Łucja",
        last_name="Przykładowa",
        name="Łucja Przykładowa",
        phone="+48500600701",
        email="lucja@example.com",
        company="ABC, Example",
    )
    assert found[0].groups == ("Friends", "Family, close")
    assert found[2].contact == Contact(first_name="Jan", last_name="Żółw", phone="500600702")
    assert found[4].contact == Contact(name="Last", phone="1")


def test_invalid_byte_spoils_its_vcard_only(rows: Rows) -> None:
    cards = [b"BEGIN:VCARD\nVERSION:3.0\nFN:" + name + b"\nTEL:1\nEND:VCARD\n" for name in ("Żółw".encode(), b"\xff")]
    good, broken = rows(b"".join(cards), "people.vcf")
    assert good.contact == Contact(name="Żółw", phone="1")
    assert (broken.line, broken.contact) == (6, None)
    assert "encoding" in str(broken.error)


def test_vcard_without_end_is_invalid(rows: Rows) -> None:
    _, cut = rows("BEGIN:VCARD\nVERSION:3.0\nFN:A\nEND:VCARD\nBEGIN:VCARD\nVERSION:3.0\nFN:B\n", "people.vcf")
    assert (cut.line, cut.error and cut.error.message) == (5, "the vCard that begins here has no END:VCARD")


def test_vcard_phone_extension_and_double_group(rows: Rows) -> None:
    card = "BEGIN:VCARD\nVERSION:4.0\nFN:A\nTEL;VALUE=uri:tel:+48500600700;ext=12\nCATEGORIES:B,B\nEND:VCARD\n"
    (row,) = rows(card, "people.vcf")
    assert (row.contact, row.groups) == (Contact(name="A", phone="+48500600700"), ("B",))


def test_vcard_too_long_is_invalid(rows: Rows) -> None:
    card = "BEGIN:VCARD\nFN:{}\nPHOTO:{}\nEND:VCARD\n"
    photo, many = "A" * 500_000, "\n ".join(["A" * 70] * 9_000)
    found = rows(card.format("A", f"{photo}\n {photo}\n {photo}") + card.format("B", many), "people.vcf")
    assert [row.line for row in found] == [1, 7]
    assert "longer than 1,048,576 characters" in str(found[0].error)
    assert found[1].contact == Contact(name="B")


def test_other_file_is_not_vcard(rows: Rows) -> None:
    with pytest.raises(InvalidInputError, match="BEGIN:VCARD"):
        rows("phone,name\n1,2\n", "people.vcf")
    with pytest.raises(InvalidInputError, match=r"corrections \(--map\)"):
        rows(FOREIGN, "people.vcf", corrections={"TEL": "phone"})
