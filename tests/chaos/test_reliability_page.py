"""Test that the tests which docs/reliability.md names exist, and that its numbers equal those of the code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from crossbook._http.auth import LoginAuth
from crossbook._http.options import Options
from crossbook._http.retry import BASE_DELAY, MAX_DELAY, RetryQuota
from crossbook.book import BATCH_ATTEMPTS
from crossbook.registry import VENDORS, load_vendor
from crossbook.vendor import MIB, Operation, Retry, VendorProfile

from .cases import every_case

USUAL = Operation(Retry.SAFE)
SLOW = load_vendor("serwersms").profile.operations["listGroups"]
ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
# The contract of all vendors is in the package, so that authors of a vendor can run it.
FOLDERS = "(?:tests|src/crossbook_testing/contract)"
PROMISES = re.findall(r"^\| (.+?) \| (.+) \|$", PAGE.partition("## Each promise")[2], re.MULTILINE)[2:]
NAMED = re.findall(rf"`({FOLDERS}/[\w/]+\.py)::(\w+)`", PAGE)


def test_each_promise_names_a_test() -> None:
    assert len(PROMISES) > 30
    for promise, proof in PROMISES:
        assert re.search(rf"`{FOLDERS}/[\w/]+\.py::test_\w+`", proof), promise


@pytest.mark.parametrize(("file", "name"), NAMED, ids=[f"{file}::{name}" for file, name in NAMED])
def test_each_named_test_exists(file: str, name: str) -> None:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_numbers_equal_those_of_the_code() -> None:
    profiles: list[VendorProfile] = [load_vendor(name).profile for name in VENDORS]
    said = (
        f"That is {len(every_case()):,} cases",
        f"| `timeout` | {USUAL.timeout:g} s; SerwerSMS's calls for groups {SLOW.timeout:g} s |",
        f"| `connect_timeout` | {Options().connect_timeout:g} s, and at most",
        f"| `read_timeout` | {USUAL.read_timeout:g} s; SerwerSMS's calls for groups {SLOW.read_timeout:g} s |",
        f"| `max_attempts` | {Options().max_attempts} |",
        f"`max_attempts` ({Options().max_attempts}) requests a call; batches make {BATCH_ATTEMPTS}.",
        f"drawn from 0 to {BASE_DELAY:g} s, doubled each time, {MAX_DELAY:g} s at most",
        f"quota of {RetryQuota.capacity} tokens, and a retry takes {RetryQuota.retry_cost}",
        f"returns its {RetryQuota.retry_cost} tokens; any other success returns {RetryQuota.refund}.",
        f"fails fast for\n{LoginAuth.backoff:g} s",
        f"holds {profiles[0].max_objects:,} objects",
        f"| `concurrency` (books) | {profiles[0].concurrency} |",
    )
    for words in said:
        assert words in PAGE, words
    assert Options().queue_timeout is None
    assert {profile.title for profile in profiles if profile.max_response_bytes == 256 * MIB} == {"Atom", "Filemail"}
    assert {profile.max_response_bytes for profile in profiles if profile.title not in ("Atom", "Filemail")} == {
        16 * MIB
    }
    assert {profile.concurrency for profile in profiles} == {32}
    assert {profile.title: profile.rate.per_second for profile in profiles if profile.rate} == {"Atom": 10}
