"""`copy`: people from one book into another, in a terminal."""

from __future__ import annotations

from command import Run


def test_people_are_copied(run: Run) -> None:
    group = run("groups", "create", "serwersms", "Friends", "--json").lines[0]["id"]
    for number in range(3):
        run("contacts", "create", "serwersms", f"phone=+4850060070{number}", "first_name=Anna", f"groups={group}")
    foretold = run("copy", "serwersms", "vercom", "--match", "phone", "--dry-run")
    assert foretold.out.startswith("3 inputs: 3 would be created\n")
    ran = run("copy", "serwersms", "vercom", "--match", "phone", "--journal", "copy.sqlite", "--json")
    assert (ran.code, ran.err) == (0, "")
    *results, summary = ran.lines
    assert sorted(each["result"]["ref"] for each in results) == sorted(
        each["id"] for each in run("contacts", "list", "serwersms", "--json").lines
    )
    assert summary["summary"]["counts"] == {"created": 3}
    names = [line.split("\t")[1] for line in run("groups", "list", "vercom").out.splitlines()]
    assert "Friends" in names
    assert run("copy", "serwersms", "vercom", "--match", "phone").out.startswith("3 inputs: 3 skipped\n")


def test_a_group_for_those_who_are_in_none(run: Run) -> None:
    run("contacts", "create", "vercom", "phone=+61491570006")
    ran = run("copy", "vercom", "atom")
    assert (ran.code, "exactly one group" in ran.err, "--into ID names a group" in ran.err) == (1, True, True)
    assert "Error" not in ran.err
    group = run("groups", "create", "atom", "Rest", "--json").lines[0]["id"]
    assert run("copy", "vercom", "atom", "--into", group).code == 0


def test_one_account_is_no_two(run: Run) -> None:
    ran = run("copy", "vercom", "vercom")
    assert (ran.code, "the same account" in ran.err) == (2, True)
