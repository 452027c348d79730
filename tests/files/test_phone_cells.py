"""Phones as people, spreadsheets and programs write them into a file; a book of the region makes them E.164."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossbook import InvalidInputError, _phones, files
from crossbook.files.phones import choose_phone

Rows = Callable[..., list[files.Row]]
SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "files"
SAMPLE_PHONES: dict[str, list[str | None]] = {
    "phones_data_frame.csv": [*(f"+4850060071{number}" for number in range(5)), "lost digits", "lost digits"],
    "phones_several.csv": [
        "+48500600720", "+48500600722", "+48500600724", "+48500600726", "+48500600727", "+48500600729", "+48221234568",
        "+48500600730",
    ],
    "phones_placeholders.csv": [None] * 8,
    "phones_signs.csv": [f"+485006007{number}" for number in range(40, 52)],
}  # fmt: skip


@pytest.mark.parametrize("name", SAMPLE_PHONES)
@pytest.mark.parametrize("region", [None, "PL"])
def test_sample_phones(name: str, region: str | None) -> None:
    found: list[str | None] = []
    with files.read(SAMPLES / name, region=region) as people:
        for row in people:
            if row.contact is None:
                assert "lost digits in a spreadsheet" in str(row.error)
                found.append("lost digits")
            else:
                found.append(row.contact.phone and _phones.normalize(row.contact.phone, "PL"))
    assert found == SAMPLE_PHONES[name]


def test_further_phones_are_counted() -> None:
    with files.read(SAMPLES / "phones_several.csv") as people:
        assert [row.further_phones for row in people] == [1, 1, 1, 1, 1, 0, 1, 1]


def test_row_without_phone_has_its_email() -> None:
    with files.read(SAMPLES / "phones_placeholders.csv") as people:
        assert [row.contact and row.contact.email for row in people][:2] == ["ola@example.com", "ela@example.com"]


@pytest.mark.parametrize(
    ("text", "region", "phone", "further"),
    [
        ("22 123 45 67; 500 600 700", "PL", "500 600 700", 1),  # the mobile number
        ("22 123 45 67; 500 600 700", None, "22 123 45 67", 1),  # the region is unknown
        ("1234567; 500 600 700", "PL", "500 600 700", 1),  # the valid number
        ("123; 500 600 700", None, "500 600 700", 1),
        ("500600700 500600701", "PL", "500600700", 1),
        ("500 600 700  500 600 701", "PL", "500 600 700", 1),
        ("+48500600700+48500600701", None, "+48500600700", 1),
        ("500 600 700 lub 500 600 701", "PL", "500 600 700", 1),
        ("500 600 700 & 500 600 701 | 500 600 702", "PL", "500 600 700", 2),
        ("Tel: 030 1234567 Mobil: 0171 1234567", "DE", "0171 1234567", 1),
        ("030/1234567, 0171/7654321", "DE", "0171/7654321", 1),
        ("030 1234567/68", "DE", "030 1234567", 1),
        ("030 1234567-68", "DE", "030 1234567-68", 0),
        ("06/12/34/56/78", "FR", "06/12/34/56/78", 0),
        ("48,500,600,724", "PL", "48,500,600,724", 0),
        ("500600700, ", "PL", "500600700", 0),
        ("500600700.0; 500600701.0", "PL", "500600700", 1),
        ("3,012345678E+09", "DE", "3012345678", 0),
        ("tel:+48-22-123-45-67;EXT=5555", None, "+48-22-123-45-67", 0),
        ("500600700x12", "PL", "500600700", 1),
        ("0171 1234567 (Anna)", "DE", "0171 1234567", 0),
        ("Anna 0171 1234567", "DE", "0171 1234567", 0),
        # No number can be told: the vendor refuses the text.
        ("5006007oo", "PL", "5006007oo", 0),
        ("500 600 7oo", "PL", "500 600 7oo", 0),
        ("1-800-FLOWERS", "US", "1-800-FLOWERS", 0),
        ("000 000 000", "PL", None, 0),
        ("ask at the reception", "PL", None, 0),
    ],
)
def test_phone_is_chosen(text: str, region: str | None, phone: str | None, further: int) -> None:
    assert choose_phone(text, region) == (phone, further)


def test_extension_in_a_column_of_its_own_is_no_phone(rows: Rows) -> None:
    (row,) = rows("first_name,Mobile Phone,Business Phone\nOla,123,22 123 45 67\n")
    assert row.contact is not None
    assert (row.contact.phone, row.further_phones) == ("22 123 45 67", 1)


TEXTS = st.text(alphabet="+0123456789 -()/,;.:x#E\n", max_size=40) | st.text(max_size=30)


@given(TEXTS, st.sampled_from(["PL", "DE", None]))
def test_chosen_phone_is_stable(text: str, region: str | None) -> None:
    """A chosen phone is a part of the text, and is chosen again from an export."""
    phone, further = choose_phone(text, region)
    assert further >= 0
    if phone is not None:
        assert sum(map(str.isdigit, phone)) <= sum(map(str.isdigit, text)) or "e" in text.casefold()


@pytest.mark.parametrize(
    ("value", "phone"),
    [
        ("48500600700.0", "48500600700"),
        ("48500600700", "48500600700"),
        ('"+48500600700;+48500600701"', "+48500600700"),
        ('"n/a"', None),
    ],
)
def test_phones_of_json_lines(rows: Rows, value: str, phone: str | None) -> None:
    (row,) = rows(f'{{"phone": {value}, "first_name": "Ola"}}\n', "people.jsonl")
    assert row.contact is not None
    assert row.contact.phone == phone


@pytest.mark.parametrize("value", ["4.85006e10", '"4.85006e10"', "48500600700.5", "1e300"])
def test_cut_phones_of_json_lines(rows: Rows, value: str) -> None:
    (row,) = rows(f'{{"phone": {value}}}\n', "people.jsonl")
    assert "lost digits" in str(row.error)


def test_phones_of_vcards(rows: Rows) -> None:
    card = "BEGIN:VCARD\nVERSION:3.0\nFN:Ola\nTEL:{}\nEND:VCARD\n"
    found = rows("".join(map(card.format, ["48500600700.0", "+48500600701 / +48500600702", "brak"])), "people.vcf")
    assert [row.contact and row.contact.phone for row in found] == ["48500600700", "+48500600701", None]


@pytest.mark.parametrize("option", [{"region": "Poland"}, {"region": 48}, {"names": "join"}])
def test_invalid_options_are_refused(rows: Rows, option: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError, match="must be") as caught:
        rows("phone\n500600700\n", **option)
    assert caught.value.field in option
