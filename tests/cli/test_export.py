"""`crossbook export`."""

from __future__ import annotations

import csv
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from command import Run
from control import Server


@pytest.fixture(autouse=True)
def people(run: Run) -> None:
    for number in range(3):
        run("contacts", "create", "vercom", f"phone=+4850060070{number}", "first_name==1+1", f"external_id=x{number}")


def test_export_csv_for_spreadsheets(run: Run) -> None:
    ran = run("export", "vercom", "--to", "people.csv", "--separator", ";")
    assert (ran.code, ran.out, ran.err) == (0, "", "Wrote 3 contacts to people.csv.\n")
    data = Path("people.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbfid;external_id;phone;")
    first, *_ = csv.DictReader(data.decode("utf-8-sig").splitlines(), delimiter=";")
    assert (first["phone"], first["first_name"], first["opted_out"]) == ("'+48500600700", "'=1+1", "none")


def test_export_has_opt_outs_and_groups(run: Run) -> None:
    lines = run("contacts", "list", "vercom", "--json").lines
    group = run("groups", "create", "vercom", "Friends", "--json").lines[0]["id"]
    run("groups", "add", "vercom", group, lines[0]["id"])
    unsubscribe(lines[1]["id"])
    exported = run("export", "vercom", "--to", "-", "--format", "jsonl").lines
    assert [each["groups"] for each in exported] == [["Friends"], [], []]
    assert [each["opted_out"] for each in exported] == [[], ["sms"], []]
    assert [
        each["id"] for each in run("export", "vercom", "--to", "-", "--format", "jsonl", "--group", group).lines
    ] == [lines[0]["id"]]
    quick = run("export", "vercom", "--to", "-", "--format", "jsonl", "--quick").lines
    assert quick[0]["groups"] is None


def unsubscribe(id: str) -> None:
    import anyio

    import crossbook

    async def call() -> None:
        async with crossbook.open("vercom") as book:
            await book.contacts.unsubscribe(id, channel="sms")

    anyio.run(call)


def test_export_keeps_existing_file(run: Run) -> None:
    Path("people.csv").write_text("mine")
    ran = run("export", "vercom", "--to", "people.csv")
    assert (ran.code, "--force" in ran.err) == (2, True)
    assert Path("people.csv").read_text() == "mine"
    assert run("export", "vercom", "--to", "people.csv", "--force", "--json").lines == [
        {"file": "people.csv", "format": "csv", "contacts": 3}
    ]


def test_export_keeps_other_part_file(run: Run) -> None:
    Path("people.csv.part").write_text("mine")
    assert run("export", "vercom", "--to", "people.csv").code == 0
    assert Path("people.csv.part").read_text() == "mine"
    assert sorted(path.name for path in Path().iterdir()) == ["people.csv", "people.csv.part"]


def test_failed_export_leaves_no_file(run: Run, server: Server) -> None:
    server.fault("html", "vercom", "listContacts", skip=4, count=10)
    ran = run("export", "vercom", "--to", "people.csv")
    assert ran.code == 4
    assert list(Path().iterdir()) == []
    Path("people.csv").write_text("mine")
    assert run("export", "vercom", "--to", "people.csv", "--force").code == 4
    assert Path("people.csv").read_text() == "mine"


def test_export_names_write_only_fields(run: Run) -> None:
    run("contacts", "create", "filemail", "email=a@example.com", "name=Anna", "phone=+48500600700")
    assert (
        "Filemail never shows phone: the file does not have these fields."
        in run("export", "filemail", "--to", "a.vcf").err
    )


def test_export_format_of_file_name(run: Run) -> None:
    assert run("export", "vercom", "--to", "people").code == 2
    assert run("export", "vercom", "--to", "people.vcf").code == 0
    written = Path("people.vcf").read_text()
    assert written.count("VERSION:3.0") == 3
    assert len(set(re.findall("UID:.+", written))) == 3
    assert run("export", "vercom", "--to", "people.vcf", "--force").code == 0
    assert Path("people.vcf").read_text() == written
    assert run("export", "unknown", "--to", "x.csv").code == 2
    assert not Path("x.csv").exists()


@pytest.mark.parametrize(
    ("to", "message"), [(".", "is a folder"), ("", "is a folder"), ("no/a.csv", "create its folder first")]
)
def test_export_to_invalid_path(run: Run, server: Server, to: str, message: str) -> None:
    before = server.requests("vercom")
    for forced in ((), ("--force",)):
        ran = run("export", "vercom", "--to", to, "--format", "csv", *forced)
        assert (ran.code, f"Error: The file {to!r}" in ran.err, message in ran.err) == (2, True, True), ran.err
    assert server.requests("vercom") == before


def test_export_to_device_and_pipe(run: Run) -> None:
    assert run("export", "vercom", "--to", os.devnull, "--format", "csv").code == 0
    assert Path(os.devnull).is_char_device()
    os.mkfifo("pipe.csv")
    with ThreadPoolExecutor() as pool:
        read = pool.submit(Path("pipe.csv").read_text)
        assert run("export", "vercom", "--to", "pipe.csv", "--force").code == 0
        assert len(read.result().splitlines()) == 4


def test_export_to_link(run: Run) -> None:
    Path("real.csv").write_text("old")
    Path("link.csv").symlink_to("real.csv")
    assert run("export", "vercom", "--to", "link.csv", "--force").code == 0
    assert Path("link.csv").is_symlink()
    assert len(Path("real.csv").read_text().splitlines()) == 4


def test_export_workbook_is_imported_unchanged(run: Run) -> None:
    assert run("export", "vercom", "--to", "people.xlsx").err == "Wrote 3 contacts to people.xlsx.\n"
    assert "exists" in run("export", "vercom", "--to", "people.xlsx").err
    ran = run("import", "people.xlsx", "--to", "vercom", "--json")
    assert ran.lines[0]["form"] == "Excel workbook"
    assert ran.lines[-1]["summary"]["counts"] == {"skipped": 3}


def test_export_plain_csv(run: Run) -> None:
    run("export", "vercom", "--to", "people.csv", "--plain")
    first, *_ = csv.DictReader(Path("people.csv").read_text("utf-8-sig").splitlines())
    assert (first["phone"], first["first_name"]) == ("+48500600700", "=1+1")
