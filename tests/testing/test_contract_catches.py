"""The contract finds a vendor that does not do what its profile claims."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
import python_path

ROOT = Path(__file__).resolve().parents[2]
BODY = """
import re
from contextlib import closing

import pytest
from msgspec.structs import replace
from crossbook.vendor import Capability, FieldSupport, Operation, Retry, VendorErrorInfo
from crossbook.errors import NotFoundError
from crossbook.models import Contact
from crossbook_testing.contract import Contract
from crossbook_testing.server_thread import ServerThread
from examples.postcard import Postcard
from examples.postcard.profile import PROFILE, PAGING
from examples.postcard.server import TOKEN, Account
from examples.postcard.adapter import PostcardAdapter

ACCOUNT = Account()


class Broken(PostcardAdapter):
    {adapter}


class Vendor(Postcard):
    profile = replace(PROFILE, {profile})

    def _make_adapter(self, send):
        super()._make_adapter(send)
        adapter = Broken(self.wire)
        adapter.profile = self.profile
        return adapter


@pytest.fixture(scope="module")
def url():
    with closing(ServerThread(ACCOUNT.app())) as server:
        yield server.url


class TestBroken(Contract):
    @pytest.fixture
    def anyio_backend(self):
        return "asyncio"

    @pytest.fixture
    def make_book(self, url):
        ACCOUNT.people.clear()
        return lambda **options: Vendor(**{{"token": TOKEN, "base_url": url, **options}})

    @pytest.fixture
    def stored(self):
        return lambda: len(ACCOUNT.people)
"""


@dataclass
class Flaw:
    """A flaw of a vendor, as code, and the tests that must fail."""

    name: str
    failing_tests: tuple[str, ...]
    adapter: str = "pass"
    profile: str = ""


FLAWS = [
    Flaw(
        "lists end with the first page",
        ("test_list_items_pages_and_first_page", "test_list_resumes_in_another_book"),
        """
    def list_contacts(self, query, size):
        whole = super().list_contacts(query, size)
        async def first(position):
            return (await whole(position))[0], None
        return first""",
    ),
    Flaw(
        "a create may be repeated",
        ("test_create_not_retried_after_lost_response", "test_retry_class_of_creates_and_reads"),
        profile='operations={**PROFILE.operations, "createPerson": Operation(Retry.IDEMPOTENT)}',
    ),
    Flaw(
        "an update empties what it does not name",
        ("test_update_changes_only_given_fields",),
        """
    async def update_contact(self, id, changes):
        return await super().update_contact(id, {"company": None, **changes})""",
    ),
    Flaw(
        "a field is claimed and lost",
        ("test_create_then_get_returns_written_fields",),
        profile='contact_fields={**PROFILE.contact_fields, "external_id": FieldSupport()}',
    ),
    Flaw(
        "a field is changed when it is written",
        ("test_create_then_get_returns_written_fields",),
        """
    async def create_contact(self, contact):
        from dataclasses import replace
        return await super().create_contact(replace(contact, company=contact.company and contact.company.lower()))""",
    ),
    Flaw(
        "any JSON is a success",
        ("test_error_of_unknown_body",),
        profile="read_error=lambda status, body: PROFILE.read_error(status, body) or VendorErrorInfo(kind=None)",
        adapter="""
    def list_contacts(self, query, size):
        from crossbook.vendor import parse_rows
        from examples.postcard.adapter import _contact
        from examples.postcard.wire.postcard import models
        async def page(offset, limit):
            answer = await self._api.people.list_people(offset=offset, limit=limit)
            return [_contact(row) for row in parse_rows(answer.people, models.Person) or []]
        return PAGING.over(page, size)""",
    ),
    Flaw(
        "find never finds a contact",
        ("test_find_returns_only_match",),
        """
    async def search(self, key, value):
        return []""",
    ),
    Flaw(
        "a missing verb is claimed",
        ("test_verb_works_or_is_unsupported",),
        profile='capabilities={**PROFILE.capabilities, "groups.list": Capability("native", operation="listPeople")}',
    ),
    Flaw(
        "a field is claimed to be unique",
        ("test_used_unique_value_is_refused",),
        profile="""contact_fields={
            **PROFILE.contact_fields, "email": FieldSupport(max_length=200, required=True, unique=True)}""",
    ),
    Flaw(
        "any text is an id",
        ("test_id_patterns_refuse_unsafe_ids",),
        profile='contact_id=re.compile(".+")',
    ),
    Flaw(
        "deleting a missing contact succeeds",
        ("test_delete_removes_contact", "test_missing_contact_raises_not_found"),
        """
    async def delete_contact(self, id):
        try:
            await super().delete_contact(id)
        except NotFoundError:
            pass""",
    ),
    Flaw(
        "an operation is missing in the profile",
        ("test_profile_has_every_operation",),
        profile='operations={name: row for name, row in PROFILE.operations.items() if name != "getPerson"}',
    ),
]


RIGHT = Flaw("none", tuple(dict.fromkeys(name for flaw in FLAWS for name in flaw.failing_tests)))


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Counter[str]]:
    """Run the contract of every vendor once, in one process; return by vendor how many tests passed and failed."""
    folder = tmp_path_factory.mktemp("contract")
    (folder / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    chosen: list[str] = []
    for number, flaw in enumerate([*FLAWS, RIGHT]):
        name = f"test_{number}.py"
        (folder / name).write_text(BODY.format(adapter=flaw.adapter.strip("\n").lstrip(), profile=flaw.profile))
        chosen += [f"{name}::TestBroken::{test}" for test in flaw.failing_tests]
    options = ["-p", "no:cacheprovider", "-p", "no:unraisableexception", "-p", "no:schemathesis", "-rA", "--tb=no"]
    command = [sys.executable, "-m", "pytest", *options]
    environment = {**os.environ, "PYTHONPATH": python_path.prepend(ROOT)}
    ran = subprocess.run([*command, *chosen], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    found: dict[str, Counter[str]] = {flaw.name: Counter() for flaw in [*FLAWS, RIGHT]}
    for outcome, number in re.findall(r"^([A-Z]+) test_(\d+)\.py::", ran.stdout, re.MULTILINE):
        found[[*FLAWS, RIGHT][int(number)].name][outcome] += 1
    assert ran.returncode == 1, ran.stdout
    return found


@pytest.mark.parametrize("flaw", FLAWS, ids=lambda flaw: flaw.name)
def test_contract_finds_flaw(outcomes: dict[str, Counter[str]], flaw: Flaw) -> None:
    found = outcomes[flaw.name]
    assert found["FAILED"] >= len(flaw.failing_tests)
    assert "ERROR" not in found


def test_contract_passes_correct_vendor(outcomes: dict[str, Counter[str]]) -> None:
    found = outcomes[RIGHT.name]
    assert found.keys() == {"PASSED"}, found
    assert found["PASSED"] > len(RIGHT.failing_tests)


@pytest.mark.parametrize("fixture", ["make_book", "stored"])
def test_undefined_fixture_is_named(pytester: pytest.Pytester, fixture: str) -> None:
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function")
    pytester.makepyfile(f"""
        from crossbook_testing.contract import Contract
        class TestMine(Contract):
            def test_mine(self, {fixture}): pass
    """)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-k", "test_mine")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"define the fixture {fixture} in your test class: *docs/add-a-vendor.md"])
    result.stdout.no_fnmatch_line("*fixtures.py*")
