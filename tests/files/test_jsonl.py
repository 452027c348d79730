"""`JsonlReader` and `JsonlWriter`."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossbook import Contact, InvalidInputError, files
from crossbook.files.encodings import detect_encoding
from crossbook.files.jsonl import JsonlReader, JsonlWriter

Rows = Callable[..., list[files.Row]]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(
    st.builds(
        Contact,
        id=TEXT,
        phone=st.none() | TEXT,
        company=st.none() | TEXT,
        fields=st.none() | st.dictionaries(TEXT, st.none() | TEXT | st.integers(-9, 9) | st.lists(TEXT), min_size=1),
        opted_out=st.none() | st.sets(st.sampled_from(["sms", "email"])).map(frozenset),
        archived=st.none() | st.booleans(),
        created_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    ),
    st.none() | st.lists(TEXT, unique=True).map(tuple),
)
def test_contact_round_trips(contact: Contact, groups: tuple[str, ...] | None) -> None:
    file = io.StringIO(newline="")
    JsonlWriter(file).write(contact, groups)
    (row,) = JsonlReader(detect_encoding(io.BytesIO(file.getvalue().encode())), None)
    assert (row.contact, row.groups) == (contact, groups)


def test_jsonl_omits_unknown_fields() -> None:
    file = io.StringIO(newline="")
    JsonlWriter(file).write(Contact(id="1", phone="+48500600700", created_at=datetime(2024, 2, 29, tzinfo=UTC)), None)
    assert json.loads(file.getvalue()) == {
        "id": "1", "phone": "+48500600700", "created_at": "2024-02-29T00:00:00+00:00", "groups": None,
    }  # fmt: skip


def test_invalid_jsonl_rows(rows: Rows) -> None:
    lines = [
        '{"phone": "1"}', "", "{", '{"phone": true}', "[]", '{"archived": 1}', '{"opted_out": "fax"}', '{"fields": []}',
        '{"opted_out": ["pigeon"]}', '{"phone": "9"}',
    ]  # fmt: skip
    found = rows("\n".join(lines), "people.jsonl")
    assert [row.line for row in found] == [1, 3, 4, 5, 6, 7, 8, 9, 10]
    assert [row.error is None for row in found] == [True, *[False] * 7, True]
    assert [row.error.field for row in found if row.error] == [
        None, "phone", None, "archived", "opted_out", "fields", "opted_out",
    ]  # fmt: skip


def test_keys_mapped_by_corrections(rows: Rows) -> None:
    first, second = rows('{"Handy": "1", "n": 1}\n{"Handy": "2"}\n', "a.ndjson", corrections={"Handy": "phone"})
    assert (first.contact, second.contact) == (Contact(phone="1"), Contact(phone="2"))
    late = rows('{"phone": "1"}\n' * 300 + '{"phone": "2", "fone": "3"}\n', "a.jsonl")[-1]
    assert late.error is not None
    assert late.error.message.startswith("key 2 is not a contact field, and not in the first 200 lines")


def test_key_after_sample_not_shown(rows: Rows) -> None:
    late = rows('{"phone": "1"}\n' * 200 + '{"Anna Kowalska": "2"}\n', "a.jsonl")[-1]
    assert late.error is not None
    assert "Anna" not in str(late.error)


def shown(tmp_path: Path, line: dict[str, object], **options: Any) -> list[tuple[str, str | None]]:
    """Return the title and the target of each column of a file with one line."""
    path = tmp_path / "people.jsonl"
    path.write_text(json.dumps(line), encoding="utf-8")
    with files.read(path, **options) as people:
        return [(column.title, column.target) for column in people.columns]


@pytest.mark.parametrize(
    "key",
    ["+48500600700", "anna@example.com", "Anna Kowalska", "Anna", "łęcka", "2024-02-29", "a48500", "1"],
)
def test_key_that_is_value_not_shown(tmp_path: Path, key: str) -> None:
    with pytest.raises(InvalidInputError) as alone:
        shown(tmp_path, {key: {"name": "Anna"}})
    assert "Anna" not in str(alone.value)
    among = shown(tmp_path, {"phone": "1", key: 1, "note": 1, "fields.Größe": 1})
    assert among == [("phone", "phone"), ("key 2", None), ("key 3", None), ("fields.Größe", "fields.Größe")]


def test_key_that_is_word_shown(tmp_path: Path) -> None:
    assert shown(tmp_path, {"phone": "1", "note": 1, "createdBy_2": 1}) == [
        ("phone", "phone"), ("note", None), ("createdBy_2", None),
    ]  # fmt: skip
    assert shown(tmp_path, {"handy": 1, "note": 1}, corrections={"handy": "phone"}) == [
        ("handy", "phone"), ("key 2", None),
    ]  # fmt: skip
    assert shown(tmp_path, {"phone": "1", "email": "2"}, corrections={"email": ""})[1] == ("email", None)


def test_lines_without_any_key_are_read(rows: Rows) -> None:
    assert [row.line for row in rows("{}\n{}\n", "people.jsonl")] == [1, 2]


def test_correction_of_missing_key_masked(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError) as caught:
        shown(tmp_path, {"phone": "1"}, corrections={"+48500600700": "phone"})
    assert (
        caught.value.message == "there is no key '+48******00' in the first 200 lines: correct its name in corrections="
    )


def test_json_list_is_refused(rows: Rows) -> None:
    with pytest.raises(InvalidInputError, match="one object per line"):
        rows('[\n{"phone": "1"}\n]', "people.jsonl")


def test_opted_out_of_nothing_differs_from_unknown(rows: Rows) -> None:
    found = rows('{"phone": "1", "opted_out": []}\n{"phone": "2", "opted_out": null}\n', "people.jsonl")
    assert [row.contact and row.contact.opted_out for row in found] == [frozenset(), None]


def test_empty_text_is_none(rows: Rows) -> None:
    (row,) = rows('{"phone": "1", "email": ""}', "people.jsonl")
    assert row.contact == Contact(phone="1")


def test_lines_without_known_key_are_refused(rows: Rows) -> None:
    for corrections in (None, {"Anna Kowalska": ""}):
        with pytest.raises(InvalidInputError, match=r"no key in the first 200 lines is known") as caught:
            rows('{"Anna Kowalska": "+48500600700"}\n' * 3, "people.jsonl", corrections=corrections)
        assert caught.value.field == "map"
        assert "Kowalska" not in str(caught.value)
    (row,) = rows('{"Handy": "+48500600700"}\n', "people.jsonl", corrections={"Handy": "phone"})
    assert row.contact is not None
