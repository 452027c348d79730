"""`crossbook import`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command import Ran, Run
from control import Server

from crossbook.registry import VENDORS, load_vendor

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "files"
PEOPLE = "first_name;phone;email\nAnna;+48500600700;anna@example.com\nŁucja;+48500600701;\n"


def write(text: str, name: str = "people.csv", encoding: str = "utf-8") -> str:
    Path(name).write_bytes(text.encode(encoding))
    return name


def counts(ran: Ran) -> set[str]:
    """Return the counts in the first line of the summary."""
    return set(ran.out.splitlines()[0].partition(": ")[2].split(", "))


def stored(run: Run, book: str = "vercom") -> list[dict[str, Any]]:
    return run("contacts", "list", book, "--json").lines


def test_import_keeps_opt_out_of_changed_phone(run: Run) -> None:
    """SerwerSMS stores opt-outs by phone: the new phone of a contact is opted out too, also without the mark."""
    run("contacts", "create", "serwersms", "phone=+48500600709", "email=anna@example.com")
    (anna,) = stored(run, "serwersms")
    assert run("contacts", "unsubscribe", "serwersms", anna["id"], "sms").code == 0
    arguments = ("--to", "serwersms", "--match", "email", "--on-duplicate", "update")
    ran = run("import", write("phone;email\n+48500600700;anna@example.com\n"), *arguments)
    assert counts(ran) == {"1 updated"}
    (anna,) = stored(run, "serwersms")
    assert (anna["phone"], anna["opted_out"]) == ("+48500600700", ["sms"])
    # A row with the mark is skipped, and a row that says "none" removes nothing.
    ran = run("import", write("phone;email;opted_out\n+48500600701;jan@example.com;sms\n"), *arguments)
    assert counts(ran) == {"1 skipped"}
    ran = run("import", write("phone;email;opted_out\n+48500600702;anna@example.com;none\n"), *arguments)
    assert counts(ran) == {"1 updated"}
    (anna,) = stored(run, "serwersms")
    assert (anna["phone"], anna["opted_out"]) == ("+48500600702", ["sms"])


def test_import_writes_contacts_and_shows_columns(run: Run) -> None:
    ran = run("import", write(PEOPLE, encoding="cp1250"), "--to", "vercom")
    assert ran.code == 0
    assert ran.out.startswith("2 inputs: 2 created\n")
    assert "cp1250, semicolons. Columns: first_name → first_name; phone → phone; email → email." in ran.err
    assert [each["first_name"] for each in stored(run)] == ["Anna", "Łucja"]


ANNA = ["Anna Kowalska", "+48 500 600 700", "anna@example.com", "2/9/85"]
NEXT = '{"phone": "+48500600701"}'
UNTITLED = {
    "no titles.csv": ";".join(ANNA) + "\nJan;+48500600701;jan@example.com;1/1/90\n",
    "names.csv": "Anna,Kowalska\nJan,Nowak\n",
    "a cell that is a title.csv": "\t".join([*ANNA, "Mobile"]) + "\nJan\t+48500600701\tjan@example.com\t\tHome\n",
    "keys.jsonl": json.dumps({"+48500600700": {"name": "Anna Kowalska"}}) + f"\n{NEXT}\n",
    "name as key.jsonl": json.dumps({"phone": "+48500600700", "Anna Kowalska": 1}) + f"\n{NEXT}\n",
    "late key.jsonl": f"{NEXT}\n" * 200 + '{"anna@example.com": 1, "Anna Kowalska": "+48500600700"}\n',
    "not a card.vcf": ";".join(ANNA) + "\n",
    "a property.vcf": "BEGIN:VCARD\nVERSION:3.0\nANNA KOWALSKA:1\n+48500600700:anna@example.com\nEND:VCARD\n",
}


@pytest.mark.parametrize("name", UNTITLED)
@pytest.mark.parametrize("options", [(), ("--json",), ("--map", "Fon=phone"), ("--map", "Fon=phone", "--json")])
def test_person_in_place_of_titles_not_shown(run: Run, name: str, options: tuple[str, ...]) -> None:
    ran = run("import", write(UNTITLED[name], name), "--to", "vercom", "--dry-run", *options)
    shown = (ran.out + ran.err).casefold()
    assert ran.code in (0, 1, 2)
    assert shown
    assert [part for part in ("anna", "kowalska", "500600", "600700", "a***@", "2/9/85") if part in shown] == []


def test_file_without_titles_is_refused(run: Run) -> None:
    ran = run("import", write(UNTITLED["no titles.csv"]), "--to", "vercom")
    assert (ran.code, ran.out) == (2, "")
    assert "Add a row such as phone,email,first_name above it" in ran.err


def test_masked_title_is_mapped(run: Run) -> None:
    file = write("phone,Anna Kowalska,1/2/90,Spalte\n+48500600700,x,y,Łucja\n")
    ran = run("import", file, "--to", "vercom", "--map", "Spalte=first_name", "--json")
    assert ran.lines[0]["columns"] == {"phone": "phone", "column 2": None, "column 3": None, "column 4": "first_name"}
    assert stored(run)[0]["first_name"] == "Łucja"


def test_invalid_rows_are_reported_with_line(run: Run) -> None:
    file = write('first_name,phone,note\n"two",+48500600700,"a\nb"\n,,,x,\nAnna,no phone,x\nEwa,+48500600701,\n')
    ran = run("import", file, "--to", "vercom")
    assert ran.code == 1
    assert counts(ran) == {"2 created", "1 failed"}
    assert "1 row could not be read" in ran.out
    assert "line 4: not read: the row has 5 cells but there are 3 columns" in ran.err
    assert "line 5: failed: Vercom requires phone or email" in ran.err
    assert "no phone" not in ran.err
    assert "Not read: note." in ran.err
    assert len(stored(run)) == 2


def test_invalid_rows_are_grouped(run: Run) -> None:
    ran = run("import", write("phone\n+48500600700\n" + "a,b\n" * 150), "--to", "vercom")
    assert (ran.code, counts(ran)) == (1, {"1 created"})
    assert "150 rows could not be read" in ran.out
    assert "150 rows were not read: the row has 2 cells but there are 1 columns" in ran.err
    assert "(lines 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 …)" in ran.err


def test_invalid_row_is_escaped(run: Run) -> None:
    rows = [{"phone": f"+4850060{number:04}"} for number in range(200)]
    file = write("\n".join(map(json.dumps, [*rows, {"\x1b[2J\u202e": 1}])), "people.jsonl")
    ran = run("import", file, "--to", "vercom", "--dry-run")
    assert "line 201: not read: " in ran.err
    assert not {"\x1b", "\u202e"} & set(ran.err)


def test_on_error_stop(run: Run) -> None:
    file = write("phone\n+48500600700\n1,2\n" + "".join(f"+4850070{number:04}\n" for number in range(500)))
    ran = run("import", file, "--to", "serwersms", "--on-error", "stop")
    assert ran.code == 1
    assert "stopped: line 3 is invalid (--on-error stop): the row has 2 cells" in ran.out
    assert len(stored(run, "serwersms")) == 1
    failing = write("phone\n+48500600799\nnobody\n" + "".join(f"+4850080{number:04}\n" for number in range(900)))
    ran = run("import", failing, "--to", "vercom", "--on-error", "stop")
    assert ran.code == 1
    assert "stopped: input 1 failed" in ran.out


def test_import_as_json(run: Run) -> None:
    file = write("Handy,Name\n+48500600700,Anna\n1,2,3\n")
    ran = run("import", file, "--to", "vercom", "--map", "Handy=phone", "--map", "Name=first_name", "--json")
    assert (ran.code, ran.err) == (1, "")
    columns, *results, summary = ran.lines
    assert columns == {"form": "UTF-8, commas", "columns": {"Handy": "phone", "Name": "first_name"}}
    by_line = {each["result"]["line"]: each["result"] for each in results}
    assert by_line[2]["status"] == "created"
    assert by_line[2]["id"] == stored(run)[0]["id"]
    assert (by_line[3]["status"], by_line[3]["error"]["kind"]) == ("unread", "InvalidInputError")
    assert summary["summary"]["counts"] == {"created": 1, "unread": 1}


@pytest.mark.parametrize("name", ["google.csv", "google_before_2024.csv", "outlook_en.csv", "outlook_pl.csv"])
def test_import_of_google_and_outlook(run: Run, name: str) -> None:
    ran = run("import", str(SAMPLES / name), "--to", "vercom")
    assert ran.code == 0, ran.err
    assert "Created groups:" in ran.err
    assert stored(run)[0]["email"].endswith("@example.com")
    groups = {line.split("\t")[1]: line.split("\t")[0] for line in run("groups", "list", "vercom").out.splitlines()}
    named = "Rodzina" if name == "outlook_pl.csv" else "Friends"
    assert len(run("contacts", "list", "vercom", "--group", groups[named]).out.splitlines()) == 1


def test_import_into_one_group(run: Run) -> None:
    file = write("phone,groups\n+61491570006,A;B\n+61491570156,\n")
    ran = run("import", file, "--to", "atom")
    assert (ran.code, ran.err.splitlines()[-1]) == (1, "--group NAME adds all contacts to one group.")
    ran = run("import", file, "--to", "atom", "--group", "Fair", "--match", "phone")
    assert (ran.code, "Created groups: Fair." in ran.err) == (0, True), ran.err
    assert len(stored(run, "atom")) == 2
    assert run("import", file, "--to", "atom", "--group", "Fair", "--match", "phone").out.startswith(
        "2 inputs: 2 skipped"
    )


def test_import_region(run: Run) -> None:
    run("import", write("phone\n0491 570 006\n"), "--to", "vercom", "--region", "AU")
    assert [each["phone"] for each in stored(run)] == ["+61491570006"]


def test_on_error_stop_at_failed_contact(run: Run) -> None:
    file = write("phone,first_name\n,Anna\n" + "".join(f"+4850060{number:04},\n" for number in range(2_000)))
    ran = run("import", file, "--to", "vercom", "--on-error", "stop")
    assert (ran.code, "stopped: input 0 failed" in ran.out) == (1, True)
    assert len(stored(run)) < 2_000


def test_on_duplicate(run: Run) -> None:
    run("import", write(PEOPLE), "--to", "vercom")
    changed = write(PEOPLE.replace("Anna", "Hanna"))
    expected_counts = {
        "skip": {"2 skipped"},
        "error": {"2 failed"},
        "update": {"1 updated", "1 unchanged"},
        "create": {"2 created"},
    }
    for on_duplicate, expected in expected_counts.items():
        ran = run("import", changed, "--to", "vercom", "--match", "phone", "--on-duplicate", on_duplicate)
        assert counts(ran) == expected
    ran = run("import", changed, "--to", "vercom", "--match", "none", "--on-duplicate", "update")
    assert (ran.code, "needs --match auto" in ran.err) == (2, True)


def test_dry_run_writes_nothing(run: Run, server: Server) -> None:
    ran = run("import", write("phone,groups\n+48500600700,New\n"), "--to", "vercom", "--dry-run", "--journal", "j.db")
    assert ran.code == 0
    assert "1 would be created" in ran.out
    assert "Would create groups: New." in ran.err
    assert set(server.requests("vercom")) == {"listGroups", "listContacts"}
    assert not Path("j.db").exists()


def test_opted_out_is_skipped(run: Run, server: Server) -> None:
    file = write("phone,opted_out\n+48500600700,sms\n+48500600701,none\n")
    ran = run("import", file, "--to", "vercom")
    assert counts(ran) == {"1 skipped", "1 created"}
    assert "opted out, so not written: 1\n" in ran.out
    again = run("import", file, "--to", "vercom", "--match", "phone", "--on-opted-out", "unsubscribe")
    assert counts(again) == {"1 skipped", "1 created"}
    assert "opted out at the vendor: 1\n" in again.out
    assert [each["phone"] for each in run("contacts", "list", "vercom", "--opted-out", "sms", "--json").lines] == [
        "+48500600700"
    ]
    assert "resubscribeContacts" not in server.requests("vercom")


def test_unclear_opt_out_stops_before_writing(run: Run, server: Server) -> None:
    """The second row says neither yes nor no, so the whole file is refused. --map decides."""
    file = write("phone,Zgoda SMS\n+48500600700,nie\n+48500600701,\n+48500600702,tak\n")
    ran = run("import", file, "--to", "vercom")
    assert (ran.code, ran.out, server.contacts("vercom")) == (2, "", 0)
    assert "line 3 is empty" in ran.err
    assert '--map "Zgoda SMS=opted_in.sms" reads empty cells as no consent' in ran.err
    ran = run("import", file, "--to", "vercom", "--map", "Zgoda SMS=opted_in.sms")
    assert counts(ran) == {"2 skipped", "1 created"}
    assert "Zgoda SMS → opted_in.sms" in ran.err
    assert counts(run("import", file, "--to", "vercom", "--map", "Zgoda SMS=")) == {"2 created", "1 skipped"}
    ran = run("import", file, "--to", "vercom", "--map", "Zgoda SMS=opted_in.sms")
    assert "still subscribed at the vendor, although the input opted out: 2 (--on-opted-out unsubscribe opts" in ran.out
    ran = run("import", file, "--to", "vercom", "--map", "Zgoda SMS=opted_in.sms", "--on-opted-out", "unsubscribe")
    assert (counts(ran), "opted out at the vendor: 2\n" in ran.out) == ({"2 updated", "1 skipped"}, True)
    ran = run("import", file, "--to", "atom", "--on-opted-out", "unsubscribe", "--map", "Zgoda SMS=opted_in.sms")
    assert (ran.code, "pass --on-opted-out skip" in ran.err, server.contacts("atom")) == (2, True, 0), ran.err


def test_import_creates_needed_groups_only(run: Run) -> None:
    file = write("phone,opted_out,groups\n+48500600700,sms,Left\n+48500600701,none,Friends\n")
    assert "Created groups: Friends." in run("import", file, "--to", "vercom").err
    again = run("import", file, "--to", "vercom", "--match", "phone", "--on-opted-out", "unsubscribe")
    assert "Created groups: Left." in again.err
    (left,) = [group["id"] for group in run("groups", "list", "vercom", "--json").lines if group["name"] == "Left"]
    (there,) = run("contacts", "list", "vercom", "--group", left, "--json").lines
    assert there["phone"] == "+48500600700"


def test_import_tells_what_vcard_loses(run: Run) -> None:
    ran = run("import", str(SAMPLES / "vcard" / "not-read-is-told.vcf"), "--to", "serwersms")
    assert "Not read: NOTE, BDAY, ADR; 1 further phone, 1 further e-mail." in ran.err
    again = run("import", str(SAMPLES / "vcard" / "not-read-is-told.vcf"), "--to", "serwersms", "--json")
    assert again.lines[0]["leftovers"] == ["1 further phone", "1 further e-mail"]
    assert again.lines[0]["columns"]["NOTE"] is None


def test_import_names_lines_of_vcard_left_out(run: Run) -> None:
    ran = run("import", str(SAMPLES / "vcard" / "note-on-bare-lines.vcf"), "--to", "serwersms")
    assert ran.out.splitlines()[0] == "1 input: 1 created"
    assert "Left out of their contacts, because they cannot be read: lines 7, 8." in ran.err
    assert "second" not in ran.err
    mapped = run(
        "import",
        str(SAMPLES / "vcard" / "note-on-bare-lines.vcf"),
        "--to",
        "serwersms",
        "--map",
        "NOTE=fields.description",
    )
    assert "Left out" not in mapped.err


def test_import_reads_groups_of_apple(run: Run) -> None:
    ran = run("import", str(SAMPLES / "vcard" / "apple-group.vcf"), "--to", "vercom")
    assert (ran.out.splitlines()[0], "Created groups: Klub." in ran.err) == ("1 input: 1 created", True)


def test_map_title_with_equals_sign(run: Run) -> None:
    ran = run(
        "import", write("e=mail,phone\nanna@example.com,+48500600700\n"), "--to", "vercom", "--map", "e=mail=email"
    )
    assert "Columns: e=mail → email; phone → phone." in ran.err


@pytest.mark.parametrize("book", VENDORS)
@pytest.mark.parametrize("format", ["csv", "jsonl", "vcard3", "vcard4"])
def test_export_and_import_round_trip(run: Run, book: str, format: str) -> None:
    group = run("groups", "create", book, "Friends; and = others", "--json").lines[0]["id"]
    mobile = "+61491570006" if book == "atom" else "+48500600700"
    name = ["name==Łucja"] if book == "filemail" else ["first_name==Łucja", "last_name=-Żółw"]
    email = [] if book == "atom" else ["email=lucja@example.com"]
    company = [] if book == "filemail" else ["company=@A;B"]
    made = run("contacts", "create", book, f"phone={mobile}", *name, *email, *company, f"groups={group}")
    assert made.code == 0, made.err
    file = f"people.{'vcf' if format.startswith('vcard') else format}"
    assert run("export", book, "--to", file, "--format", format).code == 0
    profile = load_vendor(book).profile
    key = "phone" if "r" in profile.contact_fields["phone"].access else "email"
    ran = run("import", file, "--to", book, "--match", key, "--on-duplicate", "update")
    assert (ran.code, ran.out.splitlines()[0]) == (0, "1 input: 1 unchanged"), ran.err
    assert "Created groups" not in ran.err


def test_journal_belongs_to_one_file(run: Run) -> None:
    assert run("import", write(PEOPLE), "--to", "vercom", "--journal", "import.sqlite").code == 0
    ran = run("import", write(PEOPLE), "--to", "vercom", "--journal", "import.sqlite")
    assert (ran.code, ran.out.splitlines()[0]) == (0, "2 inputs: 2 created")
    assert "2 replayed from the journal" in ran.out
    assert len(stored(run)) == 2
    other = run("import", write(PEOPLE.replace("Anna", "Hanna")), "--to", "vercom", "--journal", "import.sqlite")
    assert (other.code, "another source" in other.err) == (2, True)
    assert "run=" not in other.err  # the command has no such option
    ran = run("import", write(PEOPLE.replace("500600700", "500600709")), "--to", "vercom", "--journal", "import.sqlite")
    assert ran.code == 2
    assert "was made for another source" in ran.err
    assert "goes on" not in ran.err


def test_finished_import_is_replayed_without_reading(run: Run, server: Server) -> None:
    """The same command prints the same results, invalid rows too, and asks the vendor nothing."""
    file = write("phone,groups,email\n+48500600700,Fair,\n+48500600709,,,surplus\n\n+48500600701,,\n+48500600701,,\n")
    command = ("import", file, "--to", "serwersms", "--journal", "j.sqlite", "--json")
    first, before = run(*command), server.requests("serwersms")
    again = run(*command)
    assert server.requests("serwersms") == before
    assert (first.code, again.code) == (1, 1)
    shown = [
        sorted(
            (each["line"], each["status"], each.get("id"), (each["error"] or {}).get("message"))
            for line in ran.lines
            if (each := line.get("result"))
        )
        for ran in (first, again)
    ]
    assert shown[0] == shown[1]
    assert [(line, status) for line, status, *_ in shown[0]] == [
        (2, "created"), (3, "unread"), (5, "created"), (6, "skipped")
    ]  # fmt: skip
    assert again.lines[-1]["summary"]["replayed"] == 3
    assert any("duplicates" in line for line in first.lines)
    assert not any("duplicates" in line for line in again.lines), "the file is not read"
    assert "Its results are in j.sqlite." in again.err


def test_finished_import_with_other_options_is_compared(run: Run) -> None:
    """Only the same file and options are recognized. Otherwise each row is compared with the journal."""
    command = ("import", write(PEOPLE), "--to", "vercom", "--journal", "j.sqlite")
    assert run(*command).code == 0
    ran = run(*command, "--on-loss", "drop")
    assert (ran.code, "2 replayed from the journal" in ran.out, "imported before" in ran.err) == (0, True, False)
    ran = run(*command, "--on-loss", "drop")
    assert (ran.code, "2 replayed from the journal" in ran.out, "imported before" in ran.err) == (0, True, True)
    ran = run(*command, "--map", "email=")
    assert (ran.code, "another source" in ran.err) == (2, True)


def test_finished_import_tries_refused_contacts_again(run: Run) -> None:
    """The reason of the refusal, a contact at the vendor, may be gone."""
    run("contacts", "create", "vercom", "phone=+48500600700")
    command = ("import", write(PEOPLE), "--to", "vercom", "--on-duplicate", "error", "--journal", "j.sqlite")
    assert counts(run(*command)) == {"1 created", "1 failed"}
    (id,) = (each["id"] for each in stored(run) if each["first_name"] != "Łucja")
    assert run("contacts", "delete", "vercom", id, "--yes").code == 0
    assert counts(run(*command)) == {"2 created"}


def test_journal_resumes_after_fix(run: Run) -> None:
    command = ("import", write(PEOPLE), "--to", "atom", "--group", "Fair", "--region", "PL", "--journal", "j.sqlite")
    ran = run(*command)
    assert (ran.code, "pass --on-loss drop" in ran.err) == (1, True)
    ran = run(*command, "--on-loss", "drop")
    assert (ran.code, ran.out.splitlines()[0]) == (0, "2 inputs: 2 created"), ran.err


def test_import_continues_through_single_failures(run: Run, server: Server) -> None:
    server.fault("status", "serwersms", "createContact", status=503, probability=0.5, seed=1)
    file = write("phone\n" + "".join(f"+4850060{number:04}\n" for number in range(100)))
    ran = run("import", file, "--to", "serwersms", "--match", "none", "--json")
    counts = ran.lines[-1]["summary"]["counts"]
    # A create with this response may have been processed.
    assert (ran.code, counts.keys(), sum(counts.values())) == (1, {"created", "uncertain"}, 100)
    assert counts["uncertain"] > 20


def test_import_stops_without_vendor(run: Run, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.fault("status", "serwersms", "createContact", status=503, retry_after=3600, count=10_000)
    file = write("phone\n" + "".join(f"+4850060{number:04}\n" for number in range(3_000)))
    ran = run("import", file, "--to", "serwersms", "--match", "none", "--max-wait", "60", "--json")
    assert ran.code == 4
    assert len(ran.lines) < 1_000
    assert json.loads(ran.err.splitlines()[-1])["error"]["kind"] == "VendorUnavailableError"
    assert "longer than the limit of 60 s (--max-wait)" in ran.lines[-1]["summary"]["stopped"]
    server.calm()
    monkeypatch.setenv("CROSSBOOK_SERWERSMS_TOKEN", "wrong")
    ran = run("import", file, "--to", "serwersms")
    assert ran.code == 3
    assert "crossbook books" in ran.err


def test_names_split_is_named_and_writes(run: Run) -> None:
    file = write("Name;Phone\nAnna Maria Nowak;+48500600700\nKowalski, Jan;+48500600701\n")
    ran = run("import", file, "--to", "vercom")
    assert (ran.code, stored(run)) == (1, [])
    assert "--names split" in ran.err
    assert run("import", file, "--to", "vercom", "--names", "split").code == 0
    assert [(each["first_name"], each["last_name"]) for each in stored(run)] == [
        ("Anna Maria", "Nowak"), ("Jan", "Kowalski"),
    ]  # fmt: skip


DUPLICATES = (
    "first_name;phone;email\nAnna;500600700;anna@example.com\nJan;+48500600701;jan@example.com\n"
    "Anna;+48 (0) 500 600 700;anna@example.com\nEla;;ela@example.com\nEla;500600702;ELA@example.com\n"
    "Iga;500600701 / 22 123 45 67;\n"
)


@pytest.mark.parametrize("options", [(), ("--dry-run",), ("--match", "none"), ("--match", "email")])
def test_duplicates_are_reported_before_writing(run: Run, options: tuple[str, ...]) -> None:
    ran = run("import", write(DUPLICATES), "--to", "vercom", *options)
    lines = ran.err.splitlines()
    assert "2 phones are each in several rows: lines 2, 4; lines 3, 7." in lines
    assert "The same e-mail is in several rows: lines 5, 6." in lines  # Anna's rows are listed already
    assert "1 row has a further phone or an extension, which is not read: line 7." in lines
    assert ("Each of these rows is a contact" in ran.err) == ("none" in options)


def test_duplicates_as_json(run: Run) -> None:
    ran = run("import", write(DUPLICATES), "--to", "vercom", "--json", "--dry-run")
    assert ran.lines[1] == {
        "duplicates": [
            {"field": "phone", "lines": [2, 4]},
            {"field": "phone", "lines": [3, 7]},
            {"field": "email", "lines": [5, 6]},
        ]
    }
    assert ran.lines[2] == {"further_phones": [7], "further_emails": []}
    assert sorted(each["result"]["line"] for each in ran.lines[3:-1]) == [2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(("option", "warned"), [("skip", True), ("error", True), ("unsubscribe", False)])
def test_rows_of_one_person_that_disagree_about_the_opt_out_are_named(run: Run, option: str, warned: bool) -> None:
    file = write(
        "first_name;phone;unsubscribed\nAnna;500600700;yes\nAnna;500600700;\nJan;500600701;yes\nJan;500600701;yes\n"
    )
    ran = run("import", file, "--to", "vercom", "--dry-run", "--on-opted-out", option)
    assert ("Some of these rows opted out and others did not: lines 2, 3. " in ran.err) == warned


def test_file_without_duplicates_reports_none(run: Run) -> None:
    ran = run("import", write(PEOPLE), "--to", "vercom", "--json")
    assert [list(each) for each in ran.lines] == [["form", "columns"], ["result"], ["result"], ["summary"]]


def test_many_duplicates_are_cut(run: Run) -> None:
    rows = [f"5006007{number % 20:02}" for number in range(60)]
    ran = run("import", write("phone\n" + "\n".join(rows) + "\n"), "--to", "serwersms", "--dry-run")
    assert "20 phones are each in several rows: lines 2, 22, 42; " in ran.err
    assert "lines 11, 31, 51 …." in ran.err
    assert "lines 12" not in ran.err


def test_values_of_other_columns_are_reported(run: Run) -> None:
    """The same number in two columns is not a further number, and neither are a fax and a placeholder."""
    file = write(
        "First Name,Mobile Phone,Home Phone,E-mail Address,E-mail 2 Address\n"
        "Ola,500 600 700,22 123 45 67,ola@example.com,ola.dom@example.com\n"
        "Ela,500 600 701,+48500600701,ela@example.com,ELA@example.com\n"
        'Iga,500 600 702,brak,"iga@example.com; iga.dom@example.com",\n'
    )
    ran = run("import", file, "--to", "vercom")
    assert "1 row has a further phone or an extension, which is not read: line 2." in ran.err
    assert "2 rows have a further e-mail, which is not read: lines 2, 4." in ran.err
    assert [each["email"] for each in stored(run)] == ["ola@example.com", "ela@example.com", "iga@example.com"]


def test_guess_of_encoding_is_shown_with_example(run: Run) -> None:
    Path("people.csv").write_bytes("First Name,Phone\nBjørn,+48500600700\n".encode("cp1252"))
    ran = run("import", "people.csv", "--to", "vercom", "--dry-run")
    assert "The encoding is a guess. Line 2 is read as: Bjørn,+48500600700" in ran.err
    ran = run("import", "people.csv", "--to", "vercom", "--dry-run", "--json")
    assert ran.lines[0]["encoding_guess"] == {"line": 2, "text": "Bjørn,+48500600700"}
    ran = run("import", "people.csv", "--to", "vercom", "--dry-run", "--encoding", "cp1252")
    assert "guess" not in ran.err


def test_refusals_are_grouped_by_reason(run: Run) -> None:
    """51 rows have an e-mail, which Atom cannot hold: one line names the reason, and the first lines of the file."""
    rows = [f"+485006007{number:02},{'anna@example.com' if number else ''}" for number in range(52)]
    file = write("\n".join(["phone,email", *rows, ",", "+48,", "12,a,b"]))
    ran = run("import", file, "--to", "atom", "--group", "Fair")
    err = " ".join(ran.err.split())
    reason = "Atom cannot store email: leave it out, or pass --on-loss drop"
    assert f"51 rows failed: {reason} (lines 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 …)" in err
    assert "line 56: not read: the row has 3 cells" in err
    assert ran.err.count("email: leave") == 1
    ran = run("import", file, "--to", "atom", "--group", "Fair", "--json")
    failed = [line["result"] for line in ran.lines if line.get("result", {}).get("status") == "failed"]
    assert [each["line"] for each in failed][:51] == list(range(3, 54))


def test_failures_of_vendor_are_grouped(run: Run, server: Server) -> None:
    """Request ids differ, and the reason is the same. Copied contacts are named by their ids."""
    rows = "".join(f"+4850060070{number}\n" for number in range(5))
    body = '{"error": {"code": 1, "type": "Error", "message": "no"}}'
    server.fault("status", "serwersms", "createContact", status=400, body=body, count=20)
    ran = run("import", write(f"phone\n{rows}"), "--to", "serwersms")
    (line,) = ran.err.splitlines()[1:]
    assert line.startswith("5 rows failed: serwersms: ")
    assert line.endswith(" (lines 2, 3, 4, 5, 6)")
    run("import", write(f"phone\n{rows}"), "--to", "vercom")
    ids = [each["id"] for each in stored(run)]
    ran = run("copy", "vercom", "serwersms")
    assert "5 contacts failed: serwersms: " in ran.err
    shown = ran.err.strip().rpartition("(ids ")[2].removesuffix(")").split(", ")
    assert sorted(shown) == sorted(ids)


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("phone,stop sms\n1,maybe\n", (), '--map "stop sms=opted_out.sms" reads empty cells as no opt-out'),
        ("phone,stop sms\n1,maybe\n", (), '--map "stop sms=" ignores the column'),
        ("Xyz\n1\n", (), '--map "COLUMN=FIELD"'),
        ("phone\n+48500600700\n", ("--lookup", "list", "--match", "none"), "--lookup is for batches"),
    ],
)
def test_message_names_options_of_command(run: Run, text: str, options: tuple[str, ...], words: str) -> None:
    ran = run("import", write(text), "--to", "vercom", *options)
    assert ran.code == 2
    assert words in " ".join(ran.err.split())
    assert "corrections" not in ran.err
    assert "(field " not in ran.err
