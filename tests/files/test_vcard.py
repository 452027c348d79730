"""`VcardReader` and `VcardWriter`: vCard 2.1, 3.0 and 4.0."""

from __future__ import annotations

import io
import tracemalloc
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import pytest
import vobject
from hypothesis import given, settings
from hypothesis import strategies as st

from crossbook import Atom, Contact, InvalidInputError, files
from crossbook.files import contentlines
from crossbook.files.cleaning import strip_text
from crossbook.files.encodings import detect_encoding
from crossbook.files.vcard import VcardReader, VcardWriter
from tests.files.vcards import ANNAS, KINDS, SAMPLES, card

Rows = Callable[..., list[files.Row]]
ReadVcards = Callable[[bytes], list[Mapping[str, Any]]]
FILES = Path(__file__).parents[1] / "samples" / "files" / "vcard"
# vCard can hold one kind of line break only.
BREAKS = "\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=BREAKS), min_size=1, max_size=90
) | st.text(st.sampled_from(';,\\:\n" ='), min_size=1, max_size=8)  # fmt: skip
VALUES = st.none() | TEXT
# White space around values is not read.
NAMES = TEXT.filter(lambda text: text == strip_text(text).strip("\0"))


@settings(max_examples=150)
@given(
    st.builds(
        Contact,
        external_id=VALUES,
        phone=st.none() | st.sampled_from(["+48500600700", "500 600 700"]),
        email=st.none() | st.sampled_from(["a@example.com", "a+b@example.com"]),
        first_name=NAMES,
        last_name=st.none() | NAMES,
        company=st.none() | NAMES,
        fields=st.none() | st.dictionaries(TEXT, TEXT, min_size=1),
        opted_out=st.none() | st.sets(st.sampled_from(["sms", "email"])).map(frozenset),
        archived=st.none() | st.booleans(),
    ),
    st.none() | st.lists(NAMES, min_size=1, unique=True).map(tuple),
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
    assert all(len(line.encode()) <= 75 for line in file.getvalue().split("\r\n"))
    other: Any = vobject.readOne(file.getvalue())
    assert (other.n.value.given, other.n.value.family) == (contact.first_name, contact.last_name or "")
    assert (other.categories.value if groups else None) == (list(groups) if groups else None)


def test_uid_is_stable_for_account_and_contact() -> None:
    def uid(contact: Contact, account: str = "eu", version: files.Format = "vcard3") -> str:
        file = io.StringIO(newline="")
        files.make_writer(file, Atom.profile, version, account=account).write(contact, None)
        (line,) = [line for line in file.getvalue().split("\r\n") if line.startswith("UID:")]
        return line.removeprefix("UID:")

    first = uid(Contact(id="1", phone="+48500600700"))
    assert first == uid(Contact(id="1", phone="+48500600799", first_name="Anna"))
    assert uid(Contact(id="1"), version="vcard4") == f"urn:uuid:{uuid.UUID(first)}"
    assert len({first, uid(Contact(id="2")), uid(Contact(id="1"), "us"), uid(Contact(phone="1")), uid(Contact())}) == 5


def test_vcard_without_name_round_trips() -> None:
    for contact in (Contact(phone="+48500600700"), Contact(email="a@example.com"), Contact(company="ABC"), Contact()):
        file = io.StringIO(newline="")
        VcardWriter(file).write(contact, None)
        (row,) = VcardReader(detect_encoding(io.BytesIO(file.getvalue().encode())), None)
        assert row.contact == contact


@pytest.mark.parametrize("name", SAMPLES)
def test_vcard_samples(read_vcards: ReadVcards, name: str) -> None:
    content = (FILES / f"{name}.vcf").read_bytes()
    assert read_vcards(content) == SAMPLES[name]


@pytest.mark.parametrize("name", KINDS)
def test_vcards_of_other_programs(read_vcards: ReadVcards, name: str) -> None:
    content, expected = KINDS[name]
    assert read_vcards(content) == expected


def test_vcard_without_end_is_invalid(rows: Rows) -> None:
    _, cut = rows("BEGIN:VCARD\nVERSION:3.0\nFN:A\nEND:VCARD\nBEGIN:VCARD\nVERSION:3.0\nFN:B\n", "people.vcf")
    assert (cut.line, cut.error and cut.error.message) == (5, "the vCard that begins here has no END:VCARD")


def test_vcard_too_long_is_invalid(rows: Rows) -> None:
    companies = "".join(f"ORG:{'A' * 500_000}\n" for _ in range(3))
    lines = "NOTE:a\n" * 10_000
    card = "BEGIN:VCARD\nFN:A\n{}END:VCARD\n"
    found = rows("".join(map(card.format, (companies, lines, ""))), "people.vcf")
    assert [(row.line, row.error is None) for row in found] == [(1, False), (7, False), (10_010, True)]
    assert "at most 4,096 properties" in str(found[0].error)


def test_other_file_is_not_vcard(rows: Rows) -> None:
    with pytest.raises(InvalidInputError, match="BEGIN:VCARD"):
        rows("phone,name\n1,2\n", "people.vcf")


SPACES, QUOTES = "\u00a0" * 200_000, '"' * 200_001


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "line",
    [
        f"EMAIL:{'@' * 200_000}",
        f"EMAIL:<{'a' * 200_000}",
        f"EMAIL:a@{SPACES}b",
        f"FN:ż{SPACES}ż",
        f"N:ż{SPACES},{SPACES}ż",
        f"TEL:+48{SPACES}500600700{SPACES};",
        f"TEL;{QUOTES}:1",
        f"TEL;TYPE={',' * 200_000}:1",
        f"CATEGORIES:{',' * 200_000}",
        "ORG:" + r"\\" * 100_000,
        f"NOTE;ENCODING=QUOTED-PRINTABLE:{'=' * 200_000}",
        "\n".join(["FN;ENCODING=QUOTED-PRINTABLE:a", *["=41="] * 50_000]),
        "\n".join(["FN:a", *[" a"] * 50_000]),
    ],
)
def test_hostile_line_costs_no_time(read_vcards: ReadVcards, line: str) -> None:
    """Each of these lines would take minutes with a careless pattern."""
    assert len(read_vcards(card(line, "X-A:1"))) == 1


CARD = """\
BEGIN:VCARD
VERSION:3.0
N:Kot;Anna;;;
FN:Kot, Anna
ADR;TYPE=HOME:;;Prosta 1;Kraków;;30-001;Polska
NOTE:VIP\\nkawa\\, czarna
 !
item1.TEL:+48500600700
TEL;TYPE=HOME:+48221234567
TEL;TYPE=CELL:+48 500-600-700
TEL;TYPE=FAX:+48221234568
EMAIL:a@example.com
EMAIL:b@example.com, c@example.com
X-VIP:yes
Kowalska:1
UID:A1
END:VCARD
"""


def open_cards(content: str, corrections: dict[str, str] | None = None) -> VcardReader:
    return VcardReader(detect_encoding(io.BytesIO(content.encode())), corrections)


def test_vcard_tells_what_is_not_read() -> None:
    reader = open_cards(CARD)
    assert [column.title for column in reader.columns if column.target is None] == ["ADR", "NOTE", "X-VIP"]
    assert reader.leftovers == ("1 further phone", "2 further e-mails")
    (row,) = reader
    assert row.unread == (15,)
    group = "BEGIN:VCARD\nKIND:group\nFN:Klub\nMEMBER:A1\nEND:VCARD\n"
    assert [(column.title, column.target) for column in open_cards(CARD + group).columns][-1] == ("MEMBER", "groups")


@pytest.mark.parametrize(
    ("corrections", "expected"),
    [
        ({"note": "fields.description"}, {"fields": {"description": "VIP\nkawa, czarna!"}}),
        ({"ADR": "fields.address"}, {"fields": {"address": "Prosta 1, Kraków, 30-001, Polska"}}),
        ({"FN": "first_name"}, {"first_name": "Kot, Anna", "last_name": "Kot", "name": None}),
        ({"N": "name"}, {"name": "Anna Kot", "first_name": None, "last_name": None}),
        ({"N": ""}, {"name": "Kot, Anna", "first_name": None}),
        ({"TEL": "", "EMAIL": "external_id"}, {"phone": None, "email": None, "external_id": "a@example.com"}),
        ({"TEL": "fields.mobile"}, {"phone": None, "fields": {"mobile": "+48 500-600-700"}}),
        ({"UID": "external_id"}, {"external_id": "A1"}),
    ],
)
def test_vcard_corrections(corrections: dict[str, str], expected: dict[str, Any]) -> None:
    (row,) = open_cards(CARD, corrections)
    assert row.contact is not None
    assert {name: getattr(row.contact, name) for name in expected} == expected


def test_vcard_property_can_be_groups() -> None:
    (row,) = open_cards(CARD, {"X-VIP": "groups"})
    assert row.groups == ("yes",)


@pytest.mark.parametrize(
    ("title", "text", "opted_out"),
    [
        ("X-DO-NOT-CONTACT", "TRUE", {"sms", "email", "push"}),
        ("X-Unsubscribed", "0", set()),
        ("item1.X-ZGODA-SMS", "nie", {"sms"}),
        ("X-NEWSLETTER", "yes", set()),
    ],
)
def test_vcard_property_of_opt_out(title: str, text: str, opted_out: set[str]) -> None:
    card = f"BEGIN:VCARD\nVERSION:3.0\nFN:A\n{title}:{text}\nEND:VCARD\n"
    (row,) = open_cards(card)
    assert row.contact is not None
    assert row.contact.opted_out == opted_out
    with pytest.raises(InvalidInputError, match="may say who has opted out, and its cell in line 6"):
        open_cards(card + card.replace(f":{text}\n", ":perhaps\n"))
    assert open_cards(card, {title.rpartition(".")[2]: ""}).columns[-1].target is None


def test_bare_lines_continue_note_that_is_read() -> None:
    card = "BEGIN:VCARD\nVERSION:2.1\nFN:A\nNOTE:one\ntwo: 2\nEND:VCARD\n"
    (row,) = open_cards(card, {"NOTE": "fields.note"})
    assert (row.contact, row.unread) == (Contact(name="A", fields={"note": "one\ntwo: 2"}), ())


@pytest.mark.parametrize(
    ("corrections", "message"),
    [
        ({"TITLE": "company"}, "no property 'TITLE'; its properties are .*FN, .*X-VIP"),
        ({"NOTE": "notes"}, "no field 'notes'"),
        ({"NOTE": "opted_out"}, "opted_out must be"),
    ],
)
def test_wrong_vcard_corrections(corrections: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message) as caught:
        raise next(row.error for row in open_cards(CARD, corrections) if row.error)
    assert "Kowalska".upper() not in str(caught.value)


def test_vcard_file_is_read_in_constant_memory() -> None:
    """The reader keeps no card, so that a file of any length needs the memory of one batch."""
    content = detect_encoding(io.BytesIO(ANNAS * 8_000))
    tracemalloc.start()
    assert sum(1 for _ in VcardReader(content, None)) == 8_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize("break_at", range(1, 40))
def test_vcard_batches_join_anywhere(monkeypatch: pytest.MonkeyPatch, read_vcards: ReadVcards, break_at: int) -> None:
    """The file is read in batches of bytes: a line end, a fold or a letter may lie between two."""
    monkeypatch.setattr(contentlines, "_CHUNK", break_at)
    for content, expected in (KINDS["folded by a tab"], KINDS["soft break"], KINDS["UTF-16 with a mark"]):
        assert read_vcards(content) == expected


TEXT_LINES = st.lists(
    st.tuples(
        st.sampled_from(["NOTE", "item1.X-A", "TITLE;LANGUAGE=pl", "NICKNAME;TYPE=a,b"]),
        st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n"), max_size=120),
    ),
    max_size=6,
)


@settings(max_examples=200)
@given(TEXT_LINES, st.sampled_from(["3.0", "4.0"]))
def test_lines_of_vobject(texts: list[tuple[str, str]], version: str) -> None:
    """The same lines, names, parameters and texts are read as vobject reads of what it wrote itself."""
    written: Any = vobject.vCard()
    written.add("version").value = version
    written.add("fn").value = "A"
    written.add("n").value = vobject.vcard.Name(family="A")
    for head, text in texts:
        name = head.partition(";")[0].rpartition(".")[2]
        line = written.add(name.lower())
        line.value = text
    serialized: str = written.serialize(validate=False)
    parsed: Any = vobject.readOne(serialized)
    (found,) = contentlines.read_cards(
        detect_encoding(io.BytesIO(serialized.encode())), {"NOTE", "X-A", "TITLE", "NICKNAME"}
    )
    for name in ("NOTE", "X-A", "TITLE", "NICKNAME"):
        expected = [line.value for line in parsed.contents.get(name.lower(), ())]
        values = [contentlines.decode_value(head, value, "utf-8") for _, head, value in found.properties.get(name, ())]
        assert [contentlines.unescape(text or "") for text, complete in values if complete] == expected
