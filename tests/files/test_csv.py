"""CSV files: separators, encodings, invalid rows."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crossbook import Contact, InvalidInputError, files

Rows = Callable[..., list[files.Row]]
PEOPLE = [("Żaneta", "+48500600700"), ("Łukasz", "+48500600701")]


def table(separator: str, end: str = "\r\n") -> str:
    return end.join(separator.join(row) for row in [("first_name", "phone"), *PEOPLE]) + end


def lines_and_phones(rows: list[files.Row]) -> list[tuple[int, Any]]:
    """Return the line of each row, and its phone or its error."""
    return [(row.line, row.contact.phone if row.contact else row.error and row.error.message) for row in rows]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1250", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_encoding_and_separator_are_detected(rows: Rows, separator: str, encoding: str, end: str) -> None:
    found = rows(table(separator, end).encode(encoding))
    assert [(row.contact and (row.contact.first_name, row.contact.phone)) for row in found] == PEOPLE
    assert [row.line for row in found] == [2, 3]


def test_letter_far_down_decides_encoding(rows: Rows) -> None:
    head = "first_name,phone\n" + f"{'Anna' * 5_000},500600700\n" * 100
    for encoding in ("utf-8", "cp1250"):
        assert rows(f"{head}Żółw,1\n".encode(encoding))[-1].contact == Contact(first_name="Żółw", phone="1")


def test_last_letter_decides_encoding(rows: Rows) -> None:
    # In UTF-8 this byte begins a letter that is cut off.
    assert rows("phone,last_name\n1,Bać".encode("cp1250"))[0].contact == Contact(last_name="Bać", phone="1")


def test_invalid_byte_spoils_its_row_only(rows: Rows) -> None:
    found = rows("first_name,phone\nŻółw,1\n".encode() + b"\xff\xfe,2\n" + "Łoś,3\n".encode())
    assert lines_and_phones(found) == [(2, "1"), (3, found[1].error and found[1].error.message), (4, "3")]
    assert "encoding" in str(found[1].error)


@pytest.mark.parametrize("encoding", ["cp1250", "iso8859-2"])
@pytest.mark.parametrize("name", ["Święty", "Bąk – Łoś", "Jaźń", "Żółć", "„Ćma”", "«Żółć»"])
def test_polish_encodings_are_distinguished(rows: Rows, encoding: str, name: str) -> None:
    try:
        content = f"first_name,phone\n{name},1\n".encode(encoding)
    except UnicodeEncodeError:
        return  # one of the encodings has no such quotes and dashes
    assert rows(content)[0].contact == Contact(first_name=name, phone="1")


def test_encoding_can_be_given(rows: Rows) -> None:
    (row,) = rows("first_name,phone\nŽofia,1\n".encode("iso8859-4"), encoding="iso8859-4")
    assert row.contact == Contact(first_name="Žofia", phone="1")
    (row,) = rows("fields.city,phone\nŁódź,1\n".encode("utf-8-sig"), encoding="utf-8")  # without BOM
    assert row.contact == Contact(phone="1", fields={"city": "Łódź"})
    with pytest.raises(InvalidInputError, match="unknown encoding 'klingon'"):
        rows("phone\n1\n", encoding="klingon")
    for foreign in ("utf-16", "utf-32", "idna"):  # these cannot decode the first line
        with pytest.raises(InvalidInputError, match="the file cannot be decoded as"):
            rows("phone\n1\n", encoding=foreign)


def test_row_line_is_its_first_line(rows: Rows) -> None:
    found = rows('first_name,phone\n"two\nlines",1\n\n"Jan "Zły" X",2\nAnna,3,,x,\nEwa,4\n')
    assert [line for line, _ in lines_and_phones(found)] == [2, 5, 6, 7]
    assert [row.contact is None for row in found] == [False, True, True, False]
    assert "double the quotes" in str(found[1].error)
    assert "5 cells but there are 2 columns" in str(found[2].error)


def test_open_quote_spoils_its_line_only(rows: Rows) -> None:
    lines = [f"{'P' * 200},{number}\n" for number in range(1, 1_001)]
    for count in (10, 1_000):
        found = rows('first_name,phone\nAnna,7\n"Jan,8\n' + "".join(lines[:count]))
        assert lines_and_phones(found[:4]) == [(2, "7"), (3, "a quote is opened and never closed"), (4, "1"), (5, "2")]
        assert len(found) == count + 2


def test_short_row_is_read_empty_skipped(rows: Rows) -> None:
    assert lines_and_phones(rows("phone,first_name\n1\n,\n   \n2,\n")) == [(2, "1"), (5, "2")]


def test_separator_line_of_excel(rows: Rows) -> None:
    assert lines_and_phones(rows("sep=|\nphone|note, with; others\n1|a,b;c\n")) == [(3, "1")]


def test_apostrophes_around_all_titles_are_quotes(rows: Rows) -> None:
    (row,) = rows("'Name';'Phone'\n'Ala; ''K''';'+48500600700'\n")
    assert row.contact == Contact(name="Ala; 'K'", phone="+48500600700")


def test_mailbox_of_mail_program_in_a_cell(rows: Rows) -> None:
    (row,) = rows('Name,Email\nAla,"Kot, Ala" <ala@example.com>\n')
    assert row.contact == Contact(name="Ala", email="ala@example.com")


def test_end_of_file_sign_of_dos_is_no_row(rows: Rows) -> None:
    (row,) = rows("Name,Phone\r\nAla,+48500600700\r\n\x1a")
    assert row.contact == Contact(name="Ala", phone="+48500600700")


@pytest.mark.parametrize("nothing", ["NaN", "<NA>", "#N/A", "#ADR!", "#WERT!", "\\N"])
def test_marks_of_no_value_are_empty_cells(rows: Rows, nothing: str) -> None:
    (row,) = rows(f"Name,Company,Phone,Email\n{nothing},{nothing},500600700,{nothing}\n")
    assert row.contact == Contact(phone="500600700")


def test_commas_in_cells_do_not_decide_separator(rows: Rows) -> None:
    found = rows("name;phone;address\nAnna Sample;1;Street 1, 00-001 City\nJan Sample;2;Street 2, City, Land\n")
    assert lines_and_phones(found) == [(2, "1"), (3, "2")]


@pytest.mark.parametrize(
    ("field", "cell", "why"),
    [
        ("created_at", "yesterday", "such as 2024-02-29T12:30:00Z"),
        ("created_at", "2024-02-29T12:30:00", "time zone"),
        ("archived", "perhaps", "true or false"),
        ("opted_out", "pigeon", "opted_out must be none, or channels"),
        ("fields", "{", "JSON object"),
    ],
)
def test_invalid_value_names_field(rows: Rows, field: str, cell: str, why: str) -> None:
    first, second = rows(f"phone,{field}\n1,{cell}\n2,\n")
    assert first.error is not None
    assert (first.line, first.error.field) == (2, field)
    assert why in first.error.message
    assert second.contact == Contact(phone="2")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"  \n\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\xff\xfe", "empty"),
        ("\r\n\r\n".encode("utf-16"), "empty"),
        (b"sep=;\n", "first row is empty"),
        (b",,\n", "first row is empty"),
        (b"PK\x03\x04 and the rest", "spreadsheet"),
        (b"500600700\n500600701\n", "the first row must hold titles"),
        (b"phone," + b"x" * 2_000_000, "longer than"),
        (b'"phone\n1\n', "the first row cannot be read"),
    ],
)
def test_invalid_file_is_refused(rows: Rows, content: bytes, why: str) -> None:
    with pytest.raises(InvalidInputError, match=why):
        rows(content)


def test_format_of_file_name(tmp_path: Path) -> None:
    assert files.choose_format("a.CSV") == "csv"
    assert files.choose_format("a.xyz", "jsonl") == "jsonl"
    with pytest.raises(InvalidInputError, match=r"pass format="):
        files.choose_format("people")
    with pytest.raises(InvalidInputError, match=r"only \.xlsx is supported: save the file as \.xlsx or as CSV"):
        files.choose_format("people.ODS")
    assert files.choose_format("people.XLSX") == "xlsx"
    with pytest.raises(InvalidInputError, match=r"only \.xlsx is supported"):
        files.choose_format("people.xls")
    with pytest.raises(FileNotFoundError), files.read(tmp_path / "none.csv"):
        pass


def test_reader_can_be_iterated_again(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(table(","), encoding="utf-8")
    with files.read(path) as people:
        first = next(iter(people))
        assert next(iter(people)) == first
        assert len(list(people)) == 2
    assert people.description == "UTF-8, commas"
    assert people.expected == 2


def test_cell_too_long_is_named(rows: Rows) -> None:
    assert lines_and_phones(rows(f'phone,note\n1,"{"x" * 200_000}"\n2,\n')) == [
        (2, "a cell is longer than 131,072 characters"),
        (3, "2"),
    ]


def test_line_too_long_is_refused(rows: Rows) -> None:
    with pytest.raises(InvalidInputError, match=r"line 2 is longer than .* check that this is a contact file"):
        rows("phone\n" + "1" * (1 << 21))


def test_phone_in_scientific_notation_is_refused(rows: Rows) -> None:
    (row,) = rows("phone\n4.85006E+10\n")
    assert "format the column as text" in str(row.error)


@pytest.mark.parametrize(("content", "count"), [("phone\n1\n2\n", 2), ("phone\r\n1\r\n2", 2), ("phone\r1\r2\r", 2)])
def test_expected_rows(tmp_path: Path, content: str, count: int) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(content.encode())
    with files.read(path) as people:
        assert people.expected == count


def test_the_choose_separator_a_file_to_be_written() -> None:
    assert [files.choose_separator("a.csv"), files.choose_separator("a.tsv"), files.choose_separator("a.tsv", ";")] == [
        ",",
        "\t",
        ";",
    ]
    for wrong in ("", ";;", '"', "\n"):
        with pytest.raises(InvalidInputError, match="one character"):
            files.choose_separator("a.csv", wrong)


def test_open_file_stays_open(tmp_path: Path) -> None:
    with tempfile.SpooledTemporaryFile() as upload:
        upload.write(table(",").encode())
        with files.read(upload, "csv") as people:
            assert len(list(people)) == 2
        assert not upload.closed
        with pytest.raises(InvalidInputError, match="format"), files.read(upload):
            pass
