"""Excel workbooks: what is read from the cells of other programs, and that our own export is read back unchanged."""

from __future__ import annotations

import io
import sys
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from crossbook import Contact, InvalidInputError, Vercom, files

Cells = list[list[Any]]


def make_workbook(*sheets: Cells, hidden: int | None = None) -> bytes:
    untyped: Any = xlsxwriter
    file = io.BytesIO()
    book = untyped.Workbook(file, {"default_date_format": "yyyy-mm-dd", "strings_to_numbers": False})
    for index, rows in enumerate(sheets):
        sheet = book.add_worksheet(f"Sheet {index + 1}")
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, Formula):
                    sheet.write_formula(number, column, cell)
                elif isinstance(cell, str):
                    sheet.write_string(number, column, cell)
                elif cell is not None:
                    sheet.write(number, column, cell)
        if index == hidden:
            sheet.hide()
        else:
            sheet.activate()
    book.close()
    return file.getvalue()


def read(content: bytes, **options: Any) -> tuple[list[files.Row], files.Reader]:
    with files.read(io.BytesIO(content), "xlsx", **options) as people:
        return list(people), people


def test_cells_of_workbook() -> None:
    rows, people = read(
        make_workbook([
            ["Imię", "Nazwisko", "Tel. kom.", "Adres e-mail", "Grupa", "Od"],
            ["Łucja", "Nowak", 48500600701, "Łucja <lucja@example.com>", "Klienci, VIP", datetime(2024, 1, 2)],  # noqa: DTZ001
            [],
            ["Jan", None, "+48 500 600 702", "brak", None, True],
        ])
    )  # fmt: skip
    assert [(row.line, row.contact, row.groups) for row in rows] == [
        (
            2,
            Contact(first_name="Łucja", last_name="Nowak", phone="48500600701", email="lucja@example.com"),
            ("Klienci", "VIP"),
        ),
        (4, Contact(first_name="Jan", phone="+48 500 600 702"), None),
    ]
    assert (people.description, people.expected, people.leftovers) == ("Excel workbook", 3, ())


def test_titles_below_lines_of_report() -> None:
    rows, people = read(make_workbook([["Raport"], [], ["Name", "Phone"], ["Ola", "+48500600701"]]))
    assert people.description == "Excel workbook, titles in line 3"
    assert [(row.line, row.contact) for row in rows] == [(4, Contact(name="Ola", phone="+48500600701"))]


def test_first_visible_sheet_with_cells_is_read() -> None:
    people = [["Phone"], ["+48500600701"]]
    rows, reader = read(make_workbook([["Email"], ["x@example.com"]], [], people, [["Phone"], ["1"]], hidden=0))
    assert [row.contact for row in rows] == [Contact(phone="+48500600701")]
    assert reader.description == "Excel workbook, sheet 'Sheet 3'"
    assert reader.leftovers == ("1 further sheet",)


def test_formula_without_value_is_refused() -> None:
    """openpyxl and other libraries write formulas that no program has calculated; the cells would be empty."""
    content = make_workbook([["Name", "Phone"], ["Ala", Formula("=48500600700")]], [["Phone"], [Formula("=A1")]])
    (row,), _ = read(content)
    assert row.contact == Contact(name="Ala"), "the value that the library stores is 0"
    with pytest.raises(InvalidInputError, match="open it in a spreadsheet program and save it"):
        read(drop_values(content, "xl/worksheets/sheet1.xml"))
    (row,), _ = read(drop_values(content, "xl/worksheets/sheet2.xml"))
    assert row.contact is not None, "a sheet that is not read"


def test_error_values_are_empty_cells() -> None:
    (row,), _ = read(make_workbook([["Name", "Phone", "Email"], ["#N/A", "500600700", "#ADR!"]]))
    assert row.contact == Contact(phone="500600700")


class Formula(str):
    """A formula in a cell, without a calculated value."""

    __slots__ = ()


def drop_values(content: bytes, path: str) -> bytes:
    """Return the workbook without the values of a sheet's formulas."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w") as new:
        for part in old.namelist():
            data = old.read(part)
            new.writestr(part, data.replace(b"</f><v>0</v>", b"</f><v></v>") if part == path else data)
    return file.getvalue()


def test_workbook_is_iterated_again_and_corrected() -> None:
    content = make_workbook([["Handy", "Fon"], ["1", "+48500600701"]])
    with files.read(io.BytesIO(content), "xlsx", corrections={"Fon": "phone"}) as people:
        assert list(people) == list(people)
        assert [row.contact for row in people] == [Contact(phone="+48500600701")]


def zip_of(name: str, size: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, b"0" * size)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"phone\n1\n", "no .xlsx workbook"),
        (b"", "no .xlsx workbook"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "no .xlsx workbook"),
        (zip_of("people.csv", 10), "cannot be read"),
        (zip_of("xl/workbook.xml", 10), "cannot be read"),
        (make_workbook([]), "no visible sheet with cells"),
        (make_workbook([["Anna", "Kowalska"]]), "no column title is known"),
    ],
)
def test_invalid_workbook_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(InvalidInputError, match=why):
        read(content)


def test_workbook_that_fills_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crossbook.files.xlsx._MAX_SIZE", 1000)
    with pytest.raises(InvalidInputError, match="too large"):
        read(zip_of("xl/workbook.xml", 1001))


TEXTS = [
    "+48500600700", "=1+1", "00123", "'x", "' =1", " outer ", '="x"', "Łódź, ulica", "a\nb", "-", "@x", "1e5", "TRUE",
    "_x0041_", "😀", "2024-01-02", "\t", "n/a",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("format", ["xlsx", "csv"])
def test_export_is_read_back_unchanged(tmp_path: Path, format: files.Format, text: str) -> None:
    contact = Contact(id="00012", first_name=text, last_name=text, phone="+48500600700", email="a@example.com")
    path = tmp_path / f"people.{format}"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = files.make_writer(file, Vercom.profile, format)
        writer.write(contact, ["A;B", "Klienci, VIP"])
        writer.close()
    with files.read(path) as people:
        (row,) = people
    assert row.contact is not None
    assert (row.contact.first_name, row.contact.last_name, row.contact.phone) == (text, text, "+48500600700")
    assert row.groups == ("A;B", "Klienci, VIP")


def test_cells_of_export_are_text() -> None:
    file = io.BytesIO()
    writer = files.make_writer(file, Vercom.profile, "xlsx")  # type: ignore[arg-type]
    writer.write(Contact(first_name="=1+1", phone="+48500600700"), None)
    writer.close()
    xml = zipfile.ZipFile(file).read("xl/worksheets/sheet1.xml").decode()
    assert "=1+1" in xml
    assert "<f>" not in xml
    assert "<v>" not in xml


def test_text_too_long_for_excel_is_refused() -> None:
    writer = files.make_writer(io.BytesIO(), Vercom.profile, "xlsx")  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="first_name is too long for a cell of Excel"):
        writer.write(Contact(first_name="x" * 32_768), None)
    writer.close()


def test_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    content = make_workbook([["Phone"], ["1"]])
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(InvalidInputError, match=r"pip install 'crossbook\[files\]'"):
        read(content)
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(InvalidInputError, match=r"pip install 'crossbook\[files\]'"):
        files.make_writer(io.BytesIO(), Vercom.profile, "xlsx")  # type: ignore[arg-type]


def test_plain_csv_has_no_apostrophe() -> None:
    file = io.StringIO()
    files.make_writer(file, Vercom.profile, "csv", plain=True).write(Contact(phone="+48500600700"), None)
    assert "+48500600700" in file.getvalue()
    assert "'" not in file.getvalue()
