"""`crossbook copy`."""

from __future__ import annotations

from command import Run


def test_copy_creates_contacts(run: Run) -> None:
    group = run("groups", "create", "serwersms", "Friends", "--json").lines[0]["id"]
    for number in range(3):
        run("contacts", "create", "serwersms", f"phone=+4850060070{number}", "first_name=Anna", f"groups={group}")
    estimated = run("copy", "serwersms", "vercom", "--match", "phone", "--dry-run")
    assert estimated.out.startswith("3 inputs: 3 would be created\n")
    ran = run("copy", "serwersms", "vercom", "--match", "phone", "--journal", "copy.sqlite", "--json")
    assert (ran.code, ran.err) == (0, "")
    *results, summary = ran.lines
    assert sorted(each["result"]["item_key"] for each in results) == sorted(
        each["id"] for each in run("contacts", "list", "serwersms", "--json").lines
    )
    assert summary["summary"]["counts"] == {"created": 3}
    names = [line.split("\t")[1] for line in run("groups", "list", "vercom").out.splitlines()]
    assert "Friends" in names
    assert run("copy", "serwersms", "vercom", "--match", "phone").out.startswith("3 inputs: 3 skipped\n")


def test_copy_into_group(run: Run) -> None:
    run("contacts", "create", "vercom", "phone=+61491570006")
    ran = run("copy", "vercom", "atom")
    assert (ran.code, "exactly one group" in ran.err, "--into ID names a group" in ran.err) == (1, True, True)
    assert "Error" not in ran.err
    group = run("groups", "create", "atom", "Rest", "--json").lines[0]["id"]
    assert run("copy", "vercom", "atom", "--into", group).code == 0


def test_copy_skips_opted_out(run: Run) -> None:
    for number, channel in enumerate(("sms", "push")):
        id = run("contacts", "create", "vercom", f"phone=+4850060070{number}", "--json").lines[0]["id"]
        run("contacts", "unsubscribe", "vercom", id, channel)
    assert run("copy", "vercom", "serwersms").out.startswith("2 inputs: 2 skipped\n")
    assert run("contacts", "list", "serwersms").out == ""
    ran = run("copy", "vercom", "serwersms", "--on-opted-out", "unsubscribe")
    assert set(ran.out.splitlines()[0].partition(": ")[2].split(", ")) == {"1 skipped", "1 created"}, (
        "push is not there"
    )


def test_copy_quick_omits_fields(run: Run) -> None:
    group = run("groups", "create", "atom", "Rest", "--json").lines[0]["id"]
    run("contacts", "create", "atom", "phone=+61491570006", "company=ABC", f"groups={group}")
    for quick, company in ((["--quick"], None), ([], "ABC")):
        run("copy", "atom", "vercom", "--match", "phone", "--on-duplicate", "update", *quick)
        (there,) = run("contacts", "list", "vercom", "--json").lines
        assert there["company"] == company


def test_copy_to_same_account_is_refused(run: Run) -> None:
    ran = run("copy", "vercom", "vercom")
    assert (ran.code, "the same account" in ran.err) == (2, True)
